"""Orders of the rows to start from; which one leads to the fewest crossings cannot be known before."""

from collections.abc import Iterator, Sequence

from creevey_graph.views.layout.layers import Layers

MULTIPLIER, INCREMENT, MODULUS = 1_664_525, 1_013_904_223, 2**32
"""A linear congruential generator (W. Press et al., "Numerical Recipes", 1992, section 7.1): the same everywhere."""


def starts(layers: Layers) -> Iterator[list[float]]:
    """Yield values to sort the rows by, the most promising ones first; without end."""
    count = len(layers.kinds)
    vertices = [vertex for row in layers.rows for vertex in row]
    sources = [vertex for vertex in vertices if not layers.above[vertex]]
    sinks = [vertex for vertex in vertices if not layers.below[vertex]]
    yield discover(sources, (layers.below, layers.above), deep=True)
    yield discover(sinks[::-1], (layers.above, layers.below), deep=False)
    yield discover(sources, (layers.below, layers.above), deep=False)
    yield discover(sinks, (layers.above, layers.below), deep=True)
    yield [float(vertex) for vertex in range(count)]
    seed = 1
    while True:
        values = []
        for _ in range(count):
            seed = (seed * MULTIPLIER + INCREMENT) % MODULUS
            values.append(seed / MODULUS)
        yield values


def discover(roots: Sequence[int], ways: Sequence[Sequence[Sequence[int]]], *, deep: bool) -> list[float]:
    """
    Return for each vertex when a walk through the graph meets it.

    Args:
        roots: Where the walk starts, and starts again.
        ways: Neighbours of each vertex; the first ones are visited first.
        deep: Go on from the vertex met last, else from the one met first.
    """
    values = [-1.0] * len(ways[0])
    met = 0
    for root in roots:
        waiting = [root]
        head = 0
        while head < len(waiting):
            if deep:
                vertex = waiting.pop()
            else:
                vertex, head = waiting[head], head + 1
            if values[vertex] >= 0:
                continue
            values[vertex] = float(met)
            met += 1
            found = [other for way in ways for other in way[vertex] if values[other] < 0]
            waiting += reversed(found) if deep else found
    return values
