"""What a disk that fails for a moment costs: found by R3, each told with the call that failed."""

import errno
import json
import os
import sqlite3
from pathlib import Path

import diskcache
import programs
import pytest
import reference

from creevey_graph import delivery, identity
from creevey_graph import report as reports
from creevey_graph.atomic import TEMPORARY
from creevey_graph.cache import Cache, Record, index, opening, sqlite_files, store
from creevey_graph.cache.index import Index
from creevey_graph.errors import CacheError, SourceError, UsageError
from creevey_graph.events import RunFinished
from creevey_graph.rows import INCOMPLETE
from creevey_graph.sources import files

RECORD = Record("0" * 64, "raw", 7, 0.1)


@pytest.fixture
def made(tmp_path):
    """Run the reference graph over two photos; return the folder."""
    reference.draw_photos(tmp_path, 2)
    assert reference.run_reference(tmp_path).ok
    return tmp_path


def failing_once(monkeypatch, owner, name, exc, *, when=lambda *_: True):
    """Let a function raise the first time that *when* holds of its arguments."""
    function, left = getattr(owner, name), [exc]

    def fails(*arguments, **options):
        if left and when(*arguments):
            raise left.pop()
        return function(*arguments, **options)

    monkeypatch.setattr(owner, name, fails)


def io_error(path="file"):
    return OSError(errno.EIO, os.strerror(errno.EIO), str(path))


def malformed():
    """Return the error that EIO at a read comes as."""
    exc = sqlite3.DatabaseError("database disk image is malformed")
    exc.sqlite_errorname = "SQLITE_CORRUPT"
    return exc


def set_aside(folder):
    return [path.name for path in (folder / "cache").glob("*.bad-*")]


# --- databases: damaged, or not to be had for a moment -------------------------------------------


def test_a_good_store_is_not_set_aside_for_a_call_that_failed(made, monkeypatch):
    """EIO at a read came as "malformed" while the store was opened: all earlier work was lost."""
    failing_once(monkeypatch, opening, "open_store", malformed())

    report = reference.run_reference(made, by=3)

    reference.check_equal(made, report, by=3)
    assert [
        f"running without a cache: cache '{made / 'cache'}' cannot be opened (DatabaseError: {malformed()})"
    ] == report.notices
    assert [] == set_aside(made)
    assert {} == dict(reference.run_reference(made, by=2).executed)


def test_a_good_store_is_not_set_aside_for_a_commit_that_failed(made, monkeypatch):
    """EIO at a read within a commit came as "malformed"."""
    with Cache(made / "cache") as cache:
        failing_once(monkeypatch, store, "put", malformed())
        cache.commit([cache.prepare("0" * 64, RECORD, b"payload")])

        assert 1 == cache.failed_commits
        assert ["DatabaseError: database disk image is malformed"] == cache.problems
    assert [] == set_aside(made)


@pytest.mark.parametrize("function", ["connect", "merge"])
def test_a_good_index_is_not_set_aside_for_a_call_that_failed(made, monkeypatch, function):
    """EIO at a read of the index came as "malformed": what every item was known by was lost."""
    failing_once(monkeypatch, index, function, malformed())

    report = reference.run_reference(made, by=3)

    reference.check_equal(made, report, by=3)
    assert 1 == len(report.notices)
    assert report.notices[0].startswith("cache: the index cannot be ")
    assert [] == set_aside(made)


def test_a_malformed_index_is_still_set_aside(made):
    """The second look is not one that always finds it whole."""
    path = made / "cache" / "index.db"
    data = bytearray(path.read_bytes())
    data[100:4096] = os.urandom(3996)
    path.write_bytes(data)

    report = reference.run_reference(made, by=3)

    reference.check_equal(made, report, by=3)
    assert 1 == len(set_aside(made))


def test_an_index_on_a_disk_that_fails_altogether_costs_time(made, monkeypatch):
    """EIO at `access` made it one that can only be read, and EIO at its stat then ended the run with a bare OSError."""
    monkeypatch.setattr(index, "may_write", lambda *_: False)
    failing_once(monkeypatch, Path, "stat", io_error(), when=lambda path, **_: path.name == "index.db")

    reference.check_equal(made, reference.run_reference(made, by=3), by=3)


