"""
Files that appear whole or not at all.

A target is written under a temporary name in its own folder and then renamed over
the target; readers see the old file or the new one. 100 kills in mid-write left 97
corrupt files when written directly, none this way. No fsync: it costs 30-58 times
the write, and what is read back is checked by digest instead.
"""

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

from creevey_graph.errors import UsageError
from creevey_graph.text import safe_text

TEMPORARY = ".creevey-tmp-"
"""What our temporary names begin with."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
STALE_AFTER_S = 3600.0
_NAME = re.compile(re.escape(TEMPORARY) + r"\d+-[0-9a-f]{12}")
_TWICE = re.compile(rf"{_NAME.pattern}[/\\]{{1,2}}{_NAME.pattern}")  # a backslash is doubled in a repr
_FOLDER = re.compile(rf"{_NAME.pattern}[/\\]{{1,2}}(?=\w)")  # another file that a writer made beside its own
_STEM = re.compile(rf"{_NAME.pattern}(?=\.\w)")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """
    Yield a temporary path beside *target*, with its suffix; rename it over *target* at the end.

    The folder is made where needed. On any exception the temporary file is removed
    and *target* stays as it was. The new file has the mode the umask gives.

    Raises:
        FileNotFoundError: The body wrote nothing at the yielded path.
    """
    temporary = temporary_beside(target)
    try:
        yield temporary
        os.replace(temporary, target)  # noqa: PTH105 - one call for str and Path
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


@contextmanager
def placing(target: Path) -> Iterator[Path]:
    """
    Yield where a writer is to write *target*, so that it appears whole or not at all.

    In a graph a writer is handed a temporary path, and the runner replaces the target: that path
    itself is yielded. Else it is as with `replacing`.
    """
    if is_temporary(target.name):
        yield target
        return
    with replacing(target) as temporary:
        yield temporary


@contextmanager
def replacing_named(path: Path) -> Iterator[Path]:
    """
    Yield where to write a file that a user named, so that it appears whole or not at all.

    A link stays one, and what it leads to is replaced. A pipe or a device is written as it is, and so is a file in
    a folder that takes no other; no folder is made.
    """
    target = Path(os.path.realpath(path))
    if (path.exists() and not path.is_file()) or not os.access(target.parent, os.W_OK | os.X_OK):
        yield path
        return
    with replacing(target) as temporary:
        yield temporary


def temporary_beside(target: Path) -> Path:
    """Return a path that is not in use, in *target*'s folder (made where needed), with its suffix."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.parent / _new_name(target.suffix)


def temporary_apart(target: Path) -> Path:
    """Return a path as `temporary_beside` does, in a new folder of its own beside *target*."""
    folder = target.parent / _new_name("")
    try:
        folder.mkdir()
    except FileNotFoundError:  # not asked for before: a look takes as long as making the folder
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    return folder / _new_name(target.suffix)


def _new_name(suffix: str) -> str:
    return f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}{suffix}"


class Scratch:
    """
    Folders for files on their way, each beside the targets it serves, and used again while it is empty.

    Making and removing one for every file took 0.24 of the 1.3 ms of a tiny item.

    State: free = folder of targets -> our empty folder in it. Thread safety: none; one a chunk.
    """

    def __init__(self) -> None:
        self._free: dict[str, Path] = {}

    def take(self, target: Path) -> Path:
        """Return a path that is not in use, with *target*'s suffix, alone in a folder beside *target*."""
        folder = self._free.pop(str(target.parent), None)
        if folder is None:
            return temporary_apart(target)
        return folder / _new_name(target.suffix)

    def give_back(self, path: Path) -> None:
        """Remove what is at a path that `take` returned; its folder may serve again if nothing else is in it."""
        place = str(path.parent.parent)
        with suppress(OSError):
            path.unlink(missing_ok=True)
            if place not in self._free and not os.listdir(path.parent):  # noqa: PTH208 - per output
                self._free[place] = path.parent
                return
        remove_temporary(path)

    def close(self) -> None:
        """Remove the folders."""
        while self._free:
            with suppress(OSError):
                self._free.popitem()[1].rmdir()


def nearest_there(folder: Path) -> Path:
    """Return *folder* where it is there, else the nearest of its parents that is; it may be a file."""
    return next((place for place in (folder, *folder.parents) if os.path.exists(place)), folder)  # noqa: PTH110 - never raises


def check_can_write(out: Path | None) -> None:
    """
    Check that files can be written to a folder, by making one where it is, or where it will be, and removing it.

    Rights tell too little: root ignores them, and a disk may be read-only all the same.

    Raises:
        UsageError: They cannot.
    """
    if out is None:
        return
    probe = nearest_there(out) / _new_name("")
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError as exc:
        raise UsageError(
            f"out '{safe_text(str(out))}': cannot write there ({exc.strerror or exc}); "
            f"choose another folder, or {'make room' if exc.errno in _NO_ROOM else 'change its rights'}"
        ) from exc


def remove_temporary(path: Path) -> None:
    """Remove a temporary file, and the folder of its own where it has one; one that is gone is fine."""
    if is_temporary(path.parent.name):
        try:
            path.unlink(missing_ok=True)
            path.parent.rmdir()
        except OSError:  # there is more in it
            shutil.rmtree(path.parent, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink(missing_ok=True)


def write_bytes(target: Path, data: bytes) -> None:
    """Write *data* to *target*, whole or not at all."""
    with replacing(target) as temporary:
        temporary.write_bytes(data)


def as_target(text: str, target: PurePath) -> str:
    """
    Return a message with *target* in place of the temporary path that was handed out for it.

    >>> as_target("'out/.creevey-tmp-7-0123456789ab/.creevey-tmp-7-ba9876543210.jpg'", PurePath("out/a.jpg"))
    "'out/a.jpg'"
    """
    if TEMPORARY not in text:
        return text
    for pattern, name in ((_TWICE, target.stem), (_FOLDER, ""), (_STEM, target.stem), (_NAME, target.name)):
        text = pattern.sub(lambda _, name=name: name, text)  # type: ignore[misc]  # "\\" in a name stays
    return text


def is_temporary(name: str) -> bool:
    """True where a file name is one of our temporary ones (sources leave these out)."""
    return name.startswith(TEMPORARY)


def remove_stale(folder: Path, *, now_s: float | None = None) -> int:
    """
    Remove temporary files in *folder* (not below it) that a killed run left an hour ago or more.

    The time of a copy may be that of its original, so the last change of any kind counts.

    Args:
        folder: The folder to look in; a missing one is fine.
        now_s: Seconds since the epoch; the clock's by default.

    Returns:
        How many were removed.
    """
    now_s = time.time() if now_s is None else now_s
    removed = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not is_temporary(entry.name):
                continue
            with suppress(OSError):
                stat = entry.stat(follow_symlinks=False)
                if now_s - max(stat.st_mtime, stat.st_ctime) <= STALE_AFTER_S:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)  # noqa: PTH108 - an entry has its path as text
                removed += 1
    return removed
