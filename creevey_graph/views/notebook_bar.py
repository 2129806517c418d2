"""
Progress of a run in a notebook: one line that is drawn over itself.

It needs no widgets and no script. What is saved with the notebook is how the run ended; a bar of text would be saved
as one output for each time it was drawn, and on a red ground where it goes to stderr.
"""

import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any

from creevey_graph.columns import counted
from creevey_graph.events import Event, ItemFinished, ItemsCached, Noticed, Outcome, RunFinished, RunStarted
from creevey_graph.sizes import seconds_text
from creevey_graph.text import safe_text
from creevey_graph.views.markup import tag

DRAWN_EVERY_S = 0.2
"""The eye's pace; each drawing is a message to the browser."""


class NotebookBar:
    """
    A listener that shows how far a run is.

    State: name, total = of the run; counts = outcome -> items that ended; shown = the output, None before a run begins;
    drawn_at = when it was drawn last.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._name, self._total = "", 0
        self._counts: Counter[Outcome] = Counter()
        self._shown: Any = None
        self._began = self._drawn_at = clock()
        self._is_over = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._name, self._total = event.graph, event.total - event.left_out
            self._began = self._drawn_at = self._clock()
            display = import_module("IPython.display").display
            self._shown = display(self._data(), raw=True, display_id=True)
        elif isinstance(event, ItemFinished):
            self._counts[event.row.outcome] += 1
            self._draw_in_time()
        elif isinstance(event, ItemsCached):
            self._counts.update(event.counts)
            self._draw_in_time()
        elif isinstance(event, Noticed):
            print(f"note: {safe_text(event.text)}")  # noqa: T201 - the cell's own output
        elif isinstance(event, RunFinished):
            self._is_over = True

    def _draw_in_time(self) -> None:
        now = self._clock()
        if now - self._drawn_at >= DRAWN_EVERY_S:
            self._drawn_at = now
            self._draw()

    def _draw(self) -> None:
        if self._shown is not None:
            self._shown.update(self._data(), raw=True)

    def _data(self) -> dict[str, str]:
        text = self._text(self._clock() - self._began)
        ended = self._ended()
        bar = None if self._is_over else tag("progress", value=ended, max=max(self._total, 1))
        shown = tag("div", bar, f" {text}" if bar else text)
        return {"text/plain": safe_text(text), "text/html": shown}

    def _ended(self) -> int:
        return self._counts.total() - self._counts[Outcome.CANCELLED]

    def _text(self, seconds: float) -> str:
        told = [f"{self._counts[outcome]:,} {outcome}" for outcome in Outcome if self._counts[outcome]]
        ended, items = self._ended(), counted(self._total, "item")
        if self._is_over:
            took = f"{items} in {seconds_text(seconds)}"
            return f"{self._name}: {', '.join((took, *told))}"
        if ended:
            told.append(f"about {seconds_text(seconds / ended * max(0, self._total - ended))} left")
        return f"{self._name}: {', '.join((f'{ended:,} of {items}', *told))}"

    def close(self) -> None:
        """Leave how it ended."""
        self._is_over = True
        self._draw()
