"""The codec of `str`: UTF-8, lone surrogates (undecodable file names) included."""

from typing import Any

from creevey_graph.codecs.base import Codec
from creevey_graph.errors import CodecError


def handles_text(value: Any) -> bool:
    """
    Return True for `str`, not for subclasses.

    >>> handles_text(""), handles_text(b"")
    (True, False)
    """
    return type(value) is str


def encode_text(value: Any) -> bytes:
    """
    Return the UTF-8 bytes of a text; a lone surrogate takes three bytes.

    Raises:
        CodecError: It is not exactly `str`.
    """
    if not handles_text(value):
        raise CodecError(f"codec 'text': value must be str (got {type(value).__qualname__})")
    return bytes(value.encode("utf-8", "surrogatepass"))


def decode_text(data: bytes) -> str:
    """
    Return the text of UTF-8 bytes.

    Raises:
        CodecError: They are no UTF-8.
    """
    try:
        return str(data, "utf-8", "surrogatepass")
    except UnicodeDecodeError as exc:
        raise CodecError(f"codec 'text': data must be UTF-8 (got {exc})") from exc


TEXT = Codec("text", handles_text, encode_text, decode_text)
