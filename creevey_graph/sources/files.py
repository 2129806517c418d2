"""
Items from files: one file, a folder, or a glob.

A listing is a sorted list of names (74 bytes each; `Path` objects would add 216).
Hidden names are left out (so `.creevey` is, and our temporary files); a folder that
links lead to twice is listed once, so a loop ends.
"""

import errno
import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import attrs

from creevey_graph.atomic import TEMPORARY, is_temporary
from creevey_graph.columns import counted
from creevey_graph.errors import SourceError, SourceNotFound, UsageError
from creevey_graph.sources.base import Item
from creevey_graph.sources.walk import has_magic, parse_glob, walk
from creevey_graph.text import safe_text

PICTURE_SUFFIXES = (
    *(".apng", ".avif", ".avifs", ".blp", ".bmp", ".bw", ".cur", ".dcx", ".dds", ".dib", ".fit", ".fits"),
    *(".flc", ".fli", ".ftc", ".ftu", ".gbr", ".gif", ".icb", ".icns", ".ico", ".iim", ".im", ".j2c", ".j2k"),
    *(".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".msp", ".pbm", ".pcd", ".pcx"),
    *(".pfm", ".pgm", ".png", ".pnm", ".ppm", ".psd", ".pxr", ".qoi", ".ras", ".rgb", ".rgba", ".sgi"),
    *(".tga", ".tif", ".tiff", ".vda", ".vst", ".webp", ".xbm", ".xpm"),
    *(".heic", ".heics", ".heif", ".heifs", ".hif"),  # with the extra `heif`; without it, each says so
)
"""What a folder is searched for: the raster formats that Pillow reads by itself, and HEIF."""
UNREAD_SUFFIXES = frozenset(
    (
        *(
            ".ai",
            ".arw",
            ".cdr",
            ".cr2",
            ".cr3",
            ".dng",
            ".emf",
            ".eps",
            ".exr",
            ".hdr",
            ".jxl",
            ".nef",
            ".orf",
        ),
        *(".pef", ".raf", ".raw", ".rw2", ".srw", ".svg", ".svgz", ".wmf", ".xcf"),
    )
)
"""What pictures end in that a folder's search leaves out, for want of a reader: told, not lost."""

_OUT_OF_ORDER = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN)
_KINDS = 6
"""So many kinds of files that are left out are named."""
_LONGEST_SUFFIX = 12  # beyond it, what stands behind the last dot is no kind of file
_SIBLINGS = 1000  # a guess at the right name looks at no more than so many


@attrs.frozen(eq=False)
class FileSource:
    """
    Files below one folder.

    Args:
        input_root: The folder, or the part of a glob before its first wildcard, as given.
        names: Paths relative to it with "/", sorted by code point; they are the keys.
        is_recursive: True where a file in a sub-folder could be an item too.
        notices: What listing them came upon.
    """

    input_root: Path
    names: list[str] = attrs.field(repr=False)
    is_recursive: bool = True
    columns: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Item]:
        prefix = _prefix(self.input_root)
        for index, name in enumerate(self.names):
            text = prefix + name
            yield Item(index, name, text, (Path(text),))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def keys(self) -> list[str]:
        """The names."""
        return self.names

    @property
    def is_sorted(self) -> bool:
        """Always so."""
        return True

    @property
    def kinds(self) -> tuple[bool, bool]:
        """Paths only."""
        return True, False

    def texts(self, indexes: Sequence[int]) -> list[str]:
        """Return the path of each of these items."""
        prefix, names = _prefix(self.input_root), self.names
        if isinstance(indexes, range):
            return [prefix + name for name in names[indexes.start : indexes.stop]]
        return [prefix + names[index] for index in indexes]

    def item_at(self, index: int) -> Item:
        """Return one item."""
        name = self.names[index]
        text = _prefix(self.input_root) + name
        return Item(index, name, text, (Path(text),))


