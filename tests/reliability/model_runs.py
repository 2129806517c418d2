"""
One run of the stateful model's graphs: in this process, or in one that is forked for it and may be killed.

As a program it is the server that forks: it imports everything once, has one thread, reads a line of JSON with a
list of jobs, forks a child for each, all at once, and answers with their exit codes. A child loads the module
as it stands on disk, as a new process would, at the price of a fork.

A job is a mapping: place, graph, by, items (as `given_items` takes them), out, options of `run`, and at most one of
kill = ["event" | "call" | "timer", when], interrupt = event, edits = [event, path, text], limit_bytes = of a file.
"""

import contextlib
import gc
import importlib
import json
import linecache
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections import Counter
from importlib import import_module
from pathlib import Path

from model_text import GRAPHS, MODULE, PARTS, text_of
from programs import environment

from creevey_graph import RunFailed, RunInterrupted

LIMIT_S = 60.0
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "shutil.move")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def load_module(place):
    """Import the module as it stands in *place*, anew; return it."""
    sys.modules.pop(MODULE, None)
    linecache.clearcache()
    importlib.invalidate_caches()
    path_before, written, sys.dont_write_bytecode = list(sys.path), sys.dont_write_bytecode, True
    sys.path.insert(0, str(place))
    try:
        return importlib.import_module(MODULE)
    finally:
        sys.path[:] = path_before
        sys.dont_write_bytecode = written


def given_items(place, graph, how):
    """
    Return (what is handed to `run`, path -> values of its item) for the inputs in *place*.

    Args:
        place: The example's folder.
        graph: The graph; `pairs` has two inputs, a path and a list of paths.
        how: "glob", "deep", "list", or "first" for the first one alone.
    """
    paths = sorted((Path(place) / "in").glob("*.dat"))
    if graph == "pairs":
        rows = {
            path: (path, [paths[index - 1], paths[(index + 1) % len(paths)]])
            for index, path in enumerate(paths)
        }
        taken = list(rows.items())[: 1 if how == "first" else None]
        return [{"path": path, "others": others} for path, (_, others) in taken], dict(taken)
    paths = paths[: 1 if how == "first" else None]
    given = {"glob": f"{place}/in/*.dat", "deep": f"{place}/in/**/*.dat", "list": paths, "first": paths}[how]
    return given, {path: (path,) for path in paths}


def run_job(module, job):
    """Run what *job* says; return (the report, how it ended: "finished", "failed" or "interrupted")."""
    place = Path(job["place"])
    made = getattr(module, job["graph"]).bind(by=job["by"])
    items, _ = given_items(place, job["graph"], job["items"])
    listeners = [*_listeners(job)]
    options = {"executor": "serial", "progress": False, "cache": place / "cache", **job.get("options", {})}
    try:
        return made.run(items, out=place / job["out"], listeners=listeners, **options), "finished"
    except RunFailed as exc:
        return exc.report, "failed"
    except RunInterrupted as exc:
        return exc.report, "interrupted"


def _listeners(job):
    if "edits" in job:
        at, path, text = job["edits"]
        yield _at_event(at, lambda: Path(path).write_text(text))
    if "interrupt" in job:
        yield _at_event(job["interrupt"], lambda: signal.raise_signal(signal.SIGINT))
    if job.get("kill", [""])[0] == "event":
        yield _at_event(job["kill"][1], _die)


def _at_event(number, act):
    left = [number]

    def listen(event):
        left[0] -= 1
        if not left[0]:
            act()

    return listen


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def told(report, ended):
    """Return what is known of a run as JSON-able data."""
    rows = [
        [
            row.key,
            row.source,
            str(row.outcome),
            row.step,
            row.error,
            row.reason,
            list(row.outputs),
            dict(row.fields),
        ]
        for row in report.rows
    ]
    ended_at = Counter()
    for (node, _), count in report.ended_at.items():
        ended_at[node] += count
    return {
        "ended": ended,
        "rows": rows,
        "counts": {str(outcome): count for outcome, count in report.counts.items() if count},
        "total": report.total,
        "executed": {node: count for node, count in report.executed.items() if count},
        "spared": dict(report.spared),
        "restored": dict(report.restored),
        "ended_at": dict(ended_at),
        "unreached": dict(report.unreached),
        "damaged": report.damaged,
        "notices": list(report.notices),
        "stopped": report.stopped,
        "finished": report.finished,
        "path": str(report.path),
    }


