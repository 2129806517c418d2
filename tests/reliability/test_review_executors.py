"""What a review of the workers found, one story each."""

import gc
import os
import queue
import signal
import subprocess
import sys
import time

import pytest
from one_step import needs_ceiling, run

from creevey_graph import interrupts
from creevey_graph.executors import family, processes


@needs_ceiling
def test_an_item_too_large_to_be_received_fails_by_name(capfd):
    """Its worker ended before it had taken the chunk up, and the chunk was sent again, for ever."""
    report = run(lambda number, _value: number, 4, values={2: bytes(200_000_000)}, worker_memory="100MB")

    assert ["2"] == [row.key for row in report.failed]
    assert "raise worker_memory" in report.failed[0].error
    assert 3 == report.counts["done"]
    assert "Traceback" not in capfd.readouterr().err


class Leaving(Exception):
    """Ends whoever makes it again, a worker apart."""

    def __reduce__(self):
        return _leave_or_make, (os.getpid(),)


def _leave_or_make(maker):
    if os.getpid() != maker:
        raise SystemExit(3)
    return Leaving()


def test_an_exception_that_ends_who_receives_it_ends_no_thread_that_is_waited_for():
    """The desk's thread ended without a word, and the run waited for its chunk for ever."""

    def act(number, value):
        if number == 3:
            raise Leaving("gone")
        return number

    with pytest.raises(Exception, match=r"act|way to another process"):
        run(act, on_error="raise")


@needs_ceiling
def test_a_worker_keeps_what_each_process_loads_once(tmp_path):
    """A model of more than half of what a worker may take had each chunk begin a process, and load it anew."""
    log = tmp_path / "loads"

    def act(number, value):
        import sys

        if "model" not in sys.__dict__:
            with open(log, "ab") as file:  # noqa: PTH123 - appended whole, by several processes
                file.write(b"x")
            sys.__dict__["model"] = bytearray(120_000_000)
        time.sleep(0.01)
        return number

    report = run(act, 100, worker_memory="200MB")

    assert 100 == report.counts["done"]
    assert 2 >= len(log.read_bytes())


@pytest.mark.skipif(not hasattr(signal, "SIGCHLD"), reason="there is no such signal")
def test_where_children_are_reaped_by_the_system_a_run_ends_at_once():
    """SIGCHLD ignored: no exit code was ever told, and each worker was waited for during 10 s, then killed by number."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        began = time.monotonic()
        report = run(lambda number, _value: os._exit(3) if number == 3 else number, 5, jobs=1)
        seconds = time.monotonic() - began
    finally:
        signal.signal(signal.SIGCHLD, before)

    assert ["3"] == [row.key for row in report.failed]
    assert "told nobody how" in report.failed[0].error
    assert 25 > seconds


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files cannot be listed")  # noqa: PTH112
def test_a_run_leaves_no_file_open():
    """Until garbage was collected, boards and pipes of all earlier runs stayed open: 8 a run."""
    run(lambda number, _value: number, 2)
    gc.collect()
    gc.disable()
    try:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        for _ in range(3):
            run(lambda number, _value: number, 4)
        after = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    finally:
        gc.enable()

    assert before >= after


def test_processes_are_looked_for_without_descriptors(monkeypatch):
    """The desk's thread would end of it, and who waits for its chunk would wait for ever."""

    def listdir(_path):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(family.os, "listdir", listdir)
    monkeypatch.setattr(family.os.path, "isdir", lambda _path: True)

    assert [] == family.descendants(os.getpid())


def test_a_pool_that_breaks_while_it_is_closed_leaves_the_word_to_the_other_desks():
    """What tells desks to end was taken along with the chunks, and `close` waited for ever."""
    pool = processes.ProcessPool.__new__(processes.ProcessPool)
    pool.waiting = queue.SimpleQueue()
    job = processes._Job(b"", fresh=False)
    for one in (job, None, None):
        pool.waiting.put(one)

    pool.give_up("broken")

    assert isinstance(job.future.exception(0), processes.BrokenExecutor)
    assert [None, None] == [pool.waiting.get_nowait() for _ in range(2)]


LEFT = """
from creevey_graph import graph, interrupts, step
from creevey_graph.executors import processes

@step(cache="never")
def act(number: int) -> int:
    return number

@graph
def acting(number: int):
    return {"made": act(number)}

def close(_pool, *, now):
    raise KeyboardInterrupt

processes.ProcessPool.close = close
try:
    acting.run([{"number": 1}], executor="processes", jobs=1, cache=False, progress=False)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_program_ends_though_a_third_interrupt_kept_it_from_ending_its_workers():
    """The interpreter waits for child processes at its end, and these waited for it: seen in 3 of 90 programs."""
    done = subprocess.run(
        [sys.executable, "-c", LEFT], capture_output=True, text=True, timeout=30, check=False
    )

    assert "interrupted\n" == done.stdout, done.stderr


def test_a_signal_does_not_tear_the_wait_for_results(monkeypatch):
    """A second Ctrl-C, as the first was on its way, left a lock unlocked: RuntimeError, and no report."""
    future, seen = object(), []

    def wait(_futures, _limit_s, _return_when):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        seen.append("whole")
        return set(), {future}

    monkeypatch.setattr(interrupts, "wait", wait)
    with pytest.raises(KeyboardInterrupt), interrupts.stops_guarded():
        interrupts.wait_in_turns([future])

    assert ["whole"] == seen
