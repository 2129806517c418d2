"""What a stream can show: how wide it is, whether in colour, and which characters."""

import os
from collections.abc import Mapping
from typing import Any, TextIO

import attrs

from creevey_graph.paint import color_wish

USUAL_WIDTH = 80
_PLAIN = {
    "█": "#", "▒": "+", "░": "=", "▓": "%", "▚": "x", "·": ".", "─": "-", "│": "|", "├": "|", "┤": "|", "┼": "+",
    "╰": "`", "╯": "'", "┴": "+", "●": "*", "○": "o", "■": "#", "◆": "@", "▲": "!", "…": "...", "→": "->", "◂": "<",
}  # fmt: skip
"""What stands for each where it cannot be shown; the outcomes of a bar stay apart."""
_TABLE = str.maketrans(_PLAIN)


@attrs.frozen
class Screen:
    """
    A stream.

    Args:
        width: Columns; None where it is no terminal, and nothing is to be cut.
        has_color: Whether it gets colours.
        is_ascii: Whether it takes ASCII only.
        can_redraw: Whether a line can be drawn again in place.
    """

    width: int | None = None
    has_color: bool = False
    is_ascii: bool = False
    can_redraw: bool = False


def screen_of(stream: TextIO, environ: Mapping[str, str] = os.environ) -> Screen:
    """Return what *stream* can show now; a terminal may be another size a moment later."""
    is_terminal = stream.isatty()
    wish = color_wish(environ)
    return Screen(
        width=_width_of(stream, environ) if is_terminal else None,
        has_color=is_terminal if wish is None else wish,
        is_ascii=not can_show(stream),
        can_redraw=is_terminal and environ.get("TERM") != "dumb",
    )


def _width_of(stream: TextIO, environ: Mapping[str, str]) -> int:
    asked = environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    except (OSError, ValueError, AttributeError):  # no terminal of the system's, such as an editor's
        return USUAL_WIDTH


def can_show(stream: Any) -> bool:
    """Return whether a stream's encoding has the characters that we draw with."""
    try:
        "".join(_PLAIN).encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def plainly(text: str) -> str:
    """
    Return *text* with ASCII characters in place of those that we draw with.

    >>> plainly("├─● trim → small…")
    '|-* trim -> small...'
    """
    return text.translate(_TABLE)
