"""Entries that a list has twice, and different ones with one id: told apart, and given keys of their own."""

from array import array
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

import attrs

from creevey_graph.columns import counted
from creevey_graph.sources.base import Origin, unique_keys
from creevey_graph.sources.remarks import Duplicates, Remarks, brief


@attrs.frozen
class Settled:
    """
    A list whose keys are unique.

    Args:
        keys: One per entry.
        notices: What is to be told of the list.
        origin: Where its entries stand.
    """

    keys: Sequence[str]
    notices: tuple[str, ...]
    origin: Origin


def settle_duplicates(
    keys: list[str],
    values: Sequence[Any],
    numbers: "array[int]",
    remarks: Remarks,
    duplicates: Duplicates,
    *lists: list[Any],
) -> Settled:
    """
    Give each entry a key of its own, and tell of those that came with another's.

    Entries with equal values are duplicates, whatever their ids; different ones with one id are not, and stay.

    Args:
        keys: As they were read; shortened where duplicates are left out.
        values: Per entry, the value of the only input, or a tuple of several; may be *keys* itself.
        numbers: Where each stands; shortened likewise.
        remarks: What else was found.
        duplicates: What becomes of duplicates.
        lists: Other lists of the entries, shortened likewise.
    """
    drops = duplicates == "drop"
    origin, notices = Origin(remarks.place, remarks.unit, numbers), remarks.notices()
    if len(set(keys)) == len(keys) and (values is keys or not drops):
        return Settled(keys, notices, origin)
    again, clashing = _found(keys, [value_mark(value) for value in values], drops=drops)
    is_kept = [not (drops and index in again) for index in range(len(keys))]
    unique = unique_keys(list(compress(keys, is_kept)))
    named = dict(zip(compress(range(len(keys)), is_kept), unique, strict=True))

    def told(what: str, entries: Mapping[int, int], is_clash: bool) -> str:
        index, first = next(iter(entries.items()))
        here, there = (f"{remarks.unit} {numbers[at]:,}" for at in (index, first))
        ends = f"kept under keys such as '{brief(named[index])}'" if index in named else "left out"
        other = "other values" if isinstance(values[index], tuple) else "another picture"
        why = (
            f"has the id of {there}, '{brief(keys[index])}', but {other}" if is_clash else f"is {there} again"
        )
        return f"{remarks.place or 'items'}: {counted(len(entries), what)}, {ends} ({here} {why})"

    if again:
        notices = (*notices, told("duplicate", again, is_clash=False))
    if clashing:
        notices = (*notices, told("clashing id", clashing, is_clash=True))
    if drops:
        for members in (keys, *lists):
            members[:] = compress(members, is_kept)
        numbers[:] = array("q", compress(numbers, is_kept))
    return Settled(unique, notices, origin)


def _found(
    keys: Sequence[str], marks: Sequence[Any], *, drops: bool
) -> tuple[dict[int, int], dict[int, int]]:
    """
    Return entry -> an earlier one, for duplicates, and for different ones with one key.

    Args:
        keys: Their keys as they were read.
        marks: What tells their values apart.
        drops: Whether duplicates count that have a key of their own, and take no key away.
    """
    seen: dict[Any, int] = {}
    owners: dict[str, int] = {}
    again: dict[int, int] = {}
    clashing: dict[int, int] = {}
    for index, (key, mark) in enumerate(zip(keys, marks, strict=True)):
        first = seen.setdefault(mark, index)
        if first != index and (drops or key in owners):
            again[index] = first
        elif key in owners:
            clashing[index] = owners[key]
        if not (drops and index in again):
            owners.setdefault(key, index)
    return again, clashing


def value_mark(value: Any) -> Any:
    """
    Return what is equal for two values exactly where they are one; what cannot be compared is one with itself.

    >>> value_mark(["a.jpg", 1]) == value_mark(["a.jpg", 1]), value_mark(1) == value_mark(True)
    (True, False)
    """
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | list):
        return type(value), tuple(map(value_mark, value))
    if isinstance(value, dict):
        return dict, tuple((key, value_mark(part)) for key, part in value.items())
    try:
        hash(value)
    except TypeError:  # an array, a picture in memory
        return type(value), id(value)
    return type(value), value
