"""What is known of a graph's nodes beyond one item: what they take, whether keeping pays, content records."""

import json
import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from creevey_graph.cache import Cache
from creevey_graph.contents import DEAR_TIMES, HASH_BYTES_PER_S
from creevey_graph.frozen import FrozenGraph, FrozenNode
from creevey_graph.policy import MEASURED, Measure, is_weighed, judged

Measured = Sequence[tuple[str, Measure]]
"""Fingerprint of a node and what keeping its value takes, as an item's result brings them back."""


class Ledger:
    """
    The figures of one process.

    Args:
        cache: Where what earlier runs found is read from, None for none.
        refresh: Whether that is left aside, so that all is measured anew.

    State: measures = fingerprint -> the first few measures, the stored ones among them; content =
    fingerprint -> whether the cache has records by content of it; stored = fingerprint -> seconds it takes,
    as an earlier run found; seconds = fingerprint -> (how often it ran here, seconds in all).

    Thread safety: any thread; what is read from the cache may be read twice, to the same effect.
    """

    def __init__(self, cache: Cache | None, *, refresh: bool = False) -> None:
        self._cache = cache
        self._refresh = refresh
        self._lock = threading.Lock()
        self._measures: dict[str, tuple[Measure, ...]] = {}
        self._content: dict[str, bool] = {}
        self._stored: dict[str, float | None] = {}
        self._seconds: dict[str, tuple[int, float]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"cache": self._cache, "refresh": self._refresh}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin anew in another process, from what is stored."""
        Ledger.__init__(self, state["cache"], refresh=state["refresh"])

    def measures(self, fingerprint: str | None) -> tuple[Measure, ...]:
        """Return what was measured of a node's large values, stored figures first."""
        if fingerprint is None:
            return ()
        found = self._measures.get(fingerprint)
        if found is None:
            data = None if self._cache is None or self._refresh else self._cache.measures(fingerprint)
            measures, self._stored[fingerprint] = decode_notes(data)
            found = self._measures.setdefault(fingerprint, measures)
        return found

    def seconds(self, fingerprint: str | None) -> float | None:
        """Return what a node takes for an item: as an earlier run found, else as was seen here; None if unknown."""
        if fingerprint is None:
            return None
        self.measures(fingerprint)
        if (stored := self._stored.get(fingerprint)) is not None:
            return stored
        count, total = self._seconds.get(fingerprint, (0, 0.0))
        return total / count if count else None

    def verdict(self, fingerprint: str | None) -> bool | None:
        """Return whether a node's large values are kept; None while that is not decided."""
        return judged(self.measures(fingerprint))

    def is_looked_up(self, node: FrozenNode) -> bool:
        """True where a value of this node may be in the cache."""
        if not node.keeps or self._cache is None:
            return False
        if is_weighed(node.step) and not self.measures(node.fingerprint):
            return False
        return not self.is_closed(node)

    def is_closed(self, node: FrozenNode) -> bool:
        """True where nothing of a node is kept: it gives pictures, and they do not pay."""
        measures = self.measures(node.fingerprint)
        return judged(measures) is False and all(measure.is_picture for measure in measures)

    def has_content(self, fingerprint: str) -> bool:
        """True where the cache had records by content of this node when it was first asked for."""
        found = self._content.get(fingerprint)
        if found is None:
            found = self._cache is not None and self._cache.has_content(fingerprint)
            self._content[fingerprint] = found
        return found

    def add(self, fingerprint: str, measure: Measure) -> bool:
        """Take in one measure; False where the node is decided already."""
        before = self.measures(fingerprint)
        with self._lock:
            before = self._measures.get(fingerprint, before)
            if len(before) >= MEASURED:
                return False
            self._measures[fingerprint] = (*before, measure)
        return True

    def fold(self, measured: Measured) -> dict[str, bytes]:
        """Take in what a worker measured; return fingerprint -> what is to be stored now."""
        changed = {fingerprint for fingerprint, measure in measured if self.add(fingerprint, measure)}
        return {fingerprint: self._notes(fingerprint) for fingerprint in changed}

    def learned(self) -> dict[str, bytes]:
        """Return fingerprint -> what is to be stored of nodes whose seconds no earlier run has found."""
        new = [fingerprint for fingerprint in self._seconds if self._is_new(fingerprint)]
        return {fingerprint: self._notes(fingerprint) for fingerprint in new}

    def _is_new(self, fingerprint: str) -> bool:
        self.measures(fingerprint)
        return self._stored.get(fingerprint) is None

    def _notes(self, fingerprint: str) -> bytes:
        return encode_notes(self.measures(fingerprint), self.seconds(fingerprint))

    def note_seconds(self, fingerprint: str | None, seconds: float) -> None:
        """Take in what a node took for one item."""
        if fingerprint is not None:
            with self._lock:
                count, total = self._seconds.get(fingerprint, (0, 0.0))
                self._seconds[fingerprint] = (count + 1, total + seconds)

    def note_row(self, frozen: FrozenGraph, seconds: Mapping[str, float]) -> None:
        """Take in what the nodes of one item took, by their names."""
        for node in frozen.nodes:
            if node.name in seconds:
                self.note_seconds(node.fingerprint, seconds[node.name])

    def item_seconds(self, frozen: FrozenGraph) -> float | None:
        """Return what an item takes if all its nodes run; None where that is not known of each."""
        found = [self.seconds(node.fingerprint) for node in frozen.nodes]
        known = [seconds for seconds in found if seconds is not None]
        return sum(known) if len(known) == len(found) else None

    def is_worth_hashing(self, fingerprint: str, size_bytes: int) -> bool | None:
        """Return whether a node takes much longer than hashing so many bytes; None where that is not known yet."""
        seconds = self.seconds(fingerprint)
        return None if seconds is None else seconds >= DEAR_TIMES * size_bytes / HASH_BYTES_PER_S


def encode_notes(measures: Sequence[Measure], seconds: float | None = None) -> bytes:
    """
    Return what is known of a node as JSON text: measures, and the seconds it takes.

    >>> decode_notes(encode_notes([Measure(1.5, 0.1, 0.2, 0.3, 7)], 2.5))
    ((Measure(saves_s=1.5, encode_s=0.1, write_s=0.2, read_s=0.3, size_bytes=7, is_picture=False),), 2.5)
    """
    return json.dumps([[attrs.astuple(measure) for measure in measures], seconds]).encode()


def decode_notes(data: bytes | None) -> tuple[tuple[Measure, ...], float | None]:
    """Return what *data* holds, nothing where it is none of ours: then all is measured anew."""
    try:
        lines, seconds = json.loads(data or b"[[], null]")
        measures = tuple(
            Measure(float(saves), float(encode), float(write), float(read), int(size), bool(is_picture))
            for saves, encode, write, read, size, is_picture in lines[:MEASURED]
        )
        taken = None if seconds is None else float(seconds)
        figures = [figure for measure in measures for figure in attrs.astuple(measure)]
        if all(0 <= figure < math.inf for figure in (*figures, taken or 0.0)):
            return measures, taken
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        pass
    return (), None
