"""Items from rows: mappings or tuples in memory, or a table in a file."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.errors import SourceNotFound, UsageError, did_you_mean
from creevey_graph.sources.base import Item, Origin
from creevey_graph.sources.documents import Document
from creevey_graph.sources.duplicates import settle_duplicates
from creevey_graph.sources.packing import cleaned, column_for, pack_rows, remedies, row_of, text_of
from creevey_graph.sources.remarks import (
    BadLines,
    Duplicates,
    Remarks,
    check_choices,
)
from creevey_graph.sources.rows import read_rows


@attrs.frozen(eq=False)
class TableSource:
    """
    Rows in the order given.

    Args:
        columns: Names of the columns that travel along: all but the inputs' and `key`.
        keys: One per row, unique.
        rows: Per row, the values of the inputs, then of *columns* (None where a row has none).
        width: How many inputs there are.
        notices: What reading it came upon.
        origin: Where the rows stand.
    """

    columns: tuple[str, ...]
    keys: Sequence[str] = attrs.field(repr=False)
    rows: list[tuple[Any, ...]] = attrs.field(repr=False)
    width: int
    input_root: Path | None = None
    notices: tuple[str, ...] = ()
    origin: Origin | None = attrs.field(default=None, repr=False)

    def __iter__(self) -> Iterator[Item]:
        for index, (key, row) in enumerate(zip(self.keys, self.rows, strict=True)):
            values, rest = row[: self.width], row[self.width :]
            columns = dict(zip(self.columns, rest, strict=True))
            yield Item(index, key, text_of(values[0], index + 1), values, columns)

    def __len__(self) -> int:
        return len(self.rows)


def table(
    path_or_rows: str | os.PathLike[str] | Document | Iterable[Mapping[str, Any] | Sequence[Any]],
    *,
    inputs: Sequence[str],
    columns: Mapping[str, str] | None = None,
    id_col: str | None = None,
    duplicates: Duplicates = "keep",
    bad_lines: BadLines = "error",
) -> TableSource:
    """
    List rows, each with a value for every graph input.

    Args:
        path_or_rows: Mappings by column name; or tuples with the inputs in order; or a .csv, .tsv
            or .jsonl file (UTF-8, plain or .gz), or .parquet with the extra `parquet`. Values stay as they
            are: those of .csv and .tsv are text.
        inputs: Names of the graph's inputs, in order.
        columns: Input -> the column of its values; by default that of its own name, and for an only
            input without one `url`.
        id_col: Column of the keys, which every row has; by default `key`, else `id`, else the text of the
            first input.
        duplicates: "keep": a row that has the values of an earlier one, for all inputs, stays; "drop": it is
            left out. Rows with other values stay, whatever their keys; the second of a key is named "key#2".
            All is told.
        bad_lines: "error", or "skip": rows that cannot be used are left out, and told.

    Returns:
        One item per row in that order; the columns that are no inputs travel along.

    Raises:
        SourceNotFound: The file is not there, or has no rows.
        SourceError: A row has no value for an input, or the file cannot be read.
        UsageError: An option has a value it cannot have.

    """
    check_choices("table", duplicates=duplicates, bad_lines=bad_lines)
    named = _checked_columns(inputs, columns or {})
    header: Sequence[str] = ()
    if isinstance(path_or_rows, (str, os.PathLike)):
        path_or_rows = Document.of_file(Path(path_or_rows))
    if isinstance(path_or_rows, Document):
        remarks = Remarks(path_or_rows.shown, bad_lines=bad_lines)
        header, rows = read_rows(path_or_rows, remarks)
    else:
        remarks = Remarks("", "row", bad_lines)
        rows = ((number, row_of(number, row, inputs)) for number, row in enumerate(path_or_rows, start=1))
    first = next(rows, None)
    if len(inputs) == 1 and not columns:
        named[inputs[0]] = column_for(inputs[0], header or ({} if first is None else first[1]))
    is_alone = isinstance(path_or_rows, Document) and len(inputs) == 1
    packed = pack_rows(
        header,
        rows if first is None else chain((first,), rows),
        [named[name] for name in inputs],
        id_col=id_col,
        remarks=remarks,
        told=remedies(named, id_col) if isinstance(path_or_rows, Document) else {},
        problem_of=partial(_problem_of_value, column=named[inputs[0]]) if is_alone else None,
    )
    if isinstance(path_or_rows, Document) and not packed.rows:
        raise SourceNotFound(f"{remarks.place}: there are no rows in it")
    width, rows_held = len(inputs), packed.rows
    if is_alone:
        rows_held = [(cleaned(row[0]), *row[1:]) for row in rows_held]
    values = [row[0] if width == 1 else row[:width] for row in rows_held]
    settled = settle_duplicates(packed.keys, values, packed.numbers, remarks, duplicates, rows_held)
    return TableSource(
        packed.columns, settled.keys, rows_held, width, notices=settled.notices, origin=settled.origin
    )


def _problem_of_value(value: Any, *, column: str) -> str:
    """Say what is wrong with a value that is all there is of an item, "" where nothing is."""
    is_blank = value is None or value != value or (isinstance(value, str) and not value.strip())  # noqa: PLR0124 - NaN
    return f"no value in column '{column}'" if is_blank else ""


def _checked_columns(inputs: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    if not inputs:
        raise UsageError("table: expected the name of an input at least (got none)")
    for name, column in columns.items():
        if name not in inputs:
            raise UsageError(f"columns: there is no input '{name}'{did_you_mean(name, inputs)}")
        if not isinstance(column, str) or not column:
            raise UsageError(f"columns: expected the name of a column for input '{name}' (got {column!r})")
    return {name: columns.get(name, name) for name in inputs}
