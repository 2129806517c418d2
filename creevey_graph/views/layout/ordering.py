"""An order of the rows that is being improved: the crossings it has are known all the time."""

from collections.abc import Sequence

from creevey_graph.views.layout.crossings import count_between, count_crossings
from creevey_graph.views.layout.layers import Layers
from creevey_graph.views.layout.sifting import sift_row

MOST_TURNS = 20


class Ordering:
    """
    The rows of a layered graph from left to right.

    State: rows = vertices of each row; places = of each vertex in its row; crossings = of all lines; stale = rows
    that sifting may improve, as they or a neighbour changed; before = rows as they were at the last mark, of those
    that changed since; work = lines looked at so far; most_work = where settling stops, to bound the time.

    Thread safety: none.
    """

    def __init__(self, layers: Layers, rows: Sequence[Sequence[int]]) -> None:
        self.layers = layers
        self.rows = [list(row) for row in rows]
        self.places = [0] * len(layers.kinds)
        self.before: dict[int, list[int]] = {}
        self.stale: set[int] = set()
        self.work = 0
        self.most_work = 0
        self.lines = [sum(len(layers.above[v]) + len(layers.below[v]) for v in row) for row in rows]
        self._marked = 0
        self.arrange(dict(enumerate(self.rows)))
        self.crossings = count_crossings(self.rows, layers.below)
        self.mark()

    def mark(self) -> None:
        """Take the order as it is for what `undo` goes back to."""
        self.before = {}
        self._marked = self.crossings

    def undo(self) -> None:
        """Go back to the order of the last mark."""
        for rank, row in self.before.items():
            self._put(rank, row)
        self.crossings = self._marked
        self.before = {}
        self.stale.clear()

    def arrange(self, rows: dict[int, list[int]]) -> None:
        """Put other orders into some rows, not counting crossings."""
        for rank, row in rows.items():
            self.before.setdefault(rank, self.rows[rank])
            self._put(rank, row)
            self.stale.update((rank - 1, rank, rank + 1))

    def rearrange(self, rows: dict[int, list[int]]) -> None:
        """Put other orders into some rows, counting what that changes."""
        pairs = {pair for rank in rows for pair in (rank - 1, rank) if 0 <= pair < len(self.rows) - 1}
        self.crossings -= self._count(pairs)
        self.arrange(rows)
        self.crossings += self._count(pairs)

    def settle(self, *, level: bool) -> None:
        """
        Sift the stale rows until none of them gets better, or there is no more time.

        Args:
            level: In the first turn, move vertices also where it saves nothing.
        """
        for turn in range(MOST_TURNS):
            stale = sorted(rank for rank in self.stale if 0 <= rank < len(self.rows))
            if not stale:
                break
            self.stale.clear()
            for rank in stale if turn % 2 == 0 else reversed(stale):
                if self.work > self.most_work:
                    return
                self._sift(rank, level=level and turn == 0)

    def _sift(self, rank: int, *, level: bool) -> None:
        row = self.rows[rank]
        self.work += self.lines[rank] * min(len(row), 20) // 4
        found, saved = sift_row(self.layers, row, self.places, level=level)
        if found != row:
            self.before.setdefault(rank, row)
            self._put(rank, found)
        if saved:
            self.crossings -= saved
            self.stale.update((rank - 1, rank, rank + 1))

    def _put(self, rank: int, row: list[int]) -> None:
        self.rows[rank] = row
        for place, vertex in enumerate(row):
            self.places[vertex] = place

    def _count(self, pairs: set[int]) -> int:
        below = self.layers.below
        return sum(count_between(self.rows[pair], self.rows[pair + 1], below) for pair in pairs)
