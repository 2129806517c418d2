"""
Plain functions over the rows of a report: `exact_duplicates`, `near_duplicates`, `count_by`.

Rows are those of `Report.rows`, or mappings: what a JSON line of `Report.to_jsonl` holds, or flat ones.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from creevey_graph.errors import UsageError
from creevey_graph.events import Row
from creevey_graph.images.bounds import check_range
from creevey_graph.images.hashes import hash_bits
from creevey_graph.text import safe_text

_OF_ROWS = frozenset(("source", "outcome", "step", "error", "reason"))
_MOST_TURNED = 2


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

    100 000 random hashes of 64 bits take 2 s at a distance of 4 and 25 at 8. Flat pictures, whose
    hashes are mostly zeros, take longer, and so does a distance beyond a quarter of the bits.

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
    distinct = {bits for _, bits in hashes}
    kept = _Kept(max(distinct, default=0).bit_length(), max_distance, len(distinct))
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


class _Kept:
    """
    The hashes that were kept, found by any that is near.

    Cut into m bands, two hashes that differ in at most *most* bits differ in at most *most* // m in one
    of them (the pigeonhole principle). So a hash is looked up by each of its bands, as it is and with
    every one or two bits turned, and compared with what is found there only. Bands are interleaved: bits
    side by side are alike in most pictures (even skies), and whole bands of zeros would be common.

    Args:
        width: Bits of the hashes.
        most: In how many bits two that are near may differ.
        count: How many hashes there will be, at most.

    State: bands = for each a mask of its bits, the turns that are tried, and its bits -> the numbers of
    the hashes kept with these, rising; kept = those hashes; groups = hash -> the number of the first kept
    one that is near. Thread safety: none.
    """

    def __init__(self, width: int, most: int, count: int) -> None:
        self.most = most
        self.kept: list[int] = []
        self.groups: dict[int, int] = {}
        self.bands: list[tuple[int, list[int], dict[int, list[int]]]] = [
            (sum(bits), _turns(bits, turned), {}) for bits, turned in _bands(width, most, count)
        ]

    def group_of(self, bits: int) -> int:
        """Return the number of the first kept hash that is near; where none is, this one is kept."""
        if bits not in self.groups:
            self.groups[bits] = self._first_near(bits)
        return self.groups[bits]

    def _first_near(self, bits: int) -> int:
        kept, most = self.kept, self.most
        first = len(kept)
        for mask, turns, buckets in self.bands:
            own = bits & mask
            for turn in turns:
                for number in buckets.get(own ^ turn, ()):
                    if number >= first:
                        break
                    if (kept[number] ^ bits).bit_count() <= most:
                        first = number
                        break
        if first == len(kept):
            kept.append(bits)
            for mask, _, buckets in self.bands:
                buckets.setdefault(bits & mask, []).append(first)
        return first


def _bands(width: int, most: int, count: int) -> list[tuple[list[int], int]]:
    # (the bits of a band, how many of them are turned): as few turns as leave short lists, of 32 hashes
    # or so. 100 000 hashes at a distance of 8: 119 s with 9 bands of 7 bits, 25 with 5 of 12.
    for turned in range(_MOST_TURNED + 1):
        bands = most // (turned + 1) + 1
        if width // bands >= count.bit_length() - 5:
            break
    if bands > width:
        return [([], 0)]  # nothing need be equal: all are compared with all
    return [([1 << bit for bit in range(first, width, bands)], turned) for first in range(bands)]


def _turns(bits: list[int], turned: int) -> list[int]:
    return [sum(chosen) for number in range(turned + 1) for chosen in combinations(bits, number)]
