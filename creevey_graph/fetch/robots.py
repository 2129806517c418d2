"""
robots.txt, read as RFC 9309 says: the group of our own name, the longest path that matches, `*` and `$`.

The standard library's parser takes the first rule that matches and no wildcards, so that "Disallow: /"
before "Allow: /pictures/" refuses everything, and "Disallow: /*.jpg$" nothing.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote_to_bytes, urlsplit

import attrs

MAX_BYTES = 500 * 2**10
"""How much of the file counts; the least that RFC 9309 asks for."""
_MAX_RULES = 10_000
_ANYONE = "*"
_SAFE = "/?&=:;@!$'()*+,~-._"


@attrs.frozen
class Rule:
    """One line: paths that match the pattern are allowed, or not."""

    pattern: str
    is_allowed: bool


@attrs.frozen
class RobotsFile:
    """
    What one origin says.

    Args:
        groups: Product token in lower case, or "*", to its rules.
        expires: When it is to be asked for again, on the monotonic clock.
        problem: Why it could not be read, in which case nothing is allowed; "" where it could.
    """

    groups: dict[str, list[Rule]]
    expires: float
    problem: str = ""

    def allows(self, token: str, url: str) -> bool:
        """Return whether the client of this product *token* may ask for *url*."""
        rules = self.groups.get(token, self.groups.get(_ANYONE, []))
        if not rules:
            return True
        path = path_of(url)
        if path == "/robots.txt":
            return True
        matching = [rule for rule in rules if matches(rule.pattern, path)]
        best = max(matching, key=lambda rule: (len(rule.pattern), rule.is_allowed), default=None)
        return best is None or best.is_allowed


def parsed(text: str) -> dict[str, list[Rule]]:
    r"""
    Return the groups of a robots.txt; lines that say nothing known are passed over.

    >>> parsed("User-agent: a\nUser-agent: B\nDisallow: /x # private")["b"]
    [Rule(pattern='/x', is_allowed=False)]
    """
    groups: dict[str, list[Rule]] = {}
    named: list[str] = []
    in_rules = False
    for field, value in _lines(text):
        if field == "user-agent":
            if in_rules:
                named, in_rules = [], False
            named.append(_token(value))
            groups.setdefault(named[-1], [])
        elif field in {"allow", "disallow"}:
            in_rules = True
            if value:  # an empty Disallow forbids nothing
                for name in named:
                    groups[name].append(Rule(_normal(value), field == "allow"))
    return groups


def _lines(text: str) -> Iterator[tuple[str, str]]:
    rules = 0
    for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")):
        field, colon, value = line.partition("#")[0].partition(":")
        if colon:
            rules += 1
            if rules > _MAX_RULES:
                return
            yield field.strip().lower(), value.strip()


def _token(value: str) -> str:
    if value.startswith(_ANYONE):
        return _ANYONE
    found = re.match(r"[A-Za-z_-]+", value)
    return found[0].lower() if found else value.lower()


def path_of(url: str) -> str:
    """Return path and query of *url* as rules are compared with them."""
    parts = urlsplit(url)
    return _normal((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def _normal(path: str) -> str:
    """Return *path* with what is no plain character escaped, and nothing else: "%7E" and "~" are one."""
    pieces = re.split(r"(%2[fF])", path)  # an escaped slash is no slash
    return "".join(
        piece.upper() if number % 2 else quote(unquote_to_bytes(piece), safe=_SAFE)
        for number, piece in enumerate(pieces)
    )


def matches(pattern: str, path: str) -> bool:
    """
    Return whether *path* begins with *pattern*, in which `*` stands for anything and a last `$` for the end.

    >>> matches("/*.jpg$", "/a/b.jpg"), matches("/*.jpg$", "/a.jpg?x"), matches("/a", "/abc")
    (True, False, True)
    """
    is_ended = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*") if is_ended else pattern.split("*")
    if not path.startswith(first):
        return False
    if not others:
        return not is_ended or path == first
    at = len(first)
    *middle, last = others
    for piece in middle:  # the leftmost place of each leaves the most for the next: no backtracking
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if is_ended:
        return len(path) - len(last) >= at and path.endswith(last)
    return path.find(last, at) >= 0
