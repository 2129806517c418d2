"""
Sorting rows by values of their vertices, each group's vertices together.

Source: E. Gansner et al., "A technique for drawing directed graphs", IEEE TSE 19 (1993), section 3.
"""

from collections.abc import Sequence

from creevey_graph.views.layout.layers import Kind, Layers


def start_rows(layers: Layers, values: Sequence[float]) -> list[list[int]]:
    """Return rows sorted by *values*, in which each group's vertices stand together between its borders."""
    known = dict(enumerate(values))
    rows: list[list[int]] = []
    for row in layers.rows:
        rows.append(sort_row(layers, row, known, rows[-1] if rows else []))
    return rows


def sweep_rows(layers: Layers, rows: Sequence[Sequence[int]], *, down: bool, median: bool) -> list[list[int]]:
    """
    Return the rows, each sorted by where its vertices' neighbours stand in the row before it.

    Args:
        layers: What is ordered.
        rows: From left to right.
        down: From the top to the bottom, by neighbours above; else the other way.
        median: Sort by the median place of the neighbours, else by the mean.
    """
    neighbours = layers.above if down else layers.below
    middle = median_of if median else mean_of
    swept: list[list[int]] = []
    for row in rows if down else reversed(rows):
        fixed = swept[-1] if swept else []
        places = {vertex: place for place, vertex in enumerate(fixed)}
        values = {}
        for place, vertex in enumerate(row):
            near = [places[other] for other in neighbours[vertex]] if fixed else []
            values[vertex] = middle(near) if near else float(place)
        swept.append(sort_row(layers, row, values, fixed))
    return swept if down else swept[::-1]


def mean_of(places: Sequence[int]) -> float:
    """Return the mean of *places*."""
    return sum(places) / len(places)


def median_of(places: Sequence[int]) -> float:
    """
    Return the median of *places*; of an even number the point between the middle two, nearer to the denser side.

    Source: Gansner et al. (1993), figure 3-3.
    """
    found = sorted(places)
    half = len(found) // 2
    if len(found) % 2:
        return float(found[half])
    left, right = found[half - 1] - found[0], found[-1] - found[half]
    if not left + right:
        return (found[half - 1] + found[half]) / 2
    return (found[half - 1] * right + found[half] * left) / (left + right)


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
