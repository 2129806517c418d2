"""
What an object without a digest is made of, so that what it holds is seen all the same.

One member that cannot be digested (an instance of a user's plain class in a table, say) does not
hide the others; what is hidden in an object of a class written in C is not guessed at.
"""

import abc
import collections
import operator
import types
from collections.abc import Iterator
from typing import Any, Generic, Protocol

from creevey_graph.fingerprint.facts import value_text
from creevey_graph.fingerprint.modules import is_user_module

MAX_MEMBERS = 1000
"""Of a container that is looked into member by member."""
_MAPPINGS = (dict, types.MappingProxyType, collections.OrderedDict, collections.defaultdict)
_SEQUENCES = (list, tuple, collections.deque)
_GETTERS = (operator.itemgetter, operator.attrgetter, operator.methodcaller)
_BARE = frozenset({object, abc.ABC, Generic, Protocol})
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: set for every class made by a class statement


def contents_of(value: Any) -> list[tuple[str, Any]] | None:
    """
    Return what *value* holds, each with a label; None where that is not seen through.

    >>> contents_of({"a": 1})
    [(' keys', ['a']), ("['a']", 1)]
    >>> contents_of(object())
    """
    kind = type(value)
    if kind in _GETTERS:
        return [(" arguments", list(value.__reduce__()[1:]))]
    if kind is collections.ChainMap:
        return [(" maps", list(value.maps))]
    if kind not in (*_MAPPINGS, *_SEQUENCES) or len(value) > MAX_MEMBERS:
        return None
    return list(_members(value))


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, collections.deque):
        yield " length", value.maxlen
    if isinstance(value, collections.defaultdict):
        yield " factory", value.default_factory
    if not isinstance(value, _MAPPINGS):
        yield from ((f"[{index}]", part) for index, part in enumerate(value))
        return
    yield " keys", list(value)
    for index, (key, part) in enumerate(value.items()):
        yield f"[{value_text(key) if isinstance(key, str | int) else index}]", part


def is_plain(kind: type) -> bool:
    """
    Return True where instances hold nothing but their attributes: no class above is an installed one.

    >>> is_plain(type("Tool", (), {"__module__": "__main__"})), is_plain(collections.deque)
    (True, False)
    """
    return all(base in _BARE or is_user_module(base.__module__) for base in kind.__mro__)


def hides_state(kind: type) -> bool:
    """Return True where a class above was written in C, and may hold what no attribute shows."""
    return any(base is not object and not base.__flags__ & _HEAP_TYPE for base in kind.__mro__)
