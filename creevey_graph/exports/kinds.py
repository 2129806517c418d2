"""
Of which kind the values of a column are, so that every row of it is written alike.

Readers of data sets go by columns: pyarrow, on which Hugging Face `datasets` stands, reads a whole number
beyond 64 bits in JSON as a fraction, which is another number, and refuses a column of several kinds, whether
of the list itself or inside mappings. So a column with a number beyond int64 is text in JSON; Parquet, which
has uint64, holds it as a number as long as it can. JSON holds mappings as they are; Parquet and CSV, whose
columns would hang on the names in them, as JSON text.
"""

import json
from collections.abc import Mapping
from typing import Any

import attrs

INT64, UINT64 = 2**63, 2**64
_EXACT = 2**53


@attrs.frozen
class Kind:
    """
    What the values of a column are.

    Args:
        name: "null", "bool", "int", "float", "text", "list", "dict", or "json" where they are of several kinds.
        least: The least whole number, 0 where there is none.
        most: The greatest one.
        part: Kind of a list's members.
        members: Name -> kind of a mapping's values.
    """

    name: str
    least: int = 0
    most: int = 0
    part: "Kind | None" = None
    members: Mapping[str, "Kind"] = attrs.field(factory=dict, hash=False)


NULL = Kind("null")
JSON = Kind("json")


def kind_of(value: Any) -> Kind:  # noqa: PLR0911 - one a kind
    """
    Return the kind of one value of a report's field.

    >>> kind_of(True).name, kind_of(7).most, kind_of([1.5, 2]).part.name
    ('bool', 7, 'float')
    """
    if value is None:
        return NULL
    if isinstance(value, bool):
        return Kind("bool")
    if isinstance(value, int):
        return Kind("int", value, value)
    if isinstance(value, float):
        return Kind("float")
    if isinstance(value, str):
        return Kind("text")
    if isinstance(value, list):
        part = NULL
        for member in value:
            part = merged(part, kind_of(member))
        return Kind("list", part=part)
    if isinstance(value, Mapping):
        return Kind("dict", members={name: kind_of(member) for name, member in value.items()})
    return JSON


def merged(first: Kind, second: Kind) -> Kind:
    """
    Return the kind that holds the values of both.

    >>> merged(kind_of(1), kind_of(2.5)).name, merged(kind_of(2**60), kind_of(2.5)).name
    ('float', 'json')
    """
    if NULL in (first, second):
        return second if first == NULL else first
    names = {first.name, second.name}
    if names == {"list"} and first.part and second.part:
        return Kind("list", part=merged(first.part, second.part))
    if names == {"dict"}:
        members = {name: merged(kind, second.members.get(name, NULL)) for name, kind in first.members.items()}
        return Kind("dict", members={**second.members, **members})
    if names <= {"int", "float"}:
        least, most = min(first.least, second.least), max(first.most, second.most)
        if names == {"int"}:
            return Kind("int", least, most)
        is_exact = least >= -_EXACT and most <= _EXACT  # else a fraction would change whole numbers
        return Kind("float", least, most) if is_exact else JSON
    return first if len(names) == 1 else JSON


def merged_columns(kinds: dict[str, Kind], fields: Mapping[str, Any]) -> None:
    """Take the values of one more row into the kinds of the columns."""
    for name, value in fields.items():
        kinds[name] = merged(kinds.get(name, NULL), kind_of(value))


def is_wide(kind: Kind, ceiling: int) -> bool:
    """
    True where whole numbers do not fit: below *ceiling*, and over -2**63 or, of unsigned ones, 0.

    >>> [is_wide(kind_of(number), INT64) for number in (-5, 2**63)], is_wide(kind_of(2**63), UINT64)
    ([False, True], False)
    """
    return kind.most >= ceiling or kind.least < (0 if kind.most >= INT64 else -INT64)


def cell_of(value: Any, kind: Kind, ceiling: int = INT64, *, is_nested: bool = False) -> Any:  # noqa: PLR0911 - one a kind
    """
    Return a value as it is written: numbers that are too wide as text, values of several kinds as JSON text.

    Args:
        value: A value of a column.
        kind: The column's kind.
        ceiling: What whole numbers must be below.
        is_nested: Whether mappings may stay what they are; else they are JSON text too.

    >>> cell_of(7, kind_of(2**63)), cell_of({"b": 1, "a": 2}, JSON)
    ('7', '{"a":2,"b":1}')
    >>> [cell_of(value, kind_of([{"a": 2**63}]), is_nested=nested) for value, nested in (([{"a": 1}], True), ([{"a": 1}], False))]
    [[{'a': '1'}], ['{"a":1}']]
    """
    if value is None:
        return None
    if kind.name == "json":
        return json_text(value)
    if kind.name == "list":
        return [cell_of(part, kind.part or NULL, ceiling, is_nested=is_nested) for part in value]
    if kind.name == "dict":
        if not is_nested:
            return json_text(value)
        return {
            name: cell_of(value[name], kind.members[name], ceiling, is_nested=True) for name in sorted(value)
        }
    if kind.name == "float":
        return float(value)
    return str(value) if kind.name == "int" and is_wide(kind, ceiling) else value


def json_text(value: Any) -> str:
    """Return *value* as JSON: one text for equal values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
