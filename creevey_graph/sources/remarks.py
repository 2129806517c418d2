"""What reading a list came upon: bad lines, blanks, comments. Told, never silently lost."""

from collections.abc import Iterable
from typing import Literal

import attrs

from creevey_graph.columns import counted
from creevey_graph.errors import SourceError, UsageError, did_you_mean
from creevey_graph.text import safe_text

BadLines = Literal["error", "skip"]
"""What becomes of a line that cannot be used: the list is refused, or the line left out and told."""
Duplicates = Literal["keep", "drop"]
"""What becomes of an entry that a list has already: it is kept under a key of its own, or left out. Either is told."""

_SHOWN = 10
_LONGEST = 100


@attrs.define
class Remarks:
    """
    What was found while one list was read.

    Args:
        place: What messages begin with, such as "'urls.txt'".
        unit: What an entry is counted in: "line", "row" or "item".
        bad_lines: What becomes of bad lines.
        remedy: What a message about bad lines ends with.

    State: bad = what is wrong, the first ten; first = kind of line -> number of the first, counts = and how
    many there are.
    """

    place: str
    unit: str = "line"
    bad_lines: BadLines = "error"
    remedy: str = ""
    bad: list[str] = attrs.field(factory=list, init=False)
    first: dict[str, int] = attrs.field(factory=dict, init=False)
    counts: dict[str, int] = attrs.field(factory=dict, init=False)

    def at(self, number: int) -> str:
        """Return how a message names a line."""
        return f"{self.place} {self.unit} {number:,}".lstrip()

    def note(self, kind: str, number: int) -> None:
        """Count a line of a kind that is left out, such as "comment"."""
        self.first.setdefault(kind, number)
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def add_bad(self, number: int, problem: str) -> None:
        """Keep what is wrong with a line."""
        self.note(f"bad {self.unit}", number)
        if len(self.bad) < _SHOWN:
            self.bad.append(f"{self.unit} {number:,}: {problem}")

    def check(self, *, has_entries: bool) -> None:
        """
        Check that the list can be used.

        Raises:
            SourceError: It has bad lines and these are errors, or nothing else.
        """
        if self.bad and (self.bad_lines == "error" or not has_entries):
            raise SourceError(self._bad_text())

    def _bad_text(self) -> str:
        count = self.counts[f"bad {self.unit}"]
        skip = (
            "" if self.bad_lines == "skip" else "bad_lines='skip' (--bad-lines skip) leaves out what is bad"
        )
        tail = "".join(f"; {text}" for text in (self.remedy, skip) if text)
        if count == 1:
            return f"{self.place} {self.bad[0]}{tail}".lstrip()
        more = f"; and {count - len(self.bad):,} more" if count > len(self.bad) else ""
        where = f"{self.place}: " if self.place else ""
        return f"{where}{counted(count, f'bad {self.unit}')}: {'; '.join(self.bad)}{more}{tail}"

    def left_out(self) -> str:
        """Say what is left out of a list that can be used, "" where nothing is."""
        told = [
            f"{counted(count, kind)}, left out ({self.unit} {self.first[kind]:,}{' first' if count > 1 else ''})"
            for kind, count in self.counts.items()
            if not kind.startswith("bad")
        ]
        if self.bad:
            count = self.counts[f"bad {self.unit}"]
            first = ", first" * (count > 1)
            told.append(f"{counted(count, f'bad {self.unit}')}, left out ({self.bad[0]}{first})")
        return "; ".join(told)

    def notices(self) -> tuple[str, ...]:
        """Return what is to be told of a list that can be used: one line, none where there is nothing."""
        told = self.left_out()
        return (f"{self.place or 'items'}: {told}",) if told else ()


def brief(text: str) -> str:
    """
    Return text from outside as a message shows it: inert, and short.

    >>> brief("a" * 1000)[-20:]
    'aaa… (1,000 letters)'
    """
    shown = safe_text(text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}… ({len(text):,} letters)"


def check_choices(where: str, *, duplicates: object, bad_lines: object) -> None:
    """
    Check what becomes of duplicates and bad lines.

    Raises:
        UsageError: It is none of the choices.
    """
    _check_choice(where, "duplicates", duplicates, ("keep", "drop"))
    _check_choice(where, "bad_lines", bad_lines, ("error", "skip"))


def _check_choice(where: str, name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        told = " or ".join(f"'{choice}'" for choice in choices)
        raise UsageError(f"{where}: {name} must be {told} (got {value!r})")


def no_column(name: str, names: Iterable[str], remedy: str = "") -> str:
    """Return the text that a column is not there, with the nearest one and how to name another."""
    return f"no column '{safe_text(name)}'{did_you_mean(name, map(brief, names))}{remedy}"
