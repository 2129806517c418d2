"""Disks that are full, folders that cannot be written to, and places that are not what they should be (R7, R8)."""

import contextlib
import json
import os
import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import attrs
from nursery import call
from places import (
    GRAPH,
    NOBODY,
    PAGE,
    about_cache,
    check_equal,
    check_whole,
    command_there,
    empty,
    give_away,
    needs_mounts,
    read_only_mount,
    run_there,
    small_disk,
)
from reference import draw_photos
from trial import Trial

PHOTOS = 8
FULL = "no space left"


def drawn(seed, folder):
    """Return what draws, and the folder of the pictures."""
    folder.chmod(0o755)
    return random.Random(seed), draw_photos(folder, PHOTOS)


def executor_of(draw):
    return draw.choice(["serial", "threads"])


# --- R7: full disks ----------------------------------------------------------------------------


def try_full_cache(seed, folder):
    """The cache's disk is full at the beginning, or after some item: equal, told once; with room it works again."""
    draw, photos = drawn(seed, folder)
    after = draw.choice([0, draw.randrange(1, PHOTOS), PHOTOS])
    spare = draw.choice([0, PAGE, 5 * PAGE]) if after else 0
    with small_disk(folder / "disk", "size=3m") as disk:
        fills = (str(disk), after, spare)
        told = call(
            run_there, photos, folder / "out", disk / "cache", executor=executor_of(draw), fills=fills
        ).result()
        check_equal(folder, folder / "out", told)
        assert len(about_cache(told)) == 1 or (spare and len(about_cache(told)) <= 1), told["notices"]
        empty(disk)
        check_works_again(folder, photos, folder / "out", disk / "cache")
    return 1


def check_works_again(folder, photos, out, cache):
    """Check that a run is equal without a word, and that one more has nothing to do."""
    for _ in range(2):
        told = call(run_there, photos, out, cache).result()
        check_equal(folder, out, told)
        assert told["notices"] == []
    assert told["executed"] == {}
    check_kept(cache)


def check_kept(cache):
    """Check that no database was taken for damaged."""
    assert not list(cache.glob("*.bad-*")), "a good database was set aside"


def try_no_inodes(seed, folder):
    """No file can be made any more on the cache's disk, at some point of its making: equal, told once."""
    draw, photos = drawn(seed, folder)
    with small_disk(folder / "disk", "size=3m", f"nr_inodes={2 + seed % 12}") as disk:
        told = call(run_there, photos, folder / "out", disk / "cache", executor=executor_of(draw)).result()
        check_equal(folder, folder / "out", told)
        assert len(about_cache(told)) <= 1, told["notices"]
        assert seed % 12 > 8 or about_cache(told), "nothing was told"
    return 1


def try_full_out(seed, folder):
    """The output disk is full after some outputs: exit code 1, each failed item named, the rest whole; resumable."""
    draw, photos = drawn(seed, folder)
    fits, executor = draw.randrange(PHOTOS), executor_of(draw)
    options = [
        "--cache",
        str(folder / "cache"),
        "--executor",
        executor,
        "--report",
        str(folder / "rows.jsonl"),
    ]
    with small_disk(folder / "disk", "size=256k") as disk:
        command = ["run", GRAPH, str(photos), "--out", str(disk), *options]
        if draw.random() < 0.3:  # no file can be made, however small
            os.close(os.open(disk / "filler", os.O_WRONLY | os.O_CREAT))
            remounted = f"mount -o remount,nr_inodes={2 + min(fits, 1)} {disk}"
            assert os.system(remounted) == 0
            fits = 0
        else:
            place_filler(disk, fits)
        code = call(command_there, command, folder / "printed").result()
        printed = (folder / "printed").read_text()
        assert "Traceback" not in printed, printed
        assert FULL in printed.lower(), printed
        made = check_whole(folder, disk)
        assert made <= fits, "more outputs than there is room for"
        if code == 1:
            outcomes = check_rows(folder / "rows.jsonl", made)
            assert outcomes["failed"] == PHOTOS - made > 0
        else:  # not even a folder: told before anything runs
            assert (code, made) == (2, 0)
        assert os.system(f"mount -o remount,nr_inodes=1000 {disk}") == 0
        empty(disk)
        assert call(command_there, command, folder / "printed").result() == 0
        assert check_rows(folder / "rows.jsonl", PHOTOS)["cached"] == made, "what was there was made again"
        assert check_whole(folder, disk) == PHOTOS
    return 1


