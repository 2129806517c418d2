"""
Long edges with an end in common do not cross.

Where two of them do, their dummies beyond the crossing change places. That takes the crossing away and makes no
other: the lines of the rows stay where they are, and two lines that no longer cross are crossed by others at most
as often. Sifting cannot do it, as it moves one vertex at a time.
"""

from collections.abc import Sequence
from itertools import pairwise

from creevey_graph.views.layout.layers import Layers


def untangled(layers: Layers, rows: Sequence[Sequence[int]], *, down: bool) -> dict[int, list[int]]:
    """
    Return other orders for the rows in which dummies change places.

    Args:
        layers: What the rows are of.
        rows: From left to right.
        down: Look at the edges of one target, from the top; else at those of one source, from the bottom.
    """
    found: dict[int, list[int]] = {}
    places = [0] * len(layers.kinds)
    for row in rows:
        for place, vertex in enumerate(row):
            places[vertex] = place
    bundles: dict[int, list[list[int]]] = {}
    for chain in layers.chains:
        if len(chain) > 2:  # noqa: PLR2004 - its two ends alone
            bundles.setdefault(chain[-1] if down else chain[0], []).append(chain if down else chain[::-1])
    for chains in bundles.values():
        if len(chains) > 1:
            untangle(layers, chains, places)
    for rank, row in enumerate(rows):
        order = sorted(row, key=places.__getitem__)
        if order != row:
            found[rank] = order
    return found


def untangle(layers: Layers, chains: Sequence[Sequence[int]], places: list[int]) -> None:
    """Let the dummies of *chains*, which end in one node, change *places* so that they come in order."""
    befores: dict[tuple[int, int], list[tuple[int, int]]] = {}  # (row, group) -> (vertex before, dummy)
    for chain in chains:
        for before, dummy in pairwise(chain[:-1]):
            befores.setdefault((layers.ranks[dummy], layers.groups[dummy]), []).append((before, dummy))
    away = layers.ranks[chains[0][-1]]
    for _, found in sorted(befores.items(), key=lambda item: -abs(item[0][0] - away)):
        slots = sorted(places[dummy] for _, dummy in found)
        found.sort(key=lambda pair: (places[pair[0]], places[pair[1]]))
        for slot, (_, dummy) in zip(slots, found, strict=True):
            places[dummy] = slot
