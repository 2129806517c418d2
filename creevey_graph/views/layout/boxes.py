"""What a layout is: boxes of nodes and groups, and the lines between them. All figures are px, y grows down."""

from collections.abc import Mapping

import attrs

Point = tuple[float, float]
GroupPath = tuple[str, ...]


@attrs.frozen
class Box:
    """A rectangle; x and y are those of its left top corner."""

    x: float
    y: float
    width: float
    height: float


@attrs.frozen
class Route:
    """
    The line of one edge.

    Args:
        source: The node it leaves.
        target: The node it enters.
        points: From the bottom border of the source to the top border of the target; at least two.
    """

    source: str
    target: str
    points: tuple[Point, ...]


@attrs.frozen
class Layout:
    """
    A graph on paper.

    Args:
        width: Of the canvas, which everything lies on.
        height: Of the canvas.
        boxes: Node -> its box.
        groups: Path of a group, outermost name first -> a box around its nodes and inner groups, and no other node.
        routes: A line for each edge, in the order of the edges.
    """

    width: float
    height: float
    boxes: Mapping[str, Box]
    groups: Mapping[GroupPath, Box]
    routes: tuple[Route, ...]
