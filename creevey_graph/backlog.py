"""Chunks that wait to be handed out, before others are made up, and how each travels."""

from collections import deque

from creevey_graph.tasks import Sealed, Task, sealed


class Backlog:
    """
    What waits.

    State: suspects = items to be run alone, in workers that have run nothing before; chunks = all others; indexes of
    items that are sent sealed, since they may harm who receives them.
    """

    def __init__(self) -> None:
        self.suspects: deque[Task] = deque()
        self.chunks: deque[list[Task]] = deque()
        self._sealed: set[int] = set()

    def __len__(self) -> int:
        return len(self.suspects) + len(self.chunks)

    def put_careful(self, chunk: list[Task]) -> bool:
        """Have a chunk sent with its items sealed; False where it was, which then cannot help."""
        indexes = {task.item.index for task in chunk}
        if indexes <= self._sealed:
            return False
        self._sealed |= indexes
        self.chunks.append(chunk)
        return True

    def clear(self) -> None:
        """Forget all of it."""
        self.suspects.clear()
        self.chunks.clear()

    def take(self) -> tuple[list[Task], list[Task | Sealed], bool]:
        """Return the next chunk, as what it is sent, and whether to a fresh worker."""
        if self.suspects:
            task = self.suspects.popleft()
            return [task], [sealed(task)], True
        chunk, careful = self.chunks.popleft(), self._sealed
        return chunk, [sealed(task) if task.item.index in careful else task for task in chunk], False
