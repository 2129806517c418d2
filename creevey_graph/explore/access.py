"""
Who may ask, and what: the rules that stand in front of every answer.

A page on the web can make a browser ask 127.0.0.1. It does not know the token; it cannot read an answer without
it; and where it has made its own name point here (DNS rebinding), `Host` tells. Other users of the machine can
connect too: for them there is the token alone.
"""

import re
import secrets
from collections.abc import Mapping
from email.message import Message
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

import attrs

LOOPBACK = "127.0.0.1"
METHODS = ("GET", "HEAD")
NO_METHOD = 405
MOST_CHARACTERS = 16_384
"""Of a request's target."""
MOST_FIELDS = 200
ICON = "/favicon.ico"
TUNNEL = "through a tunnel, keep the port: ssh -L {port}:127.0.0.1:{port} HOST"
_PATH = re.compile(r"/(?P<name>[a-z]+)(?P<whole>-whole)?(?:/(?P<number>[1-9]\d{0,8}))?")
_NAMES = (LOOPBACK, "localhost")
_OWN_SITE = ("same-origin", "none")

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Connection": "close",
    }
)
"""Of every answer."""
SHUT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""Content-Security-Policy of what is no page."""
PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of the page, which narrows it further by a policy of its own: what a meta element cannot say stands here."""


def new_token() -> str:
    """Return a secret that nobody can guess, for a URL."""
    return secrets.token_urlsafe(32)


@attrs.frozen
class Refused(Exception):
    """
    A request that is not answered.

    Args:
        status: The HTTP status.
        text: What is told; it repeats nothing of the request.
    """

    status: int
    text: str


@attrs.frozen
class Request:
    """
    A request that may be answered.

    Args:
        path: Path of the URL, as it was sent.
        fields: Name -> values of the query.
        name: What is asked for, as `/events-whole/3` asks for "events"; "" for the page, or for what cannot be.
        number: The number behind it, None where there is none.
        is_whole: Whether who asks counts rows as they stand in the report, not as they came.
    """

    path: str
    fields: Mapping[str, list[str]]
    name: str = ""
    number: int | None = None
    is_whole: bool = False

    def one(self, name: str) -> str:
        """Return the one value of a field, "" where there is none or several."""
        values = self.fields.get(name, [])
        return values[0] if len(values) == 1 else ""


def checked(method: str, target: str, headers: Message, *, port: int, token: str) -> Request:
    """
    Return the request, where it may be answered.

    Args:
        method: The method.
        target: What is asked for, as it was sent.
        headers: The headers.
        port: The port of this server.
        token: The token of this server.

    Raises:
        Refused: It may not.
    """
    if method not in METHODS:
        raise Refused(NO_METHOD, "only GET and HEAD are answered here")
    if not target.startswith("/") or target.startswith("//") or len(target) > MOST_CHARACTERS:
        raise Refused(400, "not a request for this server")
    hosts = headers.get_all("Host", [])
    names = {f"{name}:{port}" for name in _NAMES}
    if len(hosts) != 1 or hosts[0].strip().lower() not in names:
        raise Refused(403, f"this server answers to {LOOPBACK}:{port} only; {TUNNEL.format(port=port)}")
    _check_site(headers, names)
    try:
        parts = urlsplit(target)
        fields = parse_qs(parts.query, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        raise Refused(400, "not a request for this server") from None
    if parts.path == ICON:  # browsers ask for it by themselves; that there is none tells nothing
        return Request(parts.path, {})
    given = fields.get("token", [])
    if len(given) != 1 or not secrets.compare_digest(given[0].encode("utf-8", "replace"), token.encode()):
        raise Refused(403, "the token is missing or wrong; use the URL that creevey-graph explore printed")
    found = _PATH.fullmatch(parts.path)
    if found is None:
        return Request(parts.path, fields)
    number = None if found["number"] is None else int(found["number"])
    return Request(parts.path, fields, found["name"], number, found["whole"] is not None)


def _check_site(headers: Message, names: set[str]) -> None:
    """Refuse what another site's page asks for; that a link there is followed to the page is not its asking."""
    if any(
        origin.strip() not in {f"http://{name}" for name in names} for origin in headers.get_all("Origin", [])
    ):
        raise Refused(403, "pages of other sites are not answered")
    sites = headers.get_all("Sec-Fetch-Site", [])
    if all(site.strip() in _OWN_SITE for site in sites):
        return
    asked = [*headers.get_all("Sec-Fetch-Mode", []), *headers.get_all("Sec-Fetch-Dest", [])]
    if asked != ["navigate", "document"]:
        raise Refused(403, "pages of other sites are not answered")
