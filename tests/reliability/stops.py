"""R10: Ctrl-C, SIGTERM and SIGHUP end a run in order: soon, with its exit code, its report whole, and it can go on."""

import random
import signal
import time
from itertools import product

from kills import acknowledged, check_left, go_on
from programs import alive_after
from reference import check_outputs, draw_photos, expected_outputs
from trial import Trial
from warm import missing, remove_semaphores, run

from creevey_graph import Report

ITEMS = 10
JOBS = 2
ITEM_S = 0.12
LONG_S = 60.0
"""An item that nobody who presses Ctrl-C twice waits for."""
SLACK_S = 4.0
"""For a machine that does other things."""
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
EXECUTORS = ("serial", "threads", "processes")
WAYS = ("run_set", "command")
ONCE = tuple(product(EXECUTORS, CODES, WAYS))
TWICE = tuple(product(EXECUTORS, WAYS))
GRAPH = "from reference import small_set\n"


def begin(folder, executor, way, delay_s):
    """Start a run, by the library or the command line."""
    if way == "run_set":
        return run("run_set", folder, executor=executor, jobs=JOBS, delay_s=delay_s)
    (folder / "graph.py").write_text(GRAPH, encoding="utf-8")
    command = ["run", "graph.py:small_set", "photos", "--out", "out", "--cache", "cache", "--progress"]
    command += ["--executor", executor, "--jobs", f"{JOBS}", "--set", f"delay_s={delay_s}"]
    return run("command", folder, arguments=command, tells=True)


def check_stopped(folder, expected, child, number):
    """Check the exit code, that nothing is left running or half made, and the report; return what is done."""
    assert CODES[number] == child.code, child.errors()
    assert "Traceback" not in child.errors()
    report = Report.load(max((folder / "cache" / "runs").glob("*.jsonl")))
    assert report.finished, "the report has no end"
    assert len(expected) == report.counts.total()
    assert {"done", "cancelled", "cached"} >= {str(outcome) for outcome in report.counts}
    placed = {path for row in report.rows for path in row.outputs}
    assert acknowledged(child).keys() <= placed
    assert check_outputs(folder, expected=expected) >= len(placed)
    return placed


def stop_once(seed, folder):
    """Send one signal, to the program or to its group as well: the items in hand end, and are kept."""
    executor, number, way = ONCE[seed % len(ONCE)]
    rng = random.Random(f"once-{seed}")
    draw_photos(folder, ITEMS, seed % 1000 * ITEMS)
    expected = expected_outputs(folder)
    child = begin(folder, executor, way, ITEM_S)
    child.wait_for(rng.randint(1, 4), "ran")
    time.sleep(rng.uniform(0, ITEM_S))
    below, began = child.below(), time.monotonic()
    rng.choice((child.send, child.send_group))(number)
    child.wait()
    took = time.monotonic() - began
    assert took < 2.0 + ITEM_S + SLACK_S, f"ended {took:.1f} s after the signal"
    assert [] == alive_after(below, 2.0)
    remove_semaphores(child.number)
    placed = check_stopped(folder, expected, child, number)
    assert len(placed) == check_outputs(folder, expected=expected)
    assert not list((folder / "out").glob(".creevey-tmp-*"))
    go_on(folder, expected, placed)
    check_left(folder, 1)
    return 1


def stop_twice(seed, folder):
    """Press Ctrl-C twice while items of a minute are in hand: it ends without them."""
    executor, way = TWICE[seed % len(TWICE)]
    rng = random.Random(f"twice-{seed}")
    draw_photos(folder, ITEMS, seed % 1000 * ITEMS)
    expected = expected_outputs(folder)
    child = begin(folder, executor, way, LONG_S)
    child.wait_for(1, "begun")
    time.sleep(rng.uniform(0.3, 0.5) + (executor == "processes") * 0.7)
    below = child.below()
    rng.choice((child.send, child.send_group))(signal.SIGINT)
    time.sleep(rng.uniform(0.1, 0.3))
    began = time.monotonic()
    child.send(signal.SIGINT)
    child.wait()
    took = time.monotonic() - began
    assert took < 0.5 + SLACK_S, f"ended {took:.1f} s after the second signal"
    assert [] == alive_after(below, 2.0)
    remove_semaphores(child.number)
    placed = check_stopped(folder, expected, child, signal.SIGINT)
    go_on(folder, expected, placed)
    return 1


def stop_anywhen(seed, folder):
    """Send a signal at any moment from the start to the end, of runs of the command line: the report is whole."""
    rng = random.Random(f"anywhen-{seed}")
    draw_photos(folder, ITEMS, seed % 1000 * ITEMS)
    expected, seen, tried = expected_outputs(folder), set(), 0
    for _ in range(3):
        number, executor = rng.choice(list(CODES)), rng.choice(EXECUTORS[:2])
        reports = set((folder / "cache" / "runs").glob("*.jsonl"))
        child = begin(folder, executor, "command", 0.02)
        time.sleep(rng.uniform(0, 0.6))
        child.send(number)
        child.wait()
        tried += child.code != 0
        has_begun = reports != set((folder / "cache" / "runs").glob("*.jsonl"))
        if not has_begun and (child.code == -number or "KeyboardInterrupt" in child.errors()):
            continue  # before the command line had begun: as the system does it
        assert child.code in (0, CODES[number]), (child.code, number, child.errors())
        assert "Traceback" not in child.errors(), child.errors()
        seen |= acknowledged(child).keys()
        if child.code and any(line == "begun" for line in child.printed()):
            check_stopped(folder, expected, child, number)
    go_on(folder, expected, seen)
    return max(tried, 1)


TRIALS = (
    Trial(
        "R10",
        "once",
        "Ctrl-C, SIGTERM or SIGHUP ends a run within 2 s and the items in hand, with 130, 143 or 129",
        "signals",
        gate=len(ONCE),
        release=20 * len(ONCE),
        run=stop_once,
        missing=missing,
    ),
    Trial(
        "R10",
        "twice",
        "a second Ctrl-C ends a run without the items in hand",
        "signals",
        gate=len(TWICE),
        release=20 * len(TWICE),
        run=stop_twice,
        missing=missing,
    ),
    Trial(
        "R10",
        "anywhen",
        "a signal at any moment from opening to the end leaves a whole report",
        "signals",
        gate=12,
        release=600,
        run=stop_anywhen,
        missing=missing,
    ),
)
