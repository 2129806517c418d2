"""The one quoter of HTML, SVG and XML: names and texts from outside, as every page and picture shows them."""

import re
from html import escape

from creevey_graph.text import safe_text

_NO_XML = re.compile("[\ufffe\uffff]")  # all that `safe_text` leaves and XML refuses


def inert(text: str, *, keep_newlines: bool = False) -> str:
    r"""
    Return *text* as it is measured and shown: every control and bidirectional character as an escape.

    Args:
        text: Anything that came from outside.
        keep_newlines: Leave line breaks and tabs as they are.

    >>> inert("a\x00\uffff")
    'a\\x00\\uffff'
    """
    shown = safe_text(text, keep_newlines=keep_newlines)
    return _NO_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", shown)


def quoted(text: object, *, keep_newlines: bool = False) -> str:
    r"""
    Return *text* for the inside of an element or of a quoted attribute: never markup.

    >>> quoted("<b>\u202e'")
    '&lt;b&gt;\\u202e&#x27;'
    """
    return escape(inert(str(text), keep_newlines=keep_newlines))


def quoted_element(text: str) -> str:
    """
    Return *text* for the inside of an element only, where another language quotes it further: quotes stay.

    >>> quoted_element("<b>'")
    "&lt;b&gt;'"
    """
    return escape(inert(text), quote=False)
