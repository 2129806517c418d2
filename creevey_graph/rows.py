"""The rows of a report: they stand in the journal's file; here is where each begins."""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import attrs

from creevey_graph.display import mimebundle
from creevey_graph.events import Outcome, Row
from creevey_graph.journal import read_rows

LOOSE, ABSENT = -1, -2  # -1 is what the journal says of a line it could not write
INCOMPLETE = "the report file is incomplete: it cannot be written"
"""What a report notes once there was such a line."""


class Rows(Sequence[Row]):
    """
    The rows of a report, in input order, read from its file when they are asked for.

    Args:
        path: The journal's file.
        places: Per item, where its line begins in the file; `ABSENT` where there is none, and
            `LOOSE` where its row could not be written.
        numbers: Per item, which of its line's rows it is, -1 where the line is its own.
        loose: Index of an item -> a row that could not be written.
        origin: Runs a failed item again, where that can be done.
    """

    _repr_mimebundle_ = mimebundle

    def __init__(
        self,
        path: Path,
        places: "array[int]",
        numbers: "array[int]",
        loose: Mapping[int, Row],
        origin: Callable[[Row], Any] | None = None,
    ) -> None:
        self._origin = origin
        self._path = path
        self._places = places
        self._numbers = numbers
        self._loose = loose

    def __len__(self) -> int:
        return len(self._places) - self._places.count(ABSENT)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        held = [number for number, place in enumerate(self._places) if place != ABSENT]
        if isinstance(index, slice):
            return list(self.of(held[index]))
        return next(self.of([held[index]]))

    def __iter__(self) -> Iterator[Row]:
        return self.of(number for number, place in enumerate(self._places) if place != ABSENT)

    def of(self, numbers: Iterable[int]) -> Iterator[Row]:
        """Yield the rows of items by their index in the input; there must be one for each."""
        for row in self._found(numbers):
            is_failed = row.outcome is Outcome.FAILED and self._origin is not None
            yield attrs.evolve(row, origin=self._origin) if is_failed else row

    def _found(self, numbers: Iterable[int]) -> Iterator[Row]:
        places, lines = self._places, self._numbers
        if not self._loose:
            yield from read_rows(self._path, ((places[number], lines[number]) for number in numbers))
            return
        asked: deque[tuple[int, int]] = deque()
        reader = read_rows(self._path, iter(asked.popleft, None))  # goes on where it stands
        for number in numbers:
            if places[number] == LOOSE:
                yield self._loose[number]
            else:
                asked.append((places[number], lines[number]))
                yield next(reader)

    def __repr__(self) -> str:
        return f"<{len(self)} rows>"
