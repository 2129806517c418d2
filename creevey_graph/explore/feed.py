"""
One run as messages for its page: rows in the order they came, and how the run stands.

What was sent is kept once for all, compressed (25 bytes a row); a client is a number, how much of it it has.
So one that comes late or comes again gets what it lacks, a slow one holds up nobody, and each costs nothing.
"""

import json
import threading
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import attrs

from creevey_graph.events import Event, ItemFinished, ItemsCached
from creevey_graph.explore.columns import ColumnWriter, encoded
from creevey_graph.journal import lines_of, row_to_json
from creevey_graph.report import Report

MOST_ROWS = 2_000
"""In one message; the browser takes it in without stalling."""
PAUSE_S = 0.25
"""Between two rounds of messages to one client."""
PING_S = 10.0
STATE_S = 1.0
"""Between two pictures of the graph; longer where one costs more than a tenth of that."""
SHARE = 10
"""Looks at how the run stands may cost one part in so many of the time."""
_NO_NUMBER = -1


@attrs.frozen
class Looks:
    """
    How what a page shows beside the rows is made of a report.

    Args:
        run: Report -> the run in numbers.
        state: Report -> the graph's state and its drawing.
        timeline: Report -> items over time.
    """

    run: Callable[[Report], Mapping[str, Any]]
    state: Callable[[Report], Mapping[str, Any]]
    timeline: Callable[[Report], Mapping[str, Any]]


class Feed:
    """
    One run, or a list of items, for any number of clients.

    Args:
        report: What the events are folded into; the head of it (graph, nodes, columns) is there already.
        looks: How it is shown.
        number: Tells this feed from others of the server.
        width: How many items there are; what lies beyond is damage. 0 for not known.
        pause_s: Between two rounds of messages to one client.

    State: report; log = messages of rows, compressed; indexes = number of a row -> index of its item; numbers =
    the reverse; looked = name -> (version, message) of the run, its timeline and its graph; is_ended; next_title =
    what follows it, "" while nothing does. Thread safety: one thread takes events in, any number follow.
    """

    def __init__(self, report: Report, looks: Looks, number: int, *, width: int = 0, pause_s: float = PAUSE_S) -> None:
        self.report = report
        self.number = number
        self.is_ended = False
        self.next_title = ""
        self.indexes = array("q")
        self._numbers = array("q")
        self._width = width
        self._looks = looks
        self._pause_s = pause_s
        self._writer = ColumnWriter(report.nodes, report.columns)
        self._log: list[bytes] = []
        self._looked: dict[str, tuple[int, bytes]] = {}
        self._due = dict.fromkeys(("run", "timeline", "state"), 0.0)
        self._changed = threading.Condition()
        self._is_closed = False

    # --- taking in -------------------------------------------------------------------------

    def take(self, events: Iterable[tuple[int, Event]]) -> None:
        """Fold events in, each with its place in the journal; clients are told as they come."""
        for begins, event in events:
            with self._changed:
                self.report.add(event, begins)
            if isinstance(event, ItemFinished):
                self.take_row(event.index, row_to_json(event.row), event.row.outcome)
            elif isinstance(event, ItemsCached) and max(event.indexes, default=0) < (self._width or 2**62):
                self._take_rows(event)
        self._send()
        self._look()

    def _take_rows(self, event: ItemsCached) -> None:
        with suppress(ValueError):  # damaged rows are told by the report that counts them
            for index, line in zip(event.indexes, lines_of(event), strict=True):
                if index >= 0:
                    row = json.loads(line)
                    self.take_row(index, row, row["outcome"])

    def take_row(self, index: int, row: Mapping[str, Any], outcome: str) -> None:
        """Take in what became of one item, or would."""
        if self._width and index >= self._width:
            return
        if index >= len(self._numbers):
            self._numbers.extend(array("q", [_NO_NUMBER]) * (index + 1 - len(self._numbers)))
        if (number := self._numbers[index]) == _NO_NUMBER:
            number = self._numbers[index] = len(self.indexes)
            self.indexes.append(index)
        self._writer.add(number, row, outcome)
        if len(self._writer) >= MOST_ROWS:
            self._send()

    def flush(self) -> None:
        """Send what waits."""
        self._send()
        self._look()

    def _send(self) -> None:
        if not len(self._writer):
            return
        message = zlib.compress(self._writer.take(), 1)
        with self._changed:
            self._log.append(message)
            self._changed.notify_all()

    def _look(self, *, at_once: bool = False) -> None:
        """See how the run stands, as often as it may cost."""
        for name, least_s in (("run", PAUSE_S), ("timeline", PAUSE_S), ("state", STATE_S)):
            began = time.monotonic()
            if began < self._due[name] and not at_once:
                continue
            message = encoded(getattr(self._looks, name)(self.report))
            took = time.monotonic() - began
            self._due[name] = began + max(least_s, SHARE * took)
            version, before = self._looked.get(name, (0, b""))
            if message != before:
                with self._changed:
                    self._looked[name] = (version + 1, message)
                    self._changed.notify_all()

    def end(self) -> None:
        """Say that nothing more comes."""
        self._send()
        self._look(at_once=True)
        with self._changed:
            self.is_ended = True
            self._changed.notify_all()

    def follow_up(self, title: str) -> None:
        """Say that a later run is to be looked at instead of this one."""
        with self._changed:
            self.next_title = title
            self._changed.notify_all()

    def close(self) -> None:
        """Let every client go."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    # --- giving out ------------------------------------------------------------------------

    def messages(self, seen: int = 0) -> Iterator[bytes]:
        """
        Yield server-sent messages, without end while the run goes on.

        Args:
            seen: How many messages of rows the client has.
        """
        versions: dict[str, int] = {}
        seen = min(max(seen, 0), len(self._log))
        yield b"retry: 1000\n\n"
        while True:
            with self._changed:
                is_new = self._changed.wait_for(lambda: self._has_news(seen, versions), PING_S)
                if self._is_closed:
                    return
                rows = self._log[seen] if seen < len(self._log) else None
                is_last = rows is None or seen + 1 == len(self._log)
                looked = {name: held for name, held in self._looked.items() if held[0] > versions.get(name, 0)}
                is_ended, next_title = self.is_ended and is_last, self.next_title
            if not is_new:
                yield b": still here\n\n"
            if rows is not None:
                seen += 1
                yield sent("rows", zlib.decompress(rows), seen)
            if not is_last:
                continue  # what is behind catches up first, and without a pause
            for name, (version, message) in looked.items():
                versions[name] = version
                yield sent(name, message)
            if next_title:
                yield sent("reset", encoded({"title": next_title}))
                return
            if is_ended:
                yield sent("end", b"{}")
                return
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed, self._pause_s)

    def _has_news(self, seen: int, versions: Mapping[str, int]) -> bool:
        is_newer = any(version > versions.get(name, 0) for name, (version, _) in self._looked.items())
        return bool(self._is_closed or self.is_ended or self.next_title or seen < len(self._log) or is_newer)

    def index_of(self, number: int) -> int | None:
        """Return the index of the item that a row of the page shows, None where there is no such row."""
        return self.indexes[number] if 0 <= number < len(self.indexes) else None


def sent(name: str, message: bytes, number: int | None = None) -> bytes:
    r"""
    Return one server-sent message.

    >>> sent("rows", b"{}", 3)
    b'event: rows\nid: 3\ndata: {}\n\n'
    """
    mark = b"" if number is None else b"id: %d\n" % number
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), mark, message)

