"""What trials of full disks, wrong places and stopped peers found broken, each told by itself."""

import errno
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from nursery import call
from places import NOBODY, needs_mounts, read_only_mount, run_there
from reference import draw_photos, run_reference, small_set

from creevey_graph import Cache, UsageError, graph, keeping, step
from creevey_graph.atomic import check_can_write
from creevey_graph.cache import disk, index, index_file, opening, store
from creevey_graph.cache.database import BRIEFLY_S, may_write
from creevey_graph.executors.board import Place
from creevey_graph.exports import destination
from creevey_graph.exports.destination import Destination, Piece

DATABASE = ("store", "cache.db")


@pytest.fixture
def filled(tmp_path):
    """Run the reference graph over a few pictures; return the folder."""
    draw_photos(tmp_path, 4)
    run_reference(tmp_path)
    return tmp_path


def run_into(folder, out, **options):
    """Run the reference graph into another folder, with the same cache."""
    options = {"cache": folder / "cache", "executor": "serial", "progress": False, **options}
    return small_set.run(folder / "photos", out=out, **options)


def no_space(*_arguments, **_options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def held(folder):
    """Return a connection that holds the store's lock, as a peer does that was stopped in a transaction."""
    connection = sqlite3.connect(folder / "cache" / Path(*DATABASE), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return closing(connection)


def test_a_peer_in_a_transaction_holds_no_opening_back(filled, monkeypatch):
    """Opening a cache wrote its settings anew, and tried that for 60 s each; now it only looks at them."""
    monkeypatch.setattr(opening, "TIMEOUT_S", 0.0)
    with held(filled):
        report = run_into(filled, filled / "other")

    assert report.ok
    assert {} == dict(report.executed)


def test_a_lock_is_waited_for_once(filled, monkeypatch):
    """Each commit, measure and damaged entry waited 5 s anew: after the first, waits are brief."""
    monkeypatch.setattr(opening, "TIMEOUT_S", 0.3)
    cache = Cache(filled / "cache")
    with held(filled):
        cache.put_measures({"0" * 64: b"measured"})
        ((briefly_ms,),) = cache._store._sql("PRAGMA busy_timeout").fetchall()

    assert BRIEFLY_S * 1000 == briefly_ms
    assert [opening.BUSY] == cache.problems
    cache.close()


def test_a_lock_of_the_index_is_waited_for_once(filled, monkeypatch):
    """Three tries cost 5 s each, where nobody answers."""
    monkeypatch.setattr(index_file, "TIMEOUT_S", 0.3)
    known = index.Index(filled / "cache", "scope")
    path = filled / "cache" / "index.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as peer:
        peer.execute("BEGIN IMMEDIATE")
        known.put([("item", "state")])
        ((briefly_ms,),) = known._connection.execute("PRAGMA busy_timeout").fetchall()

    assert BRIEFLY_S * 1000 == briefly_ms
    assert [opening.BUSY] == known.problems
    known.close()


class FailsToCommit:
    """A connection that does all but commit."""

    def __init__(self, connection):
        self._connection = connection

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, statement, *values):
        if statement == "COMMIT":
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement, *values)


def test_a_commit_that_fails_lets_go_of_the_lock(filled):
    """On a full disk COMMIT fails: diskcache left the transaction open, and every other run waited for it."""
    cache = Cache(filled / "cache")
    cache._store._local.con = FailsToCommit(cache._store._con)
    cache.commit([])

    assert 1 == len(cache.problems)
    with held(filled):  # raises where the lock is not free
        pass
    cache.close()


@pytest.mark.parametrize("way", ["user", "disk"])
def test_a_cache_that_cannot_be_written_gives_its_hits(tmp_path, way):
    """A run beside a read-only cache went without it; now it reads, says so once, and reports elsewhere."""
    if why := needs_mounts():
        pytest.skip(why)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        photos = draw_photos(folder, 4)
        there = {"user": NOBODY} if way == "user" else {}
        for name in ("cache", "out", "other"):
            (folder / name).mkdir(mode=0o700)
            if there:
                os.chown(folder / name, NOBODY, NOBODY)
        call(run_there, photos, folder / "out", folder / "cache", **there).result()
        before = sorted((folder / "cache").rglob("*"))
        if way == "user":
            for path in (folder / "cache", *before):
                path.chmod(path.stat().st_mode & ~0o222)
            told = call(run_there, photos, folder / "other", folder / "cache", **there).result()
        else:
            with read_only_mount(folder / "cache"):
                told = call(run_there, photos, folder / "other", folder / "cache", **there).result()
        after = sorted((folder / "cache").rglob("*"))

    assert told["ok"]
    assert {} == told["executed"]
    assert 1 == sum("can only be read" in text for text in told["notices"])
    assert before == after


def test_a_cache_that_cannot_be_written_is_given_nothing(filled, monkeypatch):
    """What a run makes beside it is neither encoded nor tried to be written, so that one thing is told."""
    if why := needs_mounts():
        pytest.skip(why)
    monkeypatch.setattr(store, "INLINE_BYTES", 64)
    with read_only_mount(filled / "cache"):
        report = run_reference(filled, by=3)

    assert report.ok
    assert 4 == report.executed["darken"]
    assert ["cache: it can only be read: what is made anew is not kept"] == report.notices


def test_a_limit_on_files_sets_no_good_cache_aside(filled):
    """Under `ulimit -f` SQLite says "disk I/O error": that was taken for damage, and all was made again."""
    told = call(run_there, filled / "photos", filled / "other", filled / "cache", limit_bytes=1000).result()

    assert told["ok"]
    assert not list((filled / "cache").glob("*.bad-*"))
    assert {} == dict(run_into(filled, filled / "third").executed)


