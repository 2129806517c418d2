"""Real processes that die: killed runs, dead workers, Ctrl-C, a coordinator that is gone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from witness import outputs_of

from creevey_graph import RunInterrupted, graph, step
from creevey_graph.delivery import Delivery

PROGRAM = Path(__file__).with_name("dying_program.py")
PHOTOS = 24


@pytest.fixture
def photos(tmp_path):
    """Draw two dozen pictures of noise."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(PHOTOS):
        noise = np.random.default_rng(number).integers(0, 255, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number:02}.png")
    return folder


def start(folder, executor, *options):
    """Start the program in a session of its own; return it."""
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder), executor, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_outputs(program, folder, count, limit_s=60):
    """Wait until *count* outputs are there, while the program is alive; return how many there are."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        found = len(list((folder / "out").glob("[!.]*"))) if (folder / "out").exists() else 0
        if found >= count:
            return found
        assert program.poll() is None, program.communicate()
        time.sleep(0.005)
    raise AssertionError(f"expected {count} outputs within {limit_s} s")


def finish(folder, executor="serial"):
    """Run the program to its end; return (how often each step ran, outcome -> rows)."""
    done = start(folder, executor, "fast")
    printed, errors = done.communicate(timeout=120)
    assert 0 == done.returncode, errors
    return json.loads(printed.splitlines()[-1])


def check_outputs(folder):
    """Check that every output is the whole picture that an undisturbed run writes; temporary files aside."""
    reference = folder / "reference"
    if not reference.exists():
        sys.path.insert(0, str(PROGRAM.parent))
        from dying_program import thumbs

        thumbs.bind(delay_s=0.0).run(
            folder / "photos", out=reference, cache=False, executor="serial", progress=False
        ).raise_for_failures()
    expected = outputs_of(reference)
    found = {name: data for name, data in outputs_of(folder / "out").items() if not name.startswith(".")}
    for name, data in found.items():
        assert expected[name] == data, f"{name} is not whole"
    return len(found)


def children_of(program):
    return psutil.Process(program.pid).children(recursive=True)


def wait_until_gone(processes, limit_s):
    """Return the processes that are alive after *limit_s*, as soon as there are none."""
    _, alive = psutil.wait_procs(processes, timeout=limit_s)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_killed_run_leaves_whole_files_and_the_next_makes_only_what_is_missing(tmp_path, photos, executor):
    """Kill -9 three times at different moments: outputs are whole, temporary names are no items or outputs."""
    made = 0
    for goal in (3, 8, 14):
        program = start(tmp_path, executor, "slow")
        wait_for_outputs(program, tmp_path, goal)
        workers = children_of(program)
        program.kill()
        program.communicate()
        assert [] == wait_until_gone(workers, 2.0)
        now = check_outputs(tmp_path)
        assert now >= made
        made = now

    executed, outcomes = finish(tmp_path)

    assert PHOTOS == check_outputs(tmp_path)
    # An output without a record is made again: at most what was in flight when a run was killed.
    assert PHOTOS - made <= executed["write_image"] <= PHOTOS - made + 10
    assert PHOTOS == sum(outcomes.values())
    executed, outcomes = finish(tmp_path)
    assert {} == executed
    assert {"cached": PHOTOS} == outcomes


@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
@pytest.mark.parametrize("to_group", [False, True])
def test_ctrl_c_ends_soon_with_a_report_and_the_next_run_goes_on(tmp_path, photos, executor, to_group):
    """SIGINT to the program or to its whole group: items in hand end, a report is there, no worker stays."""
    program = start(tmp_path, executor, "slow")
    wait_for_outputs(program, tmp_path, 3)
    workers = children_of(program)
    began = time.monotonic()
    if to_group:
        os.killpg(program.pid, signal.SIGINT)
    else:
        program.send_signal(signal.SIGINT)
    printed, errors = program.communicate(timeout=30)

    assert 130 == program.returncode, errors
    assert "" == errors  # workers leave Ctrl-C to the coordinator, and nobody prints a traceback
    assert time.monotonic() - began < 5  # of which the items in hand take 0.2 s
    assert [] == wait_until_gone(workers, 2.0)
    executed, outcomes = json.loads(printed.splitlines()[-1])
    # The third output may just have appeared: its item is not acknowledged yet, and is taken back.
    assert outcomes["done"] >= 2
    assert outcomes["cancelled"] >= 1
    assert PHOTOS == sum(outcomes.values())
    assert not list((tmp_path / "out").glob(".creevey-tmp-*"))
    assert outcomes["done"] == check_outputs(tmp_path)

    executed, _ = finish(tmp_path)
    assert PHOTOS == check_outputs(tmp_path)
    assert PHOTOS - outcomes["done"] == executed["write_image"]


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


def test_workers_end_by_themselves_when_the_coordinator_is_killed(tmp_path, photos):
    """Two seconds after kill -9 of the program no worker of its is alive, idle or busy."""
    program = start(tmp_path, "processes", "slow")
    wait_for_outputs(program, tmp_path, 2)
    workers = children_of(program)
    assert len(workers) >= 2
    program.kill()
    program.communicate()

    assert [] == wait_until_gone(workers, 2.0)


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
