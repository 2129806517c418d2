"""
Tokens of values that no table has by their exact type: instances of classes, and classes.

A class counts by module and qualified name, an instance also by its fields and whatever else
it holds; an instance of a subclass of `int`, `dict` and their like also by its content, so that
it differs from the builtin. The code of a class does not count, save where the value itself
can be called: then `digest_callable` is asked.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from creevey_graph.fingerprint.tokens import NoDigestError, Walk, text, tokens, type_name

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: set for every class made by a class statement
UNCOUNTED = "creevey_graph.uncounted"
"""Key in the metadata of a field, of a dataclass or attrs class, whose value changes nothing: credentials, say."""


def _enum(value: Enum, walk: Walk) -> bytes:
    content = walk.at(value.value, ".value")
    return tokens(b"enum", [text(type_name(type(value))), walk.token(value.name), content])


def _class(value: type, walk: Walk) -> bytes:
    if "<locals>" not in value.__qualname__:
        return tokens(b"class", [text(type_name(value))])
    if walk.digest_callable is None:
        raise NoDigestError(f"local class {type_name(value)} has no digest by content")
    return tokens(b"class", [text(type_name(value)), text(walk.digest_callable(value))])


def _zone(value: Any, walk: Walk) -> bytes:
    if value.key is None:
        return refuse(value, walk)
    return tokens(b"zoneinfo", [text(value.key)])


def _instance(value: Any, walk: Walk) -> bytes:
    """Make the token of a dataclass or attrs instance: its class, its fields, and what else it holds."""
    kind = type(value)
    members = fields(value) if is_dataclass(kind) else kind.__attrs_attrs__
    names = [field.name for field in members]
    missing = next((name for name in names if not hasattr(value, name)), None)
    if missing is not None:
        raise NoDigestError(f"{type_name(kind)} without its field '{missing}' has no digest by content")
    uncounted = {field.name for field in members if field.metadata.get(UNCOUNTED)}
    state = {**_state(value), **{name: getattr(value, name) for name in names}}
    state = {name: part for name, part in state.items() if name not in uncounted} if uncounted else state
    return tokens(b"instance", [*_kind(value, walk), *walk.pairs(state.items(), ".{}")])


def _kind(value: Any, walk: Walk) -> Iterator[bytes]:
    """Yield tokens of the class, and of its code where the value itself can be called."""
    yield text(type_name(type(value)))
    if callable(value):
        if walk.digest_callable is None:
            refuse(value, walk)
        else:
            yield text(walk.digest_callable(type(value)))


def _state(value: Any) -> dict[str, Any]:
    """Return what an instance holds in `__dict__` and `__slots__`, results of cached properties left out."""
    state = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            private = slot.startswith("__") and not slot.endswith("__")
            name = f"_{kind.__name__.lstrip('_')}{slot}" if private else slot
            if name not in {"__dict__", "__weakref__"} and hasattr(value, name):
                state[name] = getattr(value, name)
    return {name: part for name, part in state.items() if not _is_cached(type(value), name)}


def _is_cached(kind: type, name: str) -> bool:
    return any(isinstance(vars(base).get(name), cached_property) for base in kind.__mro__)


def _named_tuple(value: Any, walk: Walk) -> bytes:
    named = [
        text(name) + walk.at(part, ".{}", name)
        for name, part in zip(value._fields, tuple.__iter__(value), strict=True)
    ]
    return tokens(b"namedtuple", [text(type_name(type(value))), *named, *_rest(value, walk)])


def _rest(value: Any, walk: Walk) -> list[bytes]:
    return walk.pairs(_state(value).items(), ".{}")


_AS_BASE: dict[type, Callable[[Any], Any]] = {
    int: int.__index__,
    float: float.__float__,
    complex: complex.__pos__,
    str: str.__str__,
    bytes: lambda value: memoryview(value).tobytes(),
    bytearray: lambda value: bytearray(memoryview(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    list: lambda value: list(list.__iter__(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    OrderedDict: lambda value: OrderedDict(OrderedDict.items(value)),
    dict: lambda value: dict(dict.items(value)),
}
"""Builtin type -> what takes an instance of a subclass for one of the type itself, whatever it overrides."""


def _base_of(value: Any) -> type | None:
    kinds = type(value).__mro__
    base = next((kind for kind in kinds if kind in _AS_BASE), None)
    if base is None:
        return None
    # A class written in C may hold what nothing here can see (os.stat_result, defaultdict).
    between = kinds[: kinds.index(base)]
    hides = any(not kind.__flags__ & _HEAP_TYPE or "n_sequence_fields" in vars(kind) for kind in between)
    return None if hides else base


def _subclass(value: Any, walk: Walk) -> bytes:
    base = _base_of(value)
    assert base is not None
    content = walk.token(_AS_BASE[base](value))
    return tokens(b"subclass", [*_kind(value, walk), content, *_rest(value, walk)])


def _callable(value: Any, walk: Walk) -> bytes:
    if walk.digest_callable is None:
        return refuse(value, walk)
    return tokens(b"callable", [text(walk.digest_callable(value))])


def refuse(value: Any, _walk: Walk) -> bytes:
    """Say that a value has no token."""
    name = getattr(value, "__qualname__", None)
    shown = f"{type_name(type(value))} '{name}'" if isinstance(name, str) else type_name(type(value))
    raise NoDigestError(f"{shown} has no digest by content")


def _is_zone(value: Any) -> bool:
    zoneinfo = sys.modules.get("zoneinfo")
    return zoneinfo is not None and type(value) is zoneinfo.ZoneInfo


FAMILIES: tuple[tuple[Callable[[Any], bool], Callable[[Any, Walk], bytes]], ...] = (
    (lambda value: isinstance(value, Enum), _enum),
    (lambda value: isinstance(value, type), _class),
    (_is_zone, _zone),
    (lambda value: isinstance(value, tuple) and hasattr(type(value), "_fields"), _named_tuple),
    (lambda value: _base_of(value) is not None, _subclass),
    (lambda value: is_dataclass(type(value)) or hasattr(type(value), "__attrs_attrs__"), _instance),
    (callable, _callable),
)
"""What it is -> what makes its token, for values with no exact type in the tables; the first counts."""