def test_a_disk_without_room_is_told_once(filled, monkeypatch):
    """A value's file, its rows and the index told it each in other words, and a step's value "not kept" besides."""
    monkeypatch.setattr(store, "INLINE_BYTES", 64)
    monkeypatch.setattr(store, "write_value", no_space)
    report = run_reference(filled, by=3)

    assert report.ok
    assert [f"cache: {opening.FULL}"] == report.notices


@step
def enlarge(photo: Path) -> list[int]:
    """Give something too large to be kept unasked."""
    return list(photo.read_bytes() * 50)


@graph
def large(photo: Path):
    """Return how large it is."""
    return {"length": enlarge(photo)}


def test_a_value_without_room_is_no_trouble_of_its_step(filled, monkeypatch):
    """Where keeping it was being measured, "its value is not kept (damaged)" was told besides."""
    monkeypatch.setattr(store, "write_value", no_space)
    monkeypatch.setattr(keeping, "could_pay", lambda *_: True)
    report = large.run(filled / "photos", cache=filled / "cache", executor="serial", progress=False)

    assert report.ok
    assert [f"cache: {opening.FULL}"] == report.notices


def test_a_run_goes_on_where_no_report_can_be_kept(filled, monkeypatch):
    """Without a cache and without a place for temporary files the run ended with FileNotFoundError."""
    monkeypatch.setattr(tempfile, "mkdtemp", no_space)
    report = run_reference(filled, cache=False)

    assert report.ok
    assert 4 == len(list(report.rows))
    assert ["the report file is incomplete: it cannot be written"] == report.notices


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the system has no memory without a name")
def test_processes_need_no_temporary_files(filled, monkeypatch):
    """What workers have in hand was noted in $TMPDIR: once that was full, the whole run failed."""
    monkeypatch.setattr(tempfile, "mkdtemp", no_space)
    monkeypatch.setattr(tempfile, "mkstemp", no_space)

    assert run_reference(filled, executor="processes", by=3).ok


def test_where_a_board_is_a_file_its_bytes_are_all_written(tmp_path, monkeypatch):
    """Of a file with holes on a full disk, memory that is mapped would end the process with SIGBUS."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = Place.make(80_000)
    facts = Path(place.where).stat()
    place.remove()

    assert facts.st_blocks * 512 >= facts.st_size == 80_000
    assert not list(tmp_path.iterdir())


def test_a_relative_out_folder_without_a_current_one_is_told(filled, monkeypatch):
    """It was FileNotFoundError without a name."""
    (filled / "gone").mkdir()
    monkeypatch.chdir(filled / "gone")
    (filled / "gone").rmdir()

    with pytest.raises(UsageError, match="out 'out' is relative, and the current folder is not there"):
        run_into(filled, Path("out"))


def test_no_room_for_outputs_is_told_as_such(tmp_path, monkeypatch):
    """Where not even a folder can be made, the remedy was to change rights."""
    monkeypatch.setattr(Path, "mkdir", no_space)

    with pytest.raises(UsageError, match=r"No space left on device.*make room"):
        check_can_write(tmp_path / "out")


def test_an_export_without_room_for_its_index_changes_nothing(tmp_path, monkeypatch):
    """The index was written after the files were moved: a full disk left a new set with a list of the former."""

    def export(text):
        with Destination(tmp_path / "set", "links") as made:
            made.place(Piece("a.txt", text, 1, 3), lambda path: path.write_text(text), lambda _: False)
            made.publish(1)

    export("old")
    before = {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}
    monkeypatch.setattr(destination.json, "dumps", no_space)
    with pytest.raises(OSError, match="No space"):
        export("new")

    assert before == {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}


def test_planted_settings_reach_no_pragma(filled):
    """Of its own, diskcache runs `PRAGMA name = value` for each setting in the database, whoever wrote it there."""
    with closing(sqlite3.connect(filled / "cache" / Path(*DATABASE))) as database, database:
        database.execute("INSERT INTO Settings VALUES ('sqlite_user_version', 77)")
    Cache(filled / "cache").close()

    with closing(sqlite3.connect(filled / "cache" / Path(*DATABASE))) as database:
        assert (0,) == database.execute("PRAGMA user_version").fetchone()


def test_what_is_inline_is_one_figure():
    """The trials lower it in both modules."""
    assert disk.INLINE_BYTES == store.INLINE_BYTES


def test_a_database_that_a_peer_makes_meanwhile_is_no_read_only_one(tmp_path, monkeypatch):
    """Thirty opened a new cache at once; one looked whether it may write as another made the file between its two looks."""
    look = os.access

    def made_meanwhile(path, mode):
        found = look(path, mode)
        (tmp_path / "cache.db").touch()
        return found

    monkeypatch.setattr(os, "access", made_meanwhile)

    assert may_write(str(tmp_path), "cache.db")
    assert may_write(str(tmp_path), "cache.db")


def test_a_problem_that_another_thread_takes_at_once_fails_no_run(filled, monkeypatch):
    """The last of them was read back from a list that workers empty: where one did so in between, the run failed."""
    cache = Cache(filled / "cache")
    monkeypatch.setattr(cache._store, "step_back", lambda _: cache.take_troubles())
    monkeypatch.setattr(store, "put_all", no_space)

    for _ in range(store.FAILED_COMMITS):
        cache.put_measures({"0" * 64: b"1"})

    assert store.FAILED_COMMITS == cache.failed_commits
    cache.close()
