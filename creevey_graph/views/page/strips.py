"""
The pictures of a page: of the items that are looked at closely, one after every step.

With the graph at hand its steps are asked, by a `Previewer`; else the source file and the outputs are shown as they
lie on disk. All of it together is bounded in time and in bytes; a note tells where that ran out.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import attrs

from creevey_graph.errors import CreeveyError
from creevey_graph.events import Row
from creevey_graph.previews import Previewer, Shown, output_at
from creevey_graph.sources.base import is_url
from creevey_graph.text import first_line
from creevey_graph.thumbnails import seen
from creevey_graph.views.page.cells import inert, shown_name

MOST_PX = 160
MOST_BYTES = 6_000
"""Of a picture, encoded; in base64 a third more."""
ROOM = 4_000_000
"""Characters of all pictures together."""
ITEM_SECONDS = 5.0
"""That one item's pictures may take, where there is as much time left."""
MOST_OUTPUTS = 12
"""Of an item that are shown."""
NOT_FOUND = (
    "The steps cannot be shown: the item is not among those that were given, or is gone. Where it is of a list, "
    "name that with --among (items= in Python)."
)
NO_GRAPH = (
    "Only the source file and the outputs are shown, since a report does not hold its graph. All steps: "
)


@attrs.frozen
class Strip:
    """
    An item's pictures.

    Args:
        pictures: As the page has them.
        note: What the reader should know of them, "" for nothing.
    """

    pictures: tuple[Mapping[str, Any], ...]
    note: str = ""


class Strips:
    """
    Makes the strips of a page.

    Args:
        out: The report's output folder, "" for none.
        previewer: Asked for the values of steps; None shows what lies on disk.
        seconds: Time for all of it.
        how: The command that shows all steps, told where there is no *previewer*.
        of: What the reader should know of the steps that *previewer* asks, such as that they are today's.
        clock: Seconds.

    State: left = characters that pictures may still take; ran_out = why the last strips are missing, "" while none is.
    """

    def __init__(
        self,
        out: str,
        previewer: Previewer | None,
        *,
        seconds: float,
        how: str = "",
        of: str = "",
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._out = out
        self._previewer = previewer
        self._seconds = seconds
        self._how = how
        self._about = of
        self._clock = clock
        self.left = ROOM
        self.ran_out = ""

    def __call__(self, rows: Sequence[tuple[int, Row]]) -> dict[int, Strip]:
        """Return number of a row -> its strip, made in the order of *rows*."""
        ends_s = self._clock() + self._seconds
        problem = self._find([row for _, row in rows])
        strips = {}
        for number, row in rows:
            if not self.ran_out and self._clock() >= ends_s:
                self.ran_out = f"the {self._seconds:g} s for pictures of a page were used up"
            if not self.ran_out and self.left < MOST_BYTES:
                self.ran_out = f"the {ROOM / 1e6:g} MB for pictures of a page were used up"
            if self.ran_out:
                strips[number] = Strip((), f"No pictures: {self.ran_out}.")
                continue
            strips[number] = self._strip(row, min(ends_s, self._clock() + ITEM_SECONDS), problem)
        return strips

    def _find(self, rows: Sequence[Row]) -> str:
        if self._previewer is None:
            return ""
        try:
            self._previewer.find(rows)
        except (CreeveyError, OSError) as exc:
            return first_line(str(exc))
        return ""

    def _strip(self, row: Row, deadline_s: float, problem: str) -> Strip:
        note = f"The steps cannot be shown: {problem}" if problem else ""
        if self._previewer is None:
            shown, note = self._on_disk(row), f"{NO_GRAPH}{self._how}" if self._how else note
        elif row.key in self._previewer.found:
            shown, note = self._of_steps(row, deadline_s), self._about
        else:
            shown = self._on_disk(row)
            note = note or NOT_FOUND
        return Strip(tuple(map(self._picture, shown)), note)

    def _of_steps(self, row: Row, deadline_s: float) -> Iterator[Shown]:
        assert self._previewer is not None
        told: set[str] = set()
        for shown in self._previewer.shown(row, deadline_s):
            if shown.kind == "output":
                told.add(str(shown.value))
            yield shown
        yield from (shown for shown in self._outputs(row) if str(shown.value) not in told)

    def _on_disk(self, row: Row) -> Iterator[Shown]:
        path = row.source
        is_there = bool(path) and "\0" not in path and not is_url(path) and os.path.lexists(path)
        gone = "" if is_there or not path or is_url(path) else f"{path}: not there any more"
        yield Shown("source", "input", Path(path) if is_there else path, gone)
        yield from self._outputs(row)

    def _outputs(self, row: Row) -> Iterator[Shown]:
        for path in row.outputs[:MOST_OUTPUTS]:
            whole = output_at(self._out, path)
            if whole is not None:
                yield Shown("", "output", whole)
            elif self._out:
                yield Shown("", "output", path, f"{path}: not there any more")

    def _picture(self, shown: Shown) -> dict[str, Any]:
        is_file = shown.kind == "output"
        label = Path(str(shown.value)).name if is_file and not shown.name else shown.name
        node = shown.name if shown.kind != "input" else ""
        picture = {"node": inert(node or ("output" if is_file else "")), "label": shown_name(label)}
        if shown.note:
            return {**picture, "src": "", "width": 0, "height": 0, "was": "", "text": shown_name(shown.note)}
        look = seen(
            shown.value,
            most_px=MOST_PX,
            most_bytes=MOST_BYTES,
            tells_content=shown.kind == "input",  # which the row tells, too
        )
        thumbnail = look.thumbnail
        if thumbnail is None:
            return {**picture, "src": "", "width": 0, "height": 0, "was": "", "text": look.text}
        self.left -= len(thumbnail.src)
        size = {"width": thumbnail.width, "height": thumbnail.height}
        return {**picture, "src": thumbnail.src, **size, "was": thumbnail.was, "text": ""}
