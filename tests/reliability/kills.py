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
from trial import Trial
from warm import missing, run

from creevey_graph import Cache, Report
from creevey_graph.atomic import TEMPORARY, remove_stale
from creevey_graph.events import ItemFinished
from creevey_graph.pace import WINDOW

EACH = 8
"""New pictures for each run that is killed, so that it has something to do."""
LARGE = (128, 96)
"""Pictures whose values are files of the cache, beside those of `reference.SIZE`, which stand in its rows."""
KILLS = 4
"""In a row over one folder, before the run that goes on to the end."""
JOBS = 2
DELAY_S = 0.004
IN_FLIGHT = {"serial": 1, "threads": JOBS * WINDOW, "processes": JOBS * WINDOW}
"""Chunks at most; where there are several a chunk has up to its share of the items."""


def draw_more(folder, seed, turn):
    """Draw pictures for another run of a trial, every other one large; return what runs must make of all there are."""
    first = (seed * 10 + turn) % 10_000 * EACH
    draw_photos(folder, EACH // 2, first)
    draw_photos(folder, EACH - EACH // 2, first + EACH // 2, LARGE)
    return expected_outputs(folder)


# --- killing -----------------------------------------------------------------------------------


def await_moment(child, rng, moments):
    """Wait for a moment that is drawn: of the beginning, of the items, or one of *moments* by name."""
    kind = rng.choice(("opening", "items", "items", *moments))
    if kind == "opening":
        time.sleep(rng.uniform(0, 0.08))
    elif kind == "items":
        child.wait_for(rng.randint(1, EACH - 1), "ran")
        time.sleep(rng.uniform(0, 0.012))
    else:
        child.wait_for(1, f"in {kind}")
        time.sleep(rng.uniform(0, 0.003))


def acknowledged(child):
    """Return the outputs that the child said were in place."""
    told = (line.split(" ") for line in child.printed())
    return {words[2] for words in told if words[0] in ("ran", "kept")}


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


def check_report(folder, told):
    """Check that the report of the run that was killed just now can be read, and has all that it acknowledged."""
    if not told:
        return
    report = Report.load(max((folder / "cache" / "runs").glob("*.jsonl")))
    assert not report.finished or report.ok
    assert told <= {path for row in report.rows for path in row.outputs}


def go_on(folder, expected, seen, **options):
    """Run to the end; check that nothing acknowledged ran again, and that all is as plain calls make it."""
    ran = set()

    def listen(event):
        if isinstance(event, ItemFinished) and event.executed:
            ran.update(event.row.outputs)

    report = run_reference(folder, listeners=[listen], **options)
    assert not ran & seen, f"acknowledged, and run again: {sorted(ran & seen)}"
    check_equal(folder, report, expected=expected)
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
        seen, tried = set(), 0
        for turn in range(kills):
            expected = draw_more(folder, seed, turn)
            options = {"executor": executor, "jobs": JOBS, "delay_s": DELAY_S}
            child = run("run_set", folder, marks=["open", "commit", "merge"], **options)
            await_moment(child, rng, ("open", "commit", "merge"))
            child.kill_alone() if alone else child.kill_group()
            tried += child.code == -9
            assert child.code in (0, -9), child.errors()
            seen |= (told := acknowledged(child))
            check_report(folder, told)
            check_killed(folder, expected, seen, executor)
        go_on(folder, expected, seen)
        check_left(folder, kills)
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
)
