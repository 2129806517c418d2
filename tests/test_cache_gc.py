"""`cache gc` and the size of a cache: the least worth goes first, never during a run, never unsaid."""

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_cache import check_right, lose_outputs, rows_of, run, value_file
from witness import outputs_of

import creevey_graph.cache.lock
from creevey_graph import Cache, UsageError, graph, step
from creevey_graph.cache import Lock, Record
from creevey_graph.cache.records import encode_record
from creevey_graph.cache.strays import value_files
from creevey_graph.choices import chosen_size
from creevey_graph.errors import CacheError
from creevey_graph.fingerprint.values import digest_bytes
from creevey_graph.sizes import parse_age, parse_size

DAY_S = 86_400


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "cache") as opened:
        yield opened


def put(cache, name, size_bytes, saves_s, *, key=None, step="make"):
    """Keep a value of this size; return its record and key."""
    data = (name.encode() * size_bytes)[:size_bytes]
    record = Record(digest_bytes(data), "raw", len(data), saves_s, saves_s=saves_s, step=step)
    key = key or digest_bytes(f"key of {name}".encode())
    cache.commit([cache.prepare(key, record, data)])
    return key, record


def store_at(cache, name, stored):
    """Say when a value, and its record, were stored."""
    key, record = name
    with closing(rows_of(cache)) as database, database:
        database.execute(
            "UPDATE Cache SET store_time = ? WHERE key IN (?, ?)", (stored, f"r{key}", record.blob_key)
        )


def is_there(cache, name):
    key, record = name
    kept = cache.lookup(key)
    assert kept is None or cache.load(kept) is not None, "a record without its value"
    return cache.load(record) is not None


def files_of(cache):
    return {
        path for path in (cache.folder / "store").rglob("*") if path.is_file() and "cache.db" not in path.name
    }


# --- what goes ---------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.tuples(st.integers(1, 60_000), st.sampled_from([0.0, 0.001, 1.0, 2.0, 500.0]), st.integers(0, 3)),
        min_size=1,
        max_size=8,
    ),
    share=st.floats(0, 1.1),
)
def test_what_is_kept_is_worth_more_than_what_is_dropped(tmp_path_factory, values, share):
    """By seconds per byte, the older first of equal ones; what fits is kept, and no more goes than must."""
    with Cache(tmp_path_factory.mktemp("law") / "cache") as cache:
        names = [put(cache, f"{number} ", size, saves) for number, (size, saves, _) in enumerate(values)]
        for name, (_, _, age) in zip(names, values, strict=True):
            store_at(cache, name, 1000.0 - age)
        total = cache.info()["bytes"]
        limit = int(total * share)
        swept = cache.gc(limit)

        assert swept.kept_bytes <= limit or swept.kept_bytes == 0
        assert total == swept.kept_bytes + swept.bytes
        assert cache.info()["bytes"] == swept.kept_bytes

        overhead = (total - sum(size for size, _, _ in values)) / len(values)
        ranks = [(saves / (size + overhead), -age) for size, saves, age in values]
        left = [is_there(cache, name) for name in names]
        dropped = [rank for rank, stays in zip(ranks, left, strict=True) if not stays]
        kept = [rank for rank, stays in zip(ranks, left, strict=True) if stays]
        assert swept.values == len(dropped)
        if dropped and kept:
            assert max(dropped) <= min(kept)
        if dropped:  # the last one had to go
            last = max(size for size, _, _ in values) + overhead
            assert swept.kept_bytes + last > limit


def test_nothing_goes_where_all_fits(cache):
    """A limit that is not reached, and no limit at all, leave every value."""
    names = [put(cache, "a", 50_000, 1.0), put(cache, "b", 10, 0.0)]

    assert 0 == cache.gc().values
    assert 0 == cache.gc(cache.info()["bytes"]).values
    assert [True, True] == [is_there(cache, name) for name in names]


def test_of_equals_the_oldest_goes(cache):
    """Equal seconds and bytes: it is the day that decides, not the order of rows or keys."""
    names = [put(cache, name, 50_000, 1.0) for name in "abcdef"]
    days = [4, 1, 6, 3, 2, 5]
    for name, day in zip(names, days, strict=True):
        store_at(cache, name, day * DAY_S)

    cache.gc(3 * 51_000)

    assert [day > 3 for day in days] == [is_there(cache, name) for name in names]


