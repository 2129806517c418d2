"""
The codec of pictures that stay undecoded: their recipe, and the bytes of the file.

Layout, version 1: 8 bytes (unsigned, big-endian) of header length; the header, a dict written by the
codec 'tree' with `version turn mode box info size_bytes`; then the bytes of the JPEG. Pixels were rejected: what
comes back must be scaled as what went in, from a reduced decoding, and 36 MB are no shorter than 4.

What errors call the picture is not kept, since keys hold no path.
"""

import struct
from collections.abc import Callable
from typing import Any

import attrs

from creevey_graph.codecs.base import Codec
from creevey_graph.codecs.tree import decode_tree, encode_tree
from creevey_graph.errors import CodecError, ImageError

_LENGTH = struct.Struct(">Q")
_VERSION = 1
_EDGES = 4


def handles_deferred(value: Any) -> bool:
    """Return True for our `DeferredImage`; neither it nor Pillow is imported to find out."""
    kind = type(value)
    return kind.__module__ == "creevey_graph.deferred" and kind.__qualname__ == "DeferredImage"


def encode_deferred(value: Any) -> bytes:
    """
    Return a deferred picture as bytes; nothing is decoded.

    Raises:
        CodecError: As `split_deferred`.
    """
    return b"".join(split_deferred(value))


def split_deferred(value: Any) -> tuple[bytes, bytes]:
    """
    Return what `encode_deferred` does in two: header and file.

    Raises:
        CodecError: It is no deferred picture, or its `info` holds what the codec 'tree' cannot.
    """
    if not handles_deferred(value):
        raise CodecError(f"codec 'deferred': must be a deferred picture (got {type(value).__qualname__})")
    recipe = value.recipe
    header = encode_tree(
        {
            "version": _VERSION,
            "turn": recipe.turn,
            "mode": recipe.mode,
            "box": recipe.box,
            "info": dict(value.info),
            "size_bytes": len(recipe.data),
        }
    )
    return _LENGTH.pack(len(header)) + header, recipe.data


def decode_deferred(data: bytes | memoryview) -> Any:
    """
    Return the picture of bytes written by `encode_deferred`, undecoded as it was.

    Raises:
        CodecError: They are not what it writes.
    """
    # Pillow is dear, and loaded where there is a picture.
    from creevey_graph.deferred import DeferredImage, Recipe  # noqa: PLC0415

    header, file = _read_header(data)
    try:
        recipe = Recipe.of(file, f"picture of {len(file)} bytes", turn=header["turn"], mode=header["mode"])
    except ImageError as exc:
        raise CodecError(f"codec 'deferred': {exc}") from exc
    left, top, right, bottom = box = header["box"]
    width, height = recipe.size
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise CodecError(f"codec 'deferred': box must lie inside {width}x{height} (got {box})")
    return DeferredImage(attrs.evolve(recipe, box=box), header["info"])


def _read_header(data: bytes | memoryview) -> tuple[dict[str, Any], bytes]:
    if len(data) < _LENGTH.size:
        raise CodecError(f"codec 'deferred': data must have a header (got {len(data)} bytes)")
    end = _LENGTH.size + _LENGTH.unpack(data[: _LENGTH.size])[0]
    header = decode_tree(bytes(data[_LENGTH.size : end]))
    if not isinstance(header, dict) or header.keys() != _CHECKS.keys():
        raise CodecError(f"codec 'deferred': header must have {', '.join(_CHECKS)}")
    for name, is_right in _CHECKS.items():
        if not is_right(header[name]):
            raise CodecError(f"codec 'deferred': header has a wrong {name} (got {header[name]!r:.80})")
    file = bytes(data[end:])
    if len(file) != header["size_bytes"]:
        raise CodecError(f"codec 'deferred': file must have {header['size_bytes']} bytes (got {len(file)})")
    return header, file


def _is_box(box: Any) -> bool:
    return type(box) is tuple and len(box) == _EDGES and all(type(edge) is int for edge in box)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "version": lambda version: type(version) is int and version == _VERSION,
    "turn": lambda turn: type(turn) is int and turn in range(1, 9),
    "mode": lambda mode: mode in ("RGB", "L"),
    "box": _is_box,
    "info": lambda info: type(info) is dict,
    "size_bytes": lambda size: type(size) is int,
}

DEFERRED = Codec("deferred", handles_deferred, encode_deferred, decode_deferred, split_deferred)
