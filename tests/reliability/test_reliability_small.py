"""Workers that die, and Ctrl-C between an output and its row; killed and stopped programs stand in `kills` and `stops`."""

import os
import signal
from pathlib import Path

import pytest
from witness import outputs_of

from creevey_graph import RunInterrupted, graph, step
from creevey_graph.delivery import Delivery


def test_ctrl_c_between_an_output_and_its_row_costs_neither(tmp_path, monkeypatch):
    """In this thread, SIGINT right after the second output is in place: two rows say done, two files are there."""
    placed = []
    check = Delivery.check_untouched

    def interrupted(delivery):
        placed.append(delivery)
        if len(placed) == 2:
            signal.raise_signal(signal.SIGINT)
        check(delivery)

    monkeypatch.setattr(Delivery, "check_untouched", interrupted)
    rows = [{"number": number} for number in range(5)]

    with pytest.raises(RunInterrupted) as caught:
        dangerous.run(rows, out=tmp_path / "out", cache=tmp_path / "cache", executor="serial", progress=False)

    assert {"done": 2, "cancelled": 3} == dict(caught.value.report.counts)
    assert 2 == len(outputs_of(tmp_path / "out"))


def die_by_exit(number):
    os._exit(7)


def die_by_kill(number):
    os.kill(os.getpid(), signal.SIGKILL)


def die_by_segfault(number):
    import ctypes

    ctypes.string_at(0)


DEATHS = {11: die_by_exit, 12: die_by_kill, 47: die_by_segfault}


@step
def survive(number: int) -> int:
    if number in DEATHS:
        DEATHS[number](number)
    return number + 1


@step(writes="path")
def write_number(number: int, path: Path) -> Path:
    path.write_text(f"{number}")
    return path


@graph
def dangerous(number: int):
    plus = survive(number)
    return {"plus": plus, "file": write_number(plus, "{key}.txt")}


@pytest.mark.parametrize("again", [False, True])
def test_a_dead_worker_costs_the_item_that_killed_it(tmp_path, again):
    """Of 60 items three kill their workers: exactly these failed, in the right step; a rerun tries only them."""
    rows = [{"number": number} for number in range(60)]
    options = {"out": tmp_path / "out", "cache": tmp_path / "cache", "progress": False}
    report = dangerous.run(rows, executor="processes", jobs=2, **options)
    if again:
        report = dangerous.run(rows, executor="processes", jobs=2, **options)
        assert {} == dict(report.executed)

    assert [11, 12, 47] == [int(row.key) for row in report.failed]
    assert ["survive"] * 3 == [row.step for row in report.failed]
    assert all(row.error.startswith("WorkerDied: ") for row in report.failed)
    assert 57 == report.counts["cached" if again else "done"]
    expected = {f"{n}.txt": f"{n + 1}".encode() for n in range(60) if n not in DEATHS}
    # A worker that is killed along with a dead one may leave a temporary file; it goes after an hour.
    found = {name: data for name, data in outputs_of(tmp_path / "out").items() if not name.startswith(".")}
    assert expected == found


@step
def die_once(number: int, *, marker: str) -> int:
    if number == 5 and not Path(marker).exists():
        Path(marker).touch()
        os._exit(1)
    return number


@graph
def once_deadly(number: int, *, marker: str = ""):
    return {"number": die_once(number, marker=marker)}


def test_a_worker_that_dies_once_costs_nothing(tmp_path):
    """An item whose worker was killed by accident is run again, alone, and is done."""
    report = once_deadly.bind(marker=str(tmp_path / "died")).run(
        [{"number": number} for number in range(20)],
        executor="processes",
        jobs=2,
        cache=False,
        progress=False,
    )

    assert (tmp_path / "died").exists()
    assert 20 == report.counts["done"]
