"""
Which values may be two names for one thing: what a step was lent and what it gave back, and parts of one value.
"""

import sys
from collections.abc import Mapping
from typing import Any

from creevey_graph.fingerprint.values import is_frozen
from creevey_graph.frozen import FrozenNode, SlotRef

_PLAIN = frozenset({type(None), bool, int, float, str, bytes})


def shared_slots(node: FrozenNode, value: Any, values: Mapping[int, Any]) -> tuple[int, ...]:
    """Return the slots whose values must be copied from now on, since a step was lent them and gave them back."""
    lenders = [slot for slot in node.reads if may_share(value, values[slot])]
    arguments = (*node.args, *(argument for _, argument in node.kwargs))
    constants = (a.value for a in arguments if not (a.shared or isinstance(a.value, SlotRef)))
    if lenders or any(may_share(value, constant) for constant in constants):
        return (*lenders, node.slot)
    return ()


def may_share(result: Any, given: Any) -> bool:
    """
    True where changing *given* might change *result*; in doubt True.

    Asked of steps that were lent a value: they may return it, or a view of it.
    """
    if is_frozen(result) or is_frozen(given):
        return False
    numpy, pillow = sys.modules.get("numpy"), sys.modules.get("PIL.Image")
    is_picture = pillow is not None and isinstance(result, pillow.Image)
    is_array = numpy is not None and isinstance(result, numpy.ndarray)
    if pillow is not None and isinstance(given, pillow.Image):
        if is_picture:
            # Not `im`: that decodes what stays undecoded, and what is not decoded is not shared.
            return result is given or (result._im is not None and result._im is given._im)  # noqa: SLF001
        return not is_array  # numpy copies what it takes from a picture
    if numpy is not None and isinstance(given, numpy.ndarray):
        if is_array:
            return bool(numpy.may_share_memory(result, given))
        return not is_picture or bool(result.readonly)  # Image.frombuffer does not copy
    return True


def shares_parts(value: Any) -> bool:
    """
    True where a part that can be changed stands in *value* twice, as in `[[0]] * 3`.

    Changing it changes both places; of what comes back from the cache it would change one.

    >>> shares_parts([[0]] * 2), shares_parts([[0], [0]]), shares_parts([(0,)] * 2)
    (True, False, False)
    """
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        kind = type(part)
        if kind in _PLAIN:
            continue
        if kind is not tuple and not is_frozen(part):
            if id(part) in seen:
                return True
            seen.add(id(part))
        if kind in (list, tuple):
            waiting.extend(part)
        elif kind is dict:
            waiting.extend(part.values())
    return False
