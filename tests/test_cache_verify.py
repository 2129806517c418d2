"""`cache verify`: every kind of damage is found and removed, and exactly that is made again."""

import os
import pickle
import random
import sqlite3
import time
from contextlib import closing

import pytest
from test_cache import (
    DAMAGES,
    KEY,
    LARGE,
    ROWS,
    Bomb,
    bit_flipped,
    change_row,
    check_right,
    garbage,
    keep,
    lose_outputs,
    middle_lost,
    removed,
    rows_of,
    run,
    value_file,
)

import creevey_graph.cache.verify
from creevey_graph import Cache
from creevey_graph.cache import Verified
from creevey_graph.cache.frames import frame
from creevey_graph.cache.rows import delete_if_damaged, find_row
from creevey_graph.fingerprint.values import digest_bytes


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "cache") as opened:
        yield opened


def keys_of(cache):
    with closing(rows_of(cache)) as database:
        return {key for (key,) in database.execute("SELECT key FROM Cache")}


def old(path):
    """Make a file older than what a run may be about to point at."""
    past = time.time() - 2 * creevey_graph.cache.verify.YOUNG_S
    os.utime(path, (past, past), follow_symlinks=False)


def test_a_whole_cache_is_ok_and_left_as_it_is(tmp_path):
    """Everything is read, nothing is changed, and a run has nothing to do."""
    run(tmp_path)
    with Cache(tmp_path / "cache") as cache:
        before = keys_of(cache)
        found = cache.verify()
        facts = cache.info()
        assert (True, 0) == (found.ok, found.damaged)
        assert (facts["blobs"], facts["records"], facts["bytes"]) == (
            found.values,
            found.records,
            found.bytes,
        )
        assert found.values > 0
        assert before == keys_of(cache)
    assert {} == dict(run(tmp_path).executed)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_found_and_exactly_its_value_is_made_again(tmp_path, damage):
    """One of five is damaged: verify removes it, a run that needs all makes one, and then all is whole."""
    run(tmp_path)
    with Cache(tmp_path / "cache") as cache:
        values = cache.info()["blobs"]
        path = sorted((cache.folder / "store").rglob("*.val"))[2]
        damage(path, tmp_path)

        found = cache.verify()

        gone = damage is removed
        assert (int(not gone), int(gone), 0) == (
            found.damaged_values,
            found.missing_files,
            found.damaged_records,
        )
        assert (False, values, 1) == (found.ok, found.values, found.damaged)
        assert 1 <= found.without_value
        again = cache.verify()
        assert (True, values - 1) == (again.ok, again.values)

    lose_outputs(tmp_path)
    report = run(tmp_path)
    check_right(report, tmp_path)
    assert report.damaged == 0
    assert {"spell": 1, "save": 1} == {
        name: count for name, count in report.executed.items() if name != "length"
    }
    with Cache(tmp_path / "cache") as cache:
        assert (values, True, 0) == (cache.info()["blobs"], cache.verify().ok, cache.verify().without_value)


@pytest.mark.parametrize("letter", ["b", "r"])
@pytest.mark.parametrize("seed", range(8))
def test_a_flipped_bit_of_a_row_is_found(cache, letter, seed):
    """Whichever bit of a small value or a record it is."""
    record = keep(cache, b"small")
    key = record.blob_key if letter == "b" else f"r{KEY}"
    chance = random.Random(seed)
    with closing(rows_of(cache)) as database:
        ((data,),) = database.execute("SELECT value FROM Cache WHERE key = ?", (key,))
    flipped = bytearray(data)
    flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    change_row(cache, key, value=bytes(flipped))

    found = cache.verify()

    assert (int(letter == "b"), int(letter == "r"), 1) == (
        found.damaged_values,
        found.damaged_records,
        found.damaged,
    )
    assert key not in keys_of(cache)


def test_two_files_that_were_swapped_are_both_found(cache):
    """Each is whole, and neither is what its row says; no third value is harmed."""
    records = [keep(cache, LARGE + name, key=digest_bytes(name)) for name in (b"a", b"b", b"c")]
    first, second = (value_file(cache, record) for record in records[:2])
    spare = first.with_name("spare")
    first.rename(spare)
    second.rename(first)
    spare.rename(second)

    found = cache.verify()

    assert (2, 0, 2) == (found.damaged_values, found.missing_files, found.without_value)
    assert [None, None] == [cache.load(record) for record in records[:2]]
    assert LARGE + b"c" == cache.load(records[2])


