"""What somebody plants in a cache's folder runs nothing, and leads to nothing outside it; nor does what broke by itself."""

import json
import os
import pickle
import sqlite3
import zlib
from contextlib import closing

import pytest
from damage_bed import VICTIM, kept_set, make_bed, settled, without_override

from creevey_graph import Cache
from creevey_graph.cache import Index, Record, blocks, decode_state
from creevey_graph.cache.accepted import read_accepted
from creevey_graph.cache.frames import frame
from creevey_graph.cache.records import decode_record
from creevey_graph.cache.states import sealed
from creevey_graph.errors import CacheError, CodecError
from creevey_graph.freeze import freeze
from creevey_graph.ledger import decode_notes
from creevey_graph.look import scope_of

STORE, INDEX = "store/cache.db", "index.db"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with settled():
        yield make_bed(tmp_path_factory.mktemp("bed"))


@pytest.fixture
def bed(made):
    made.renew()
    return made


def changed(bed, name, *statements):
    with closing(sqlite3.connect(bed.cache / name)) as database, database:
        for statement, *values in statements:
            database.execute(statement, values)


def check_harmless(bed, notices=1, **options):
    """Check that a run is right, that the next has nothing to do, and that nothing outside was touched."""
    report = bed.run(**options)
    bed.check(report, notices=notices)
    bed.check_idle()
    bed.check_victims()
    return report


# --- beside the databases ----------------------------------------------------------------------


