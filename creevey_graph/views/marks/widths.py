"""
How wide text is, without a font at hand.

The figures are those of Noto Sans, rounded: among the sans-serif fonts that systems come with it is a
wide one, so that text in another fits as well (DejaVu Sans is a tenth wider; cards leave room for that).
"""

import unicodedata
from collections.abc import Sequence

ELLIPSIS = "…"
BOLD = 1.07
"""How much wider bold text is."""
_WIDE, _CAPITAL, _OTHER = 100, 80, 66
# of U+0020 to U+007E, in hundredths of the font's size
_LATIN = (
    *(26, 27, 41, 65, 57, 83, 73, 22, 30, 30, 55, 57, 27, 32, 27, 37, 57, 57, 57, 57, 57, 57, 57, 57),
    *(57, 57, 27, 27, 57, 57, 57, 43, 90, 64, 65, 63, 73, 56, 52, 73, 74, 34, 27, 62, 52, 91, 76, 78),
    *(60, 78, 62, 55, 56, 73, 60, 93, 59, 57, 57, 33, 37, 33, 57, 44, 28, 56, 62, 48, 62, 56, 34, 62),
    *(62, 26, 26, 53, 26, 94, 62, 60, 62, 62, 41, 48, 36, 62, 51, 79, 53, 51, 47, 38, 55, 38, 57),
)


def text_px(text: str, size_px: float, *, bold: bool = False) -> float:
    """
    Return how wide *text* is in a sans-serif font.

    >>> round(text_px("resize", 10)), round(text_px("画像", 10))
    (29, 20)
    """
    return sum(map(_hundredths, text)) * size_px / 100 * (BOLD if bold else 1)


def _hundredths(character: str) -> int:
    code = ord(character)
    if 0x20 <= code < 0x7F:  # noqa: PLR2004 - what the table holds
        return _LATIN[code - 0x20]
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF" or code >= 0x1F000:  # noqa: PLR2004 - pictographs begin
        return _WIDE + 30 * (code >= 0x1F000)  # noqa: PLR2004
    return _CAPITAL if character.isupper() or unicodedata.category(character)[0] == "S" else _OTHER


def fitted(text: str, most_px: float, size_px: float, *, bold: bool = False) -> str:
    """
    Return *text*, shortened in the middle where it is wider than *most_px*: ends tell names apart.

    >>> fitted("resize", 100, 10), fitted("a_very_long_name_of_a_step_2", 100, 10)
    ('resize', 'a_very_lon…_step_2')
    """
    if text_px(text, size_px, bold=bold) <= most_px:
        return text
    most_px -= text_px(ELLIPSIS, size_px, bold=bold)
    head = _prefix(text, most_px * 2 / 3, size_px, bold=bold)
    tail = _prefix(text[::-1], most_px - text_px(head, size_px, bold=bold), size_px, bold=bold)[::-1]
    return head + ELLIPSIS + tail


def ended(text: str, most_px: float, size_px: float) -> str:
    """
    Return *text*, cut at its end where it is wider than *most_px*.

    >>> ended("code changed: helper normalise", 100, 10)
    'code changed: help…'
    """
    if text_px(text, size_px) <= most_px:
        return text
    return _prefix(text, most_px - text_px(ELLIPSIS, size_px), size_px).rstrip() + ELLIPSIS


def _prefix(text: str, most_px: float, size_px: float, *, bold: bool = False) -> str:
    used, length = 0.0, 0
    for character in text:
        used += text_px(character, size_px, bold=bold)
        if used > most_px:
            break
        length += 1
    while length and length < len(text) and unicodedata.combining(text[length]):
        length -= 1  # a letter stays with its marks
    return text[:length]


def broken(text: str, most_px: float, size_px: float, most_lines: int) -> list[str]:
    """
    Return *text* in lines broken between words; what does not go into them is cut off.

    >>> broken("one two three four", 50, 10, 2)
    ['one two', 'three four']
    """
    lines: list[str] = []
    for word in text.split():
        grown = f"{lines[-1]} {word}" if lines else word
        if lines and text_px(grown, size_px) <= most_px:
            lines[-1] = grown
        else:
            lines.append(word)
    return cut(lines, most_px, size_px, most_lines)


def cut(lines: Sequence[str], most_px: float, size_px: float, most_lines: int) -> list[str]:
    """Return the first *most_lines* lines, each cut at *most_px*; an ellipsis tells of more."""
    kept = [ended(line, most_px, size_px) for line in lines[:most_lines]]
    if len(lines) > most_lines and not kept[-1].endswith(ELLIPSIS):
        kept[-1] = ended(f"{kept[-1]} {ELLIPSIS}", most_px, size_px)
    return kept
