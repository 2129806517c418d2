"""Bars of outcomes: how many items of each, in colour, and by its pattern where there is none."""

from collections.abc import Mapping

from creevey_graph.events import Outcome
from creevey_graph.paint import painted
from creevey_graph.views.palette import INKS

PATTERNS: Mapping[Outcome, str] = {
    Outcome.DONE: "█",
    Outcome.CACHED: "░",
    Outcome.RESTORED: "▒",
    Outcome.SKIPPED: "▓",
    Outcome.FAILED: "▚",
    Outcome.CANCELLED: "·",
}
"""Outcome -> what its part of a bar is filled with."""
BAR_WIDTH, WIDE_BAR_WIDTH = 10, 20
"""Columns of a node's bar."""
WIDE = 120
"""From so many columns on the bars of nodes are the longer ones."""
REST = "─"
"""Fills what is not there yet."""


def bar(counts: Mapping[Outcome, int], width: int, *, total: int | None = None) -> str:
    """
    Return a bar of *width* columns, in colour.

    Whatever there is has a column at least, as long as there are columns for all of it.

    Args:
        counts: Outcome -> items.
        width: Columns.
        total: What a full bar stands for; by default what there is.

    >>> from creevey_graph.paint import unpainted
    >>> unpainted(bar({Outcome.DONE: 90, Outcome.FAILED: 1}, 10))
    '█████████▚'
    """
    outcomes = [outcome for outcome in Outcome if counts.get(outcome, 0) > 0]
    parts = [counts[outcome] for outcome in outcomes]
    rest = 0 if total is None else max(total - sum(parts), 0)
    *columns, left = shares([*parts, rest], width)
    shown = [
        painted(PATTERNS[outcome] * size, INKS[outcome].terminal)
        for outcome, size in zip(outcomes, columns, strict=True)
    ]
    return "".join(shown) + painted(REST * (left if outcomes or rest else width), "dim")


def shares(parts: list[int], width: int) -> list[int]:
    """
    Return how many of *width* columns each part gets: as its size is, one at least where it is not 0.

    >>> shares([1000, 1, 0, 999], 10), shares([3, 3, 3], 2), shares([0, 0], 4)
    ([5, 1, 0, 4], [1, 1, 0], [0, 0])
    """
    whole = sum(parts)
    if not whole:
        return [0] * len(parts)
    exact = [width * part / whole for part in parts]
    columns = [max(int(size), 1 if part else 0) for size, part in zip(exact, parts, strict=True)]
    while (over := sum(columns) - width) != 0:
        if over < 0:
            place = max(range(len(parts)), key=lambda at: exact[at] - columns[at])
            columns[place] += 1
        else:
            place = max(range(len(parts)), key=lambda at: (columns[at] > 1, columns[at] - exact[at], at))
            columns[place] -= 1
    return columns


def mark(outcome: Outcome) -> str:
    """Return the pattern of an outcome in its colour: what explains a bar."""
    return painted(PATTERNS[outcome], INKS[outcome].terminal)
