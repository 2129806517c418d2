"""
Names from outside, made inert.

File names, URLs and server text may hold escape codes, line breaks, bidirectional
overrides or bytes that are no text. `safe_text` is the one function they pass
before a terminal or a log sees them; the views have one quoter each on top of it.
"""

import re

# C0, DEL, C1; line and paragraph separators; bidirectional marks, embeddings,
# overrides and isolates; zero-width and byte-order marks, soft hyphens, notes between lines and
# tags, none of which shows; lone surrogates (bytes of a file name that are not UTF-8).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def safe_text(text: str, *, keep_newlines: bool = False) -> str:
    r"""
    Return *text* with every control, bidirectional and undecodable character as an escape.

    Args:
        text: Anything that came from outside.
        keep_newlines: Leave line breaks and tabs as they are (tracebacks).

    >>> safe_text("a\x1b[31mb\n")
    'a\\x1b[31mb\\x0a'
    """
    if keep_newlines:
        return _UNSAFE.sub(lambda match: match[0] if match[0] in "\n\t" else _escape(match), text)
    return _UNSAFE.sub(_escape, text)


def first_line(text: str) -> str:
    r"""
    Return the first line of *text* that says something, inert, with " …" where there are more.

    >>> first_line("ValueError: no\nmore of it"), first_line("all of it\n")
    ('ValueError: no …', 'all of it')
    """
    lines = [line.rstrip() for line in text.splitlines() if line.strip()] or [""]
    return safe_text(lines[0]) + (" …" if len(lines) > 1 else "")


def _escape(match: "re.Match[str]") -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - surrogateescape: a byte of a name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code > 0xFFFF:  # noqa: PLR2004 - beyond four digits
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte
