"""What every layout keeps, for the tests of the layout."""

from itertools import combinations, pairwise

CLOSE = 1e-6


def check_layout(layout, sizes, edges, groups, *, node_gap_px=24):
    """Raise AssertionError where a layout of this graph breaks a law."""
    check_boxes(layout, sizes, node_gap_px)
    check_groups(layout, sizes, groups, node_gap_px)
    check_routes(layout, edges)


def check_boxes(layout, sizes, node_gap_px):
    """Every node has a box of its size on the canvas, apart from the others."""
    assert list(sizes) == list(layout.boxes)
    canvas = (0, 0, layout.width, layout.height)
    for name, box in layout.boxes.items():
        assert sizes[name] == (box.width, box.height)
        assert is_inside(edges_of(box), canvas), name
    for one, other in combinations(layout.boxes.values(), 2):
        assert not is_overlap(one, other, node_gap_px)


def check_groups(layout, sizes, groups, node_gap_px):
    """Each group's box holds its nodes and inner groups, and no other node or group."""
    paths = {path[:depth] for path in groups.values() for depth in range(1, len(path) + 1)}
    assert paths == set(layout.groups)
    for path, box in layout.groups.items():
        assert is_inside(edges_of(box), (0, 0, layout.width, layout.height)), path
        for name in sizes:
            if groups.get(name, ())[: len(path)] == path:
                assert is_inside(edges_of(layout.boxes[name]), edges_of(box)), (name, path)
            else:
                assert not is_overlap(layout.boxes[name], box, node_gap_px), (name, path)
        for other, inner in layout.groups.items():
            if other[: len(path)] == path:
                assert is_inside(edges_of(inner), edges_of(box))
            elif path[: len(other)] != other:
                assert not is_overlap(box, inner, node_gap_px), (path, other)


def check_routes(layout, edges):
    """Each edge goes down, from the bottom border of its source to the top border of its target, past all boxes."""
    assert list(edges) == [(route.source, route.target) for route in layout.routes]
    for route in layout.routes:
        source, target = layout.boxes[route.source], layout.boxes[route.target]
        (x, y), (to_x, to_y) = route.points[0], route.points[-1]
        assert len(route.points) >= 2
        assert abs(y - source.y - source.height) < CLOSE
        assert abs(to_y - target.y) < CLOSE
        assert source.x - CLOSE <= x <= source.x + source.width + CLOSE
        assert target.x - CLOSE <= to_x <= target.x + target.width + CLOSE
        assert all(a[1] <= b[1] + CLOSE for a, b in pairwise(route.points))
        for point in route.points:
            assert is_inside((*point, *point), (0, 0, layout.width, layout.height))
        for name, box in layout.boxes.items():
            if name not in {route.source, route.target}:
                assert not any(is_cut(a, b, box) for a, b in pairwise(route.points)), (route, name)


def edges_of(box):
    return box.x, box.y, box.x + box.width, box.y + box.height


def is_inside(inner, outer):
    return (
        inner[0] >= outer[0] - CLOSE
        and inner[1] >= outer[1] - CLOSE
        and inner[2] <= outer[2] + CLOSE
        and inner[3] <= outer[3] + CLOSE
    )


def is_overlap(one, other, gap_px):
    """True where two boxes have a row in common and are nearer than *gap_px* in it."""
    a, b = edges_of(one), edges_of(other)
    beside = a[1] < b[3] - CLOSE and b[1] < a[3] - CLOSE
    return beside and a[0] < b[2] + gap_px - CLOSE and b[0] < a[2] + gap_px - CLOSE


def is_cut(a, b, box):
    """True where the line from *a* down to *b* goes through the inside of *box* (Liang and Barsky's clipping)."""
    left, top, right, bottom = edges_of(box)
    low, high = 0.0, 1.0
    for start, end, least, most in ((a[0], b[0], left, right), (a[1], b[1], top, bottom)):
        step = end - start
        if abs(step) < CLOSE:
            if not least + CLOSE < start < most - CLOSE:
                return False
            continue
        enter, leave = sorted(((least + CLOSE - start) / step, (most - CLOSE - start) / step))
        low, high = max(low, enter), min(high, leave)
    return low < high


def crossings_of(layout):
    """Return how many pairs of edges without a node in common cross."""
    return sum(
        any(is_crossing(a, b, c, d) for a, b in pairwise(one.points) for c, d in pairwise(other.points))
        for one, other in combinations(layout.routes, 2)
        if not {one.source, one.target} & {other.source, other.target}
    )


def is_crossing(a, b, c, d):
    def side(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
