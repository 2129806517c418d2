"""
Plain data from a file that anybody may have written, such as a report that was sent around.

Each function returns its value, or raises a ValueError where it is of another kind or out of all bounds: what reads
on trusts what stands here.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], Any]

MOST_COUNT = 2**53 - 1
"""The most that a browser counts to."""
MOST_SECONDS = 1e12
"""30 000 years; sums of them are no infinity."""


def text(value: Any) -> str:
    """Return a text."""
    if type(value) is not str:
        raise ValueError(f"must be text (got {type(value).__name__})")
    return value


def text_or_none(value: Any) -> str | None:
    """Return a text, or None."""
    return None if value is None else text(value)


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts; it is a tuple where it has not been to a file yet."""
    if type(value) not in (list, tuple):
        raise ValueError(f"must be a list (got {type(value).__name__})")
    return tuple(map(text, value))


def flag(value: Any) -> bool:
    """Return a truth value."""
    if type(value) is not bool:
        raise ValueError(f"must be true or false (got {type(value).__name__})")
    return value


def count(value: Any) -> int:
    """Return a whole number from 0."""
    if type(value) is not int or not 0 <= value <= MOST_COUNT:
        raise ValueError("must be a whole number from 0")
    return value


def seconds(value: Any) -> float:
    """
    Return seconds.

    >>> seconds(2)
    2.0
    """
    if type(value) not in (int, float) or not 0 <= value <= MOST_SECONDS:  # NaN is in no range
        raise ValueError("must be seconds")
    return float(value)


def moment(value: Any) -> float:
    """Return seconds from a beginning, 0 where they tell nothing."""
    return value if type(value) is float and math.isfinite(value) else float(min(count(value), MOST_SECONDS))


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping from texts, as JSON has it, to anything."""
    if type(value) is not dict:
        raise ValueError(f"must be a mapping (got {type(value).__name__})")
    return value


def mapping_of(check: Check) -> Check:
    """Return the check of a mapping whose values pass *check*."""
    return lambda value: {name: check(part) for name, part in mapping(value).items()}


def facts(value: Any, checks: Mapping[str, Check]) -> dict[str, Any]:
    """
    Return a mapping, each of its values checked.

    Args:
        value: The mapping; it may lack some.
        checks: Name -> what its value passes.

    Raises:
        ValueError: A value is not what it should be, or there is one of another name.

    >>> facts({"total": 3}, {"total": count})
    {'total': 3}
    """
    given = mapping(value)
    if unknown := given.keys() - checks.keys():
        raise ValueError(f"has {len(unknown)} facts of unknown names")
    return {name: checks[name](part) for name, part in given.items()}
