"""
What the steps for pictures check of their constants before anything runs: tables, parameter by parameter.

The steps check the same when they are called, where it may have come from an item. Their own code is left
as it is: cached results stay valid.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import attrs
from PIL import Image

from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.images.checks import (
    checked_color,
    checked_share,
    checked_size,
    checked_whole,
)

Check = Callable[[str, str, Any], object]
"""Called with the step's name, the parameter's and its value; raises a `UsageError`."""


@attrs.frozen
class Constants:
    """
    The `check` of a step.

    Args:
        step: The step's name, for messages.
        checks: Parameter -> check of its value, where that is a constant.
        together: Called with all constants after that; None for nothing.

    >>> Constants("resize", {"size": size_check})(size=-5)
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'resize': size must be (width, height) of at least 1 pixel each (got -5)
    """

    step: str
    checks: Mapping[str, Check]
    together: Callable[[str, Mapping[str, Any]], object] | None = None

    def __call__(self, **constants: Any) -> None:
        for parameter, check in self.checks.items():
            if parameter in constants:
                check(self.step, parameter, constants[parameter])
        if self.together is not None:
            self.together(self.step, constants)


def size_check(step: str, parameter: str, value: Any) -> None:
    """Check a size of one number or two; None is left to the step."""
    del parameter
    if value is not None:
        checked_size(step, value)


def color_check(step: str, parameter: str, value: Any) -> None:
    """Check a colour."""
    checked_color(step, parameter, value)


def length_check(step: str, parameter: str, value: Any) -> None:
    """Check a length in pixels, or a share such as "10%"."""
    checked_share(step, parameter, value, 1)


def whole_check(least: int, *, optional: bool = False) -> Check:
    """Return the check of a whole number; of None too where that is *optional*."""

    def check(step: str, parameter: str, value: Any) -> None:
        if not (optional and value is None):
            checked_whole(step, parameter, value, least)

    return check


def formats_check(usual: Sequence[str]) -> Check:
    """
    Return the check of names of Pillow's formats, as `load_image` takes them.

    Args:
        usual: Names that are known; Pillow loads its plugins (30 ms) for the sake of others alone.

    >>> formats_check(["PNG"])("load_image", "formats", ("PNG", "JEPG"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'load_image': no format 'JEPG'; did you mean 'JPEG'? (has: ...)
    """

    def check(step: str, parameter: str, value: Any) -> None:
        if isinstance(value, str) or not all(isinstance(name, str) for name in value or ()):
            raise UsageError(
                f"step '{step}': parameter '{parameter}' must be names such as ('JPEG', 'PNG') (got {value!r})"
            )
        for name in value or ():
            if name.upper() not in usual and not _is_format(name.upper()):
                raise UsageError(f"step '{step}': no format {name!r}{did_you_mean(name.upper(), Image.OPEN)}")

    return check


def _is_format(name: str) -> bool:
    Image.init()
    return name in Image.OPEN


def suffix_of(path: Any) -> str | None:
    """
    Return the suffix that all paths of a template have, None where it comes from the item.

    >>> suffix_of("{stem}.JPG"), suffix_of("photo"), suffix_of("{stem}{suffix}"), suffix_of("{stem}.{label}")
    ('.JPG', '', None, None)
    """
    if not isinstance(path, str | PurePath):
        return None
    name = PurePath(path).name
    tail = name.rpartition("}")[2]
    if tail != name and "." not in tail:
        return None  # what a field brings may hold a dot itself
    return PurePath(f"x{tail}").suffix
