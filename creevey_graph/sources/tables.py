"""Items from rows: mappings or tuples in memory, or a .csv, .tsv or .jsonl file."""

import csv
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import attrs

from creevey_graph.errors import SourceError, SourceNotFound, UsageError, did_you_mean
from creevey_graph.sources.base import Item, unique_keys
from creevey_graph.text import safe_text

_Row = Mapping[str, Any]


@attrs.frozen(eq=False)
class TableSource:
    """
    Rows in the order given.

    Args:
        columns: Names of the columns that travel along: all but the inputs and `key`.
        keys: One per row, unique.
        rows: Per row, the values of the inputs, then of *columns* (None where a row has none).
        width: How many inputs there are.
    """

    columns: tuple[str, ...]
    keys: Sequence[str] = attrs.field(repr=False)
    rows: list[tuple[Any, ...]] = attrs.field(repr=False)
    width: int
    input_root: Path | None = None

    def __iter__(self) -> Iterator[Item]:
        for index, (key, row) in enumerate(zip(self.keys, self.rows, strict=True)):
            values, rest = row[: self.width], row[self.width :]
            columns = dict(zip(self.columns, rest, strict=True))
            yield Item(index, key, _text(values[0], index), values, columns)

    def __len__(self) -> int:
        return len(self.rows)


def table(
    path_or_rows: str | os.PathLike[str] | Iterable[Mapping[str, Any] | Sequence[Any]],
    *,
    inputs: Sequence[str],
) -> TableSource:
    """
    List rows, each with a value for every graph input.

    Args:
        path_or_rows: Mappings by column name; or tuples with the inputs in order; or a .csv, .tsv
            or .jsonl file (UTF-8). Values stay as they are: those of .csv and .tsv are text.
        inputs: Names of the graph's inputs, in order.

    Returns:
        One item per row in that order. Its key is the column `key`, else `id`, else the text
        of the first input; the columns that are no inputs travel along.

    Raises:
        SourceNotFound: The file is not there.
        SourceError: A row has no value for an input, or the file cannot be read.

    """
    if not inputs:
        raise UsageError("table: expected the name of an input at least (got none)")
    header, where = None, ""
    if isinstance(path_or_rows, (str, os.PathLike)):
        where = f"'{safe_text(str(path_or_rows))}' "
        header, rows = _read(Path(path_or_rows))
        if header is not None:
            _check_names(f"{where}header", header, inputs)
    else:
        rows = [_mapping(number, row, inputs) for number, row in enumerate(path_or_rows, start=1)]
    for number, row in enumerate(rows, start=1):
        _check_names(f"{where}row {number}", row, inputs)
    return _pack(header or [], rows, tuple(inputs))


def _pack(header: list[str], rows: list[_Row], inputs: tuple[str, ...]) -> TableSource:
    seen = dict.fromkeys([*header, *(name for row in rows for name in row)])
    columns = tuple(name for name in seen if name not in inputs and name != "key")
    keyed = [name for name in ("key", "id") if name in seen and name not in inputs]
    keys = [_key(index, row, keyed, inputs[0]) for index, row in enumerate(rows)]
    packed = [tuple(row.get(name) for name in (*inputs, *columns)) for row in rows]
    return TableSource(columns, unique_keys(keys), packed, len(inputs))


def _key(index: int, row: _Row, keyed: Sequence[str], first: str) -> str:
    given = (row.get(name) for name in keyed)
    return next((str(key) for key in given if key not in (None, "")), _text(row[first], index))


def _text(value: Any, index: int) -> str:
    """Return what to call a value by; a picture or an array in memory is called by its row."""
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    return str(value) if isinstance(value, (str, int, float)) else f"row {index + 1}"


def _mapping(number: int, row: Any, inputs: Sequence[str]) -> _Row:
    if isinstance(row, Mapping):
        return {str(name): value for name, value in row.items()}
    if not isinstance(row, (tuple, list)):
        raise UsageError(f"row {number}: expected a mapping or a tuple (got {type(row).__name__})")
    if len(row) != len(inputs):
        values = "1 value" if len(inputs) == 1 else f"{len(inputs)} values"
        raise SourceError(
            f"row {number}: expected {values}, for {', '.join(inputs)} (got {len(row)}); "
            "pass mappings to have further columns"
        )
    return dict(zip(inputs, row, strict=True))


def _check_names(where: str, names: Collection[str], inputs: Sequence[str]) -> None:
    for name in inputs:
        if name not in names:
            raise SourceError(f"{where}: no column '{name}'{did_you_mean(name, map(safe_text, names))}")


def _read(path: Path) -> tuple[list[str] | None, list[_Row]]:
    """Return the names of the header, where the format has one, and the rows."""
    shown = safe_text(str(path))
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise SourceError(f"'{shown}': expected a table in {', '.join(_READERS)} (got '{path.suffix}')")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return read(file, shown)
    except FileNotFoundError as error:
        raise SourceNotFound(f"no file '{shown}' with a table") from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"'{shown}': expected UTF-8 (byte {error.start} is not); save it as UTF-8"
        ) from error
    except OSError as error:
        raise SourceError(f"'{shown}': cannot be read ({error.strerror})") from error


def _read_separated(file: TextIO, shown: str, *, delimiter: str) -> tuple[list[str], list[_Row]]:
    reader = csv.reader(file, delimiter=delimiter)
    rows: list[_Row] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        if len(set(header)) < len(header):
            raise SourceError(
                f"'{shown}': expected a name for each column (got {safe_text(', '.join(header))})"
            )
        for cells in reader:
            if len(cells) > len(header):
                raise SourceError(
                    f"'{shown}' line {reader.line_num}: expected {len(header)} cells (got {len(cells)}); "
                    "quote a cell that holds the separator"
                )
            if cells:
                rows.append(dict(zip(header, cells, strict=False)))  # a short row lacks its last columns
    except csv.Error as error:
        raise SourceError(f"'{shown}' line {reader.line_num}: {error}") from error
    return header, rows


def _read_jsonl(file: TextIO, shown: str) -> tuple[None, list[_Row]]:
    rows: list[_Row] = []
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SourceError(f"'{shown}' line {number}: not JSON ({error})") from error
        if not isinstance(row, dict):
            raise SourceError(f"'{shown}' line {number}: expected an object (got {type(row).__name__})")
        rows.append(row)
    return None, rows


_READERS: dict[str, Callable[[TextIO, str], tuple[list[str] | None, list[_Row]]]] = {
    ".csv": partial(_read_separated, delimiter=","),
    ".tsv": partial(_read_separated, delimiter="\t"),
    ".jsonl": _read_jsonl,
}
TABLE_SUFFIXES = tuple(_READERS)
