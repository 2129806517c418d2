"""
How many columns of a terminal text takes, and how it is cut and broken to fit.

East Asian wide characters and emoji take two, marks that combine with the one before them none. Text may be
painted where it is measured or broken; it is cut before it is painted.
"""

import unicodedata
from collections.abc import Iterable

from creevey_graph.paint import unpainted

MORE = "…"
"""Stands for what was cut off."""
_EMOJI_STYLE = "\ufe0f"


def width_of(text: str) -> int:
    """
    Return how many columns *text* takes.

    >>> width_of("a.jpg"), width_of("文件.jpg"), width_of("e\u0301"), width_of("👍🏽")
    (5, 8, 1, 2)
    """
    text = unpainted(text)
    return len(text) if text.isascii() else sum(_widths(text))


def _widths(text: str) -> Iterable[int]:
    """Yield what each character adds."""
    before = 0
    for character in text:
        if "\U0001f3fb" <= character <= "\U0001f3ff" and before == 2:  # noqa: PLR2004 - a skin tone changes an emoji
            yield 0
        elif character == _EMOJI_STYLE:
            yield 1 if before == 1 else 0
            before = 2
        else:
            before = _width(character)
            yield before


def _width(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or _is_joined(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_joined(character: str) -> bool:
    """Return whether it is a vowel or ending of a Korean syllable that is written in parts."""
    return "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"


def cut(text: str, width: int, *, at: str = "end") -> str:
    """
    Return *text*, or as much of it as *width* columns hold with "…" where something is missing.

    Args:
        text: Not painted.
        width: Columns, 1 or more.
        at: "end", or "middle" where both ends say something, as those of paths.

    >>> cut("文件.jpg", 6), cut("photos/2024/IMG_0001.jpg", 12, at="middle"), cut("a.jpg", 5)
    ('文件.…', 'photos…1.jpg', 'a.jpg')
    """
    if width_of(text) <= width:
        return text
    if width <= 1:
        return MORE[: max(width, 0)]
    tail = _ending(text, (width - 1) // 2) if at == "middle" else ""
    return _beginning(text, width - 1 - width_of(tail)) + MORE + tail


def _beginning(text: str, width: int) -> str:
    used = 0
    for place, added in enumerate(_widths(text)):
        used += added
        if used > width:
            return text[:place]
    return text


def _ending(text: str, width: int) -> str:
    """Return the longest ending that fits and does not begin with a mark of the character before it."""
    widths = list(_widths(text))
    place, used = len(text), 0
    for begins in range(len(text) - 1, -1, -1):
        used += widths[begins]
        if used > width:
            break
        if widths[begins]:
            place = begins
    return text[place:]


def broken(line: str, width: int, hang: int | None = None) -> list[str]:
    """
    Return *line* as lines of at most *width* columns, broken between words; a longer word stays whole.

    Args:
        line: Inert; it may be painted.
        width: Columns.
        hang: Columns that further lines stand in; by default four more than the first.

    >>> broken("note: the cache is full", 16)
    ['note: the cache', '    is full']
    """
    if width_of(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip(" "))]
    further = indent + "    " if hang is None else " " * hang
    lines, gap = [indent], ""
    for word in line[len(indent) :].split(" "):
        if gap and width_of(lines[-1]) + width_of(gap) + width_of(word) > width:
            lines.append(further)
            gap = ""
        if word:
            lines[-1] += gap + word
            gap = " "
        elif gap:  # several spaces in a row, which do not begin a line
            gap += " "
    return lines
