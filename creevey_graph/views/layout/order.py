"""In which order the vertices of each row stand, so that few lines cross."""

from collections.abc import Sequence

from creevey_graph.views.layout.crossings import count_crossings
from creevey_graph.views.layout.layers import Kind, Layers

SWEEPS = 12


def order_rows(layers: Layers) -> list[list[int]]:
    """
    Return the vertices of each row from left to right.

    Source: E. Gansner et al., "A technique for drawing directed graphs", IEEE TSE 19 (1993), section 3.
    """
    rows = start_rows(layers)
    best, fewest = rows, count_crossings(rows, layers.below)
    for sweep in range(SWEEPS):
        rows = sweep_rows(layers, rows, down=sweep % 2 == 0)
        crossings = count_crossings(rows, layers.below)
        if crossings < fewest:
            best, fewest = rows, crossings
        if not fewest:
            break
    return best


def start_rows(layers: Layers) -> list[list[int]]:
    """Return rows in which each group's vertices stand together between its borders."""
    values = {vertex: float(place) for row in layers.rows for place, vertex in enumerate(row)}
    rows: list[list[int]] = []
    for row in layers.rows:
        rows.append(sort_row(layers, row, values, rows[-1] if rows else []))
    return rows


def sweep_rows(layers: Layers, rows: Sequence[Sequence[int]], *, down: bool) -> list[list[int]]:
    """Return the rows, each sorted by the mean places of its vertices' neighbours in the row before it."""
    neighbours = layers.above if down else layers.below
    swept: list[list[int]] = []
    for row in rows if down else reversed(rows):
        fixed = swept[-1] if swept else []
        places = {vertex: place for place, vertex in enumerate(fixed)}
        values = {}
        for place, vertex in enumerate(row):
            near = [places[other] for other in neighbours[vertex]] if fixed else []
            values[vertex] = sum(near) / len(near) if near else float(place)
        swept.append(sort_row(layers, row, values, fixed))
    return swept if down else swept[::-1]


def sort_row(layers: Layers, row: Sequence[int], values: dict[int, float], fixed: Sequence[int]) -> list[int]:
    """
    Return *row* sorted by *values*, each group's vertices together between its borders.

    Groups that stand side by side in the *fixed* row too keep the order they have there; else their
    borders would cross.
    """
    places = {vertex: place for place, vertex in enumerate(row)}
    of_group = group_values(layers, row, values, fixed)
    keys: dict[int, tuple[tuple[float, float], ...]] = {}
    sides = {Kind.LEFT: float("-inf"), Kind.RIGHT: float("inf")}
    for vertex in row:
        own = (sides.get(layers.kinds[vertex], values[vertex]), float(places[vertex]))
        keys[vertex] = (
            *(of_group[group] for group in reversed(layers.tree.lineage(layers.groups[vertex]))),
            own,
        )
    return sorted(row, key=keys.__getitem__)


def group_values(
    layers: Layers, row: Sequence[int], values: dict[int, float], fixed: Sequence[int]
) -> dict[int, tuple[float, float]]:
    """Return for each group in *row* its mean value and a number that tells it from all others."""
    members: dict[int, list[float]] = {}
    for vertex in row:
        for group in layers.tree.lineage(layers.groups[vertex]):
            found = members.setdefault(group, [])
            if not layers.is_border(vertex):
                found.append(values[vertex])
    if not members:
        return {}
    lefts = {layers.groups[vertex]: vertex for vertex in row if layers.kinds[vertex] is Kind.LEFT}
    means = {
        group: sum(found) / len(found) if found else values[lefts[group]] for group, found in members.items()
    }
    siblings: dict[int, list[int]] = {}
    for vertex in fixed:
        if layers.kinds[vertex] is Kind.LEFT and layers.groups[vertex] in members:
            siblings.setdefault(layers.tree.parents[layers.groups[vertex]], []).append(layers.groups[vertex])
    for bound in siblings.values():
        means.update(zip(bound, rising([means[group] for group in bound]), strict=True))
    # equal values, as pooled ones are: the order of the fixed row, then of the groups' numbers
    turns = {
        layers.groups[vertex]: turn for turn, vertex in enumerate(fixed) if layers.kinds[vertex] is Kind.LEFT
    }
    return {group: (means[group], turns.get(group, len(fixed) + group)) for group in members}


def rising(values: Sequence[float]) -> list[float]:
    """
    Return the values nearest to *values* that never fall.

    Source: M. Ayer et al., "An empirical distribution function for sampling with incomplete
    information", Ann. Math. Stat. 26 (1955): pool adjacent violators.
    """
    pools: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while pools and pools[-1][0] * count > total * pools[-1][1]:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    return [total / count for total, count in pools for _ in range(count)]