def test_a_row_that_names_another_values_file_takes_nothing_along(cache):
    """It is damage; the value whose file it is stays whole."""
    first, second = (keep(cache, LARGE + name, key=digest_bytes(name)) for name in (b"a", b"b"))
    name = value_file(cache, second).relative_to(cache.folder / "store").as_posix()
    own = value_file(cache, first)
    change_row(cache, first.blob_key, filename=name)
    old(own)

    found = cache.verify()

    assert (1, 0, 1) == (found.damaged_values, found.missing_files, found.stray_files)
    assert LARGE + b"b" == cache.load(second)


@pytest.mark.parametrize(
    "columns",
    [
        {"mode": 4, "value": "bomb"},
        {"mode": 3},
        {"mode": "text"},
        {"value": None},
        {"value": "text"},
        {"value": b""},
        {"value": b"x" * 200_000},
        {"filename": "../../victim.txt", "mode": 2},
        {"filename": "", "mode": 2},
        {"expire_time": 5.0},
    ],
)
@pytest.mark.parametrize("letter", ["b", "r"])
def test_a_planted_row_under_a_key_of_ours_is_removed_and_nothing_of_it_runs(
    cache, tmp_path, columns, letter
):
    """Pickles, other modes and types, names outside, a date of expiry: damage, and the neighbours stay."""
    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    other = keep(cache, LARGE, key="cd" * 32)
    record = keep(cache, b"small")
    key = record.blob_key if letter == "b" else f"r{KEY}"
    if columns.get("value") == "bomb":
        columns = {**columns, "value": pickle.dumps(Bomb(tmp_path / "boom"))}
    change_row(cache, key, **columns)

    found = cache.verify()

    assert (False, 1) == (found.ok, found.damaged)
    assert key not in keys_of(cache)
    assert not (tmp_path / "boom").exists()
    assert "keep me" == victim.read_text()
    assert LARGE == cache.load(other)


def test_a_value_under_another_ones_key_is_found(cache):
    """A whole frame that its key does not stand for."""
    record = keep(cache, b"small")
    change_row(cache, record.blob_key, value=frame("raw", digest_bytes(b"other"), b"other"))

    assert 1 == cache.verify().damaged_values


def test_rows_of_an_unknown_form_are_named_and_left_alone(cache, tmp_path):
    """Also where they would run code or are no text; a letter that others use is no concern of ours."""
    planted = pickle.dumps(Bomb(tmp_path / "boom"))
    keep(cache, LARGE)
    with closing(rows_of(cache)) as database, database:
        database.execute("INSERT INTO Cache (key, raw, mode, value) VALUES (?, 0, 4, ?)", (planted, planted))
        database.execute("INSERT INTO Cache (key, raw, mode, value) VALUES ('odd key', 1, 1, 'x')")
        database.execute("INSERT INTO Cache (key, raw, value) VALUES (CAST(x'ff41' AS TEXT), 1, x'00')")
        database.execute("INSERT INTO Cache (key, raw, value) VALUES (?, 1, x'00')", (f"m{KEY}",))
        for number in range(40):
            database.execute("INSERT INTO Cache (key, raw, value) VALUES (?, 1, x'00')", (number,))
    before = keys_count(cache)

    found = cache.verify()

    assert (True, 43, 1) == (found.ok, found.unknown_rows, found.other_rows)
    assert "odd key" in found.unknown
    assert 20 == len(found.unknown)
    assert before == keys_count(cache)
    assert not (tmp_path / "boom").exists()


def keys_count(cache):
    with closing(rows_of(cache)) as database:
        return database.execute("SELECT count(*) FROM Cache").fetchone()[0]


