"""Fans: the many results of one value, which stand in rows within one frame rather than side by side without end."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, sqrt
from typing import Any

import attrs

from creevey_graph.views.layout import Box, Layout, lay_out

LEAST = 9
"""Nodes that read one value and nothing else, and are read by none, are put into a frame from so many on."""
_FAN = "fan\0"
"""What a fan's name begins with, in the layout and as the last part of its frame's path; no node is called so."""
_GAP, _PADDING = 14.0, 14.0
_WIDE = 1.8
"""Width of a frame against its height, about."""


@attrs.frozen
class Fan:
    """
    Nodes in rows.

    Args:
        giver: What all of them read.
        boxes: Node -> where it stands in the frame.
        width: Of the frame.
        height: Of the frame.
    """

    giver: str
    boxes: Mapping[str, Box]
    width: float
    height: float

    @property
    def name(self) -> str:
        """What it is called in the layout."""
        return f"{_FAN}{self.giver}\0{next(iter(self.boxes))}"


def is_fan(name: str) -> bool:
    """Return whether a name of a layout is that of a fan."""
    return name.startswith(_FAN)


def lay_out_with_fans(
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    groups: Mapping[str, tuple[str, ...]],
    **spacing: Any,
) -> tuple[Layout, Mapping[str, Sequence[str]]]:
    """
    Return the layout, its fans as groups with one line to each; and fan -> its nodes.

    Args:
        sizes: As `lay_out` takes it, as the others.
        edges: From giver to reader.
        groups: Node -> the sub-graphs it is in.
        spacing: Room between things.
    """
    fans = {fan.name: fan for fan in fans_of(sizes, edges, groups)}
    inside = {node: fan for fan in fans.values() for node in fan.boxes}
    given = {name: size for name, size in sizes.items() if name not in inside}
    given |= {name: (fan.width, fan.height) for name, fan in fans.items()}
    kept = [edge for edge in edges if edge[1] not in inside]
    kept += [(fan.giver, name) for name, fan in fans.items()]
    paths = {name: path for name, path in groups.items() if name not in inside}
    paths |= {fan.name: groups[node] for node, fan in inside.items() if node in groups}
    return _unfolded(lay_out(given, kept, paths, **spacing), fans, paths), {
        name: list(fan.boxes) for name, fan in fans.items()
    }


def fans_of(
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    groups: Mapping[str, tuple[str, ...]],
) -> Iterator[Fan]:
    """Yield the fans of a graph, their nodes in the order they were given."""
    distinct = dict.fromkeys(edges)
    reads = Counter(reader for _, reader in distinct)
    givers = {giver for giver, _ in distinct}
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for giver, reader in distinct:
        if reads[reader] == 1 and reader not in givers:
            found.setdefault((giver, groups.get(reader, ())), []).append(reader)
    for (giver, _), names in found.items():
        if len(names) >= LEAST:
            yield _in_rows(giver, sorted(names, key=list(sizes).index), sizes)


def _in_rows(giver: str, names: Sequence[str], sizes: Mapping[str, tuple[float, float]]) -> Fan:
    area = sum((sizes[name][0] + _GAP) * (sizes[name][1] + _GAP) for name in names)
    mean = sum(sizes[name][0] + _GAP for name in names) / len(names)
    columns = min(len(names), max(1, ceil(sqrt(_WIDE * area) / mean)))
    boxes, y, width = {}, _PADDING, 0.0
    widths = [max(sizes[name][0] for name in names[at::columns]) for at in range(columns)]
    for first in range(0, len(names), columns):
        row, x = names[first : first + columns], _PADDING
        height = max(sizes[name][1] for name in row)
        for name, column in zip(row, widths, strict=False):
            boxes[name] = Box(x, y, *sizes[name])
            x += column + _GAP
        width, y = max(width, x), y + height + _GAP
    return Fan(giver, boxes, width - _GAP + _PADDING, y - _GAP + _PADDING)


def _unfolded(layout: Layout, fans: Mapping[str, Fan], paths: Mapping[str, tuple[str, ...]]) -> Layout:
    boxes = {name: box for name, box in layout.boxes.items() if name not in fans}
    groups = dict(layout.groups)
    for name, fan in fans.items():
        frame = layout.boxes[name]
        groups[*paths.get(name, ()), name] = frame
        for node, box in fan.boxes.items():
            boxes[node] = attrs.evolve(box, x=frame.x + box.x, y=frame.y + box.y)
    return attrs.evolve(layout, boxes=boxes, groups=groups)
