"""
Facts about a run, and the closed sets of words they use.

The runner emits these; progress, journal and report listen. No event holds an
exception object or a value of the user's: rows hold text (2 million rows with
live tracebacks once needed 64 GB).
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import attrs

from creevey_graph.display import mimebundle
from creevey_graph.errors import UsageError
from creevey_graph.text import safe_text


class Outcome(StrEnum):
    """What became of an item."""

    DONE = "done"
    """At least one step ran, and every output is in place."""
    CACHED = "cached"
    """Nothing ran and nothing was written: all was up to date."""
    RESTORED = "restored"
    """Nothing ran; at least one output was written again from the cache."""
    SKIPPED = "skipped"
    """A step raised SkipItem."""
    FAILED = "failed"
    """A step raised, timed out or killed its worker."""
    CANCELLED = "cancelled"
    """The run ended before the item's turn."""


class Reason(StrEnum):
    """Why an item or a node runs."""

    NEW_ITEM = "new item"
    INPUT_CHANGED = "input changed"
    CODE_CHANGED = "code changed"
    PARAMETER_CHANGED = "parameter changed"
    DEPENDENCY_CHANGED = "dependency changed"
    OUTPUT_MISSING = "output missing"
    OUTPUT_MODIFIED = "output modified"
    FAILED_LAST_TIME = "failed last time"
    FORCED = "forced"
    NOT_CACHED = "not cached"
    ASKED_AGAIN = "asked again"


NOT_TRIED = f"{Reason.FAILED_LAST_TIME}: not tried again"
"""Reason of the row of an item that failed last time and, nothing of it having changed, was left alone."""


@attrs.frozen
class Row:
    """
    What became of one item.

    Args:
        key: The item's key, unique in the run.
        source: The path or URL the item came from.
        outcome: What became of it.
        step: Name of the node that failed or skipped, else None.
        error: The error or skip text, else None; never an exception object.
        reason: Why it ran (text that begins with a `Reason`), None where nothing ran.
        seconds: Node name -> seconds spent in it in this run.
        outputs: Paths written or kept, as text, relative to `out`.
        fields: The item's columns and the graph's named outputs.
        traceback: Text of the traceback of a failure, else None.
        origin: Runs a failed item again; only in a report of this process, and no part of the row.
    """

    key: str
    source: str
    outcome: Outcome
    step: str | None = None
    error: str | None = None
    reason: str | None = None
    seconds: Mapping[str, float] = attrs.field(factory=dict)
    outputs: tuple[str, ...] = ()
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    traceback: str | None = attrs.field(default=None, repr=False)
    origin: "Callable[[Row], Any] | None" = attrs.field(default=None, repr=False, eq=False)

    _repr_mimebundle_ = mimebundle

    def reproduce(self) -> Any:
        """
        Run the step that failed again, on this item, in this process: for a debugger.

        What is above it is read from the cache where it is there, else made again. Nothing is kept;
        a writer writes to a temporary folder.

        Returns:
            What the step returned, where it does not fail this time.

        Raises:
            UsageError: The item did not fail, or the row was read from a file.
            Exception: What the step raises, with its own traceback.
        """
        if self.outcome is not Outcome.FAILED:
            raise UsageError(f"item '{safe_text(self.key)}' did not fail (it is {self.outcome})")
        if self.origin is None:
            raise UsageError("a row read from a file knows no graph; use graph.reproduce(row, items)")
        return self.origin(self)

    @property
    def failed_now(self) -> bool:
        """True where it failed in this run, and was not only told again of an earlier one."""
        return self.outcome is Outcome.FAILED and self.reason != NOT_TRIED

    @property
    def total_seconds(self) -> float:
        """Seconds spent in all nodes in this run."""
        return sum(self.seconds.values())


@attrs.frozen
class RunStarted:
    """
    A run begins.

    Args:
        graph: The graph's name.
        total: How many items there are.
        columns: Names of the row fields, in order: item columns, then named outputs.
        executor: Name of the executor that was asked for.
        run_id: Sortable name of the run.
        left_out: How many items the run does not look at (`only_failed`).
        nodes: Names of the nodes, in the order they run.
        out: The output folder as an absolute path, "" where there is none.
        scope: Names the rows of this graph and output folder in the cache's index, "" without a cache.
        input_root: The folder the items were listed from, as an absolute path, "" where there is none.
        is_recursive: Whether a file in a sub-folder of it could be an item too.
    """

    graph: str
    total: int
    columns: tuple[str, ...]
    executor: str
    run_id: str
    left_out: int = 0
    nodes: tuple[str, ...] = ()
    out: str = ""
    scope: str = ""
    input_root: str = ""
    is_recursive: bool = True


@attrs.frozen
class GraphDeclared:
    """
    The graph that is about to run.

    Args:
        shape: What it looks like, as plain data; `shape.shape_from_json` reads it.
    """

    shape: Mapping[str, Any]


@attrs.frozen
class GraphCompared:
    """
    How the graph differs from those that items were last made with; told at the end, where any was met.

    Args:
        changes: Node -> how it differs, in words that begin with a `Reason`.
    """

    changes: Mapping[str, str]


@attrs.frozen
class WorkersStarted:
    """
    There is something to do, and workers to do it; not told where everything is up to date.

    Args:
        executor: Name of the executor.
        jobs: How many items may be in hand at once.
        versions: Name -> version of what takes part.
    """

    executor: str
    jobs: int
    versions: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class ItemFinished:
    """
    One item has its outcome.

    Args:
        index: Position of the item in the input, from 0.
        row: What became of it.
        executed: Names of the nodes that ran to their end.
        spared: Names of those that would have run, had their inputs not turned out to be what they were.
        restored: Names of the writers whose output was written again from the cache.
        at_s: Seconds from the beginning of the run.
    """

    index: int
    row: Row
    executed: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    at_s: float = 0.0


@attrs.frozen
class ItemsCached:
    """
    Many items were found up to date, all at once; `journal.rows_of` gives their rows one by one.

    Args:
        indexes: For each of *rows*, the item's position in the input; -1 where the row is left out.
        rows: Rows as JSON lines, zlib; they stand in the order of the items' keys.
        cached: How many of them are `cached`.
        skipped: How many are `skipped`, since a step left them out last time.
        at_s: Seconds from the beginning of the run.
    """

    indexes: Sequence[int]
    rows: bytes = attrs.field(repr=False)
    cached: int
    skipped: int = 0
    at_s: float = 0.0

    @property
    def counts(self) -> dict[Outcome, int]:
        """Outcome -> how many, those that there are."""
        counts = {Outcome.CACHED: self.cached, Outcome.SKIPPED: self.skipped}
        return {outcome: count for outcome, count in counts.items() if count}


@attrs.frozen
class Noticed:
    """
    Something the user should be told once: a cache problem, a damaged entry, an edit in mid-run.

    Args:
        text: One line.
    """

    text: str


@attrs.frozen
class RunFinished:
    """
    A run ended.

    Args:
        seconds: Wall time.
        interrupted: True where Ctrl-C or a signal ended it.
        stopped: Why it ended before its time ("" where it did not).
        damaged: Cache entries found damaged and healed.
        orphans: Outputs of items that are gone, relative to `out`.
        pruned: How many such outputs were deleted.
    """

    seconds: float
    interrupted: bool = False
    stopped: str = ""
    damaged: int = 0
    orphans: tuple[str, ...] = ()
    pruned: int = 0


Event = (
    GraphDeclared
    | RunStarted
    | WorkersStarted
    | ItemFinished
    | ItemsCached
    | Noticed
    | GraphCompared
    | RunFinished
)
Listener = Callable[[Event], None]
