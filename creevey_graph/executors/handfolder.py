"""
The private folder of a pool of processes, in the system's folder for temporary files.

It is locked as long as its process lives (`flock`, which the system lets go of however that dies), so that the next
pool can tell those of killed runs, and remove them: with a number of a process in the name it would
have to guess, and in another container the number is another's. Without `flock` (Windows) they stay.
"""

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PREFIX = "creevey-pool-"
"""Another than earlier versions had, whose folders were not locked while they were in use."""
YOUNG_S = 60.0
"""A folder is made before it is locked."""
_LOCKS: Any = fcntl


class HandFolder:
    """A new folder, which nobody else may look into. State: path; the descriptor that holds its lock."""

    def __init__(self) -> None:
        remove_left_over()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._descriptor = None if _LOCKS is None else os.open(self.path, os.O_RDONLY)
        if self._descriptor is not None:
            _take(self._descriptor)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def remove_left_over() -> int:
    """Remove the folders that killed runs of this user left; return how many there were."""
    removed = 0
    if _LOCKS is None:
        return removed
    before = time.time() - YOUNG_S
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                with suppress(OSError):
                    removed += _remove_if_left(entry.path, before)
    return removed


def _remove_if_left(path: str, before: float) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        facts = os.fstat(descriptor)
        if facts.st_uid != os.geteuid() or facts.st_mtime > before or not _take(descriptor):
            return False
        shutil.rmtree(path, ignore_errors=True)
        return True
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        _LOCKS.flock(descriptor, _LOCKS.LOCK_EX | _LOCKS.LOCK_NB)
    except OSError:  # somebody holds it, or there are no locks there: then nobody removes it
        return False
    return True
