"""From a graph to its layout: parts, rows, order, coordinates, lines."""

from collections.abc import Mapping, Sequence

import attrs

from creevey_graph.views.layout.boxes import Box, GroupPath, Layout, Point, Route
from creevey_graph.views.layout.components import shelve, split_parts
from creevey_graph.views.layout.coordinates import place_vertices
from creevey_graph.views.layout.given import Edge, Given, check_given
from creevey_graph.views.layout.heights import bands_of, box_around, box_of_group
from creevey_graph.views.layout.layers import layers_of
from creevey_graph.views.layout.order import order_rows
from creevey_graph.views.layout.ranks import rank_nodes
from creevey_graph.views.layout.routes import route_edges
from creevey_graph.views.layout.spacing import Spacing
from creevey_graph.views.layout.trees import tree_of


def lay_out(
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    groups: Mapping[str, GroupPath] = {},
    *,
    node_gap_px: float = 24,
    rank_gap_px: float = 48,
    group_padding_px: float = 14,
    group_title_px: float = 18,
) -> Layout:
    """
    Return where nodes, groups and edges stand: sources at the top, edges downwards, few crossings.

    The same input gives the same layout, to the bit.

    Args:
        sizes: Node -> width and height of its box.
        edges: From source to target; one that is given twice is drawn once, and has its route twice.
        groups: Node -> names of the sub-graphs it stands in, outermost first; nodes left out stand in none.
        node_gap_px: Least room between two boxes side by side.
        rank_gap_px: Room between two rows, beside that for groups' borders.
        group_padding_px: Room between a group's border and what is in it.
        group_title_px: More room at a group's top, for its name.

    Raises:
        ValueError: There is a cycle, an edge or group names an unknown node, or a figure is none.

    >>> layout = lay_out({"a": (80, 30), "b": (80, 30)}, [("a", "b")])
    >>> layout.boxes["b"], layout.routes[0].points
    (Box(x=0.0, y=78.0, width=80.0, height=30.0), ((40.0, 30.0), (40.0, 78.0)))

    """
    spacing = Spacing(node_gap_px, rank_gap_px, group_padding_px, group_title_px)
    given = check_given(sizes, edges, groups)
    parts = [lay_out_part(given, nodes, spacing) for nodes in split_parts(given)]
    shelves = shelve([(part.width, part.height) for part in parts], 2 * spacing.node_gap, spacing.rank_gap)
    moved = [part.moved(*corner) for part, corner in zip(parts, shelves.corners, strict=True)]
    boxes = {node: box for part in moved for node, box in part.boxes.items()}
    lines = {edge: line for part in moved for edge, line in part.lines.items()}
    numbers = {name: number for number, name in enumerate(given.names)}
    return Layout(
        width=shelves.width,
        height=shelves.height,
        boxes={name: boxes[number] for name, number in numbers.items()},
        groups={path: box for part in moved for path, box in part.groups.items()},
        routes=tuple(
            Route(source, target, lines[numbers[source], numbers[target]]) for source, target in edges
        ),
    )


@attrs.frozen
class Part:
    """A connected part of the graph on a paper of its own; nodes in the graph's numbers."""

    width: float
    height: float
    boxes: dict[int, Box]
    groups: dict[GroupPath, Box]
    lines: dict[Edge, tuple[Point, ...]]

    def moved(self, right: float, down: float) -> "Part":
        """Return it at another place."""

        def at(box: Box) -> Box:
            return attrs.evolve(box, x=box.x + right, y=box.y + down)

        return Part(
            self.width,
            self.height,
            {node: at(box) for node, box in self.boxes.items()},
            {path: at(box) for path, box in self.groups.items()},
            {edge: tuple((x + right, y + down) for x, y in line) for edge, line in self.lines.items()},
        )


def lay_out_part(given: Given, nodes: Sequence[int], spacing: Spacing) -> Part:
    """Return the layout of one connected part, its left top corner at 0, 0."""
    local = {node: number for number, node in enumerate(nodes)}
    edges = [(local[a], local[b]) for a, b in given.edges if a in local]
    paths = [given.paths[node] for node in nodes]
    ranks = rank_nodes([local[node] for node in given.order if node in local], edges, paths)
    tree = tree_of(paths, ranks)
    layers = layers_of(ranks, edges, tree)
    rows = order_rows(layers)
    sizes = [given.sizes[node] for node in nodes] + [(0.0, 0.0)] * (len(layers.kinds) - len(nodes))
    xs = place_vertices(layers, rows, [width for width, _ in sizes], spacing)
    bands = bands_of(layers, [height for _, height in sizes], spacing)
    lines = route_edges(layers, xs, sizes, bands.rows)
    boxes = {
        node: box_around(xs[number], bands.rows, ranks[number], given.sizes[node])
        for node, number in local.items()
    }
    groups = {
        tree.paths[group]: box_of_group(layers, group, xs, bands) for group in range(1, len(tree.paths))
    }
    every = [*boxes.values(), *groups.values()]
    left = min([box.x for box in every] + [x for line in lines for x, _ in line])
    right = max([box.x + box.width for box in every] + [x for line in lines for x, _ in line])
    named = {(nodes[a], nodes[b]): line for (a, b), line in zip(edges, lines, strict=True)}
    return Part(right - left, bands.height, boxes, groups, named).moved(-left, 0.0)
