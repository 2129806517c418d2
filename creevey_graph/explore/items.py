"""The items that rows of the page stand for, and rows of items that no run came to yet."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache import Index
from creevey_graph.errors import CreeveyError, SourceError
from creevey_graph.events import GraphDeclared, Noticed, Outcome, Row, RunStarted
from creevey_graph.explore.columns import PLANNED
from creevey_graph.facade import Graph
from creevey_graph.frozen import FrozenGraph
from creevey_graph.journal import lines_of, row_to_json
from creevey_graph.listing import Listing
from creevey_graph.look import Known, scope_of
from creevey_graph.report import Report
from creevey_graph.shape import shape_of, shape_to_json
from creevey_graph.sources import BulkSource, Item, Source, open_source
from creevey_graph.sources.base import is_url
from creevey_graph.text import safe_text

NO_RUN_YET = "nothing runs yet: the rows tell what a run would do, and the page follows the next one"
LOOKED_AT = "its files are not what they were"


@attrs.frozen
class Named:
    """
    What is known of an item by the row that shows it.

    Args:
        key: Its key.
        source: Where it came from.
        root: The folder that the run's items were listed from, "" where there was none.
        fields: Column -> what the row tells of it.
    """

    key: str
    source: str
    root: str = ""
    fields: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class _One:
    """One item as a source."""

    item: Item
    input_root: None = None
    columns: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Item]:
        yield self.item

    def __len__(self) -> int:
        return 1


class Items:
    """
    The items of a graph, by key.

    Args:
        source: Where they come from; None where only rows of a run name them.

    State: places = key -> index, made when it is first asked for.
    """

    def __init__(self, source: Source | None) -> None:
        self.source = source
        self._places: dict[str, int] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the items' columns."""
        return () if self.source is None else tuple(self.source.columns)

    def find(self, named: Named, frozen: FrozenGraph) -> Item:
        """
        Return the item of a row, its values as the graph takes them.

        Raises:
            CreeveyError: It is not there any more, or a row alone does not tell what it was.
        """
        if self.source is not None:
            index = self._index_of(named.key)
            return next(Listing(self.source, frozen).some([index]))
        if len(frozen.inputs) != 1:
            raise SourceError(
                f"a row alone does not tell the {len(frozen.inputs)} inputs of its item; "
                "name the items too: creevey-graph explore GRAPH ITEMS"
            )
        source = open_source([place_of(named)], tuple(name for name, _ in frozen.inputs))
        columns = {column.removeprefix("item."): value for column, value in named.fields.items()}
        item = attrs.evolve(next(iter(source)), key=named.key, source=named.source, columns=columns)
        return next(iter(Listing(_One(item), frozen)))  # as the run had it

    def _index_of(self, key: str) -> int:
        source = self.source
        assert source is not None
        if self._places is None:
            if isinstance(source, BulkSource):
                self._places = {known: index for index, known in enumerate(source.keys)}
            else:
                self._places = {item.key: item.index for item in source}
        if key not in self._places:
            raise SourceError(f"there is no item '{safe_text(key)}' among these items")
        return self._places[key]


def place_of(named: Named) -> str:
    """Return where an item is: a run in another folder named it from there."""
    if is_url(named.source) or os.path.lexists(named.source) or not named.root:
        return named.source
    below = os.path.join(named.root, named.key)  # noqa: PTH118 - text
    return below if os.path.lexists(below) else named.source


def planned_report(graph: Graph, listing: Listing, out: Path | None) -> Report:
    """Return a report with the head that a run of these items would have, and nothing behind it."""
    report = Report(Path())
    nodes = tuple(node.name for node in listing.frozen.nodes)
    place = "" if out is None else os.path.abspath(out)  # noqa: PTH100 - it is text
    facts = (graph.name, len(listing), listing.columns, "", "", 0, nodes, place, "", *listing.place)
    report.add(GraphDeclared(shape_to_json(shape_of(graph))), 0)
    report.add(RunStarted(*facts), 0)
    for text in (NO_RUN_YET, *listing.notices):
        report.add(Noticed(text), 0)
    return report


def planned_rows(
    graph: Graph, listing: Listing, out: Path | None, folder: Path
) -> Iterator[tuple[int, Mapping[str, Any], str]]:
    """
    Yield (index, row, outcome) of every item: up to date as the index of earlier runs tells, or to be run, and why.

    Nothing is hashed but small files that were written just before they were last looked at.

    Args:
        graph: The graph.
        listing: Its items.
        out: The output folder; without one, what a graph with writers made is not known.
        folder: The cache's folder; it need not be there.
    """
    index = None
    if (folder / "index.db").is_file() and (out is not None or not listing.frozen.writers):
        index = Index(folder, scope_of(graph.name, out, listing.frozen.home))
    known = Known(index, listing.frozen, out)
    try:
        yield from _planned(listing, known)
    finally:
        known.close()


def _planned(listing: Listing, known: Known) -> Iterator[tuple[int, Mapping[str, Any], str]]:
    items: Iterator[Item] = iter(listing)
    if (survey := known.survey(listing.bulk, forced=False)) is not None:
        for found in survey.found():
            for index, line in zip(found.indexes, lines_of(found), strict=True):
                if index >= 0:
                    row = json.loads(line)
                    yield index, row, row["outcome"]
        items = listing.some(survey.unsure)
    for item in items:
        row, outcome = _row(item, known)
        yield item.index, row_to_json(row), outcome


def _row(item: Item, known: Known) -> tuple[Row, str]:
    if item.refusal is not None:
        return Row(item.key, item.source, Outcome.FAILED, error=str(item.refusal)), str(Outcome.FAILED)
    try:
        state, reason = known.check(item, forced=False)
        row = known.row_if_current(item, state) if reason is None else None
    except (OSError, CreeveyError) as exc:
        return Row(item.key, item.source, Outcome.FAILED, error=str(exc)), str(Outcome.FAILED)
    if row is not None:
        return row, str(row.outcome)
    return Row(item.key, item.source, Outcome.CANCELLED, reason=reason or LOOKED_AT), PLANNED
