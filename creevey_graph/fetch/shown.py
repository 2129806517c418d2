"""URLs as messages show them: inert, and without passwords."""

import re
from urllib.parse import urlsplit, urlunsplit

from creevey_graph.text import safe_text

_LONGEST = 2000
"""Characters of a URL that are shown; a server may redirect to one of a megabyte."""


def get_of(url: str) -> str:
    """
    Return how a message names the asking for *url*.

    >>> get_of("http://me:secret@host/a.jpg")
    'GET http://host/a.jpg'
    """
    return f"GET {shown(url)}"


def shown(url: str) -> str:
    """Return *url* inert, without the password it may hold, and cut where it is very long."""
    try:
        parts = urlsplit(url)
        if "@" in parts.netloc:
            url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        url = re.sub(r"//[^/]*@", "//", url)
    return safe_text(url if len(url) <= _LONGEST else url[:_LONGEST] + "…")


def origin_of(url: str) -> str:
    """
    Return scheme, host and port of a well-formed *url*, as short as can be.

    >>> origin_of("HTTP://me@Host:80/a.jpg"), origin_of("https://[::1]:8443/")
    ('http://host', 'https://[::1]:8443')
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    is_usual = parts.port in {None, 443 if parts.scheme == "https" else 80}
    return f"{parts.scheme}://{host}" + ("" if is_usual else f":{parts.port}")