# --- the server --------------------------------------------------------------------------------


def _child(job):
    """Do one job in this forked process, and end it."""
    code = 1
    try:
        os.setsid()
        kind, when = job.get("kill", ["", 0])
        module = load_module(job["place"])
        if "limit_bytes" in job:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (job["limit_bytes"], resource.RLIM_INFINITY))
        if kind == "timer":
            signal.signal(
                signal.SIGALRM, signal.SIG_DFL
            )  # ends the process as SIGKILL does: nothing is tidied
            signal.setitimer(signal.ITIMER_REAL, when)
        elif kind == "call":
            sys.addaudithook(_killing_hook(when))
        report, ended = run_job(module, job)
        if "limit_bytes" in job:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        Path(job["answer"]).write_text(json.dumps(told(report, ended), default=str))
        code = 0
    except BaseException:  # noqa: BLE001 - it is told to whoever asked
        with contextlib.suppress(OSError):
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            Path(job["answer"]).write_text(json.dumps({"error": traceback.format_exc()}))
    finally:
        os._exit(code)


def _killing_hook(when):
    left = [when]

    def hook(event, arguments):
        if event in _CHANGES or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
        ):
            left[0] -= 1
            if left[0] <= 0:
                _die()

    return hook


def _warm():
    """Do every kind of run once, so that all modules are there: importing them took a child 0.3 s."""
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "in").mkdir()
        for name, text in (("a", "9"), ("b", "8"), ("c", "7")):
            (Path(place) / "in" / f"{name}.dat").write_text(text)
        (Path(place) / f"{MODULE}.py").write_text(
            text_of({name: variants[0] for name, variants in PARTS.items()})
        )
        module = load_module(place)
        for graph in GRAPHS:
            job = {"place": place, "graph": graph, "by": 1, "items": "glob", "out": "out"}
            told(*run_job(module, job))
            run_job(module, {**job, "options": {"prune": True, "refresh": True, "cache_size": 0}})
        gc.collect()
    import_module("creevey_graph.executors.threads")
    assert threading.active_count() == 1


def serve():
    """Answer requests until the pipe is closed."""
    _warm()
    for line in sys.stdin:
        jobs = json.loads(line)
        sys.stdout.flush()
        children = []
        for job in jobs:
            process = os.fork()
            if not process:
                _child(job)
            children.append(process)
        codes = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in children]
        print(json.dumps(codes), flush=True)


class Forker:
    """
    The server and its pipe. Made when first asked, ended with this process.

    State: program = the server, None before it is needed.
    """

    def __init__(self):
        self.program = None

    def run(self, jobs):
        """
        Do *jobs* at once, each in a process of its own; return [(exit code, what it told or None)].

        Raises:
            AssertionError: They did not end in time.
        """
        if self.program is None or self.program.poll() is not None:
            self.program = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment(PYTHONHASHSEED="77"),
            )
        jobs = [{**job, "answer": f"{job['place']}/answer-{number}.json"} for number, job in enumerate(jobs)]
        self.program.stdin.write(json.dumps(jobs, default=str) + "\n")
        self.program.stdin.flush()
        ready, _, _ = select.select([self.program.stdout], [], [], LIMIT_S)
        if not ready:
            self.program.kill()
            raise AssertionError(f"no end within {LIMIT_S} s: {jobs}")
        codes = json.loads(self.program.stdout.readline())
        return [(code, _answer(Path(job["answer"]))) for code, job in zip(codes, jobs, strict=True)]

    def close(self):
        """End the server."""
        if self.program is not None:
            self.program.stdin.close()
            self.program.wait(10)
            self.program.stdout.close()
            self.program = None


def _answer(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    finally:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    serve()
