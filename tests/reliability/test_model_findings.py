"""What lives of the stateful model came upon, each told by itself."""

import sqlite3
import time

from creevey_graph import graph, step
from creevey_graph.cache import Cache
from creevey_graph.cache.opening import TIMEOUT_S


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
    assert any("locked" in text for text in report.notices)
    holder.close()


def test_a_run_needs_no_place_for_its_report(tmp_path, monkeypatch):
    """No cache can be opened and no temporary folder made, as on a full disk: the report is in memory, and the run goes on."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))

    report = doubled.run(ROWS, cache=False, executor="serial", progress=False)

    assert [0, 2, 4, 6] == [row.fields["double"] for row in report.rows]
    assert any("report file is incomplete" in text for text in report.notices)
