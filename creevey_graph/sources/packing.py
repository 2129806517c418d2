"""Rows by column name become tuples: the values of the inputs first, then what travels along."""

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from creevey_graph.errors import SourceError, UsageError
from creevey_graph.sources.base import is_url
from creevey_graph.sources.remarks import Remarks, no_column
from creevey_graph.sources.rows import Row

DEFAULT_COLUMN = "url"
"""What the column of URLs and paths is called where nothing is said."""
_KEY_COLUMNS = ("key", "id")


@attrs.frozen
class Packed:
    """
    A table as it is held: a tuple a row.

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
    told: Mapping[str, str] = MappingProxyType({}),
    problem_of: Callable[[Any], str] | None = None,
) -> Packed:
    """
    Pack rows.

    Args:
        header: Names of the columns, none where each row has its own.
        rows: Rows with their line numbers.
        used: Columns of the inputs' values, in order.
        id_col: Column of the keys; None for `key`, else `id`, else the first input's text.
        remarks: Gets the rows that cannot be used.
        told: Column -> what is said where it is not there.
        problem_of: Value of the first input -> what is wrong with it, "" where nothing is.

    Raises:
        SourceError: The header lacks a column.

    """
    needed = (*used, *(() if id_col is None else (id_col,)))
    absent = next((name for name in needed if header and name not in header), None)
    if absent is not None:
        tail = told.get(absent, "") + _separator(header)
        raise SourceError(f"{remarks.place} header: {no_column(absent, header, tail)}")
    keyed = (id_col,) if id_col is not None else tuple(name for name in _KEY_COLUMNS if name not in used)
    hidden = {*used, *(("key",) if "key" in keyed else ())}
    columns = {name: None for name in header if name not in hidden}
    packed = Packed((), [], array("q"), [])
    explained: set[str] = set()
    for number, row in rows:
        try:
            values = [row[name] for name in needed]
        except KeyError as error:
            name = error.args[0]
            is_told = name in explained
            explained.add(name)
            problem = f"no column '{name}'" if is_told else no_column(name, row, told.get(name, ""))
            remarks.add_bad(number, problem)
            continue
        problem = "" if problem_of is None else problem_of(values[0])
        if id_col is not None and values.pop() in (None, ""):
            problem = problem or f"no value in column '{id_col}'"
        if problem:
            remarks.add_bad(number, problem)
            continue
        if not header:
            columns.update(dict.fromkeys(name for name in row if name not in hidden))
        packed.numbers.append(number)
        packed.keys.append(_key(row, keyed) or text_of(values[0], number))
        packed.rows.append((*values, *map(row.get, columns)))
    _fill(packed.rows, len(used) + len(columns))
    remarks.check(has_entries=bool(packed.rows))
    return attrs.evolve(packed, columns=tuple(columns))


def row_of(number: int, row: Any, inputs: Sequence[str]) -> Row:
    """
    Return a row that stands in memory: a mapping, or a tuple of the inputs' values.

    Raises:
        SourceError: It has another length.
        UsageError: It is neither.
    """
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


def text_of(value: Any, number: int) -> str:
    """Return what to call a value by; a picture or an array in memory is called by its path in a table, or its row."""
    if isinstance(value, Mapping) and isinstance(path := value.get("path"), str) and path:
        return path
    if hasattr(value, "__fspath__"):
        return str(value)
    return str(value) if isinstance(value, (str, int, float)) else f"row {number}"


def cleaned(value: Any) -> Any:
    """
    Return a URL without the blanks around it, and any other value as it is.

    >>> cleaned(" http://a.example/x.jpg "), cleaned(" x.jpg "), cleaned(7)
    ('http://a.example/x.jpg', ' x.jpg ', 7)
    """
    return value.strip() if isinstance(value, str) and is_url(value.lstrip()) else value


def column_for(name: str, names: Collection[str]) -> str:
    """
    Return the column of the only input: its own name, else "url", which by that name can be no other.

    >>> column_for("photo", ["photo", "url"]), column_for("photo", ["url", "label"]), column_for("photo", ["a"])
    ('photo', 'url', 'photo')
    """
    return DEFAULT_COLUMN if name not in names and DEFAULT_COLUMN in names else name


def remedies(used: Mapping[str, str], id_col: str | None) -> dict[str, str]:
    """
    Return column -> how to name another, for a column that is not there.

    Args:
        used: Input -> its column; the input is "" where it has no name.
        id_col: Column of the keys.
    """
    told = {}
    for name, column in used.items():
        python = f"columns={{'{name}': …}}" if len(used) > 1 else "sources.url_list(…, url_col=…)"
        option = f"--column {name}=…" if len(used) > 1 else "--url-column"
        told[column] = f"; name another with {option} (in Python {python})"
    if id_col is not None:
        told[id_col] = "; name another with --id-column (in Python id_col=)"
    return told


def _key(row: Row, keyed: Sequence[str]) -> str:
    for name in keyed:
        if (key := row.get(name)) not in (None, ""):
            return str(key)
    return ""


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
