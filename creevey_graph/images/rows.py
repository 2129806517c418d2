"""
Plain functions over the rows of a report: `exact_duplicates`, `near_duplicates`, `count_by`.

Rows are those of `Report.rows`, or mappings: what a JSON line of `Report.to_jsonl` holds, or flat ones.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from creevey_graph.errors import UsageError
from creevey_graph.events import Row
from creevey_graph.images.checks import check_range
from creevey_graph.images.hashes import hash_bits
from creevey_graph.text import safe_text

_OF_ROWS = frozenset(("source", "outcome", "step", "error", "reason"))


def exact_duplicates(rows: Iterable[Row | Mapping[str, Any]], column: str = "sha256") -> list[list[str]]:
    """
    Group the items that have the same value in a column.

    Args:
        rows: The rows of a report.
        column: The column to go by; rows without it (of failed items) are in no group.

    Returns:
        Groups of two keys or more, each in the order of the rows: the first is the one to keep.

    >>> exact_duplicates([{"key": key, "sha256": of} for key, of in (("a", "1f"), ("b", "2e"), ("c", "1f"))])
    [['a', 'c']]

    """
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        value = fields_of(row).get(column)
        if value is not None:
            groups[json.dumps(value, sort_keys=True, default=str)].append(key_of(row))
    return [keys for keys in groups.values() if len(keys) > 1]


def near_duplicates(
    rows: Iterable[Row | Mapping[str, Any]], column: str = "dhash", max_distance: int = 4
) -> list[list[str]]:
    """
    Group the items whose hashes differ in few bits.

    An item is kept unless one that was kept before it is near; then it joins the first of these. So all
    that are kept differ from each other, and no group is a chain whose ends do.

    100 000 hashes of photos take a few seconds; beyond a distance of a quarter of the bits every
    hash must be held against every kept one.

    Args:
        rows: The rows of a report.
        column: The column that has the hashes, as numbers or in hexadecimal; rows without it (of
            failed items) are in no group.
        max_distance: In how many bits two hashes that count as near may differ, 0 or more.

    Returns:
        Groups of two keys or more, each in the order of the rows: the first is the one to keep.

    Raises:
        UsageError: *max_distance* is negative, or a value is no hash. (A ValueError.)

    >>> near_duplicates([{"key": "a", "dhash": 0}, {"key": "b", "dhash": 255}, {"key": "c", "dhash": 1}])
    [['a', 'c']]

    """
    check_range("near_duplicates", "max_distance", max_distance, 0)
    hashes = list(_hashes(rows, column))
    kept = _Kept(max((bits for _, bits in hashes), default=0).bit_length(), max_distance)
    groups: dict[int, list[str]] = {}
    for key, bits in hashes:
        groups.setdefault(kept.group_of(bits), []).append(key)
    return [keys for keys in groups.values() if len(keys) > 1]


def count_by(rows: Iterable[Row | Mapping[str, Any]], name: str) -> dict[Any, int]:
    """
    Count the items of each value of a column.

    Args:
        rows: The rows of a report.
        name: A column, or "outcome", "step", "reason", "error" or "source".

    Returns:
        Value -> items, the most frequent first, then in the order of their text; None stands for
        rows without it, and lists and mappings are counted as JSON.

    >>> count_by([{"key": "a", "label": "cat"}, {"key": "b", "label": "dog"}, {"key": "c", "label": "cat"}], "label")
    {'cat': 2, 'dog': 1}

    """
    counts: Counter[Any] = Counter()
    for row in rows:
        value = _value_of(row, name)
        counts[json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value] += 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0]))))


def fields_of(row: Row | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the columns of a row by name."""
    if isinstance(row, Row):
        return row.fields
    if not isinstance(row, Mapping):
        raise UsageError(f"rows must be those of a report, or mappings (got {type(row).__name__})")
    fields = row.get("fields")
    return fields if isinstance(fields, Mapping) else row


def key_of(row: Row | Mapping[str, Any]) -> str:
    """Return the key of a row."""
    if isinstance(row, Row):
        return row.key
    if "key" not in row:
        raise UsageError(f"a row must have a 'key' (has: {', '.join(map(str, row)) or 'nothing'})")
    return str(row["key"])


def _value_of(row: Row | Mapping[str, Any], name: str) -> Any:
    fields = fields_of(row)
    if name in fields or name not in _OF_ROWS:
        return fields.get(name)
    value = getattr(row, name) if isinstance(row, Row) else row.get(name)
    return str(value) if name == "outcome" and value is not None else value


def _hashes(rows: Iterable[Row | Mapping[str, Any]], column: str) -> Iterator[tuple[str, int]]:
    for row in rows:
        value = fields_of(row).get(column)
        if value is None:
            continue
        try:
            yield key_of(row), hash_bits(value)
        except UsageError as exc:
            raise UsageError(f"column '{column}' of row '{safe_text(key_of(row))}': {exc}") from None


@attrs.define(eq=False)
class _Kept:
    """
    The hashes that were kept, found by any that is near.

    Of two hashes that differ in at most *d* bits, one of *d* + 1 bands of bits is equal in both (the
    pigeonhole principle), so only those are compared that share a band. Bands are interleaved: bits
    side by side are alike in most pictures (even skies), and whole bands of zeros would be common.

    State: bands = a mask of bits each; kept = the hashes that were kept; groups = hash -> the number of
    the first kept one that is near; buckets = for each band, its bits -> the numbers of the hashes kept
    with these, rising. Thread safety: none.
    """

    width: int
    max_distance: int
    bands: list[int] = attrs.field(init=False)
    kept: list[int] = attrs.field(init=False, factory=list)
    groups: dict[int, int] = attrs.field(init=False, factory=dict)
    buckets: list[dict[int, list[int]]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        count = self.max_distance + 1
        # With more bands than bits nothing need be equal: one band of no bits compares all with all.
        self.bands = (
            [0]
            if count > self.width
            else [sum(1 << bit for bit in range(first, self.width, count)) for first in range(count)]
        )
        self.buckets = [{} for _ in self.bands]

    def group_of(self, bits: int) -> int:
        """Return the number of the first kept hash that is near; where none is, this one is kept."""
        if bits not in self.groups:
            self.groups[bits] = self._first_near(bits)
        return self.groups[bits]

    def _first_near(self, bits: int) -> int:
        first = len(self.kept)
        for band, bucket in zip(self.bands, self.buckets, strict=True):
            for number in bucket.get(bits & band, ()):
                if number >= first:
                    break
                if (self.kept[number] ^ bits).bit_count() <= self.max_distance:
                    first = number
                    break
        if first == len(self.kept):
            self.kept.append(bits)
            for band, bucket in zip(self.bands, self.buckets, strict=True):
                bucket.setdefault(bits & band, []).append(first)
        return first
