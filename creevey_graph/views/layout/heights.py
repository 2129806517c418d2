"""How high everything stands: rows one under the other, with room for the borders of groups between them."""

from collections.abc import Sequence

import attrs

from creevey_graph.views.layout.boxes import Box
from creevey_graph.views.layout.layers import Layers
from creevey_graph.views.layout.spacing import Spacing
from creevey_graph.views.layout.trees import GroupTree


@attrs.frozen
class Bands:
    """
    Rows from top to bottom, in px.

    Args:
        tops: Upper end of the tallest box of each row.
        bottoms: Lower end of the tallest box of each row.
    """

    tops: list[float]
    bottoms: list[float]


@attrs.frozen
class Heights:
    """
    How high rows and groups stand.

    Args:
        rows: Where the boxes of each row are.
        tops: Upper border of each group.
        bottoms: Lower border of each group.
        height: Of all rows.
    """

    rows: Bands
    tops: list[float]
    bottoms: list[float]
    height: float


def bands_of(layers: Layers, heights: Sequence[float], spacing: Spacing) -> Heights:
    """Return the rows one under the other, with room between them for the borders of groups."""
    tree = layers.tree
    over = margins(tree, tree.first, spacing.padding + spacing.title)
    under = margins(tree, tree.last, spacing.padding)
    tops, bottoms, y = [], [], 0.0
    for rank, row in enumerate(layers.rows):
        y += max((over[group] for group in range(1, len(over)) if tree.first[group] == rank), default=0.0)
        tops.append(y)
        y += max(heights[vertex] for vertex in row)
        bottoms.append(y)
        y += max((under[group] for group in range(1, len(under)) if tree.last[group] == rank), default=0.0)
        y += spacing.rank_gap
    return Heights(
        Bands(tops, bottoms),
        [tops[tree.first[group]] - over[group] for group in range(len(over))],
        [bottoms[tree.last[group]] + under[group] for group in range(len(under))],
        y - spacing.rank_gap,
    )


def margins(tree: GroupTree, ends: Sequence[int], margin: float) -> list[float]:
    """Return the room between each group's outermost row and its border: more where inner groups end there too."""
    found = [0.0] + [margin] * (len(tree.paths) - 1)
    for group in range(len(tree.paths) - 1, 0, -1):
        parent = tree.parents[group]
        if parent and ends[parent] == ends[group]:
            found[parent] = max(found[parent], margin + found[group])
    return found


def box_around(x: float, bands: Bands, rank: int, size: tuple[float, float]) -> Box:
    """Return the box of a node, upright in the middle of its row."""
    middle = (bands.tops[rank] + bands.bottoms[rank]) / 2
    return Box(x - size[0] / 2, middle - size[1] / 2, size[0], size[1])


def box_of_group(layers: Layers, group: int, xs: Sequence[float], heights: Heights) -> Box:
    """Return the box of a group, between its borders."""
    left, right = layers.borders[group, layers.tree.first[group]]
    top = heights.tops[group]
    return Box(xs[left], top, xs[right] - xs[left], heights.bottoms[group] - top)
