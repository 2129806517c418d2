"""
Encoded values in a frame that is checked on every read.

Layout (little-endian): magic `CRVY`, format u8, length of the codec's name u8, the name,
digest of the value (32 bytes), length of the payload u64, length of the payload's first part u64,
sha256 of all before it, of the first part's sha256 and of the rest's (32), payload. Where the payload is in
two parts, the rest's sha256 is what the value's digest is made of too, so that a picture's pixels are
hashed once. diskcache itself has no checksum: one flipped bit served a wrong value in 183 of
200 trials. fsync instead was rejected: it costs 30-58 times the write and does not see rot.
"""

import hashlib
import struct
from typing import Any

from creevey_graph.codecs.base import Parts
from creevey_graph.errors import CodecError

MAGIC = b"CRVY"
FORMAT = 2
_HEAD = struct.Struct("<4sBB")
_TAIL = struct.Struct("<32sQQ")
_CHECKSUM_BYTES = 32
_UNCOPIED = "picture"
"""The codec that takes a view of bytes."""


class OtherFormatError(CodecError):
    """A frame was written by another version; it is made again, and that is told."""


def frame(codec: str, digest: str, payload: bytes) -> bytes:
    """
    Return *payload* framed.

    Args:
        codec: Name of the codec that wrote it, 1-255 bytes.
        digest: Hex sha256 that stands for the value.
        payload: Encoded value.
    """
    parts = Parts(b"", payload)
    return b"".join((frame_head(codec, digest, parts), payload))


def frame_head(codec: str, digest: str, parts: Parts) -> bytes:
    """Return a frame without the rest of its payload, which is to follow."""
    name = codec.encode()
    tail = _TAIL.pack(bytes.fromhex(digest), len(parts), len(parts.first))
    facts = b"".join((_HEAD.pack(MAGIC, FORMAT, len(name)), name, tail))
    return b"".join((facts, _checksum(facts, parts.first, parts.rest_sha256), parts.first))


def _checksum(facts: bytes, first: Any, rest_sha256: bytes) -> bytes:
    return hashlib.sha256(b"".join((facts, hashlib.sha256(first).digest(), rest_sha256))).digest()


def unframe(data: bytes, digest: str) -> tuple[str, bytes | memoryview]:
    """
    Return (codec, payload) of a frame: bytes, or of a picture a view of them.

    Args:
        data: What was read.
        digest: The digest it was looked up by.

    Raises:
        CodecError: It is damaged, of another format, or of another value.
    """
    try:
        magic, version, size = _HEAD.unpack_from(data)
        codec = data[_HEAD.size : _HEAD.size + size].decode()
        held, length, split = _TAIL.unpack_from(data, _HEAD.size + size)
    except (struct.error, UnicodeDecodeError) as exc:
        raise CodecError("cache entry: not a whole frame") from exc
    end = _HEAD.size + size + _TAIL.size
    begins = end + _CHECKSUM_BYTES
    if magic != MAGIC:
        raise CodecError("cache entry: not a frame")
    if version != FORMAT:
        raise OtherFormatError("cache entry: not a frame of this format")
    if held.hex() != digest:
        raise CodecError("cache entry: holds another value than it was looked up for")
    view = memoryview(data)
    rest_sha256 = hashlib.sha256(view[begins + split :]).digest()
    checksum = _checksum(data[:end], view[begins : begins + split], rest_sha256)
    if len(data) - begins != length or data[end:begins] != checksum:
        raise CodecError("cache entry: damaged")
    # A picture's pixels are copied when it is made of them: once is enough.
    return codec, view[begins:] if codec == _UNCOPIED else data[begins:]


def held_digest(data: bytes) -> str:
    """
    Return the digest that a frame says it holds the value of; `unframe` checks the rest.

    Raises:
        CodecError: It is no frame.
    """
    try:
        size = _HEAD.unpack_from(data)[2]
        return bytes(_TAIL.unpack_from(data, _HEAD.size + size)[0]).hex()
    except struct.error as exc:
        raise CodecError("cache entry: not a whole frame") from exc
