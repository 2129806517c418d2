"""
After a worker died: which items can be to blame, and what is told of the one that is.

A dead worker breaks the pool: chunks in flight are run again, and the few items that workers
had in hand are run one at a time with nothing beside them; the one that kills its worker
again is the one to blame.
"""

from collections.abc import Container, Iterator, Sequence
from itertools import islice

from creevey_graph.errors import WorkerDied
from creevey_graph.events import ItemFinished, Outcome, Row
from creevey_graph.frozen import FrozenGraph
from creevey_graph.listing import Listing
from creevey_graph.tasks import Result, Task, error_text, failed_result

MAX_CANCELLED_ROWS = 100_000

Hands = Sequence[tuple[int, int]]
"""(item, node position) that workers had in hand."""


def part_suspects(tasks: Sequence[Task], hands: Hands) -> tuple[list[Task], list[Task]]:
    """Return (tasks that can be to blame, the others); all of them where no worker tells."""
    in_hand: Container[int] = {item for item, _ in hands}
    suspects = [task for task in tasks if task.item.index in in_hand]
    if not suspects:
        return list(tasks), []
    return suspects, [task for task in tasks if task.item.index not in in_hand]


def blamed(frozen: FrozenGraph, task: Task, hands: Hands) -> Result:
    """Return the result of an item that killed its worker twice, the second time all by itself."""
    position = next((place for item, place in hands if item == task.item.index), -1)
    step = frozen.nodes[position].name if position >= 0 else None
    error = WorkerDied(
        "its worker process died twice while it ran this item (killed, out of memory, or a crash in "
        "native code)"
    )
    return failed_result(frozen, task, step, error_text(error))


def never_sent(frozen: FrozenGraph, task: Task, exc: Exception) -> Result:
    """Return the result of an item whose values cannot be sent to a worker."""
    return failed_result(frozen, task, None, error_text(exc))


def cancelled(listing: Listing, done_indexes: Sequence[int]) -> Iterator[ItemFinished]:
    """Yield what is told of items that a run did not come to: the first of them, where there are very many."""
    left = (item for item in listing if not done_indexes[item.index])
    for item in islice(left, MAX_CANCELLED_ROWS):
        yield ItemFinished(item.index, Row(item.key, item.source, Outcome.CANCELLED))