def test_files_of_values_are_left_where_others_are_missing(cache):
    """Rows whose files are gone, in any place of the order, make no other value's file a stray."""
    names = [put(cache, f"{number} ", 50_000, 1.0) for number in range(6)]
    files = sorted(files_of(cache))
    for path in (*files[:2], *files[3:5]):
        path.unlink()

    assert 0 == cache.gc().stray_files
    assert {files[2], files[5]} == files_of(cache)
    assert 2 == sum(cache.load(record) is not None for _, record in names)


def test_a_value_with_two_records_is_one_value_and_goes_with_both(cache):
    """It counts with the most a record says it saves, once; no record is left that names it."""
    first = put(cache, "twin", 50_000, 2.0, key="aa" * 32)
    second = put(cache, "twin", 50_000, 3.0, key="bb" * 32)
    facts = cache.info()
    assert (2, 1, 3.0) == (facts["records"], facts["blobs"], facts["saves_s"])

    swept = cache.gc(0)

    assert (1, 2, 3.0) == (swept.values, swept.records, swept.seconds)
    assert [None, None] == [cache.lookup(key) for key, _ in (first, second)]
    assert set() == files_of(cache)


def test_what_is_dropped_is_made_again_and_nothing_else(tmp_path):
    """After a gc to nothing and lost outputs a run makes all anew; after it, nothing."""
    run(tmp_path)
    with Cache(tmp_path / "cache") as cache:
        swept = cache.gc(0)
        assert cache.info()["blobs"] == 0
    assert swept.values > 0
    lose_outputs(tmp_path)

    report = run(tmp_path)
    check_right(report, tmp_path)
    assert {"spell": 5, "save": 5, "length": 5} == dict(report.executed)
    assert report.damaged == 0
    assert {} == dict(run(tmp_path).executed)


def test_an_age_drops_what_was_stored_before(cache):
    """The younger ones stay; a value whose record was stored anew counts as young."""
    old, young, again = (put(cache, name, 50_000, 1.0) for name in ("old", "young", "again"))
    for name, days in ((old, 40), (young, 20), (again, 40)):
        store_at(cache, name, time.time() - days * DAY_S)
    put(cache, "again", 50_000, 1.0)

    swept = cache.gc(older_than_s=30 * DAY_S)

    assert (1, [False, True, True]) == (swept.values, [is_there(cache, name) for name in (old, young, again)])


def test_what_was_left_behind_goes(cache, tmp_path):
    """Value files without a row, unfinished ones, databases set aside; not what has another name."""
    kept = put(cache, "kept", 50_000, 1.0)
    store = cache.folder / "store"
    stray = store / "ab" / f"{'e' * 62}-{'1' * 16}.val"
    stray.parent.mkdir(parents=True, exist_ok=True)
    lost = [stray, stray.with_name(stray.name + ".tmp"), cache.folder / "index.db.bad-1"]
    foreign = [store / "ab" / "notes.txt", store / "notes.val", cache.folder / "store-notes"]
    aside = cache.folder / "store.bad-12"
    aside.mkdir()
    (aside / "cache.db").write_bytes(b"x" * 100)
    for path in (*lost, *foreign):
        path.write_bytes(b"x" * 10)
    facts = cache.info()
    assert (2, 20) == (facts["stray_files"], facts["stray_bytes"])

    swept = cache.gc()

    assert (4, 130) == (swept.stray_files, swept.stray_bytes)
    assert not any(path.exists() for path in (*lost, aside))
    assert all(path.exists() for path in foreign)
    assert is_there(cache, kept)
    assert 0 == cache.info()["stray_files"]


def test_a_record_whose_value_is_gone_goes(cache):
    """It claims a value that no look-up finds; a record that claims none stays."""
    gone = put(cache, "gone", 100, 1.0)
    with closing(rows_of(cache)) as database, database:
        database.execute("DELETE FROM Cache WHERE key = ?", (gone[1].blob_key,))
    claims_none = Record("cd" * 32, "raw", 0, 1.0)
    cache._store.set(f"r{'ee' * 32}", encode_record("ee" * 32, claims_none))

    assert 1 == cache.gc().records
    assert cache.lookup(gone[0]) is None
    assert claims_none == cache.lookup("ee" * 32)


