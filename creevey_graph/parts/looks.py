"""
Looking at inputs: files, and parts of files.

What is kept of an input is text: a file's path, or the address of a part (`Part.address`). The stat of
the file around a part tells whether it must be read again; what is digested then is the part alone.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from creevey_graph.errors import SourceChanged
from creevey_graph.fingerprint.files import Stat, digest_file
from creevey_graph.parts.base import SEPARATOR, Part
from creevey_graph.parts.frames import Frame
from creevey_graph.parts.members import Member
from creevey_graph.text import safe_text


def _frame(file: str, label: str) -> Frame:
    return Frame(Path(file), int(label))


def _member(file: str, label: str) -> Member:
    return Member(Path(file), label)


PARTS: dict[str, Callable[[str, str], Part]] = {Member.kind: _member, Frame.kind: _frame}
"""Kind -> what makes a part of the file and the label of an address."""


def address_of(value: Any) -> str:
    """Return the text that is kept for an input: a path, or the address of a part."""
    return value.address if isinstance(value, Part) else str(value)


def part_at(address: str) -> Part | None:
    """Return the part that an address names, None for the path of a file."""
    if SEPARATOR not in address:
        return None
    file, kind, label = address.split(SEPARATOR, 2)
    return PARTS[kind](file, label)


def file_of(address: str) -> str:
    """
    Return the file behind a path or an address.

    >>> file_of("a.jpg"), file_of(Member(Path("a.zip"), "b.jpg").address)
    ('a.jpg', 'a.zip')
    """
    return address.partition(SEPARATOR)[0]


def shown(address: str) -> str:
    """
    Return a path or an address as messages have it.

    >>> shown("a.jpg"), shown(Member(Path("a.zip"), "b.jpg").address), shown(Frame(Path("a.mp4"), 7).address)
    ('a.jpg', 'a.zip/b.jpg', 'a.mp4#000007')
    """
    return safe_text(str(part_at(address) or address))


def is_there(address: str) -> bool:
    """True where there is such a file, or a file with such a part."""
    part = part_at(address)
    return os.path.lexists(address) if part is None else part.exists()


def stat_of(source: Any) -> Stat:
    """
    Look at a file, or at the file around a part.

    Args:
        source: A path, a part, or what is kept of one.

    Raises:
        OSError: It is not there or cannot be looked at.
    """
    if isinstance(source, str):
        return Stat.of(source.partition(SEPARATOR)[0] if SEPARATOR in source else source)
    return Stat.of(source.file if isinstance(source, Part) else source)


def digest_of(source: Any) -> tuple[str, Stat]:
    """
    Return the digest of a file's or a part's content, and the file's stat.

    Args:
        source: A path, a part, or what is kept of one.

    Raises:
        SourceError: It is no regular file, or the part cannot be read.
        SourceChanged: The file changed while it was read.
        OSError: It cannot be read.
    """
    part = part_at(source) if isinstance(source, str) else source
    if not isinstance(part, Part):
        return digest_file(source)
    stat = Stat.of(part.file)
    digest = part.digest()
    if Stat.of(part.file) != stat:
        raise SourceChanged(
            f"'{safe_text(str(part))}': changed while it was read; run again when nothing writes to it"
        )
    return digest, stat
