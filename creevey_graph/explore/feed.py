"""
One run as messages for its page: rows in the order they came, and how the run stands.

What was sent is kept once for all, compressed (25 bytes a row); a client is a number, how much of it it has.
So one that comes late or comes again gets what it lacks, a slow one holds up nobody, and each costs nothing.
"""

import functools
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import attrs

from creevey_graph.events import Event, ItemFinished, ItemsCached, Outcome, Row
from creevey_graph.explore.columns import ColumnWriter, encoded
from creevey_graph.journal import lines_of, row_to_json
from creevey_graph.journal_checks import checked_row
from creevey_graph.report import Report

MOST_ROWS = 2_000
"""In one message; the browser takes it in without stalling."""
MOST_WHOLE = 50_000
"""Items of a run that has ended, which its page holds from the beginning, with histograms and contact sheets."""
PAUSE_S = 0.25
"""Between two rounds of messages to one client."""
DAMAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading a row of a damaged line may raise; it costs that row."""
PING_S = 10.0
ALL = 2**62
"""Messages that a client has that needs no rows."""
STATE_S = 1.0
"""Between two pictures of the graph; longer where one costs more than a tenth of that."""
SHARE = 10
"""Looks at how the run stands may cost one part in so many of the time."""


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
        head: The head alone, for pages, which are sent the rest.
        looks: How it is shown.
        number: Tells this feed from others of the server.
        width: How many items there are; what lies beyond is damage. 0 for not known.
        follows: Whether another may come in its place, so that clients stay.
        is_planned: Whether the rows are of items that no run came to yet.
        pause_s: Between two rounds of messages to one client.

    State: report; held = index -> key and source of items of no run; log = messages of rows, compressed; count =
    rows; present = index -> whether there is one; looked = name -> (version, message) of the run, its timeline and its graph; is_ended; next_title =
    what follows it, "" while nothing does. Thread safety: one thread takes events in, any number follow.
    """

    def __init__(
        self,
        report: Report,
        head: Report,
        looks: Looks,
        number: int,
        *,
        width: int = 0,
        is_planned: bool = False,
        follows: bool = False,
        pause_s: float = PAUSE_S,
    ) -> None:
        self.report = report
        self.head = head
        self.is_planned = is_planned
        self.held: dict[int, tuple[str, str]] = {}
        self.number = number
        self.is_ended = False
        self.next_title = ""
        self.count = 0
        self._present = bytearray()
        self._follows = follows
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
                with suppress(*DAMAGE):
                    self.take_row(event.index, row_to_json(event.row), event.row.outcome)
            elif isinstance(event, ItemsCached) and max(event.indexes, default=0) < (self._width or 2**62):
                self._take_rows(event)
        self._send()
        self._look()

    def _take_rows(self, event: ItemsCached) -> None:
        with suppress(ValueError):  # rows that are damaged as a whole
            for index, line in zip(event.indexes, lines_of(event), strict=True):
                with suppress(*DAMAGE):
                    if index >= 0:
                        row = checked_row(json.loads(line))
                        self.take_row(index, row, str(row["outcome"]))

    def take_row(self, index: int, row: Mapping[str, Any], outcome: str) -> None:
        """Take in what became of one item, or would; a later one of the same item stands in its place."""
        if self._width and index >= self._width:
            return
        self._writer.add(index, row, outcome)
        if index >= len(self._present):
            self._present.extend(bytes(index + 1 - len(self._present)))
        self.count += not self._present[index]
        self._present[index] = True
        if self.is_planned:
            self.held[index] = row["key"], row["source"]
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
        Yield server-sent messages, without end while something may come.

        Args:
            seen: How many messages of rows the client has.
        """
        has = _Client(min(max(seen, 0), len(self._log)))
        yield b"retry: 1000\n\n"
        while True:
            with self._changed:
                is_new = self._changed.wait_for(functools.partial(self._has_news, has), PING_S)
                if self._is_closed:
                    return
                rows = self._log[has.rows] if has.rows < len(self._log) else None
                looked = {name: held for name, held in self._looked.items() if has.lacks(name, held[0])}
                is_ended, next_title = self.is_ended, self.next_title
            if not is_new:
                yield b": still here\n\n"
            if rows is not None:
                has.rows += 1
                yield sent("rows", zlib.decompress(rows), has.rows)
                if has.rows < len(self._log):
                    continue  # what is behind catches up first, and without a pause
            for name, (version, message) in looked.items():
                has.looked[name] = version
                yield sent(name, message)
            yield from self._last_words(has, next_title, is_ended=is_ended)
            if next_title or (has.ended and not self._follows):
                return
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed, self._pause_s)

    def _last_words(self, has: "_Client", next_title: str, *, is_ended: bool) -> Iterator[bytes]:
        if is_ended and not has.ended:
            has.ended = True
            if not (self.is_planned and self._follows):  # a list of items is no run that ends
                yield sent("end", encoded({"follows": self._follows}))
        if next_title:
            yield sent("reset", encoded({"title": next_title}))

    def _has_news(self, has: "_Client") -> bool:
        is_newer = any(has.lacks(name, version) for name, (version, _) in self._looked.items())
        is_over = (self.is_ended and not has.ended) or bool(self.next_title)
        return self._is_closed or is_over or has.rows < len(self._log) or is_newer

    @property
    def is_whole(self) -> bool:
        """True where a run has ended, and a page can hold all of it."""
        return self.is_ended and not self.is_planned and self.count <= MOST_WHOLE

    def row_at(self, index: int) -> Row | None:
        """
        Return what became of an item, None where it has not ended yet.

        Raises:
            OSError: The report cannot be read.
            ValueError: It is damaged.
        """
        if not 0 <= index < len(self._present) or not self._present[index]:
            return None
        if self.is_planned:
            return Row(*self.held[index], Outcome.CANCELLED)
        return next(self.report.rows.of([index]))

    def row_in_order(self, number: int) -> Row | None:
        """
        Return what became of an item by its place among those of the run, None where there are not so many.

        Raises:
            OSError: The report cannot be read.
            ValueError: It is damaged.
        """
        return self.report.rows[number] if 0 <= number < len(self.report.rows) else None


@attrs.define
class _Client:
    """What one client has: messages of rows, the version of each look, whether it was told of the end."""

    rows: int
    looked: dict[str, int] = attrs.field(factory=dict)
    ended: bool = False

    def lacks(self, name: str, version: int) -> bool:
        return version > self.looked.get(name, 0)


def sent(name: str, message: bytes, number: int | None = None) -> bytes:
    r"""
    Return one server-sent message.

    >>> sent("rows", b"{}", 3)
    b'event: rows\nid: 3\ndata: {}\n\n'
    """
    mark = b"" if number is None else b"id: %d\n" % number
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), mark, message)
