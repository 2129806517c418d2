"""Whether what came is of the kind, and has the hash, that was asked for."""

import hashlib
import re
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from creevey_graph.errors import HashMismatch, WrongContent
from creevey_graph.fetch.shown import get_of
from creevey_graph.fetch.terms import Terms
from creevey_graph.text import safe_text

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\0\0\1\0", "image/x-icon"),
    (b"%PDF-", "application/pdf"),
    (b"PK\3\4", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_BRANDS = (
    (b"avif", "image/avif"),
    (b"avis", "image/avif"),
    (b"hei", "image/heic"),
    (b"hev", "image/heic"),
    (b"mif1", "image/heif"),
    (b"msf1", "image/heif"),
)
_GENERIC = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/unknown"})
_PICTURE_NAME = re.compile(r"\.(jpe?g|jfif|png|gif|webp|avif|hei[cf]|tiff?|bmp|jp2|jxl)$", re.IGNORECASE)
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head)\b", re.IGNORECASE)
_SVG = re.compile(rb"<(?:!doctype\s+svg|svg)\b", re.IGNORECASE)
_BEGIN_BYTES = 2048


def check_content(url: str, content_type: str, body: bytes, terms: Terms) -> None:
    """
    Check that *body* is what was asked for.

    Args:
        url: As it was asked for, before redirects: ".jpg" at its end promises a picture.
        content_type: The server's header; it counts where the first bytes say nothing.
        body: All of it.
        terms: `accept`, `sha256` and `md5`.

    Raises:
        WrongContent: It is of another kind.
        HashMismatch: It has another hash.
    """
    _check_kind(url, content_type, body, terms.accept)
    for name, wanted in (("sha256", terms.sha256), ("md5", terms.md5)):
        if wanted is None:
            continue
        got = hashlib.new(name, body, usedforsecurity=False).hexdigest()
        if got != wanted.lower():
            raise HashMismatch(f"{get_of(url)}: expected bytes with {name} {wanted.lower()} (got {got})")


def _check_kind(url: str, content_type: str, body: bytes, accept: tuple[str, ...] | None) -> None:
    if accept is None:
        # the first byte settles it for all that are no page
        if body[:1] in b"<\xef \t\r\n" and _is_page_for_picture(url, body):
            raise WrongContent(f"{get_of(url)}: the server answered with a web page, not a picture")
        return
    told = content_type.partition(";")[0].strip().lower()
    kind = sniffed(body) or told
    if not any(fnmatchcase(kind, pattern.lower()) for pattern in accept):
        got = "an unknown kind of bytes" if kind in _GENERIC else safe_text(kind)[:100]
        raise WrongContent(f"{get_of(url)}: expected {' or '.join(accept)} (got {got})")


def _is_page_for_picture(url: str, body: bytes) -> bool:
    return _PICTURE_NAME.search(urlsplit(url).path) is not None and sniffed(body) == "text/html"


def sniffed(body: bytes) -> str:
    r"""
    Return the content type that the first bytes show, "" where they show none.

    >>> sniffed(b"GIF89a..."), sniffed(b"\n<!DOCTYPE HTML><p>"), sniffed(b"{}")
    ('image/gif', 'text/html', '')
    """
    begin = bytes(body[:_BEGIN_BYTES])
    if begin[:4] == b"RIFF" and begin[8:12] == b"WEBP":
        return "image/webp"
    if begin[4:8] == b"ftyp":
        return next((kind for brand, kind in _BRANDS if begin[8:12].startswith(brand)), "")
    found = next((kind for magic, kind in _MAGIC if begin.startswith(magic)), "")
    if found:
        return found
    tag = _first_tag(begin)
    if _PAGE.match(tag):
        return "text/html"
    return "image/svg+xml" if _SVG.match(tag) else ""


def _first_tag(begin: bytes) -> bytes:
    """Return a text from its first tag on that is no comment or XML declaration."""
    rest = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    while rest.startswith((b"<!--", b"<?xml")):
        rest = rest.partition(b"-->" if rest.startswith(b"<!--") else b">")[2].lstrip()
    return rest