def journal_that_names(victim, database):
    """Return a rollback journal that ends with the name of a super-journal, as SQLite writes it."""
    magic, page = bytes.fromhex("d9d505f920a163d7"), 4096
    numbers = (0, 0, database.stat().st_size // page, 512, page)
    head = magic + b"".join(number.to_bytes(4, "big") for number in numbers)
    name = str(victim).encode()
    tail = (2**30 // page + 1).to_bytes(4, "big") + name
    return head.ljust(512, b"\0") + tail + len(name).to_bytes(4, "big") + sum(name).to_bytes(4, "big") + magic


@pytest.mark.parametrize("name", [STORE, INDEX])
def test_a_planted_journal_deletes_nothing(bed, name):
    """SQLite deletes the file that a rollback journal names as its super-journal: with that, any file could go."""
    database = bed.cache / name
    victim = bed.folder / "victim.txt"
    database.with_name(database.name + "-journal").write_bytes(journal_that_names(victim, database))

    report = check_harmless(bed)

    assert "set aside" in report.notices[0]


def test_the_journal_of_that_test_would_delete_a_file(tmp_path):
    """Opened without looking, the database takes the victim along."""
    (tmp_path / "victim.txt").write_text(VICTIM)
    with closing(sqlite3.connect(tmp_path / "any.db")) as database, database:
        database.execute("CREATE TABLE t (n)")
    journal = journal_that_names(tmp_path / "victim.txt", tmp_path / "any.db")
    (tmp_path / "any.db-journal").write_bytes(journal)

    with closing(sqlite3.connect(tmp_path / "any.db")) as database:
        database.execute("SELECT * FROM t").fetchall()

    assert not (tmp_path / "victim.txt").exists()


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("name", [STORE, INDEX])
def test_a_link_in_place_of_a_databases_file_is_not_followed(bed, name, suffix):
    """SQLite wrote its log over whatever a link in the log's place led to."""
    path = bed.cache / (name + suffix)
    path.unlink(missing_ok=True)
    path.symlink_to(bed.folder / "victim.txt")

    check_harmless(bed)


@pytest.mark.parametrize("name", ["store", "runs"])
def test_a_link_in_place_of_a_folder_is_refused(bed, tmp_path, name):
    """Reports of others would be deleted as old ones of ours; the run goes on without the cache, and says why."""
    elsewhere = tmp_path / "elsewhere"
    (bed.cache / name).rename(elsewhere)
    (bed.cache / name).symlink_to(elsewhere)
    before = {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")}

    with pytest.raises(CacheError, match=f"'{name}' in it must be a folder of its own"):
        Cache(bed.cache)
    report = bed.run()

    bed.check(report)
    assert "running without a cache" in report.notices[0]
    assert before == {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")}


def test_a_mark_is_not_written_through_a_link(tmp_path):
    """A link that leads nowhere yet, in place of `.gitignore`, made a file wherever it led."""
    (tmp_path / "cache" / "runs").mkdir(parents=True, mode=0o700)
    (tmp_path / "cache").chmod(0o700)
    (tmp_path / "cache" / ".gitignore").symlink_to(tmp_path / "elsewhere")

    Cache(tmp_path / "cache").close()

    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_among_the_reports_fails_no_run(bed, monkeypatch):
    """What is called like a report and cannot be deleted is left where it is."""
    monkeypatch.setattr("creevey_graph.archive.KEPT_REPORTS", 1)
    (bed.cache / "runs" / "00000000.jsonl").mkdir()

    check_harmless(bed, notices=0)


# --- in the store ------------------------------------------------------------------------------


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_pickles_in_every_place_of_the_store_run_nothing(bed):
    """Under keys that are looked up, as keys, as settings: a run, and whoever looks after the cache, reads none."""
    bomb = pickle.dumps(Bomb(bed.folder / "photos" / "boom"))
    changed(
        bed,
        STORE,
        ("UPDATE Cache SET mode = 4, value = ? WHERE rowid % 3 = 0", bomb),
        ("UPDATE Cache SET mode = 3, filename = '../../victim.txt' WHERE rowid % 3 = 1",),
        ("UPDATE Cache SET mode = 2, filename = ? WHERE rowid % 3 = 2", str(bed.folder / "victim.txt")),
        ("INSERT INTO Cache (key, raw, store_time, mode, value) VALUES (?, 0, 0, 4, ?)", bomb, bomb),
        ("INSERT INTO Settings VALUES ('disk_compress', ?)", bomb),
        ("UPDATE Settings SET value = ? WHERE key = 'disk_pickle_protocol'", bomb),
    )
    bed.lose_outputs()
    bed.lose_index()

    with Cache(bed.cache) as cache:
        told = repr(cache.info())
    report = bed.run()
    with Cache(bed.cache) as cache:
        cache.verify()
        cache.gc(older_than_s=10**6)
    bed.check(report)
    bed.check_idle()
    with Cache(bed.cache) as cache:
        cache.gc(0)
        cache.clear()

    assert report.damaged > 0
    assert VICTIM not in told
    assert [] == [path for path in (bed.folder / "photos").iterdir() if path.suffix != ".png"]
    bed.check_victims()


@pytest.mark.parametrize(
    "row",
    [
        ("disk_victim", "x"),
        ("sqlite_user_version", 77),
        ("sqlite_temp_store_directory", "'/'"),
        ("sqlite_no such pragma; --", 1),
        ("directory", "/"),
        ("_sql", "x"),
        ("transact", "x"),
        ("", None),
        (b"sqlite_\xff", 1),
        (b"\x80\x04.", b"\x80\x04."),
        ("sqlite_journal_mode", "delete"),
        ("eviction_policy", "no such policy"),
        ("count", "many"),
        ("size", b"\xff"),
    ],
    ids=repr,
)
def test_rows_of_settings_decide_nothing(bed, row):
    """Diskcache runs pragmas, sets attributes and calls the disk with what it finds there: a run failed of one flipped bit."""
    changed(bed, STORE, ("INSERT OR REPLACE INTO Settings VALUES (?, ?)", *row))
    bed.lose_outputs()

    check_harmless(bed)

    with Cache(bed.cache) as cache:
        assert cache.verify().ok
        assert cache._store.eviction_policy == "none"
    with closing(sqlite3.connect(bed.cache / STORE)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (0,)
    assert [] == list(bed.cache.glob("store.bad-*"))


@pytest.mark.parametrize(
    "row", [("sqlite_user_version", 77), ("disk_victim", "x"), ("transact", "x")], ids=repr
)
def test_rows_of_settings_decide_nothing_where_ours_are_put_right(bed, row):
    """A database whose settings are not ours is opened as diskcache does it, which heeds whatever rows there are."""
    changed(bed, STORE, ("INSERT OR REPLACE INTO Settings VALUES (?, ?)", *row))
    changed(bed, STORE, ("UPDATE Settings SET value = 7 WHERE key = ?", "cull_limit"))
    bed.lose_outputs()

    check_harmless(bed)

    with Cache(bed.cache) as cache:
        assert cache._store.cull_limit == 0
        assert callable(cache._store.transact)
    with closing(sqlite3.connect(bed.cache / STORE)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (0,)
    assert [] == list(bed.cache.glob("store.bad-*"))


def test_a_database_whose_text_is_none_is_healed(bed):
    """A name that is no UTF-8 was a problem that every run had anew, and nothing could be stored beside it."""
    changed(bed, STORE, ("UPDATE Cache SET mode = 2, filename = CAST(x'fffe' AS TEXT) WHERE key LIKE 'b%'",))
    bed.lose_outputs()
    bed.lose_index()

    report = check_harmless(bed, notices=0)

    assert report.damaged > 0
    bed.check_healed()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are another matter there")
def test_a_value_that_may_not_be_read_is_made_again_once(bed):
    """Diskcache took it for a miss, the value that was made for a second copy: every run made it again."""
    for path in (bed.cache / "store").glob("*/*.val"):
        path.chmod(0)
    changed(bed, STORE, ("DELETE FROM Cache WHERE key LIKE 'b%' AND filename IS NULL",))
    bed.lose_outputs()
    bed.lose_index()

    with without_override():
        report = check_harmless(bed, notices=0)
        bed.check_healed()

    assert len(bed.expected) == report.damaged


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_damage_that_the_coordinator_finds_is_counted_and_healed(bed, executor):
    """What keeping values takes is read there too: it was neither, where workers stood beside it."""
    changed(bed, STORE, ("UPDATE Cache SET value = x'00' WHERE key LIKE 'm%'",))
    bed.lose_outputs()

    report = check_harmless(bed, notices=0, executor=executor, jobs=2)

    assert len(freeze(kept_set).nodes) == report.damaged
    bed.check_healed()


@pytest.mark.parametrize(
    "facts",
    [
        b"[" * 100_000,
        b'["' + b"0" * 64 + b'","raw",Infinity,0,null,0,"",0]',
        b'["' + b"0" * 64 + b'","raw",1,1e999,null,0,"",' + b"9" * 400 + b"]",
        b'{"digest": 1}',
        b"\xff",
    ],
)
def test_a_record_of_any_json_is_damage(facts):
    """Whole in its frame, and yet none of ours: an error that look-ups know, and no other."""
    with pytest.raises(CodecError):
        decode_record("0" * 64, frame("record", "0" * 64, facts))


@pytest.mark.parametrize(
    "notes",
    [b"[[[1,1,1,1,Infinity,0]],1]", b"[[[NaN,1,1,1,1,0]],1]", b"[" * 100_000, b"[[],-1]", b"[[],Infinity]"],
)
def test_notes_of_any_json_are_none(notes):
    """What keeping takes is measured anew."""
    assert ((), None) == decode_notes(notes)


def test_values_of_another_format_are_made_again_and_told_once(bed):
    """An upgrade, or going back, is no silent loss of what the other version had kept."""
    with closing(sqlite3.connect(bed.cache / STORE)) as database, database:
        for key, value in database.execute("SELECT key, value FROM Cache WHERE key LIKE 'r%'").fetchall():
            other = value[:4] + b"\x03" + value[5:]
            database.execute("UPDATE Cache SET value = ? WHERE key = ?", (other, key))
    bed.lose_outputs()
    bed.lose_index()

    report = check_harmless(bed)

    assert ["cache: values in a format of another version of creevey_graph are made again"] == report.notices
    bed.check_healed()


# --- in the index ------------------------------------------------------------------------------


def states_of(bed):
    index = Index(bed.cache, scope_of(kept_set.name, bed.out, freeze(kept_set).home))
    try:
        return index.scope, index.load()
    finally:
        index.close()


OUTSIDE = [
    "../victim.txt",
    "{victim}",
    "a/../../victim.txt",
    "/etc/passwd",
    "nul\0.png",
    "..",
    7,
    None,
    ["x"],
]


@pytest.mark.parametrize("place", [2, 3, 8], ids=["sources", "outputs", "leftovers"])
@pytest.mark.parametrize("path", OUTSIDE, ids=repr)
def test_paths_in_the_index_lead_nowhere(bed, path, place):
    """States of items that are there, and of one that is gone, name files outside: none is read into a row, or pruned."""
    victim = bed.folder / "victim.txt"
    facts = victim.stat()
    path = path.format(victim=victim) if isinstance(path, str) else path
    digest = json.loads(next(iter(states_of(bed)[1].values())))[3][0][5]
    named = [path, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino, digest, 2**62]
    scope, states = states_of(bed)
    for key, text in [*states.items(), ("gone.png", next(iter(states.values())))]:
        parts = json.loads(text)
        parts[place] = [named]
        if key == "gone.png":
            parts[2] = []
        kept = sealed(key, json.dumps(parts))
        changed(bed, INDEX, ("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", scope, key.encode(), kept))

    check_harmless(bed, notices=0, prune=True)


@pytest.mark.parametrize(
    "state",
    [
        "[",
        "[1]",
        "[" * 100_000,
        "{}",
        "null",
        json.dumps([1] * 11),
        json.dumps(["g", "v", *[[[1]]] * 2, *"abcdefg"]),
    ],
    ids=lambda text: text[:20],
)
def test_states_of_any_json_are_none(bed, state):
    """Sealed by whoever wrote them, and of no form of ours: items are looked at closely, and the index works on."""
    scope, states = states_of(bed)
    for key in (*states, "gone"):
        kept = sealed(key, state)
        changed(bed, INDEX, ("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", scope, key.encode(), kept))

    assert decode_state(state) is None
    check_harmless(bed, notices=0)


def block_of(bed, **head):
    """Change the one block's head, and its check-sum with it."""
    with closing(sqlite3.connect(bed.cache / INDEX)) as database, database:
        query = "SELECT head, looks, rows, checks FROM blocks"
        old, looks, rows, checks = database.execute(query).fetchone()
        head = json.dumps(json.loads(old) | head).encode()
        check = zlib.crc32(rows, zlib.crc32(looks, zlib.crc32(head)))
        checks = check.to_bytes(4, "little") + checks[4:]
        database.execute("UPDATE blocks SET head = ?, checks = ?", (head, checks))


@pytest.mark.parametrize(
    "head",
    [
        {"counts": 2**45},
        {"has_file": 2**45},
        {"keys": 7},
        {"keys": [1, 2, 3, 4]},
        {"outputs": [None] * 4},
        {"outputs": ["../victim.txt"] * 4},
        {"outputs": []},
        {"skipped": "x"},
        {"others": [[]]},
        {"values": ["x"]},
    ],
    ids=repr,
)
def test_columns_of_any_json_are_none(bed, head):
    """A number where bytes belong was an order for as much memory."""
    block_of(bed, **head)

    check_harmless(bed, notices=0)


def test_a_block_unpacks_to_no_more_than_it_may(monkeypatch):
    """A few bytes of zlib may stand for a thousand times as many."""
    monkeypatch.setattr(blocks, "MOST_BYTES", 10_000)
    bomb = zlib.compress(bytes(10_001))

    with pytest.raises(ValueError, match="too much"):
        blocks.unpacked(bomb)
    assert blocks.unpack_states(bomb, bytes(4) + zlib.crc32(bomb).to_bytes(4, "little")) is None


@pytest.mark.parametrize(
    "text",
    ["[]", "[" * 100_000, '{"darken": 1}', '{"darken": {"code": [], "parts": {}, "depends": {}}}', "\0"],
)
@pytest.mark.parametrize("is_sealed", [True, False])
def test_what_a_graph_was_made_of_is_checked(bed, text, is_sealed):
    """It is told as a reason, and `accept` lets it stand for code: what is no ingredients is as good as none."""
    former = "f" * 64
    kept = sealed(former, text) if is_sealed else text
    changed(bed, INDEX, ("UPDATE graphs SET graph_key = ?, ingredients = ?", former, kept))
    scope, states = states_of(bed)
    for key, state in states.items():
        kept = sealed(key, json.dumps([former, *json.loads(state)[1:]]))
        changed(bed, INDEX, ("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", scope, key.encode(), kept))
    bed.lose_outputs()

    report = check_harmless(bed, notices=0)

    assert {"code changed"} == {row.reason for row in report.rows}


@pytest.mark.parametrize(
    "folders", ["5", "[1, 2]", '[["a"]]', '[["\\u0000"], ["\\u0000"]]', "[[1], [2]]", "{}"]
)
def test_folders_that_were_checked_are_checked_again(bed, folders):
    """Text of any other form is as good as none."""
    changed(bed, INDEX, ("UPDATE checked SET folders = ?", folders))

    check_harmless(bed, notices=0)


def test_an_index_of_a_newer_version_is_set_aside_whole(bed):
    """Going back to an older version emptied it without a word; now it is there to come back to."""
    changed(bed, INDEX, ("PRAGMA user_version = 99",))

    report = check_harmless(bed)

    assert "the index is of a newer version; set aside" in report.notices[0]
    (aside,) = bed.cache.glob("index.db.bad-*")
    with closing(sqlite3.connect(aside)) as database:
        assert database.execute("SELECT count(*) FROM blocks").fetchone() == (1,)


def test_gc_goes_on_beside_an_index_that_is_damaged(bed):
    """It failed once all else was done; the next run sets the index aside, and the gc after it removes that."""
    (bed.cache / INDEX).write_bytes(b"no index" * 1000)

    with Cache(bed.cache) as cache:
        assert cache.gc(older_than_s=10**6).values == 0
    check_harmless(bed)
    with Cache(bed.cache) as cache:
        cache.gc(older_than_s=10**6)

    assert [] == list(bed.cache.glob("*.bad-*"))


# --- accepted edits ----------------------------------------------------------------------------


def a_pipe(path):
    os.mkfifo(path)


def a_folder(path):
    path.mkdir()


def endless(path):
    path.symlink_to("/dev/zero")


def nested(path):
    path.write_text("[" * 100_000)


def odd(path):
    entry = {"part": "x", "node": "n", "at": 1e999, "made_of": {"parts": {"a": []}, "depends": {}}}
    path.write_text(json.dumps({"version": 1, "accepted": {"p": entry}}))


@pytest.mark.parametrize("make", [a_pipe, a_folder, endless, nested, odd])
def test_what_is_no_list_of_accepted_edits_costs_no_run(bed, make):
    """A pipe in its place was waited for, without an end; each is told, and nothing counts as accepted."""
    make(bed.cache / "accepted.json")

    accepted, problem = read_accepted(bed.cache)
    bed.check(bed.run())

    assert {} == accepted
    assert "nothing counts as accepted" in problem


def test_a_record_is_what_it_says():
    """The helper's facts are those of a record: the tests above would else try nothing."""
    facts = b'["' + b"0" * 64 + b'","raw",1,0.5,null,0,"",0]'

    assert Record("0" * 64, "raw", 1, 0.5) == decode_record("0" * 64, frame("record", "0" * 64, facts))
