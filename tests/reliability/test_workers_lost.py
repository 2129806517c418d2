"""What an item may do to its worker process, one story each; `workers.py` tries all of it at once."""

import math
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import psutil
import pytest
from click.testing import CliRunner
from one_step import needs_ceiling, run
from poisons import ExitingName, ExitingWay, _hold_the_lock_of_python, _Way

from creevey_graph import RunFailed, UsageError, graph, step
from creevey_graph.allowance import chosen_memory
from creevey_graph.backlog import Backlog
from creevey_graph.cli import main
from creevey_graph.executors import Limits, ceiling, default_memory, open_pool, processes
from creevey_graph.executors.base import Hand, WorkerLost
from creevey_graph.freeze import freeze
from creevey_graph.recovery import Blame
from creevey_graph.sources import Item
from creevey_graph.tasks import Task


def run_limited(function, timeout_s, count=12):
    """Likewise, with a limit for the step."""
    act = step(function, name="act", cache="never", timeout_s=timeout_s)

    @graph
    def acting(number: int):
        return {"made": act(number)}

    return acting.run(
        [{"number": n} for n in range(count)],
        executor="processes",
        jobs=2,
        cache=False,
        progress=False,
    )


def failures(report):
    return {int(row.key): row.error for row in report.failed}


def test_a_step_over_its_limit_is_ended_with_its_process_and_shares_it_with_nobody(tmp_path):
    """The thread that is left would burn a processor for ever: its worker takes no more items, and ends."""
    log = tmp_path / "log"

    def act(number: int) -> int:
        with open(log, "ab", buffering=0) as file:  # noqa: PTH123 - appended whole, by several processes
            file.write(f"{os.getpid()} {number}\n".encode())
        while number == 60:
            pass
        return number

    report = run_limited(act, 1.0, 100)

    told = "StepTimeout: step 'act' ran longer than timeout_s=1; raise the limit or speed it up"
    assert {60: told} == failures(report)
    lines = [line.split() for line in log.read_text().splitlines()]
    worker = next(pid for pid, number in lines if number == "60")
    assert "60" == [number for pid, number in lines if pid == worker][-1]
    assert not psutil.pid_exists(int(worker)) or "creevey-worker" not in psutil.Process(int(worker)).cmdline()


def test_native_code_that_holds_on_to_python_is_ended_from_outside():
    """No thread of the process gets to say that time is up; the coordinator does, a second later."""

    def act(number: int) -> int:
        if number == 3:
            _hold_the_lock_of_python()
        return number

    report = run_limited(act, 0.3)

    assert [3] == list(failures(report))
    assert (
        "StepTimeout: step 'act' ran longer than timeout_s=0.3, and its process was ended"
        in failures(report)[3]
    )
    assert 11 == report.counts["done"]


def test_a_step_with_a_limit_may_take_longer_to_be_kept_than_to_run(tmp_path):
    """The clock of a call stops at its end: what comes after, such as encoding its value, is not the step's."""

    class Slow(str):
        __slots__ = ()

        def __str__(self):
            time.sleep(1.6)  # stands for an encoder; longer than the limit and its grace
            return "slow"

    report = run_limited(lambda _number: Slow(), 0.3, 2)

    assert {} == failures(report)
    assert {"slow"} == {row.fields["made"] for row in report.rows}


@pytest.mark.parametrize("executor", ["threads", "serial", None])
def test_a_limit_for_items_is_refused_where_nothing_can_keep_it(executor):
    """Only a process can be ended in the middle of an item; the message says so before anything runs."""
    with (
        ThreadPoolExecutor(1) as own,
        pytest.raises(UsageError, match=r"item_timeout_s .--item-timeout. needs executor 'processes'"),
    ):
        run(lambda number, _value: number, executor=executor or own, item_timeout_s=1.0)


@pytest.mark.parametrize("limit", [0, -1, math.inf, math.nan, True, "1"])
def test_a_limit_for_items_is_a_number_above_0(limit):
    """Anything else is refused by name."""
    with pytest.raises(UsageError, match="item_timeout_s must be above 0 seconds"):
        run(lambda number, _value: number, item_timeout_s=limit)


def test_a_limit_for_items_has_auto_choose_processes():
    """Even for one item, which a limit is of no use for otherwise."""
    report = run(lambda _number, _value: os.getpid(), 1, executor="auto", item_timeout_s=30)

    assert report.rows[0].fields["made"] != os.getpid()


@needs_ceiling
def test_an_item_that_wants_more_memory_than_a_worker_may_take_fails_by_name():
    """A step that unpacks to gigabytes: MemoryError, with the limit and what to do; the others are done."""
    report = run(
        lambda number, _value: len(bytearray(2 * 10**9)) if number == 5 else number, worker_memory="200MB"
    )

    assert [5] == list(failures(report))
    assert "MemoryError; a worker process may take 190.7 MiB: raise worker_memory" in failures(report)[5]
    assert 11 == report.counts["done"]


