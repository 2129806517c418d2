"""What the children of `warm_program` do: runs of the reference graph, its cache tidied, commands."""

import importlib
import os
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from reference import draw_photos, run_reference

from creevey_graph import Cache, RunInterrupted, RunTerminated, download, graph, write_bytes
from creevey_graph.cli import main as creevey
from creevey_graph.events import ItemFinished, ItemsCached, RunStarted
from creevey_graph.views import page  # noqa: F401 - imported once, not by every child

for _name in ("run", "report", "cache", "export", "status"):
    importlib.import_module(f"creevey_graph.cli.{_name}")
for _name in ("loky", "creevey_graph.cache.care", "creevey_graph.exports", "creevey_graph.fetch.job"):
    importlib.import_module(_name)

cli_run = sys.modules["creevey_graph.cli.run"]

MOMENTS = {
    "merge": ("creevey_graph.cache.index", "merge"),
    "gc": ("creevey_graph.cache.care", "collect"),
    "prune": ("creevey_graph.ending", "prune_files"),
    "open": ("creevey_graph.cache.opening", "open_store"),
    "commit": ("creevey_graph.cache.store", "put"),
    "end": ("creevey_graph.runner", "end_known"),
    "export": ("creevey_graph.cli.export", "export_as"),
    "publish": ("creevey_graph.exports.destination:Destination", "publish"),
    "report": ("creevey_graph.report", "write_csv"),
}
"""Name -> a function during which a trial wants to kill."""


def warm_up():
    """Run once: a third of a second of reading code that children are spared."""
    with TemporaryDirectory() as folder:
        draw_photos(Path(folder), 1)
        run_reference(Path(folder))


def call(job, folder, arguments):
    """Do a job; return its exit code."""
    return JOBS[job](folder, **arguments) or 0


def exit_code_of(exc):
    """Return what the interpreter ends with where nobody catches *exc*, telling it as the interpreter does."""
    if isinstance(exc, SystemExit):
        return exc.code if isinstance(exc.code, int) else 0 if exc.code is None else 1
    sys.excepthook(type(exc), exc, exc.__traceback__)
    return 1


def end(code):
    """End this process as the interpreter ends a program: threads are waited for."""
    import threading

    try:
        threading._shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def mark(moments):
    """
    Kill this process so many seconds after a moment came for the n-th time; print "in NAME" each time.

    Args:
        moments: Name -> (n, seconds). The system's timer ends the process, no handler being there, as kill -9
            would, but to the microsecond: from another process it takes longer than a merge of the index.
    """
    for name, (number, delay_s) in moments.items():
        module, function = MOMENTS[name]
        module, _, kind = module.partition(":")
        home = importlib.import_module(module)
        home = getattr(home, kind) if kind else home
        original, left = getattr(home, function), iter(range(1, number))

        def marked(*args, _name=name, _original=original, _left=left, _delay_s=delay_s, **kwargs):
            print("in", _name, flush=True)
            if next(_left, None) is None:
                signal.setitimer(signal.ITIMER_REAL, max(_delay_s, 1e-6))
            return _original(*args, **kwargs)

        setattr(home, function, marked)


def tell(event):
    """Print what a run has acknowledged, item by item: "ran KEY" or "kept KEY", and its outputs."""
    if isinstance(event, RunStarted):
        print("begun", flush=True)
    elif isinstance(event, ItemFinished):
        told = "ran" if event.executed else "kept" if event.row.outputs else str(event.row.outcome)
        print(told, event.row.key, *event.row.outputs, flush=True)
    elif isinstance(event, ItemsCached):
        print("cached", event.cached, flush=True)


def run_set(folder, *, marks=MappingProxyType({}), **options):
    """Run the reference graph."""
    mark(marks)
    try:
        report = run_reference(folder, listeners=[tell], **options)
    except RunTerminated:
        raise
    except RunInterrupted:
        return 130
    print("ended", report.counts.total(), flush=True)
    return 0


@graph
def fetched(url: str):
    data = download(url, allow_private=True, robots_txt=False, per_host=1_000, read_timeout_s=60)
    return {"file": write_bytes(data, "{stem}.bin")}


def fetch_set(folder, *, urls, **options):
    """Download URLs, and write what came."""
    report = fetched.run(
        urls, out=folder / "out", cache=folder / "cache", progress=False, listeners=[tell], **options
    )
    report.raise_for_failures()
    print("ended", report.counts.total(), flush=True)


def tidy(folder, *, max_bytes, marks=MappingProxyType({})):
    """Do `cache gc` to a size."""
    mark(marks)
    cache = Cache(folder / "cache")
    print("begun", flush=True)
    cache.gc(max_bytes)


def command(folder, *, arguments, marks=MappingProxyType({}), tells=False):
    """Run a command line of ours in *folder*; *tells*: print what a run acknowledges, as the other jobs do."""
    del folder
    mark(marks)
    if tells:
        cli_run.without_notices = lambda shown: lambda event: (shown(event), tell(event))
    else:
        print("begun", flush=True)
    creevey.main(arguments, prog_name="creevey-graph")


JOBS = {"run_set": run_set, "fetch_set": fetch_set, "tidy": tidy, "command": command}
