"""The codec of `bytes`: stored as they are."""

from typing import Any

from creevey_graph.codecs.base import Codec
from creevey_graph.errors import CodecError


def handles_raw(value: Any) -> bool:
    """
    Return True for `bytes`, not for subclasses or `bytearray`.

    >>> handles_raw(b""), handles_raw(bytearray())
    (True, False)
    """
    return type(value) is bytes


def encode_raw(value: Any) -> bytes:
    """
    Return *value* itself.

    Raises:
        CodecError: It is not exactly `bytes`.
    """
    if not handles_raw(value):
        raise CodecError(f"codec 'raw': value must be bytes (got {type(value).__qualname__})")
    return bytes(value)


def decode_raw(data: bytes) -> bytes:
    """Return *data* itself."""
    return bytes(data)


RAW = Codec("raw", handles_raw, encode_raw, decode_raw)