@needs_ceiling
def test_what_earlier_items_kept_fails_no_later_one():
    """Each item leaves 60 MB behind: a worker of 200 MB is replaced in time, or its victim runs in a new one."""

    def leak(number, value):
        __import__("sys").__dict__.setdefault("kept", []).append(bytearray(60_000_000))
        return number

    report = run(leak, worker_memory="200MB")

    assert 12 == report.counts["done"], failures(report)


@needs_ceiling
def test_a_worker_without_a_limit_takes_what_there_is():
    """worker_memory=False is no limit at all."""
    report = run(lambda _number, _value: len(bytearray(300_000_000)), 2, worker_memory=False)

    assert [300_000_000] * 2 == [row.fields["made"] for row in report.rows]


@pytest.mark.parametrize(
    ("given", "variable", "expected"),
    [
        (None, None, None),
        (None, "2GB", 2 * 10**9),
        (None, "none", False),
        ("1GB", "2GB", 10**9),
        (False, "2GB", False),
    ],
)
def test_the_memory_of_workers_may_be_set_in_the_environment(monkeypatch, given, variable, expected):
    """An argument goes before CREEVEY_WORKER_MEMORY, which may be "none"."""
    monkeypatch.delenv("CREEVEY_WORKER_MEMORY", raising=False)
    if variable is not None:
        monkeypatch.setenv("CREEVEY_WORKER_MEMORY", variable)

    assert expected is chosen_memory(given) or expected == chosen_memory(given)


@pytest.mark.parametrize("given", [0, -5, True, 1.5, "much"])
def test_a_memory_that_is_none_is_refused(given):
    """The message names the argument."""
    with pytest.raises(UsageError, match="worker_memory"):
        chosen_memory(given)


@pytest.mark.parametrize(
    ("total", "workers", "expected"),
    [(64, 2, 16.0), (16, 8, 4.0), (4, 4, 3.2), (None, 2, None)],
)
def test_workers_share_half_of_the_memory_but_have_enough_for_honest_work(
    monkeypatch, total, workers, expected
):
    """4 GB at least, four fifths of a small machine at most."""
    monkeypatch.setattr(ceiling, "_memory_of_machine", lambda: total and total * 10**9)

    assert expected == (default_memory(workers) and default_memory(workers) / 10**9)


def test_a_value_that_runs_code_where_it_is_received_never_reaches_the_coordinator():
    """A step's text of an own kind was shown in the report as it is, and made again in the coordinator."""
    report = run(lambda _number, _value: ExitingName("a name"), 3)

    assert ["a name"] * 3 == [row.fields["made"] for row in report.rows]


def test_a_value_that_cannot_be_made_again_costs_its_item_alone():
    """The whole run ended with the error of its `__setstate__`."""

    def fail():
        raise ValueError("not twice")

    report = run(lambda number, _value: number, values={7: _Way(fail)})

    assert [7] == list(failures(report))
    assert "did not survive the way to another process (ValueError)" in failures(report)[7]


@pytest.mark.parametrize("executor", ["processes", "threads"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, GeneratorExit])
def test_what_a_step_raises_in_a_worker_is_no_ctrl_c(executor, kind):
    """A KeyboardInterrupt of a step's own interrupted the whole run; workers leave Ctrl-C to the coordinator."""

    def act(number, value):
        if number == 5:
            raise kind
        return number

    report = run(act, executor=executor)

    assert {5: f"StepError: step 'act' raised {kind.__name__}"} == failures(report)


def test_an_error_that_exits_where_it_is_received_ends_the_run_as_any_other():
    """With on_error="raise" an error travels to the coordinator: what it does on the way, it does to its worker."""

    def act(number, value):
        if number == 5:
            raise ExitingWay("no")
        return number

    with pytest.raises(RunFailed, match="item '5' failed"):
        run(act, on_error="raise")


@pytest.mark.parametrize("harm", [_Way(os._exit, 7), _Way(int, "no number")])
def test_workers_that_cannot_begin_end_the_run_with_a_report(monkeypatch, harm):
    """A graph that harms whoever receives it is not tried for ever."""
    monkeypatch.setattr(processes, "MAX_FALSE_STARTS", 3)
    act = step(
        lambda number, *, harm: (number, harm), name="act", version="1", cache="never", ignore=["harm"]
    )

    @graph
    def acting(number: int):
        return {"made": act(number, harm=harm)}

    report = acting.run(
        [{"number": n} for n in range(5)], executor="processes", jobs=2, cache=False, progress=False
    )

    assert "executor 'processes' broke" in report.stopped
    assert 5 == report.counts["cancelled"]