def test_a_dry_run_touches_nothing_and_tells_the_same(cache):
    """Also while a run holds the cache."""
    put(cache, "a", 50_000, 1.0)
    put(cache, "b", 50_000, 2.0, step="other")
    before = outputs_of(cache.folder / "store")
    with Lock(cache.folder) as lock:
        assert lock.share()
        told = cache.gc(60_000, dry_run=True)
    names = {name for name in before if not name.startswith("cache.db")}
    assert names == {name for name in outputs_of(cache.folder / "store") if not name.startswith("cache.db")}

    done = cache.gc(60_000)

    assert ("make", 1) == (done.dropped[0].step, done.values)
    assert (told.dropped, told.kept_bytes, told.records) == (done.dropped, done.kept_bytes, done.records)
    assert (True, False) == (told.dry_run, done.dry_run)


def test_the_database_shrinks_when_much_has_gone(cache):
    """The file gives its room back, and what is left is there."""
    kept = put(cache, "kept", 100, 1000.0)
    entries = []
    for number in range(300):
        data = f"{number} ".encode() * 3000
        record = Record(digest_bytes(data), "raw", len(data), 0.0, step="make")
        entries.append(cache.prepare(digest_bytes(b"key" + data), record, data))
    cache.commit(entries)
    cache.close()  # what stands in the log goes to the file
    before = (cache.folder / "store" / "cache.db").stat().st_size

    swept = cache.gc(1000)

    assert swept.shrunk_bytes > 1_000_000
    assert (cache.folder / "store" / "cache.db").stat().st_size < before / 2
    assert is_there(cache, kept)


def test_rows_that_nobody_knows_are_left_alone(cache, tmp_path):
    """Other letters are counted as other, planted rows as unknown; neither is touched, nor what they name."""
    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    rows = [
        (f"m{'ab' * 32}", 1, 1, None, b"marker"),
        (b"\x80pickle", 0, 4, "../../victim.txt", b"x"),
        ("short", 1, 1, None, b"x"),
        (f"b{'cd' * 32}", 1, 2, "../../victim.txt", None),
    ]
    with closing(rows_of(cache)) as database, database:
        for key, raw, mode, name, value in rows:
            database.execute(
                "INSERT INTO Cache (key, raw, store_time, mode, filename, value, size) VALUES (?, ?, 'x', ?, ?, ?, 9)",
                (key, raw, mode, name, value),
            )
        database.execute(
            "INSERT INTO Cache (key, raw, value) VALUES (CAST(x'ff' AS TEXT), 1, CAST(x'ff' AS TEXT))"
        )
        database.execute("INSERT INTO Cache (key, raw, filename) VALUES (7, 1, CAST(x'ff' AS TEXT))")
    other = cache.info()["other"]
    assert {"rows": 1, "bytes": 6, "unknown": 4} == other

    cache.gc(0)

    assert other == cache.info()["other"]
    assert "keep me" == victim.read_text()
    assert 0 == cache.info()["blobs"]


def test_a_planted_name_costs_no_other_value(cache):
    """A row that names another value's file takes nothing along when it goes."""
    first, second = put(cache, "a", 50_000, 0.0), put(cache, "b", 50_000, 1.0)
    name = value_file(cache, second[1]).relative_to(cache.folder / "store").as_posix()
    with closing(rows_of(cache)) as database, database:
        database.execute("UPDATE Cache SET filename = ? WHERE key = ?", (name, first[1].blob_key))

    cache.gc(60_000)

    assert [False, True] == [is_there(cache, each) for each in (first, second)]


