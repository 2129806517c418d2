"""
Follow the journal that another process is writing.

Whole lines only are taken; a torn last one waits for its end. A journal whose writer is gone without the
event of the end is told by the lock that every run holds on its cache, and where there is none by the
number of its process: never by silence alone, since a step may take an hour.
"""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from creevey_graph.cache import Lock
from creevey_graph.errors import SourceError, SourceNotFound
from creevey_graph.events import Event, RunStarted
from creevey_graph.journal import event_of_line
from creevey_graph.text import safe_text

READ_BYTES = 2**20
"""At once, so that a long journal is folded and sent in parts."""
GONE_LOOKS = 4
"""So many looks in a row must find a run's process gone; it lets go of its cache just before its last line."""
DOUBT_LOOKS = 40
_RUN_ID = re.compile(r"\d{8}-\d{6}-(?P<pid>[1-9]\d{0,9})")


class Following:
    """
    One journal, read as it grows.

    Args:
        path: The journal.

    Raises:
        SourceNotFound: There is no such file.
        SourceError: It cannot be read.

    State: begins = where the first line that is not told yet begins; the bytes behind it that were read;
    the open file. Thread safety: one reader.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begins = 0
        self._rest = bytearray()
        self._file: FileIO
        if not path.is_file() and path.exists():
            raise SourceError(f"report '{safe_text(str(path))}' is no file")
        try:
            self._file = path.open("rb", buffering=0)
        except FileNotFoundError:
            raise SourceNotFound(f"no report '{safe_text(str(path))}'; run the graph first") from None
        except OSError as exc:
            raise SourceError(f"report '{safe_text(str(path))}' cannot be read ({exc.strerror})") from exc

    def read(self) -> tuple[list[tuple[int, Event]], bool]:
        """
        Return the events of whole lines that came since, each with its place, and whether there was anything new.

        A foreign line is left out. A line longer than what is read at once takes several calls.

        Raises:
            SourceError: The file was replaced, cut short, or cannot be read any more.
        """
        try:
            data = self._file.read(READ_BYTES) or b""
            if not data:
                self._check_same()
        except OSError as exc:
            raise SourceError(
                f"report '{safe_text(str(self.path))}' cannot be read any more ({exc.strerror})"
            ) from exc
        events = []
        searched = len(self._rest)
        self._rest += data
        begins = 0
        while (end := self._rest.find(b"\n", max(begins, searched))) >= 0:
            event = event_of_line(bytes(self._rest[begins : end + 1]))
            if event is not None:
                events.append((self.begins + begins, event))
            begins = end + 1
        del self._rest[:begins]
        self.begins += begins
        return events, bool(data)

    def _check_same(self) -> None:
        here = os.fstat(self._file.fileno())
        if here.st_size < self.begins + len(self._rest):
            raise SourceError(f"report '{safe_text(str(self.path))}' was cut short while it was followed")
        with suppress(
            FileNotFoundError
        ):  # removed to make room for later ones: what is open can still be read
            there = self.path.stat()
            if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
                raise SourceError(f"report '{safe_text(str(self.path))}' was replaced while it was followed")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def graph_of(path: Path) -> str | None:
    """Return the name of the graph that a journal is of, None where it does not tell yet, or cannot be read."""
    try:
        with path.open("rb") as file:
            for line in file.readlines(READ_BYTES):
                if isinstance(event := event_of_line(line), RunStarted):
                    return event.graph
    except OSError:
        pass
    return None


class Pulse:
    """
    Whether the process that writes a journal is still there.

    Args:
        path: The journal.
        run_id: The run's, which ends in the number of its process.
        is_alive: Number of a process -> whether there is one; None where that cannot be told.

    State: silent = looks in a row that nothing came at; missed = of these, those that found it gone.
    """

    def __init__(self, path: Path, run_id: str, is_alive: Callable[[int], bool | None] | None = None) -> None:
        self._folder = path.parent.parent if path.parent.name == "runs" else None
        found = _RUN_ID.fullmatch(run_id)
        self._pid = int(found["pid"]) if found else None
        self._is_alive = is_alive or process_is_there
        self.missed = self.silent = 0

    def is_gone(self, *, is_growing: bool) -> bool:
        """Look once; True where the last `GONE_LOOKS` looks found no such process, and nothing came meanwhile."""
        self.silent = 0 if is_growing else self.silent + 1
        self.missed = 0 if is_growing or self._may_be_there() else self.missed + 1
        return self.missed >= GONE_LOOKS

    @property
    def is_doubtful(self) -> bool:
        """True where nothing came for long, and this machine has no such process: another may hold the cache."""
        return self.silent >= DOUBT_LOOKS and self._pid is not None and self._is_alive(self._pid) is False

    def _may_be_there(self) -> bool:
        held = None if self._folder is None else cache_is_held(self._folder)
        if held is not None:
            return held
        return self._pid is None or self._is_alive(self._pid) is not False


def cache_is_held(folder: Path) -> bool | None:
    """Return whether a run, or something else, is at work in a cache; None where that cannot be told."""
    if not (folder / "lock").is_file():
        return None
    with Lock(folder) as lock:
        is_free = lock.own()
        return None if not lock.is_certain else not is_free


def process_is_there(pid: int) -> bool | None:
    """Return whether this machine runs a process of this number; None where that cannot be told."""
    if os.name != "posix":
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
