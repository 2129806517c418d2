"""What travels between the runner and its workers, and what a failure looks like on the way."""

import errno
import os
from collections import deque
from pathlib import Path
from typing import Protocol

import attrs

from creevey_graph.atomic import Scratch
from creevey_graph.cache import Cache, Entry, FileState, ItemState, encode_state
from creevey_graph.errors import StepError, UsageError
from creevey_graph.events import Outcome, Row
from creevey_graph.executors import dumps_tasks, loads_tasks, received_tasks
from creevey_graph.fields import item_fields
from creevey_graph.frozen import FrozenGraph
from creevey_graph.ledger import Ledger, Measured
from creevey_graph.shares import LIMIT_VARIABLE
from creevey_graph.sizes import bytes_text
from creevey_graph.sources import Item
from creevey_graph.text import safe_text

_CAUSES = 5
MAX_ERROR = 2_000
"""Characters of an error that a row keeps."""


class Recorder(Protocol):
    """Told which item and node is in hand, so that a dead worker can be blamed exactly."""

    def mark(self, item: int, position: int) -> None:
        """
        Say that a node of an item begins; position -1: the item's files are looked at, or its outputs put in place.

        Raises:
            KeyboardInterrupt: The run has ended without this item.
        """


@attrs.frozen
class Task:
    """
    One item to work on.

    Args:
        item: The item.
        known: Its last known state.
        reason: Why it must be looked at, as far as known; None where only files are to be checked.
        place: Where it stands in the list that it came of, "" where there is none.
    """

    item: Item
    known: ItemState | None = None
    reason: str | None = None
    place: str = ""


@attrs.frozen
class Sealed:
    """
    An item on its way to a worker that takes it in hand before its values are made again: they may do any harm.

    Args:
        bare: The item without its values and columns.
        data: The item, serialised; None where that cannot be done.
        problem: Why not.
    """

    bare: Task
    data: bytes | None
    problem: str = ""

    def opened(self) -> Task:
        """
        Return the item.

        Raises:
            UsageError: It could not be serialised, or cannot be made again.
        """
        if self.data is None:
            raise UsageError(self.problem)
        task: Task = received_tasks(self.data)[0]
        return task


def sealed(task: Task) -> Sealed:
    """Return *task* in a form that is always received."""
    bare = attrs.evolve(task, item=Item(task.item.index, task.item.key, task.item.source, ()))
    try:
        return Sealed(bare, dumps_tasks([task]))
    except UsageError as exc:
        return Sealed(bare, None, str(exc))


@attrs.frozen
class Result:
    """
    What became of one item; travels back from the worker.

    Args:
        index: Position of the item in the source.
        row: Its row.
        state: Its encoded state for the index.
        entries: Values to commit to the cache.
        executed: Nodes that ran to their end.
        spared: Nodes that did not run, since their inputs turned out to be what they were.
        restored: Writers whose output was written again from the cache.
        leftovers: Files of earlier runs that this item no longer stands behind.
        damaged: Keys of cache entries found damaged.
        problems: Cache problems, as text.
        took_s: Seconds its worker had it in hand.
        measured: What keeping values of undecided nodes takes.
        is_caught: Whether it failed in a way that does not end the run, whatever `on_error` says.
        cause: What it failed with, where that ends the run.
        is_short: Whether it ran out of the memory that its process may take.
    """

    index: int
    row: Row
    state: str
    entries: tuple[Entry, ...] = ()
    executed: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    leftovers: tuple[FileState, ...] = ()
    damaged: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    took_s: float = 0.0
    measured: Measured = ()
    is_caught: bool = False
    cause: Exception | None = None
    is_short: bool = False


