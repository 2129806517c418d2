"""
R1: kill -9 at any moment of a run, of the care for its cache, of a download or an export.

After every kill each file under a final name is whole, the report can be read and has all that was
acknowledged, and both databases are sound. Then a run goes on to the end: what had been acknowledged does not run
again, outputs and rows are those of plain calls, and the cache is whole.
"""

import random
import sqlite3
import time
from contextlib import closing

from reference import check_equal, check_outputs, draw_photos, expected_outputs, run_reference
from servers import PictureServer
from trial import Trial
from warm import missing, run

from creevey_graph import Cache, Report
from creevey_graph.atomic import TEMPORARY, remove_stale
from creevey_graph.cache import Index
from creevey_graph.events import ItemFinished, Outcome
from creevey_graph.pace import WINDOW

EACH = 8
"""New pictures for each run that is killed, so that it has something to do."""
LARGE = (128, 96)
"""Pictures whose values are files of the cache, beside those of `reference.SIZE`, which stand in its rows."""
KILLS = 4
"""In a row over one folder, before the run that goes on to the end."""
JOBS = 2
DELAY_S, LONG_S = 0.004, 30.0
IN_FLIGHT = {"serial": 1, "threads": JOBS * WINDOW, "processes": JOBS * WINDOW}
"""Chunks at most; where there are several a chunk has up to its share of the items."""


