"""
Tar archives: which members they have, and the bytes of one.

A member of a plain tar is read where it stands. In a compressed one nothing can be found but by
unpacking all before it; so the whole is unpacked once a process, into a temporary file without a
name, which the system removes with the process. Rejected: to unpack up to a member for each member,
which for n of them takes n/2 times the archive.
"""

import bz2
import gzip
import lzma
import os
import struct
import tarfile
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

import attrs

from creevey_graph.errors import SourceError
from creevey_graph.parts.names import Members, choose, no_member, unreadable
from creevey_graph.text import safe_text

BLOCK_BYTES = 2**20
SPARE_UNPACKED_BYTES = 2**30
MOST_UNPACKED = 200
"""A compressed tar may hold so many times its own size, and 1 GiB on top; pictures hardly shrink at all."""

_PACKED: tuple[tuple[bytes, Callable[[Any], Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\0", lzma.open),
)
_DAMAGE = (
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    OverflowError,
    ValueError,
)
_KINDS = (
    (tarfile.TarInfo.issym, "is a symbolic link"),
    (tarfile.TarInfo.islnk, "is a hard link"),
    (tarfile.TarInfo.issparse, "is a sparse file"),
    (lambda info: not info.isreg(), "is no regular file"),
)
_MARK = bytes(tarfile.BLOCKSIZE)


class TarArchive:
    """
    An open tar.

    State: members = what is in it. Thread safety: reading takes turns, a block each.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = _plain(path)
        try:
            self.members = _index(self._file, path)
        except BaseException:
            self._file.close()
            raise

    def size(self, name: str) -> int:
        """Return how many bytes a member has."""
        return self._place(name)[1]

    def blocks(self, name: str) -> Iterator[bytes]:
        """
        Yield a member's bytes.

        Raises:
            SourceError: It is not there, or the archive ends before it does.
        """
        offset, left = self._place(name)
        while left:
            with self._lock:
                self._file.seek(offset)
                block = self._file.read(min(left, BLOCK_BYTES))
            if not block:
                raise unreadable(self._path, name, EOFError(f"{left} of its bytes are missing"))
            offset += len(block)
            left -= len(block)
            yield block

    def _place(self, name: str) -> tuple[int, int]:
        try:
            return self.members.places[name]
        except KeyError:
            raise no_member(self._path, name) from None

    def close(self) -> None:
        """Close its file."""
        self._file.close()


def list_tar(path: str | os.PathLike[str]) -> Members[tuple[int, int]]:
    """
    Return a tar's members; a compressed one is unpacked for that, but not kept.

    Raises:
        SourceError: It is no tar, damaged, or cut.
        OSError: It cannot be read.
    """
    unpack = _unpacker(path)
    with open(path, "rb") as file:  # noqa: PTH123 - a path as text
        if unpack is None:
            return _index(file, path)
        with unpack(file) as unpacked:
            return _index(_Capped(unpacked, path), path)


def _unpacker(path: str | os.PathLike[str]) -> Callable[[Any], Any] | None:
    with open(path, "rb") as file:  # noqa: PTH123 - a path as text
        head = file.read(6)
    return next((unpack for magic, unpack in _PACKED if head.startswith(magic)), None)


def _plain(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a tar, or what a compressed one unpacks to."""
    unpack = _unpacker(path)
    if unpack is None:
        return open(path, "rb")  # noqa: PTH123 - a path as text; the archive closes it
    unpacked = tempfile.TemporaryFile(prefix="creevey-")  # noqa: SIM115 - the archive closes it
    try:
        with open(path, "rb") as file, unpack(file) as packed:  # noqa: PTH123 - a path as text
            source = _Capped(packed, path)
            while block := source.read(BLOCK_BYTES):
                unpacked.write(block)
        unpacked.seek(0)
    except _DAMAGE as exc:
        unpacked.close()
        raise _damaged(path, exc) from exc
    except OSError as exc:
        unpacked.close()
        if exc.errno is not None:
            raise
        raise _damaged(path, exc) from exc
    except BaseException:
        unpacked.close()
        raise
    return unpacked


class _Capped:
    """What a compressed file unpacks to, up to a cap."""

    def __init__(self, file: Any, path: str | os.PathLike[str]) -> None:
        self._file, self._path = file, path
        self._most = os.stat(path).st_size * MOST_UNPACKED + SPARE_UNPACKED_BYTES  # noqa: PTH116 - text

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._file.read(size)
        if self._file.tell() > self._most:
            raise SourceError(
                f"'{safe_text(str(self._path))}': unpacks to more than {self._most} bytes, "
                f"{MOST_UNPACKED} times its size; unpack it yourself where it is not meant to harm"
            )
        return data

    def seek(self, offset: int) -> None:
        self._file.seek(offset)

    def tell(self) -> int:
        return int(self._file.tell())


@attrs.define
class _Watched:
    """A file that remembers the block it gave last, which tells how a tar ends."""

    file: Any
    last: bytes = b""

    def read(self, size: int = -1) -> bytes:
        self.last = self.file.read(size)
        return self.last

    def seek(self, offset: int) -> None:
        self.file.seek(offset)

    def tell(self) -> int:
        return int(self.file.tell())


def _index(file: Any, path: str | os.PathLike[str]) -> Members[tuple[int, int]]:
    watched = _Watched(file)
    try:
        members = choose(_entries(watched))
    except _DAMAGE as exc:
        raise _damaged(path, exc) from exc
    except OSError as exc:
        if exc.errno is not None:
            raise
        raise _damaged(path, exc) from exc
    # tarfile ends without a word at a header it cannot read.
    if watched.last not in (b"", _MARK):
        raise _damaged(path, EOFError("a header is cut or damaged"))
    return attrs.evolve(members, is_cut=not watched.last)


def _entries(file: Any) -> Iterator[tuple[str, str, tuple[int, int]]]:
    with tarfile.open(fileobj=file, mode="r:") as tar:
        while (info := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # else a KiB for each of a million stays
            if not info.isdir():
                what = next((name for is_kind, name in _KINDS if is_kind(info)), "")
                yield info.name, what, (info.offset_data, info.size)


def _damaged(path: str | os.PathLike[str], exc: Exception) -> SourceError:
    text = safe_text(str(exc)) or type(exc).__name__
    return SourceError(
        f"'{safe_text(str(path))}': no tar archive, or one that was cut ({text}); copy it again"
    )
