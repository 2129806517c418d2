"""
How much memory a worker process may take.

Linux counts what a process may write to and shares with nobody against RLIMIT_DATA. RLIMIT_AS, the better known,
counts what is only reserved, too: 64 threads that wait took 1.4 GB of it, against 0.5 GB. Elsewhere neither is kept
to by the system, and there is no limit.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

LEAST_BYTES = 4_000_000_000
"""Below that, a default could fail honest work: pyarrow alone sets 1.2 GB aside when it is first used."""
MOST_OF_RAM = 0.8
IS_KEPT_TO = sys.platform.startswith("linux")
"""Whether this system keeps processes to a limit."""
_MOST_KEPT = 0.75
_STATM_DATA = 5
_GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def default_memory(workers: int) -> int | None:
    """
    Return what each of *workers* may take where nothing is said; None where the memory of this machine is unknown.

    Half of the machine's memory shared out, but 4 GB at least, as far as four fifths of the machine are so much.
    """
    total = _memory_of_machine()
    return None if total is None else int(min(max(LEAST_BYTES, total / 2 / workers), total * MOST_OF_RAM))


def _memory_of_machine() -> int | None:
    try:
        total: int = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    with suppress(OSError, ValueError):  # what a container may have; "max" where that is all
        total = min(total, int(_GROUP_LIMIT.read_text()))
    return total


class Ceiling:
    """
    The limit of this process, from now on. State: begun = bytes it had then; kept = what the first chunk left.

    Args:
        memory_bytes: What it may take beyond what it has; None for any.
    """

    def __init__(self, memory_bytes: int | None) -> None:
        self._bytes = memory_bytes if IS_KEPT_TO else None
        self.begun = 0
        self._kept: int | None = None
        if self._bytes is None:
            return
        import resource  # noqa: PLC0415 - there is none on Windows

        self.begun = _data_bytes()
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        wanted = self.begun + self._bytes
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))

    def is_near(self) -> bool:
        """
        True where half of it is taken and nothing is in hand: what items left behind, to the next one's harm.

        What is there from the first chunk on may be a model, say, that each process loads once: a new process for
        each chunk would load it anew and be no better off.
        """
        if self._bytes is None:
            return False
        taken = _data_bytes() - self.begun
        self._kept = taken if self._kept is None else self._kept
        is_grown = taken - self._kept > self._bytes / 8 or taken > self._bytes * _MOST_KEPT
        return taken > self._bytes / 2 and is_grown


def _data_bytes() -> int:
    with suppress(OSError, ValueError, IndexError), open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - per chunk
        return int(file.read().split()[_STATM_DATA]) * os.sysconf("SC_PAGE_SIZE")
    return 0
