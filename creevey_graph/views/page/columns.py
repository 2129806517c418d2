"""The rows of a page, column by column, so that 100 000 of them stay small; texts that repeat stand once."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from creevey_graph.events import Outcome, Row
from creevey_graph.views.page.cells import NOT_FINITE, cell, inert, shown_name, shown_paths

OUTCOMES = tuple(str(outcome) for outcome in Outcome)
_NUMBER = {outcome: number for number, outcome in enumerate(Outcome)}
_ROOM = 4_000_000
"""Characters of distinct errors and reasons that are shown in full; those beyond it are cut."""
_CUT = 200


class Texts:
    """
    Texts that stand once.

    State: texts = them; numbers = text -> its place among them; left = characters that may still be taken in full.
    """

    def __init__(self, room: int = _ROOM) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._left = room

    def number(self, text: str | None) -> int:
        """Return the place of a text, -1 for none."""
        if text is None:
            return -1
        found = self._numbers.get(text)
        if found is None:
            shown = inert(text)
            if len(shown) > self._left and len(shown) > _CUT:
                shown = f"{shown[: _CUT - 1]}…"
            self._left -= len(shown)
            found = self._numbers[text] = len(self.texts)
            self.texts.append(shown)
        return found


class Columns:
    """
    The rows of a page.

    Args:
        steps: Names of the nodes, in the order they run.
        fields: Names of the report's own columns.

    State: steps = the nodes, and those that rows tell of beyond; texts = errors and reasons.
    """

    def __init__(self, steps: Iterable[str], fields: Iterable[str]) -> None:
        self.steps = [inert(step) for step in steps]
        self.texts = Texts()
        self._step_numbers = {step: number for number, step in enumerate(self.steps)}
        self._fields: dict[str, list[Any]] = {}
        self._names: list[tuple[str, str]] = []
        for field in fields:
            shown = inert(field)
            while shown in self._fields:  # two names may look the same once they are inert
                shown += "'"
            self._fields[shown] = []
            self._names.append((field, shown))
        names = ("key", "source", "outcome", "step", "reason", "error", "seconds", "outputs")
        self._columns: dict[str, list[Any]] = {name: [] for name in names}

    def __len__(self) -> int:
        return len(self._columns["key"])

    @property
    def fields(self) -> Mapping[str, str]:
        """Column of the report -> its name here."""
        return dict(self._names)

    def add(self, row: Row) -> int:
        """Add a row; return its number."""
        columns, number = self._columns, len(self._columns["key"])
        columns["key"].append(shown_name(row.key))
        columns["source"].append(0 if row.source == row.key else shown_name(row.source))
        columns["outcome"].append(_NUMBER[row.outcome])
        columns["step"].append(-1 if row.step is None else self._step(row.step))
        columns["reason"].append(self.texts.number(row.reason))
        columns["error"].append(self.texts.number(row.error))
        seconds = sum(row.seconds.values()) if row.seconds else 0
        columns["seconds"].append(round(seconds, 4) if math.isfinite(seconds) else 0)
        columns["outputs"].append(shown_paths(row.outputs) if row.outputs else 0)
        for name, shown in self._names:
            self._fields[shown].append(cell(row.fields.get(name)))
        return number

    def _step(self, name: str) -> int:
        shown = inert(name)
        if shown not in self._step_numbers:
            self._step_numbers[shown] = len(self.steps)
            self.steps.append(shown)
        return self._step_numbers[shown]

    def data(self, numeric: Iterable[str], inexact: Iterable[str] = ()) -> dict[str, Any]:
        """
        Return the columns as plain data.

        Args:
            numeric: Report's columns that hold numbers: what stands for one that is not finite becomes None.
            inexact: Those with whole numbers that no browser reads as they are: all of them become text.
        """
        shown = self.fields
        for name in numeric:
            values = self._fields[shown[name]]
            for place, value in enumerate(values):
                if isinstance(value, str) and value in NOT_FINITE:
                    values[place] = None
        for name in inexact:
            values = self._fields[shown[name]]
            self._fields[shown[name]] = [value if value is None else str(value) for value in values]
        return {**self._columns, "fields": self._fields}