def place_filler(disk, fits):
    """Leave room for so many outputs, each of which takes a page."""
    from places import fill

    fill(disk, fits * PAGE)


def check_rows(path, good):
    """Check that each item that is not among the *good* ones says why; return outcome -> how many."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    outcomes = Counter(row["outcome"] for row in rows)
    assert len(rows) == PHOTOS
    assert PHOTOS - outcomes["failed"] == good, outcomes
    for row in rows:
        assert row["outcome"] != "failed" or FULL in json.dumps(row).lower(), row
    return outcomes


def try_one_disk(seed, folder):
    """Outputs, cache and report on one disk that is full after some item: whole, named, resumable."""
    draw, photos = drawn(seed, folder)
    after, spare = draw.randrange(PHOTOS + 1), draw.choice([0, PAGE, 7 * PAGE, 15 * PAGE])
    with small_disk(folder / "disk", "size=3m") as disk:
        out = disk / "out"
        fills = (str(disk), after, spare)
        told = call(run_there, photos, out, disk / "cache", executor=executor_of(draw), fills=fills).result()
        check_failures(told, FULL)
        made = check_whole(folder, out)
        assert made == sum(row[1] != "failed" for row in told["rows"])
        assert made >= after
        assert len(about_cache(told)) <= 1, told["notices"]
        empty(disk)
        check_works_again(folder, photos, out, disk / "cache")
    return 1


def check_failures(told, *reasons):
    """Check that nothing but items failed, and each says one of these reasons."""
    assert told["error"] == "", told["error"]
    assert len(told["rows"]) == PHOTOS
    errors = [row[2].lower() for row in told["rows"] if row[1] == "failed"]
    assert all(any(reason in error for reason in reasons) for error in errors), errors


def try_full_report(seed, folder):
    """The folder of reports is full: the run is equal, and it is told that its file is cut."""
    draw, photos = drawn(seed, folder)
    call(run_there, photos, folder / "first", folder / "cache").result()
    with small_disk(folder / "cache" / "runs", "size=64k") as disk:
        fills = (str(disk), 0, draw.choice([0, PAGE]))
        told = call(run_there, photos, folder / "out", folder / "cache", fills=fills, by=3).result()
        check_equal(folder, folder / "out", told, by=3)
        assert told["notices"] == ["the report file is incomplete: it cannot be written"]
    return 1


def try_file_limit(seed, folder):
    """No file may be larger than a drawn size (`ulimit -f`): whole, named; nothing is set aside; resumable."""
    draw, photos = drawn(seed, folder)
    limit = int(10 ** draw.uniform(0.0, 5.6)) if seed else 0
    cache, out = folder / "cache", folder / "out"
    if is_warm := draw.random() < 0.5:
        check_equal(folder, folder / "warm", call(run_there, photos, folder / "warm", cache).result())
    told = call(run_there, photos, out, cache, executor=executor_of(draw), limit_bytes=limit).result()
    check_failures(told, "file too large")
    assert check_whole(folder, out) == sum(row[1] != "failed" for row in told["rows"])
    check_kept(cache)
    told = call(run_there, photos, out, cache).result()
    check_equal(folder, out, told)
    assert not is_warm or not told["executed"], "what was in the cache was made again"
    check_works_again(folder, photos, out, cache)
    return 1


def try_full_merge(seed, folder):
    """The disk is full when the index is merged at the end of a run: nothing is lost that was told to be done."""
    draw, photos = drawn(seed, folder)
    with small_disk(folder / "disk", "size=3m") as disk:
        cache = disk / "cache"
        fills = (str(disk), PHOTOS, 0)
        if draw.random() < 0.5:
            call(run_there, photos, folder / "out", cache, by=3).result()
        told = call(run_there, photos, folder / "out", cache, fills=fills).result()
        check_equal(folder, folder / "out", told)
        assert [FULL in text for text in about_cache(told)] == [True], told["notices"]
        check_kept(cache)
        empty(disk)
        told = call(run_there, photos, folder / "out", cache).result()
        check_equal(folder, folder / "out", told)
        assert told["executed"] == {}
    return 1


def try_full_export(seed, folder):
    """An export meets a full disk: exit code, reason, the former export whole; with room it is done."""
    draw, photos = drawn(seed, folder)
    out, cache = folder / "out", folder / "cache"
    run = ["run", GRAPH, str(photos), "--out", str(out), "--cache", str(cache)]
    with small_disk(folder / "disk", "size=256k") as disk:
        form = draw.choice(["imagefolder", "webdataset"])
        export = ["export", "--cache", str(cache), form, "--to", str(disk / "set")]
        if form == "imagefolder":
            export += ["--link", "copy"]
        former = {}
        if draw.random() < 0.7:
            do(folder, run, 0)
            do(folder, export, 0)
            former = contents(disk / "set")
        do(folder, [*run, "--set", "by=5"], 0)
        place_filler(disk, draw.randrange(PHOTOS))
        printed = do(folder, export, 2)
        assert FULL in printed.lower(), printed
        assert contents(disk / "set") == former, "the former export is not what it was"
        empty(disk)
        do(folder, export, 0)
        assert not list(disk.rglob(".creevey-tmp-*"))
        assert len(contents(disk / "set")) >= (PHOTOS if form == "imagefolder" else 1)
    return 1


def do(folder, command, code):
    """Run `creevey-graph`; check its exit code, and that it shows no traceback; return what it printed."""
    found = call(command_there, command, folder / "printed").result()
    printed = (folder / "printed").read_text()
    assert "Traceback" not in printed, printed
    assert found == code, f"{command}: expected exit code {code} (got {found}): {printed}"
    return printed


def contents(folder):
    """Return path -> bytes of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def try_full_temporary(seed, folder):
    """$TMPDIR is full, has no inode left at some point, or is not there: equal, or an error that names it."""
    draw, photos = drawn(seed, folder)
    kind = ("inodes", "bytes", "missing")[seed % 3]
    options = (f"nr_inodes={draw.randrange(1, 8)}",) if kind == "inodes" else ("size=4k",)
    # Every sixth is on processes, which take 2 s to start.
    executor = "processes" if seed % 6 == 0 else executor_of(draw)
    with small_disk(folder / "disk", "mode=1777", *options) as disk:
        place = str(disk / "none") if kind == "missing" else str(disk)
        if kind == "bytes":
            place_filler(disk, 0)
        told = call(
            run_there, photos, folder / "out", folder / "cache", executor=executor, env={"TMPDIR": place}
        ).result()
        if told["error"]:
            assert executor == "processes"
            assert kind == "inodes"
            assert f"'{place}'" in told["error"]
            assert "TMPDIR" in told["error"]
        else:
            check_equal(folder, folder / "out", told)
            assert told["notices"] == []
    return 1