def test_a_gc_that_is_killed_midway_costs_nothing_but_another(cache, monkeypatch):
    """Rows go before their files: what is left of a killed gc is files that the next one removes."""
    names = [put(cache, name, 50_000, 1.0) for name in ("a", "b", "c")]

    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(cache._store.disk, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            cache.gc(0)
    assert [False] * 3 == [is_there(cache, name) for name in names]
    assert 3 == len(files_of(cache))
    assert cache.verify().ok

    assert 3 == cache.gc().stray_files
    assert set() == files_of(cache)


def test_info_tells_per_step_the_most_bytes_first(cache):
    """Values, bytes, seconds, and when the first and last were stored."""
    small = put(cache, "a", 100, 1.5, step="mean")
    large, larger = put(cache, "b", 50_000, 2.0, step="trim"), put(cache, "c", 60_000, 0.5, step="trim")
    for name, stored in ((small, 10), (large, 20), (larger, 30)):
        store_at(cache, name, stored)

    facts = cache.info()

    told = [(s["step"], s["values"], s["saves_s"], s["oldest"], s["newest"]) for s in facts["steps"]]
    assert [("trim", 2, 2.5, 20.0, 30.0), ("mean", 1, 1.5, 10.0, 10.0)] == told
    assert (3, 3, 4.0) == (facts["blobs"], facts["records"], facts["saves_s"])
    assert 110_100 < facts["bytes"] == sum(s["bytes"] for s in facts["steps"]) < 110_100 + 3 * 200


# --- the lock ----------------------------------------------------------------------------------


@contextmanager
def peer(tmp_path):
    """Run a second program on the cache, held in mid-run."""
    script = Path(__file__).with_name("gc_peer.py")
    program = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert "running\n" == program.stdout.readline()
        yield program
    finally:
        program.kill()
        program.communicate()


def test_gc_and_clear_wait_for_no_run_and_work_once_it_was_killed(tmp_path):
    """During a run of another program they drop nothing and say so; kill -9 leaves no lock behind."""
    with peer(tmp_path) as program, Cache(tmp_path / "cache") as cache:
        before = cache.info()
        for tidy in (lambda: cache.gc(0), cache.clear):
            with pytest.raises(CacheError, match="a run is using this cache; try again when it ended"):
                tidy()
        assert cache.verify().ok
        assert before["records"] == cache.info()["records"]

        program.send_signal(signal.SIGKILL)
        program.wait()
        cache.gc(0)
        assert 0 == cache.info()["blobs"]
        cache.clear()

    check_right(run(tmp_path), tmp_path)


def test_a_run_beside_another_is_right_and_leaves_the_size_to_the_last(tmp_path):
    """With a size given it tells that it could not keep to it; the other run ends well."""
    with peer(tmp_path) as program:
        (tmp_path / "b").mkdir()
        report = run(tmp_path / "b", cache=tmp_path / "cache", cache_size=0)
        check_right(report, tmp_path / "b")
        assert ["cache: not kept within 0 B: another run is using it"] == report.notices
        program.communicate("\n", timeout=60)
        assert 0 == program.returncode

    again = run(tmp_path / "b", cache=tmp_path / "cache", cache_size=0)
    assert {} == dict(again.executed)
    assert "cache: dropped " in again.notices[0]


def test_a_run_goes_on_beside_a_gc(tmp_path, monkeypatch):
    """It waits a little, tells it, and is right."""
    monkeypatch.setattr("creevey_graph.lease.WAIT_S", 0.0)
    with Cache(tmp_path / "cache") as cache, Lock(cache.folder) as lock:
        assert lock.own()
        report = run(tmp_path)
        with pytest.raises(CacheError, match="`cache gc` or `cache clear` is at work"):
            cache.verify()

    check_right(report, tmp_path)
    assert ["cache: `cache gc` is at work in it; what it takes away is made again"] == report.notices


def test_the_lock_is_shared_by_runs_and_owned_by_one(tmp_path):
    """Two may share it, nobody owns it meanwhile; let go of, it can be owned, and then not be shared."""
    with Lock(tmp_path) as first, Lock(tmp_path) as second, Lock(tmp_path) as third:
        assert (True, True, False) == (first.share(), second.share(), third.own())
        first.release()
        second.release()
        assert (True, False) == (third.own(), Lock(tmp_path).share())


def no_flock(monkeypatch):
    monkeypatch.setattr(creevey_graph.cache.lock, "_LOCKS", None)


def flock_refused(monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)


@pytest.mark.parametrize("lack", [no_flock, flock_refused])
def test_without_locks_a_run_works_and_gc_spares_what_is_young(tmp_path, monkeypatch, lack):
    """Nobody knows who else is there, so nothing younger than an hour goes; the rest does."""
    lack(monkeypatch)
    report = run(tmp_path)
    check_right(report, tmp_path)
    assert [] == report.notices
    with Cache(tmp_path / "cache") as cache:
        old = put(cache, "old", 50_000, 1e6)
        store_at(cache, old, time.time() - 7200)
        store_at(cache, put(cache, "half an hour", 50_000, 0.0), time.time() - 1800)
        young = cache.info()["blobs"] - 1
        folder = cache.folder / "store" / "ab"
        folder.mkdir(parents=True, exist_ok=True)
        strays = [folder / f"{letter * 62}-{'1' * 16}.val" for letter in "ab"]
        for path in strays:
            path.write_bytes(b"x")
        os.utime(strays[0], (1000, 1000))
        swept = cache.gc(0, older_than_s=60)

    assert (1, young) == (swept.values, swept.kept_values)
    assert [False, True] == [path.exists() for path in strays]


def test_a_folder_where_no_lock_can_be_made_fails_no_run(tmp_path):
    """A folder in the lock's place is as good as no lock."""
    (tmp_path / "cache" / "lock").mkdir(parents=True, mode=0o700)
    (tmp_path / "cache").chmod(0o700)
    (tmp_path / "cache" / "CACHEDIR.TAG").write_text("x")

    report = run(tmp_path)

    check_right(report, tmp_path)
    assert [] == report.notices


# --- a size for a run's cache ------------------------------------------------------------------


def test_at_the_end_of_a_run_the_cache_keeps_to_its_size_and_tells_it(tmp_path):
    """The least worth goes, by step in one line; outputs stand, and a rerun has nothing to do."""
    report = run(tmp_path, cache_size="150KB")

    check_right(report, tmp_path)
    (told,) = report.notices
    assert told.startswith("cache: dropped ")
    assert " of spell" in told or " of save" in told
    assert told.endswith("to stay within 150 KB; the next run that needs them makes them again")
    with Cache(tmp_path / "cache") as cache:
        assert 0 < cache.info()["bytes"] <= 150_000
    again = run(tmp_path, cache_size="150KB")
    assert ({}, []) == (dict(again.executed), again.notices)


def test_a_size_that_is_not_reached_is_not_told(tmp_path):
    """No notice, nothing dropped."""
    assert [] == run(tmp_path, cache_size=10**9).notices
    with Cache(tmp_path / "cache") as cache:
        assert 0 < cache.info()["blobs"]


def test_the_size_may_come_from_the_environment(tmp_path, monkeypatch):
    """`CREEVEY_CACHE_SIZE` holds where nothing else is said; an argument goes before it."""
    monkeypatch.setenv("CREEVEY_CACHE_SIZE", "0")
    assert [] == run(tmp_path, cache_size="1GB").notices
    assert "to stay within 0 B" in run(tmp_path).notices[0]
    assert [] == run(tmp_path, cache=False).notices

    monkeypatch.setenv("CREEVEY_CACHE_SIZE", "plenty")
    with pytest.raises(UsageError, match=r"CREEVEY_CACHE_SIZE: a size is .* \(got 'plenty'\)"):
        run(tmp_path)


def test_a_database_that_is_held_costs_the_size_and_not_the_run(tmp_path, monkeypatch):
    """What SQLite raises at the end is told, and the report is there."""

    def refuse(*_, **__):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr("creevey_graph.cache.care.sweep", refuse)
    report = run(tmp_path, cache_size=0)

    check_right(report, tmp_path)
    assert "cache: not kept within 0 B: " in report.notices[0]
    assert "database is locked" in report.notices[0]


# --- sizes and ages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("500MB", 500_000_000),
        ("20 gb", 20 * 10**9),
        ("1.5GiB", 3 * 2**29),
        (".5kb", 500),
        ("7B", 7),
    ],
)
def test_a_size_is_a_number_and_a_unit(text, size):
    """Decimal units count in thousands, binary ones in 1024; case and a space do not matter."""
    assert size == parse_size(text, "here") == chosen_size(text)


