"""Values of rows as a page's JSON has them: inert, short, and numbers that a browser reads as they are."""

import json
import math
from collections.abc import Sequence
from typing import Any

from creevey_graph.text import safe_text

NOT_FINITE = frozenset({"nan", "inf", "-inf"})
"""How reports tell of floats that JSON has no numbers for."""
MOST_CHARACTERS = 500
"""Of a field's text; the report has all of it."""
MOST_NAME, MOST_LISTED = 5_000, 100
"""Of a key, a path or an address: characters that are shown, more than a path may have; and of paths in one row."""
_MOST_EXACT = 2**53 - 1


def inert(text: Any) -> str:
    """Return text that came from outside; what is printable, as nearly all is, is not looked at twice."""
    text = text if isinstance(text, str) else str(text)
    return text if text.isprintable() else safe_text(text)


def shown_name(text: str) -> str:
    """Return a key, a path or an address."""
    shown = inert(text)
    return shown if len(shown) <= MOST_NAME else f"{shown[: MOST_NAME - 1]}…"


def shown_paths(texts: Sequence[str]) -> list[str]:
    """Return paths, the first of many."""
    return [*map(shown_name, texts[:MOST_LISTED]), *(["…"] if len(texts) > MOST_LISTED else [])]


def plain(value: Any) -> str:
    """Return a value of a field as inert, short text."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return inert(text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…")


def cell(value: Any) -> str | float | bool | None:
    """
    Return a value of a field as JSON has it; of lists and mappings the text.

    >>> cell([1, "a"]), cell(2**60), cell(0.5), cell(float("nan"))
    ('[1, "a"]', '1152921504606846976', 0.5, None)
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _MOST_EXACT else _digits(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return plain(value)


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python's limit on digits
        return f"about {'-' if value < 0 else ''}2^{value.bit_length()}"


def finite(value: Any) -> float | None:
    """Return a number rounded to four places, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(value, 4)