def tasks(*indexes):
    return [Task(Item(index, str(index), str(index), (index,))) for index in indexes]


def blame():
    @graph
    def acting(number: int):
        return {"made": step(lambda number: number, name="act")(number)}

    return Blame(freeze(acting), Limits(item_s=5.0)), Backlog()


def test_an_item_is_blamed_the_third_time_that_it_is_killed_alone():
    """Somebody who kills workers at random hits an innocent twice now and then; a crash alone needs no second."""
    found, backlog = blame()
    chunk = tasks(1, 2, 3)
    by_chance = WorkerLost("killed by SIGKILL", (Hand(2, 0),))

    assert [] == found.part(chunk, by_chance, backlog)
    assert [2] == [task.item.index for task in backlog.suspects]
    assert [[1, 3]] == [[task.item.index for task in others] for others in backlog.chunks]
    for _ in range(2):
        assert [] == found.part(tasks(2), by_chance, backlog)
    (result,) = found.part(tasks(2), by_chance, backlog)
    assert ("2", "act") == (result.row.key, result.row.step)
    assert "workers died 3 times (killed by SIGKILL: 3)" in found.told()


def test_a_crash_alone_is_blamed_at_once():
    """Its process has run nothing else, and nobody else makes a process crash."""
    found, backlog = blame()
    crash = WorkerLost("native code crashed (SIGSEGV)", (Hand(2, -1),), is_own_doing=True)

    assert [] == found.part(tasks(2), crash, backlog)
    assert [2] == [result.index for result in found.part(tasks(2), crash, backlog)]


def test_of_several_items_in_hand_none_is_late_before_it_was_so_alone():
    """One that stops its process makes all of them late: each runs alone, and the verdict falls there."""
    found, backlog = blame()
    hands = (Hand(1, 0, is_late=True, is_item=True), Hand(2, 0, is_late=True, is_item=True), Hand(3, 0))

    assert [] == found.part(tasks(1, 2, 3, 4), WorkerLost("it took too long", hands), backlog)
    assert [1, 2] == [task.item.index for task in backlog.suspects]
    assert [[3, 4]] == [[task.item.index for task in others] for others in backlog.chunks]
    (result,) = found.part(tasks(2), WorkerLost("it took too long", hands[1:2]), backlog)
    assert "StepTimeout: step 'act' ran longer than item_timeout_s=5" in result.row.error


def test_limits_are_options_of_the_command(tmp_path, monkeypatch):
    """`run --item-timeout --worker-memory` reach the run; what they cannot be is a usage error that names them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loops.py").write_text(
        "from creevey_graph import graph, step\n"
        "@step\ndef loop(number: int) -> int:\n    while number == '2':\n        pass\n    return number\n"
        "@graph\ndef loops(number: int):\n    return {'n': loop(number)}\n"
    )
    (tmp_path / "numbers.csv").write_text("number\n1\n2\n3\n")
    command = ["run", "loops.py", "numbers.csv", "--no-cache", "--worker-memory"]

    done = CliRunner().invoke(main, [*command, "2GB", "--item-timeout", "1"])
    refused = CliRunner().invoke(main, [*command, "much"])

    assert 1 == done.exit_code, done.output
    assert "item_timeout_s=1" in done.output
    assert 2 == refused.exit_code
    assert "worker_memory: a size is a number and a unit" in refused.output


def test_threads_left_by_steps_do_not_keep_a_worker_from_ending():
    """A thread that is no daemon is waited for at the end of a process, here for ever."""

    def act(number, value):
        threading.Thread(target=time.sleep, args=(1000,), daemon=False).start()
        return number

    began = time.monotonic()
    report = run(act, 4)

    assert 4 == report.counts["done"]
    assert time.monotonic() - began < 60


def test_an_item_that_ran_out_of_memory_is_tried_alone_before_it_fails():
    """What there was may have been taken by those before it; alone in a new process it is its own doing."""
    found, _ = blame()
    chunk = tasks(1, 2)
    results = [SimpleNamespace(index=1, is_short=False), SimpleNamespace(index=2, is_short=True)]

    assert (results[:1], chunk[1:]) == found.part_short(chunk, results)
    assert (results[1:], []) == found.part_short(chunk[1:], results[1:])


def pids(tasks, _is_stopping, _recorder):
    """Return where each task was worked on."""
    return [os.getpid() for _ in tasks]


def test_a_suspect_has_a_process_that_has_run_nothing_before():
    """What an earlier item did to the process is not held against it."""
    pool = open_pool("processes", pids, 1)
    try:
        told = [
            pool.submit([1], fresh=fresh).result(timeout=60)[0] for fresh in (False, False, True, False, True)
        ]
    finally:
        pool.close()

    assert told[0] == told[1] != told[2] == told[3] != told[4]