@pytest.mark.parametrize(
    "text", ["", "GB", "5", "1000000", "-1GB", "5 apples", "1e3", "nan", "inf", "5 GB extra", "99999999999TB"]
)
def test_what_is_no_size_or_age_is_an_error_that_says_what_is(text):
    """The error names the option, shows examples and what was given."""
    with pytest.raises(UsageError, match=r"--max-size: a size is .*500MB.* \(got"):
        parse_size(text, "--max-size")
    with pytest.raises(UsageError, match=r"--older-than: an age is .*30d.* \(got"):
        parse_age(text, "--older-than")


@pytest.mark.parametrize("size", [-1, 1.5, True, [1]])
def test_a_size_in_python_is_bytes_or_text(size):
    """Anything else is an error before anything runs."""
    with pytest.raises(UsageError, match="cache_size must be bytes from 0"):
        chosen_size(size)


def test_a_bare_number_is_bytes_in_python_alone(monkeypatch):
    """In a text it lacks its unit: '5' was taken for five bytes, and the whole cache dropped."""
    assert 5 == chosen_size(5)
    monkeypatch.setenv("CREEVEY_CACHE_SIZE", "5")
    for size, where in (("5", "cache_size"), (None, "CREEVEY_CACHE_SIZE")):
        with pytest.raises(UsageError, match=rf"{where}: a size is a number and a unit, .* \(got '5'\)"):
            chosen_size(size)


