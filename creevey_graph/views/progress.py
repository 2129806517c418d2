"""Progress of a run: a listener that counts finished items, as a bar or as plain lines."""

import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol, TextIO

from creevey_graph.errors import UsageError
from creevey_graph.events import Event, ItemFinished, ItemsCached, Noticed, Outcome, RunFinished, RunStarted
from creevey_graph.text import safe_text

LINE_EVERY_S = 5.0


class Progress(Protocol):
    """A listener that shows how far a run is."""

    def __call__(self, event: Event) -> None: ...

    def close(self) -> None:
        """Leave the screen tidy."""
        ...


def open_progress(progress: bool | str, stream: TextIO) -> Progress | None:
    """
    Return what shows progress on *stream*, None for nothing.

    Args:
        progress: True or "bar", "lines", False, or "auto": a bar at a terminal or in a notebook,
            else plain lines.
        stream: Where it is shown.

    Raises:
        UsageError: *progress* is something else.
    """
    if progress is False:
        return None
    if progress not in (True, "auto", "bar", "lines"):
        raise UsageError(f"progress must be True, False, 'auto', 'bar' or 'lines' (got {progress!r})")
    if progress != "lines" and is_notebook():
        part = import_module(f"{__package__}.notebook_bar")  # some ms that other runs are spared
        bar: Progress = part.NotebookBar()
        return bar
    if progress == "lines" or (progress == "auto" and not stream.isatty()):
        return Lines(stream)
    return Bar(stream)


def is_notebook() -> bool:
    """True where a cell's outputs are shown by a browser, also in Colab, whose shell is one of Jupyter's."""
    try:
        shell: object = get_ipython()  # type: ignore[name-defined]
    except NameError:
        return False
    return any(kind.__name__ == "ZMQInteractiveShell" for kind in type(shell).__mro__)


class Bar:
    """A tqdm bar. State: the bar while a run goes on; counts of outcomes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Any = None
        self._counts: Counter[Outcome] = Counter()
        self._shown_at = 0.0

    def __call__(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            from tqdm import tqdm  # noqa: PLC0415 - 20 ms that only a bar pays

            self._bar = tqdm(
                total=event.total - event.left_out, desc=event.graph, unit="item", file=self._stream
            )
        elif isinstance(event, ItemFinished) and self._bar is not None:
            self._counts[event.row.outcome] += 1
            if event.row.outcome is Outcome.CANCELLED:
                return
            self._bar.update()
            if (now := time.monotonic()) - self._shown_at > 0.2:  # noqa: PLR2004 - the eye's pace
                self._shown_at = now
                self._bar.set_postfix_str(counts_text(self._counts), refresh=False)
        elif isinstance(event, ItemsCached) and self._bar is not None:
            self._counts.update(event.counts)
            self._bar.update(event.cached + event.skipped)
        elif isinstance(event, Noticed):
            say = print if self._bar is None else self._bar.write
            say(f"note: {safe_text(event.text)}", file=self._stream)
        elif isinstance(event, RunFinished) and self._bar is not None:
            self._bar.set_postfix_str(counts_text(self._counts))

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class Lines:
    """A plain line every few seconds, for logs. State: counts, and when the last line was."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._counts: Counter[Outcome] = Counter()
        self._total = 0
        self._name = ""
        self._began = self._said = clock()

    def __call__(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._total, self._name = event.total - event.left_out, event.graph
            self._began = self._said = self._clock()
        elif isinstance(event, ItemFinished):
            self._counts[event.row.outcome] += 1
            self._say_in_time()
        elif isinstance(event, ItemsCached):
            self._counts.update(event.counts)
            self._say_in_time()
        elif isinstance(event, Noticed):
            print(f"note: {safe_text(event.text)}", file=self._stream, flush=True)

    def _say_in_time(self) -> None:
        now = self._clock()
        if now - self._said >= LINE_EVERY_S:
            self._said = now
            self._say(now - self._began)

    def _say(self, seconds: float) -> None:
        done = self._counts.total()
        left = seconds / done * (self._total - done) if done else 0.0
        print(
            f"{self._name}: {done}/{self._total} items, {counts_text(self._counts)}, "
            f"{seconds:.0f} s gone, about {left:.0f} s left",
            file=self._stream,
            flush=True,
        )

    def close(self) -> None:
        self._stream.flush()


def counts_text(counts: "Counter[Outcome]") -> str:
    """
    Return counts in the order of `Outcome`.

    >>> counts_text(Counter({Outcome.FAILED: 1, Outcome.DONE: 3}))
    '3 done, 1 failed'
    """
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