# --- R8: places that are not what they should be -----------------------------------------------


@attrs.frozen
class Place:
    """
    A place, and what must become of a run there.

    Args:
        cache: The cache's folder, None for the default one.
        out: The output folder.
        there: What `run_there` takes besides.
        warning: What the one warning says, "" where there is none.
        error: What the error says that ends the run, "" where it is equal.
        failures: What each item's failure says, where every one fails.
        hits: Whether everything comes from the cache.
    """

    cache: Path | None
    out: Path
    there: dict = attrs.field(factory=dict)
    warning: str = ""
    error: str = ""
    failures: str = ""
    hits: bool = False


@contextlib.contextmanager
def read_only_for_user(folder, photos):
    # What that user may not read of the code is tracked by its bytecode: the cache must be filled by the same one.
    warm(photos, folder, given(folder, "cache"), given(folder, "warm"), user=NOBODY)
    give_away(folder / "cache")
    yield Place(folder / "cache", given(folder), {"user": NOBODY}, "can only be read", hits=True)


@contextlib.contextmanager
def read_only_disk(folder, photos):
    warm(photos, folder)
    with read_only_mount(folder / "cache") as cache:
        yield Place(cache, folder / "out", warning="can only be read", hits=True)


@contextlib.contextmanager
def read_only_after_kill(folder, photos):
    """A log is left beside the databases, as after kill -9."""
    warm(photos, folder)
    keep = Keeper(folder / "cache")
    with read_only_mount(folder / "cache") as cache:
        yield Place(cache, folder / "out", warning="can only be read", hits=True)
    keep.close()


