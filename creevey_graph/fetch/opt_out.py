"""
The header X-Robots-Tag: whether a picture's own answer asks not to be used.

Each header line may begin with a client's name, whose wishes then follow: "somebot: noai, noindex". Lines
for others do not concern us; lines for nobody in particular, and for our own name, do.
"""

import re
from collections.abc import Iterable

REFUSED = frozenset({"noai", "noimageai", "noindex", "noimageindex", "noml", "none"})
"""`none` is short for noindex and nofollow."""
_WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})


def find_refusal(lines: Iterable[str], token: str) -> str:
    """
    Return the directive that refuses the client of this product *token*, "" where none does.

    Args:
        lines: The values of all X-Robots-Tag headers of an answer.
        token: In lower case.

    >>> find_refusal(["otherbot: noindex, nofollow", "max-snippet: 5, NoAI"], "creevey_graph")
    'noai'
    """
    for line in lines:
        client = "*"
        for part in line.split(","):
            name, directive = _split(part.strip().lower())
            client = name or client
            if client in {"*", token} and directive in REFUSED:
                return directive
    return ""


def _split(part: str) -> tuple[str, str]:
    """Return the client's name, "" where the part holds none, and the directive."""
    name, colon, directive = part.partition(":")
    name = name.strip()
    if not colon or name in _WITH_VALUE or not re.fullmatch(r"[\w*.-]+", name):
        return "", part
    return name, directive.strip()
