"""
Tokens of numpy and Pillow values, neither of which is imported to make them.

Arrays count by dtype (byte order and unit included), shape, C-order bytes and whether they stand in
Fortran order, which the codec keeps and code may go by (`ravel("K")`, the last bit of a sum); pictures by
mode, size, palette, pixels, info and format. Subclasses other than Pillow's own have none.
"""

import hashlib
import sys
from collections.abc import Callable
from typing import Any

from creevey_graph.fingerprint.tokens import Encode, NoDigestError, text, token, tokens

_KINDS = "biufcmMSUV"
_PICTURE_MODULES = ("PIL.", "creevey_graph.deferred")
_CUSTOM = 2
"""`dtype.isbuiltin` of a dtype that another package defines."""
_X87_BYTES, _X87_MANTISSA = 10, 63
"""An 80-bit float uses 10 of its 16 bytes; the rest is whatever was in memory."""


def find_buffer_token(value: Any) -> Callable[[Any, Encode], bytes] | None:
    """Return what makes the token of a numpy or Pillow value, None for any other."""
    numpy, pillow = sys.modules.get("numpy"), sys.modules.get("PIL.Image")
    if numpy is not None and type(value) is numpy.ndarray:
        return array_token
    if numpy is not None and isinstance(value, numpy.generic) and type(value) is value.dtype.type:
        return scalar_token
    if numpy is not None and isinstance(value, numpy.dtype):
        return lambda dtype, _encode: tokens(b"dtype", [_dtype_token(dtype)])
    if pillow is None or not type(value).__module__.startswith(_PICTURE_MODULES):
        return None
    if isinstance(value, pillow.Image):
        return deferred_token if is_deferred(value) else picture_token
    return rational_token if type(value).__name__ == "IFDRational" else None


def array_token(array: Any, encode: Encode) -> bytes:
    """
    Return the token of an array.

    Objects count by element, and structured arrays by field: the gaps between fields hold
    whatever was in memory.
    """
    dtype = array.dtype
    shape = token(b"shape", ",".join(map(str, array.shape)).encode())
    parts = [_dtype_token(dtype), shape, _content(array, encode)]
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        parts.append(token(b"order", b"F"))
    return tokens(b"array", parts)


def _content(array: Any, encode: Encode) -> bytes:
    if array.dtype.fields is not None:
        return tokens(b"fields", [array_token(array[name], encode) for name in array.dtype.names])
    if array.dtype.hasobject:
        return encode(array.ravel(order="C").tolist())
    return token(b"data", hashlib.sha256(_flat_bytes(array)).digest())


def _flat_bytes(array: Any) -> Any:
    import numpy as np  # noqa: PLC0415

    if not (array.size and array.dtype.itemsize):
        return b""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    if array.dtype.char in "gG" and np.finfo(array.dtype).nmant == _X87_MANTISSA:
        data = np.ascontiguousarray(data.reshape(-1, np.dtype("g").itemsize)[:, :_X87_BYTES])
    return data


def _dtype_token(dtype: Any) -> bytes:
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return tokens(b"subarray", [_dtype_token(base), text(str(tuple(map(int, shape))))])
    if dtype.fields is not None:
        fields = [
            text(name) + _dtype_token(dtype.fields[name][0]) + text(str(dtype.fields[name][1]))
            for name in dtype.names
        ]
        return tokens(b"struct", [text(str(dtype.itemsize)), *fields])
    if dtype.kind != "O" and (dtype.kind not in _KINDS or dtype.isbuiltin == _CUSTOM):
        raise NoDigestError(f"numpy dtype {dtype} has no digest by content")
    return text(dtype.str)


def scalar_token(value: Any, encode: Encode) -> bytes:
    """Return the token of a numpy scalar; numpy's text counts with the NULs that an array would drop."""
    import numpy as np  # noqa: PLC0415

    if value.dtype.kind in "SU":
        plain = str.__str__(value) if value.dtype.kind == "U" else bytes.__getitem__(value, slice(None))
        return tokens(b"numpytext", [encode(plain)])
    return tokens(b"scalar", [array_token(np.asarray(value), encode)])


def picture_token(image: Any, encode: Encode, pixels_sha256: bytes | None = None) -> bytes:
    """
    Return the token of a Pillow image; its file is read where it is still open.

    Args:
        image: The image.
        encode: Makes the tokens of parts.
        pixels_sha256: sha256 of what `image.tobytes` gives, where it is known.
    """
    try:
        image.load()
        frames = getattr(image, "n_frames", 1)
        sha256 = pixels_sha256 or hashlib.sha256(image.tobytes()).digest()
        palette = _palette_token(image)
    except (OSError, ValueError, SyntaxError, EOFError) as exc:
        raise NoDigestError(f"a picture that cannot be read ({exc}) has no digest by content") from exc
    if frames > 1:
        raise NoDigestError(f"an open picture file of {frames} frames has no digest by content")
    info = dict(sorted(image.info.items(), key=lambda pair: repr(pair[0])))  # as a file's blocks come
    facts = [encode(part) for part in (image.mode, tuple(image.size), image.format, info)]
    return tokens(b"picture", [*facts, palette, token(b"data", sha256)])


def is_deferred(value: Any) -> bool:
    """Return True for our picture that stays undecoded; it is told by its recipe, and not decoded to be told."""
    kind = type(value)
    return kind.__module__ == "creevey_graph.deferred" and kind.__qualname__ == "DeferredImage"


def deferred_token(image: Any, encode: Encode, file_sha256: bytes | None = None) -> bytes:
    """
    Return the token of a deferred picture.

    Args:
        image: The picture.
        encode: Makes the tokens of parts.
        file_sha256: sha256 of its file, where it is known.
    """
    recipe = image.recipe
    sha256 = file_sha256 or hashlib.sha256(recipe.data).digest()
    info = dict(sorted(image.info.items(), key=lambda pair: repr(pair[0])))
    facts = [encode(part) for part in (recipe.turn, recipe.mode, recipe.box, info)]
    return tokens(b"deferredpicture", [*facts, token(b"data", sha256)])


def _palette_token(image: Any) -> bytes:
    if image.palette is None:
        return token(b"palette", b"")
    mode = image.im.getpalettemode()
    return tokens(b"palette", [text(mode), token(b"bytes", image.im.getpalette(mode, mode))])


def rational_token(value: Any, encode: Encode) -> bytes:
    """Return the token of Pillow's IFDRational, as the resolution in a photo's `info` is one."""
    return tokens(b"ifdrational", [encode(value.numerator), encode(value.denominator)])