def test_clear_leaves_what_is_not_ours(tmp_path):
    """Files of other names stay, in the folder and among the values; the cache works on."""
    run(tmp_path)
    with Cache(tmp_path / "cache") as cache:
        value = next(iter(files_of(cache)))
        foreign = [cache.folder / "store-notes", cache.folder / "store" / "mine", value.with_name("mine.val")]
        for path in foreign:
            path.write_text("mine")
        elsewhere = tmp_path / "elsewhere" / "cache.db"
        elsewhere.parent.mkdir()
        elsewhere.write_text("mine")
        foreign.append(elsewhere)
        (cache.folder / "store.bad-1").symlink_to(elsewhere.parent)
        assert cache.clear() > 0
        assert all(path.read_text() == "mine" for path in foreign)
        assert [] == list(value_files(str(cache.folder / "store")))
        assert 0 == cache.info()["records"]
    assert (tmp_path / "out" / "0.txt").exists()
    check_right(run(tmp_path), tmp_path)


def test_what_is_made_of_a_value_is_worth_what_both_took_and_a_download_is_worth_ten_seconds(tmp_path):
    """Final files stay before the large values they are made of, and downloads before what took as long here."""

    @step(downloads=True)
    def fetched(number: int) -> bytes:
        return bytes([number]) * 50_000

    @step(cache="always")
    def large(data: bytes) -> list:
        return [data[0]] * 60_000

    @step(writes="path")
    def written(values: list, path: Path) -> Path:
        path.write_text(f"{sum(values)}" * 100)
        return path

    @graph
    def chain(number: int):
        return {"file": written(large(fetched(number)), "{key}.txt")}

    rows = [{"number": number} for number in range(1, 5)]
    options = {"out": tmp_path / "out", "cache": tmp_path / "cache", "executor": "serial", "progress": False}
    chain.run(rows, **options)
    with Cache(tmp_path / "cache") as cache:
        sizes = {part["step"]: part["bytes"] for part in cache.info()["steps"]}
        swept = cache.gc(sizes["written"] + sizes["fetched"])
        assert {"large": 4} == {part.step: part.values for part in swept.dropped}
        cache.gc(sizes["fetched"] + 2000)
        left = {part["step"]: part["values"] for part in cache.info()["steps"]}

    assert 4 <= left["fetched"] + left.get("written", 0)
    assert "large" not in left


def test_items_of_an_output_folder_that_is_gone_are_forgotten(tmp_path):
    """Each folder ever written to would otherwise stay in the index; those that are there stay, and need nothing."""
    for name in ("one", "two"):
        run(tmp_path / name, cache=tmp_path / "cache")
    shutil.rmtree(tmp_path / "one")
    with Cache(tmp_path / "cache") as cache:
        cache.gc()
    with closing(sqlite3.connect(tmp_path / "cache" / "index.db")) as database:
        outs = [out for (out,) in database.execute("SELECT out FROM scopes")]
        scopes = database.execute("SELECT count(DISTINCT scope) FROM blocks").fetchone()[0]

    assert 1 == len(outs) == scopes
    assert "two" in outs[0]
    assert not run(tmp_path / "two", cache=tmp_path / "cache").executed
