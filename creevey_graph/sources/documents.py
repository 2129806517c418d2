"""
Documents: lists that stand in a file, plain or compressed, or come through standard input, line by line.

Standard input can be read once only, so it is read whole; files are streamed.
"""

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import attrs

from creevey_graph.errors import SourceError, UsageError
from creevey_graph.sources.files import missing_path
from creevey_graph.text import safe_text

STDIN = "-"
TEXT = ".txt"
LONGEST_LINE = 2**24
"""Letters a line may have: above that, a file is no list, and would be read into memory whole."""

_GZ = ".gz"


@attrs.frozen
class Document:
    """
    A list, not read yet.

    Args:
        shown: What messages call it: its name in quotes.
        suffix: What kind it is of: ".txt", ".csv" …, in lower case, without the ".gz" of a compressed one.
        path: Its file; None for what came through standard input.
        data: What came through standard input.
        is_compressed: True for a ".gz".
    """

    shown: str
    suffix: str
    path: Path | None = None
    data: bytes = attrs.field(default=b"", repr=False)
    is_compressed: bool = False

    @classmethod
    def of_file(cls, path: Path) -> "Document":
        """Return the document in a file, which need not be there; a kind is told by the name alone."""
        name = path.name.lower()
        plain = name.removesuffix(_GZ)
        return cls(f"'{safe_text(str(path))}'", Path(plain).suffix, path, is_compressed=plain != name)

    @classmethod
    def of_stdin(cls, columns: Collection[str], *, is_table: bool = False) -> "Document":
        """
        Return what is piped in: JSON lines where it begins with "{", else a table where its first line names a column.

        Args:
            columns: Names that a table would have.
            is_table: True where it must be one.

        Raises:
            UsageError: Nothing is piped in.
        """
        document = cls("standard input", TEXT, data=_read_stdin())
        first = next((line.strip() for _, line in document.lines(is_strict=False) if line.strip()), "")
        if first.startswith("{"):
            return attrs.evolve(document, suffix=".jsonl")
        for suffix, mark in ((".csv", ","), (".tsv", "\t")):
            if not {cell.strip().strip('"') for cell in first.split(mark)}.isdisjoint(columns):
                return attrs.evolve(document, suffix=suffix)
        kind = (".tsv" if "\t" in first else ".csv") if is_table else TEXT
        return attrs.evolve(document, suffix=kind)

    def lines(self, *, is_strict: bool = True) -> Iterator[tuple[int, str]]:
        """
        Yield each line with its number from 1, line break included.

        UTF-8, or UTF-16 where the file begins with its mark.

        Args:
            is_strict: Refuse bytes that are no text and NUL; else bytes stay as they do in a file name.

        Raises:
            SourceNotFound: There is no such file.
            SourceError: It cannot be read, or is no text.
        """
        with self._translated(), self._opened() as stream:
            read = io.TextIOWrapper(stream, _encoding(stream), "surrogateescape", newline="").readline
            number = 0
            while line := read(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE:
                    raise SourceError(
                        f"{self.shown} line {number:,}: too long for a list ({LONGEST_LINE:,} letters)"
                    )
                if is_strict and (problem := _problem_of(line)):
                    raise SourceError(f"{self.shown} line {number:,}: {problem}")
                yield number, line

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        if self.path is None:
            yield io.BufferedReader(io.BytesIO(self.data))
        elif self.is_compressed:
            with gzip.open(self.path, "rb") as unpacked:
                yield io.BufferedReader(unpacked)
        else:
            with self.path.open("rb") as stream:
                yield stream

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise missing_path(str(self.path)) from error
        except UnicodeError as error:
            raise SourceError(f"{self.shown}: damaged UTF-16 ({error}); save it as UTF-8") from error
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise SourceError(f"{self.shown}: damaged, or no gzip file ({error})") from error
        except OSError as error:
            raise SourceError(
                f"{self.shown}: cannot be read as a list ({error.strerror or error})"
            ) from error


def _read_stdin() -> bytes:
    """
    Return all of standard input.

    Raises:
        UsageError: Nothing is piped in.
    """
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        raise UsageError(
            "items '-': expected URLs or paths on standard input, one a line, and nothing is piped in; "
            "pipe a list, such as: find photos -name '*.jpg' | creevey-graph run graph.py -"
        )
    return sys.stdin.buffer.read()


def _encoding(stream: BinaryIO) -> str:
    start = stream.peek(4)[:4]  # type: ignore[attr-defined]  # each of ours is buffered
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # what `>` writes in PowerShell 5
        return "utf-16"
    return "utf-8-sig"


def _problem_of(line: str) -> str:
    if "\0" in line:
        return "a NUL byte, so this is no text (or UTF-16 without its mark); save it as UTF-8"
    if not line.isascii():
        for letter in line:
            if "\udc80" <= letter <= "\udcff":
                return f"expected UTF-8 (byte 0x{ord(letter) - 0xDC00:02x} is not); save the file as UTF-8"
    return ""
