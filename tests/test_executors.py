"""Executors: one law for all, and what processes need beyond it."""

import multiprocessing
import subprocess
import sys
import textwrap
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import attrs
import pytest
from laws_executors import check_executor, check_pool, squares
from witness import Witness

from creevey_graph import UsageError, graph, step
from creevey_graph.executors import EXECUTORS, open_pool
from creevey_graph.executors.sending import dumps, loads

FOREIGN = {
    "a thread pool": lambda: ThreadPoolExecutor(2),
    "spawned processes": lambda: ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")),
    "forkserver processes": lambda: ProcessPoolExecutor(
        2, mp_context=multiprocessing.get_context("forkserver")
    ),
}


@pytest.mark.parametrize("name", EXECUTORS)
def test_every_executor_of_ours_keeps_the_laws(name, tmp_path):
    """Whatever executor runs it, a graph gives the rows and outputs that serial gives."""
    check_pool(EXECUTORS[name])
    check_executor(name, tmp_path)


@pytest.mark.parametrize("name", FOREIGN)
def test_an_executor_of_the_users_keeps_the_laws_and_stays_open(name, tmp_path):
    """Any concurrent.futures.Executor gives what serial gives, and is the user's to close."""
    with FOREIGN[name]() as executor:
        check_pool(lambda work, jobs: open_pool(executor, work, jobs), can_stop="thread" in name)
        check_executor(executor, tmp_path)
        assert executor.submit(abs, -3).result() == 3


class BrokenPool:
    """A pool that is wrong in one way."""

    name, jobs = "broken", 2

    def __init__(self, fault):
        self.fault, self.stopped = fault, False

    def submit(self, tasks):
        future = Future()
        done = list(tasks)
        if self.stopped and self.fault != "goes on":
            done = []
        if self.fault == "loses":
            done = done[:-1]
        if self.fault == "turns round":
            done = done[::-1]
        future.set_result(done)
        return future

    def stop(self):
        self.stopped = True

    def close(self, *, now=False):
        del now


def test_the_law_passes_a_pool_that_does_nothing_wrong():
    """The fake without a fault keeps the law, so that it is the fault that is found below."""
    check_pool(lambda *_: BrokenPool("none"))


@pytest.mark.parametrize("fault", ["loses", "turns round", "goes on"])
def test_the_law_finds_a_broken_pool(fault):
    """A pool that loses a result, mixes them up or does not stop breaks the law."""
    with pytest.raises(AssertionError):
        check_pool(lambda *_: BrokenPool(fault))


