"""Chunks: how many items one takes, and what becomes of those it does not get to."""

import signal
import threading
from types import SimpleNamespace

import pytest
from runs import NUMBERS, failing, outcomes

from creevey_graph.cache import ItemState, encode_state
from creevey_graph.events import Outcome, Row
from creevey_graph.executors import NoRecorder
from creevey_graph.interrupts import interrupts_held_back
from creevey_graph.pace import CHUNK_SECONDS, MAX_CHUNK, Pace
from creevey_graph.tasks import Result
from creevey_graph.worker import run_chunk


def test_a_chunk_takes_one_item_until_one_is_measured_and_then_what_fits_its_time():
    """Cheap items go by the hundred, dear ones one by one, and the last ones are shared out."""
    pace = Pace(jobs=2)
    assert 1 == pace.chunk_size(10_000)
    pace.measure(CHUNK_SECONDS, 10)
    assert 10 == pace.chunk_size(10_000)
    assert 3 == pace.chunk_size(12)
    for _ in range(60):
        pace.measure(1e-6, 1)
    assert MAX_CHUNK == pace.chunk_size(10_000)
    for _ in range(60):
        pace.measure(60.0, 1)
    assert 1 == pace.chunk_size(10_000)
    pace.measure(0.0, 0)
    assert 1 == pace.chunk_size(0)


def test_items_are_taken_one_by_one_where_nothing_is_sent():
    """Serial has one item in hand, so that a stop is exact."""
    pace = Pace(jobs=1, in_chunks=False)
    pace.measure(1e-6, 1)

    assert (1, 1) == (pace.chunk_size(1000), pace.window)


@pytest.mark.parametrize(("item_s", "expected"), [(0.0, 8), (CHUNK_SECONDS / 2.5, 3), (CHUNK_SECONDS * 9, 1)])
def test_a_worker_gives_back_what_it_does_not_get_to_in_a_chunks_time(monkeypatch, item_s, expected):
    """Items that were up to date made the chunk large; those that are not must not keep it for minutes."""
    now = [0.0]

    def take_time(_bench, task, _recorder, _scratch):
        now[0] += item_s
        row = Row(str(task), "", Outcome.DONE)
        return Result(task, row, encode_state(ItemState("", "")))

    monkeypatch.setattr("creevey_graph.worker.perf_counter", lambda: now[0])
    monkeypatch.setattr("creevey_graph.worker.run_item", take_time)

    results = run_chunk(
        SimpleNamespace(scratches=None, threads=1, is_apart=False), range(8), lambda: False, NoRecorder()
    )

    assert list(range(expected)) == [result.index for result in results]
    assert [pytest.approx(item_s)] * expected == [result.took_s for result in results]


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_what_is_given_back_is_handed_out_again(go, monkeypatch, executor):
    """With no time for a chunk at all each still does one item, and in the end every item has its row."""
    monkeypatch.setattr("creevey_graph.pace.CHUNK_SECONDS", -1.0)
    monkeypatch.setattr(Pace, "chunk_size", lambda _pace, _left: 5)

    report = go(failing.bind(least=7), NUMBERS, executor=executor, jobs=2)

    assert ["done"] * 7 + ["failed"] == outcomes(report)
    assert 7 == report.executed["fail_from"]


def test_ctrl_c_takes_effect_at_the_end_of_what_belongs_together():
    """A signal within the block is raised behind it, once, and the handler is as it was."""
    handler = signal.getsignal(signal.SIGINT)
    reached = []

    with pytest.raises(KeyboardInterrupt), interrupts_held_back():  # noqa: PT012 - what is within is the point
        signal.raise_signal(signal.SIGINT)
        reached.append(1)
        signal.raise_signal(signal.SIGINT)
        reached.append(2)

    assert [1, 2] == reached
    assert handler is signal.getsignal(signal.SIGINT)
    with interrupts_held_back():
        pass


def test_other_threads_hold_nothing_back():
    """Only the main thread may set handlers; a run in another one is not interrupted by Ctrl-C at all."""
    ended = []

    def work():
        with interrupts_held_back():
            ended.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert [1] == ended


def test_a_result_that_came_back_is_kept_though_ctrl_c_came_with_it(go):
    """Ctrl-C in the very moment a result is taken in: its row is there, and nothing of it runs again."""
    seen = []

    def interrupt(event):
        seen.append(event)
        if sum(1 for e in seen if type(e).__name__ == "ItemFinished") == 1:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        go(failing.bind(least=99), NUMBERS, listeners=[interrupt])

    report = caught.value.report
    done = [row.key for row in report.rows if str(row.outcome) == "done"]
    assert ["0"] == done
    again = go(failing.bind(least=99), NUMBERS)
    assert {"fail_from": 7} == dict(again.executed)
