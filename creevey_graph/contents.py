"""
What stands for a value in content keys, and what finding that out costs.

Stricter than a digest. A digest holds the names of classes and not their code, the text of a path and
not what the file holds, the pixels of an opened picture and not what its plugin knows besides. A step
below may go by any of these, and a content key does not hold the steps above that made them: such
values have none, and what reads them runs again.
"""

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from creevey_graph.cache import Record
from creevey_graph.codecs import CODECS, Codec
from creevey_graph.errors import Undigestible
from creevey_graph.fingerprint.modules import distribution_of
from creevey_graph.fingerprint.values import digest_value
from creevey_graph.sharing import shares_parts

SMALL_BYTES = 512 * 1024
"""Values up to this size are always digested for the steps that read them."""
HASH_BYTES_PER_S = 1.2e9
"""sha256 takes 1.9 GB/s here; the pixels of a picture are copied for it."""
DEAR_TIMES = 20
"""How much longer than the hashing a step must take, for larger values to be digested for it."""

_LIBRARIES = {
    "picture": {"PIL"},
    "deferred": {"PIL", "creevey_graph"},
    "array": {"numpy"},
    "scalar": {"numpy"},
}
"""Codec -> the libraries whose methods its values have; a step may call them without naming them."""
_DEFERRED = "creevey_graph.deferred.DeferredImage"
_PLAIN_CODECS = frozenset({"raw", "text", "tree"})
_SEALED_CODECS = frozenset({"raw"})
"""Bytes name no file that anybody would open."""
_NAMING_CODECS = frozenset({"text", "tree", "scalar"})
"""What a record shows of these has every text in it."""
_TEXT_DTYPES = frozenset("US")
"""Letters that the dtype of an array has only where it holds text (or a field is called so)."""
_PICTURE_STATE = frozenset(
    ("_im", "_mode", "_size", "_readonly", "_exif", "palette", "info", "format", "filename", "readonly")
) | {"_recipe", "_decoding"}
"""What Pillow itself keeps in a plain picture, and we in one that stays undecoded."""
_PART_BYTES = 1000
"""What a number or a word takes to be digested, in bytes of plain data: half a microsecond."""
_ASKED_PARTS = 8
_LONGEST_NAME = 4096


def content_of(value: Any) -> str | None:
    """
    Return what stands for a value, None where nothing does.

    >>> content_of(1) == content_of(True), content_of(PurePath("a.txt"))
    (False, None)
    """
    if not _is_told_by_digest(value) or shares_parts(value):
        return None
    classes: set[type] = set()
    try:
        digest = digest_value(value, classes=classes)
    except Undigestible:
        return None
    if not all(_is_plain(kind) for kind in classes):
        return None
    libraries = {kind.__module__.partition(".")[0] for kind in classes}
    libraries |= _LIBRARIES["deferred"] if any(_place(kind) == _DEFERRED for kind in classes) else set()
    return _content(digest, libraries)


def content_of_kept(codec: str, digest: str, value: Any) -> str | None:
    """Return what stands for a value that was just kept by one of our codecs, without digesting it again."""
    if codec == "picture" and not _is_plain(type(value)):
        return None
    return _content_by(codec, digest) if codec in _SEALED_CODECS or _is_told_by_digest(value) else None


def content_of_record(record: Record) -> str | None:
    """Return what stands for a value that is in the cache, encoded by one of our codecs."""
    if record.codec == "array" and not _TEXT_DTYPES.isdisjoint(str(record.field)):
        return None
    if record.codec in _NAMING_CODECS and not _is_told_by_digest(record.field):
        return None
    return _content_by(record.codec, record.digest)


def content_of_file(digest: str) -> str:
    """Return what stands for the path of a file that a writer wrote."""
    return f"file {digest}"


def is_own_codec(codec: Codec | None) -> bool:
    """True where a step brings a codec that is none of ours: it may hold any class."""
    return codec is not None and CODECS.get(codec.name) != codec


def _content_by(codec: str, digest: str) -> str | None:
    if codec in _PLAIN_CODECS:
        return _content(digest, set())
    return _content(digest, _LIBRARIES[codec]) if codec in _LIBRARIES else None


def _content(digest: str, libraries: set[str]) -> str:
    return " ".join(("value", digest, *(distribution_of(name) for name in sorted(libraries))))


def _is_plain(kind: type) -> bool:
    """True for the classes whose values a digest tells in full, and whose code is a library's."""
    place = _place(kind)
    return place.startswith("numpy.") or place in (
        "PIL.Image.Image",
        "PIL.TiffImagePlugin.IFDRational",
        _DEFERRED,
    )


def _place(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _is_told_by_digest(value: Any) -> bool:
    """False where a part of *value* leads to a file or folder, or holds more than its digest tells."""
    return all(_is_plain_part(part) for part in _parts(value))


def _parts(value: Any) -> Iterator[Any]:
    if type(value) in (list, tuple, set, frozenset):
        for part in value:
            yield from _parts(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _parts(key)
            yield from _parts(part)
    else:
        yield value


def _is_plain_part(part: Any) -> bool:
    if isinstance(part, str):
        return not _is_name(part)
    if isinstance(part, PurePath):
        return False
    dtype = getattr(part, "dtype", None)
    # An array may hold paths too, and names of files.
    if getattr(dtype, "hasobject", False) or not _TEXT_DTYPES.isdisjoint(str(dtype or "")):
        return False
    return not hasattr(part, "getpalette") or vars(part).keys() <= _PICTURE_STATE


def _is_name(text: str) -> bool:
    """True for the name of a file or folder that is there: a step above may have written into it."""
    return 0 < len(text) < _LONGEST_NAME and "\x00" not in text and os.path.lexists(text)


def hash_bytes(value: Any) -> int:
    """
    Return about how many bytes must be hashed to digest *value*; containers are taken by their first parts.

    >>> hash_bytes(b"abc"), hash_bytes([1, 2, 3])
    (3, 3000)
    """
    if isinstance(size := getattr(value, "nbytes", None), int):
        return size
    if hasattr(value, "getpalette"):
        wide = {"I": 4, "F": 4}.get(value.mode)
        return int(value.width * value.height * (wide or len(value.getbands())))
    if isinstance(value, str | bytes | bytearray):
        return len(value)
    if isinstance(value, list | tuple | set | frozenset | dict) and value:
        parts = value.items() if isinstance(value, dict) else value
        asked = [hash_bytes(part) for part, _ in zip(parts, range(_ASKED_PARTS), strict=False)]
        return len(value) * max(_PART_BYTES, sum(asked) // len(asked))
    return _PART_BYTES
