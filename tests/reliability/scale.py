"""
R14: large sets take no more memory, descriptors or threads than small ones, beyond what the index and rows need.

The gate compares a tenth of 10,000 items with all of them; `CREEVEY_SCALE` sets another number for long runs, such
as 1000000. Each run is a program of its own (`scale_program.py`), which looks at itself.
"""

import json
import os

from programs import environment, start
from trial import Trial

from creevey_graph import Graph, step

ITEMS = int(os.environ.get("CREEVEY_SCALE", "10000"))
MOST_MB = 50.0
"""What the large run may take beyond the small one, as the plan asks."""
MOST_MB_FOR_A_MILLION = 500.0
"""What items themselves may take in the listing, the report and the index, beyond that."""
MOST_FDS, MOST_THREADS = 4, 2
"""By how many these may differ within one run."""
RUNS = 50
NODES = 200


def measure(kind, count, folder):
    """Return what the program tells of one large run."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    program = start(
        "scale_program.py", kind, count, folder / f"{count}", env=environment(TMPDIR=str(temporary))
    )
    printed, errors = program.communicate(timeout=3600)
    assert program.returncode == 0, errors
    return json.loads(printed.splitlines()[-1])


def _check_flat(kind, folder, outcomes):
    small, large = (measure(kind, count, folder) for count in (ITEMS // 10, ITEMS))
    rise_mb = (large["rss_mb"][1] - large["begin_mb"]) - (small["rss_mb"][1] - small["begin_mb"])
    assert rise_mb < MOST_MB + MOST_MB_FOR_A_MILLION * ITEMS / 10**6, (small, large)
    assert large["fds"][1] <= small["fds"][1] + MOST_FDS, (small, large)
    assert large["threads"][1] <= small["threads"][1] + MOST_THREADS, (small, large)
    assert large["rows"] == ITEMS, large["rows"]
    assert large["counts"] == [{outcome: ITEMS} for outcome in outcomes], large["counts"]
    return large


def try_files(seed, folder):
    """Tiny files and outputs in threads; the second run executes nothing, and reports take what their rows do."""
    large = _check_flat("files", folder, ["done", "cached"])
    assert large["executed"] == [2 * ITEMS, 0]
    assert max(large["journal_bytes"]) < 1000 * ITEMS
    return ITEMS


def try_values(seed, folder):
    """20 kB from step to step in worker processes: were they held, 10,000 items took 200 MB."""
    large = _check_flat("values", folder, ["done", "cached"])
    assert large["executed"] == [2 * ITEMS, 0]
    return ITEMS


def try_failing(seed, folder):
    """Every item fails: errors and tracebacks stand in the report's file, not in memory."""
    large = _check_flat("failing", folder, ["failed"])
    assert large["executed"] == [0]
    assert large["journal_bytes"][0] < 3000 * ITEMS
    return ITEMS


def try_skipped(seed, folder):
    """Every item is left out; the second run knows."""
    large = _check_flat("skipped", folder, ["skipped", "skipped"])
    assert large["executed"] == [0, 0]
    return ITEMS


def try_notebook(seed, folder):
    """A process that runs again and again: memory, descriptors and threads are those of its first runs."""
    seen = measure("notebook", RUNS, folder)
    assert seen["rss_mb"][1] - seen["rss_mb"][0] < 10, seen
    assert seen["fds"][1] - seen["fds"][0] <= MOST_FDS, seen
    assert seen["threads"][1] - seen["threads"][0] <= MOST_THREADS, seen
    assert seen["left_in_temporary"] == [], seen
    assert seen["reports"] <= 101, seen
    return RUNS


@step
def plus(number: int, other: int, *, by: int = 1) -> int:
    return (number + other + by) % 1_000_003


def try_nodes(seed, folder):
    """A graph of 200 nodes, each of which reads two before it: right, cached, and one edited node reruns those below it."""

    def made(edited=None):
        graph = Graph("large")
        nodes = [graph.input("number")]
        for number in range(NODES):
            by = number + (1000 if number == edited else 0)
            nodes.append(
                graph.add(
                    plus.bind(by=by),
                    f"n{number}",
                    number=nodes[-1],
                    other=nodes[-1 - number % 7 % len(nodes)],
                )
            )
        graph.output({"last": nodes[-1]})
        return graph

    def plain(number, edited=None):
        values = [number]
        for place in range(NODES):
            by = place + (1000 if place == edited else 0)
            values.append((values[-1] + values[-1 - place % 7 % len(values)] + by) % 1_000_003)
        return values[-1]

    rows = [{"number": number} for number in range(5)]
    options = {"cache": folder / "cache", "executor": "serial", "progress": False}
    for edited, nodes in ((None, NODES), (None, 0), (NODES - 3, 3), (0, NODES)):
        report = made(edited).run(rows, **options)
        assert [plain(number, edited) for number in range(5)] == [row.fields["last"] for row in report.rows]
        assert nodes * 5 == sum(report.executed.values())
    return NODES


TRIALS = (
    Trial(
        "R14",
        "files",
        "files in threads: flat memory, second run executes 0",
        "items",
        ITEMS,
        10**6,
        try_files,
        limit_s=7200,
    ),
    Trial(
        "R14",
        "values",
        "20 kB values in processes are not held",
        "items",
        ITEMS,
        10**5,
        try_values,
        limit_s=7200,
    ),
    Trial(
        "R14",
        "failing",
        "failures do not pile up in memory",
        "items",
        ITEMS,
        10**5,
        try_failing,
        limit_s=7200,
    ),
    Trial(
        "R14",
        "skipped",
        "items left out do not pile up in memory",
        "items",
        ITEMS,
        10**5,
        try_skipped,
        limit_s=7200,
    ),
    Trial(
        "R14",
        "notebook",
        "one process, run after run, stays as it is",
        "runs",
        RUNS,
        500,
        try_notebook,
        limit_s=600,
    ),
    Trial("R14", "nodes", "graphs of 200 nodes are right and cached", "nodes", NODES, 20_000, try_nodes),
)
