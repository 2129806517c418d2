"""A process and all that it started, ended at once; and how one ended, in words."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress

CLOSED_FILES, TOO_LARGE = 71, 72
"""Exit codes of a worker whose files an item has closed, and of one that is sent more than it may take."""
UNKNOWN = 10**6
"""Stands for the exit code of a process that somebody else has waited for."""
_FROM_OUTSIDE = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT")
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def kill_family(pid: int) -> None:
    """
    Kill a process and its descendants, as far as they can be found.

    Where the system has neither /proc nor `ps`, the process alone.
    """
    for one in (*descendants(pid), pid):
        with suppress(OSError):
            os.kill(one, _KILL)


def is_gone(pid: int) -> bool:
    """True where there is no such process; False where that cannot be told."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


def descendants(pid: int) -> list[int]:
    """Return the processes that *pid* started, and what these started, the latest first."""
    children: dict[int, list[int]] = {}
    for child, parent in _pairs():
        children.setdefault(parent, []).append(child)
    found, waiting = [], [pid]
    while waiting:
        under = children.get(waiting.pop(), [])
        found += under
        waiting += under
    return found[::-1]


def _pairs() -> Iterator[tuple[int, int]]:
    """Yield (process, its parent)."""
    if os.path.isdir("/proc/self"):  # noqa: PTH112 - text
        try:
            names = os.listdir("/proc")  # noqa: PTH208 - text
        except OSError:  # no descriptors are left
            return
        for name in names:
            with suppress(OSError, ValueError, IndexError):
                if name.isdecimal():
                    with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - there may be thousands
                        yield int(name), int(file.read().rpartition(b")")[2].split()[1])
        return
    with suppress(OSError, ValueError, subprocess.SubprocessError):  # no such program, as on Windows
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=True)  # noqa: S607 - where it is found
        for line in listed.stdout.splitlines():
            child, parent = line.split()
            yield int(child), int(parent)


def told_of_exit(code: int) -> tuple[str, bool]:
    """Return how a process with this exit code ended, in words, and whether only what ran inside it can be the cause."""
    if code == UNKNOWN:
        return "the process ended, and the system told nobody how, as where SIGCHLD is ignored", False
    if code == TOO_LARGE:
        return (
            "what it was sent takes more memory than it may; raise worker_memory (--worker-memory)",
            True,
        )
    if code == CLOSED_FILES:
        return "the files of the process were closed", True
    if code >= 0:
        return f"the process was ended with exit code {code}", True
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name not in _FROM_OUTSIDE:
        return f"native code crashed ({name})", True
    hint = ", as the system does where memory runs out" if name == "SIGKILL" else ""
    return f"killed by {name}{hint}", False