@contextlib.contextmanager
def read_only_and_empty(folder, _photos):
    (folder / "cache").mkdir(mode=0o700)
    with read_only_mount(folder / "cache") as cache:
        yield Place(cache, folder / "out", warning="running without a cache")


@contextlib.contextmanager
def foreign(folder, photos):
    warm(photos, folder)
    give_away(folder / "cache")
    yield Place(folder / "cache", folder / "out", warning="belongs to another user")


@contextlib.contextmanager
def writable_by_group(folder, photos):
    warm(photos, folder)
    (folder / "cache").chmod(0o770)
    yield Place(folder / "cache", folder / "out", warning="chmod 700")


@contextlib.contextmanager
def writable_by_all(folder, _photos):
    (folder / "cache").mkdir()
    (folder / "cache").chmod(0o777)
    yield Place(folder / "cache", folder / "out", warning="chmod 700")


@contextlib.contextmanager
def no_home(folder, _photos):
    yield Place(None, folder / "out", {"unset": ["HOME", "USER", "LOGNAME", "TMPDIR"], "cwd": work(folder)})


@contextlib.contextmanager
def home_missing(folder, _photos):
    home = {"HOME": str(folder / "none"), "XDG_CACHE_HOME": str(folder / "none")}
    yield Place(None, folder / "out", {"env": home, "cwd": work(folder)})


@contextlib.contextmanager
def nothing_set(folder, _photos):
    yield Place(None, folder / "out", {"unset": sorted(os.environ), "cwd": work(folder)})


@contextlib.contextmanager
def cache_is_file(folder, _photos):
    (folder / "cache").write_text("a file")
    yield Place(folder / "cache", folder / "out", warning="is not a folder")


@contextlib.contextmanager
def cache_in_file(folder, _photos):
    (folder / "cache").write_text("a file")
    yield Place(folder / "cache" / "below", folder / "out", warning="cannot be used")


@contextlib.contextmanager
def cache_is_dangling(folder, _photos):
    (folder / "cache").symlink_to(folder / "none")
    yield Place(folder / "cache", folder / "out", warning="is not a folder")


@contextlib.contextmanager
def cache_is_link(folder, _photos):
    (folder / "elsewhere").mkdir(mode=0o700)
    (folder / "cache").symlink_to(folder / "elsewhere")
    yield Place(folder / "cache", folder / "out")


@contextlib.contextmanager
def cache_is_loop(folder, _photos):
    (folder / "cache").symlink_to(folder / "cache")
    yield Place(folder / "cache", folder / "out", warning="running without a cache")


@contextlib.contextmanager
def cache_is_fifo(folder, _photos):
    os.mkfifo(folder / "cache")
    yield Place(folder / "cache", folder / "out", warning="is not a folder")


@contextlib.contextmanager
def store_is_fifo(folder, photos):
    warm(photos, folder)
    (folder / "cache" / "store" / "cache.db").unlink()
    os.mkfifo(folder / "cache" / "store" / "cache.db")
    yield Place(folder / "cache", folder / "out", warning="set aside")


@contextlib.contextmanager
def no_cwd(folder, _photos):
    yield Place(None, folder / "out", {"cwd": work(folder), "cwd_gone": True}, "cannot be used")


@contextlib.contextmanager
def out_relative_without_cwd(folder, _photos):
    yield Place(
        folder / "cache", Path("out"), {"cwd": work(folder), "cwd_gone": True}, error="out 'out' is relative"
    )


@contextlib.contextmanager
def out_read_only(folder, _photos):
    (folder / "out").mkdir()
    with read_only_mount(folder / "out") as out:
        yield Place(folder / "cache", out, error="cannot write there")


