"""
What the steps gave for rows of a report, made again in this process: for pages that show pictures of them.

Values that the cache has are read, others are made. Nothing is written or kept; no server is asked; a step that may
give something else, or do something, each time it runs is not run for being looked at.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import attrs

from creevey_graph.cache import Cache
from creevey_graph.calls import call
from creevey_graph.choices import open_cache
from creevey_graph.errors import CreeveyError
from creevey_graph.events import Outcome, Row
from creevey_graph.evidence import Evidence
from creevey_graph.frozen import FrozenGraph, FrozenNode
from creevey_graph.graph import Graph
from creevey_graph.ledger import Ledger
from creevey_graph.listing import Listing, list_items
from creevey_graph.planner import held_value
from creevey_graph.sources import Item
from creevey_graph.sources.base import is_url
from creevey_graph.text import first_line

_ENDED_EARLY = (Outcome.FAILED, Outcome.SKIPPED)


@attrs.frozen
class Shown:
    """
    A value of an item.

    Args:
        name: Name of the node, or of the graph's input.
        kind: "input", "step" or "output", whose value is the path of a file.
        value: It, None where there is none.
        note: Why there is none, "" where there is.
    """

    name: str
    kind: str
    value: Any = attrs.field(default=None, repr=False)
    note: str = ""


class Previewer:
    """
    Makes values of rows again, after their run.

    Args:
        listed: Rows -> a listing that has their items, among others perhaps; walked once for each `find`.
        out: The output folder of the run, None where it had none.
        cache: Its cache, None for none.
        clock: Seconds.

    State: found = key of a row -> its item. Thread safety: none.
    """

    def __init__(
        self,
        listed: Callable[[Sequence[Row]], Listing],
        out: Path | None,
        cache: Cache | None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._frozen: FrozenGraph | None = None
        self._listed = listed
        self._out = None if out is None else Path(os.path.abspath(out))  # noqa: PTH100 - links are kept
        self._cache = cache
        self._clock = clock
        self._ledger = Ledger(cache)
        self.found: dict[str, Item] = {}

    def find(self, rows: Sequence[Row]) -> None:
        """
        Find the items of rows in one walk, by key, else by what they came from.

        Raises:
            SourceError: The items cannot be listed, or do not fit the graph.
            GraphError: The graph is not valid.
        """
        listing = self._listed(rows)
        self._frozen = listing.frozen
        keys = {row.key for row in rows} - set(self.found)
        sources = {row.source: row.key for row in rows}
        by_source: dict[str, Item] = {}
        for item in listing:
            if not keys:
                break
            if item.key in keys:
                self.found[item.key] = item
                keys.discard(item.key)
            elif item.source in sources:
                by_source.setdefault(sources[item.source], item)
        self.found.update({key: item for key, item in by_source.items() if key in keys})

    def shown(self, row: Row, deadline_s: float = float("inf")) -> Iterator[Shown]:
        """
        Yield the values of a row's item in the order they are made: inputs, then nodes up to the one it ended at.

        Args:
            row: A row whose item `find` was asked for.
            deadline_s: Time by the clock after which nothing more is begun.
        """
        item, frozen = self.found.get(row.key), self._frozen
        if item is None or frozen is None:
            return
        for (name, _), value in zip(frozen.inputs, item.values, strict=True):
            yield Shown(name, "input", value)
        is_whole = row.outcome not in _ENDED_EARLY
        if item.refusal is not None or not (is_whole or row.step):
            return
        try:
            evidence = Evidence(frozen, item, None, self._out, self._cache, ledger=self._ledger)
        except (OSError, CreeveyError) as exc:
            yield Shown("", "step", note=first_line(str(exc)))
            return
        evidence.assume_answers()
        yield from self._nodes(item, evidence, row, None if is_whole else row.step, deadline_s)

    def _nodes(
        self, item: Item, evidence: Evidence, row: Row, last: str | None, deadline_s: float
    ) -> Iterator[Shown]:
        values: dict[int, Any] = dict(enumerate(item.values))
        for position, node in enumerate(evidence.nodes):
            if node.name == last:
                return
            if node.output is not None:
                path = output_at(self._out, evidence.paths[node.slot])
                if path is not None:
                    values[node.slot] = path
                    yield Shown(node.name, "output", path)
                continue
            held = self._held(evidence, position)
            if held is not None:
                values[node.slot] = held[0]
            elif any(slot not in values for slot in node.reads):
                continue
            elif note := self._refusal(node, values, row, deadline_s):
                yield Shown(node.name, "step", note=note)
                continue
            else:
                try:
                    values[node.slot] = _called(node, values)
                except Exception as exc:  # noqa: BLE001 - steps are any code; it is told
                    told = first_line(str(exc)) or "no text"
                    yield Shown(node.name, "step", note=f"fails here and now: {type(exc).__name__}: {told}")
                    return
            yield Shown(node.name, "step", values[node.slot])

    def _held(self, evidence: Evidence, position: int) -> tuple[Any] | None:
        with suppress(Exception):  # a damaged value, or a codec of the user's
            return held_value(evidence, position, self._cache)
        return None

    def _refusal(self, node: FrozenNode, values: dict[int, Any], row: Row, deadline_s: float) -> str:
        """Say why a node is not run, "" where it is."""
        options = node.step.options
        if options.downloads or any(_is_remote(values[slot]) for slot in node.reads):
            return "not in the cache, and no server is asked for a page"
        if not options.pure:
            return "not run again: it is declared pure=False"
        left_s = deadline_s - self._clock()
        if left_s <= 0:
            return "left out: the time for pictures is used up"
        known_s = None if node.fingerprint is None else self._ledger.seconds(node.fingerprint)
        takes_s = row.seconds.get(node.name, known_s or 0.0)
        return f"left out: it takes {takes_s:.1f} s" if takes_s > left_s else ""


def _called(node: FrozenNode, values: dict[int, Any]) -> Any:
    return call(node, values, is_last_reader=lambda slot: isinstance(values[slot], Iterator))


def _is_remote(value: Any) -> bool:
    """True for a file on another machine; text is an address that only a step for downloads asks for."""
    return hasattr(value, "read_bytes") and is_url(str(value))


def output_at(out: Path | str | None, path: str) -> Path | None:
    """Return where an output lies, None unless it is a file inside the output folder, links followed."""
    if not out:
        return None
    try:
        folder = Path(out).resolve()
        whole = (folder / path).resolve()
        return whole if whole.is_relative_to(folder) and whole.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long a name, a null byte, links in a circle
        return None


def previewer_for(graph: Graph, items: Any, out: str, cache: Any = None) -> Previewer:
    """
    Return what makes values again of a report's rows that was read from a file.

    Args:
        graph: The graph, as it was in that run.
        items: The items of the run; None takes each row's file or URL for one.
        out: The report's output folder, "" where it had none.
        cache: As of `graph.run`.
    """
    folder = Path(out) if out else None

    def listed(rows: Sequence[Row]) -> Listing:
        sources = dict.fromkeys(row.source for row in rows if _is_there(row.source))
        return list_items(graph, list(sources) if items is None else items, folder or Path())

    return Previewer(listed, folder, open_cache(cache)[0])


def _is_there(source: str) -> bool:
    with suppress(OSError, ValueError):
        return is_url(source) or Path(source).is_file()
    return False
