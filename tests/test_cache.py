"""The cache: safe to read whatever stands in it, never the cause of a wrong result, never needed."""

import ast
import os
import pickle
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from witness import Witness, age, outputs_of

import creevey_graph.cache
from creevey_graph import Cache, graph, step
from creevey_graph.cache import FileState, Index, ItemState, Record, encode_state
from creevey_graph.cache import disk as disk_module
from creevey_graph.cache.disk import INLINE_BYTES, SafeDisk, write_value
from creevey_graph.cache.frames import frame, held_digest, unframe
from creevey_graph.cache.records import decode_record, encode_record
from creevey_graph.cache.states import decode_state, sealed, unsealed
from creevey_graph.errors import CacheError, CodecError
from creevey_graph.fingerprint.values import digest_bytes

KEY = "ab" * 32
LARGE = b"large" * INLINE_BYTES


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "cache") as opened:
        yield opened


def keep(cache, data, key=KEY):
    record = Record(digest_bytes(data), "raw", len(data), 0.5, "shown")
    cache.commit([cache.prepare(key, record, data)])
    return record


def rows_of(cache):
    return sqlite3.connect(cache.folder / "store" / "cache.db")


def change_row(cache, key, **columns):
    """Change columns of a row, as somebody with a database tool would."""
    with closing(rows_of(cache)) as database, database:
        names = ", ".join(f"{name} = ?" for name in columns)
        changed = database.execute(
            f"UPDATE Cache SET {names} WHERE key = ?", (*columns.values(), key)
        ).rowcount
    assert changed == 1
    cache.close()


def value_file(cache, record):
    with closing(rows_of(cache)) as database:
        ((name,),) = database.execute("SELECT filename FROM Cache WHERE key = ?", (record.blob_key,))
    return cache.folder / "store" / name


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


# --- what is planted ---------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"small", LARGE])
def test_what_is_kept_is_read_again(cache, data):
    """A record and its blob come back as they were, small ones from a row and large ones from a file."""
    record = keep(cache, data)

    assert record == cache.lookup(KEY)
    assert data == cache.load(record)
    assert (len(data) >= INLINE_BYTES) == bool(list((cache.folder / "store").rglob("*.val")))


@pytest.mark.parametrize("which", ["record", "blob"])
def test_a_planted_pickle_is_not_executed(cache, tmp_path, which):
    """A row of diskcache's pickle mode is damage: no code runs, it is a miss and counted."""
    record = keep(cache, b"small")
    planted = pickle.dumps(Bomb(tmp_path / "boom"))
    key = f"r{KEY}" if which == "record" else record.blob_key
    change_row(cache, key, mode=4, value=planted)

    found = cache.lookup(KEY) if which == "record" else cache.load(record)

    assert found is None
    assert [key] == cache.damaged
    assert not (tmp_path / "boom").exists()


def test_a_planted_pickled_key_is_not_executed(cache, tmp_path):
    """A row whose key is a pickle (raw=0) runs no code when the cache is listed, cleared or opened."""
    keep(cache, b"small")
    planted = pickle.dumps(Bomb(tmp_path / "boom"))
    with closing(rows_of(cache)) as database, database:
        database.execute(
            "INSERT INTO Cache (key, raw, store_time, mode, value) VALUES (?, 0, 0, 1, ?)", (planted, b"x")
        )
    cache.close()

    cache.info()
    Cache(cache.folder).clear()

    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("name", ["../victim.txt", "{victim}", "ab/cd/../../../victim.txt", "", "store/../x"])
def test_a_planted_file_name_is_neither_read_nor_deleted(cache, tmp_path, name):
    """A name that is not of our form is damage; healing and storing anew leave the file alone."""
    victim = tmp_path / "cache" / "victim.txt"
    victim.write_bytes(frame("raw", digest_bytes(LARGE), LARGE))
    record = keep(cache, LARGE)
    change_row(cache, record.blob_key, filename=name.format(victim=victim))

    assert cache.load(record) is None
    cache.heal(cache.take_troubles()[0])
    keep(cache, LARGE)

    assert victim.exists()
    assert LARGE == cache.load(record)


