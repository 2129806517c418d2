"""Sizes and ages as people write and read them."""

import math
import re
from types import MappingProxyType

from creevey_graph.errors import UsageError

_KILO = 1024
_FORM = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-zA-Z]*)\s*")
_UNITS = ("K", "M", "G", "T")
_SIZES = MappingProxyType(
    {
        "b": 1,
        **{f"{unit}B".lower(): 1000**power for power, unit in enumerate(_UNITS, 1)},
        **{f"{unit}iB".lower(): 1024**power for power, unit in enumerate(_UNITS, 1)},
    }
)
_AGES = MappingProxyType({"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400})
_MOST = 2**62
"""What SQLite can count, and more than there is."""


def parse_size(text: str, where: str) -> int:
    """
    Return the bytes that *text* stands for; KB is 1000 of them, KiB 1024.

    Args:
        text: A number and a unit: B, KB, MB, GB, TB, KiB, MiB, GiB, TiB, in any case. Without one it is
            refused, as bytes are hardly ever what was meant; 0 needs none.
        where: What an error names, such as an option.

    Raises:
        UsageError: It stands for none.

    >>> parse_size("500MB", "--cache-size"), parse_size("1.5 GiB", "--cache-size")
    (500000000, 1610612736)
    """
    found = _FORM.fullmatch(text)
    number = float(found[1]) if found else math.nan
    unit = found[2].lower() if found else ""
    size = number * _SIZES.get(unit, math.nan) if unit or number else 0.0
    if not size < _MOST:
        raise UsageError(
            f"{where}: a size is a number and a unit, such as 500MB, 20GB or 1.5GiB (got '{text}')"
        )
    return int(size)


def parse_age(text: str, where: str) -> float:
    """
    Return the seconds that *text* stands for.

    Args:
        text: A number and a unit: s, m (minutes), h, d or w.
        where: What an error names, such as an option.

    Raises:
        UsageError: It stands for none.

    >>> parse_age("30d", "--older-than"), parse_age("12h", "--older-than")
    (2592000.0, 43200.0)
    """
    found = _FORM.fullmatch(text)
    age_s = float(found[1]) * _AGES.get(found[2].lower(), math.nan) if found else math.nan
    if not age_s < _MOST:
        raise UsageError(
            f"{where}: an age is a number and a unit (s, m, h, d, w), such as 30d or 12h (got '{text}')"
        )
    return age_s


def bytes_text(size_bytes: int) -> str:
    """
    Return a size in the unit that suits it.

    >>> bytes_text(512), bytes_text(1536), bytes_text(3 * 1024**3)
    ('512 B', '1.5 KiB', '3.0 GiB')
    """
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < _KILO:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _KILO
    return f"{size:.1f} TiB"


def limit_text(size_bytes: int) -> str:
    """
    Return a limit as somebody wrote it, where it is whole in a decimal unit.

    >>> limit_text(5 * 10**9), limit_text(1536 * 1024)
    ('5 GB', '1.5 MiB')
    """
    for power, unit in reversed(list(enumerate(_UNITS, 1))):
        if size_bytes and size_bytes % 1000**power == 0:
            return f"{size_bytes // 1000**power} {unit}B"
    return bytes_text(size_bytes)


def seconds_text(seconds: float) -> str:
    """
    Return a span of time in two units at most.

    >>> seconds_text(0.25), seconds_text(1.25), seconds_text(14), seconds_text(75), seconds_text(7325)
    ('250 ms', '1.2 s', '14 s', '1 min 15 s', '2 h 2 min')
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:  # noqa: PLR2004 - below, a tenth tells something
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours:,} h {minutes_left} min" if hours else f"{minutes} min {rest} s"
