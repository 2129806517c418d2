"""
The codec of plain Python values, nested as they like.

Layout, version 1: the byte 0x01, then one token:

| tag | value | after the tag |
|---|---|---|
| `N` `T` `F` | None, True, False | nothing |
| `i` | int | length, then two's complement, big-endian, no byte more than needed |
| `f` | float | 8 bytes, IEEE 754 big-endian (nan, infinities and -0.0 as they are) |
| `c` | complex | 16 bytes: real, imaginary |
| `s` `b` | str, bytes | length, then UTF-8 (surrogates included) or the bytes |
| `l` `t` | list, tuple | count, then the tokens |
| `S` `Z` | set, frozenset | count, then the tokens in ascending order of their bytes |
| `d` | dict | count, then key and value tokens in the dict's own order |

Lengths and counts are 8 bytes, unsigned, big-endian. One value has one encoding (a dict:
one for each order of its keys). JSON was rejected: it has no bytes, tuples, sets, nan or
keys other than text, and each needs an escape that the values may hold themselves; pickle
runs code when it is read.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Any

from creevey_graph.codecs.base import Codec
from creevey_graph.codecs.text import decode_text, encode_text
from creevey_graph.errors import CodecError

MAX_DEPTH = 100
"""Containers within containers; each takes two frames of the interpreter's 1000."""

_VERSION = b"\x01"
_LENGTH = struct.Struct(">Q")
_FLOAT = struct.Struct(">d")
_COMPLEX = struct.Struct(">dd")


def handles_tree(value: Any) -> bool:
    """
    Return True for the types of the table above, not for subclasses.

    >>> handles_tree({"a": 1}), handles_tree(object())
    (True, False)
    """
    return type(value) in _ENCODERS


def encode_tree(value: Any) -> bytes:
    """
    Return the bytes of a plain value.

    Raises:
        CodecError: It holds another type, itself, or is nested over `MAX_DEPTH` deep.

    >>> decode_tree(encode_tree({"size": (224, 224), 1: None}))
    {'size': (224, 224), 1: None}
    """
    try:
        return _VERSION + _encode(value, 0)
    except RecursionError as exc:
        raise CodecError("codec 'tree': no room left on the stack to encode a nested value") from exc


def _encode(value: Any, depth: int) -> bytes:
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise CodecError(
            f"codec 'tree': value must be made of None, bool, int, float, complex, str, bytes, list, tuple, "
            f"dict, set and frozenset (got {type(value).__module__}.{type(value).__qualname__})"
        )
    if depth > MAX_DEPTH:
        raise CodecError(f"codec 'tree': value must be nested at most {MAX_DEPTH} deep (it may hold itself)")
    return encoder(value, depth + 1)


def _prefixed(tag: bytes, payload: bytes) -> bytes:
    return tag + _LENGTH.pack(len(payload)) + payload


def _encode_int(value: int, _depth: int) -> bytes:
    return _prefixed(b"i", value.to_bytes(_int_length(value), "big", signed=True))


def _int_length(value: int) -> int:
    return (value if value >= 0 else ~value).bit_length() // 8 + 1


def _counted(tag: bytes, count: int, tokens: Iterable[bytes]) -> bytes:
    return b"".join((tag, _LENGTH.pack(count), *tokens))


def _encode_sequence(tag: bytes) -> Callable[[Any, int], bytes]:
    return lambda value, depth: _counted(tag, len(value), [_encode(part, depth) for part in value])


def _encode_set(tag: bytes) -> Callable[[Any, int], bytes]:
    return lambda value, depth: _counted(tag, len(value), sorted([_encode(part, depth) for part in value]))


def _encode_dict(value: dict[Any, Any], depth: int) -> bytes:
    tokens = [_encode(part, depth) for pair in value.items() for part in pair]
    return _counted(b"d", len(value), tokens)


_ENCODERS: dict[type, Callable[[Any, int], bytes]] = {
    type(None): lambda _value, _depth: b"N",
    bool: lambda value, _depth: b"T" if value else b"F",
    int: _encode_int,
    float: lambda value, _depth: b"f" + _FLOAT.pack(value),
    complex: lambda value, _depth: b"c" + _COMPLEX.pack(value.real, value.imag),
    str: lambda value, _depth: _prefixed(b"s", encode_text(value)),
    bytes: lambda value, _depth: _prefixed(b"b", value),
    list: _encode_sequence(b"l"),
    tuple: _encode_sequence(b"t"),
    set: _encode_set(b"S"),
    frozenset: _encode_set(b"Z"),
    dict: _encode_dict,
}