def files(
    pattern_or_folder: str | os.PathLike[str],
    *,
    suffixes: Iterable[str] | None = None,
    recursive: bool = True,
) -> FileSource:
    """
    List the pictures of a folder, the files that match a glob, or one file.

    Args:
        pattern_or_folder: A path that exists, else a glob (`*`, `?`, `[…]`, and `**` for
            any depth). A glob's suffix matches in either case: "*.jpg" finds "A.JPG".
        suffixes: What names end in, in either case; default: what Pillow reads for a
            folder, anything for a glob.
        recursive: Search a folder's sub-folders too.

    Returns:
        One item per file, sorted by path; the key is the path below the folder.

    Raises:
        SourceNotFound: No such file or folder, or nothing in it that fits.
        SourceError: A folder cannot be listed.

    """
    text = _checked_text(pattern_or_folder)
    if is_folder(text):
        return _folder(Path(text), _suffixes(suffixes), recursive)
    if os.path.lexists(text):
        path = Path(text)
        return FileSource(path.parent, [path.name], is_recursive=False)
    if has_magic(text):
        return _glob(text, normal_suffixes(suffixes or ()))
    raise missing_path(text)


def pictures_of(
    folder: str | os.PathLike[str], suffixes: Iterable[str] | None, read_elsewhere: Collection[str]
) -> FileSource:
    """
    List the pictures of a folder and its sub-folders, as `files` does.

    Args:
        folder: The folder.
        suffixes: As for `files`.
        read_elsewhere: Names of files in it that are no pictures, and are not told as left out.
    """
    if not is_folder(folder):
        return files(folder, suffixes=suffixes)
    return _folder(Path(folder), _suffixes(suffixes), True, read_elsewhere)


def _suffixes(suffixes: Iterable[str] | None) -> tuple[str, ...]:
    return PICTURE_SUFFIXES if suffixes is None else normal_suffixes(suffixes)


def _folder(
    folder: Path, suffixes: tuple[str, ...], recursive: bool, read_elsewhere: Collection[str] = ()
) -> FileSource:
    parts = ("**", "*") if recursive else ("*",)
    left_out: list[str] = []
    names = _list(folder, parts, suffixes, left_out)
    told = _left_out([name for name in left_out if os.path.basename(name) not in read_elsewhere])  # noqa: PTH119 - text
    told = told if suffixes is PICTURE_SUFFIXES else ("", "")
    if not names:
        below = "in or below" if recursive else "in"
        raise SourceNotFound(
            f"folder {_quoted(folder)}: no file {below} it ends in {'; '.join(filter(None, (_some(suffixes), *told)))}; "
            f"name what is meant with a glob, such as {_quoted(folder / '**' / '*')} (or suffixes= in Python)"
        )
    notices = tuple(f"folder {_quoted(folder)}: {text}" for text in told if text)
    return FileSource(folder, names, is_recursive=recursive, notices=notices)


def _glob(pattern: str, suffixes: tuple[str, ...]) -> FileSource:
    root, parts = parse_glob(pattern)
    if not root.is_dir():
        raise missing_path(str(root), f"glob {_quoted(pattern)}: ")
    names = _list(root, parts, suffixes)
    if not names:
        ending = f" and ends in {_some(suffixes)}" if suffixes else ""
        raise SourceNotFound(
            f"glob {_quoted(pattern)}: no file below {_quoted(root)} matches{ending}; "
            "hidden files are left out, and `**` stands for any depth"
        )
    return FileSource(root, names, is_recursive=len(parts) > 1)


def _list(
    root: Path, parts: tuple[str, ...], suffixes: tuple[str, ...], left_out: list[str] | None = None
) -> list[str]:
    """Return the names that fit, sorted; *left_out* gets the others."""
    others = [] if left_out is None else left_out

    def kept_apart(name: str) -> bool:
        others.append(name)
        return False

    try:
        found = [
            name
            for name in walk(str(root), parts)
            if (not suffixes or name.lower().endswith(suffixes) or kept_apart(name))
            and not (TEMPORARY in name and is_temporary(name.rpartition("/")[2]))
        ]
    except OSError as error:
        raise SourceError(
            f"folder {_quoted(error.filename)}: cannot be listed ({error.strerror}); "
            "make it readable, or name the other folders in a glob"
        ) from error
    found.sort()
    return found


