"""What travels between the runner and its workers."""

from pathlib import Path
from typing import Protocol

import attrs

from creevey_graph.cache import Cache, Entry, ItemState
from creevey_graph.events import Row
from creevey_graph.freeze import FrozenGraph
from creevey_graph.sources import Item


class Recorder(Protocol):
    """Told which item and node is in hand, so that a dead worker can be blamed exactly."""

    def mark(self, item: int, position: int) -> None:
        """Say that a node of an item begins; position -1: the item's files are looked at."""


@attrs.frozen
class Task:
    """
    One item to work on.

    Args:
        item: The item.
        known: Its last known state.
        reason: Why it must be looked at, as far as known; None where only files are to be checked.
    """

    item: Item
    known: ItemState | None = None
    reason: str | None = None


@attrs.frozen
class Result:
    """
    What became of one item; travels back from the worker.

    Args:
        index: Position of the item in the source.
        row: Its row.
        state: Its encoded state for the index.
        entries: Values to commit to the cache.
        executed: Nodes that ran to their end.
        leftovers: Outputs of earlier runs that this item no longer stands behind.
        damaged: Keys of cache entries found damaged.
        problems: Cache problems, as text.
    """

    index: int
    row: Row
    state: str
    entries: tuple[Entry, ...] = ()
    executed: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@attrs.frozen
class Bench:
    """
    What a worker works with.

    Args:
        frozen: The graph.
        out: Output folder; None where nothing is written.
        cache: The cache, None for none.
        refresh: Run everything, whatever the cache has.
    """

    frozen: FrozenGraph
    out: Path | None
    cache: Cache | None
    refresh: bool = False
