"""
Moves that may lead to fewer crossings where no single vertex can be moved for that.

Source: H. Lourenço, O. Martin, T. Stützle, "Iterated local search", Handbook of Metaheuristics (2003).
"""

from collections.abc import Sequence
from itertools import cycle

from creevey_graph.views.layout.chance import Chance
from creevey_graph.views.layout.layers import Kind, Layers
from creevey_graph.views.layout.ordering import Ordering
from creevey_graph.views.layout.sorting import sort_row

MOST_IDLE = 500
"""Shakes without fewer crossings after which there will hardly be any."""
MOST_ROWS = 2
"""Neighbouring rows that are shaken at once."""
WIDTHS = (2.0, 4.0, 8.0)
"""Places by which a vertex is moved at most, in turn: little moves find the most, wide ones what they miss."""
LINES_SHARE = 0.25
"""Of the shakes: those that move one long edge, at most; fewer where few edges are long."""


def shake(ordering: Ordering, most_work: int) -> None:
    """Move some vertices about, settle, and keep what has no more crossings; again and again."""
    wide = [rank for rank, row in enumerate(ordering.rows) if len(row) > 1]
    long = [chain for chain in ordering.layers.chains if len(chain) > 2]  # noqa: PLR2004 - its two ends alone
    lines_share = min(LINES_SHARE, len(long) / max(1, len(ordering.layers.chains)))
    chance = Chance(1)
    widths = cycle(WIDTHS)
    ordering.most_work = ordering.work + most_work
    idle = 0
    while ordering.crossings and ordering.work < ordering.most_work and idle < MOST_IDLE:
        fewest = ordering.crossings
        if chance.share() < lines_share:
            rows = move_line(ordering, long[chance.below(len(long))], chance)
        else:
            rows = shake_rows(ordering, wide, next(widths), chance)
        ordering.rearrange(rows)
        ordering.settle(level=False)
        idle = 0 if ordering.crossings < fewest else idle + 1
        if ordering.crossings > fewest:
            ordering.undo()
        ordering.mark()


def shake_rows(ordering: Ordering, wide: Sequence[int], width: float, chance: Chance) -> dict[int, list[int]]:
    """Return other orders for a few neighbouring rows; groups stay in the order they have."""
    start = chance.below(len(wide))
    found = {}
    for rank in wide[start : start + 1 + chance.below(MOST_ROWS)]:
        row = ordering.rows[rank]
        values = {vertex: place + chance.spread(width) for place, vertex in enumerate(row)}
        found[rank] = sort_row(ordering.layers, row, values, row)
    return found


def move_line(ordering: Ordering, chain: Sequence[int], chance: Chance) -> dict[int, list[int]]:
    """Return the rows after the long edge *chain* went to the other side of what it passes in one of them."""
    layers, places = ordering.layers, ordering.places
    passed = chain[1 + chance.below(len(chain) - 2)]
    row = ordering.rows[layers.ranks[passed]]
    other = row[chance.below(len(row))]
    side = 0.5 if places[other] > places[passed] else -0.5
    beside = {layers.ranks[vertex]: vertex for vertex in line_of(layers, other, right=side > 0)}
    found = {}
    for dummy in chain[1:-1]:
        rank = layers.ranks[dummy]
        if rank in beside and beside[rank] != dummy:
            row = ordering.rows[rank]
            values = {vertex: float(place) for place, vertex in enumerate(row)}
            values[dummy] = values[beside[rank]] + side
            found[rank] = sort_row(layers, row, values, row)
    return found


def line_of(layers: Layers, vertex: int, *, right: bool) -> list[int]:
    """Return the inner vertices of a long edge, one border of a group, or the node that *vertex* is."""
    if layers.kinds[vertex] is Kind.DUMMY:
        return layers.chain_of(vertex)
    if layers.is_border(vertex):
        group = layers.groups[vertex]
        rows = range(layers.tree.first[group], layers.tree.last[group] + 1)
        return [layers.borders[group, rank][1 if right else 0] for rank in rows]
    return [vertex]
