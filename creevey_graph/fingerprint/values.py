"""
Value -> digest, by type and content.

Two values have one digest only where type and content are the same, in every process and
Python version. What has no content to go by is an error that names it, never a constant,
`repr` or `id`. A dict counts with the order of its keys, since code may go by it: a table of
operations is applied in order, and two steps that return one dict in two orders must not share
what is kept. Sets have none. Builtins stand here, instances of classes in
`instances.py`, numpy and Pillow values in `buffers.py`, the form in `tokens.py`.
"""

import hashlib
import re
import struct
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path, PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath
from types import EllipsisType, MappingProxyType
from typing import Any
from uuid import UUID

from creevey_graph.errors import Undigestible
from creevey_graph.fingerprint.buffers import deferred_token, find_buffer_token, is_deferred, picture_token
from creevey_graph.fingerprint.instances import FAMILIES, refuse
from creevey_graph.fingerprint.tokens import DigestCallable, NoDigestError, text, token, tokens, type_name

MAX_DEPTH = 100
"""Containers within containers; each takes about four frames of the interpreter's 1000."""

_FLOAT = struct.Struct(">d")
_NAN = _FLOAT.pack(float("nan"))
_HEX_LENGTH = 64


def digest_value(
    value: Any, *, digest_callable: DigestCallable | None = None, classes: set[type] | None = None
) -> str:
    """
    Return the hex sha256 that stands for type and content of *value*.

    Args:
        value: Plain values and containers of them, paths, enum members, dates, dataclass and
            attrs instances, named tuples, numpy and Pillow values, classes.
        digest_callable: Gives the digest of functions and callable objects; where None, they
            have no digest.
        classes: Where given, the classes met are added, of instances and as values themselves:
            a digest holds their names only, not their code.

    Raises:
        Undigestible: It has no digest by content, holds itself, or is nested over `MAX_DEPTH` deep.

    >>> digest_value(1) == digest_value(True)
    False
    >>> digest_value({"a": [object()]})
    Traceback (most recent call last):
    creevey_graph.errors.Undigestible: value['a'][0]: builtins.object has no digest by content;
        pass it as text, numbers, a path or a dataclass of them, or give the step version= or ignore=
    """
    try:
        return hashlib.sha256(_Walk(digest_callable, classes).token(value)).hexdigest()
    except NoDigestError as exc:
        raise Undigestible(
            f"value{''.join(exc.path)}: {exc.reason}; pass it as text, numbers, a path or a dataclass "
            "of them, or give the step version= or ignore="
        ) from exc
    except RecursionError as exc:
        raise Undigestible("value: nested too deep to be digested; pass it flatter") from exc


def digest_picture(image: Any, bulk_sha256: bytes) -> str:
    """
    Return the digest of a Pillow image, as `digest_value` gives it, without hashing its pixels.

    Args:
        image: The image.
        bulk_sha256: sha256 of what `image.tobytes` gives; of the file, where it stays undecoded.

    Raises:
        Undigestible: It has no digest by content.
    """
    try:
        make = deferred_token if is_deferred(image) else picture_token
        return hashlib.sha256(make(image, _Walk(None, None).token, bulk_sha256)).hexdigest()
    except NoDigestError as exc:
        raise Undigestible(f"value{''.join(exc.path)}: {exc.reason}") from exc


def digest_bytes(data: bytes) -> str:
    """
    Return the digest of *data*, as `digest_value` gives it.

    >>> digest_bytes(b"x") == digest_value(b"x")
    True
    """
    return digest_of_sha256(hashlib.sha256(data).hexdigest())


def digest_of_sha256(sha256: str) -> str:
    """
    Return the digest of the bytes that have this plain sha256, such as a file's.

    Args:
        sha256: 64 hex digits.

    Raises:
        ValueError: It is no sha256.

    >>> digest_of_sha256(hashlib.sha256(b"x").hexdigest()) == digest_bytes(b"x")
    True
    """
    if len(sha256) != _HEX_LENGTH:
        raise ValueError(f"sha256 must have {_HEX_LENGTH} hex digits (got {sha256!r})")
    return hashlib.sha256(token(b"bytes", bytes.fromhex(sha256))).hexdigest()


class _Walk:
    """
    One digest in the making.

    State: open = ids of the containers around the current value; classes = those met.
    """

    def __init__(self, digest_callable: DigestCallable | None, classes: set[type] | None) -> None:
        self.digest_callable = digest_callable
        self.classes = classes
        self._open: set[int] = set()

    def token(self, value: Any) -> bytes:
        plain = _PLAIN.get(type(value))
        if plain is not None:
            return plain(value)
        container = _CONTAINERS.get(type(value))
        if container is None:
            container = _find_container(value)
            if self.classes is not None:
                self.classes.add(value if isinstance(value, type) else type(value))
        if id(value) in self._open:
            raise NoDigestError(f"{type_name(type(value))} holds itself and has no digest by content")
        if len(self._open) >= MAX_DEPTH:
            raise NoDigestError(f"nested over {MAX_DEPTH} deep")
        self._open.add(id(value))
        try:
            return container(value, self)
        finally:
            self._open.discard(id(value))

    def at(self, value: Any, label: str, name: Any = None) -> bytes:
        """Return the token of a part; *label*, filled with *name*, says where it stands if it has none."""
        try:
            return self.token(value)
        except NoDigestError as exc:
            exc.path.insert(0, label.format(name))
            raise

    def items(self, values: Iterable[Any]) -> list[bytes]:
        """Return the tokens of *values*, in their order."""
        return [self.at(part, "[{}]", index) for index, part in enumerate(values)]

    def members(self, values: Iterable[Any]) -> list[bytes]:
        """Return the tokens of *values*, in order of their bytes."""
        return sorted([self.at(part, " (a member)") for part in values])

    def entries(self, values: Iterable[tuple[Any, Any]], label: str = "[{!r}]") -> list[bytes]:
        """Return key and value tokens, in their order."""
        return [self.at(key, " (a key)") + self.at(value, label, _shown(key)) for key, value in values]

    def pairs(self, values: Iterable[tuple[Any, Any]], label: str = "[{!r}]") -> list[bytes]:
        """Return key and value tokens, in order of their bytes."""
        return sorted(self.entries(values, label))


