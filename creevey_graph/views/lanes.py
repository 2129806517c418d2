"""Lanes beside a list of nodes: one for each value that is still to be read, as it runs down, branches and merges."""

from collections.abc import Iterator, Sequence

from creevey_graph.shape import Shape, ShapeNode

INPUT, STEP, WRITER, SET_STEP = "○", "●", "■", "◆"


class Lanes:
    """
    Draws a row for each value, in an order in which nothing is read before it is made.

    What stands below a value in its lane reads it, unless a line comes in from the left: then it reads what
    that line comes from.

    Args:
        shape: The graph.

    State: lanes = the value that runs down in each column, None where there is none; unread = value -> how many
    nodes have yet to read it; drawn_columns = how many columns the last row took.
    """

    def __init__(self, shape: Shape) -> None:
        self._reads = {node.name: list[str]() for node in shape.nodes}
        self._unread = dict.fromkeys((*shape.inputs, *self._reads), 0)
        for giver, reader, _ in shape.edges:
            known = giver in self._unread and reader in self._reads  # a damaged report may name others
            if known and giver not in self._reads[reader]:
                self._reads[reader].append(giver)
                self._unread[giver] += 1
        self._lanes: list[str | None] = []
        self._drawn_columns = 0

    def input_row(self, name: str) -> str:
        """Return the row of an item input."""
        return self._row(name, INPUT, [])

    def node_row(self, node: ShapeNode) -> str:
        """Return the row of a node: joined to the lanes it reads, which end where nobody else will."""
        symbol = WRITER if node.kind == "writer" else SET_STEP if node.level == "set" else STEP
        return self._row(node.name, symbol, self._reads[node.name])

    def rest(self) -> str:
        """Return a row that only lets the lanes run down."""
        return " ".join(" " if value is None else "│" for value in self._lanes)

    def _row(self, name: str, symbol: str, reads: Sequence[str]) -> str:
        joined = sorted(self._lanes.index(value) for value in reads if value in self._lanes)
        for value in reads:
            self._unread[value] -= 1
        ending = [column for column in joined if not self._unread[self._lanes[column] or ""]]
        is_below = bool(ending) and ending[0] == joined[0]
        own = joined[0] if is_below else self._free(joined[0] if joined else self._drawn_columns - 1)
        row = self._drawn(own, symbol, joined, set(ending))
        for column in ending:
            self._lanes[column] = None
        self._lanes[own] = name if self._unread[name] else None
        self._drawn_columns = len(self._lanes)
        while self._lanes and self._lanes[-1] is None:
            self._lanes.pop()
        return row

    def _free(self, after: int) -> int:
        """Return the first free column behind *after*, having made it where there is none."""
        while len(self._lanes) < after + 2:
            self._lanes.append(None)
        column = next((at for at in range(after + 1, len(self._lanes)) if self._lanes[at] is None), None)
        if column is None:
            self._lanes.append(None)
        return len(self._lanes) - 1 if column is None else column

    def _drawn(self, own: int, symbol: str, joined: Sequence[int], ending: set[int]) -> str:
        first, last = min((own, *joined)), max((own, *joined))
        cells = []
        for column, value in enumerate(self._lanes):
            is_inside = first < column < last
            if column == own:
                cell = symbol
            elif column in joined:
                cell = _joint(is_end=column in ending, is_left=column < own, is_inside=is_inside)
            else:
                cell = "│" if value is not None else "─" if is_inside else " "
            cells.append(cell + ("─" if first <= column < last else " "))
        return "".join(cells).rstrip()


def _joint(*, is_end: bool, is_left: bool, is_inside: bool) -> str:
    if is_inside:
        return "┴" if is_end else "┼"
    if is_left:
        return "╰" if is_end else "├"
    return "╯" if is_end else "┤"


def drawing_order(shape: Shape) -> Iterator[ShapeNode]:
    """Yield the nodes as they run; those of a sub-graph one after another, as far as what they read is there."""
    waiting = list(shape.nodes)
    reads: dict[str, set[str]] = {node.name: set() for node in waiting}
    for giver, reader, _ in shape.edges:
        if giver in reads and reader in reads:
            reads[reader].add(giver)
    made, group = set[str](), tuple[str, ...]()
    while waiting:
        ready = [node for node in waiting if reads[node.name] <= made]
        node = max(ready or waiting, key=lambda one: shared(one.group, group))
        waiting.remove(node)
        made.add(node.name)
        group = node.group
        yield node


def shared(group: Sequence[str], other: Sequence[str]) -> int:
    """
    Return how many outermost sub-graphs two paths have in common.

    >>> shared(("clean", "tone"), ("clean", "cut"))
    1
    """
    count = 0
    for one, another in zip(group, other, strict=False):
        if one != another:
            break
        count += 1
    return count
