"""
The loop: items -> chunks -> workers -> cache, index and events. It prints nothing.

State of a run: `returned` = items to be taken before new ones; `waiting` = chunks to be submitted
before others are made up; `in_flight` = future -> chunk; the window bounds both. The coordinator alone writes the database and the
index; workers write outputs and value files.

What happens after a worker has died stands in `recovery`, how large chunks are in `pace`.
"""

import functools
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from itertools import chain
from pathlib import Path

import attrs

from creevey_graph.atomic import remove_stale
from creevey_graph.choices import Options, choose_executor
from creevey_graph.errors import RunFailed, RunInterrupted, UsageError
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
from creevey_graph.fields import column_of
from creevey_graph.listing import Listing
from creevey_graph.look import Known, prune_files
from creevey_graph.pace import Pace
from creevey_graph.plan import unkept, validate_columns
from creevey_graph.recovery import blamed, never_sent, part_suspects
from creevey_graph.tasks import Bench, Result, Task
from creevey_graph.text import safe_text
from creevey_graph.validate import validate_sendable
from creevey_graph.worker import run_chunk

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


class _Run:
    """One run; see the module's docstring for its state."""

    def __init__(self, listing: Listing, options: Options, listeners: Sequence[Listener]) -> None:
        self.listing = listing
        self.frozen = listing.frozen
        self.options = options
        self.listeners = listeners
        self.returned: deque[Task] = deque()
        self.waiting: deque[_Chunk] = deque()
        self.in_flight: dict[Future[list[Result]], _Chunk] = {}
        self.suspects: deque[Task] = deque()
        self.failures = 0
        self.first_failure: Row | None = None
        self.finished = 0
        self.stopped = ""
        self.interrupted = False
        self.damaged: set[str] = set()
        self.folders: set[str] = set()
        self.noticed: set[str] = set()
        self.done_indexes = bytearray(len(listing))

    # --- beginning and end -----------------------------------------------------------------

    def run(self) -> None:
        began = time.perf_counter()
        validate_columns(self.frozen)
        executor, jobs = choose_executor(self.frozen, self.options, len(self.listing))
        bench = Bench(self.frozen, self.options.out, self.options.cache, self.options.refresh)
        if (executor != "serial" and not isinstance(executor, str)) or executor == "processes":
            validate_sendable({node.name: node.step for node in self.frozen.nodes}, dumps)
        self.pool = open_pool(executor, functools.partial(run_chunk, bench), jobs)
        self.pace = Pace(self.pool.jobs, in_chunks=self.pool.name != "serial")
        self.known = Known.open(self.options.cache, self.frozen, self.options.out)
        try:
            self._begin()
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

    def _begin(self) -> None:
        frozen, pool = self.frozen, self.pool
        own = (column_of(name, frozen.columns) for name in self.listing.source.columns)
        columns = tuple(dict.fromkeys((*own, *frozen.columns)))
        run_id = time.strftime("%Y%m%d-%H%M%S") + f"-{os.getpid()}"
        self._emit(RunStarted(frozen.name, len(self.listing), columns, pool.name, pool.jobs, run_id))
        for text in unkept(frozen):
            self._notice(text)

    def _end(self, began: float) -> None:
        orphans: tuple[str, ...] = ()
        if self.finished == len(self.listing):
            orphans = self._orphans()
        else:
            self._cancel_rest()
        self.known.close()
        for folder in self.folders:
            remove_stale(Path(folder))
        for text in self.known.problems():
            self._notice(f"cache: {text}")
        if self.options.cache is not None:
            self._note_problems(self.options.cache.take_troubles()[1])
        self._emit(
            RunFinished(
                time.perf_counter() - began, self.interrupted, self.stopped, len(self.damaged), orphans
            )
        )

    def _orphans(self) -> tuple[str, ...]:
        orphans = self.known.orphans()
        if self.options.prune and self.options.out is not None:
            prune_files(self.options.out, orphans)
            orphans = self.known.orphans()
            if not orphans:
                self.known.forget_gone()
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
        while True:
            while not self.stopped and self._has_room() and (chunk := self._take(tasks)) is not None:
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
        return not self.suspects and len(self.in_flight) + len(self.waiting) < self.pace.window

    def _submit_waiting(self) -> None:
        while self.waiting and not (self.suspects or self.stopped) and len(self.in_flight) < self.pace.window:
            chunk = self.waiting.popleft()
            try:
                self.in_flight[self.pool.submit(chunk.tasks)] = chunk
            except BrokenExecutor as exc:
                self.waiting.appendleft(chunk)
                self._recover(exc)
            except UsageError as exc:
                self._part_unsent(chunk, exc)

    def _part_unsent(self, chunk: _Chunk, exc: UsageError) -> None:
        """Find the item that cannot be sent: each by itself."""
        if len(chunk.tasks) == 1:
            self._absorb([never_sent(self.frozen, chunk.tasks[0], exc)])
        else:
            self.waiting.extendleft(_Chunk([task]) for task in reversed(chunk.tasks))

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
            self._absorb(future.result())
            # A worker gives back what it did not get to in a chunk's time, and does nothing after a stop.
            self.returned.extend(task for task in chunk.tasks if not self.done_indexes[task.item.index])
        if broken is not None:
            self._recover(broken)

    def _take(self, tasks: Iterator[Task]) -> _Chunk | None:
        size = self.pace.chunk_size(len(self.listing) - self.finished)
        taken = []
        for task in chain(self._returned(), tasks):
            taken.append(task)
            if len(taken) >= size:
                break
        return _Chunk(taken) if taken else None

    def _returned(self) -> Iterator[Task]:
        while self.returned:
            yield self.returned.popleft()

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

    def _absorb(self, results: Sequence[Result]) -> None:
        self.pace.measure(sum(result.took_s for result in results), len(results))
        cache = self.options.cache
        if cache is not None:
            damaged = [key for result in results for key in result.damaged]
            if damaged:
                self.damaged.update(damaged)
                cache.heal(damaged)
            if entries := [entry for result in results for entry in result.entries]:
                cache.commit(entries)
        self.known.put((result.row.key, result.state) for result in results)
        for result in results:
            self.known.leftovers += result.leftovers
            self._note_problems(result.problems)
            self.known.placed.update(result.row.outputs)
            self._note_folders(result.row)
            self._finish(ItemFinished(result.index, result.row, result.executed))

    def _note_folders(self, row: Row) -> None:
        """Remember where something was written: what a killed run left there is removed in the end."""
        if self.options.out is not None and row.outcome in (Outcome.DONE, Outcome.RESTORED):
            self.folders.update(os.path.dirname(self.options.out / path) for path in row.outputs)  # noqa: PTH120

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
        hands = self.pool.suspects()
        for future in self.in_flight:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._absorb(future.result())
        lost = [task for chunk in self.in_flight.values() for task in chunk.tasks]
        lost = [task for task in lost if not self.done_indexes[task.item.index]]
        self.in_flight.clear()
        if not self.pool.rebuild():
            self._stop(
                f"executor '{self.pool.name}' broke ({error}); executor='processes' goes on after such a death"
            )
            return
        suspects, rest = part_suspects(lost, hands)
        self.suspects.extend(suspects)
        if rest:
            self.waiting.appendleft(_Chunk(rest))

    def _run_suspect(self, task: Task) -> None:
        """Run one item with nothing beside it; if its worker dies again, it is to blame."""
        try:
            self._absorb(self.pool.submit([task]).result())
        except BrokenExecutor:
            hands = self.pool.suspects()
            self.pool.rebuild()
            self._absorb([blamed(self.frozen, task, hands)])

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