def test_a_planted_file_name_does_not_undo_a_commit(cache, tmp_path):
    """A record's row that names a file is replaced, and what is committed with it is kept."""
    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    keep(cache, b"small")
    change_row(cache, f"r{KEY}", filename="../../victim.txt")

    other = keep(cache, b"other")

    assert other == cache.lookup(KEY)
    assert b"other" == cache.load(other)
    assert victim.exists()
    assert [] == cache.problems


def replaced_by_link(path, folder):
    secret = folder / "secret"
    secret.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(secret)


def replaced_by_pipe(path, _):
    path.unlink()
    os.mkfifo(path)


def replaced_by_folder(path, _):
    path.unlink()
    path.mkdir()


def removed(path, _):
    path.unlink()


def cut(path, _):
    os.truncate(path, path.stat().st_size - 1)


def emptied(path, _):
    os.truncate(path, 0)


def lengthened(path, _):
    with path.open("ab") as file:
        file.write(b"!")


def bit_flipped(path, _):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def another_value(path, _):
    path.write_bytes(frame("raw", digest_bytes(b"other"), b"other"))


DAMAGES = [
    replaced_by_link,
    replaced_by_pipe,
    replaced_by_folder,
    removed,
    cut,
    emptied,
    lengthened,
    bit_flipped,
    another_value,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_value_file_is_a_miss_that_is_counted_and_healed(cache, tmp_path, damage):
    """Nothing hangs, links are not followed, and once the value is kept again it is read again."""
    record = keep(cache, LARGE)
    damage(value_file(cache, record), tmp_path)

    assert cache.load(record) is None
    damaged, _ = cache.take_troubles()
    assert (record.blob_key,) == damaged

    cache.heal(damaged)
    keep(cache, LARGE)
    assert LARGE == cache.load(record)


def test_healing_leaves_alone_what_was_healed_meanwhile(cache):
    """Two items that found one blob damaged: the second does not remove what the first put there."""
    record = keep(cache, LARGE)

    cache.heal([record.blob_key, f"r{KEY}"])

    assert LARGE == cache.load(record)
    assert record == cache.lookup(KEY)


def test_damage_is_told_by_the_thread_that_found_it(cache, tmp_path):
    """An item's result tells of the damage it met: told by another's, its new value would be thrown away."""
    record = keep(cache, LARGE)
    removed(value_file(cache, record), tmp_path)
    told = []

    def find():
        cache.load(record)
        told.append(cache.take_troubles()[0])

    for _ in range(2):
        thread = threading.Thread(target=lambda: cache.load(record))
        thread.start()
        thread.join()
    find()

    assert [(record.blob_key,)] == told


def test_the_disk_refuses_everything_but_bytes_under_our_keys(cache):
    """Keys of another form, values of another type and diskcache's file handles are refused."""
    disk = SafeDisk(str(cache.folder / "store"))
    for key in ("x", f"b{'A' * 64}", 5, b"b", ("b",)):
        with pytest.raises(ValueError, match="key"):
            disk.put(key)
    with pytest.raises(ValueError, match="pickled"):
        disk.get(f"b{KEY}", False)
    for value in ("text", 5, None, bytearray(b"x")):
        with pytest.raises(TypeError, match="only bytes"):
            disk.store(value, False, f"b{KEY}")
    for mode in (3, 4, 0, None, "2"):
        with pytest.raises(ValueError, match="only bytes"):
            disk.fetch(mode, None, None, False)


def test_nothing_in_the_cache_imports_a_pickler():
    """No module below cache/ names pickle, and each module of the package that may is known."""
    folder = Path(creevey_graph.cache.__file__).parent
    for path in sorted(folder.glob("*.py")):
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
        assert not names & {"pickle", "cloudpickle", "marshal", "shelve", "dill", "joblib"}, path


# --- frames and records ------------------------------------------------------------------------


@given(codec=st.text("abcxyz", min_size=1, max_size=9), payload=st.binary(max_size=60))
def test_a_frame_gives_back_what_was_framed(codec, payload):
    """Codec, payload and digest come out as they went in."""
    digest = digest_bytes(payload)

    assert (codec, payload) == unframe(frame(codec, digest, payload), digest)
    assert digest == held_digest(frame(codec, digest, payload))


@settings(max_examples=400)
@given(payload=st.binary(max_size=60), data=st.data())
def test_any_change_of_a_frame_is_found(payload, data):
    """A byte changed, bytes cut off anywhere or added, at any place, head and codec included: an error."""
    digest = digest_bytes(payload)
    whole = frame("raw", digest, payload)
    place = data.draw(st.integers(0, len(whole) - 1), label="place")
    kind = data.draw(st.sampled_from(["flip", "cut", "drop", "insert", "append"]), label="kind")
    if kind == "flip":
        bit = data.draw(st.integers(1, 255), label="bits")
        changed = whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]
    elif kind == "cut":
        changed = whole[:place]
    elif kind == "drop":
        changed = whole[:place] + whole[place + 1 :]
    else:
        extra = data.draw(st.binary(min_size=1, max_size=3), label="extra")
        changed = whole[:place] + extra + whole[place:] if kind == "insert" else whole + extra

    if changed != whole:
        with pytest.raises(CodecError):
            unframe(changed, digest)


