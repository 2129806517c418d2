"""
A pool of processes: accepts notebook functions and unguarded scripts, never forks.

Each worker has a pipe and a thread of this process of its own, so that a worker that dies, or is ended since it takes
too long, costs its own chunk and nobody else's; it is replaced. loky starts the processes; its own pool would end all
of them with the one that dies.
"""

import os
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from multiprocessing import process
from typing import Any

import attrs

from creevey_graph.executors.base import Hand, Limits, Work, WorkerLost
from creevey_graph.executors.board import WAITING, Board
from creevey_graph.executors.family import CLOSED_FILES, UNKNOWN, is_gone, kill_family, told_of_exit
from creevey_graph.executors.inside import serve
from creevey_graph.executors.sending import dumps, dumps_tasks, received_reply

MAX_FALSE_STARTS = 30
"""So many in a row end before they can take a chunk: there will be no workers."""
_LOOK_S = 0.5
"""How often it is looked whether a worker is alive that holds its pipe open in a child of its own."""
_TIMED_LOOK_S = 0.1
_PAUSE_S = 0.002
_END_S = 5.0
"""What workers that have nothing in hand may take to end."""
_STARTING = threading.Lock()


@attrs.frozen(eq=False)
class _Job:
    data: bytes
    fresh: bool
    future: "Future[list[Any]]" = attrs.field(factory=Future)


class ProcessPool:
    """
    Runs chunks in worker processes.

    Args:
        work: What is run for every chunk.
        jobs: How many processes there are.
        threads: How many items of a chunk a process works on at once.
        limits: What a process may take.

    State: jobs that wait; a desk for each worker, made as chunks come; why there are no more workers, None
    while there are; how many in a row could not be started.

    Thread safety: `submit`, `stop` and `close` are for one thread; desks have a thread each.
    """

    name = "processes"

    def __init__(self, work: Work, jobs: int, threads: int = 1, limits: Limits | None = None) -> None:
        self.jobs = jobs
        self.threads = threads
        self.limits = limits or Limits()
        self.payload = dumps((work, self.limits.memory_bytes))
        self.waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.is_closing = False
        self.stops: bool | None = None
        self.broken: str | None = None
        self._false_starts = 0
        self._desks: list[_Desk] = []

    def submit(self, tasks: Sequence[Any], *, fresh: bool = False) -> "Future[list[Any]]":
        job = _Job(dumps_tasks(tasks), fresh)
        if self.broken is not None:
            raise BrokenExecutor(self.broken)
        self.waiting.put(job)
        self._end_waiting()
        if len(self._desks) < self.jobs:
            self._desks.append(_Desk(self))
        return job.future

    def stop(self, *, now: bool = False) -> None:
        self.stops = now
        for desk in self._desks:
            desk.tell_stop()

    def close(self, *, now: bool = False) -> None:
        self.is_closing = True
        for desk in self._desks:
            self.waiting.put(None)
            if now:
                desk.kill()
        try:
            for desk in self._desks:
                desk.join()
        except BaseException:  # another Ctrl-C
            list(map(_Desk.kill, self._desks))
            raise

    def note_start(self, failure: str = "") -> bool:
        """Count starts of workers that failed in a row; return whether to try again."""
        self._false_starts = self._false_starts + 1 if failure else 0
        if failure and self._false_starts >= MAX_FALSE_STARTS:
            self.give_up(f"worker processes end before they can begin: {failure}")
        return self.broken is None and not self.is_closing

    def give_up(self, why: str) -> None:
        """End all that waits, now and later."""
        self.broken = why
        self._end_waiting()

    def _end_waiting(self) -> None:
        """End what waits for workers that there will not be: a chunk may have come while that was found out."""
        while self.broken is not None and not self.waiting.empty():
            with suppress(queue.Empty):
                job = self.waiting.get_nowait()
                if job is None:  # the pool is being closed: the other desks still wait for theirs
                    self.waiting.put(None)
                    return
                if job.future.set_running_or_notify_cancel():
                    job.future.set_exception(BrokenExecutor(self.broken))