def _shown(key: Any) -> Any:
    return key if type(key) in (str, int, float, bool, bytes) else type_name(type(key))


def _float(value: float) -> bytes:
    return token(b"float", _NAN if value != value else _FLOAT.pack(value))  # noqa: PLR0124 - True for nan


def _complex(value: complex) -> bytes:
    return tokens(b"complex", [_float(value.real), _float(value.imag)])


def _sha(tag: bytes) -> Callable[[Any], bytes]:
    return lambda value: token(tag, hashlib.sha256(value).digest())


def _path(value: PurePath) -> bytes:
    return tokens(b"path", [text(value.as_posix())])


def _decimal(value: Decimal) -> bytes:
    sign, digits, exponent = value.as_tuple()
    return token(b"decimal", f"{sign};{''.join(map(str, digits))};{exponent}".encode())


def _fraction(value: Fraction) -> bytes:
    return tokens(b"fraction", [_int(value.numerator), _int(value.denominator)])


def _int(value: int) -> bytes:
    return token(b"int", b"%x" % value)


_PLAIN: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: token(b"none", b""),
    EllipsisType: lambda _: token(b"ellipsis", b""),
    bool: lambda value: token(b"bool", b"1" if value else b"0"),
    int: _int,
    float: _float,
    complex: _complex,
    str: text,
    bytes: _sha(b"bytes"),
    bytearray: _sha(b"bytearray"),
    range: lambda value: tokens(b"range", map(_int, (value.start, value.stop, value.step))),
    **dict.fromkeys((PurePath, PurePosixPath, PureWindowsPath, Path, PosixPath, WindowsPath), _path),
    Decimal: _decimal,
    Fraction: _fraction,
    UUID: lambda value: token(b"uuid", value.bytes),
    date: lambda value: token(b"date", value.isoformat().encode()),
    timedelta: lambda value: token(
        b"timedelta", f"{value.days};{value.seconds};{value.microseconds}".encode()
    ),
}


def _moment(tag: bytes) -> Callable[[Any, _Walk], bytes]:
    """Make tokens of datetime and time: what the clock shows, which of two equal hours, and the zone."""

    def encode(value: Any, walk: _Walk) -> bytes:
        shown = value.replace(tzinfo=None, fold=0).isoformat()
        zone = walk.at(value.tzinfo, ".tzinfo")
        return tokens(tag, [text(shown), _int(value.fold), zone])

    return encode


def _timezone(value: timezone, walk: _Walk) -> bytes:
    return tokens(b"timezone", map(walk.token, (value.utcoffset(None), value.tzname(None))))


def _slice(value: Any, walk: _Walk) -> bytes:
    return tokens(b"slice", walk.items((value.start, value.stop, value.step)))


def _pattern(value: "re.Pattern[Any]", walk: _Walk) -> bytes:
    return tokens(b"pattern", [walk.token(value.pattern), _int(value.flags)])


def _ordered(value: Any, walk: _Walk) -> bytes:
    return tokens(b"ordereddict", [walk.at(pair, " (an item)") for pair in value.items()])


def _defaultdict(value: Any, walk: _Walk) -> bytes:
    factory = walk.at(value.default_factory, ".default_factory")
    return tokens(b"defaultdict", [factory, *walk.entries(value.items())])


_CONTAINERS: dict[type, Callable[[Any, _Walk], bytes]] = {
    list: lambda value, walk: tokens(b"list", walk.items(value)),
    tuple: lambda value, walk: tokens(b"tuple", walk.items(value)),
    set: lambda value, walk: tokens(b"set", walk.members(value)),
    frozenset: lambda value, walk: tokens(b"frozenset", walk.members(value)),
    dict: lambda value, walk: tokens(b"dict", walk.entries(value.items())),
    MappingProxyType: lambda value, walk: tokens(b"mappingproxy", walk.entries(value.items())),
    OrderedDict: _ordered,
    defaultdict: _defaultdict,
    slice: _slice,
    datetime: _moment(b"datetime"),
    time: _moment(b"time"),
    timezone: _timezone,
    re.Pattern: _pattern,
}


def _find_container(value: Any) -> Callable[[Any, _Walk], bytes]:
    """Return what makes the token of a value that no table has by its exact type."""
    buffer = find_buffer_token(value)
    if buffer is not None:
        return lambda value, walk: buffer(value, walk.token)
    return next((encode for handles, encode in FAMILIES if handles(value)), refuse)


_FROZEN = frozenset(_PLAIN) - {bytearray} | {datetime, time, timezone, re.Pattern}


def is_frozen(value: Any) -> bool:
    """
    Return True where *value* is immutable through and through, so that it may be shared without a copy.

    >>> is_frozen((1, "a", Path("b"))), is_frozen((1, []))
    (True, False)
    """
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if type(part) in (tuple, frozenset):
            waiting.extend(part)
        elif type(part) not in _FROZEN and not isinstance(part, Enum):
            return False
    return True
