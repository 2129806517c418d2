"""
The lock on a cache's folder: runs share it, what removes values must have it alone.

An advisory `flock` on the file `lock`, which the system lets go of when its process dies, however it
dies: there are no stale locks. A file that holds a process's number was rejected: after a kill it must
be guessed from the number whether it still runs, and on a shared folder on which machine.

Where there is no `flock` (Windows, some network folders, a folder that cannot be written) nobody
knows who else is there. Then a run goes on all the same, and what removes values leaves everything
alone that is younger than an hour.
"""

import errno
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_LOCKS: Any = fcntl

IN_USE = "a run is using this cache; try again when it ended"
BUSY = "`cache gc` or `cache clear` is at work in this cache; try again when it ended"
_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
_PAUSE_S = 0.05


class Lock:
    """
    One holder's lock on a folder.

    Args:
        folder: The cache's folder.
        name: What in it is locked: a file that is made where it is not there, or a folder that is.

    State: is_certain = whether locks work here; without, whoever asks is let in. Thread safety:
    none; each holder has its own, also two in one process.
    """

    def __init__(self, folder: Path, name: str = "lock") -> None:
        self._descriptor = _opened(str(folder / name))
        self.is_certain = self._descriptor is not None

    def share(self, wait_s: float = 0.0) -> bool:
        """Hold it together with others; False where somebody had it alone for *wait_s* seconds."""
        return self._take_within(wait_s, exclusive=False)

    def own(self, wait_s: float = 0.0) -> bool:
        """Hold it alone; False where somebody else held it for *wait_s* seconds, and then it is not even shared any more."""
        return self._take_within(wait_s, exclusive=True)

    def _take_within(self, wait_s: float, *, exclusive: bool) -> bool:
        until = time.monotonic() + wait_s
        while not self._take(exclusive=exclusive):
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE_S)
        return True

    def _take(self, *, exclusive: bool) -> bool:
        if self._descriptor is None:
            return True
        try:
            _LOCKS.flock(self._descriptor, (_LOCKS.LOCK_EX if exclusive else _LOCKS.LOCK_SH) | _LOCKS.LOCK_NB)
        except OSError as exc:
            if exc.errno in _HELD:
                return False
            self.is_certain = False
        return True

    def release(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _opened(path: str) -> int | None:
    if _LOCKS is None:
        return None
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        with suppress(OSError):
            return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    return None
