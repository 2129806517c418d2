"""What a run has to do: items that need a worker; those that are up to date end here."""

from collections.abc import Iterable, Iterator

import attrs

from creevey_graph.cache import ItemState
from creevey_graph.choices import Options
from creevey_graph.claims import Claims
from creevey_graph.events import ItemFinished, ItemsCached
from creevey_graph.listing import Listing
from creevey_graph.look import Known
from creevey_graph.sources import Item
from creevey_graph.sources.base import place_of
from creevey_graph.tally import Tally
from creevey_graph.tasks import Task


class Agenda:
    """
    The items of a run, and what is to be done for each.

    Args:
        listing: The items.
        known: Their last known states.
        options: How the run goes.
        claims: Told of the outputs of items that are up to date.
    """

    def __init__(self, listing: Listing, known: Known, options: Options, claims: Claims) -> None:
        self._listing = listing
        self._known = known
        self._options = options
        self._claims = claims

    def choose(self, tally: Tally) -> None:
        """Leave out what is not to be looked at."""
        if self._options.only_failed:
            wanted = self._known.failed_keys()
            tally.choose([item.index for item in self._listing if item.key in wanted])

    def entries(self, tally: Tally) -> Iterator[Task | ItemFinished | ItemsCached]:
        """Yield what needs a worker, and what is told of the others, most of them all at once."""
        items: Iterable[Item] = self._listing
        forced = self._options.refresh
        if tally.left_out:
            items = self._listing.some([index for index, done in enumerate(tally.done) if not done])
        elif (survey := self._known.survey(self._listing.bulk, forced=forced)) is not None:
            yield from survey.found()
            items = self._listing.some(survey.unsure)
        for item in items:
            yield self._entry(item, forced=forced)

    def _entry(self, item: Item, *, forced: bool) -> Task | ItemFinished:
        state, reason = self._known.check(item, forced=forced)
        if item.refusal is not None:
            return self._task(item, state, reason)
        if state is not None and state.lasting and self._options.tries_lasting:
            state = attrs.evolve(state, lasting="")
        is_left = self._options.retry_failed is False or (
            state is not None and self._listing.frozen.may_last(state.step, state.lasting)
        )
        if is_left and (failed := self._known.row_if_failed(item, state)):
            return ItemFinished(item.index, failed)
        row = None if reason is not None else self._known.row_if_current(item, state)
        if row is None:
            return self._task(item, state, reason)
        self._claims.add(row.key, state)
        return ItemFinished(item.index, row)

    def _task(self, item: Item, state: ItemState | None, reason: str | None) -> Task:
        return Task(item, state, reason, place_of(self._listing.source, item.index))
