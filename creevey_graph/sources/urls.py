"""Items from a list of URLs and paths: in memory, in a text, in a table, or piped in."""

import operator
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.errors import SourceError, SourceNotFound, UsageError
from creevey_graph.sources.base import ColumnSource, Item, Origin, is_url
from creevey_graph.sources.documents import STDIN, Document
from creevey_graph.sources.duplicates import settle_duplicates
from creevey_graph.sources.packing import DEFAULT_COLUMN, cleaned, pack_rows, remedies, row_of
from creevey_graph.sources.remarks import (
    BadLines,
    Duplicates,
    Remarks,
    brief,
    check_choices,
)
from creevey_graph.sources.rows import READERS, read_rows

_REMEDY = "begin a comment with '#'; relative paths are read from the current folder"
_NUL = "a NUL byte: this is no text, or UTF-16 without its mark"


@attrs.frozen(eq=False)
class ListSource:
    """
    URLs and paths in the order given.

    Args:
        entries: URLs and paths as text; an item's value is a `str` for a URL, else a `Path`.
        keys: One per entry, unique.
        notices: What reading them came upon.
        origin: Where they stand.
    """

    entries: list[str] = attrs.field(repr=False)
    keys: Sequence[str] = attrs.field(repr=False)
    columns: tuple[str, ...] = ()
    input_root: Path | None = None
    notices: tuple[str, ...] = ()
    origin: Origin | None = attrs.field(default=None, repr=False)

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


def url_list(
    items_or_path: str | os.PathLike[str] | Document | Iterable[str | os.PathLike[str] | Mapping[str, Any]],
    *,
    url_col: str = DEFAULT_COLUMN,
    id_col: str | None = None,
    duplicates: Duplicates = "keep",
    bad_lines: BadLines = "error",
) -> ListSource | ColumnSource:
    """
    List URLs and paths, from memory, from a text file, from a table, or from standard input.

    Args:
        items_or_path: URLs and paths; or rows (mappings by column name); or one URL; or a text file with a
            URL or a path per line, where blank lines and lines that begin with "#" are left out;
            or a .csv, .tsv or .jsonl file, or .parquet with the extra `parquet`; or "-" for standard
            input: lines, JSON lines, or a table with a header. Files may be .gz. Relative paths are read from
            the current folder. Only the paths in a text are looked at; a run reports the others that are missing.
        url_col: Column of the URLs and paths in rows and tables.
        id_col: Column of the keys there; by default `key`, else `id`, else the URL or path.
        duplicates: "keep": an entry whose URL or path the list has already stays; "drop": it is left out.
            Other pictures stay, whatever their keys; the second entry of a key is named "key#2". All is told.
        bad_lines: "error", or "skip": lines that cannot be used are left out, and told.

    Returns:
        One item per entry in that order; the other columns of rows and tables travel along.

    Raises:
        SourceNotFound: The file is not there, or there is nothing in it.
        SourceError: A line is neither a URL nor a file, or has no value in a column.
        UsageError: An entry is neither text nor a path, or an option has a value it cannot have.

    >>> rows = [{"image_id": 7, "image_url": "http://a.example/x.jpg", "caption": "a cat"}]
    >>> [item.key for item in url_list(rows, url_col="image_url", id_col="image_id")]
    ['7']

    """
    check_choices("url_list", duplicates=duplicates, bad_lines=bad_lines)
    has_columns = url_col != DEFAULT_COLUMN or id_col is not None
    source: Document | list[Any]
    if isinstance(items_or_path, str) and is_url(items_or_path):
        source = [items_or_path]
    elif isinstance(items_or_path, str) and items_or_path == STDIN:
        source = Document.of_stdin({url_col}, is_table=has_columns)
    elif isinstance(items_or_path, (str, os.PathLike)):
        source = Document.of_file(Path(items_or_path))
    elif isinstance(items_or_path, Document):
        source = items_or_path
    elif isinstance(items_or_path, (bytes, Mapping)) or hasattr(items_or_path, "itertuples"):
        raise UsageError(
            f"url_list: expected a list, rows or the name of one (got {type(items_or_path).__name__}); "
            "rows of a frame are frame.to_dict('records')"
        )
    else:
        source = list(items_or_path)
    if _is_table(source):
        return _from_rows(source, url_col, id_col, duplicates, bad_lines)
    if has_columns and source:
        raise UsageError(
            "url_list: url_col and id_col name columns of rows or of a table "
            f"({', '.join(READERS)}), and these items have none"
        )
    return _from_lines(source, duplicates, bad_lines)


def _is_table(source: Document | list[Any]) -> bool:
    if isinstance(source, Document):
        return source.suffix in READERS
    return bool(source) and isinstance(source[0], Mapping)


