"""
A set of files or URLs compared with the index, a block at a time: what is up to date needs no look of its own.

Both stand in the order of their keys, so that each block meets its part of the set. Where a part is
as it was, two lists of text and one string of stats are compared, 4 us an item with a stat of
its input and of its output; nothing is decoded, and no object is made. What does not pass is
looked at one by one, as are items that cannot be compared (failed, changed just now, of another graph).
"""

import os
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from os import stat

from creevey_graph.cache import Index
from creevey_graph.cache.blocks import LOOK_BYTES, TEXT, Columns, pack_looks, unpacked
from creevey_graph.events import ItemsCached
from creevey_graph.sources import BulkSource

_SKIPPED = '"outcome":"skipped"'


class Survey:
    """
    One comparison of a source with the index.

    Args:
        index: The index.
        source: The items.
        graph_key: Key of the graph that is run.
        out: The output folder, "" for none.

    State, whole once `found` has come to its end: unsure = positions of items to be looked at one by
    one, ascending; gone = keys that the index knows and the source has no more.
    """

    def __init__(self, index: Index, source: BulkSource, graph_key: str, out: str) -> None:
        self._index = index
        self._source = source
        self._graph_key = graph_key
        self._folder = os.path.join(out, "")  # noqa: PTH118 - text
        keys = source.keys
        self._order: Sequence[int] = range(len(keys))
        if not source.is_sorted:
            self._order = array("q", sorted(range(len(keys)), key=keys.__getitem__))
            keys = [keys[index] for index in self._order]
        self._keys = keys
        self.unsure: Sequence[int] = ()
        self.gone: list[str] = []

    def found(self) -> Iterator[ItemsCached]:
        """Yield what is up to date."""
        unsure = array("q")
        begins = 0
        for columns, ends in self._parts():
            passed, counts = self._compare(columns, begins, ends, unsure)
            if sum(counts):
                yield ItemsCached(passed, columns.rows, *counts)
            begins = ends
        unsure.extend(self._order[begins:])
        if not isinstance(self._order, range):
            unsure = array("q", sorted(unsure))
        self.unsure = unsure
        self._find_forgotten()

    def not_current(self) -> set[str]:
        """Return the keys that the index knows, or the source has, which were not found up to date."""
        keys = self._source.keys
        return {*self.gone, *(keys[index] for index in self.unsure)}

    def _parts(self) -> Iterator[tuple[Columns, int]]:
        """Yield each block with the place where its part of the keys ends."""
        last = None
        for _, columns in self._index.columns():
            if columns is None or not (columns.keys or columns.others):
                continue  # its items are looked up one by one
            if last is not None:
                first = min((*columns.keys[:1], *columns.others[:1]))
                yield last, bisect_left(self._keys, first)
            last = columns
        if last is not None:
            yield last, len(self._keys)

    def _compare(
        self, columns: Columns, begins: int, ends: int, unsure: "array[int]"
    ) -> tuple[Sequence[int], tuple[int, int]]:
        keys, order = self._keys[begins:ends], self._order[begins:ends]
        fresh = self._index.fresh
        is_whole = keys == columns.keys and not columns.others
        if is_whole and (not fresh or fresh.keys().isdisjoint(keys)) and self._is_as_it_was(columns, order):
            return order, (len(keys) - columns.skipped, columns.skipped)
        there = set(keys)
        self.gone += [key for key in (*columns.keys, *columns.others) if key not in there]
        if columns.graph_key != self._graph_key:
            unsure.extend(order)
            return (), (0, 0)
        return self._compare_each(columns, dict(zip(keys, order, strict=True)), unsure)

    def _is_as_it_was(self, columns: Columns, order: Sequence[int]) -> bool:
        texts = self._source.texts(order)
        has_file = columns.has_file
        if 0 in has_file:
            marked = [text if has else TEXT + text for text, has in zip(texts, has_file, strict=True)]
            if any(os.path.isfile(text) for text, has in zip(texts, has_file, strict=True) if not has):  # noqa: PTH113 - per item
                return False
            paths = [text for text, has in zip(texts, has_file, strict=True) if has]
        else:
            marked = paths = texts
        if columns.graph_key != self._graph_key or marked != columns.values:
            return False
        folder = self._folder
        try:
            looks = pack_looks(map(stat, [*paths, *[folder + path for path in columns.outputs]]))
        except (OSError, ValueError, struct.error):
            return False
        return looks == columns.looks

    def _compare_each(
        self, columns: Columns, positions: dict[str, int], unsure: "array[int]"
    ) -> tuple[Sequence[int], tuple[int, int]]:
        fresh = self._index.fresh
        sources = [0, *accumulate(columns.has_file)]
        outputs = [0, *accumulate(columns.counts)]
        passed = [-1] * len(columns.keys)
        for place, key in enumerate(columns.keys):
            index = positions.get(key, -1)
            if index < 0 or key in fresh:
                continue
            names = columns.outputs[outputs[place] : outputs[place + 1]]
            ends = sources[-1] + outputs[place + 1]
            looks = (
                columns.looks[LOOK_BYTES * sources[place] : LOOK_BYTES * sources[place + 1]]
                + columns.looks[LOOK_BYTES * (ends - len(names)) : LOOK_BYTES * ends]
            )
            alone = _one_of(columns, place, names, looks)
            if self._is_as_it_was(alone, [index]):
                passed[place] = positions.pop(key)
        try:
            skipped = _count_skipped(columns.rows, passed) if columns.skipped else 0
        except ValueError:  # its rows are damaged
            unsure.extend(sorted([*positions.values(), *(index for index in passed if index >= 0)]))
            return (), (0, 0)
        unsure.extend(positions.values())
        count = sum(index >= 0 for index in passed)
        return passed, (count - skipped, skipped)

    def _find_forgotten(self) -> None:
        """Complete `gone`: what is fresh counts, and what stands there as forgotten does not."""
        fresh = self._index.fresh
        if fresh:
            self.gone = [key for key in self.gone if key not in fresh]
            self.gone += [key for key, kept in fresh.items() if kept and not self._has(key)]

    def _has(self, key: str) -> bool:
        place = bisect_left(self._keys, key)
        return place < len(self._keys) and self._keys[place] == key


def _one_of(columns: Columns, place: int, outputs: list[str], looks: bytes) -> Columns:
    """Return one item's columns."""
    return Columns(
        columns.graph_key,
        columns.keys[place : place + 1],
        columns.values[place : place + 1],
        columns.has_file[place : place + 1],
        outputs,
        columns.counts[place : place + 1],
        looks,
        b"",
        0,
        [],
    )


def _count_skipped(rows: bytes, passed: Sequence[int]) -> int:
    lines = unpacked(rows).decode().split("\n")
    return sum(index >= 0 and _SKIPPED in line for index, line in zip(passed, lines, strict=True))
