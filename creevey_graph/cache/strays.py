"""
The files of a cache's folder: values and what was left behind, told from what is not ours by their names.

Only names of our form are ever removed, links are not followed, and folders go only where they are empty.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache.accepted import NAME as ACCEPTED

_FOLDER = re.compile(r"[0-9a-f]{2}")
_NAME = re.compile(r"[0-9a-f]{62}-[0-9a-f]{16}\.val(\.tmp)?")
_ASIDE = re.compile(r"store\.bad-\d+|index\.db\.bad-\d+(-wal|-shm|-journal)?")
_DATABASE = ("cache.db", "cache.db-wal", "cache.db-shm", "cache.db-journal")
_INDEX = ("index.db", "index.db-wal", "index.db-shm", "index.db-journal")


@attrs.frozen
class Stray:
    """
    A file that nothing points at.

    Args:
        path: Where it is.
        size: Bytes.
        changed: When it was last changed, seconds since the epoch.
    """

    path: str
    size: int
    changed: float


def value_files(directory: str) -> Iterator[tuple[bytes, os.DirEntry[str]]]:
    """Yield (name relative to *directory*, entry) of value files and unfinished ones, by name."""
    for folder in _folders(directory):
        for entry in _listed(folder.path):
            if _NAME.fullmatch(entry.name) and not entry.is_dir(follow_symlinks=False):
                yield f"{folder.name}/{entry.name}".encode(), entry


def _folders(directory: str) -> list[os.DirEntry[str]]:
    return [e for e in _listed(directory) if _FOLDER.fullmatch(e.name) and e.is_dir(follow_symlinks=False)]


def _listed(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []


def stray_values(store: Any, directory: str) -> Iterator[Stray]:
    """
    Yield the value files that no row points at.

    Rows and files are gone through side by side, both by name: memory is bounded. A file is
    written before its row; what is young may be pointed at in a moment.
    """
    query = "SELECT CAST(filename AS BLOB) FROM Cache WHERE filename IS NOT NULL ORDER BY 1"
    names = iter(store._sql(query))  # noqa: SLF001 - its only way to SQL
    (name,) = next(names, (None,))
    for own, entry in value_files(directory):
        while name is not None and name < own:
            (name,) = next(names, (None,))
        if name != own:
            with suppress(FileNotFoundError):
                facts = entry.stat(follow_symlinks=False)
                yield Stray(entry.path, facts.st_size, facts.st_mtime)


def set_aside(folder: Path) -> list[Path]:
    """Return the damaged databases that were set aside in a cache's folder."""
    return [path for path in sorted(folder.iterdir()) if _ASIDE.fullmatch(path.name)]


def remove_aside(path: Path) -> None:
    """
    Remove a database that was set aside; what else somebody put there stays.

    Raises:
        OSError: It cannot be removed.
    """
    if path.is_dir() and not path.is_symlink():
        remove_store(path)
    else:
        path.unlink(missing_ok=True)


def remove_store(directory: Path) -> None:
    """
    Remove database and value files, then the folders that are empty.

    Raises:
        OSError: Something cannot be removed.
    """
    for _, entry in value_files(str(directory)):
        os.unlink(entry.path)  # noqa: PTH108 - per entry
    for name in _DATABASE:
        (directory / name).unlink(missing_ok=True)
    remove_empty(str(directory))
    with suppress(OSError):
        directory.rmdir()


def remove_ours(folder: Path) -> None:
    """
    Remove store, index, accepted edits and what was set aside from a cache's folder; everything else stays.

    Raises:
        OSError: Something cannot be removed.
    """
    for path in set_aside(folder):
        remove_aside(path)
    remove_store(folder / "store")
    for name in (*_INDEX, ACCEPTED):
        (folder / name).unlink(missing_ok=True)


def remove_empty(directory: str) -> None:
    """Remove the folders of value files that are empty."""
    for folder in _folders(directory):
        with suppress(OSError):
            os.rmdir(folder.path)  # noqa: PTH106 - per entry


def bytes_below(path: str) -> int:
    """Return the bytes of a file, or of all files below a folder; links count nothing."""
    total = 0
    waiting = [path]
    while waiting:
        for entry in _listed(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def index_bytes(folder: Path) -> int:
    """Return the bytes of the index."""
    return sum((folder / name).stat().st_size for name in _INDEX if (folder / name).is_file())
