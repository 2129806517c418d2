"""
Steps that write values to files: `write_bytes`, `write_text`, `write_json`, `write_npy`.

A file appears whole or not at all, and equal values make equal bytes. Pictures are written by
`creevey_graph.images.write_image`.
"""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from creevey_graph.atomic import placing
from creevey_graph.errors import UsageError
from creevey_graph.step import step

_SCALARS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (type(None), lambda _: None),
    (bool, bool),
    (int, int),  # of an IntEnum too
    (float, float),
    (str, str),
    (PurePath, str),
)
"""What has a form in JSON, and how it gets it; the first class that fits counts."""
_DEEPEST = 200
"""How many lists and mappings may lie in each other; Python's own encoder ends at about 1000."""


@step(writes="path", borrows=True)
def write_bytes(data: bytes | bytearray | memoryview, path: Path | str) -> Path:
    """
    Write *data* to *path*, as it is.

    Args:
        data: Any bytes, such as a download's.
        path: The file; its folder is made where needed, an older file is replaced. In a graph this
            is a template such as "{stem}.bin".

    Returns:
        The path written to.

    Raises:
        UsageError: *data* is no bytes. (A ValueError.)

    >>> write_bytes("text", "a.bin")
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'write_bytes': data must be bytes (got str); use write_text

    """
    return _write(_checked_bytes(data), path)


@step(writes="path", borrows=True)
def write_text(text: str, path: Path | str, *, encoding: str = "utf-8") -> Path:
    r"""
    Write *text* to *path*; line ends stay as they are, on every system.

    Args:
        text: Any text.
        path: The file, as in `write_bytes`.
        encoding: Python's name of it.

    Returns:
        The path written to.

    Raises:
        UsageError: *text* is no text or has characters the encoding does not know, or there is no
            such encoding. (A ValueError.)

    >>> write_text("\u03c0", "a.txt", encoding="latin-1")
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'write_text': text cannot be written as latin-1 ('latin-1' codec
        can't encode character '\u03c0' in position 0: ordinal not in range(256)); use encoding='utf-8'

    """
    if not isinstance(text, str):
        raise UsageError(f"step 'write_text': text must be text (got {type(text).__name__})")
    try:
        data = text.encode(encoding)
    except LookupError:
        raise UsageError(f"step 'write_text': no encoding {encoding!r}") from None
    except UnicodeEncodeError as exc:
        known = "utf" in encoding.lower()
        hint = "it is half a surrogate pair" if known else "use encoding='utf-8'"
        raise UsageError(f"step 'write_text': text cannot be written as {encoding} ({exc}); {hint}") from exc
    return _write(data, path)


@step(writes="path", borrows=True)
def write_json(value: Any, path: Path | str, *, indent: int | None = None) -> Path:
    """
    Write *value* to *path* as JSON, keys in order of their text, so that equal values make equal files.

    Args:
        value: Numbers, text, truth, None, and lists, tuples and mappings of these; paths and numpy's
            scalars become what they stand for.
        path: The file, as in `write_bytes`. It is UTF-8 and ends with a line end.
        indent: Blanks a level, one entry a line; None for all in one line.

    Returns:
        The path written to.

    Raises:
        UsageError: There is something JSON has no form for, such as NaN; the message says where.
            (A ValueError.)

    Source: RFC 8259.

    >>> write_json({"scores": [1.0, float("nan")]}, "a.json")
    Traceback (most recent call last):
    creevey_graph.errors.UsageError: step 'write_json': value['scores'][1] must be a number JSON has
        (got nan)

    """
    if indent is not None and (not isinstance(indent, int) or isinstance(indent, bool) or indent < 0):
        raise UsageError(f"step 'write_json': parameter 'indent' must be 0 or more, or None (got {indent!r})")
    plain = _plain(value, "value")
    try:
        data = json.dumps(plain, ensure_ascii=False, indent=indent, sort_keys=True).encode()
    except UnicodeEncodeError:  # half a surrogate pair, as names of files may have
        data = json.dumps(plain, indent=indent, sort_keys=True).encode()
    return _write(data + b"\n", path)


@step(writes="path", borrows=True)
def write_npy(array: Any, path: Path | str) -> Path:
    """
    Write *array* to *path* in numpy's own format; `numpy.load` reads it.

    Args:
        array: An array, or what numpy makes one of: nested lists of numbers, a picture (height, width,
            channels).
        path: The file, as in `write_bytes`.

    Returns:
        The path written to.

    Raises:
        UsageError: It would need pickle (objects, ragged lists). (A ValueError.)
        ImportError: numpy is not installed.

    Source: NEP 1, "A simple file format for NumPy arrays".

    >>> write_npy.is_writer
    True

    """
    try:
        import numpy as np  # noqa: PLC0415 - an extra, and 0.1 s to import
    except ImportError as exc:
        raise ImportError("step 'write_npy' needs numpy; pip install 'creevey_graph[numpy]'") from exc
    try:
        found = np.asarray(array)
    except (ValueError, TypeError) as exc:
        raise UsageError(f"step 'write_npy': no array can be made of {type(array).__name__} ({exc})") from exc
    if found.dtype.hasobject:
        raise UsageError(
            f"step 'write_npy': array must hold numbers, truth or text (got {type(array).__name__} of objects)"
        )
    path = Path(path)
    with placing(path) as place, place.open("wb") as file:
        np.lib.format.write_array(file, found, allow_pickle=False)
    return path


def _checked_bytes(data: Any) -> bytes:
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    hint = "; use write_text" if isinstance(data, str) else ""
    raise UsageError(f"step 'write_bytes': data must be bytes (got {type(data).__name__}){hint}")


def _write(data: bytes, path: Path | str) -> Path:
    path = Path(path)
    with placing(path) as place:
        place.write_bytes(data)
    return path


def _plain(value: Any, where: str, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        raise UsageError(f"step 'write_json': value must not lie more than {_DEEPEST} deep, or hold itself")
    if isinstance(value, list | tuple):
        return [_plain(part, f"{where}[{number}]", depth + 1) for number, part in enumerate(value)]
    if isinstance(value, Mapping):
        return _plain_mapping(value, where, depth)
    if getattr(value, "shape", None) == () and hasattr(value, "item"):  # numpy's scalars
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"step 'write_json': {where} must be a number JSON has (got {value})")
    for kind, plain in _SCALARS:
        if isinstance(value, kind):
            return plain(value)
    raise UsageError(
        f"step 'write_json': {where} must be a number, text, truth, None, list or mapping "
        f"(got {type(value).__name__})"
    )


def _plain_mapping(value: Mapping[Any, Any], where: str, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, part in value.items():
        if not isinstance(key, str | int | PurePath) or isinstance(key, bool):
            raise UsageError(
                f"step 'write_json': keys must be text, whole numbers or paths (got {key!r} in {where})"
            )
        name = str(key) if not isinstance(key, int) else str(int(key))
        if name in found:
            raise UsageError(
                f"step 'write_json': {where} must have keys of different text (got {name!r} twice)"
            )
        found[name] = _plain(part, f"{where}[{name!r}]", depth + 1)
    return found
