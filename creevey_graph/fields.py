"""What a report shows of a value: JSON-able, exact for plain values, a summary for the others."""

import datetime as dt
import decimal
import fractions
import math
import uuid
from collections.abc import Container, Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

ERROR_COLUMNS = ("error_class", "error_message", "http_status", "attempts")
"""What is told apart in the error of a failed item; see `manifest.py`."""
FIXED_COLUMNS = ("key", "source", "outcome", "step", "error", "reason", "seconds", "outputs", *ERROR_COLUMNS)
"""Columns that every report has."""
MAX_TEXT = 10_000
_AS_TEXT = (
    dt.date,
    dt.time,
    dt.timedelta,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
)
_PICTURE_MODULES = ("PIL.", "creevey_graph.deferred")


def column_of(name: str, outputs: Container[str]) -> str:
    """
    Return the report's column for an item's own column: its name, unless that is taken.

    Args:
        name: The item's column.
        outputs: The graph's named outputs.

    >>> column_of("label", ["file"]), column_of("error", []), column_of("file", ["file"])
    ('label', 'item.error', 'item.file')
    """
    return f"item.{name}" if name in FIXED_COLUMNS or name in outputs else name


def item_fields(columns: Mapping[str, Any], outputs: Container[str]) -> dict[str, Any]:
    """Return an item's own columns as a report shows them."""
    return {column_of(name, outputs): field_of(value) for name, value in columns.items()}


def field_of(value: Any) -> Any:
    """
    Return *value* as a report shows it.

    Numbers, text, truth and None stay; sequences become lists; mappings get text keys; dates and
    the like become text; other values a short text in angle brackets, and so do those whose own
    code fails when they are shown, or that hold themselves.

    >>> field_of((1, 2.5, "a")), field_of(b"abc")
    ([1, 2.5, 'a'], '<bytes: 3>')
    """
    try:
        return _field(value)
    except Exception:  # noqa: BLE001 - `__str__`, `__iter__` and `shape` are any code; a report never fails
        return f"<{type(value).__qualname__}>"


def _field(value: Any) -> Any:
    if isinstance(value, Enum):
        return _field(value.value)
    if value is None or isinstance(value, bool | int | str | float | PurePath):
        return _plain(value)
    if isinstance(value, _AS_TEXT):
        return _text(value)
    if isinstance(value, list | tuple | set | frozenset):
        members = sorted(value, key=safe_repr) if isinstance(value, set | frozenset) else value
        return [_field(part) for part in members]
    if isinstance(value, dict):
        return {_text(key): _field(part) for key, part in value.items()}
    return _summary(value)


def safe_repr(value: Any) -> str:
    """Return the repr of *value*, the name of its class where that fails."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - `__repr__` is any code
        return f"<{type(value).__qualname__}>"


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return _text(value) if isinstance(value, str | PurePath) else value


def _text(value: Any) -> str:
    """Return *value* as text of Python's own kind: a kind of the user's could run code where it is sent to."""
    return "".join((str(value),))[:MAX_TEXT]


def _summary(value: Any) -> Any:
    kind = type(value)
    if isinstance(value, bytes | bytearray):
        return f"<{kind.__name__}: {len(value)}>"
    if kind.__module__.startswith(_PICTURE_MODULES) and hasattr(value, "size") and hasattr(value, "mode"):
        return f"<image: {value.mode} {value.size[0]}x{value.size[1]}>"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        if value.shape == ():
            return _field(value.item())
        return f"<array: {value.dtype} {'x'.join(map(str, value.shape))}>"
    return f"<{kind.__qualname__}>"