class LosingExecutor(Executor):
    """Runs everything, and says of each row that it ended in a step there is not."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        done = fn(*args, **kwargs)
        future.set_result([attrs.evolve(result, row=attrs.evolve(result.row, step="x")) for result in done])
        return future


def test_the_law_of_runs_finds_an_executor_that_changes_rows(tmp_path):
    """An executor whose rows are not those of serial breaks the law."""
    with pytest.raises(AssertionError, match="differs from serial"):
        check_executor(LosingExecutor(), tmp_path)


def test_an_unknown_executor_is_refused_before_anything_runs(tmp_path):
    """A name that is none is an error that says which there are, and leaves no output."""
    with pytest.raises(UsageError, match="did you mean 'threads'"):
        squares.run([{"number": 1}], out=tmp_path / "out", executor="thread", cache=False, progress=False)
    assert not (tmp_path / "out").exists()


def run_script(folder, body, *arguments):
    """Run a script of the user's without a `__main__` guard; return what it printed."""
    script = folder / "script.py"
    script.write_text(textwrap.dedent(body), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_functions_of_an_unguarded_script_run_in_processes(tmp_path):
    """Steps, closures, lambdas and classes of `__main__` are sent by value; no guard is needed."""
    printed = run_script(
        tmp_path,
        """
        import dataclasses, os
        from creevey_graph import graph, step

        FACTOR = 3

        @dataclasses.dataclass
        class Point:
            x: int

        def helper(number):
            return number * FACTOR

        def adder(by):
            def add(number: int) -> int:
                return helper(number) + by
            return step(add)

        double = step(lambda number: 2 * number, name="double")

        @step(cache="never")
        def where(number: int) -> int:
            return os.getpid()

        @step
        def is_point(point: Point) -> bool:
            return isinstance(point, Point)

        @graph
        def numbers(number: int, point: Point):
            return {"sum": double(adder(1)(number)), "where": where(number), "is_point": is_point(point)}

        rows = [{"number": n, "point": Point(n)} for n in range(5)]
        report = numbers.run(rows, executor="processes", jobs=2, cache=False, progress=False)
        report.raise_for_failures()
        print([row.fields["sum"] for row in report.rows])
        print(all(row.fields["where"] != os.getpid() for row in report.rows))
        print(all(row.fields["is_point"] for row in report.rows))
        """,
    )

    assert printed.splitlines() == ["[2, 8, 14, 20, 26]", "True", "True"]


@attrs.frozen
class Label:
    """A class of the user's own whose instances are item values."""

    text: str


@step
def text_of(label: Label) -> str:
    return label.text if isinstance(label, Label) else f"no label but {label!r}"


@graph
def labels(label: Label):
    return {"text": text_of(label)}


def test_a_class_of_the_users_is_one_class_in_step_and_items():
    """Code sent by value and instances sent along know the same class."""
    report = labels.run([{"label": Label("a")}], executor="processes", cache=False, progress=False)

    assert [row.fields["text"] for row in report.rows] == ["a"]


def test_a_value_that_cannot_be_sent_costs_its_item_alone():
    """A generator among the items' values is one failed row that says what to do; the others are done."""
    kinds = step(lambda value: type(value).__name__, name="kinds")

    @graph
    def kind_of(value):
        return {"kind": kinds(value)}

    values = [1, (number for number in ()), "a", 2.5]
    report = kind_of.run(
        [{"value": value} for value in values], executor="processes", jobs=2, cache=False, progress=False
    )

    assert ["done", "failed", "done", "done"] == [str(row.outcome) for row in report.rows]
    assert "cannot be sent" in report.failed[0].error


def test_sending_leaves_what_others_registered_with_cloudpickle():
    """A module that the user sends by value is still registered afterwards."""
    import cloudpickle
    import laws_executors

    cloudpickle.register_pickle_by_value(laws_executors)
    try:
        assert loads(dumps(squares)).name == "squares"
        assert "laws_executors" in cloudpickle.list_registry_pickle_by_value()
    finally:
        cloudpickle.unregister_pickle_by_value(laws_executors)


def test_a_foreign_executor_that_breaks_ends_the_run_with_a_report(tmp_path):
    """A pool that cannot be rebuilt stops the run: rows are there, the rest is cancelled, and it is said why."""
    import os

    die = step(lambda number: os._exit(3) if number == 4 else number, name="die")

    @graph
    def deadly(number: int):
        return {"number": die(number)}

    witness = Witness()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        report = deadly.run(
            [{"number": number} for number in range(20)],
            executor=executor,
            jobs=1,
            cache=tmp_path / "cache",
            progress=False,
            listeners=[witness],
        )

    assert "broke" in report.stopped
    assert not report.ok
    assert len(report.rows) == 20
    assert report.counts["cancelled"] >= 10


def test_workers_see_the_state_of_modules_that_hold_locks(tmp_path):
    """A helper module with a lock, or a leading underscore, is sent as it is here, not imported anew."""
    for name in ("lockly", "_hidden"):
        (tmp_path / f"{name}.py").write_text(
            "import threading\nLOCK = threading.RLock()\nLEVEL = 1\ndef level():\n    with LOCK:\n        return LEVEL\n"
        )
    program = tmp_path / "program.py"
    program.write_text(
        "import _hidden, lockly\nfrom creevey_graph import graph, step\n"
        "@step\ndef told(n: int) -> int:\n    return 10 * lockly.level() + _hidden.level()\n"
        "@graph\ndef g(n: int):\n    return {'told': told(n)}\n"
        "lockly.LEVEL = _hidden.LEVEL = 5\n"
        "report = g.run([{'n': 1}], cache=False, executor='processes', jobs=2, progress=False)\n"
        "print(report.rows[0].fields)\n"
    )

    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout == "{'told': 55}\n", done.stderr
