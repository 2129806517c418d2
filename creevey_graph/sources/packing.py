"""Rows by column name become tuples: the values of the inputs first, then what travels along."""

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import attrs

from creevey_graph.errors import SourceError
from creevey_graph.sources.remarks import Remarks, no_column
from creevey_graph.sources.rows import Row

DEFAULT_COLUMN = "url"
"""What the column of URLs and paths is called where nothing is said."""
_KEY_COLUMNS = ("key", "id")


@attrs.frozen
class Packed:
    """
    A table as it is held: 10**6 rows of a URL and a caption take 0.3 GB, as mappings 0.6.

    Args:
        columns: Names of what travels along.
        keys: One per row, as they were read.
        numbers: Line of each row.
        rows: Per row, the values of the inputs, then of *columns* (None where a row has none).
    """

    columns: tuple[str, ...]
    keys: list[str]
    numbers: "array[int]"
    rows: list[tuple[Any, ...]]


def pack_rows(
    header: Sequence[str],
    rows: Iterable[tuple[int, Row]],
    used: Sequence[str],
    *,
    id_col: str | None,
    remarks: Remarks,
    remedy: str = "",
    problem_of: Callable[[Any], str] = lambda _value: "",
) -> Packed:
    """
    Pack rows.

    Args:
        header: Names of the columns, none where each row has its own.
        rows: Rows with their line numbers.
        used: Columns of the inputs' values, in order.
        id_col: Column of the keys; None for `key`, else `id`, else the first input's text.
        remarks: Gets the rows that cannot be used.
        remedy: What is said where a column is not there.
        problem_of: Value of the first input -> what is wrong with it, "" where nothing is.

    Raises:
        SourceError: The header lacks a column.

    """
    needed = (*used, *(() if id_col is None else (id_col,)))
    if header:
        for name in needed:
            if name not in header:
                raise SourceError(
                    f"{remarks.place} header: {no_column(name, header, remedy + _separator(header))}"
                )
    keyed = (id_col,) if id_col is not None else tuple(name for name in _KEY_COLUMNS if name not in used)
    hidden = {*used, *(("key",) if "key" in keyed else ())}
    columns = {name: None for name in header if name not in hidden}
    packed = Packed((), [], array("q"), [])
    for number, row in rows:
        lacking = next((name for name in needed if name not in row), None)
        if lacking is not None:
            remarks.add_bad(number, no_column(lacking, row, remedy))
            continue
        if problem := problem_of(row[used[0]]) or _problem_of_id(row, id_col):
            remarks.add_bad(number, problem)
            continue
        for name in row:
            if name not in columns and name not in hidden:
                columns[name] = None
        packed.numbers.append(number)
        packed.keys.append(_key(row, keyed) or text_of(row[used[0]], number))
        packed.rows.append((*[row[name] for name in used], *map(row.get, columns)))
    _fill(packed.rows, len(used) + len(columns))
    remarks.check(has_entries=bool(packed.rows))
    return attrs.evolve(packed, columns=tuple(columns))


def text_of(value: Any, number: int) -> str:
    """Return what to call a value by; a picture or an array in memory is called by its row."""
    if hasattr(value, "__fspath__"):
        return str(value)
    return str(value) if isinstance(value, (str, int, float)) else f"row {number}"


def column_for(name: str, names: Collection[str]) -> str:
    """
    Return the column of the only input: its own name, else "url", which by that name can be no other.

    >>> column_for("photo", ["photo", "url"]), column_for("photo", ["url", "label"]), column_for("photo", ["a"])
    ('photo', 'url', 'photo')
    """
    return DEFAULT_COLUMN if name not in names and DEFAULT_COLUMN in names else name


def _key(row: Row, keyed: Sequence[str]) -> str:
    for name in keyed:
        if (key := row.get(name)) not in (None, ""):
            return str(key)
    return ""


def _problem_of_id(row: Row, id_col: str | None) -> str:
    return f"no value in column '{id_col}'" if id_col is not None and row[id_col] in (None, "") else ""


def _separator(header: Sequence[str]) -> str:
    """Say where a header has other separators than it should."""
    found = next((mark for mark in (";", "\t", "|") if len(header) == 1 and mark in header[0]), None)
    told = {";": "semicolons", "\t": "tabs", "|": "bars"}
    return f"; its columns seem to stand between {told[found]}: save it with commas" if found else ""


def _fill(rows: list[tuple[Any, ...]], width: int) -> None:
    """Give rows None for the columns that only later rows have."""
    for index, row in enumerate(rows):
        if len(row) < width:
            rows[index] = row + (None,) * (width - len(row))