class _Desk:
    """The place of one worker at a time, with the thread that hands it chunks. State: its worker, None between two."""

    def __init__(self, pool: ProcessPool) -> None:
        self._pool = pool
        self._worker: _Worker | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="creevey-desk")
        self._thread.start()

    def tell_stop(self) -> None:
        """Pass on that the run is to stop."""
        if (worker := self._worker) is not None and self._pool.stops is not None:
            worker.board.stop(now=self._pool.stops)

    def kill(self) -> None:
        """End the worker at once."""
        if (worker := self._worker) is not None:
            worker.kill()

    def join(self) -> None:
        """Wait until the worker has ended."""
        self._thread.join()

    def _run(self) -> None:
        job: _Job | None = None
        while self._make_ready():
            job = job or self._pool.waiting.get()
            if job is None:
                break
            if job.future.running() or job.future.set_running_or_notify_cancel():
                job = self._done_or_told(job)
            else:
                job = None
        if job is not None:
            job.future.set_exception(BrokenExecutor(self._pool.broken or "the run was ended"))
        if self._worker is not None:
            self._worker.end()
            self._worker = None  # its files, which would stay open until garbage is collected

    def _done_or_told(self, job: _Job) -> _Job | None:
        try:
            return self._done(job)
        except BaseException as exc:  # noqa: BLE001 - whatever it is, who waits for this thread must be told
            self._pool.give_up(f"{type(exc).__name__}: {exc}")
            job.future.set_exception(BrokenExecutor(self._pool.broken))
            return None

    def _make_ready(self) -> bool:
        """Have a worker that can take a chunk; return False where there will be none."""
        while self._worker is None:
            if self._pool.is_closing:
                return False
            try:
                self._worker = _Worker(self._pool)
                self.tell_stop()
                failure, is_final = self._worker.begin()
            except (OSError, MemoryError) as exc:
                failure, is_final = f"{type(exc).__name__}: {exc}", False
            except Exception as exc:  # noqa: BLE001 - whatever it is, who waits for this thread must be told
                cause = (
                    exc.__context__ if isinstance(exc.__context__, OSError) else exc
                )  # loky trips over its own end
                failure, is_final = f"{type(cause).__name__}: {cause}", cause is exc
            if is_final:
                self._pool.give_up(failure)
            if not failure:
                self._pool.note_start()
                break
            self._drop()
            if not self._pool.note_start(failure):
                return False
        return True

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker.end()
        self._worker = None

    def _done(self, job: _Job) -> _Job | None:
        """Have a chunk done; return it where its worker ended before it took it up."""
        worker = self._worker
        assert worker is not None
        if job.fresh and not worker.is_fresh:
            worker.end()
            self._worker = None
            return job
        reply = worker.ask(job.data, self._pool.limits)
        if reply is None:
            lost = worker.lost()
            self._drop()
            if lost is None and not self._pool.is_closing:
                return job
            job.future.set_exception(lost or WorkerLost("the run was ended"))
            return None
        kind, value = reply
        if kind == "spoilt":
            worker.end()
            self._worker = None
        if kind == "error":
            job.future.set_exception(value)
        else:
            job.future.set_result(value)
        return None


