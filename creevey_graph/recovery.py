"""
After a worker died: which items can be to blame, and what is told of the one that is.

A worker takes its own chunk along, and the few items it had in hand are suspected: they run again one at a time,
each in a process that has run nothing before; all else goes on beside them. An item is blamed when a process dies that
runs nothing but it: at once where the process crashed or ended itself, the third time where it was killed from outside,
since somebody who kills workers at random may well hit it twice. An item that ran out of memory is tried like that, too:
what there was may have been taken by those before it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from creevey_graph.backlog import Backlog
from creevey_graph.errors import StepTimeout, WorkerDied
from creevey_graph.events import ItemFinished, Outcome, Row
from creevey_graph.executors import Hand, Limits, WorkerLost
from creevey_graph.frozen import FrozenGraph
from creevey_graph.listing import Listing
from creevey_graph.tasks import Result, Task, error_text, failed_result

MAX_CANCELLED_ROWS = 100_000
KILLED_ALONE = 3
"""From so many times on that its process is killed from outside while it runs nothing else, an item is to blame."""


class Blame:
    """
    Finds the items that kill their workers.

    State: suspected = indexes of items that run alone; killed = index -> how often its process was killed then;
    causes = how workers died -> how often, where no item was to blame.

    Args:
        frozen: The graph.
        limits: What a worker may take.
    """

    def __init__(self, frozen: FrozenGraph, limits: Limits) -> None:
        self._frozen = frozen
        self._limits = limits
        self._suspected: set[int] = set()
        self._killed: Counter[int] = Counter()
        self._causes: Counter[str] = Counter()

    def part(self, chunk: list[Task], lost: WorkerLost, backlog: Backlog) -> list[Result]:
        """Return the items that failed, of a chunk whose worker is lost; the others go to *backlog*."""
        if (
            not lost.hands
            and not self._suspected.issuperset(indexes_of(chunk))
            and backlog.put_careful(chunk)
        ):
            self._causes[lost.cause] += 1
            return []
        failed, suspects, others = self._parted(chunk, lost)
        backlog.suspects.extend(suspects)
        if others:
            backlog.chunks.appendleft(others)
        return failed

    def _parted(self, chunk: Sequence[Task], lost: WorkerLost) -> tuple[list[Result], list[Task], list[Task]]:
        """Return (items that failed, those to be run alone, the others)."""
        hands = {hand.item: hand for hand in lost.hands}
        if any(hand.is_late for hand in lost.hands):
            # One may have stopped all threads of its process: each shows alone what it does.
            if len(hands) > 1:
                self._suspected.update(hand.item for hand in lost.hands if hand.is_late)
                return [], *self._sorted(chunk)
            failed = [self._late(task, hands[task.item.index]) for task in chunk if task.item.index in hands]
            return failed, *self._sorted(task for task in chunk if task.item.index not in hands)
        suspects = [task for task in chunk if task.item.index in hands] or list(chunk)
        if len(chunk) == 1 and chunk[0].item.index in self._suspected:
            index = chunk[0].item.index
            self._killed[index] += 1
            if lost.is_own_doing or self._killed[index] >= KILLED_ALONE:
                return [self._blamed(chunk[0], lost, hands.get(index))], [], []
        self._causes[lost.cause] += 1
        self._suspected.update(task.item.index for task in suspects)
        among = {task.item.index for task in suspects}
        return [], suspects, [task for task in chunk if task.item.index not in among]

    def part_short(self, chunk: Sequence[Task], results: Sequence[Result]) -> tuple[list[Result], list[Task]]:
        """Return the results that stand, and the items that ran out of memory and are to be run alone."""
        short = {result.index for result in results if result.is_short} - self._suspected
        if not short:
            return list(results), []
        self._suspected |= short
        tasks = [task for task in chunk if task.item.index in short]
        return [result for result in results if result.index not in short], tasks

    def _sorted(self, tasks: Iterable[Task]) -> tuple[list[Task], list[Task]]:
        """Return (suspects, others): what runs alone still does."""
        parted: tuple[list[Task], list[Task]] = ([], [])
        for task in tasks:
            parted[task.item.index not in self._suspected].append(task)
        return parted

    def told(self) -> str:
        """Say which workers died with nobody to blame, "" where none did."""
        total = sum(self._causes.values())
        if not total:
            return ""
        causes = ", ".join(f"{cause}: {count:,}" for cause, count in self._causes.most_common(3))
        return f"workers died {total:,} times ({causes}); each was replaced, and what it had in hand was run again"

    def _late(self, task: Task, hand: Hand) -> Result:
        step = self._step_at(hand.position)
        doing = "reading the item's files" if step is None else f"step '{step}'"
        if hand.is_item:
            limit, option = f"item_timeout_s={self._limits.item_s:g}", " (--item-timeout)"
        else:
            limit, option = f"timeout_s={self._frozen.nodes[hand.position].step.options.timeout_s:g}", ""
        error = StepTimeout(
            f"{doing} ran longer than {limit}{option}, and its process was ended; raise the limit or speed it up"
        )
        return failed_result(self._frozen, task, step, error_text(error))

    def _blamed(self, task: Task, lost: WorkerLost, hand: Hand | None) -> Result:
        error = WorkerDied(
            f"its worker process died each time it ran this item, at last with nothing beside it: {lost.cause}"
        )
        step = None if hand is None else self._step_at(hand.position)
        return failed_result(self._frozen, task, step, error_text(error))

    def _step_at(self, position: int) -> str | None:
        return self._frozen.nodes[position].name if 0 <= position < len(self._frozen.nodes) else None


def indexes_of(tasks: Iterable[Task]) -> Iterator[int]:
    """Yield the index of each item."""
    return (task.item.index for task in tasks)


def cancelled(listing: Listing, done_indexes: Sequence[int]) -> Iterator[ItemFinished]:
    """Yield what is told of items that a run did not come to: the first of them, where there are very many."""
    left = (item for item in listing if not done_indexes[item.index])
    for item in islice(left, MAX_CANCELLED_ROWS):
        yield ItemFinished(item.index, Row(item.key, item.source, Outcome.CANCELLED))
