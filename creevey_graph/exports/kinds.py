"""Of which kind the values of a column are, so that every row of it is written alike."""

from collections.abc import Mapping
from typing import Any

import attrs

_EXACT = 2**53


@attrs.frozen
class Kind:
    """
    What the values of a column are.

    Args:
        name: "null", "bool", "int", "float", "text", "list", or "json" where they are of several kinds.
        least: The least whole number, 0 where there is none.
        most: The greatest one.
        part: Kind of a list's members.
    """

    name: str
    least: int = 0
    most: int = 0
    part: "Kind | None" = None


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
