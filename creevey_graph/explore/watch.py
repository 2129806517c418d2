"""
Which run the page shows: one that was named, or the latest of a cache folder, and then the next.

A run that goes on is followed to its end, also beside a later one; then the latest is taken up.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.errors import CreeveyError
from creevey_graph.events import GraphDeclared, Noticed, RunFinished, RunStarted
from creevey_graph.explore.feed import Feed, Looks
from creevey_graph.explore.following import Following, Pulse, graph_of
from creevey_graph.report import Report
from creevey_graph.text import safe_text

POLL_S = 0.25
GONE = "the run did not come to its end: its process is gone; run again to go on from there"
LEFT = "nothing more comes of this run, and its process is not on this machine; a later run is shown"
HELD_FEEDS = 3
"""The last ones can still be asked for, by pages that were opened on them."""
ROWS_AT_ONCE = 1_000


@attrs.frozen
class Planned:
    """
    Items that no run came to yet.

    Args:
        report: Has the head that a run of them would have.
        head: The same, by itself.
        rows: Gives index, row and outcome of each.
    """

    report: Report
    head: Report
    rows: Callable[[], Iterable[tuple[int, Mapping[str, Any], str]]]


class Watch:
    """
    The runs of one server.

    Args:
        looks: How a run is shown.
        folder: The cache's folder, whose latest run is followed; it need not be there yet.
        path: The journal to follow instead, and no other.
        planned: Items to be shown until a run begins.
        graph: Only runs of this graph, "" for any.
        tell: Is told in a line what begins and ends.

    State: feeds = number -> feed, the last few; current = number of the one to be shown, 0 before there is one;
    the journal in hand. Thread safety: one thread calls `step`, any number ask for feeds.
    """

    def __init__(
        self,
        looks: Looks,
        *,
        folder: Path | None = None,
        path: Path | None = None,
        planned: Planned | None = None,
        graph: str = "",
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.feeds: dict[int, Feed] = {}
        self.current = 0
        self._looks = looks
        self._runs = None if folder is None or path is not None else folder / "runs"
        self._planned = planned
        self._graph = graph
        self._tell = tell
        self._following = None if path is None else Following(path)
        self._report: Report | None = None if path is None else Report(path)
        self._head: Report | None = None if path is None else Report(path)
        self._pulse: Pulse | None = None
        self._last = ""  # name of the latest journal that was looked at
        self._lock = threading.Lock()

    # --- asked by requests -----------------------------------------------------------------

    def feed(self, number: int | None = None) -> Feed | None:
        """Return a feed by its number, the current one by default; None where there is none."""
        with self._lock:
            return self.feeds.get(self.current if number is None else number)

    # --- the thread that watches -----------------------------------------------------------

    def run(self, closing: threading.Event) -> None:
        """Watch until *closing* is set."""
        for _ in self.list_planned():
            if closing.is_set():
                return
        while not closing.is_set():
            try:
                is_growing = self.step()
            except Exception as exc:  # noqa: BLE001 - the next run may be a better one
                self._stop(f"this run cannot be followed any more ({type(exc).__name__}: {exc})")
                is_growing = False
            if not is_growing:
                closing.wait(POLL_S)

    def list_planned(self) -> Iterator[None]:
        """Show the items that no run came to yet, where there are any; each step takes some of them in."""
        if self._planned is None:
            return
        self._last = self._latest() or ""  # what runs from now on is taken up
        feed = self._open(self._planned.report, self._planned.head, is_planned=True)
        try:
            for place, (index, row, outcome) in enumerate(self._planned.rows(), 1):
                feed.take_row(index, row, outcome)
                if place % ROWS_AT_ONCE == 0:
                    feed.flush()
                    yield
        except (CreeveyError, OSError) as exc:
            feed.take([(0, Noticed(f"items are missing: {exc}"))])
            self._tell(f"items are missing: {exc}")
        feed.end()

    def step(self) -> bool:
        """Look once; return whether there was anything, so that more may be there at once."""
        if self._following is None and not self._take_up():
            return False
        assert self._following is not None
        try:
            events, is_growing = self._following.read()
        except CreeveyError as exc:
            self._stop(str(exc))
            return False
        feed = self.feed() if self._pulse is not None else None
        if feed is None:
            return self._begin(events) or is_growing
        feed.take(events)
        if any(isinstance(event, RunFinished) for _, event in events):
            self._stop("")
        elif self._pulse is not None and self._pulse.is_gone(is_growing=is_growing):
            self._stop(GONE)
        elif self._pulse is not None and self._pulse.is_doubtful and (self._latest() or "") > self._last:
            self._stop(LEFT)
        return is_growing

    def _latest(self) -> str | None:
        """Return the name of the latest journal, None where there is none."""
        if self._runs is None:
            return None
        return max((path.name for path in self._runs.glob("*.jsonl")), default=None)

    def _take_up(self) -> bool:
        """Open the latest journal that is to be shown, where there is one that was not looked at."""
        names = [] if self._runs is None else sorted(path.name for path in self._runs.glob("*.jsonl"))
        for name in reversed([name for name in names if name > self._last]):
            path = self._runs / name if self._runs is not None else Path(name)
            if self._graph and graph_of(path) not in (self._graph, None):
                continue
            self._last = name
            try:
                self._following = Following(path)
            except CreeveyError:
                return False
            self._report, self._head, self._pulse = Report(path), Report(path), None
            return True
        self._last = names[-1] if names else self._last
        return False

    def _begin(self, events: list[tuple[int, Any]]) -> bool:
        """Take in the head of a journal; once it tells what runs, show it."""
        report, head = self._report, self._head
        assert report is not None
        assert head is not None
        assert self._following is not None
        for place, (begins, event) in enumerate(events):
            if isinstance(event, GraphDeclared | Noticed | RunStarted):
                report.add(event, begins)
                head.add(event, begins)
            if isinstance(event, RunStarted):
                if self._graph and event.graph != self._graph:
                    self._drop()
                    return False
                self._pulse = Pulse(self._following.path, event.run_id)
                self._open(report, head, event.total).take(events[place + 1 :])
                self._tell(f"following run of '{safe_text(event.graph)}' ({self._following.path.name})")
                if any(isinstance(later, RunFinished) for _, later in events):
                    self._stop("")
                return True
        if (self._latest() or "") > self._last:
            self._drop()  # it never came to tell what it runs; a later one is there
        return False

    def _open(self, report: Report, head: Report, width: int = 0, *, is_planned: bool = False) -> Feed:
        with self._lock:
            before = self.feeds.get(self.current)
            self.current += 1
            feed = self.feeds[self.current] = Feed(
                report,
                head,
                self._looks,
                self.current,
                width=width,
                is_planned=is_planned,
                follows=self._runs is not None,
            )
            for number in [number for number in self.feeds if number <= self.current - HELD_FEEDS]:
                self.feeds.pop(number).close()
        feed.take([])
        if before is not None:
            before.follow_up(report.graph)
        return feed

    def _stop(self, why: str) -> None:
        """The journal in hand has no more to tell."""
        feed = self.feed() if self._pulse is not None else None
        if feed is not None:
            if why:
                feed.take([(0, Noticed(why))])
            feed.end()
        if why or feed is not None:
            self._tell(why or f"the run ended: {feed.count if feed else 0:,} items")
        self._drop()

    def _drop(self) -> None:
        if self._following is not None:
            self._following.close()
        self._following = self._pulse = None
        self._report = self._head = None

    def close(self) -> None:
        """Let every client go, and the journal."""
        with self._lock:
            for feed in self.feeds.values():
                feed.close()
        self._drop()
