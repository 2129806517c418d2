"""Where the pills of graph parameters stand: beside the node they feed, where there is room."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import attrs

from creevey_graph.views.layout import Box, Layout, Route
from creevey_graph.views.marks.lines import overlap

GAP_PX = 28.0
_CLEAR_PX = 10.0
_DOWN = (0.5, 0.25, 0.75)
"""How far down its node's side a pill may stand."""


def place_beside(layout: Layout, pills: Mapping[str, tuple[str, tuple[float, float]]]) -> Layout:
    """
    Return the layout with the pills that find room: on the left of their node, else on its right.

    Args:
        layout: Of everything else.
        pills: Name -> the node it feeds, and its size.
    """
    taken = [*layout.boxes.values(), *(box for route in layout.routes for box in boxes_of(route))]
    boxes, routes = dict(layout.boxes), list(layout.routes)
    for name, (node, size) in pills.items():
        own = layout.boxes[node]
        for box, points in places(own, size):
            reach = Box(
                min(box.x, points[1][0]) - _CLEAR_PX * (box.x < own.x),
                box.y - _CLEAR_PX / 2,
                box.width + GAP_PX + _CLEAR_PX,
                box.height + _CLEAR_PX,
            )
            others = [other for other in taken if other is not own]
            frames = [frame for frame in layout.groups.values() if not _is_within(own, frame)]
            if not any(overlap(reach, other) for other in [*others, *frames, *_borders(layout, reach, own)]):
                taken += [reach]
                boxes[name] = box
                routes.append(Route(name, node, points))
                break
    return fitted_canvas(attrs.evolve(layout, boxes=boxes, routes=tuple(routes)))


def places(own: Box, size: tuple[float, float]) -> Iterator[tuple[Box, tuple[tuple[float, float], ...]]]:
    """Yield places of a pill beside a box, with the line from one to the other, best first."""
    width, height = size
    for share in _DOWN:
        y = own.y + own.height * share
        left = Box(own.x - GAP_PX - width, y - height / 2, width, height)
        yield left, ((own.x - GAP_PX, y), (own.x, y))
        end = own.x + own.width
        yield Box(end + GAP_PX, y - height / 2, width, height), ((end + GAP_PX, y), (end, y))


def boxes_of(route: Route) -> Iterator[Box]:
    """Yield a box around each part of a line."""
    for (x, y), (to_x, to_y) in pairwise(route.points):
        yield Box(min(x, to_x) - 3, min(y, to_y), abs(to_x - x) + 6, abs(to_y - y))


def _is_within(box: Box, frame: Box) -> bool:
    return (
        frame.x <= box.x
        and box.x + box.width <= frame.x + frame.width
        and frame.y <= box.y
        and box.y + box.height <= frame.y + frame.height
    )


def _borders(layout: Layout, reach: Box, own: Box) -> Sequence[Box]:
    """Return the frames around *own* that what reaches out of it would cut."""
    return [
        frame for frame in layout.groups.values() if _is_within(own, frame) and not _is_within(reach, frame)
    ]


def fitted_canvas(layout: Layout) -> Layout:
    """Return the layout moved to the right where something stands left of its canvas, and as wide as it is."""
    left = min([0.0, *(box.x for box in layout.boxes.values())])
    right = max([layout.width, *(box.x + box.width for box in layout.boxes.values())])
    return attrs.evolve(shifted(layout, -left, 0.0), width=right - left)


def shifted(layout: Layout, right: float, down: float) -> Layout:
    """Return the layout at another place."""

    def at(box: Box) -> Box:
        return Box(round(box.x + right, 1), round(box.y + down, 1), box.width, box.height)

    return attrs.evolve(
        layout,
        boxes={name: at(box) for name, box in layout.boxes.items()},
        groups={path: at(box) for path, box in layout.groups.items()},
        routes=tuple(
            attrs.evolve(
                route, points=tuple((round(x + right, 1), round(y + down, 1)) for x, y in route.points)
            )
            for route in layout.routes
        ),
    )
