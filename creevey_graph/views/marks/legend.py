"""The legend: of what occurs in a drawing, and of nothing else."""

from collections.abc import Callable, Iterator, Sequence

import attrs

from creevey_graph.events import Outcome
from creevey_graph.state import GraphState
from creevey_graph.views.layout import Box
from creevey_graph.views.marks.bars import draw_part
from creevey_graph.views.marks.cards import SMALL_PX, Card, Kind
from creevey_graph.views.marks.faces import draw_kept, draw_outline
from creevey_graph.views.marks.keeping import Kept
from creevey_graph.views.marks.pen import Markup, Pen, joined
from creevey_graph.views.marks.standing import word_of
from creevey_graph.views.marks.widths import text_px

ROW_PX = 20.0
_GAP, _BESIDE = 18.0, 6.0
_ICON, _SCALE = 24.0, 0.45


@attrs.frozen
class Entry:
    """
    One mark and its word.

    Args:
        word: What it means.
        width: Of the mark.
        draw: Draws the mark, its left middle at x, y.
    """

    word: str
    width: float
    draw: Callable[[Pen, float, float], Markup]

    @property
    def whole(self) -> float:
        """Width of mark and word."""
        return self.width + _BESIDE + text_px(self.word, SMALL_PX)


def entries_of(cards: Sequence[Card], state: GraphState | None) -> list[list[Entry]]:
    """Return the entries a drawing needs: kinds of nodes, what is kept, outcomes and changes."""
    groups = (_kinds(cards), _keeping(cards), _outcomes(cards, state))
    return [found for entries in groups if (found := list(entries))]


def _kinds(cards: Sequence[Card]) -> Iterator[Entry]:
    present = {card.kind for card in cards}
    for kind in Kind:
        if kind in present:
            yield Entry(str(kind), _ICON, _outline(Card(kind, "", "")))
    if any(card.is_set for card in cards):
        yield Entry("one value for the whole set", _ICON, _outline(Card(Kind.STEP, "", "", is_set=True)))


def _outline(card: Card) -> Callable[[Pen, float, float], Markup]:
    heights = {Kind.INPUT: 15.0, Kind.PARAMETER: 11.0}
    height = heights.get(card.kind, 14.0)

    def draw(pen: Pen, x: float, y: float) -> Markup:
        if card.kind is Kind.DOWNLOAD:
            return _small_download(pen, x, y)
        return draw_outline(pen, card, Box(x, y - height / 2, _ICON, height), _SCALE)

    return draw


def _small_download(pen: Pen, x: float, y: float) -> Markup:
    card = pen.mark("rect", "card", x=x, y=y - 6.5, width=_ICON, height=13, rx=4)
    arrow = f"M{x + 8:g} {y - 4:g}v6m-2.5 -2.5l2.5 2.5l2.5 -2.5M{x + 5:g} {y + 4.25:g}h6"
    return joined(card, pen.mark("path", "icon", d=arrow))


def _keeping(cards: Sequence[Card]) -> Iterator[Entry]:
    present = {card.kept for card in cards}
    for kept in Kept:
        if kept in present:
            yield Entry(str(kept), 9.0, _disc(kept))


def _disc(kept: Kept) -> Callable[[Pen, float, float], Markup]:
    return lambda pen, x, y: draw_kept(pen, kept, x + 4.5, y)


def _outcomes(cards: Sequence[Card], state: GraphState | None) -> Iterator[Entry]:
    if state is None:
        return
    standings = [card.standing for card in cards if card.standing is not None]
    present = {outcome for standing in standings for outcome, _ in standing.counts} | set(state.counts)
    for outcome in Outcome:
        if outcome in present:
            yield Entry(word_of(outcome, state.kind), 14.0, _swatch(outcome, state.kind == "plan"))
    if any(standing.is_changed for standing in standings):
        yield Entry("changed", 18.0, _bordered("card card-changed"))
    if any(standing.is_stale and not standing.is_changed for standing in standings):
        yield Entry("below a change", 18.0, _bordered("card card-stale"))
    if any(standing.heat for standing in standings):
        yield Entry("much of the time", 18.0, _patch)


def _swatch(outcome: Outcome, is_planned: bool) -> Callable[[Pen, float, float], Markup]:
    return lambda pen, x, y: draw_part(pen, outcome, Box(x, y - 2.5, 14, 5), is_planned=is_planned)


def _bordered(classes: str) -> Callable[[Pen, float, float], Markup]:
    return lambda pen, x, y: pen.mark("rect", classes, x=x, y=y - 6, width=18, height=12, rx=3)


def _patch(pen: Pen, x: float, y: float) -> Markup:
    return pen.mark("rect", "heat", x=x, y=y - 6, width=18, height=12, rx=3)


def rows_of(groups: Sequence[Sequence[Entry]], width: float) -> list[list[Entry]]:
    """Return the entries in rows that are no wider than *width* where that can be; each group begins a row."""
    rows: list[list[Entry]] = []
    for group in groups:
        row: list[Entry] = []
        for entry in group:
            if row and sum(one.whole + _GAP for one in [*row, entry]) - _GAP > width:
                rows.append(row)
                row = []
            row.append(entry)
        rows.append(row)
    return rows


def width_of(rows: Sequence[Sequence[Entry]]) -> float:
    """Return how wide the widest row is."""
    return max((sum(one.whole + _GAP for one in row) - _GAP for row in rows), default=0.0)


def draw_legend(pen: Pen, rows: Sequence[Sequence[Entry]], x: float, y: float) -> Markup:
    """Return the legend, its left upper corner at *x*, *y*."""
    drawn = []
    for number, row in enumerate(rows):
        at, middle = x, y + number * ROW_PX + ROW_PX / 2
        for entry in row:
            drawn.append(entry.draw(pen, at, middle))
            drawn.append(pen.words("detail", at + entry.width + _BESIDE, middle + 4, entry.word))
            at += entry.whole + _GAP
    return pen.mark("g", "legend" if pen.plain is None else "", *drawn, aria_hidden="true")
