"""Orders of the rows to start from; which one leads to the fewest crossings cannot be known before."""

from collections.abc import Iterator, Sequence

from creevey_graph.views.layout.layers import Layers


def starts(layers: Layers) -> Iterator[list[float]]:
    """Yield values to sort the rows by: when walks through the graph meet each vertex."""
    vertices = [vertex for row in layers.rows for vertex in row]
    sources = [vertex for vertex in vertices if not layers.above[vertex]]
    sinks = [vertex for vertex in vertices if not layers.below[vertex]]
    yield discover(sources, (layers.below, layers.above), deep=True)
    yield discover(sinks[::-1], (layers.above, layers.below), deep=False)
    yield discover(sources, (layers.below, layers.above), deep=False)
    yield discover(sinks, (layers.above, layers.below), deep=True)


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
