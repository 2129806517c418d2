"""
In which order the vertices of each row stand, so that few lines cross.

From each of several starts, sweeps sort the rows by where their neighbours stand, and sifting moves single
vertices. The best order found is then shaken a few rows at a time, as long as there is time for it.

Source: E. Gansner et al., "A technique for drawing directed graphs", IEEE TSE 19 (1993), section 3; for what
is beyond it see `sifting`, `untangling` and `shaking`.
"""

from creevey_graph.views.layout.layers import Layers
from creevey_graph.views.layout.ordering import Ordering
from creevey_graph.views.layout.shaking import shake
from creevey_graph.views.layout.sorting import start_rows, sweep_rows
from creevey_graph.views.layout.starts import starts
from creevey_graph.views.layout.untangling import untangled

START_WORK = 250_000
UNTANGLE_WORK = 30_000
SHAKE_WORK = 150_000
"""Lines looked at from all starts, and then in each part: bounds on the time, the same on every machine."""
MOST_SWEEPS = 24
PATIENCE = 4
"""Sweeps without fewer crossings after which another start is more promising."""
MOST_UNTANGLED = 6


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
    untangle_all(best)
    shake(best, SHAKE_WORK)
    untangle_all(best)
    return best.rows


def untangle_all(ordering: Ordering) -> None:
    """Let long edges with an end in common change places until none of them cross, and settle what that frees."""
    ordering.most_work = ordering.work + UNTANGLE_WORK
    for turn in range(MOST_UNTANGLED):
        rows = untangled(ordering.layers, ordering.rows, down=turn % 2 == 0)
        before = ordering.crossings
        ordering.rearrange(rows)
        ordering.settle(level=False)
        ordering.mark()
        if turn and ordering.crossings == before:
            break


def improve(ordering: Ordering, most_work: int) -> None:
    """Sweep and sift as long as that promises fewer crossings; leave the best order on the way."""
    ordering.most_work = most_work
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
