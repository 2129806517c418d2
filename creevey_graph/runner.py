"""
The loop: items -> chunks -> workers -> cache, index and events. It prints nothing.

State of a run: `returned` = items to be taken before new ones; `backlog` = chunks to be submitted
before others are made up; `in_flight` = future -> chunk; the window bounds both. The coordinator
alone writes the database and the index; workers write outputs and value files.

What happens after a worker has died stands in `recovery`, how large chunks are in `pace`.
"""

import functools
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future
from contextlib import suppress
from itertools import chain, islice

from creevey_graph.agenda import Agenda
from creevey_graph.allowance import choose_limits
from creevey_graph.arena import blocks_kept
from creevey_graph.atomic import Scratch, check_can_write
from creevey_graph.backlog import Backlog
from creevey_graph.choices import FEW_ITEMS, Options, choose_executor, validate_executor
from creevey_graph.claims import Claims
from creevey_graph.ending import AcceptedRuns, WrittenFolders, end_known, run_failed, tell_troubles
from creevey_graph.errors import RunInterrupted, UsageError
from creevey_graph.events import (
    ItemFinished,
    ItemsCached,
    Listener,
    Outcome,
    RunFinished,
    RunStarted,
    WorkersStarted,
)
from creevey_graph.executors import Limits, Pool, WorkerLost, dumps, open_pool
from creevey_graph.interrupts import interrupts_held_back, stops_as_interrupts, wait_in_turns
from creevey_graph.lease import Lease
from creevey_graph.ledger import Ledger
from creevey_graph.listing import Listing
from creevey_graph.look import Known
from creevey_graph.pace import Pace
from creevey_graph.plan import unkept, validate_columns
from creevey_graph.recovery import Blame, cancelled
from creevey_graph.stopping import waits_ended
from creevey_graph.tally import Tally
from creevey_graph.tasks import Bench, Result, Task
from creevey_graph.telling import Teller
from creevey_graph.validate import validate_sendable
from creevey_graph.versions import list_versions
from creevey_graph.worker import run_chunk


def run(listing: Listing, options: Options, listeners: Sequence[Listener], known: Known) -> None:
    """
    Run every item of *listing*; events tell the listeners what happens.

    Args:
        listing: The items.
        options: How the run goes.
        listeners: Called with every event.
        known: The items' last known states; closed at the end.

    Raises:
        RunFailed: on_error="raise" and an item failed.
        RunInterrupted: Ctrl-C, SIGTERM or SIGHUP; what was done is kept.
        GraphError: A step cannot be sent to a process.
        UsageError: The executor does not exist, or nothing can be written to the output folder.
    """
    with stops_as_interrupts():
        _Run(listing, options, listeners, known).run()