def _from_lines(source: Document | list[Any], duplicates: Duplicates, bad_lines: BadLines) -> ListSource:
    numbers = array("q")
    if isinstance(source, Document):
        remarks = Remarks(source.shown, "line", bad_lines, _REMEDY)
        entries = list(_lines(source, remarks, numbers))
        if remarks.bad and (bad_lines == "error" or not entries):
            _check_no_header(source)
        remarks.check(has_entries=bool(entries))
        if not entries:
            told = remarks.left_out()
            tail = f" ({told})" if told else ""
            raise SourceNotFound(f"{source.shown}: there is no URL or path in it{tail}")
    else:
        remarks = Remarks("", "item", bad_lines)
        entries = [_entry(number, item) for number, item in enumerate(source, start=1)]
        numbers.extend(range(1, len(entries) + 1))
    settled = settle_duplicates(entries, entries, numbers, remarks, duplicates)
    return ListSource(entries, settled.keys, notices=settled.notices, origin=settled.origin)


def _check_no_header(document: Document) -> None:
    """
    Check that a list does not begin as a table does whose columns are not known.

    Raises:
        SourceError: It does; told once, where each of its lines would be told to be no file.
    """
    lines = ((number, line.strip()) for number, line in document.lines(is_strict=False))
    number, first = next(((number, line) for number, line in lines if line), (1, ""))
    marks = [mark for mark in ",;\t" if mark in first]
    if not marks or is_url(first) or first.startswith("#") or os.path.isfile(first):  # noqa: PTH113 - a line
        return
    cells = [cell.strip().strip('"') for cell in first.split(marks[0])]
    if not all(cells) or any(map(is_url, cells)):
        return
    remedy = (
        "name the column of the URLs and paths with --url-column (in Python url_col=)"
        if document.path is None
        else "name the file .csv or .tsv"
    )
    if marks[0] == ";":
        remedy = f"its columns stand between semicolons: save it with commas, and {remedy}"
    raise SourceError(
        f"{document.shown} line {number:,}: '{brief(first)}' seems to be the header of a table, "
        f"and neither a URL nor a file; {remedy}"
    )


def _from_rows(
    source: Document | list[Any],
    url_col: str,
    id_col: str | None,
    duplicates: Duplicates,
    bad_lines: BadLines,
) -> ListSource | ColumnSource:
    header: Sequence[str] = ()
    if isinstance(source, Document):
        remarks = Remarks(source.shown, "line", bad_lines)
        header, rows = read_rows(source, remarks)
    else:
        remarks = Remarks("", "row", bad_lines)
        rows = ((number, row_of(number, row, [url_col])) for number, row in enumerate(source, start=1))
    packed = pack_rows(
        header,
        rows,
        [url_col],
        id_col=id_col,
        remarks=remarks,
        told=remedies({"": url_col}, id_col),
        problem_of=partial(_problem_of_value, column=url_col),
    )
    if not packed.rows:
        raise SourceNotFound(f"{remarks.place}: there are no rows in it")
    entries = [cleaned(os.fspath(row[0])) for row in packed.rows]
    cells = [row[1:] for row in packed.rows]
    settled = settle_duplicates(packed.keys, entries, packed.numbers, remarks, duplicates, entries, cells)
    listed = ListSource(entries, settled.keys, notices=settled.notices, origin=settled.origin)
    if not packed.columns:
        return listed
    return ColumnSource(listed, packed.columns, cells, settled.notices)


def _problem_of_value(value: Any, *, column: str) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        return f"no value in column '{column}'"
    if not isinstance(value, (str, os.PathLike)):
        return f"expected a URL or path in column '{column}' (got {type(value).__name__})"
    return _NUL if "\0" in str(value) else ""


def _entry(number: int, item: object) -> str:
    text = os.fspath(item) if isinstance(item, (str, os.PathLike)) else None
    if isinstance(text, str) and text:
        return text
    got = "''" if text == "" else type(item).__name__
    raise UsageError(
        f"item {number}: expected a path or URL (got {got}); "
        "other values travel in rows: pass mappings with a value per graph input"
    )


def _lines(document: Document, remarks: Remarks, numbers: "array[int]") -> Iterator[str]:
    for number, raw in document.lines(is_strict=False):
        line = raw.strip()
        if not line:
            remarks.note("blank line", number)
        elif line.startswith("#"):
            remarks.note("comment", number)
        elif problem := _problem_of_line(line, document.path):
            remarks.add_bad(number, problem)
        else:
            numbers.append(number)
            yield line


def _problem_of_line(line: str, path: Path | None) -> str:
    """Say what is wrong with a line that is neither a URL nor a file, "" where nothing is."""
    if is_url(line):
        return f"'{brief(line)}' is a URL and more; name a table .tsv or .csv" if "\t" in line else ""
    if os.path.isfile(line):  # noqa: PTH113 - a line may be no valid path
        return ""
    if "\0" in line:
        return _NUL
    if os.path.isdir(line):  # noqa: PTH112 - the same
        return f"'{brief(line)}' is a folder"
    told = f"'{brief(line)}' is neither a URL nor a file"
    beside = "" if path is None else str(path.parent / line)
    return f"{told} (but '{brief(beside)}' is one)" if beside and os.path.isfile(beside) else told  # noqa: PTH113