@attrs.frozen
class Bench:
    """
    What a worker works with.

    Args:
        frozen: The graph.
        out: Output folder; None where nothing is written.
        cache: The cache, None for none.
        refresh: Run everything, whatever the cache has.
        catch: Exceptions that fail their item alone; None where all of them do.
        is_apart: Whether results travel between processes.
        threads: How many items of a chunk are in hand at once.
        scratches: Folders for files on their way, between chunks; None where each chunk makes its own,
            since nobody could remove them when a worker process ends.
        ledger: What is known of the nodes beyond one item; each process has its own.
    """

    frozen: FrozenGraph
    out: Path | None
    cache: Cache | None
    refresh: bool = False
    catch: tuple[type[BaseException], ...] | None = None
    is_apart: bool = False
    threads: int = 1
    scratches: deque[Scratch] | None = None
    ledger: Ledger = attrs.field(
        default=attrs.Factory(lambda bench: Ledger(bench.cache, refresh=bench.refresh), takes_self=True)
    )


def error_text(exc: BaseException) -> str:
    """
    Return what a row says of an exception.

    >>> error_text(KeyError("label")), error_text(ValueError())
    ("KeyError: 'label'", 'ValueError')
    """
    try:
        text = str(exc)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - __str__ is any code
        text = "(its text cannot be shown)"
    return f"{type(exc).__name__}: {text}"[:MAX_ERROR] if text else type(exc).__name__


def told_missing(exc: FileNotFoundError, place: str) -> FileNotFoundError:
    """
    Return the error that a file of an item is not there, as its row tells it.

    Args:
        exc: What the system said.
        place: Where the item stands in its list, "" where there is none.

    >>> told_missing(FileNotFoundError(2, "No such file", "/no/x.jpg"), "line 7 of 'set.csv'")
    FileNotFoundError("no file '/no/x.jpg' (line 7 of 'set.csv')")
    """
    if type(exc) is not FileNotFoundError or exc.errno != errno.ENOENT or exc.filename is None:
        return exc  # a member of an archive, an object in a bucket: it tells of itself
    path = os.fsdecode(exc.filename)
    where = f" ({place})" if place else ""
    is_read_here = place and not os.path.isabs(path)  # noqa: PTH117 - text
    hint = "; relative paths are read from the current folder" if is_read_here else ""
    link = ", but a link that leads nowhere" if os.path.islink(path) else ""  # noqa: PTH114 - text
    return FileNotFoundError(f"no file '{safe_text(path)}'{link}{where}{hint}")


def portable(exc: Exception) -> Exception:
    """
    Return *exc* where it survives the way to another process, else a `StepError` that tells of it.

    >>> class Odd(Exception):
    ...     def __init__(self, one, two):
    ...         super().__init__(f"{one}-{two}")
    >>> portable(Odd(1, 2)), portable(ValueError("as it is"))
    (StepError('Odd: 1-2'), ValueError('as it is'))
    """
    try:
        loads_tasks(dumps_tasks([exc]))
    except BaseException:  # noqa: BLE001 - its `__reduce__` and `__init__` are any code
        return StepError(error_text(exc))
    return exc


def told_short(exc: BaseException) -> str:
    """Return what to say of a process out of memory, with its limit; "" where *exc* is nothing of the kind."""
    limit = os.environ.get(LIMIT_VARIABLE, "")
    seen: BaseException | None = exc
    for _ in range(_CAUSES):
        if seen is None or not limit.isdecimal():
            return ""
        if isinstance(seen, MemoryError):
            return (
                f"; a worker process may take {bytes_text(int(limit))}: raise worker_memory (--worker-memory), with "
                "fewer jobs where the machine has no more, or have a step take less"
            )
        seen = seen.__cause__ or seen.__context__
    return ""


def failed_result(
    frozen: FrozenGraph, task: Task, step: str | None, error: str, *, fields: bool = True
) -> Result:
    """
    Return the result of an item that failed without its worker telling so.

    Args:
        frozen: The graph.
        task: The item.
        step: Node in hand, None where that is not known.
        error: What is told.
        fields: Whether the item's columns are shown; not where they are to blame.
    """
    item, known = task.item, task.known
    shown = item_fields(item.columns, frozen.columns) if fields else {}
    row = Row(item.key, item.source, Outcome.FAILED, step, error, task.reason, fields=shown)
    outputs, leftovers = (known.outputs, known.leftovers) if known else ((), ())
    state = ItemState(
        frozen.graph_key, "", (), outputs, str(Outcome.FAILED), step, error, shown, leftovers, item.source
    )
    return Result(item.index, row, encode_state(state))