def test_what_cannot_be_looked_at_is_not_called_damaged(tmp_path):
    """Whether a database is damaged is not known where it cannot be opened a second time."""
    assert sqlite_files.is_past(malformed(), str(tmp_path / "nothing" / "cache.db"))


def test_verify_does_not_set_a_good_store_aside(made, monkeypatch):
    """EIO at a read during `cache verify` is told; nothing is removed."""
    from creevey_graph.cache import care

    failing_once(monkeypatch, care, "verify", malformed())
    with Cache(made / "cache") as cache:
        with pytest.raises(CacheError, match="cannot be checked"):
            cache.verify()
        assert cache.verify().ok
    assert [] == set_aside(made)


def test_a_time_out_of_diskcache_says_what_sqlite_said(made, monkeypatch):
    """Of every error at BEGIN diskcache makes a `Timeout` without a word: "cannot be collected ()"."""
    with Cache(made / "cache") as cache:

        def refuses(*_, **__):
            timeout = diskcache.Timeout()
            timeout.__context__ = sqlite3.OperationalError("disk I/O error")
            raise timeout

        monkeypatch.setattr(cache._store, "transact", refuses)
        cache.commit([cache.prepare("0" * 64, RECORD, b"payload")])

        assert ["OperationalError: disk I/O error"] == cache.problems


# --- outputs and sources -------------------------------------------------------------------------


def test_an_output_stays_though_it_cannot_be_looked_at(made, monkeypatch):
    """EIO at the stat after the rename: the item failed, and took its new output and the old one with it."""
    function, failed = delivery.Stat.of, []

    def fails(path):
        if not failed and str(path).endswith("out/00000.png") and path.read_bytes() == new:
            failed.append(path)
            raise io_error(path)
        return function(path)

    new = reference.expected_outputs(made, 3)["00000.png"][0]
    monkeypatch.setattr(delivery.Stat, "of", staticmethod(fails))

    reference.check_equal(made, reference.run_reference(made, by=3), by=3)

    assert 1 == len(failed)
    report = reference.run_reference(made, by=3)
    assert {"cached": 2} == {str(outcome): count for outcome, count in report.counts.items()}


def test_an_output_that_cannot_be_looked_at_is_no_step_that_changed_it(made, monkeypatch):
    """EIO at that stat was told as "a later step changed 'a.png'"."""
    kept = delivery.Delivery(made / "out", None, None)
    kept._early[0] = ("00000.png", delivery.Stat.of(made / "out" / "00000.png"))
    failing_once(monkeypatch, delivery.Stat, "of", io_error())

    with pytest.raises(OSError, match="Input/output error"):
        kept.check_untouched()


def test_a_source_that_cannot_be_looked_at_again_was_not_changed(made, monkeypatch):
    """Too many open files were told as "changed while it was read; run again once it is left alone"."""
    failing = OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    def fails(_):
        raise failing

    monkeypatch.setattr(identity, "stat_of", fails)
    state = reference_state(made)

    with pytest.raises(identity.SourceChanged, match=r"cannot be looked at again .*\(Too many open files\)"):
        identity.check_unchanged([state])


def reference_state(folder):
    path = str(folder / "photos" / "00000.png")
    return identity.FileState(path, 0, 0, 0, 0, "", 0)


def test_a_folder_of_photos_on_a_failing_disk_is_not_misspelt(made, monkeypatch):
    """EIO at its stat was told as "no file or folder 'photos'; did you mean 'photos'?"."""
    failing_once(monkeypatch, os, "stat", io_error(), when=lambda path, *_: str(path).endswith("photos"))

    with pytest.raises(SourceError, match=r"photos': cannot be looked at \(Input/output error\)"):
        files(made / "photos")


def test_an_output_folder_on_a_failing_disk_is_named(made, monkeypatch):
    """EIO at its stat ended the run with a bare OSError."""
    failing_once(monkeypatch, Path, "is_dir", io_error(), when=lambda path: path.name == "out")

    with pytest.raises(UsageError, match=r"out': cannot be looked at \(Input/output error\)"):
        reference.run_reference(made)


# --- reports -------------------------------------------------------------------------------------


def test_reports_that_cannot_be_listed_do_not_keep_a_run_from_beginning(made, monkeypatch):
    """EMFILE while older reports were listed ended the run with a bare OSError."""
    failing_once(monkeypatch, Path, "glob", io_error(), when=lambda path, *_: path.name == "runs")

    reference.check_equal(made, reference.run_reference(made, by=3), by=3)


def test_a_report_that_cannot_be_read_is_named(made):
    """Rows of a report whose file was gone, or could not be opened, raised a bare OSError."""
    report = reference.run_reference(made, by=3)
    report.path.unlink()

    with pytest.raises(SourceError, match=r"report '.*jsonl' cannot be read \(No such file or directory\)"):
        list(report.rows)


def test_a_report_whose_last_line_could_not_be_written_says_so(tmp_path):
    """Only lines of items were missed: a report without its end was told of nowhere."""
    report = reports.Report(tmp_path / "run.jsonl")

    report.add(RunFinished(1.0), -1)
    report.add(RunFinished(1.0), -1)

    assert [INCOMPLETE] == report.notices


# --- the driver itself ---------------------------------------------------------------------------

_TRACED = """
import json, os, signal, sys
from pathlib import Path
import tracing_calls as tc
folder = Path(sys.argv[1])
if why := tc.missing():
    print(json.dumps(why))
    sys.exit()

def work(tell):
    tell("begun")
    (folder / "a").write_bytes(b"0123456789")
    (folder / "a").rename(folder / "b")
    return os.listdir(folder)

met = []
plain = tc.trace(work, folder, lambda call: met.append(f"{call.name} {call.path} {call.kind}"))
(folder / "b").unlink()
full = tc.trace(work, folder, lambda call: "ENOSPC" if call.kind == "write" else None)
short = tc.trace(work, folder, lambda call: tc.SHORT if call.size == 10 else "EIO" if call.size else None)
size = (folder / "a").stat().st_size
dead = tc.trace(work, folder, lambda call: tc.DIE if call.kind == "name" else None)
names = os.listdir(folder)
try:
    tc.trace(lambda tell: signal.pause(), folder, lambda call: None, limit_s=0.2)
    hung = "ended"
except tc.Hung:
    hung = "hung"
print(json.dumps([plain.value, plain.printed, met, full.trace, size, dead.died, dead.value, names, hung]))
"""


def test_calls_are_met_failed_cut_short_and_died_at(tmp_path):
    """The driver: it sees calls below its folder alone, and what it says becomes of them; a hang ends too."""
    folder = tmp_path / "met"
    folder.mkdir()
    printed, errors = programs.start("-c", _TRACED, folder).communicate(timeout=60)

    assert "" == errors
    told = json.loads(printed)
    if isinstance(told, str):
        pytest.skip(told)
    value, acknowledged, met, full, size, died, lost, names, hung = told
    assert (["b"], ["begun"]) == (value, acknowledged)
    calls = [call for call in met if not call.endswith("look")]
    assert ["openat a create", "write a write", "rename b name"] == calls[:3]
    assert "No space left on device" in full.splitlines()[-1]
    assert 5 == size
    assert (True, None, ["a"]) == (died, lost, names)
    assert "hung" == hung
    assert not [name for name in names if name.startswith(TEMPORARY)]


def test_an_index_that_is_out_of_order_is_told_once(made, monkeypatch):
    """Of a thousand reads that fail the report tells one line."""
    opened = Index(made / "cache", "scope")
    opened.problems += ["the index cannot be read (disk I/O error)"] * 1000
    opened.close()
    monkeypatch.setattr("creevey_graph.look.Index", lambda *_: opened)

    report = reference.run_reference(made, by=3)

    assert ["cache: the index cannot be read (disk I/O error)"] == report.notices
