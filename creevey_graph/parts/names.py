"""
Which members of an archive are taken, and under which name.

Nothing is unpacked under these names, yet they become keys and parts of output paths. So what would
lead outside a folder is left out, as are hidden files and what macOS puts beside each file.
"""

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

import attrs

from creevey_graph.errors import SourceError
from creevey_graph.text import safe_text

T = TypeVar("T")
_DRIVE = re.compile(r"[A-Za-z]:")


@attrs.frozen
class Members(Generic[T]):
    """
    The members of an archive.

    Args:
        places: Name -> where it stands; only regular files.
        left_out: (name as it stands there, why) of others.
        is_cut: True where the archive has no end mark: it may have been cut between two members.
    """

    places: dict[str, T]
    left_out: tuple[tuple[str, str], ...]
    is_cut: bool = False


def choose(entries: Iterable[tuple[str, str, T]]) -> Members[T]:
    """
    Return the members of an archive by their names.

    Of several with one name the last counts, as where all are unpacked in their order.

    Args:
        entries: (name, what it is where it is no regular file, where it stands).

    >>> choose([("./a.jpg", "", 1), ("../b.jpg", "", 2), ("c", "symbolic link", 3), (".d", "", 4)])
    Members(places={'a.jpg': 1}, left_out=(('../b.jpg', 'leads outside'), ('c', 'symbolic link')), is_cut=False)
    """
    places: dict[str, T] = {}
    left_out = []
    for raw, what, place in entries:
        parts = [part for part in raw.split("/") if part not in ("", ".")]
        why = what or _refusal(raw, parts)
        if why:
            left_out.append((raw, why))
        elif not any(part.startswith(".") or part == "__MACOSX" for part in parts):
            name = "/".join(parts)
            if name in places:
                left_out.append((raw, "there again under one name"))
            places[name] = place
    return Members(places, tuple(left_out))


def _refusal(raw: str, parts: list[str]) -> str:
    if "\0" in raw:
        return "has a zero byte in its name"
    if not parts:
        return "has no name"
    if raw.startswith(("/", "\\")) or _DRIVE.match(raw) or ".." in raw.replace("\\", "/").split("/"):
        return "leads outside"
    return ""


def no_member(archive: object, name: str) -> SourceError:
    """Return the error of a member that is not there."""
    return SourceError(f"'{safe_text(str(archive))}': no member '{safe_text(name)}'; list the archive again")


def unreadable(archive: object, name: str, exc: Exception) -> SourceError:
    """Return the error of a member that cannot be read."""
    text = safe_text(str(exc)) or type(exc).__name__
    return SourceError(f"'{safe_text(str(archive))}': member '{safe_text(name)}' cannot be read ({text})")
