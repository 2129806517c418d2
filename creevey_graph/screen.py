"""What a stream can show: how wide it is, whether in colour, and which characters."""

import errno
import os
from collections.abc import Callable, Mapping
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


class Lasting:
    """
    A stream that goes on, saying nothing, once its terminal was closed.

    A run that outlives its terminal is to end in order, or go on: not to break on telling how far it is. State: the
    stream; is_gone. All else is the stream's own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_gone = False

    def write(self, text: str) -> int:
        """Write *text*, where there is still a terminal, file or pipe to write to."""
        return self._attempt(lambda: self._stream.write(text))

    def flush(self) -> None:
        """Hand on what was written."""
        self._attempt(self._stream.flush)

    def _attempt(self, call: Callable[[], int | None]) -> int:
        if not self._is_gone:
            try:
                return call() or 0
            except OSError as exc:
                if exc.errno != errno.EIO:
                    raise
                self._is_gone = True
        return 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def screen_of(stream: TextIO | Lasting, environ: Mapping[str, str] = os.environ) -> Screen:
    """Return what *stream* can show now; a terminal may be another size a moment later."""
    is_terminal = stream.isatty()
    wish = color_wish(environ)
    return Screen(
        width=_width_of(stream, environ) if is_terminal else None,
        has_color=is_terminal if wish is None else wish,
        is_ascii=not can_show(stream),
        can_redraw=is_terminal and environ.get("TERM") != "dumb",
    )


def _width_of(stream: TextIO | Lasting, environ: Mapping[str, str]) -> int:
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
