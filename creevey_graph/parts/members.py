"""Members of archives: `Member`, and what reads them."""

import atexit
import functools
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import attrs

from creevey_graph.errors import SourceError
from creevey_graph.fingerprint.files import Stat, is_settled
from creevey_graph.fingerprint.values import digest_of_sha256
from creevey_graph.parts.base import Part, Readable
from creevey_graph.parts.names import Members
from creevey_graph.parts.shelf import Shelf
from creevey_graph.parts.tars import TarArchive, list_tar
from creevey_graph.parts.zips import ZipArchive
from creevey_graph.text import safe_text

MAX_BYTES = 2**30
OPEN_ARCHIVES = 16
"""How many stay open in a process."""


@attrs.frozen
class Member(Part, Readable):
    """
    A file in a zip or tar, which is read where it stands.

    It has the names of a path and can be read like one; `str()` is the archive's path, "/" and the
    name in it. It counts by its bytes alone: neither the archive's name nor its own do, nor what else is in it.

    Args:
        archive: The archive.
        inner: Name in the archive, with "/".
        max_bytes: The most bytes that are unpacked; what says it has more, or turns out so, is an error.
    """

    kind: ClassVar[str] = "member"
    archive: Path = attrs.field(converter=Path)
    inner: str
    max_bytes: int = attrs.field(default=MAX_BYTES, eq=False, repr=False)

    def __str__(self) -> str:
        return f"{self.archive}/{self.inner}" if self.inner else str(self.archive)

    @property
    def file(self) -> Path:
        """The archive."""
        return self.archive

    @property
    def label(self) -> str:
        """The name in the archive."""
        return self.inner

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.inner.rpartition("/")[2]

    @property
    def parent(self) -> PurePosixPath:
        """The folder it is in, within the archive."""
        return PurePosixPath(self.inner).parent

    def read_bytes(self) -> bytes:
        """
        Return its content.

        Raises:
            SourceError: It is not there, has more than `max_bytes`, is encrypted or damaged; or the archive is.
            OSError: The archive cannot be read.
        """
        return b"".join(self._blocks())

    def digest(self) -> str:
        """Return the digest of its bytes; what goes beyond `max_bytes` is not read."""
        sha256 = hashlib.sha256()
        for block in self._blocks():
            sha256.update(block)
        return digest_of_sha256(sha256.hexdigest())

    def exists(self) -> bool:
        """True where the archive is there and holds it."""
        try:
            return self.inner in list_members(self.archive).places
        except (OSError, SourceError):
            return os.path.lexists(self.archive)  # for all that can be told, it does

    def _blocks(self) -> Iterator[bytes]:
        with _SHELF.lent(self.archive) as archive:
            if (size := archive.size(self.inner)) > self.max_bytes:
                raise SourceError(
                    f"'{safe_text(str(self))}': has {size} bytes, more than max_bytes={self.max_bytes}"
                )
            yield from archive.blocks(self.inner)


def list_members(path: str | os.PathLike[str]) -> Members[Any]:
    """
    Return what is in an archive.

    Raises:
        SourceError: It is no archive, damaged, or cut.
        OSError: It cannot be read.
    """
    if os.path.isdir(path):  # noqa: PTH112 - a path as text
        raise SourceError(f"'{safe_text(str(path))}': must be an archive (got a folder)")
    if _is_zip(path) or _is_plain_tar(path):
        with _SHELF.lent(path) as archive:
            return archive.members
    text = os.fspath(path)
    stat = Stat.of(text)
    return _list_settled(text, stat) if is_settled(stat, time.time_ns()) else list_tar(text)


@functools.lru_cache(maxsize=4)
def _list_settled(path: str, _stat: Stat) -> Members[tuple[int, int]]:
    return list_tar(path)


def _is_zip(path: str | os.PathLike[str]) -> bool:
    with open(path, "rb") as file:  # noqa: PTH123 - a path as text
        head = file.read(2)
    return head == b"PK" or os.fspath(path).lower().endswith(".zip")


def _is_plain_tar(path: str | os.PathLike[str]) -> bool:
    return os.fspath(path).lower().endswith(".tar")


def _open(path: str) -> ZipArchive | TarArchive:
    return ZipArchive(path) if _is_zip(path) else TarArchive(path)


_SHELF: Shelf[ZipArchive | TarArchive] = Shelf(_open, OPEN_ARCHIVES)
"""One a process, as its open files are: a member is sent to a worker, which has none to hand it."""
atexit.register(_SHELF.close)
