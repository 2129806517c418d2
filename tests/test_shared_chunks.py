"""Chunks that several threads of a worker process share: where items mostly wait, as for a server."""

import os
import signal
import threading
from collections import Counter
from pathlib import Path

import pytest
from laws_executors import echo

from creevey_graph import graph, step
from creevey_graph.choices import MANY_DOWNLOADS, Options, choose_executor
from creevey_graph.executors import open_pool
from creevey_graph.freeze import freeze
from creevey_graph.pace import CHUNK_SECONDS, SHARED_CHUNK_SECONDS, Pace
from creevey_graph.shares import WORKERS_VARIABLE, share_of


def meet(tasks, is_stopping, recorder):
    """Return the tasks once three of them are in hand at the same time."""
    done = []
    for task in tasks:
        recorder.mark(task, 1)
        meeting = globals().setdefault("_MEETING", threading.Barrier(3, timeout=30))
        meeting.wait()
        done.append(task)
    return done


def workers_told(tasks, is_stopping, recorder):
    """Return what a worker may take of eight, for each task."""
    return [(task, share_of(8)) for task in tasks]


@pytest.fixture
def open_shared():
    """Open pools of processes with three threads each, closed at the end."""
    pools = []

    def open_one(work, jobs=2):
        pools.append(open_pool("processes", work, jobs, threads=3))
        return pools[-1]

    yield open_one
    for pool in pools:
        pool.close()


def test_every_task_is_done_once(open_shared):
    """Chunks of all sizes come back whole, in whatever order."""
    pool = open_shared(echo)
    chunks = [list(range(start, start + 7)) for start in range(0, 70, 7)] + [[], [99]]

    results = [pool.submit(chunk) for chunk in chunks]

    assert chunks == [sorted(future.result(timeout=60)) for future in results]
    pool.stop()
    assert [] == pool.submit([1, 2, 3, 4]).result(timeout=60)


def test_as_many_are_in_hand_at_once_as_there_are_threads(open_shared):
    """Six tasks that each wait for two others end: three are in hand in one process."""
    pool = open_shared(meet, jobs=1)

    assert list(range(6)) == sorted(pool.submit(range(6)).result(timeout=60))


def test_what_is_bounded_for_a_run_is_shared_by_its_workers(open_shared, monkeypatch):
    """Of eight downloads of one host at once, each of two workers may have four; this process has all."""
    monkeypatch.delenv(WORKERS_VARIABLE, raising=False)
    told = open_shared(workers_told).submit([1, 2]).result(timeout=60)

    assert {(1, 4), (2, 4)} == set(told)
    assert 8 == share_of(8)
    monkeypatch.setenv(WORKERS_VARIABLE, "16")
    assert 1 == share_of(8)


@step(downloads=True, version="1")
def fetch_number(number: int) -> int:
    if number in (11, 30):
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 7:
        raise ValueError("no seven")
    return number * 2


@step(writes="path")
def write_number(number: int, path: Path) -> Path:
    path.write_text(f"{number}", encoding="utf-8")
    return path


@graph
def fetched(number: int):
    doubled = fetch_number(number)
    return {"doubled": doubled, "file": write_number(doubled, "{key}.txt")}


def test_a_dead_worker_costs_the_item_that_killed_it_alone(tmp_path):
    """With eight items in hand, two of forty kill their worker: they and no others failed so, and all else is there."""
    report = fetched.run(
        [{"number": number} for number in range(40)],
        out=tmp_path / "out",
        cache=tmp_path / "cache",
        executor="processes",
        jobs=8,
        progress=False,
    )

    died = {int(row.key) for row in report.failed if row.error.startswith("WorkerDied")}
    assert ({11, 30}, {7, 11, 30}) == (died, {int(row.key) for row in report.failed})
    assert 8 == report.jobs
    outputs = {path.name: path.read_text() for path in (tmp_path / "out").glob("[!.]*")}
    assert {f"{n}.txt": f"{2 * n}" for n in range(40) if n not in {7, 11, 30}} == outputs
    assert Counter({"done": 37, "failed": 3}) == report.counts


@pytest.mark.parametrize(
    ("asked", "left", "expected"),
    [
        ("auto", MANY_DOWNLOADS - 1, ("threads", 16, 1)),
        ("threads", 10**6, ("threads", 16, 1)),
        ("serial", 10**6, ("serial", 1, 1)),
    ],
)
def test_few_downloads_and_orders_are_left_to_threads(monkeypatch, asked, left, expected):
    """Processes take half a second to start; what is ordered is done."""
    monkeypatch.setattr("creevey_graph.choices.default_jobs", lambda: 4)
    assert expected == choose_executor(freeze(fetched), Options(executor=asked), 32, None, left)


@pytest.mark.parametrize(("jobs", "expected"), [(None, (4, 4)), (3, (3, 1)), (30, (4, 8)), (64, (4, 16))])
@pytest.mark.parametrize("asked", ["auto", "processes"])
def test_many_downloads_are_shared_out_over_processes_and_threads(monkeypatch, jobs, expected, asked):
    """As many processes as processors, and threads in each so that all that was asked for is in hand."""
    monkeypatch.setattr("creevey_graph.choices.default_jobs", lambda: 4)
    options = Options(executor=asked, jobs=jobs)
    assert ("processes", *expected) == choose_executor(freeze(fetched), options, 32, None, MANY_DOWNLOADS)


def test_a_shared_chunk_has_work_for_all_threads():
    """It takes as many items as its threads do in the time that a chunk should take."""
    alone, shared = Pace(2), Pace(2, threads=8)
    assert (1, 8) == (alone.chunk_size(10_000), shared.chunk_size(10_000))
    for pace in (alone, shared):
        pace.measure(0.1, 1)

    assert int(CHUNK_SECONDS / 0.1) == alone.chunk_size(10_000)
    assert int(SHARED_CHUNK_SECONDS * 8 / 0.1) == shared.chunk_size(10_000)
