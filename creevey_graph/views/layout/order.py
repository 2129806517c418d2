"""
In which order the vertices of each row stand, so that few lines cross.

From each of several starts, sweeps sort the rows by where their neighbours stand, and sifting moves single
vertices. The best order found is then shaken a few rows at a time, as long as there is time for it.

Sources: E. Gansner et al., "A technique for drawing directed graphs", IEEE TSE 19 (1993), section 3; for
the shaking H. Lourenço, O. Martin, T. Stützle, "Iterated local search", Handbook of Metaheuristics (2003).
"""

from collections.abc import Sequence

from creevey_graph.views.layout.chance import Chance
from creevey_graph.views.layout.layers import Layers
from creevey_graph.views.layout.ordering import Ordering
from creevey_graph.views.layout.sorting import sort_row, start_rows, sweep_rows
from creevey_graph.views.layout.starts import starts

MOST_WORK = 200_000
"""Lines looked at while shaking; a bound on the time, the same on every machine."""
MOST_SWEEPS = 24
PATIENCE = 4
"""Sweeps without fewer crossings after which another start is more promising."""
SHAKES = 1000


def order_rows(layers: Layers) -> list[list[int]]:
    """Return the vertices of each row from left to right: the order with the fewest crossings of those tried."""
    best = []
    fewest = -1
    work = 0
    for values in starts(layers):
        found = improve(Ordering(layers, start_rows(layers, values)))
        work += found.work
        if fewest < 0 or found.crossings < fewest:
            best, fewest = found.rows, found.crossings
        if not fewest or work > MOST_WORK:
            break
    if not fewest:
        return best
    ordering = Ordering(layers, best)
    shake(ordering, MOST_WORK)
    return ordering.rows


def improve(ordering: Ordering) -> Ordering:
    """Sweep and sift as long as that promises fewer crossings; return the best order on the way."""
    ordering.settle(level=False)
    ordering.mark()
    fewest, idle = ordering.crossings, 0
    for sweep in range(MOST_SWEEPS):
        if not fewest or idle == PATIENCE:
            break
        rows = sweep_rows(ordering.layers, ordering.rows, down=sweep % 2 == 0, median=sweep % 4 > 1)
        ordering.rearrange(dict(enumerate(rows)))
        ordering.settle(level=sweep % 2 == 1)
        idle += 1
        if ordering.crossings < fewest:
            fewest, idle = ordering.crossings, 0
            ordering.mark()
    ordering.undo()
    return ordering


def shake(ordering: Ordering, most_work: int) -> None:
    """Move the vertices of a few rows about, settle, and keep what has no more crossings; again and again."""
    layers = ordering.layers
    wide = [rank for rank, row in enumerate(ordering.rows) if len(row) > 1]
    chance = Chance(1)
    ordering.work = 0
    idle = 0
    while ordering.crossings and ordering.work < most_work and idle < SHAKES:
        fewest = ordering.crossings
        ordering.rearrange(shaken(layers, ordering.rows, wide, chance))
        ordering.settle(level=False)
        if ordering.crossings > fewest:
            ordering.undo()
        idle = 0 if ordering.crossings < fewest else idle + 1
        ordering.mark()


WINDOW = 2
AMP = 5.0

def shaken(
    layers: Layers, rows: Sequence[Sequence[int]], wide: Sequence[int], chance: Chance
) -> dict[int, list[int]]:
    """Return other orders for a few neighbouring rows."""
    start = chance.below(len(wide))
    found = {}
    for rank in wide[start : start + 1 + chance.below(WINDOW)]:
        values = {vertex: place + chance.spread(AMP) for place, vertex in enumerate(rows[rank])}
        found[rank] = sort_row(layers, rows[rank], values, rows[rank])
    return found
