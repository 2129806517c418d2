"""Items from a list of URLs and paths, in memory or in a text file."""

import codecs
import operator
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import attrs

from creevey_graph.errors import SourceError, SourceNotFound, UsageError
from creevey_graph.sources.base import Item, is_url, unique_keys
from creevey_graph.text import safe_text


@attrs.frozen(eq=False)
class ListSource:
    """
    URLs and paths in the order given.

    Args:
        entries: URLs and paths as text; an item's value is a `str` for a URL, else a `Path`.
        keys: One per entry, unique.
    """

    entries: list[str] = attrs.field(repr=False)
    keys: Sequence[str] = attrs.field(repr=False)
    columns: tuple[str, ...] = ()
    input_root: Path | None = None

    def __iter__(self) -> Iterator[Item]:
        for index in range(len(self.entries)):
            yield self.item_at(index)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def is_sorted(self) -> bool:
        """True where the entries happen to be."""
        keys = self.keys
        return all(map(operator.le, keys, islice(keys, 1, None)))

    @property
    def kinds(self) -> tuple[bool, bool]:
        """Whether there are paths, and whether there are URLs."""
        urls = sum(map(is_url, self.entries))
        return urls < len(self.entries), urls > 0

    def texts(self, indexes: Sequence[int]) -> list[str]:
        """Return these entries as they were given."""
        return [self.entries[index] for index in indexes]

    def item_at(self, index: int) -> Item:
        """Return one item."""
        entry = self.entries[index]
        return Item(index, self.keys[index], entry, (entry if is_url(entry) else Path(entry),))


def url_list(items_or_path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> ListSource:
    """
    List URLs and paths, from memory or from a text file.

    Args:
        items_or_path: URLs and paths, in which case no path is looked at (the run reports
            missing files); or one URL; or a text file with a URL or a path per line, where
            blank lines and lines that begin with "#" are left out. Relative paths are read from
            the current folder.

    Returns:
        One item per entry in that order; the key is the entry's text.

    Raises:
        SourceNotFound: The text file is not there.
        SourceError: A line is neither a URL nor a file.
        UsageError: An entry is neither text nor a path.

    """
    if isinstance(items_or_path, str) and is_url(items_or_path):
        entries = [items_or_path]
    elif isinstance(items_or_path, (str, os.PathLike)):
        entries = list(_lines(Path(items_or_path)))
    else:
        entries = [_entry(number, item) for number, item in enumerate(items_or_path, start=1)]
    return ListSource(entries, unique_keys(entries))


def _entry(number: int, item: object) -> str:
    text = os.fspath(item) if isinstance(item, (str, os.PathLike)) else None
    if isinstance(text, str) and text:
        return text
    got = "''" if text == "" else type(item).__name__
    raise UsageError(
        f"item {number}: expected a path or URL (got {got}); "
        "other values travel in rows: pass mappings with a value per graph input"
    )


def _lines(path: Path) -> Iterator[str]:
    shown = safe_text(str(path))
    for number, raw in enumerate(_read(path, shown).split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if not is_url(line) and not os.path.isfile(line):  # noqa: PTH113 - a line may be no valid path
            what = "a folder" if os.path.isdir(line) else "neither a URL nor a file"  # noqa: PTH112 - the same
            raise SourceError(
                f"'{shown}' line {number}: expected a URL or the path of a file (got '{safe_text(line)}', {what}); "
                "begin a comment with '#'; relative paths are read from the current folder"
            )
        yield line


def _read(path: Path, shown: str) -> str:
    """Return the text of *path*; bytes that are not UTF-8 stay, as in a file name."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceNotFound(f"no file '{shown}' with a URL or path per line") from error
    except OSError as error:
        raise SourceError(f"'{shown}': cannot be read as a list of URLs ({error.strerror})") from error
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # what `>` writes in PowerShell 5
        return data.decode("utf-16", "replace")
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