@contextlib.contextmanager
def out_of_another(folder, _photos):
    (folder / "out").mkdir(mode=0o755)
    there = {"user": NOBODY}
    yield Place(given(folder, "cache"), folder / "out", there, error="cannot write there")


@contextlib.contextmanager
def out_is_file(folder, _photos):
    (folder / "out").write_text("a file")
    yield Place(folder / "cache", folder / "out", error="must be a folder")


@contextlib.contextmanager
def out_in_file(folder, _photos):
    (folder / "out").write_text("a file")
    yield Place(folder / "cache", folder / "out" / "below", error="must be a folder")


@contextlib.contextmanager
def out_is_dangling(folder, _photos):
    (folder / "out").symlink_to(folder / "none")
    yield Place(folder / "cache", folder / "out", failures="out")


@contextlib.contextmanager
def long_paths(folder, _photos):
    deep = Path(*("d" * 200 for _ in range(3)))
    yield Place(folder / "cache", folder / deep)


@contextlib.contextmanager
def long_cache(folder, _photos):
    deep = Path(*("d" * 200 for _ in range(3)))
    yield Place(folder / deep, folder / "out", warning="cannot be opened")


@contextlib.contextmanager
def name_too_long(folder, _photos):
    yield Place(folder / ("c" * 300), folder / "out", warning="name too long")


@contextlib.contextmanager
def out_too_long(folder, _photos):
    yield Place(folder / "cache", folder / ("o" * 300), failures="name too long")


@contextlib.contextmanager
def no_temporary(folder, _photos):
    yield Place(folder / "cache", folder / "out", {"env": {"TMPDIR": str(folder / "none")}})


@contextlib.contextmanager
def no_temporary_and_no_cache(folder, _photos):
    """Not one file may be made anywhere but the outputs: $TMPDIR is wrong and every other place refused."""
    (folder / "cache").write_text("a file")
    there = {"env": {"TMPDIR": str(folder / "none")}, "user": NOBODY, "cwd": "/"}
    yield Place(folder / "cache", given(folder), there, "is not a folder")


@contextlib.contextmanager
def umask_open(folder, _photos):
    yield Place(folder / "cache", folder / "out", {"umask": 0})
    check_private(folder / "cache")


@contextlib.contextmanager
def umask_closed(folder, _photos):
    yield Place(folder / "cache", folder / "out", {"umask": 0o077})
    check_private(folder / "cache")


PLACES = (
    read_only_for_user,
    read_only_disk,
    read_only_after_kill,
    read_only_and_empty,
    foreign,
    writable_by_group,
    writable_by_all,
    no_home,
    home_missing,
    nothing_set,
    cache_is_file,
    cache_in_file,
    cache_is_dangling,
    cache_is_link,
    cache_is_loop,
    cache_is_fifo,
    store_is_fifo,
    no_cwd,
    out_relative_without_cwd,
    out_read_only,
    out_of_another,
    out_is_file,
    out_in_file,
    out_is_dangling,
    long_paths,
    long_cache,
    name_too_long,
    out_too_long,
    no_temporary,
    no_temporary_and_no_cache,
    umask_open,
    umask_closed,
)


class Keeper:
    """Holds the databases of a cache open, so that their logs stay. State: the connections."""

    def __init__(self, cache):
        import sqlite3

        self._open = [sqlite3.connect(path) for path in (cache / "index.db", cache / "store" / "cache.db")]
        for connection in self._open:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.execute("CREATE TABLE IF NOT EXISTS later (x)")
            connection.commit()

    def close(self):
        for connection in self._open:
            connection.close()


def warm(photos, folder, cache=None, out=None, **there):
    """Fill a cache with a run into another folder."""
    out = out or folder / "warm"
    check_equal(folder, out, call(run_there, photos, out, cache or folder / "cache", **there).result())


def given(folder, name="out"):
    """Make a folder for `NOBODY` to write to."""
    (folder / name).mkdir(mode=0o700)
    os.chown(folder / name, NOBODY, NOBODY)
    return folder / name


def work(folder):
    """Make a folder to be in."""
    (folder / "work").mkdir()
    return str(folder / "work")


