"""What went wrong in a run, the same trouble once: errors that differ in a URL, path or number alone are one."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from creevey_graph.events import Outcome, Row
from creevey_graph.manifest import error_parts
from creevey_graph.text import first_line

_PATTERNS = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>]*[^\s'\"<>:,.;)]"), "<url>"),
    (re.compile(r"'[^'\n]*[/\\.][^'\n]*'|\"[^\"\n]*[/\\.][^\"\n]*\""), "<path>"),
    (re.compile(r"^[^:'\"\n]*[/\\][^:'\"\n]*(?=: )|^[^:'\"\n]+\.\w{3,4}(?=: )"), "<path>"),
    (
        re.compile(r"(?<![\w.])(?:(?:~|\.{1,2})?(?:/[\w.@+-]+){2,}|(?:[\w.@+~-]+/)+[\w@+-]*\.\w{1,5}\b)"),
        "<path>",
    ),
    (re.compile(r"\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b"), "<hex>"),
    (re.compile(r"(?<![\w<])-?\d+(?:[.,]\d+)*"), "<n>"),
)
MOST_TROUBLES = 10_000
"""Kinds that are told apart; a run in which every error differs would else fill the memory."""


@attrs.define
class Trouble:
    """
    One kind of trouble.

    Args:
        step: Node it arose in, None where there was none.
        error_class: Class of the error, None for what a step left out.
        message: What it says, without what differs from item to item.
        http_status: Of a download.
        count: How many items had it.
        first_key: The first of them.
        example: What it says of that one, in full.
    """

    step: str | None
    error_class: str | None
    message: str
    http_status: int | None
    count: int
    first_key: str
    example: str


class Troubles:
    """
    Counts troubles.

    State: untold = items of kinds beyond the first `MOST_TROUBLES`.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[Any, ...], Trouble] = {}
        self.untold = 0

    def add(self, row: Row) -> None:
        """Count a failed or skipped item in; others are let pass."""
        if row.outcome not in (Outcome.FAILED, Outcome.SKIPPED):
            return
        text, kind = _parts_of(row)
        key = (row.outcome, *kind)
        if key in self._found:
            self._found[key].count += 1
        elif len(self._found) < MOST_TROUBLES:
            self._found[key] = Trouble(*kind, 1, row.key, text)
        else:
            self.untold += 1

    def top(self, outcome: Outcome, most: int) -> Iterator[Trouble]:
        """Yield the most frequent kinds of failed or of skipped items, most items first."""
        found = [trouble for key, trouble in self._found.items() if key[0] is outcome]
        yield from sorted(found, key=lambda trouble: -trouble.count)[:most]


def alike(rows: Iterable[Row]) -> list[list[Row]]:
    """Return failed or skipped items by kind of trouble, most items first, else in the order they came."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault((row.outcome, *_parts_of(row)[1]), []).append(row)
    return sorted(found.values(), key=len, reverse=True)


def _parts_of(row: Row) -> tuple[str, tuple[str | None, str | None, str, int | None]]:
    """Return what the error says, then its kind: step, class, message as it is alike, HTTP status."""
    parts = error_parts(row)
    text = first_line((parts["error_message"] if parts["error_class"] else row.error) or "")
    status = parts["http_status"]
    return text, (row.step, parts["error_class"], normal_text(text, status), status)


def normal_text(text: str, http_status: int | None = None) -> str:
    """
    Return a message without what differs from item to item.

    Args:
        text: The message.
        http_status: It stays as it is.

    >>> normal_text("'a/b.jpg': 3 of 17 bytes"), normal_text("GET http://a.example/1: 404 Not Found", 404)
    ('<path>: <n> of <n> bytes', 'GET <url>: 404 Not Found')
    """
    for pattern, word in _PATTERNS:
        text = pattern.sub(word, text)
    return text if http_status is None else text.replace(": <n>", f": {http_status}", 1)