class _Worker:
    """
    One worker process.

    State: its process, pipe and board; is_fresh = it has not run anything; late = what it was ended for.
    """

    def __init__(self, pool: ProcessPool) -> None:
        from loky.backend.context import get_context  # noqa: PLC0415 - 20 ms that only a run with processes pays

        context = get_context("loky")
        self.is_fresh = True
        self._payload = pool.payload
        self._was_fresh = True
        self._late: tuple[Hand, ...] = ()
        self._stuck = ""
        self._connection, theirs = context.Pipe()  # first: without descriptors, no board is left behind
        self.board, self._place = Board.make(pool.threads)
        try:
            arguments = (theirs, self._place, pool.threads, os.getpid(), pool.jobs)
            self._process = context.Process(target=serve, args=arguments, name="creevey-worker", daemon=False)
            with _STARTING:
                self._process.start()
            # The interpreter would wait for it at its end, where a third Ctrl-C kept `close` from ending it: for ever.
            getattr(process, "_children", set()).discard(self._process)
        except BaseException:
            self._place.remove()
            raise
        finally:
            theirs.close()

    def begin(self) -> tuple[str, bool]:
        """Wait until it can take a chunk; return ("", False), or why it cannot and whether none ever will."""
        try:
            self._connection.send_bytes(self._payload)
            reply = self._reply(None)
        except (EOFError, OSError):
            reply = None
        finally:
            self._place.remove()
        if reply is None:
            return self._ending()[0], False
        return ("", False) if reply[0] == "ready" else (str(reply[1]), True)

    def ask(self, data: bytes, limits: Limits) -> tuple[str, Any] | None:
        """Have it work on a chunk; None where it ended without an answer."""
        self._was_fresh, self.is_fresh = self.is_fresh, False
        self.board.do(WAITING)
        try:
            self._connection.send_bytes(data)
            return self._reply(limits if limits.are_timed else None)
        except (EOFError, OSError):
            return None

    def _reply(self, limits: Limits | None) -> tuple[str, Any] | None:
        look_s = _LOOK_S if limits is None else _TIMED_LOOK_S
        suspected: tuple[Hand, ...] = ()
        way_began = time.monotonic()
        while not self._connection.poll(look_s):
            if self._has_ended() and not self._connection.poll(0):
                return None
            if limits is None:
                continue
            if suspected and suspected == self.board.late(limits):  # seen twice: no half-written note
                self._late = suspected
                return None
            suspected = self.board.late(limits)
            way_began = time.monotonic() if not self.board.is_on_the_way() else way_began
            if time.monotonic() - way_began > limits.item_s:
                self._stuck = f"values were still on their way between processes after {limits.item_s:g} s"
                return None
        return received_reply(self._connection.recv_bytes())

    def lost(self) -> WorkerLost | None:
        """End what is left of it, and tell what it had in hand; None where it had not taken its chunk up."""
        if self._late:
            others = [
                hand for hand in self.board.hands() if hand.item not in {late.item for late in self._late}
            ]
            self.kill()
            return WorkerLost("it took too long", (*self._late, *others))
        cause, is_own_doing = self._ending()
        if self._stuck:
            cause, is_own_doing = self._stuck, True
        if not self.board.is_begun():
            return None
        return WorkerLost(cause, self.board.hands(), is_own_doing, self._was_fresh)

    def _ending(self) -> tuple[str, bool]:
        """Return how it ended, in words, and whether only what ran inside it can be the cause."""
        self._wait(_LOOK_S)
        code = self._process.exitcode
        if code is None:  # it lives, but has closed its pipe, or is stuck; or nobody is told how it ended
            code = UNKNOWN if self._has_ended() else CLOSED_FILES
            self.kill()
        return told_of_exit(code)

    def kill(self) -> None:
        """End it and what it started, at once."""
        if not self._has_ended() and self._process.pid is not None:
            kill_family(self._process.pid)

    def end(self) -> None:
        """Let it end by itself, or end it where it does not."""
        self._connection.close()
        self._wait(_END_S)
        self.kill()
        self._wait(_END_S)

    def _wait(self, limit_s: float) -> None:
        """Wait until it has ended: `join` waits for all that it has left behind."""
        until = time.monotonic() + limit_s
        while not self._has_ended() and time.monotonic() < until:
            time.sleep(_PAUSE_S)

    def _has_ended(self) -> bool:
        pid = self._process.pid
        return self._process.exitcode is not None or (pid is not None and is_gone(pid))
