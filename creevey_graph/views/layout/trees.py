"""The tree of groups of one component, and which rows each of them takes."""

from collections.abc import Sequence

import attrs

from creevey_graph.views.layout.boxes import GroupPath

ROOT = 0


@attrs.frozen
class GroupTree:
    """
    Groups in numbers, parents before their children; number 0 is the paper itself.

    Args:
        paths: Of each group, () for the paper.
        parents: Of each group; the paper is its own.
        group_of: Node -> the innermost group it stands in.
        first: Topmost row of each group.
        last: Lowest row of each group.
    """

    paths: tuple[GroupPath, ...]
    parents: tuple[int, ...]
    group_of: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]

    def lineage(self, group: int) -> list[int]:
        """Return *group* and what it stands in, innermost first, without the paper."""
        found = []
        while group != ROOT:
            found.append(group)
            group = self.parents[group]
        return found


def tree_of(paths: Sequence[GroupPath], ranks: Sequence[int]) -> GroupTree:
    """Return the groups of nodes with *paths*, which stand in the rows *ranks*."""
    numbers: dict[GroupPath, int] = {(): ROOT}
    for path in paths:
        for depth in range(1, len(path) + 1):
            numbers.setdefault(path[:depth], len(numbers))
    first = [max(ranks, default=0)] * len(numbers)
    last = [0] * len(numbers)
    for path, rank in zip(paths, ranks, strict=True):
        for depth in range(len(path) + 1):
            group = numbers[path[:depth]]
            first[group] = min(first[group], rank)
            last[group] = max(last[group], rank)
    return GroupTree(
        paths=tuple(numbers),
        parents=tuple(numbers[path[:-1]] for path in numbers),
        group_of=tuple(numbers[path] for path in paths),
        first=tuple(first),
        last=tuple(last),
    )
