"""
Our layout of graphs against graphviz's `dot`: crossings, lengths of edges, time.

    python benchmarks/layout.py                      # twenty graphs of 3 to 200 nodes
    python benchmarks/layout.py --json layout.json

Both get the same boxes, the same least distances and the same sub-graphs. Both are measured by one
counter on what is drawn: our lines as they are, dot's curves cut into short straight pieces. A crossing
is a point where two lines cut through each other. dot lets the lines of a node meet in one point and run
side by side from there, so two lines with a node in common count as crossing only where they do so more
than half the distance of two rows away from it, for both programs. Lengths are those of the lines as drawn, in
px. Seconds are of one layout: for dot the whole process, its start (some 20 ms) included; for ours the call.
"""

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

import attrs
from layout_graphs import GRAPHS, Case
from timing import format_table, write_json

from creevey_graph.views.layout import lay_out

NODE_GAP_PX, RANK_GAP_PX, PADDING_PX, TITLE_PX = 24, 48, 14, 18
POINTS_AN_INCH = 72
PIECES = 24
"""Straight pieces that one of dot's cubic curves is measured as."""

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
HEAD = ["graph", "nodes", "edges", "crossings", "dot", "length / dot", "seconds", "dot"]


@attrs.frozen
class Drawing:
    """
    A graph on paper.

    Args:
        lines: Source, target and points of each edge.
        boxes: Node -> left, top, right and bottom.
        seconds: What it took.
    """

    lines: list[tuple[str, str, list[Point]]]
    boxes: dict[str, Rectangle]
    seconds: float


def main() -> None:
    options = parse_options()
    if not shutil.which("dot"):
        sys.exit("benchmarks/layout.py compares with graphviz: install it, so that 'dot' is on the PATH")
    figures = [compare(make()) for make in GRAPHS]
    print(format_table([HEAD, *(row_of(figure) for figure in figures)]))
    fewer = sum(figure["crossings"] <= figure["dot_crossings"] for figure in figures)
    print(f"no more crossings in {fewer} of {len(figures)}")
    ratios = [figure["length_px"] / figure["dot_length_px"] for figure in figures]
    print(f"length of edges / dot: median {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")
    print(f"slowest: {max(figure['seconds'] for figure in figures):.2f} s")
    if options.json:
        write_json(options.json, {"graphs": figures})


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", metavar="FILE", help='also write the figures as JSON ("-": to stdout)')
    return parser.parse_args()


def compare(case: Case) -> dict[str, Any]:
    """Return the figures of both programs on one graph."""
    ours, dots = draw_ours(case), draw_dots(case)
    return {
        "graph": case.name,
        "nodes": len(case.sizes),
        "edges": len(case.edges),
        "crossings": count_crossings(ours),
        "dot_crossings": count_crossings(dots),
        "length_px": round(length_of(ours), 1),
        "dot_length_px": round(length_of(dots), 1),
        "seconds": round(ours.seconds, 4),
        "dot_seconds": round(dots.seconds, 4),
    }


def row_of(figure: dict[str, Any]) -> list[str]:
    """Return one line of the table."""
    return [
        figure["graph"],
        *(str(figure[name]) for name in ("nodes", "edges", "crossings", "dot_crossings")),
        f"{figure['length_px'] / figure['dot_length_px']:.2f}",
        f"{figure['seconds']:.3f}",
        f"{figure['dot_seconds']:.3f}",
    ]


def draw_ours(case: Case) -> Drawing:
    """Lay *case* out with creevey_graph."""
    start = time.perf_counter()
    layout = lay_out(
        case.sizes,
        case.edges,
        case.groups,
        node_gap_px=NODE_GAP_PX,
        rank_gap_px=RANK_GAP_PX,
        group_padding_px=PADDING_PX,
        group_title_px=TITLE_PX,
    )
    seconds = time.perf_counter() - start
    boxes = {
        name: (box.x, box.y, box.x + box.width, box.y + box.height) for name, box in layout.boxes.items()
    }
    return Drawing(
        [(route.source, route.target, list(route.points)) for route in layout.routes], boxes, seconds
    )


