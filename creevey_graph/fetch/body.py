"""The bytes of an answer: read up to a cap, and unpacked up to a cap where the server packed them unasked."""

import zlib
from contextlib import suppress

import requests
from urllib3.exceptions import HTTPError

from creevey_graph.errors import FetchError, TooLarge
from creevey_graph.fetch.deadline import Limits
from creevey_graph.fetch.shown import get_of

_CHUNK_BYTES = 64 * 2**10
_PIECE_BYTES = 4 * 2**10
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
    at = 0
    try:
        while at < len(body):  # gzip: one member after the other
            at = _unpack_member(body, at, bits, plain, url, limits)
            if bits != _GZIP:
                break
            at = _behind_padding(body, at)
    except zlib.error as error:
        raise BrokenBody(f"the packed body is damaged ({error})") from error
    return bytes(plain)


def _unpack_member(body: bytes, at: int, bits: int, plain: bytearray, url: str, limits: Limits) -> int:  # noqa: PLR0917
    """
    Append to *plain* what is packed in *body* from *at* on; return where it ends.

    In pieces: what is left of one is copied at each end of a member. A megabyte of members of 20 bytes took 1.3 s,
    50 of them would have taken an hour.
    """
    member = zlib.decompressobj(bits)
    while not member.eof:
        piece = body[at : at + _PIECE_BYTES]
        if not piece:
            raise BrokenBody("the packed body is cut")
        if limits.left_s() <= 0:
            raise BrokenBody("the packed body is not unpacked in time")
        plain += member.decompress(piece, limits.max_bytes + 1 - len(plain))
        if len(plain) > limits.max_bytes:
            raise too_large(url, limits, "unpacked it is more")
        at += len(piece) - len(member.unused_data)
    return at


def _behind_padding(body: bytes, at: int) -> int:
    """Return where the zeros end that begin at *at*, if any do."""
    while at < len(body) and body[at] == 0:
        piece = body[at : at + _CHUNK_BYTES]
        at += len(piece) - len(piece.lstrip(b"\0"))
    return at


def too_large(url: str, limits: Limits, got: str) -> TooLarge:
    """Return the error of a body beyond the cap."""
    return TooLarge(f"{get_of(url)}: expected at most {limits.max_bytes} bytes ({got}); raise max_bytes")