def check_private(cache):
    """Check that nobody but its owner gets into any folder of a cache."""
    folders = [path for path in (cache, *cache.rglob("*")) if path.is_dir()]
    assert len(folders) >= 3
    assert not [path for path in folders if path.stat().st_mode & 0o077]


def try_place(seed, _folder):
    """A run in a place that is not as it should be: equal and told once, or an error that names what and why."""
    make = PLACES[seed % len(PLACES)]
    folder = Path(tempfile.mkdtemp(prefix="creevey-places-"))  # another user may not come to pytest's
    try:
        draw, photos = drawn(seed, folder)
        with make(folder, photos) as place:
            told = call(
                run_there, photos, place.out, place.cache, executor=executor_of(draw), **place.there
            ).result()
            try:
                check_place(folder, place, told)
                if (place.error or place.failures) and "user" not in place.there:
                    check_command(folder, photos, place)
            except AssertionError as exc:
                exc.add_note(f"{make.__name__}: {told}")
                raise
    finally:
        shutil.rmtree(folder)
    return 1


def check_place(folder, place, told):
    """Check what became of a run there."""
    if place.error:
        assert place.error in told["error"]
        assert told["error"].startswith("UsageError: ")
        return
    if place.failures:
        assert told["error"] == ""
        assert all(row[1] == "failed" and place.failures in row[2].lower() for row in told["rows"])
        return
    check_equal(folder, place.out, told)
    warnings = about_cache(told)
    assert len(warnings) == bool(place.warning)
    assert all(place.warning in text.lower() or place.warning in text for text in warnings)
    if place.hits:
        assert told["executed"] == {}


def check_command(folder, photos, place):
    """Check that the command line ends with the right code, and says the same in a line."""
    os.makedirs(place.there.get("cwd", folder), exist_ok=True)  # noqa: PTH103 - it is text
    command = ["run", GRAPH, str(photos), "--out", str(place.out), "--cache", str(place.cache)]
    code = call(command_there, command, folder / "printed", **place.there).result()
    printed = (folder / "printed").read_text()
    assert code == (2 if place.error else 1), printed
    assert "Traceback" not in printed, printed
    said = " ".join(printed.split()).lower()  # a long line is folded
    assert (place.error or place.failures).lower() in said, printed


def try_out_removed(seed, folder):
    """Somebody removes the output folder in mid-run: what fails is named, the rest is whole; a rerun is equal."""
    draw, photos = drawn(seed, folder)
    out, removes = folder / "out", (str(folder / "out"), draw.randrange(1, PHOTOS))
    told = call(
        run_there, photos, out, folder / "cache", executor=executor_of(draw), removes=removes
    ).result()
    check_failures(told, "no such file or directory: '", "wrote nothing at the path it was given")
    check_whole(folder, out)
    check_works_again(folder, photos, out, folder / "cache")
    return 1


MOUNTS = {"missing": needs_mounts}
TRIALS = (
    Trial("R7", "cache", "cache on a disk that gets full", "runs", 8, 300, try_full_cache, **MOUNTS),
    Trial("R7", "inodes", "cache on a disk without inodes", "runs", 12, 120, try_no_inodes, **MOUNTS),
    Trial("R7", "out", "outputs on a full disk", "runs", 6, 300, try_full_out, **MOUNTS),
    Trial("R7", "one-disk", "outputs, cache and report on it", "runs", 6, 300, try_one_disk, **MOUNTS),
    Trial("R7", "report", "reports on a full disk", "runs", 2, 50, try_full_report, **MOUNTS),
    Trial("R7", "file-limit", "files over a limit refused", "points", 10, 100, try_file_limit),
    Trial("R7", "merge", "full while the index is merged", "runs", 3, 100, try_full_merge, **MOUNTS),
    Trial("R7", "export", "an export on a full disk", "runs", 4, 200, try_full_export, **MOUNTS),
    Trial("R7", "temporary", "$TMPDIR full or missing", "runs", 6, 150, try_full_temporary, **MOUNTS),
    Trial("R8", "places", "wrong places", "runs", len(PLACES), 10 * len(PLACES), try_place, **MOUNTS),
    Trial("R8", "removed", "the output folder goes in mid-run", "runs", 3, 50, try_out_removed),
)
