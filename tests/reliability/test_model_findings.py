"""What lives of the stateful model came upon, each told by itself."""

import importlib.util
import linecache
import signal
import sqlite3
import sys
import time
from contextlib import suppress

import pytest

from creevey_graph import RunInterrupted, UsageError, graph, step
from creevey_graph.cache import Cache
from creevey_graph.cache.opening import TIMEOUT_S
from creevey_graph.events import RunFinished, WorkersStarted
from creevey_graph.look import Known


@step
def double(number: int) -> int:
    return 2 * number


@graph
def doubled(number: int):
    return {"double": double(number)}


ROWS = [{"number": number} for number in range(4)]


def test_a_store_cut_to_nothing_under_an_open_run_is_given_up_within_the_wait_for_locks(tmp_path):
    """Its log is still held by the connection of the earlier run; diskcache tried each statement for 60 s."""
    held = Cache(tmp_path / "cache")
    doubled.run(ROWS, cache=held, executor="serial", progress=False)
    (tmp_path / "cache" / "store" / "cache.db").write_bytes(b"")
    began = time.monotonic()

    report = doubled.run(ROWS, cache=tmp_path / "cache", executor="serial", progress=False)

    assert time.monotonic() - began < 3 * TIMEOUT_S
    assert [0, 2, 4, 6] == [row.fields["double"] for row in report.rows]
    assert report.notices
    held.close()


def test_opening_beside_a_program_that_holds_the_store_ends_in_time(tmp_path):
    """Somebody holds the database alone: the run goes on without it after one wait, and says why."""
    with Cache(tmp_path / "cache"):
        pass
    holder = sqlite3.connect(tmp_path / "cache" / "store" / "cache.db", isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()

    report = doubled.run(ROWS, cache=tmp_path / "cache", executor="serial", progress=False)

    assert time.monotonic() - began < 3 * TIMEOUT_S
    assert report.ok
    assert any("another process holds its database" in text for text in report.notices)
    holder.close()


def test_a_run_needs_no_place_for_its_report(tmp_path, monkeypatch):
    """No cache can be opened and no temporary folder made, as on a full disk: the report is in memory, and the run goes on."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))

    report = doubled.run(ROWS, cache=False, executor="serial", progress=False)

    assert [0, 2, 4, 6] == [row.fields["double"] for row in report.rows]
    assert any("report file is incomplete" in text for text in report.notices)


@pytest.mark.parametrize("when", ["index is closed", "end is told"])
def test_ctrl_c_while_a_run_ends_costs_neither_the_report_nor_the_index(tmp_path, monkeypatch, when):
    """All items are done: the report is whole, it is told as an interrupt, and a rerun has nothing to do."""
    options = {"cache": tmp_path / "cache", "executor": "serial", "progress": False}
    close = Known.close

    def interrupt(event):
        if isinstance(event, RunFinished):
            signal.raise_signal(signal.SIGINT)

    def closing(known):
        if when != "end is told":
            signal.raise_signal(signal.SIGINT)
        close(known)

    listeners = [interrupt] if when == "end is told" else []
    monkeypatch.setattr(Known, "close", closing)

    with pytest.raises(RunInterrupted) as caught:
        doubled.run(ROWS, listeners=listeners, **options)
    monkeypatch.undo()

    assert caught.value.report.finished
    assert {"done": 4} == dict(caught.value.report.counts)
    assert {"cached": 4} == dict(doubled.run(ROWS, **options).counts)


TEXT = """
from creevey_graph import graph, step

@step
def plus(number: int) -> int:
    return number {edit}

@graph
def numbers(number: int):
    return {{"number": plus(number)}}
"""


def numbers_of(folder, edit):
    """Import the graph with an edit, anew; return it."""
    path = folder / "edited_steps.py"
    path.write_text(TEXT.format(edit=edit))
    linecache.clearcache()
    spec = importlib.util.spec_from_file_location("edited_steps", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["edited_steps"] = module
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    return module.numbers


@pytest.mark.parametrize("trouble", ["killed", "full", "undone"])
def test_an_undo_reaches_what_a_disturbed_run_made_by_an_accepted_edit(tmp_path, monkeypatch, trouble):
    """
    A run of accepted code is killed right after its first results are kept, or cannot note that such code ran, or its acceptance is taken back meanwhile.

    Whatever the edit made is not given to the earlier code, once that is put back.
    """
    options = {"cache": tmp_path / "cache", "executor": "serial", "progress": False}
    numbers_of(tmp_path, "").run(ROWS[:1], **options)
    edited = numbers_of(tmp_path, "+ 100")
    edited.accept("plus", cache=tmp_path / "cache")
    with monkeypatch.context() as patched, suppress(_Killed):
        listeners = []
        if trouble == "killed":
            patched.setattr(Cache, "put_measures", _die)
        elif trouble == "full":
            patched.setattr("creevey_graph.cache.accepted.write_bytes", _no_space)
        else:
            undo = iter([lambda: edited.accept("plus", cache=tmp_path / "cache", undo=True)])
            listeners = [lambda event: isinstance(event, WorkersStarted) and next(undo)()]
        edited.run(ROWS, listeners=listeners, **options)
    with suppress(UsageError):
        edited.accept("plus", cache=tmp_path / "cache", undo=True)

    report = numbers_of(tmp_path, "").run(ROWS, **options)

    assert [0, 1, 2, 3] == [row.fields["number"] for row in report.rows]


class _Killed(BaseException):
    """Stands for the end of the process."""


def _die(*_):
    raise _Killed


def _no_space(*_):
    raise OSError(28, "No space left on device")