class _Run:
    """One run; see the module's docstring for its state."""

    def __init__(
        self, listing: Listing, options: Options, listeners: Sequence[Listener], known: Known
    ) -> None:
        self.listing = listing
        self.known = known
        self.frozen = listing.frozen
        self.options = options
        self.tell = Teller(listeners)
        self.returned: deque[Task] = deque()
        self.backlog = Backlog()
        self.in_flight: dict[Future[list[Result]], list[Task]] = {}
        self.stopped = ""
        self.interrupted = False
        self.culprit: Result | None = None
        self.damaged: set[str] = set()
        self.folders = WrittenFolders(options.out)
        self.tally = Tally(len(listing))
        self.opened: Pool | None = None
        self.blame = Blame(listing.frozen, Limits())
        self.scratches: deque[Scratch] = deque()
        self.accepted = AcceptedRuns(listing.frozen, options.cache, known)
        self.claims, self.ledger = Claims(listing.frozen), Ledger(options.cache, refresh=options.refresh)
        self.agenda = Agenda(listing, known, options, self.claims)

    # --- beginning and end -----------------------------------------------------------------

    def run(self) -> None:
        began = time.perf_counter()
        validate_columns(self.frozen)
        validate_executor(self.options.executor)
        self.lease = Lease(self.options.cache, self.tell)
        self.known.note_graph()
        try:
            self._begin()
            self._loop()
        except KeyboardInterrupt:
            self._interrupt()
        finally:
            with interrupts_held_back(room=1):  # so that the report is whole; one more does not wait
                if self.opened is not None:
                    self.opened.close(now=self.interrupted)
                while self.scratches:
                    self.scratches.pop().close()
                self._end(began)
        if self.interrupted:
            raise RunInterrupted
        culprit = self.culprit
        row = culprit.row if culprit else None if self.options.catch else self.tally.first_failure
        if self.options.on_error == "raise" and row is not None:
            raise run_failed(row) from (culprit.cause if culprit else None)

    def _begin(self) -> None:
        run_id = time.strftime("%Y%m%d-%H%M%S") + f"-{os.getpid()}"
        asked = self.options.executor
        name = asked if isinstance(asked, str) else type(asked).__name__
        self.agenda.choose(self.tally)
        facts = (self.frozen.name, len(self.listing), self.listing.columns, name, run_id, self.tally.left_out)
        nodes = tuple(node.name for node in self.frozen.nodes)
        self.tell.emit(RunStarted(*facts, nodes, *self.known.place, *self.listing.place))
        for text in unkept(self.frozen):
            self.tell.notice(text)

    def _end(self, began: float) -> None:
        if self.tally.left:
            for event in cancelled(self.listing, self.tally.done):
                self.tell.emit(event)
        orphans, pruned = end_known(
            self.known, self.options, is_whole=not self.tally.left + self.tally.left_out
        )
        self.folders.tidy()
        tell_troubles(self.tell, self.known, self.frozen, self.options, self.blame.told())
        if self.options.cache is not None:
            self.options.cache.put_measures(self.ledger.learned())
        self.damaged.update(self.lease.end(None if self.interrupted else self.options.cache_size))
        seconds = time.perf_counter() - began
        self.tell.emit(
            RunFinished(seconds, self.interrupted, self.stopped, len(self.damaged), orphans, pruned)
        )

    @property
    def pool(self) -> Pool:
        """The workers, once there is something to do."""
        assert self.opened is not None
        return self.opened

    def _open_pool(self, to_do: int) -> Pool:
        """Return workers for *to_do* items (`FEW_ITEMS` stands for that many and more)."""
        item_s, left = self.ledger.item_seconds(self.frozen), self.tally.left
        executor, jobs, threads = choose_executor(self.frozen, self.options, to_do, item_s, left)
        is_apart = not isinstance(executor, str) or executor == "processes"
        check_can_write(self.options.out if self.frozen.writers else None)
        catch = None if self.options.on_error == "continue" else self.options.catch
        facts = (self.options.out, self.options.cache, self.options.refresh, catch, is_apart, threads)
        bench = Bench(self.frozen.for_workers(), *facts, None if is_apart else self.scratches)
        if is_apart:
            validate_sendable({node.name: node.step for node in self.frozen.nodes}, dumps)
        limits = choose_limits(self.frozen, self.options.worker_memory, self.options.item_timeout_s, jobs)
        self.blame = Blame(self.frozen, limits)
        pool = open_pool(executor, functools.partial(run_chunk, bench), jobs, threads, limits)
        self.tell.emit(WorkersStarted(pool.name, pool.jobs * threads, list_versions()))
        return pool

    # --- the loop --------------------------------------------------------------------------

    @blocks_kept()
    def _loop(self) -> None:
        tasks = self._tasks()
        # Workers are chosen by what there is to do; where nothing is, none are started.
        self.returned.extend(islice(tasks, FEW_ITEMS))
        if not self.returned:
            return
        self.opened = self._open_pool(len(self.returned))
        self.pace = Pace(self.pool.jobs, threads=self.pool.threads, in_chunks=self.pool.name != "serial")
        while True:
            while not self.stopped and self._has_room() and (chunk := self._take(tasks)) is not None:
                self.backlog.chunks.append(chunk)
                self._submit_waiting()
            if self.stopped:
                self.backlog.clear()
            self._submit_waiting()
            if self.in_flight:
                self._absorb_done()
            elif not self.backlog:
                return

    def _has_room(self) -> bool:
        return len(self.in_flight) + len(self.backlog) < self.pace.window

    def _submit_waiting(self) -> None:
        while self.backlog and not self.stopped and len(self.in_flight) < self.pace.window:
            chunk, sent, fresh = self.backlog.take()
            try:
                with interrupts_held_back():  # one in this thread is done when it comes back
                    self.in_flight[self.pool.submit(sent, fresh=fresh)] = chunk
            except BrokenExecutor as exc:
                self._give_up(exc)
            except UsageError:  # a value of an item does not survive the way: it is found out which
                if not self.backlog.put_careful(chunk):
                    raise

    def _absorb_done(self) -> None:
        for future in wait_in_turns(self.in_flight, FIRST_COMPLETED):
            error = CancelledError() if future.cancelled() else future.exception()
            with interrupts_held_back():
                if (chunk := self.in_flight.pop(future, None)) is None:
                    return  # there are no workers any more
                if isinstance(error, WorkerLost):
                    self._absorb(self.blame.part(chunk, error, self.backlog))
                elif isinstance(error, UsageError) and self.backlog.put_careful(chunk):
                    continue
                elif isinstance(error, BrokenExecutor | CancelledError):
                    self._give_up(error)
                elif error is not None:
                    raise error
                else:
                    self._absorb_chunk(chunk, future.result())

    def _absorb_chunk(self, chunk: list[Task], results: list[Result]) -> None:
        good, short = self.blame.part_short(chunk, results)
        self._absorb(good)
        self.backlog.suspects.extend(short)
        # A worker gives back what it did not get to in a chunk's time, and does nothing after a stop.
        again, done = {task.item.index for task in short}, self.tally.done
        self.returned += (t for t in chunk if not done[t.item.index] and t.item.index not in again)

    def _take(self, tasks: Iterator[Task]) -> list[Task] | None:
        size = self.pace.chunk_size(self.tally.left)
        taken = []
        for task in chain(self._returned(), tasks):
            taken.append(task)
            if len(taken) >= size:
                break
        return taken or None

    def _returned(self) -> Iterator[Task]:
        while self.returned:
            yield self.returned.popleft()

    def _tasks(self) -> Iterator[Task]:
        """Yield what needs a worker; of the others it is told that they have ended."""
        for entry in self.agenda.entries(self.tally):
            if isinstance(entry, Task):
                yield entry
            else:  # a failure that is not tried again is none of this run's, and does not stop it
                self._tell(entry)

    # --- results ---------------------------------------------------------------------------

    def _absorb(self, results: Sequence[Result]) -> None:
        self.pace.measure(sum(result.took_s for result in results), len(results))
        cache = self.options.cache
        if cache is not None:
            self.accepted.note(name for result in results for name in result.executed)
            if damaged := [key for result in results for key in result.damaged]:
                self.damaged.update(damaged)
                cache.heal(damaged)
            if entries := [entry for result in results for entry in result.entries]:
                cache.commit(entries)
            cache.put_measures(self.ledger.fold([line for result in results for line in result.measured]))
        results = [self.claims.checked(result) for result in results]
        self.known.put((result.row.key, result.state) for result in results)
        for result in results:
            self.ledger.note_row(self.frozen, result.row.seconds)
            self.known.leftovers += result.leftovers
            self.tell.problems(result.problems)
            self.known.placed.update(result.row.outputs)
            self.folders.note(result.row)
            if result.row.outcome is Outcome.FAILED:
                self.known.note_failed(result.state)
            self._finish(result)

    def _tell(self, event: ItemFinished | ItemsCached) -> None:
        self.tally.add(event)
        self.tell.emit(event)

    def _finish(self, result: Result) -> None:
        self._tell(ItemFinished(result.index, result.row, result.executed, result.spared, result.restored))
        if not result.row.failed_now:
            return
        limit = self.options.max_failures
        if self.options.on_error != "continue" and not self.stopped and not result.is_caught:
            self.culprit = result
            self._stop(f"stopped at the first failure (on_error='{self.options.on_error}')")
        elif limit is not None and self.tally.failures >= limit and not self.stopped:
            self._stop(f"stopped after {self.tally.failures} failures (max_failures={limit})")

    def _stop(self, why: str, *, now: bool = False) -> None:
        self.stopped = why
        if self.opened is not None:
            self.opened.stop(now=now)
        self.in_flight = {future: chunk for future, chunk in self.in_flight.items() if not future.cancel()}

    # --- trouble ---------------------------------------------------------------------------

    def _give_up(self, error: BaseException) -> None:
        """Stop, as there are no workers any more."""
        self._absorb_good(self.in_flight)
        self.in_flight.clear()
        hint = "" if self.pool.name == "processes" else "; 'processes' goes on after such a death"
        self._stop(f"executor '{self.pool.name}' broke ({error}){hint}")

    def _interrupt(self) -> None:
        """Let the items in hand end, save those that wait for a server, and keep them; a second Ctrl-C drops them too."""
        self.interrupted = True
        with suppress(KeyboardInterrupt):
            with waits_ended():
                self._stop("interrupted", now=True)
                wait_in_turns(self.in_flight)
            self._absorb_good(self.in_flight)

    def _absorb_good(self, futures: Iterable[Future[list[Result]]]) -> None:
        for future in futures:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._absorb(future.result())
