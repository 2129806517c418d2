"""
Colours of a terminal, as escape codes, and who wants them.

Text from outside passes `text.safe_text` before it is painted, so that these codes are the only ones there are.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

_CODES: Mapping[str, int] = MappingProxyType(
    {"bold": 1, "dim": 2, "reverse": 7}
    | {
        name: 30 + number
        for number, name in enumerate(("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"))
    }
    | {"bright_black": 90}
)
_PAINT = re.compile(r"\x1b\[[0-9;]*m")


def painted(text: str, style: str) -> str:
    r"""
    Return *text* in a style: names of a colour, of "bold", "dim" and "reverse", or none.

    >>> painted("12", "bold red"), painted("12", "")
    ('\x1b[1;31m12\x1b[0m', '12')
    """
    if not style or not text:
        return text
    codes = ";".join(str(_CODES[name]) for name in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m"


def unpainted(text: str) -> str:
    """Return *text* without what `painted` put in."""
    return _PAINT.sub("", text) if "\x1b" in text else text


def color_wish(environ: Mapping[str, str]) -> bool | None:
    """
    Return whether the environment asks for colours, None where it leaves that to the stream.

    `NO_COLOR` goes before `FORCE_COLOR` and `CLICOLOR_FORCE`, these before `CLICOLOR=0` and `TERM=dumb`.

    >>> color_wish({"NO_COLOR": "1", "FORCE_COLOR": "1"}), color_wish({"CLICOLOR_FORCE": "1"}), color_wish({})
    (False, True, None)
    """
    if environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if asked := environ.get(name):
            return asked.lower() not in ("0", "false", "no")
    return False if environ.get("CLICOLOR") == "0" or environ.get("TERM") == "dumb" else None