def test_a_frame_of_another_value_is_refused():
    """A whole frame under another value's name is no hit."""
    with pytest.raises(CodecError, match="another value"):
        unframe(frame("raw", digest_bytes(b"a"), b"a"), digest_bytes(b"b"))


@settings(max_examples=200)
@given(data=st.data())
def test_any_change_of_a_record_is_found(data):
    """A record is framed too, so that a flipped bit changes no number a report shows."""
    record = Record("cd" * 32, "tree", 5, 0.25, {"brightness": 127.5})
    whole = encode_record(KEY, record)
    place = data.draw(st.integers(0, len(whole) - 1))
    bit = 1 << data.draw(st.integers(0, 7))

    assert record == decode_record(KEY, whole)
    with pytest.raises(CodecError):
        decode_record(KEY, whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
    with pytest.raises(CodecError):
        decode_record("ef" * 32, whole)


@settings(max_examples=200)
@given(data=st.data())
def test_any_change_of_an_index_row_is_found(data):
    """A state of the index with a changed character, or under another key, is as good as none."""
    seen = FileState("a.jpg", 1, 2, 3, 4, "cd" * 32, 5)
    state = ItemState("graph", "values", (seen,), (seen,), fields={"n": 1.5}, leftovers=(seen,))
    kept = sealed("a", encode_state(state))
    place = data.draw(st.integers(0, len(kept) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != kept[place]))

    assert state == unsealed("a", kept) == decode_state(encode_state(state))
    assert unsealed("a", kept[:place] + other + kept[place + 1 :]) is None
    assert unsealed("b", kept) is None


# --- folder and settings -----------------------------------------------------------------------


def test_the_folder_is_private_and_says_what_it_is(cache):
    """0700 throughout, ignored by git, tagged for backup programs."""
    keep(cache, LARGE)

    assert 0o700 == stat.S_IMODE(cache.folder.stat().st_mode)
    assert 0o700 == stat.S_IMODE((cache.folder / "store").stat().st_mode)
    assert "*\n" == (cache.folder / ".gitignore").read_text()
    assert (
        (cache.folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    )
    (file,) = (cache.folder / "store").rglob("*.val")
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_nothing_is_ever_evicted(cache):
    """Diskcache's own limits are off in the database itself, also where another opener left others."""
    wanted = {"eviction_policy": "none", "cull_limit": 0, "size_limit": 2**62, "statistics": 0}
    for _ in range(2):
        with closing(rows_of(cache)) as database:
            told = dict(database.execute("SELECT key, value FROM Settings"))
            assert wanted == {name: told[name] for name in wanted}
        with closing(rows_of(cache)) as database, database:
            database.execute("UPDATE Settings SET value = 1000 WHERE key = 'size_limit'")
        cache.close()
        Cache(cache.folder)


def test_the_wait_for_a_lock_is_bounded(cache):
    """A peer that holds the database costs a few seconds once, and the run goes on without writing."""
    assert cache._store.timeout <= 5


def test_after_three_failed_commits_nothing_more_is_tried(cache, monkeypatch):
    """A full disk or a hung peer is told once and costs no wait for every chunk; no file is left."""
    tries = []

    def refuse(**_):
        tries.append(1)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(cache._store, "transact", refuse)
    for _ in range(6):
        keep(cache, LARGE)

    assert len(tries) == 3
    assert ["OperationalError: database or disk is full"] * 3 + [
        "nothing more is written to it in this run"
    ] == cache.problems
    assert not list((cache.folder / "store").rglob("*.val"))


def test_a_folder_others_may_write_to_is_refused(tmp_path):
    """A cache that somebody else can change is no cache; the error says how to mend it."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)

    with pytest.raises(CacheError, match="chmod 700"):
        Cache(tmp_path / "cache")


# --- runs on a bad cache -----------------------------------------------------------------------


@step
def spell(number: int, *, times: int = 20_000) -> bytes:
    return f"{number} ".encode() * times


@step(writes="path")
def save(data: bytes, path: Path) -> Path:
    path.write_bytes(data)
    return path


@step
def length(data: bytes) -> int:
    return len(data)


@graph
def spelling(number: int):
    data = spell(number)
    return {"file": save(data, "{key}.txt"), "length": length(data)}


ROWS = [{"number": number} for number in range(5)]
FIELDS = [{"file": f"{n}.txt", "length": 20_000 * len(f"{n} ")} for n in range(5)]
BYTES = {f"{n}.txt": f"{n} ".encode() * 20_000 for n in range(5)}


def run(tmp_path, cache=None, **options):
    options.setdefault("executor", "serial")
    options.setdefault("out", tmp_path / "out")
    return spelling.run(ROWS, cache=cache or tmp_path / "cache", progress=False, **options)


def check_right(report, tmp_path):
    """Check that rows and outputs are those of a run without a cache."""
    assert [] == [row.error for row in report.failed]
    assert FIELDS == [dict(row.fields) for row in report.rows]
    assert BYTES == outputs_of(tmp_path / "out")


def lose_outputs(tmp_path):
    for path in (tmp_path / "out").iterdir():
        path.unlink()


@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
@pytest.mark.parametrize("damage", [removed, bit_flipped, cut])
def test_damage_is_counted_and_healed_in_the_same_run(tmp_path, damage, executor):
    """Every value file damaged: outputs are right, the report counts them, the next run restores from the cache."""
    run(tmp_path)
    files = list((tmp_path / "cache" / "store").rglob("*.val"))
    for path in files:
        damage(path, tmp_path)
    lose_outputs(tmp_path)

    report = run(tmp_path, executor=executor, jobs=2)
    check_right(report, tmp_path)
    assert len(files) == report.damaged == 5
    lose_outputs(tmp_path)
    again = run(tmp_path)

    check_right(again, tmp_path)
    assert again.damaged == 0
    assert not again.executed
    assert again.counts["restored"] == 5


def test_a_damaged_record_is_counted_and_healed(tmp_path):
    """Records of nonsense are misses; numbers in the report are right and the next run trusts them again."""
    run(tmp_path)
    with closing(sqlite3.connect(tmp_path / "cache" / "store" / "cache.db")) as database, database:
        database.execute("UPDATE Cache SET value = ? WHERE key LIKE 'r%'", (b"[1,2]",))
    (tmp_path / "cache" / "index.db").unlink()

    report = run(tmp_path)

    check_right(report, tmp_path)
    assert report.damaged > 0
    assert not run(tmp_path).executed


def garbage(path):
    path.write_bytes(os.urandom(5000))


def halved(path):
    os.truncate(path, path.stat().st_size // 2)


def zeroed(path):
    path.write_bytes(b"\0" * path.stat().st_size)


def deleted(path):
    path.unlink()


def middle_lost(path):
    data = bytearray(path.read_bytes())
    data[1024:] = os.urandom(len(data) - 1024)
    path.write_bytes(data)


def drop_logs(path):
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["store/cache.db", "index.db"])
@pytest.mark.parametrize("damage", [garbage, halved, zeroed, deleted, middle_lost])
def test_a_damaged_database_costs_time_and_nothing_else(tmp_path, name, damage):
    """Whatever befalls a database, the run is right, and after at most one more run the cache works again."""
    run(tmp_path)
    path = tmp_path / "cache" / name
    drop_logs(path)
    damage(path)

    check_right(run(tmp_path), tmp_path)
    check_right(run(tmp_path), tmp_path)
    report = run(tmp_path)

    check_right(report, tmp_path)
    assert not report.executed
    assert [] == report.notices


@pytest.mark.parametrize("damage", [garbage, zeroed, deleted, middle_lost])
def test_a_database_that_breaks_during_the_run_costs_time_and_nothing_else(tmp_path, damage):
    """The run goes on and is right; so is the one after it."""

    def sabotage(event):
        if type(event).__name__ == "ItemFinished" and event.index == 1:
            for name in ("store/cache.db", "index.db"):
                damage(tmp_path / "cache" / name)

    check_right(run(tmp_path, listeners=[sabotage]), tmp_path)
    check_right(run(tmp_path), tmp_path)


def test_a_cache_folder_deleted_during_the_run_costs_nothing_but_itself(tmp_path):
    """Rm -rf of the whole folder in mid-run: all items are done, and it is told."""
    import shutil

    def sabotage(event):
        if type(event).__name__ == "ItemFinished" and event.index == 1:
            shutil.rmtree(tmp_path / "cache")

    witness = Witness()
    report = run(tmp_path, listeners=[sabotage, witness])

    assert BYTES == outputs_of(tmp_path / "out")
    assert FIELDS == [dict(witness.rows[index].fields) for index in range(5)]
    assert report.counts["done"] == 5
    check_right(run(tmp_path), tmp_path)


def a_file(folder):
    folder.write_text("no folder")


def foreign(folder):
    folder.mkdir()
    os.chown(folder, 12345, 12345)


def others_may_write(folder):
    folder.mkdir()
    folder.chmod(0o777)


def store_is_a_file(folder):
    folder.mkdir(mode=0o700)
    (folder / "store").write_text("no folder")


@pytest.mark.parametrize("make", [a_file, foreign, others_may_write, store_is_a_file])
def test_a_cache_that_cannot_be_used_is_one_notice(tmp_path, make):
    """The run is right without it, and says once why."""
    if make is foreign and os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    make(tmp_path / "cache")

    for _ in range(2):
        report = run(tmp_path)
        check_right(report, tmp_path)
        assert 1 == len(report.notices)
        assert "running without a cache" in report.notices[0]
        assert {"spell": 5, "save": 5, "length": 5} == dict(report.executed)


def test_a_read_only_place_is_one_notice(tmp_path):
    """Where no folder can be made there is no cache, and the run is right."""
    report = run(tmp_path, cache=Path("/proc/creevey-cache"))

    check_right(report, tmp_path)
    assert 1 == len(report.notices)


def test_the_index_is_only_a_shortcut(tmp_path, monkeypatch):
    """Without it every item is looked at, and nothing is executed."""
    age(monkeypatch)
    first = run(tmp_path)
    (tmp_path / "cache" / "index.db").unlink()

    report = run(tmp_path)

    check_right(report, tmp_path)
    assert not report.executed
    assert [row.fields for row in first.rows] == [row.fields for row in report.rows]


def test_an_index_of_another_version_is_begun_anew(tmp_path):
    """A file of an older layout is no error and no source of states."""
    run(tmp_path)
    with closing(sqlite3.connect(tmp_path / "cache" / "index.db")) as database, database:
        database.execute("PRAGMA user_version = 99")

    report = run(tmp_path)

    check_right(report, tmp_path)
    assert not report.executed


def test_an_index_that_cannot_be_written_is_given_up_after_three_tries(tmp_path):
    """A peer that holds the index costs no five seconds for every chunk."""

    class Locked:
        def __enter__(self):
            raise sqlite3.OperationalError("database is locked")

        def __exit__(self, *_):
            return None

        def close(self):
            return None

    (tmp_path / "cache").mkdir()
    index = Index(tmp_path / "cache", "scope")
    index._connection.close()
    index._connection = Locked()
    for number in range(6):
        index.put([(str(number), "state")])

    assert 3 == len(index.problems)
    index._connection = None


def test_two_runs_in_threads_on_one_cache_are_both_right(tmp_path):
    """Neither run sees a value that is not whole, and a third has nothing to do."""
    reports = {}

    def go(name):
        reports[name] = run(tmp_path / name, cache=tmp_path / "cache", executor="threads", jobs=2)

    workers = [threading.Thread(target=go, args=(name,)) for name in "ab"]
    for name in "ab":
        (tmp_path / name).mkdir()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    for name in "ab":
        check_right(reports[name], tmp_path / name)
        again = run(tmp_path / name, cache=tmp_path / "cache")
        check_right(again, tmp_path / name)
        assert not again.executed


def test_two_runs_in_processes_on_one_cache_are_both_right(tmp_path):
    """Two programs at once on one cache and one output folder end well, and leave nothing to do."""
    script = Path(__file__).with_name("cache_peer.py")
    peers = [
        subprocess.Popen([sys.executable, str(script), str(tmp_path), executor], stderr=subprocess.PIPE)
        for executor in ("threads", "processes")
    ]
    for peer in peers:
        _, errors = peer.communicate(timeout=120)
        assert 0 == peer.returncode, errors.decode()

    report = run(tmp_path)
    check_right(report, tmp_path)
    assert {} == dict(report.executed)


def test_clear_leaves_a_cache_that_works(cache):
    """All records are gone, the count is told, and what is kept next is found."""
    keep(cache, LARGE)

    assert 1 == cache.clear()
    assert cache.lookup(KEY) is None
    record = keep(cache, b"new")
    assert b"new" == cache.load(record)


def test_write_value_leaves_nothing_of_a_write_that_fails(tmp_path, monkeypatch):
    """A value file is there whole or not at all."""
    monkeypatch.setattr(os, "rename", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))

    with pytest.raises(OSError, match="full"):
        write_value(str(tmp_path), f"b{KEY}", b"x" * 100)

    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_value_has_its_name_only_once_it_is_whole(tmp_path, monkeypatch):
    """While it is written nothing stands under a name that a row could point at, and after it exactly one file."""
    seen, write = [], disk_module._write_all

    def watch(file, data):
        write(file, data)
        seen.append(list(tmp_path.rglob("*.val")))

    monkeypatch.setattr(disk_module, "_write_all", watch)
    stored = write_value(str(tmp_path), "b" + "0" * 64, b"first", b"rest")

    assert [[], []] == seen
    assert [tmp_path / stored.filename] == list(tmp_path.rglob("*.val"))
    assert b"firstrest" == (tmp_path / stored.filename).read_bytes()
