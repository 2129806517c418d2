"""The graph to lay out, checked and told in numbers: node 0, 1, 2 … in the order it was given."""

import math
from collections.abc import Mapping, Sequence

import attrs

from creevey_graph.views.layout.boxes import GroupPath

Edge = tuple[int, int]


@attrs.frozen
class Given:
    """
    A directed graph without cycles.

    Args:
        names: Of its nodes.
        sizes: Width and height of each, in px.
        edges: From the upper to the lower node; each once.
        paths: Of the group each node stands in, () for none.
        order: The nodes, sources before their readers.
    """

    names: tuple[str, ...]
    sizes: tuple[tuple[float, float], ...]
    edges: tuple[Edge, ...]
    paths: tuple[GroupPath, ...]
    order: tuple[int, ...]


def check_given(
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    groups: Mapping[str, GroupPath],
) -> Given:
    """
    Return the graph in numbers.

    Raises:
        ValueError: A size is no size, an edge or a group names no node, or there is a cycle.
    """
    names = tuple(sizes)
    numbers = {name: number for number, name in enumerate(names)}
    validate_sizes(sizes)
    for name in [name for edge in edges for name in edge] + list(groups):
        if name not in numbers:
            raise ValueError(f"node {name!r} must have a size; add it to 'sizes'")
    validate_paths(groups)
    distinct = tuple(dict.fromkeys((numbers[source], numbers[target]) for source, target in edges))
    order = order_of(len(names), distinct)
    if len(order) < len(names):
        cycle = find_cycle(distinct, set(range(len(names))) - set(order))
        raise ValueError(f"edges must have no cycle (got {' -> '.join(names[node] for node in cycle)})")
    paths = tuple(tuple(groups.get(name, ())) for name in names)
    return Given(names, tuple((float(w), float(h)) for w, h in sizes.values()), distinct, paths, order)


def validate_sizes(sizes: Mapping[str, tuple[float, float]]) -> None:
    """
    Check that every node has a width and a height.

    Raises:
        ValueError: One has not.
    """
    for name, size in sizes.items():
        if len(size) != 2 or not all(math.isfinite(side) and side >= 0 for side in size):  # noqa: PLR2004 - width and height
            raise ValueError(
                f"size of node {name!r} must be a width and a height of at least 0 (got {size!r})"
            )


def validate_paths(groups: Mapping[str, Sequence[str]]) -> None:
    """
    Check that groups are paths: a text would be taken for a path of its letters.

    Raises:
        ValueError: One is no path.
    """
    for name, path in groups.items():
        if isinstance(path, str):
            raise ValueError(f"group of node {name!r} must be a tuple of names (got {path!r})")  # noqa: TRY004 - as all here


def order_of(count: int, edges: Sequence[Edge]) -> tuple[int, ...]:
    """
    Return the nodes so that edges go forward; those on or behind a cycle are left out.

    Source: A. B. Kahn, "Topological sorting of large networks", CACM 5 (1962).
    """
    waiting = [0] * count
    readers: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        readers[source].append(target)
        waiting[target] += 1
    order = [node for node in range(count) if not waiting[node]]
    for node in order:
        for reader in readers[node]:
            waiting[reader] -= 1
            if not waiting[reader]:
                order.append(reader)
    return tuple(order)


def find_cycle(edges: Sequence[Edge], stuck: set[int]) -> list[int]:
    """Return a cycle among the nodes that Kahn's order left out, its first node again at its end."""
    before = {target: source for source, target in reversed(edges) if source in stuck and target in stuck}
    seen: dict[int, int] = {}
    node = min(before)
    while node not in seen:
        seen[node] = len(seen)
        node = before[node]
    cycle = list(seen)[seen[node] :]
    return [node, *reversed(cycle)]
