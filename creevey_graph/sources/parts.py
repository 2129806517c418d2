"""Items from parts of files: the members of zips and tars, the frames of videos."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.errors import SourceError, SourceNotFound, UsageError
from creevey_graph.parts import Member, Part, list_members
from creevey_graph.parts.members import MAX_BYTES
from creevey_graph.sources.base import Item, unique_keys
from creevey_graph.sources.files import PICTURE_SUFFIXES, files, normal_suffixes
from creevey_graph.text import safe_text

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_SHOWN = 3

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
"""A path, a folder, a glob, or a list of paths."""


@attrs.frozen(eq=False)
class PartSource:
    """
    Parts of files.

    Args:
        parts: Per item, its values.
        keys: One per item, unique.
        columns: Names of the items' columns.
        rows: Per item, the values of *columns*; empty where there are none.
        notices: What was left out, for the run to tell.
    """

    parts: list[tuple[Part, ...]] = attrs.field(repr=False)
    keys: Sequence[str] = attrs.field(repr=False)
    columns: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = attrs.field(factory=list, repr=False)
    notices: tuple[str, ...] = ()
    input_root: Path | None = None

    def __iter__(self) -> Iterator[Item]:
        for index, (key, values) in enumerate(zip(self.keys, self.parts, strict=True)):
            columns = dict(zip(self.columns, self.rows[index], strict=True)) if self.rows else {}
            yield Item(index, key, str(values[0]), values, columns)

    def __len__(self) -> int:
        return len(self.parts)


def archive(
    archives: Paths, *, suffixes: Iterable[str] | None = None, max_bytes: int = MAX_BYTES
) -> PartSource:
    """
    List the pictures in zips and tars; each is read where it stands, nothing is unpacked.

    Tars may be compressed (gzip, bzip2, xz); to list one, it is unpacked in passing each time, and each process
    that reads of it unpacks it once into a temporary file.

    Args:
        archives: One archive, a folder of them, a glob, or a list of paths.
        suffixes: What names end in, in either case; default: what Pillow reads.
        max_bytes: The most bytes a member may unpack to.

    Returns:
        One item per member, archive by archive, sorted by name; its value is a `Member`. The key is its
        name in the archive, below the archive's own where there are several. Hidden files are left
        out, as are links, and names that lead outside, of which the run tells. Where one of several
        archives cannot be read, it is one item, which fails.

    Raises:
        SourceNotFound: No such archive, or no member that fits.
        SourceError: The archive cannot be read.
        UsageError: *archives* is no path, or *max_bytes* no number of bytes.

    """
    if not isinstance(max_bytes, int) or max_bytes < 1:
        raise UsageError(f"archive: max_bytes must be at least 1 (got {max_bytes!r})")
    wanted = PICTURE_SUFFIXES if suffixes is None else normal_suffixes(suffixes)
    found = found_files("archive", archives, ARCHIVE_SUFFIXES)
    notices: list[str] = []
    parts: list[tuple[Part, ...]] = []
    keys: list[str] = []
    for name, path in found:
        try:
            names = members_of(path, wanted, notices)
        except (SourceError, OSError):
            if len(found) == 1:
                raise
            names = [""]
        parts += [(Member(path, inner, max_bytes),) for inner in names]
        keys += names if len(found) == 1 else [f"{name}/{inner}" if inner else name for inner in names]
    if not parts:
        raise SourceNotFound(
            f"archive '{safe_text(str(archives))}': no member ends in {_some(wanted)}; "
            f"name what is meant with suffixes={also(notices)}"
        )
    return PartSource(parts, unique_keys(keys), notices=tuple(notices))


def found_files(source: str, paths: Any, suffixes: tuple[str, ...]) -> list[tuple[str, Path]]:
    """
    Return (key, path) of the files that *paths* stands for.

    Raises:
        SourceNotFound: There is none.
        UsageError: It is none that can be listed.
    """
    if isinstance(paths, str | os.PathLike):
        listed = files(paths, suffixes=suffixes if os.path.isdir(paths) else None)  # noqa: PTH112 - a glob too
        found = [(item.key, item.values[0]) for item in listed]
    elif isinstance(paths, Iterable) and not isinstance(paths, bytes | bytearray):
        given = list(paths)
        wrong = next((path for path in given if not isinstance(path, str | os.PathLike)), None)
        if wrong is not None:
            raise UsageError(f"{source}: expected paths (got {type(wrong).__name__})")
        found = list(zip(unique_keys([os.fspath(path) for path in given]), map(Path, given), strict=True))
    else:
        raise UsageError(f"{source}: expected a path, a glob or a list of paths (got {type(paths).__name__})")
    missing = next((path for _, path in found if not os.path.lexists(path)), None)
    if missing is not None or not found:
        raise SourceNotFound(f"{source}: no file '{safe_text(str(missing or paths))}'")
    return found


def members_of(path: Path, suffixes: tuple[str, ...], notices: list[str]) -> list[str]:
    """
    Return the names of an archive's members that end in one of *suffixes*, sorted; add what is to be told.

    Raises:
        SourceError: It cannot be read as an archive.
        OSError: It cannot be read at all.
    """
    members = list_members(path)
    whys = Counter(why for name, why in members.left_out if name.lower().endswith(suffixes))
    for why, count in whys.items():
        names = [name for name, its in members.left_out if its == why and name.lower().endswith(suffixes)]
        some = ", ".join(f"'{safe_text(name)}'" for name in names[:_SHOWN]) + (
            ", …" if count > _SHOWN else ""
        )
        what = "1 member is" if count == 1 else f"{count} members are"
        notices.append(f"'{safe_text(str(path))}': {what} left out ({why}): {some}")
    if members.is_cut:
        notices.append(f"'{safe_text(str(path))}': has no end mark; it may have been cut")
    return sorted(name for name in members.places if name.lower().endswith(suffixes))


def also(notices: Sequence[str]) -> str:
    """Return what an error says of what was left out, where nothing else is there."""
    return "".join(f"; {text}" for text in notices)


def _some(suffixes: tuple[str, ...]) -> str:
    return ".jpg, .png, .tif or another of Pillow's" if suffixes == PICTURE_SUFFIXES else ", ".join(suffixes)
