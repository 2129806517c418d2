"""
The loop: items -> chunks -> workers -> cache, index and events. It prints nothing.

State of a run: `waiting` = chunks to be submitted before new items are taken; `in_flight` =
future -> chunk; the window bounds both. The coordinator alone writes the database and the
index; workers write outputs and value files.

A dead worker breaks the pool: chunks in flight are run again, and the few items that workers
had in hand are run one at a time with nothing beside them; the one that kills its worker
again is the one to blame.
"""

import functools
import math
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait

import attrs

from creevey_graph.cache import ItemState, encode_state
from creevey_graph.choices import Options, choose_executor
from creevey_graph.errors import RunFailed, RunInterrupted, WorkerDied
from creevey_graph.events import (
    Event,
    ItemFinished,
    Listener,
    Noticed,
    Outcome,
    Row,
    RunFinished,
    RunStarted,
)
from creevey_graph.executors import dumps, open_pool
from creevey_graph.listing import Listing
from creevey_graph.look import Known, leftovers_of, prune_files
from creevey_graph.tasks import Bench, Result, Task
from creevey_graph.text import safe_text
from creevey_graph.validate import validate_sendable
from creevey_graph.worker import run_chunk

CHUNK_SECONDS = 0.25
"""What a chunk should take: long beside the cost of sending it, short beside a user's patience."""
MAX_CHUNK = 256
WINDOW = 2
"""Chunks in flight for each job: one that runs, one that waits."""
MAX_CANCELLED_ROWS = 100_000


def run(listing: Listing, options: Options, listeners: Sequence[Listener]) -> None:
    """
    Run every item of *listing*; events tell the listeners what happens.

    Raises:
        RunFailed: on_error="raise" and an item failed.
        RunInterrupted: Ctrl-C; what was done is kept.
        GraphError: A step cannot be sent to a process.
        UsageError: The executor does not exist.
    """
    _Run(listing, options, listeners).run()


@attrs.define(eq=False)
class _Chunk:
    tasks: list[Task]
    begun: float = 0.0


