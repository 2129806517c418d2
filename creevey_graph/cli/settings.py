"""`--set name=value`: a graph with its parameters set."""

from collections.abc import Sequence

from creevey_graph import Graph
from creevey_graph.cli.tracebacks import failure_of
from creevey_graph.settings import read_settings


def bound_graph(graph: Graph, settings: Sequence[str]) -> Graph:
    """
    Return *graph* with its parameters set.

    Args:
        graph: The graph.
        settings: "name=value" each.

    Raises:
        UsageError: There is no such parameter, or the value is not what it takes.
        Failure: The graph cannot be made with it.
    """
    if not settings:
        return graph
    values = read_settings(graph, settings)
    try:
        return graph.bind(**values)
    except Exception as exc:  # tracing runs the user's function, which may raise anything
        raise failure_of(f"graph '{graph.name}' cannot be made with {', '.join(settings)}", exc) from exc