def draw_dots(case: Case) -> Drawing:
    """Lay *case* out with `dot`."""
    start = time.perf_counter()
    done = subprocess.run(
        ["dot", "-Tjson0"], input=dot_text(case), capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - start
    made = json.loads(done.stdout)
    objects = {thing["_gvid"]: thing for thing in made["objects"]}
    boxes = {}
    for thing in objects.values():
        if "pos" in thing:
            (x, y), (width, height) = numbers(thing["pos"]), case.sizes[thing["name"]]
            boxes[thing["name"]] = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    lines = [
        (objects[edge["tail"]]["name"], objects[edge["head"]]["name"], straightened(edge["pos"]))
        for edge in made["edges"]
    ]
    return Drawing(lines, boxes, seconds)


def dot_text(case: Case) -> str:
    """Return *case* in DOT, with our sizes and distances."""
    lines = [
        "digraph {",
        f"graph [nodesep={NODE_GAP_PX / POINTS_AN_INCH}, ranksep={RANK_GAP_PX / POINTS_AN_INCH}];",
        'node [shape=box, fixedsize=true, label=""]; edge [dir=none];',
    ]
    for name, (width, height) in case.sizes.items():
        lines.append(f'"{name}" [width={width / POINTS_AN_INCH}, height={height / POINTS_AN_INCH}];')
    for path in dict.fromkeys(path for path in case.groups.values()):
        opening = [f'subgraph "cluster_{"/".join(path[:depth])}" {{' for depth in range(1, len(path) + 1)]
        members = [f'"{name}";' for name, found in case.groups.items() if found == path]
        label = f'graph [label="{path[-1]}", fontsize=12, margin={PADDING_PX}];'
        lines.append(" ".join([*opening, label, *members, "}" * len(path)]))
    lines += [f'"{source}" -> "{target}";' for source, target in case.edges]
    return "\n".join([*lines, "}"])


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def straightened(pos: str) -> list[Point]:
    """Return one of dot's edges, cubic curves end to end, as straight pieces."""
    knots = [tuple(numbers(part)) for part in pos.split() if part[0] not in "es"]
    points: list[Point] = [knots[0]]
    for start in range(0, len(knots) - 3, 3):
        for piece in range(1, PIECES + 1):
            t = piece / PIECES
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            four = knots[start : start + 4]
            points.append(
                tuple(sum(w * knot[axis] for w, knot in zip(weights, four, strict=True)) for axis in (0, 1))
            )
    return points


def count_crossings(drawing: Drawing) -> int:
    """Return in how many points two lines cut through each other."""
    found = 0
    spans = [
        (min(x), max(x), min(y), max(y)) for x, y in (zip(*line[2], strict=True) for line in drawing.lines)
    ]
    for (one, span), (other, beside) in combinations(zip(drawing.lines, spans, strict=True), 2):
        if span[0] > beside[1] or beside[0] > span[1] or span[2] > beside[3] or beside[2] > span[3]:
            continue
        shared = [drawing.boxes[node] for node in {*one[:2]} & {*other[:2]}]
        found += sum(
            all(distance_to(box, point) > RANK_GAP_PX / 2 for box in shared)
            for point in meetings(one[2], other[2])
        )
    return found


def meetings(one: Sequence[Point], other: Sequence[Point]) -> list[Point]:
    """Return the points where two lines cut through each other."""
    found = []
    for a, b in pairwise(one):
        for c, d in pairwise(other):
            if min(a[1], b[1]) > max(c[1], d[1]) or min(c[1], d[1]) > max(a[1], b[1]):
                continue
            if (side(a, b, c) > 0) != (side(a, b, d) > 0) and (side(c, d, a) > 0) != (side(c, d, b) > 0):
                share = side(c, d, a) / (side(c, d, a) - side(c, d, b))
                found.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
    return found


def side(a: Point, b: Point, c: Point) -> float:
    """Return on which side of the line from *a* to *b* the point *c* lies, as a sign."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def distance_to(box: Rectangle, point: Point) -> float:
    """Return how far *point* is from *box*, 0 inside it."""
    left, top, right, bottom = box
    return math.hypot(max(left - point[0], 0, point[0] - right), max(top - point[1], 0, point[1] - bottom))


def length_of(drawing: Drawing) -> float:
    """Return the length of all lines together, in px."""
    return sum(math.dist(a, b) for _, _, line in drawing.lines for a, b in pairwise(line))


if __name__ == "__main__":
    main()