def decode_tree(data: bytes) -> Any:
    """
    Return the value of bytes written by `encode_tree`.

    Takes time and memory in proportion to the length of *data*, whatever it says.

    Raises:
        CodecError: They are not what `encode_tree` writes.
    """
    if data[:1] != _VERSION:
        raise CodecError(f"codec 'tree': data must begin with {_VERSION!r} (got {bytes(data[:1])!r})")
    reader = _Reader(data)
    try:
        value = reader.token(0)
    except RecursionError as exc:
        raise CodecError("codec 'tree': no room left on the stack to decode a nested value") from exc
    if reader.position != len(data):
        raise CodecError(f"codec 'tree': data must end at byte {reader.position} (got {len(data)} bytes)")
    return value


class _Reader:
    """
    Reads tokens from left to right.

    State:
        position: Offset of the next byte to be read.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = len(_VERSION)

    def take(self, length: int) -> bytes:
        end = self.position + length
        if end > len(self.data):
            raise CodecError(
                f"codec 'tree': data must have {length} bytes at byte {self.position} "
                f"(got {len(self.data) - self.position})"
            )
        taken = self.data[self.position : end]
        self.position = end
        return bytes(taken)

    def length(self) -> int:
        length: int = _LENGTH.unpack(self.take(_LENGTH.size))[0]
        if length > len(self.data) - self.position:  # a token has at least one byte
            raise CodecError(f"codec 'tree': length {length} at byte {self.position} is beyond the data")
        return length

    def token(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise CodecError(f"codec 'tree': data must be nested at most {MAX_DEPTH} deep")
        start = self.position
        tag = self.take(1)
        decoder = _DECODERS.get(tag)
        if decoder is None:
            raise CodecError(f"codec 'tree': unknown tag {tag!r} at byte {start}")
        return decoder(self, depth + 1)

    def tokens(self, depth: int) -> list[Any]:
        return [self.token(depth) for _ in range(self.length())]


def _decode_int(reader: _Reader, _depth: int) -> int:
    data = reader.take(reader.length())
    value = int.from_bytes(data, "big", signed=True)
    if len(data) != _int_length(value):
        raise CodecError(
            f"codec 'tree': int at byte {reader.position - len(data)} has bytes it does not need"
        )
    return value


def _decode_complex(reader: _Reader, _depth: int) -> complex:
    return complex(*_COMPLEX.unpack(reader.take(_COMPLEX.size)))


def _decode_set(reader: _Reader, depth: int) -> frozenset[Any]:
    parts, before = [], b""
    for _ in range(reader.length()):
        start = reader.position
        parts.append(reader.token(depth))
        token = bytes(reader.data[start : reader.position])
        if token < before:
            raise CodecError(f"codec 'tree': members of a set must ascend (byte {start})")
        before = token
    try:
        members = frozenset(parts)
    except TypeError as exc:
        raise CodecError(f"codec 'tree': a set holds what cannot be hashed: {exc}") from exc
    if len(members) != len(parts):
        raise CodecError("codec 'tree': a set holds a member twice")
    return members


def _decode_dict(reader: _Reader, depth: int) -> dict[Any, Any]:
    count = reader.length()
    try:
        value = {reader.token(depth): reader.token(depth) for _ in range(count)}
    except TypeError as exc:
        raise CodecError(f"codec 'tree': a key of a dict cannot be hashed: {exc}") from exc
    if len(value) != count:
        raise CodecError("codec 'tree': a dict holds a key twice")
    return value


_DECODERS: dict[bytes, Callable[[_Reader, int], Any]] = {
    b"N": lambda _reader, _depth: None,
    b"T": lambda _reader, _depth: True,
    b"F": lambda _reader, _depth: False,
    b"i": _decode_int,
    b"f": lambda reader, _depth: _FLOAT.unpack(reader.take(_FLOAT.size))[0],
    b"c": _decode_complex,
    b"s": lambda reader, _depth: decode_text(reader.take(reader.length())),
    b"b": lambda reader, _depth: reader.take(reader.length()),
    b"l": lambda reader, depth: reader.tokens(depth),
    b"t": lambda reader, depth: tuple(reader.tokens(depth)),
    b"S": lambda reader, depth: set(_decode_set(reader, depth)),
    b"Z": _decode_set,
    b"d": _decode_dict,
}

TREE = Codec("tree", handles_tree, encode_tree, decode_tree)
