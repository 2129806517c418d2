"""What filters, measures and encoders check of their numbers, each with one message."""

import math
from collections.abc import Mapping
from typing import Any

from creevey_graph.errors import UsageError


def check_range(step: str, parameter: str, value: Any, low: int, high: int | None = None) -> None:
    """
    Check that an option is a whole number of a range.

    Raises:
        UsageError: It is not.

    >>> check_range("write_image", "quality", 0, 1, 100)
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'write_image': parameter 'quality' must be 1 to 100 (got 0)

    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and (value in range(low, high + 1) if high is not None else value >= low):
        return
    span = f"at least {low}" if high is None else f"{low} to {high}"
    raise UsageError(f"step '{step}': parameter '{parameter}' must be {span} (got {value!r})")


def check_bounds(step: str, bounds: Mapping[str, float | None]) -> None:
    """
    Check the bounds of a filter: numbers, at least one of them.

    Raises:
        UsageError: None is given, or one is no number that can be compared.

    >>> check_bounds("require_entropy", {"min": None})
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'require_entropy': needs a bound; give min

    """
    for name, bound in bounds.items():
        number = isinstance(bound, int | float) and not isinstance(bound, bool)
        if bound is not None and not (number and math.isfinite(bound)):
            raise UsageError(f"step '{step}': parameter '{name}' must be a number (got {bound!r})")
    if all(bound is None for bound in bounds.values()):
        raise UsageError(f"step '{step}': needs a bound; give {' or '.join(bounds)}")


def check_order(step: str, low: tuple[str, float | None], high: tuple[str, float | None]) -> None:
    """
    Check that a lower bound is not above the upper one: nothing would pass.

    Raises:
        UsageError: It is above.

    >>> check_order("require_brightness", ("min", 200), ("max", 100))
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'require_brightness': parameter 'min' must not be above 'max'
        (got 200 and 100): nothing would pass

    """
    if low[1] is not None and high[1] is not None and low[1] > high[1]:
        raise UsageError(
            f"step '{step}': parameter '{low[0]}' must not be above '{high[0]}' "
            f"(got {low[1]} and {high[1]}): nothing would pass"
        )
