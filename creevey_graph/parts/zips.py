"""Zip archives: which members they have, and the bytes of one."""

import errno
import lzma
import os
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator

from creevey_graph.errors import SourceError
from creevey_graph.parts.names import Members, choose, no_member, unreadable
from creevey_graph.text import safe_text

BLOCK_BYTES = 2**20
# What zipfile and its decoders were seen to raise on bad bytes. An OSError with a number is the disk's.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class ZipArchive:
    """
    An open zip.

    State: members = what is in it. Thread safety: several threads may read at once; zipfile guards the
    reading of its file, but not the count of who has it open.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as exc:
            text = safe_text(str(exc)) or type(exc).__name__
            raise SourceError(
                f"'{safe_text(str(path))}': no zip archive, or one that was cut ({text}); copy it again"
            ) from exc
        self.members: Members[zipfile.ZipInfo] = choose(
            (info.orig_filename if "\0" in info.orig_filename else info.filename, _kind(info), info)
            for info in self._zip.infolist()
            if not info.filename.endswith("/")
        )

    def size(self, name: str) -> int:
        """Return how many bytes a member says it has."""
        return self._info(name).file_size

    def blocks(self, name: str) -> Iterator[bytes]:
        """
        Yield a member's bytes, no more than it says it has, its checksum checked at the end.

        Raises:
            SourceError: It is not there, encrypted, damaged, or packed in a way Python does not know.
        """
        info = self._info(name)
        try:
            with self._lock:
                file = self._zip.open(info)
            try:
                left = info.file_size
                while block := file.read(BLOCK_BYTES):
                    left -= len(block)
                    yield block
            finally:
                with self._lock:
                    file.close()
        except _DAMAGE as exc:
            raise unreadable(self._path, name, exc) from exc
        except OSError as exc:
            if exc.errno not in (None, errno.EINVAL):  # damage may lead before the file's beginning
                raise
            raise unreadable(self._path, name, exc) from exc
        if left:
            raise unreadable(self._path, name, EOFError(f"{left} of its {info.file_size} bytes are missing"))

    def _info(self, name: str) -> zipfile.ZipInfo:
        try:
            return self.members.places[name]
        except KeyError:
            raise no_member(self._path, name) from None

    def close(self) -> None:
        """Close its file."""
        self._zip.close()


def _kind(info: zipfile.ZipInfo) -> str:
    mode = info.external_attr >> 16
    return "is a symbolic link" if stat.S_ISLNK(mode) else ""
