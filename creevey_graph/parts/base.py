"""What every part of a file has in common: a member of an archive, a frame of a video."""

import io
from abc import ABC, abstractmethod
from pathlib import Path
from typing import IO, ClassVar

from creevey_graph.errors import UsageError
from creevey_graph.text import safe_text

SEPARATOR = "\0"
"""Stands between the file, the kind and the label of an address; no file name can hold it."""


class Readable(ABC):
    """What is read as a whole, with the names that a path has for it."""

    __slots__ = ()

    @abstractmethod
    def read_bytes(self) -> bytes:
        """
        Return its content.

        Raises:
            SourceError: It cannot be read.
        """

    def read_text(self, encoding: str = "utf-8") -> str:
        """
        Return its content as text.

        Raises:
            SourceError: As `read_bytes`.
            UnicodeDecodeError: It is no such text.
        """
        return self.read_bytes().decode(encoding)

    def open(self, mode: str = "rb") -> IO[bytes]:
        """
        Return its content as a file to be read.

        Raises:
            SourceError: As `read_bytes`.
            UsageError: *mode* is another than "rb".
        """
        if mode != "rb":
            raise UsageError(f"'{safe_text(str(self))}': mode must be 'rb' (got {mode!r}); it is only read")
        return io.BytesIO(self.read_bytes())


class Part(ABC):
    """
    A picture inside a file.

    It counts by its own content, so that a step made of it is made again only where that changes;
    whether it must be read for that, the stat of the file around it tells.
    """

    __slots__ = ()
    kind: ClassVar[str]

    @property
    @abstractmethod
    def file(self) -> Path:
        """The file it is in."""

    @property
    @abstractmethod
    def label(self) -> str:
        """Which part of the file it is."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What a file of it would be called."""

    @abstractmethod
    def digest(self) -> str:
        """
        Return the digest of its content; reads it.

        Raises:
            SourceError: It cannot be read.
            OSError: Its file cannot be read.
        """

    @abstractmethod
    def exists(self) -> bool:
        """True where its file still holds it."""

    @property
    def address(self) -> str:
        """Text that names this part alone: file, kind and label."""
        return f"{self.file}{SEPARATOR}{self.kind}{SEPARATOR}{self.label}"

    @property
    def stem(self) -> str:
        """Its name without the suffix."""
        return self.name.removesuffix(self.suffix)

    @property
    def suffix(self) -> str:
        """What its name ends in, with the dot."""
        stem, dot, suffix = self.name.rpartition(".")
        return dot + suffix if stem.strip(".") and suffix else ""