def draw_more(folder, seed, turn):
    """Draw pictures for another run of a trial, every other one large; return what runs must make of all there are."""
    first = (seed * 10 + turn) % 10_000 * EACH
    draw_photos(folder, EACH // 2, first)
    draw_photos(folder, EACH - EACH // 2, first + EACH // 2, LARGE)
    return expected_outputs(folder)


MOMENTS = {"gc": ("gc",), "size": ("gc",), "prune": ("prune", "end")}
"""Kind of care -> functions of the engine that it is killed in."""


# --- killing -----------------------------------------------------------------------------------


def draw_moment(rng):
    """Return name -> (which time, how long after it) of a moment that the child is to be killed in, mostly none."""
    kind = rng.choice(("open", "commit", "merge", "merge", *[None] * 4))
    if kind is None:
        return {}
    return {kind: (rng.randint(1, 3 * EACH) if kind == "commit" else 1, rng.uniform(0, 0.003))}


def await_moment(child, rng):
    """Wait for a moment that is drawn: of the beginning, or between items."""
    if rng.random() < 0.3:
        time.sleep(rng.uniform(0, 0.08))
    else:
        child.wait_for(rng.randint(1, EACH - 1), "ran")
        time.sleep(rng.uniform(0, 0.012))


def acknowledged(child):
    """Return output -> key of the items that the child said were done."""
    told = (line.split(" ") for line in child.printed())
    return {words[2]: words[1] for words in told if words[0] in ("ran", "kept")}


def check_killed(folder, expected, seen, executor):
    """Check what a killed run left; *seen* are the outputs that it, or those before it, acknowledged."""
    there = check_outputs(folder, expected=expected) if (folder / "out").is_dir() else 0
    assert there >= len(seen), "what was acknowledged is not there"
    if executor == "serial":
        assert there - len(seen) <= IN_FLIGHT[executor] * KILLS, "more was under way than is ever in flight"
    for name in ("index.db", "store/cache.db"):
        check_database(folder / "cache" / name)


def check_database(path):
    """Check that SQLite finds nothing wrong with a database."""
    if path.exists():
        with closing(sqlite3.connect(path)) as connection:
            assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall(), path.name


def check_report(folder, told, seen):
    """
    Check that the report of the run that was killed just now has all that it acknowledged, *told*.

    The index must know of all that was ever acknowledged, *seen*.
    """
    if not told:
        return
    report = Report.load(max((folder / "cache" / "runs").glob("*.jsonl")))
    assert not report.finished or report.ok
    assert told.items() <= {path: row.key for row in report.rows for path in row.outputs}.items()
    index = Index(folder / "cache", report.scope)
    assert set(seen.values()) <= index.load().keys(), "acknowledged, and not in the index"
    assert [] == index.problems
    index.close()


def go_on(folder, expected, seen, **options):
    """Run to the end; check that of what was acknowledged the run knows all, and that all is as plain calls make it."""
    ran = set()

    def listen(event):
        if isinstance(event, ItemFinished) and event.executed:
            ran.update(event.row.outputs)

    report = run_reference(folder, listeners=[listen], **options)
    assert not ran & seen, f"acknowledged, and run again: {sorted(ran & seen)}"
    check_equal(folder, report, expected=expected)
    # Not even read from the cache: its row in the index was there before it was acknowledged.
    forgotten = {path for row in report.rows for path in row.outputs if row.outcome is not Outcome.CACHED}
    assert not seen & forgotten, f"acknowledged, and forgotten: {sorted(seen & forgotten)}"
    assert ran <= {path for row in report.rows for path in row.outputs} - seen
    again = run_reference(folder, **options)
    assert {} == dict(again.executed), "a second run has something to do"
    check_equal(folder, again, expected=expected)


def check_left(folder, kills, jobs=JOBS):
    """Check that the cache is whole, and that what kills left is bounded, and goes."""
    left = [path for path in (folder / "out").iterdir() if path.name.startswith(TEMPORARY)]
    assert len(left) <= kills * (jobs + 1) + 1, left
    # A run removes them an hour later; here the clock is put forward.
    assert len(left) == remove_stale(folder / "out", now_s=time.time() + 7200)
    with Cache(folder / "cache") as cache:
        found = cache.verify()
        assert found.ok, found
        assert 0 == found.damaged_values + found.damaged_records + found.missing_files, found
        assert found.young_strays <= kills * kills * EACH, found
        cache.gc()
        assert 0 == cache.info()["stray_files"]
        assert () == cache.take_troubles()[1]


def kill_runs(executor, *, alone=False, kills=KILLS):
    """Return a trial: so many kills over one folder, then on to the end."""

    def trial(seed, folder):
        rng = random.Random(f"{executor}-{alone}-{seed}")
        draw_more(folder, seed, kills)
        run_reference(folder)
        if seed % 4 == 0:
            # Younger files are read again by every run and their rows written anew: a block of the index that a kill
            # took away would not be missed. Nothing but time makes them older, ctime being the system's.
            time.sleep(2.2)
        done = run_reference(folder)
        seen, tried = {row.outputs[0]: row.key for row in done.rows}, 0
        for turn in range(kills):
            expected = draw_more(folder, seed, turn)
            is_long = alone and turn == kills - 1
            options = {"executor": executor, "jobs": JOBS, "delay_s": LONG_S if is_long else DELAY_S}
            moment = {} if alone else draw_moment(rng)
            child = run("run_set", folder, marks=moment, **options)
            if moment:
                child.die()
            elif is_long:  # workers in the middle of an item look at nothing
                child.wait_for(1, "begun")
                time.sleep(rng.uniform(0.7, 1.2))
            else:
                await_moment(child, rng)
            child.kill_alone() if alone else child.kill_group()
            tried += child.was_killed
            seen |= (told := acknowledged(child))
            check_report(folder, told, seen)
            check_killed(folder, expected, seen, executor)
        go_on(folder, expected, seen.keys())
        check_left(folder, kills)
        return max(tried, 1)

    return trial


def kill_care(seed, folder):
    """Kill what makes room: `cache gc`, a run that keeps its cache within a size, or prunes outputs."""
    rng = random.Random(f"care-{seed}")
    kinds = rng.sample(("gc", "size", "prune"), 3)
    expected, tried = draw_more(folder, seed, 0), 0
    go_on(folder, expected, set())
    for turn, kind in enumerate(kinds, 1):
        seen = {path.name for path in (folder / "out").glob("[!.]*")}
        moment = {rng.choice(MOMENTS[kind]): (1, rng.uniform(0, 0.006))}
        if kind == "gc":
            child = run("tidy", folder, max_bytes=rng.choice((0, 50_000, 200_000)), marks=moment)
        elif kind == "size":
            draw_more(folder, seed, turn)
            child = run(
                "run_set", folder, cache_size=rng.choice((0, 100_000)), marks=moment, executor="threads"
            )
        else:
            for path in rng.sample(sorted((folder / "photos").iterdir()), EACH // 2):
                path.unlink()
                seen.remove(path.name)
            child = run("run_set", folder, prune=True, marks=moment)
        child.die()
        tried += child.was_killed
        for name in ("index.db", "store/cache.db"):
            check_database(folder / "cache" / name)
        # What was made of pictures that are gone is an output until a run has pruned it.
        go_on(folder, expected_outputs(folder), seen | acknowledged(child).keys(), prune=True)
        check_left(folder, turn)
    return max(tried, 1)


def kill_exports(seed, folder):
    """Kill an export: each file of it is the former or the new one, whole, and the next export puts all right."""
    rng = random.Random(f"export-{seed}")
    expected, tried = draw_more(folder, seed, 0), 0
    options = ["--cache", "cache", "--maxcount", "3"]
    for turn in range(3):
        form = rng.choice(("webdataset", "imagefolder"))
        go_on(folder, expected, set())
        known = {form: files_of(folder / form) for form in ("webdataset", "imagefolder")}
        expected = draw_more(folder, seed, turn + 1)
        go_on(folder, expected, set())
        arguments = ["export", form, "--to", form, *options[: 4 if form == "webdataset" else 2]]
        moment = {rng.choice(("export", "publish")): (1, rng.uniform(0, 0.01))}
        child = run("command", folder, arguments=arguments, marks=moment)
        child.die()
        tried += child.was_killed
        killed = files_of(folder / form)
        assert 0 == run("command", folder, arguments=arguments).wait()
        new = files_of(folder / form)
        for name, data in killed.items():
            assert data in (known[form].get(name), new.get(name)), f"{name} is not whole"
        fresh = [*arguments[:3], f"fresh-{turn}", *arguments[4:]]
        assert 0 == run("command", folder, arguments=fresh).wait()
        assert files_of(folder / f"fresh-{turn}") == new
    return max(tried, 1)


def files_of(folder):
    """Return name -> content of the files of an export, those on their way and its own list aside."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".creevey-" not in str(path))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def kill_lists(seed, folder):
    """Kill `report --csv` in mid-write: the list of rows is the former or the new one."""
    rng = random.Random(f"lists-{seed}")
    expected = draw_more(folder, seed, 0)
    go_on(folder, expected, set())
    arguments = ["report", "--cache", "cache", "--csv", "rows.csv"]
    assert 0 == run("command", folder, arguments=arguments).wait()
    former, tried = (folder / "rows.csv").read_bytes(), 0
    for _ in range(3):
        child = run("command", folder, arguments=arguments, marks={"report": (1, rng.uniform(0, 0.002))})
        child.die()
        tried += child.was_killed
        assert former == (folder / "rows.csv").read_bytes()
    return max(tried, 1)


# --- downloads ---------------------------------------------------------------------------------


def in_pieces(body, pause_s):
    """Serve a body in eight pieces, so that there is a middle to be killed in."""

    def behave(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        size = -(-len(body) // 8)
        for begin in range(0, len(body), size):
            handler.wfile.write(body[begin : begin + size])
            handler.server_of_pictures.closing.wait(pause_s)

    return behave


def kill_downloads(executor):
    """Return a trial: kills in mid-download; what was acknowledged is not asked for again."""

    def trial(seed, folder):
        rng = random.Random(f"downloads-{executor}-{seed}")
        bodies = {f"/{number:02}.jpg": rng.randbytes(rng.randint(1, 60_000)) for number in range(16)}
        seen, tried = {}, 0
        with PictureServer() as server:
            for path, body in bodies.items():
                server.behave(path, in_pieces(body, rng.uniform(0, 0.01)))
            options = {"urls": [server.url(path) for path in bodies], "executor": executor, "jobs": 4}
            for _ in range(3):
                child = run("fetch_set", folder, **options)
                child.wait_for(rng.randint(1, 3), "ran")
                time.sleep(rng.uniform(0, 0.03))
                child.kill_group()
                tried += child.was_killed
                seen |= acknowledged(child)
                for path in (folder / "out").glob("[!.]*"):
                    assert bodies[f"/{path.stem}.jpg"] == path.read_bytes(), f"{path.name} is not whole"
            before = {name: server.gets[f"/{name[:2]}.jpg"] for name in seen}
            child = run("fetch_set", folder, **options)
            assert 0 == child.wait(), child.errors()
            assert before == {name: server.gets[f"/{name[:2]}.jpg"] for name in seen}, "fetched twice"
        assert bodies == {f"/{path.stem}.jpg": path.read_bytes() for path in (folder / "out").glob("[!.]*")}
        check_left(folder, 3, jobs=4)
        return max(tried, 1)

    return trial


TRIALS = (
    Trial(
        "R1",
        "serial",
        "a run in one thread is killed, again and again, and goes on to the end",
        "kills",
        gate=28,
        release=2_500,
        run=kill_runs("serial"),
        missing=missing,
    ),
    Trial(
        "R1",
        "threads",
        "a run in threads is killed, again and again, and goes on to the end",
        "kills",
        gate=28,
        release=2_500,
        run=kill_runs("threads"),
        missing=missing,
    ),
    Trial(
        "R1",
        "processes",
        "a run in processes is killed with all its workers, and goes on to the end",
        "kills",
        gate=12,
        release=2_000,
        run=kill_runs("processes", kills=3),
        missing=missing,
    ),
    Trial(
        "R1",
        "coordinator",
        "the coordinator alone is killed: its workers are gone within two seconds, and a run goes on to the end",
        "kills",
        gate=9,
        release=1_000,
        run=kill_runs("processes", alone=True, kills=3),
        missing=missing,
    ),
    Trial(
        "R1",
        "care",
        "`cache gc`, eviction at the end of a run and pruning are killed",
        "kills",
        gate=6,
        release=800,
        run=kill_care,
        missing=missing,
    ),
    Trial(
        "R1",
        "export",
        "an export is killed: whole files, and the next one is as if nothing had been",
        "kills",
        gate=6,
        release=400,
        run=kill_exports,
        missing=missing,
    ),
    Trial(
        "R1",
        "lists",
        "a list of a report's rows is killed while it is written",
        "kills",
        gate=3,
        release=200,
        run=kill_lists,
        missing=missing,
    ),
    Trial(
        "R1",
        "downloads",
        "downloads are killed: what was acknowledged is not fetched again",
        "kills",
        gate=6,
        release=400,
        run=kill_downloads("threads"),
        missing=missing,
    ),
    Trial(
        "R1",
        "shared",
        "downloads in processes of several threads are killed",
        "kills",
        gate=2,
        release=200,
        run=kill_downloads("processes"),
        missing=missing,
    ),
)