def test_files_that_no_row_points_at_go_once_they_are_old(cache):
    """Older than an hour they go, unfinished ones too; a younger one may be a run's; other names are not ours."""
    record = keep(cache, LARGE)
    folder = value_file(cache, record).parent
    names = {name: folder / f"{name * 62}-{'1' * 16}.val" for name in "ab"}
    unfinished = folder / f"{'c' * 62}-{'1' * 16}.val.tmp"
    foreign = folder / "mine.val"
    for path in (*names.values(), unfinished, foreign):
        path.write_bytes(b"123")
    for path in (names["a"], unfinished, foreign, value_file(cache, record)):
        old(path)

    found = cache.verify()

    assert (True, 2, 6, 1) == (found.ok, found.stray_files, found.stray_bytes, found.young_strays)
    assert [False, True, False, True] == [p.exists() for p in (*names.values(), unfinished, foreign)]
    assert LARGE == cache.load(record)


def test_a_value_that_cannot_be_read_is_told_and_left(cache, monkeypatch):
    """A file without the right to read it is no damage; who may read it finds it whole."""
    record = keep(cache, LARGE)
    real = os.open

    def refuse(path, *args, **kwargs):
        if str(path).endswith(".val"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        found = cache.verify()

    assert (False, 1, 0) == (found.ok, found.unreadable, found.damaged)
    assert LARGE == cache.load(record)


def test_a_value_that_a_run_healed_meanwhile_is_left(cache, tmp_path):
    """Between the look and the deletion it was stored anew: the row is looked at again."""
    record = keep(cache, LARGE)
    path = value_file(cache, record)
    bit_flipped(path, tmp_path)
    seen = find_row(cache._store, record.blob_key)
    cache.heal([record.blob_key])
    keep(cache, LARGE)

    assert not delete_if_damaged(cache._store, seen)
    assert LARGE == cache.load(record)


@pytest.mark.parametrize("damage", [garbage, middle_lost])
def test_a_damaged_database_is_set_aside_and_told(tmp_path, damage):
    """Found when it is opened or while it is read; the next run begins anew, and gc removes what was set aside."""
    run(tmp_path)
    path = tmp_path / "cache" / "store" / "cache.db"
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    damage(path)

    with Cache(tmp_path / "cache") as cache:
        told = [*cache.take_troubles()[1], cache.verify().problem]
    assert any("set aside as store.bad-" in text for text in told)

    lose_outputs(tmp_path)
    check_right(run(tmp_path), tmp_path)
    with Cache(tmp_path / "cache") as cache:
        assert cache.verify().ok
        assert cache.gc().stray_files >= 1
        assert [] == list(cache.folder.glob("store.bad-*"))


def test_a_database_that_breaks_while_it_is_read_is_set_aside(cache, monkeypatch):
    """The problem is told once, and the cache works on, empty."""
    keep(cache, LARGE)

    def broken(*_):
        raise sqlite3.DatabaseError("database disk image is malformed")

    with monkeypatch.context() as patched:
        patched.setattr("creevey_graph.cache.care.verify", broken)
        found = cache.verify()

    assert found.problem.startswith("the cache's database is damaged; set aside as store.bad-")
    assert not found.ok
    record = keep(cache, LARGE)
    assert LARGE == cache.load(record)


def test_many_damages_among_many_values_are_all_found(cache, tmp_path):
    """More rows than a page holds: each damaged one goes, each whole one stays."""
    records = [
        keep(cache, b"%d " % n * (9000 if n % 50 == 0 else 5), key=digest_bytes(b"%d" % n))
        for n in range(700)
    ]
    broken = random.Random(1).sample(range(700), 90)
    for number in broken:
        if number % 50 == 0:
            bit_flipped(value_file(cache, records[number]), tmp_path)
        else:
            change_row(cache, records[number].blob_key, value=b"nonsense")

    found = cache.verify()

    assert Verified(700, found.bytes, 700, damaged_values=90, without_value=90) == found
    left = [cache.load(record) is not None for record in records]
    assert [number not in broken for number in range(700)] == left


def test_a_run_after_verify_is_told_of_no_damage(tmp_path):
    """Every value damaged and healed by verify: the run makes all anew and counts none."""
    run(tmp_path)
    for path in (tmp_path / "cache" / "store").rglob("*.val"):
        bit_flipped(path, tmp_path)
    with Cache(tmp_path / "cache") as cache:
        assert len(ROWS) == cache.verify().damaged
    lose_outputs(tmp_path)

    report = run(tmp_path)

    check_right(report, tmp_path)
    assert report.damaged == 0
