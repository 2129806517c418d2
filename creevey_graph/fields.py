"""What a report shows of a value: JSON-able, exact for plain values, a summary for the others."""

import math
from enum import Enum
from pathlib import PurePath
from typing import Any

MAX_TEXT = 10_000


def field_of(value: Any) -> Any:
    """
    Return *value* as a report shows it.

    Numbers, text, truth and None stay; sequences become lists; mappings get text keys; other
    values become a short text in angle brackets.

    >>> field_of((1, 2.5, "a")), field_of(b"abc")
    ([1, 2.5, 'a'], '<bytes: 3>')
    """
    if isinstance(value, Enum):
        return field_of(value.value)
    if value is None or isinstance(value, bool | int | str | float | PurePath):
        return _plain(value)
    if isinstance(value, list | tuple | set | frozenset):
        members = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        return [field_of(part) for part in members]
    if isinstance(value, dict):
        return {str(key): field_of(part) for key, part in value.items()}
    return _summary(value)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    return str(value)[:MAX_TEXT] if isinstance(value, str | PurePath) else value


def _summary(value: Any) -> Any:
    kind = type(value)
    if isinstance(value, bytes | bytearray):
        return f"<{kind.__name__}: {len(value)}>"
    if kind.__module__.startswith("PIL.") and hasattr(value, "size") and hasattr(value, "mode"):
        return f"<image: {value.mode} {value.size[0]}x{value.size[1]}>"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        if value.shape == ():
            return field_of(value.item())
        return f"<array: {value.dtype} {'x'.join(map(str, value.shape))}>"
    return f"<{kind.__qualname__}>"
