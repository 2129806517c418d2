"""
The codecs of numpy arrays and numpy scalars: one .npy file (format 1.0 to 3.0), never a pickle.

A scalar is stored as an array of no dimension, under a codec name of its own, so that
`np.float32(1)` comes back as `np.float32(1)`. Not handled: subclasses (masked arrays,
memmaps, matrices), object and custom dtypes, dtypes with metadata.
"""

import io
import math
import sys
from typing import Any

from creevey_graph.codecs.base import Codec
from creevey_graph.errors import CodecError

_KINDS = "biufcmMSUV"
_HEADERS = {(1, 0): "read_array_header_1_0", (2, 0): "read_array_header_2_0"}
_CUSTOM = 2
"""`dtype.isbuiltin` of a dtype that another package defines; .npy would forget which."""


def handles_array(value: Any) -> bool:
    """Return True for `numpy.ndarray` itself; numpy is not imported to find out."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray


def handles_scalar(value: Any) -> bool:
    """Return True for numpy's own scalar types; numpy is not imported to find out."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.generic) and type(value) is value.dtype.type


def encode_array(value: Any) -> bytes:
    """
    Return an array as a .npy file; C or Fortran order is kept, other strides become C order.

    Raises:
        CodecError: It is no plain array, or its dtype is one that .npy cannot hold.
    """
    if not handles_array(value):
        raise CodecError(f"codec 'array': value must be a numpy.ndarray (got {type(value).__qualname__})")
    _check_dtype(value.dtype)
    return _write(value)


def encode_scalar(value: Any) -> bytes:
    """
    Return a numpy scalar as a .npy file of no dimension.

    Raises:
        CodecError: It is no numpy scalar, or one that .npy cannot hold.
    """
    import numpy as np  # noqa: PLC0415

    if not handles_scalar(value):
        raise CodecError(f"codec 'scalar': value must be a numpy scalar (got {type(value).__qualname__})")
    array = np.asarray(value)
    _check_dtype(array.dtype)
    if value.dtype.kind in "SU" and len(array[()]) != len(value):
        raise CodecError("codec 'scalar': numpy text must not end in NUL; use str or bytes")
    return _write(array)


def _write(array: Any) -> bytes:
    from numpy.lib import format as npy  # noqa: PLC0415

    buffer = io.BytesIO()
    if not array.dtype.names:
        npy.write_array(buffer, array, version=None, allow_pickle=False)
        return buffer.getvalue()
    # write_array copies records through a buffer whose padding is whatever the heap held.
    clean = _without_padding(array)
    npy.write_array_header_2_0(buffer, npy.header_data_from_array_1_0(clean))
    buffer.write(clean.tobytes("A"))
    return buffer.getvalue()


def _without_padding(array: Any) -> Any:
    """Return records whose bytes between fields, which are no value, are 0: equal values, equal bytes."""
    if not array.dtype.names:
        return array
    import numpy as np  # noqa: PLC0415

    order: Any = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    clean = np.zeros(array.shape, array.dtype, order)
    for name in array.dtype.names:
        clean[name] = array[name]
    return clean


def _check_dtype(dtype: Any) -> None:
    from numpy.lib import format as npy  # noqa: PLC0415

    plain = dtype.kind in _KINDS and dtype.itemsize and not dtype.hasobject and dtype.isbuiltin != _CUSTOM
    if plain and dtype.metadata is None:
        again = npy.descr_to_dtype(npy.dtype_to_descr(dtype))
        if again == dtype and again.type is dtype.type:
            return
    raise CodecError(f"codec 'array': dtype must be of numbers, text or fields of them (got {dtype!r})")


def decode_array(data: bytes) -> Any:
    """
    Return the array of a .npy file, writable, on memory of its own.

    Raises:
        CodecError: It is none, holds objects, or its shape does not match its length.
    """
    import numpy as np  # noqa: PLC0415

    stream = io.BytesIO(data)
    shape, fortran, dtype = _read_header(stream)
    offset = stream.tell()
    count = math.prod(shape)
    if dtype.hasobject or not dtype.itemsize or min(shape, default=0) < 0:
        raise CodecError(f"codec 'array': shape {shape} of {dtype!r} cannot be read")
    if count * dtype.itemsize != len(data) - offset:
        raise CodecError(
            f"codec 'array': shape {shape} of {dtype} must have {count * dtype.itemsize} bytes "
            f"(got {len(data) - offset})"
        )
    try:
        flat = np.frombuffer(data, dtype, count, offset) if count else np.empty(0, dtype)
        return flat.copy().reshape(shape, order="F" if fortran else "C")
    except (ValueError, OverflowError, MemoryError) as exc:
        raise CodecError(f"codec 'array': shape {shape} of {dtype} cannot be read: {exc}") from exc


def _read_header(stream: io.BytesIO) -> tuple[tuple[int, ...], bool, Any]:
    from numpy.lib import format as npy  # noqa: PLC0415

    try:
        version = npy.read_magic(stream)
        if version in _HEADERS:
            return getattr(npy, _HEADERS[version])(stream)  # type: ignore[no-any-return]
    except Exception as exc:  # numpy reads the header as Python text: syntax, tokens, types, warnings …
        raise CodecError(
            f"codec 'array': data must be a .npy file (got {type(exc).__name__}: {exc})"
        ) from exc
    raise CodecError(f"codec 'array': .npy version must be 1.0 or 2.0 (got {version})")


def decode_scalar(data: bytes) -> Any:
    """
    Return the scalar of a .npy file of no dimension.

    Raises:
        CodecError: It is none.
    """
    array = decode_array(data)
    if array.shape:
        raise CodecError(f"codec 'scalar': shape must be () (got {array.shape})")
    try:
        return array[()]
    except ValueError as exc:
        raise CodecError(f"codec 'scalar': {exc}") from exc


ARRAY = Codec("array", handles_array, encode_array, decode_array)
SCALAR = Codec("scalar", handles_scalar, encode_scalar, decode_scalar)
