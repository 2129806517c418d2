"""The bytes of an answer: read up to a cap, and unpacked up to a cap where the server packed them unasked."""

import zlib
from contextlib import suppress

import requests
from urllib3.exceptions import HTTPError

from creevey_graph.errors import FetchError, TooLarge
from creevey_graph.fetch.deadline import Limits
from creevey_graph.fetch.shown import get_of

_CHUNK_BYTES = 64 * 2**10
_MOST_PACKINGS = 3
_GZIP, _ZLIB, _DEFLATE = 31, 15, -15
_UNREADABLE = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})
"""Other unknown names in Content-Encoding ("utf-8", "binary") are mistakes that mean nothing."""


class BrokenBody(HTTPError):
    """A packed body is damaged, or cut."""


def read_into(body: bytearray, url: str, response: requests.Response, limits: Limits) -> None:
    """
    Append the bytes of *response*, as they are on the wire, to *body*.

    What came before an error is in *body* then.

    Raises:
        TooLarge: They are more than allowed, those that were in *body* before included.
        HTTPError: The connection broke, or the server was silent.
    """
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and len(body) + int(announced) > limits.max_bytes:
        raise too_large(url, limits, f"Content-Length is {int(announced)}")
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > limits.max_bytes:
            raise too_large(url, limits, "the server sends more")


def read_most(response: requests.Response, most_bytes: int) -> bytes:
    """Return the bytes of *response*, the first of them where there are more."""
    body = bytearray()
    while len(body) < most_bytes and (chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False)):
        body += chunk
    return bytes(body[:most_bytes])


def drain(response: requests.Response) -> None:
    """Read the short body of an answer that is no picture, so that its connection can be used again."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) <= _CHUNK_BYTES:
        with suppress(HTTPError):  # the connection is closed then
            read_most(response, _CHUNK_BYTES + 1)


def unpacked(body: bytes, url: str, response: requests.Response, limits: Limits) -> bytes:
    """
    Return *body* without its Content-Encoding; we ask for none, but some servers pack all the same.

    Raises:
        TooLarge: Unpacked it is longer than allowed.
        BrokenBody: It is damaged or cut.
        FetchError: It is packed in a way that is not read.
    """
    names = [name.strip().lower() for name in response.headers.get("Content-Encoding", "").split(",")]
    if _UNREADABLE.intersection(names):
        raise FetchError(
            f"{get_of(url)}: expected plain bytes (got Content-Encoding {', '.join(names)[:50]})"
        )
    packings = [name.removeprefix("x-") for name in names if name in {"gzip", "x-gzip", "deflate"}]
    if len(packings) > _MOST_PACKINGS:
        raise FetchError(f"{get_of(url)}: expected plain bytes (got them packed {len(packings)} times)")
    for name in reversed(packings):
        if body:
            body = _unpacked(body, _GZIP if name == "gzip" else _bits_of_deflate(body), url, limits)
    return body


def _bits_of_deflate(body: bytes) -> int:
    """Return which of the two things that servers call "deflate" this is."""
    is_zlib = len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0  # noqa: PLR2004
    return _ZLIB if is_zlib else _DEFLATE


def _unpacked(body: bytes, bits: int, url: str, limits: Limits) -> bytes:
    plain = bytearray()
    rest = body
    try:
        while rest:  # gzip: one member after the other
            member = zlib.decompressobj(bits)
            plain += member.decompress(rest, limits.max_bytes + 1 - len(plain))
            if len(plain) > limits.max_bytes:
                raise too_large(url, limits, "unpacked it is more")
            if not member.eof:
                raise BrokenBody("the packed body is cut")
            rest = member.unused_data if bits == _GZIP else b""
            rest = rest.lstrip(b"\0")  # padding
    except zlib.error as error:
        raise BrokenBody(f"the packed body is damaged ({error})") from error
    return bytes(plain)


def too_large(url: str, limits: Limits, got: str) -> TooLarge:
    """Return the error of a body beyond the cap."""
    return TooLarge(f"{get_of(url)}: expected at most {limits.max_bytes} bytes ({got}); raise max_bytes")