def _left_out(names: Sequence[str]) -> tuple[str, str]:
    """Say how many of the names that a folder's search left out are pictures, and how many are others; "" for none."""
    found = Counter(map(_suffix_of, names)).items()
    counts = sorted(found, key=lambda kind: (-kind[1], not kind[0], kind[0]))
    unread = [(suffix, count) for suffix, count in counts if suffix in UNREAD_SUFFIXES]
    others = [(suffix, count) for suffix, count in counts if suffix not in UNREAD_SUFFIXES]
    pictures, files = (sum(count for _, count in kinds) for kinds in (unread, others))
    verb = "is" if pictures == 1 else "are"
    told = f"{counted(pictures, 'picture')} of formats that are not read {verb} left out ({_kinds(unread)})"
    return (
        told if pictures else "",
        f"{counted(files, 'other file')} left out ({_kinds(others)})" if files else "",
    )


def _suffix_of(name: str) -> str:
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - text, 100 000 of them
    return suffix if len(suffix) <= _LONGEST_SUFFIX else ""


def _kinds(counts: Sequence[tuple[str, int]]) -> str:
    shown = [f"{safe_text(suffix) or 'without suffix'} {count:,}" for suffix, count in counts[:_KINDS]]
    rest = sum(count for _, count in counts[_KINDS:])
    return ", ".join((*shown, f"of other kinds {rest:,}") if rest else shown)


def is_folder(path: str | os.PathLike[str]) -> bool:
    """
    Return whether there is a folder at a path; the text may be no valid path.

    Raises:
        SourceError: The disk cannot tell: "no such folder" sent people looking for a misspelt name.
    """
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - text may be no valid path
    except ValueError:
        return False
    except OSError as error:
        if error.errno in _OUT_OF_ORDER:
            raise SourceError(
                f"{_quoted(path)}: cannot be looked at ({error.strerror}); see to its disk, and try again"
            ) from error
        return False


def missing_path(text: str, where: str = "") -> SourceNotFound:
    """Name the first part of a path that is not there, and the nearest name beside it."""
    path = Path(text)
    while not path.parent.is_dir() and path.parent != path:
        path = path.parent
    try:
        siblings = list(islice(os.listdir(path.parent), _SIBLINGS))  # noqa: PTH208 - names only
    except OSError:
        siblings = []
    near = get_close_matches(path.name, siblings, n=1)
    guess = f"; did you mean {_quoted(path.with_name(near[0]))}?" if near else ""
    here = "" if path.is_absolute() else f" in {_quoted(Path.cwd())}"
    return SourceNotFound(f"{where}no file or folder {_quoted(path)}{here}{guess}")


def _checked_text(path: str | os.PathLike[str]) -> str:
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text:
        raise UsageError(f"files: expected a path or glob (got {path!r})")
    return text


def normal_suffixes(suffixes: Iterable[str]) -> tuple[str, ...]:
    """Return suffixes in lower case and with their dot."""
    given = (suffixes,) if isinstance(suffixes, str) else suffixes
    return tuple(f".{suffix.lower().lstrip('.')}" for suffix in given)


def _some(suffixes: tuple[str, ...]) -> str:
    return ".jpg, .png, .tif or another of Pillow's" if suffixes == PICTURE_SUFFIXES else ", ".join(suffixes)


def _prefix(root: Path) -> str:
    text = str(root)
    return "" if text == "." else text if text.endswith(os.sep) else text + os.sep


def _quoted(path: object) -> str:
    return f"'{safe_text(str(path))}'"
