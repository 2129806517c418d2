"""
In which order the vertices of each row stand, so that few lines cross.

From each of several starts, sweeps sort the rows by where their neighbours stand, and sifting moves single
vertices. The best order found is then shaken a few rows at a time, as long as there is time for it.

Sources: E. Gansner et al., "A technique for drawing directed graphs", IEEE TSE 19 (1993), section 3; for
the shaking H. Lourenço, O. Martin, T. Stützle, "Iterated local search", Handbook of Metaheuristics (2003).
"""

from collections.abc import Sequence
from itertools import cycle

from creevey_graph.views.layout.chance import Chance
from creevey_graph.views.layout.layers import Layers
from creevey_graph.views.layout.ordering import Ordering
from creevey_graph.views.layout.sorting import sort_row, start_rows, sweep_rows
from creevey_graph.views.layout.starts import starts

START_WORK = 250_000
SHAKE_WORK = 150_000
"""Lines looked at from all starts and while shaking: bounds on the time, the same on every machine."""
MOST_SWEEPS = 24
PATIENCE = 4
"""Sweeps without fewer crossings after which another start is more promising."""
MOST_IDLE = 300
"""Shakes without fewer crossings after which there will hardly be any."""
MOST_SHAKEN = 2
"""Neighbouring rows that are shaken at once."""
SHAKEN_WIDTHS = (2.0, 4.0, 8.0)
"""Places by which a vertex is moved at most, in turn: little moves find the most, wide ones what they miss."""


def order_rows(layers: Layers) -> list[list[int]]:
    """Return the vertices of each row from left to right: the order with the fewest crossings of those tried."""
    best: Ordering | None = None
    work = 0
    for values in starts(layers):
        found = Ordering(layers, start_rows(layers, values))
        improve(found, START_WORK - work)
        work += found.work
        if best is None or found.crossings < best.crossings:
            best = found
        if not best.crossings or work > START_WORK:
            break
    assert best is not None, "there is a start"
    shake(best, SHAKE_WORK)
    return best.rows


def improve(ordering: Ordering, most_work: int) -> None:
    """Sweep and sift as long as that promises fewer crossings; leave the best order on the way."""
    ordering.settle(level=False)
    ordering.mark()
    fewest, idle = ordering.crossings, 0
    for sweep in range(MOST_SWEEPS):
        if not fewest or idle == PATIENCE or ordering.work > most_work:
            break
        rows = sweep_rows(ordering.layers, ordering.rows, down=sweep % 2 == 0, median=sweep % 4 > 1)
        ordering.rearrange(dict(enumerate(rows)))
        ordering.settle(level=sweep % 2 == 1)
        idle += 1
        if ordering.crossings < fewest:
            fewest, idle = ordering.crossings, 0
            ordering.mark()
    ordering.undo()


def shake(ordering: Ordering, most_work: int) -> None:
    """Move the vertices of a few rows about, settle, and keep what has no more crossings; again and again."""
    wide = [rank for rank, row in enumerate(ordering.rows) if len(row) > 1]
    chance = Chance(1)
    widths = cycle(SHAKEN_WIDTHS)
    ordering.work = idle = 0
    while ordering.crossings and ordering.work < most_work and idle < MOST_IDLE:
        fewest = ordering.crossings
        ordering.rearrange(shaken(ordering, wide, next(widths), chance))
        ordering.settle(level=False)
        idle = 0 if ordering.crossings < fewest else idle + 1
        if ordering.crossings > fewest:
            ordering.undo()
        ordering.mark()


def shaken(ordering: Ordering, wide: Sequence[int], width: float, chance: Chance) -> dict[int, list[int]]:
    """Return other orders for a few neighbouring rows; groups stay in the order they have."""
    start = chance.below(len(wide))
    found = {}
    for rank in wide[start : start + 1 + chance.below(MOST_SHAKEN)]:
        row = ordering.rows[rank]
        values = {vertex: place + chance.spread(width) for place, vertex in enumerate(row)}
        found[rank] = sort_row(ordering.layers, row, values, row)
    return found
