"""
Rows as the page has them: by column, texts that recur once each, everything inert.

Layout of a message: `{"from": number of the first row, or -1, "index": [numbers], "rows": {column: [values]},
"texts": [those that are new, their numbers going on], "details": {number: …}}`; see `views/page`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from creevey_graph.events import Outcome
from creevey_graph.text import safe_text
from creevey_graph.views.page.cells import shown_name, shown_paths

PLANNED = "planned"
"""Outcome of an item that no run came to yet: it would run."""
OUTCOMES = (*map(str, Outcome), PLANNED)
MOST_TEXT = 2_000
"""Characters of an error; the rest stands in the report."""
TEXT_ROOM = 4_000_000
"""Characters of distinct errors and reasons; those beyond are cut shorter."""
SHORT_TEXT = 200
MOST_TRACEBACK = 8_000
MOST_VALUE = 300
"""Of a field that is text, or is shown as text."""
MOST_DETAILS = 500
"""Failures whose tracebacks are sent along."""
_FIXED = ("key", "source", "outcome", "step", "reason", "error", "seconds", "outputs")


class ColumnWriter:
    """
    Rows become messages.

    Args:
        steps: Names of the nodes, in order.
        fields: Names of the rows' own columns.

    State: texts = text -> its number, of all messages so far; pending = columns of the message to come, with
    the numbers of its rows; detailed = failures told in full; room = characters of texts that are left.
    """

    def __init__(self, steps: Sequence[str], fields: Sequence[str]) -> None:
        self.outcomes = {name: number for number, name in enumerate(OUTCOMES)}
        self.steps = {name: number for number, name in enumerate(steps)}
        self.fields = tuple(fields)
        self.texts: dict[str, int] = {}
        self._detailed = 0
        self._room = TEXT_ROOM
        self._begin()

    def _begin(self) -> None:
        self._numbers: list[int] = []
        self._columns: dict[str, list[Any]] = {name: [] for name in _FIXED}
        self._fields: dict[str, list[Any]] = {name: [] for name in self.fields}
        self._new_texts: list[str] = []
        self._details: dict[str, Any] = {}

    def __len__(self) -> int:
        """How many rows wait to be sent."""
        return len(self._numbers)

    def add(self, number: int, row: Mapping[str, Any], outcome: str) -> None:
        """
        Take a row in.

        Args:
            number: Its number in the page.
            row: As `journal.row_to_json` makes it.
            outcome: One of `OUTCOMES`.

        Raises:
            Exception: It is no row, and nothing of it was taken in.
        """
        key, source = shown_name(row["key"]), shown_name(row["source"])
        seconds, given = row["seconds"], row["fields"]
        values = (
            key,
            0 if source == key else source,
            self.outcomes[outcome],
            self.steps.get(row["step"], -1) if row["step"] else -1,
            self._text(row["reason"]),
            self._text(row["error"]),
            round(sum(seconds.values()), 6) if seconds else 0,
            shown_paths(row["outputs"]) or 0,
        )
        fields = [shown(given.get(name)) for name in self.fields]
        self._numbers.append(number)  # all of it could be read: now the columns stay equally long
        for column, value in zip(self._columns.values(), values, strict=True):
            column.append(value)
        for column, value in zip(self._fields.values(), fields, strict=True):
            column.append(value)
        if row["traceback"] and self._detailed < MOST_DETAILS:
            self._detailed += 1
            self._details[str(number)] = details_of(row)

    def _text(self, text: str | None) -> int:
        if not text:
            return -1
        shortened = cut(safe_text(text, keep_newlines=True), MOST_TEXT if self._room > 0 else SHORT_TEXT)
        if shortened not in self.texts:
            self._room -= len(shortened)
            self.texts[shortened] = len(self.texts)
            self._new_texts.append(shortened)
        return self.texts[shortened]

    def take(self) -> bytes:
        """Return the message of the rows that wait, as JSON, and begin the next."""
        numbers = self._numbers
        is_run = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        fields = {safe_text(name): values for name, values in self._fields.items()}
        message = {
            "from": numbers[0] if is_run else -1,
            "index": numbers,
            "rows": {**self._columns, "fields": fields},
            "texts": self._new_texts,
            "details": self._details,
        }
        self._begin()
        return encoded(message)


def details_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows of one row only: its traceback, and seconds by step."""
    return {
        "traceback": cut(safe_text(row["traceback"] or "", keep_newlines=True), MOST_TRACEBACK, ends=True),
        "seconds": {safe_text(node): seconds for node, seconds in row["seconds"].items()},
        "pictures": [],
        "note": "",
        "reproduce": "",
    }


def shown(value: Any) -> Any:
    r"""
    Return a field as the page takes it: a scalar, numbers that are none as None.

    >>> shown(float("nan")), shown([1, 2]), shown("a\x1b")
    (None, '[1, 2]', 'a\\x1b')
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if abs(value) < 2**53 else cut(str(value), MOST_VALUE)
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return cut(safe_text(text), MOST_VALUE)


def cut(text: str, most: int, *, ends: bool = False) -> str:
    """
    Return *text*, with "…" where it is shortened; *ends* keeps its end.

    >>> cut("abcdef", 4), cut("abcdef", 4, ends=True), cut("abc", 4)
    ('abc…', '…def', 'abc')
    """
    if len(text) <= most:
        return text
    return f"…{text[-(most - 1) :]}" if ends else f"{text[: most - 1]}…"


def encoded(message: Mapping[str, Any]) -> bytes:
    """Return a message as JSON: ASCII on one line, whatever stands in it."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")
