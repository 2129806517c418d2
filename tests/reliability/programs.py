"""Programs that trials start, kill and wait for: each in a session of its own, without coverage."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def environment(**more):
    """Return this process's environment for a child: the clone on its path, no coverage (it doubles the time)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    kept.pop("CREEVEY_CACHE_DIR", None)
    path = os.pathsep.join([str(ROOT), str(HERE), str(HERE.parent)])
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **more}


def start(program, *arguments, cwd=None, env=None, **options):
    """Start a program of this folder, or ("-c", text) or ("-m", module), with text on its pipes."""
    command = [str(HERE / program)] if str(program).endswith(".py") else [str(program)]
    return subprocess.Popen(
        [sys.executable, *command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=cwd,
        env=env or environment(),
        **options,
    )


def kill_group(program):
    """Kill -9 a program and all that it started, and reap it; return what was printed until then."""
    workers = children_of(program)
    os.killpg(program.pid, signal.SIGKILL)
    printed = program.communicate(timeout=30)
    assert [] == alive_after(workers, 2.0)
    return printed


def children_of(program):
    """Return the processes below a program; none where it has ended."""
    try:
        return psutil.Process(program.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def alive_after(processes, limit_s):
    """Return the processes that are alive after *limit_s*; earlier, as soon as there are none."""
    until = time.monotonic() + limit_s
    while (alive := [process for process in processes if _is_alive(process)]) and time.monotonic() < until:
        time.sleep(0.005)
    return alive


def _is_alive(process):
    # One that is dead and that nobody has asked about yet (a zombie) runs no more; `psutil.wait_procs` would wait for it.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