class _Run:
    """One run; see the module's docstring for its state."""

    def __init__(self, listing: Listing, options: Options, listeners: Sequence[Listener]) -> None:
        self.listing = listing
        self.frozen = listing.frozen
        self.options = options
        self.listeners = listeners
        self.waiting: deque[_Chunk] = deque()
        self.in_flight: dict[Future[list[Result]], _Chunk] = {}
        self.suspects: deque[Task] = deque()
        self.seconds_per_item = 0.0
        self.failures = 0
        self.first_failure: Row | None = None
        self.finished = 0
        self.stopped = ""
        self.interrupted = False
        self.damaged = 0
        self.leftovers: list[str] = []
        self.noticed: set[str] = set()
        self.done_indexes = bytearray(len(listing))

    # --- beginning and end -----------------------------------------------------------------

    def run(self) -> None:
        began = time.perf_counter()
        executor, jobs = choose_executor(self.frozen, self.options, len(self.listing))
        bench = Bench(self.frozen, self.options.out, self.options.cache, self.options.refresh)
        if (executor != "serial" and not isinstance(executor, str)) or executor == "processes":
            validate_sendable({node.name: node.step for node in self.frozen.nodes}, dumps)
        self.known = Known.open(self.options.cache, self.frozen, self.options.out)
        self.pool = open_pool(executor, functools.partial(run_chunk, bench), jobs)
        self._emit(
            RunStarted(
                self.frozen.name,
                len(self.listing),
                self._columns(),
                self.pool.name,
                self.pool.jobs,
                time.strftime("%Y%m%d-%H%M%S") + f"-{os.getpid()}",
            )
        )
        for text in self.frozen.untracked:
            self._notice(f"not tracked: {text}; name it with depends_on= or version=")
        try:
            self._loop()
        except KeyboardInterrupt:
            self._interrupt()
        finally:
            self.pool.close(now=self.interrupted)
            self._end(began)
        if self.interrupted:
            raise RunInterrupted
        if self.options.on_error == "raise" and self.first_failure is not None:
            row = self.first_failure
            where = f" in step '{row.step}'" if row.step else ""
            raise RunFailed(f"item '{safe_text(row.key)}' failed{where}: {safe_text(row.error or '')}")

    def _columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.listing.source.columns, *self.frozen.columns)))

    def _end(self, began: float) -> None:
        orphans: tuple[str, ...] = ()
        if self.finished == len(self.listing):
            orphans = self._orphans()
        else:
            self._cancel_rest()
        self.known.close()
        for text in self.known.problems():
            self._notice(f"cache: {text}")
        if self.options.cache is not None:
            self._note_problems(self.options.cache.take_troubles()[1])
        self._emit(
            RunFinished(time.perf_counter() - began, self.interrupted, self.stopped, self.damaged, orphans)
        )

    def _orphans(self) -> tuple[str, ...]:
        gone = self.known.remaining()
        orphans = leftovers_of(gone, self.leftovers, self.known.placed)
        if self.options.prune and self.options.out is not None:
            prune_files(self.options.out, orphans)
            self.known.forget(gone)
            return ()
        return orphans

    def _cancel_rest(self) -> None:
        left = MAX_CANCELLED_ROWS
        for item in self.listing:
            if not self.done_indexes[item.index]:
                self._emit(ItemFinished(item.index, Row(item.key, item.source, Outcome.CANCELLED)))
                left -= 1
            if not left:
                break

    # --- the loop --------------------------------------------------------------------------

    def _loop(self) -> None:
        tasks = self._tasks()
        exhausted = False
        while True:
            while not exhausted and not self.stopped and self._has_room():
                chunk = self._take(tasks)
                exhausted = chunk is None
                if chunk is not None:
                    self.waiting.append(chunk)
                    self._submit_waiting()
            if self.stopped:
                self.waiting.clear()
                self.suspects.clear()
            self._submit_waiting()
            if not self.in_flight:
                if self.suspects:
                    self._run_suspect(self.suspects.popleft())
                elif not self.waiting:
                    return
                continue
            self._absorb_done()

    def _has_room(self) -> bool:
        return not self.suspects and len(self.in_flight) + len(self.waiting) < self.pool.jobs * WINDOW

    def _submit_waiting(self) -> None:
        while self.waiting and not self.suspects and len(self.in_flight) < self.pool.jobs * WINDOW:
            chunk = self.waiting.popleft()
            chunk.begun = time.perf_counter()
            try:
                self.in_flight[self.pool.submit(chunk.tasks)] = chunk
            except BrokenExecutor as exc:
                self.waiting.appendleft(chunk)
                self._recover(exc)

    def _absorb_done(self) -> None:
        done, _ = wait(self.in_flight, return_when=FIRST_COMPLETED)
        broken: BaseException | None = None
        for future in done:
            error = None if future.cancelled() else future.exception()
            if future.cancelled() or isinstance(error, BrokenExecutor | CancelledError):
                broken = error or CancelledError()
                continue  # stays in flight: `_recover` takes it from there
            chunk = self.in_flight.pop(future)
            if error is not None:
                raise error
            self._measure(chunk, len(future.result()))
            self._absorb(future.result(), chunk)
        if broken is not None:
            self._recover(broken)

    def _measure(self, chunk: _Chunk, count: int) -> None:
        if count:
            # Half of the time in flight a chunk waits behind another one.
            seconds = (time.perf_counter() - chunk.begun) / count / WINDOW
            known = self.seconds_per_item
            self.seconds_per_item = seconds if not known else 0.7 * known + 0.3 * seconds

    def _take(self, tasks: Iterator[Task]) -> _Chunk | None:
        size = self._chunk_size()
        taken = []
        for task in tasks:
            taken.append(task)
            if len(taken) >= size:
                break
        return _Chunk(taken) if taken else None

    def _chunk_size(self) -> int:
        if self.pool.name == "serial" or not self.seconds_per_item:
            return 1
        fair = math.ceil((len(self.listing) - self.finished) / (self.pool.jobs * WINDOW)) or 1
        return max(1, min(MAX_CHUNK, fair, int(CHUNK_SECONDS / self.seconds_per_item)))

    def _tasks(self) -> Iterator[Task]:
        """Yield what needs a worker; items that are up to date end here."""
        for item in self.listing:
            state, reason = self.known.check(item, forced=self.options.refresh)
            row = None if reason is not None else self.known.row_if_current(item, state)
            if row is not None:
                assert state is not None
                self._finish(ItemFinished(item.index, row))
            else:
                yield Task(item, state, reason)

    # --- results ---------------------------------------------------------------------------

    def _absorb(self, results: Iterable[Result], chunk: _Chunk | None = None) -> None:
        results = list(results)
        cache = self.options.cache
        if cache is not None:
            damaged = [key for result in results for key in result.damaged]
            if damaged:
                self.damaged += len(damaged)
                cache.heal(damaged)
            if entries := [entry for result in results for entry in result.entries]:
                cache.commit(entries)
        self.known.put((result.row.key, result.state) for result in results)
        for result in results:
            self.leftovers += result.leftovers
            self._note_problems(result.problems)
            self.known.placed.update(result.row.outputs)
            self._finish(ItemFinished(result.index, result.row, result.executed))
        del chunk

    def _finish(self, event: ItemFinished) -> None:
        self.finished += 1
        self.done_indexes[event.index] = True
        self._emit(event)
        if event.row.outcome is not Outcome.FAILED:
            return
        self.failures += 1
        self.first_failure = self.first_failure or event.row
        limit = self.options.max_failures
        if self.options.on_error != "continue" and not self.stopped:
            self._stop(f"stopped at the first failure (on_error='{self.options.on_error}')")
        elif limit is not None and self.failures >= limit and not self.stopped:
            self._stop(f"stopped after {self.failures} failures (max_failures={limit})")

    def _stop(self, why: str) -> None:
        self.stopped = why
        self.pool.stop()
        for future in list(self.in_flight):
            if future.cancel():
                del self.in_flight[future]

    # --- trouble ---------------------------------------------------------------------------

    def _recover(self, error: BaseException) -> None:
        """Begin anew after a worker died: suspects alone, everything else as before."""
        in_hand = {item for item, _ in self.pool.suspects()}
        lost = [task for chunk in self.in_flight.values() for task in chunk.tasks]
        self._absorb_finished_of(self.in_flight)
        lost = [task for task in lost if not self.done_indexes[task.item.index]]
        self.in_flight.clear()
        if not self.pool.rebuild():
            raise error
        suspects = [task for task in lost if task.item.index in in_hand] or lost
        self.suspects.extend(suspects)
        rest = [task for task in lost if task not in suspects]
        if rest:
            self.waiting.appendleft(_Chunk(rest))

    def _absorb_finished_of(self, in_flight: dict[Future[list[Result]], _Chunk]) -> None:
        for future in in_flight:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._absorb(future.result())

    def _run_suspect(self, task: Task) -> None:
        """Run one item with nothing beside it; if its worker dies again, it is to blame."""
        try:
            self._absorb(self.pool.submit([task]).result())
        except BrokenExecutor:
            position = next((place for _, place in self.pool.suspects()), -1)
            self.pool.rebuild()
            self._absorb([self._blamed(task, position)])

    def _blamed(self, task: Task, position: int) -> Result:
        step = self.frozen.nodes[position].name if position >= 0 else None
        error = WorkerDied(
            "its worker process died twice while it ran this item (killed, out of memory, or a crash in "
            "native code)"
        )
        text = f"{type(error).__name__}: {error}"
        item = task.item
        row = Row(item.key, item.source, Outcome.FAILED, step, text, task.reason, fields=dict(item.columns))
        known = task.known
        state = ItemState(
            self.frozen.graph_key, "", (), known.outputs if known else (), "failed", step, text, row.fields
        )
        return Result(item.index, row, encode_state(state))

    def _interrupt(self) -> None:
        """Let the items in hand end, and keep them; a second Ctrl-C drops them too."""
        self.interrupted = True
        self._stop("interrupted")
        try:
            done, _ = wait(self.in_flight)
            for future in done:
                if not future.cancelled() and future.exception() is None:
                    self._absorb(future.result())
        except KeyboardInterrupt:
            return

    # --- telling ---------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    def _notice(self, text: str) -> None:
        if text not in self.noticed:
            self.noticed.add(text)
            self._emit(Noticed(text))

    def _note_problems(self, problems: Iterable[str]) -> None:
        for text in problems:
            self._notice(f"cache: {text}" if not text.startswith("step ") else text)
