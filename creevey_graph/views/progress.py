"""Progress of a run: a listener that counts finished items, as a bar or as plain lines."""

import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Protocol, TextIO

from creevey_graph.errors import UsageError
from creevey_graph.events import Event, ItemFinished, ItemsCached, Noticed, Outcome, RunFinished, RunStarted
from creevey_graph.screen import Lasting, screen_of
from creevey_graph.text import safe_text
from creevey_graph.views.meter import Meter, clock_text, rate_text
from creevey_graph.views.told_failures import ToldFailures

LINE_EVERY_S = 5.0


class Progress(Protocol):
    """A listener that shows how far a run is."""

    def __call__(self, event: Event) -> None: ...

    def close(self) -> None:
        """Leave the screen tidy."""
        ...


def open_progress(progress: bool | str, stream: TextIO, *, stays: bool = True) -> Progress | None:
    """
    Return what shows progress on *stream*, None for nothing.

    Args:
        progress: "auto" or True: a bar at a terminal or in a notebook, else plain lines, with True a last
            one in every case; "bar", "lines", or False.
        stream: Where it is shown.
        stays: Whether a bar is left on the screen at the end.

    Raises:
        UsageError: *progress* is something else.
    """
    if progress is False:
        return None
    if progress not in (True, "auto", "bar", "lines"):
        raise UsageError(f"progress must be True, False, 'auto', 'bar' or 'lines' (got {progress!r})")
    if progress != "lines" and is_notebook():
        bar: Progress = import_module("creevey_graph.views.notebook_bar").NotebookBar()
        return bar
    if progress == "bar" or (progress != "lines" and screen_of(stream).can_redraw):
        live: Progress = import_module("creevey_graph.views.live_bar").LiveBar(stream, stays=stays)
        return live
    return Lines(stream, has_last=progress is True)


def is_notebook() -> bool:
    """True where a cell's outputs are shown by a browser, also in Colab, whose shell is one of Jupyter's."""
    try:
        shell: object = get_ipython()  # type: ignore[name-defined]
    except NameError:
        return False
    return any(kind.__name__ == "ZMQInteractiveShell" for kind in type(shell).__mro__)


class Lines:
    """
    A plain line every few seconds, for logs, and one for each of the first failures.

    Args:
        stream: Where they go.
        has_last: Whether there is a line at the end in every case.
        clock: Seconds.

    State: meter; said = when the last line was.
    """

    def __init__(
        self, stream: TextIO, *, has_last: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = Lasting(stream)
        self._has_last = has_last
        self._clock = clock
        self._meter = Meter(clock)
        self._failures = ToldFailures()
        self._said = clock()

    def __call__(self, event: Event) -> None:
        self._meter.add(event)
        if isinstance(event, RunStarted):
            self._said = self._clock()
        elif isinstance(event, Noticed):
            self._print(f"note: {safe_text(event.text)}")
        elif isinstance(event, ItemFinished | ItemsCached):
            if isinstance(event, ItemFinished) and (told := self._failures.told(event.row)):
                self._print(told)
            if self._clock() - self._said >= LINE_EVERY_S:
                self._said = self._clock()
                self._print(progress_line(self._meter))
        elif isinstance(event, RunFinished) and self._has_last:
            self._print(progress_line(self._meter))

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        self._stream.flush()


def progress_line(meter: Meter) -> str:
    """Return the state of a run as plain text, with all there is to tell."""
    told = [f"{meter.finished:,}/{meter.total:,} items", counts_text(meter.counts)]
    if meter.rate is not None:
        told.append(rate_text(meter.rate))
    told.append(f"{clock_text(meter.seconds)} gone")
    if meter.finished < meter.total and meter.seconds_left is not None:
        told.append(f"about {clock_text(meter.seconds_left)} left")
    return f"{safe_text(meter.name)}: {', '.join(filter(None, told))}"


def counts_text(counts: "Counter[Outcome]") -> str:
    """
    Return counts in the order of `Outcome`.

    >>> counts_text(Counter({Outcome.FAILED: 1, Outcome.DONE: 3}))
    '3 done, 1 failed'
    """
    return ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in Outcome if counts[outcome])
