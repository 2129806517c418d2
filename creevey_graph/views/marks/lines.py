"""Lines of edges, their arrowheads, and their labels where one is needed."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import attrs

from creevey_graph.shape import Shape
from creevey_graph.views.layout import Box, Route
from creevey_graph.views.marks.pen import Markup, Pen, figure, quoted
from creevey_graph.views.marks.widths import fitted, text_px
from creevey_graph.views.quoting import inert

HEAD_PX, HALF_HEAD_PX = 7.0, 3.5
LABEL_PX, LABEL_HEIGHT = 10.5, 13.0
_MOST_LABEL_PX = 110.0
_PLACES = (0.5, 0.62, 0.38, 0.74, 0.26, 0.88)
_OVER_END = (22.0, 37.0, 55.0)
Point = tuple[float, float]


@attrs.frozen
class Line:
    """
    An edge as it is drawn.

    Args:
        route: Where it goes.
        told: Its tooltip.
        label: Text on it, "" for none.
        is_parameter: Whether it comes from a graph parameter.
        is_stale: Whether what it brings is made anew since something changed.
    """

    route: Route
    told: str
    label: str = ""
    is_parameter: bool = False
    is_stale: bool = False


def labels_of(shape: Shape) -> Mapping[tuple[str, str], str]:
    """Return (giver, reader) -> what to write on the edge: names of parameters where a node reads several things."""
    count: dict[str, int] = {}
    for _, reader, parameters in shape.edges:
        count[reader] = count.get(reader, 0) + max(1, len(parameters))
    return {
        (giver, reader): fitted(", ".join(map(inert, parameters)), _MOST_LABEL_PX, LABEL_PX)
        for giver, reader, parameters in shape.edges
        if count[reader] > 1
    }


def draw_line(pen: Pen, line: Line) -> Markup:
    """Return the line with its arrowhead and tooltip."""
    stale = line.is_stale
    classes = "line" + " line-parameter" * line.is_parameter + " line-stale" * stale
    points = line.route.points
    if line.is_parameter:
        x, y = points[-1]
        path, head = (
            pen.mark("path", classes, d=path_of(points)),
            pen.mark("circle", "head", cx=x, cy=y, r=2.5),
        )
    else:
        path = pen.mark("path", classes, d=path_of(shortened(points)))
        head = pen.mark("path", "head head-stale" if stale else "head", d=head_of(points[-1]))
    return pen.mark("g", "edge" if pen.plain is None else "", pen.told([line.told]), path, head)


def shortened(points: Sequence[Point]) -> list[Point]:
    """Return the points, the last one at the back of the arrowhead."""
    x, y = points[-1]
    return [*points[:-1], (x, y - HEAD_PX + 1)]


def path_of(points: Sequence[Point]) -> str:
    """
    Return the points as a path that leaves and enters every slanted part upright.

    >>> path_of([(0, 0), (0, 10), (20, 30)])
    'M0 0L0 10C0 20 20 20 20 30'
    """
    parts = [f"M{figure(points[0][0])} {figure(points[0][1])}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        if x == to_x or to_y <= y:
            parts.append(f"L{figure(to_x)} {figure(to_y)}")
        else:
            middle = figure((y + to_y) / 2)
            parts.append(f"C{figure(x)} {middle} {figure(to_x)} {middle} {figure(to_x)} {figure(to_y)}")
    return "".join(parts)


def head_of(tip: Point) -> str:
    """Return an arrowhead that points down at *tip*."""
    x, y = tip
    return f"M{figure(x)} {figure(y)}l{figure(-HALF_HEAD_PX)} {figure(-HEAD_PX)}h{figure(2 * HALF_HEAD_PX)}Z"


# --- labels ------------------------------------------------------------------------------------


def draw_labels(pen: Pen, lines: Sequence[Line], taken: Sequence[Box], groups: Sequence[Box]) -> list[Markup]:
    """
    Return the labels, each where it hides no box and no other label; one that finds no room is left out.

    Args:
        pen: Draws them.
        lines: All of them.
        taken: Boxes that no label hides.
        groups: Boxes of sub-graphs, whose paper labels in them have.
    """
    placed: list[Box] = list(taken)
    drawn = []
    for line in lines:
        if not line.label:
            continue
        width = text_px(line.label, LABEL_PX) + 6
        for x, y in label_points(line.route.points):
            box = Box(x - width / 2, y - LABEL_HEIGHT / 2, width, LABEL_HEIGHT)
            if not any(overlap(box, other) for other in placed):
                placed.append(box)
                is_grouped = any(overlap(Box(x, y, 0, 0), group) for group in groups)
                drawn.append(draw_back(pen, box, is_grouped=is_grouped))
                drawn.append(pen.mark("text", "label in-middle", quoted(line.label), x=x, y=y + 3.8))
                break
    return drawn


def draw_back(pen: Pen, box: Box, *, is_grouped: bool) -> Markup:
    """Return a patch of paper that keeps lines from running through text."""
    classes = "back back-group" if is_grouped else "back"
    return pen.mark("rect", classes, x=box.x, y=box.y, width=box.width, height=box.height, rx=3)


def label_points(points: Sequence[Point]) -> list[Point]:
    """Return where a label may stand, best first: on the parts that come last, over the end of upright ones."""
    found: list[Point] = []
    for (x, y), (to_x, to_y) in reversed(list(pairwise(points))):
        length = to_y - y
        if length < LABEL_HEIGHT + HEAD_PX:
            continue
        if x == to_x:
            found += [(x, to_y - up) for up in _OVER_END if up + LABEL_HEIGHT / 2 <= length]
        # a Bezier curve whose handles are upright
        across = [3 * share**2 - 2 * share**3 for share in _PLACES]
        down = [1.5 * share * (1 - share) + share**3 for share in _PLACES]
        found += [(x + (to_x - x) * a, y + length * d) for a, d in zip(across, down, strict=True)]
    return found


def overlap(one: Box, other: Box) -> bool:
    """
    Return whether two boxes share a point.

    >>> overlap(Box(0, 0, 10, 10), Box(9, 9, 2, 2)), overlap(Box(0, 0, 10, 10), Box(10, 0, 2, 2))
    (True, False)
    """
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )
