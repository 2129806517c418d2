"""
File -> digest of its content, and when a look at its stat is enough.

Content counts, not time: on a file system with one-second timestamps a key of size and
mtime missed 300 of 300 edits of equal size. Where the digest is kept, and with which
stat, stands elsewhere.
"""

import hashlib
import os
import stat as modes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar

import attrs

from creevey_graph.errors import SourceChanged, SourceError
from creevey_graph.fingerprint.values import digest_bytes, digest_of_sha256

SETTLED_NS = 2_000_000_000
"""How long a file must have been left alone before the look; FAT counts in steps of 2 s."""

T = TypeVar("T")


@attrs.frozen
class Stat:
    """
    What tells without reading that a file is still the same.

    Args:
        size: Bytes.
        mtime_ns: Last change of the content, nanoseconds since 1970; programs can set it.
        ctime_ns: Last change of content or attributes; programs cannot set it (on Windows: creation).
        inode: Which file it is; another one where a file was replaced.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> "Stat":
        """
        Look at the file behind *path*, links followed.

        Raises:
            OSError: It is not there or cannot be looked at.
        """
        return cls.from_result(os.stat(path))  # noqa: PTH116 - per item: no Path where a string serves

    @classmethod
    def from_result(cls, result: os.stat_result) -> "Stat":
        """Return the part of a look that counts."""
        return cls(result.st_size, result.st_mtime_ns, result.st_ctime_ns, result.st_ino)


def is_settled(stat: Stat, looked_at_ns: int) -> bool:
    """
    Return True where *stat* will change with the content: the file was left alone 2 s before the look.

    An edit right after the look may bear the same timestamps where they are coarse.

    Args:
        stat: What the look saw.
        looked_at_ns: When, in nanoseconds since 1970 by the clock of the file system's host.

    >>> is_settled(Stat(5, 1_000, 1_000, 7), looked_at_ns=3_000_000_000)
    True
    >>> is_settled(Stat(5, 1_000, 2_000_000_000, 7), looked_at_ns=3_000_000_000)
    False
    """
    return is_left_alone(stat.mtime_ns, stat.ctime_ns, looked_at_ns)


def is_left_alone(mtime_ns: int, ctime_ns: int, looked_at_ns: int) -> bool:
    """Return True where a file with these times was left alone for 2 s before the look."""
    return max(mtime_ns, ctime_ns) + SETTLED_NS < looked_at_ns


def digest_file(path: str | os.PathLike[str]) -> tuple[str, Stat]:
    """
    Return the digest of a file's content, as `digest_bytes` gives it, and its stat; reads in blocks.

    Raises:
        SourceError: It is no regular file.
        SourceChanged: It changed while it was read.
        OSError: It cannot be read.
    """
    sha256, stat = _read_whole(path, lambda file: hashlib.file_digest(file, "sha256").hexdigest())
    return digest_of_sha256(sha256), stat


def read_file(path: str | os.PathLike[str]) -> tuple[bytes, str, Stat]:
    """
    Return a file's content, the digest of exactly these bytes, and the stat; reads once.

    Raises:
        SourceError: It is no regular file.
        SourceChanged: It changed while it was read.
        OSError: It cannot be read.
    """
    data, stat = _read_whole(path, lambda file: file.read())
    return data, digest_bytes(data), stat


def _read_whole(path: str | os.PathLike[str], read: Callable[[FileIO], T]) -> tuple[T, Stat]:
    with _open_regular(path) as file:
        before = Stat.from_result(os.fstat(file.fileno()))
        result = read(file)
        after = Stat.from_result(os.fstat(file.fileno()))
        length = file.tell()
    if before != after or length != after.size or after != _stat_now(path):
        raise SourceChanged(
            f"'{os.fspath(path)}': changed while it was read; run again when nothing writes to it"
        )
    return result, after


def _stat_now(path: str | os.PathLike[str]) -> Stat | None:
    """Return the stat of what *path* leads to now, None where it is gone."""
    try:
        return Stat.of(path)
    except FileNotFoundError:
        return None


@contextmanager
def _open_regular(path: str | os.PathLike[str]) -> Iterator[FileIO]:
    # A fifo without a writer would block `open` for ever, and some devices act when opened:
    # look first; O_NONBLOCK holds where a file is exchanged for a fifo between look and open.
    _check_regular(os.stat(path).st_mode, path)  # noqa: PTH116
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    )
    with open(os.open(path, flags), "rb", buffering=0) as file:  # noqa: PTH123
        _check_regular(os.fstat(file.fileno()).st_mode, path)
        yield file


def _check_regular(mode: int, path: str | os.PathLike[str]) -> None:
    if modes.S_ISREG(mode):
        return
    kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "something else")
    raise SourceError(f"'{os.fspath(path)}': must be a regular file (got a {kind})")


_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (modes.S_ISDIR, "folder"),
    (modes.S_ISFIFO, "fifo"),
    (modes.S_ISSOCK, "socket"),
    (modes.S_ISCHR, "character device"),
    (modes.S_ISBLK, "block device"),
)


def is_file_value(value: Any) -> bool:
    """
    True where a value names a file whose content counts: any path, and text that is a file's name.

    >>> is_file_value(Path("a.jpg")), is_file_value("no such file"), is_file_value(3)
    (True, False, False)
    """
    if isinstance(value, Path):
        return True
    return isinstance(value, str) and "\x00" not in value and 0 < len(value) < 4096 and os.path.isfile(value)  # noqa: PTH113, PLR2004 - per item; PATH_MAX
