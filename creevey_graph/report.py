"""
Report: a fold of events. Rows stand in the journal's file; here is where each begins.

A report holds 12 bytes an item; rows are read when they are asked for, in input order.
"""

import functools
import heapq
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from creevey_graph import display
from creevey_graph.errors import RunFailed, SourceError, SourceNotFound
from creevey_graph.events import (
    Event,
    GraphCompared,
    GraphDeclared,
    ItemFinished,
    ItemsCached,
    Noticed,
    Outcome,
    Row,
    RunFinished,
    RunStarted,
    WorkersStarted,
)
from creevey_graph.fields import FIXED_COLUMNS
from creevey_graph.frame import to_frame
from creevey_graph.journal import read_journal, rows_of
from creevey_graph.manifest import flat_row, write_csv, write_json, write_jsonl
from creevey_graph.rows import ABSENT, INCOMPLETE, LOOSE, Rows
from creevey_graph.summary import summarize
from creevey_graph.timeline import Timeline
from creevey_graph.verdict import failure_text

if TYPE_CHECKING:
    import pandas as pd


class Report:
    """
    What happened in a run.

    A listener while the run goes on, a record afterwards. State: path = the journal's file;
    graph, executor, jobs, run_id, total (items looked at), columns, nodes (in the order they run), out
    (absolute, "" where there is none), scope (its rows in the cache's index), input_root and is_recursive (where
    items came from), left_out (items not looked at), updates (how many later runs it took over), versions (of what took part): of the run; origin = what runs a failed item again; make_previewer = makes what makes values of steps again, for pages; counts = outcome -> items; executed = node -> items
    it ran for; restored = writer -> items whose output it wrote again; ended_at = (node, failed or skipped) -> items;
    first_skips = node -> why the first item that it left out was;
    unreached = node -> items that ended before it; changes = node -> how it differs from what it was; shape = what
    the graph looks like, as plain data; timeline = when items ended; spared = node -> items it did not have to run for after all; seconds = wall time; notices =
    lines to be told; stopped, interrupted, damaged, orphans, pruned: how it ended.
    """

    _repr_mimebundle_ = display.mimebundle

    def __init__(self, path: Path) -> None:
        self.path = path
        self.graph = self.executor = self.run_id = ""
        self.jobs = 0
        self.versions: Mapping[str, str] = {}
        self.total = 0
        self.columns: tuple[str, ...] = ()
        self.nodes: tuple[str, ...] = ()
        self.out = self.scope = ""
        self.input_root, self.is_recursive = "", True
        self.left_out = self.updates = 0
        self.counts: Counter[Outcome] = Counter()
        self.executed: Counter[str] = Counter()
        self.spared: Counter[str] = Counter()
        self.node_seconds: Counter[str] = Counter()
        self.restored: Counter[str] = Counter()
        self.ended_at: Counter[tuple[str, Outcome]] = Counter()
        self.first_skips: dict[str, str] = {}
        self.unreached: Counter[str] = Counter()
        self.changes: Mapping[str, str] = {}
        self.shape: Mapping[str, Any] = {}
        self.timeline = Timeline()
        self.seconds = 0.0
        self.notices: list[str] = []
        self.stopped = ""
        self.interrupted = False
        self.finished = False
        self.damaged = self.pruned = 0
        self.orphans: tuple[str, ...] = ()
        self.origin: Callable[[Row], Any] | None = None
        self.make_previewer: Callable[[], Any] | None = None
        self._width = 0
        self._places: array[int] = array("q")
        self._numbers: array[int] = array("i")
        self._loose: dict[int, Row] = {}
        self._failed: list[int] = []

    @classmethod
    def load(cls, path: Path | str) -> "Report":
        """
        Read the report of an earlier run, also of one that was killed.

        Raises:
            SourceNotFound: There is no such file.
            SourceError: It is no file, or cannot be read.
        """
        report = cls(Path(path))
        try:
            for begins, event in read_journal(report.path):
                report.add(event, begins)
        except FileNotFoundError:
            raise SourceNotFound(f"no report '{path}'; run the graph first") from None
        except OSError as exc:
            raise SourceError(f"report '{path}' cannot be read ({exc.strerror})") from exc
        return report

    def add(self, event: Event, begins: int) -> None:
        """Fold *event* in, whose line begins at *begins* in the journal."""
        if begins == LOOSE and INCOMPLETE not in self.notices:  # a full disk costs the file, not the report
            self.notices.append(INCOMPLETE)
        if isinstance(event, ItemFinished):
            self._add_row(event, begins)
        elif isinstance(event, ItemsCached):
            self._add_rows(event, begins)
        elif isinstance(event, WorkersStarted):
            self.executor, self.jobs, self.versions = event.executor, event.jobs, event.versions
        elif isinstance(event, RunStarted):
            self.graph, self.executor = event.graph, event.executor
            self.run_id, self.columns, self.nodes = event.run_id, event.columns, event.nodes
            self.out, self.scope = event.out, event.scope
            self.input_root, self.is_recursive = event.input_root, event.is_recursive
            self.left_out = event.left_out
            self.total, self._width = event.total - event.left_out, event.total
        elif isinstance(event, GraphDeclared):
            self.shape = event.shape
        elif isinstance(event, GraphCompared):
            self.changes = event.changes
        elif isinstance(event, Noticed):
            self.notices.append(event.text)
        elif isinstance(event, RunFinished):
            self.seconds, self.stopped, self.interrupted = event.seconds, event.stopped, event.interrupted
            self.damaged, self.orphans, self.finished = event.damaged, event.orphans, True
            self.pruned = event.pruned

    def _add_row(self, event: ItemFinished, begins: int) -> None:
        if self._width and event.index >= self._width:
            return  # a damaged line
        self._make_room(event.index + 1)
        self._places[event.index], self._numbers[event.index] = begins, -1
        if begins == LOOSE:
            self._loose[event.index] = event.row
        self.counts[event.row.outcome] += 1
        # A writer that ran, but whose output could not be put in place, has failed.
        ended_at = event.row.step if event.row.outcome is Outcome.FAILED else None
        self.executed.update(node for node in event.executed if node != ended_at)
        self.spared.update(event.spared)
        self.restored.update(event.restored)
        self.timeline.add(event.at_s, {event.row.outcome: 1})
        if event.row.outcome in (Outcome.FAILED, Outcome.SKIPPED):
            self._note_end(event)
        self.node_seconds.update(event.row.seconds)
        if event.row.outcome is Outcome.FAILED:
            self._failed.append(event.index)

    def _note_end(self, event: ItemFinished) -> None:
        """Count where an item ended before its time, and the nodes behind that it did not come to."""
        step = event.row.step
        if step is not None:
            self.ended_at[step, event.row.outcome] += 1
            if event.row.outcome is Outcome.SKIPPED:
                self.first_skips.setdefault(step, event.row.error or "")
        passed = self.behind(step)
        if not event.executed and event.row.traceback is None and event.row.outcome is Outcome.FAILED:
            passed = tuple(
                node for node in self.nodes if node != step
            )  # its worker died, and with it what it knew
        self.unreached.update(node for node in passed if node not in event.executed)

    def behind(self, step: str | None) -> tuple[str, ...]:
        """Return the nodes that an item does not come to which ends at *step*, or before any, where it is None."""
        if step is None:
            return self.nodes
        return self.nodes[self.nodes.index(step) + 1 :] if step in self.nodes else ()

    def _add_rows(self, event: ItemsCached, begins: int) -> None:
        if begins == LOOSE:
            for single in rows_of(event):
                self._add_row(single, begins)
            return
        indexes = event.indexes
        last = max(indexes, default=-1)
        if self._width and last >= self._width:
            return  # a damaged line
        self._make_room(last + 1)
        if isinstance(indexes, range):
            part = slice(indexes.start, indexes.stop)
            self._places[part] = array("q", [begins]) * len(indexes)
            self._numbers[part] = array("i", range(len(indexes)))
        else:
            for number, index in enumerate(indexes):
                if index >= 0:
                    self._places[index], self._numbers[index] = begins, number
        self.counts.update(event.counts)
        self.timeline.add(event.at_s, event.counts)

    def _make_room(self, length: int) -> None:
        missing = length - len(self._places)
        if missing > 0:
            self._places.extend(array("q", [ABSENT]) * missing)
            self._numbers.extend(array("i", [-1]) * missing)

    # --- reading ---------------------------------------------------------------------------

    @property
    def rows(self) -> Rows:
        """One row per item, in input order; items whose turn never came are `cancelled`."""
        return Rows(self.path, self._places, self._numbers, self._loose, self.origin)

    @functools.cached_property
    def previewer(self) -> Any:
        """What makes values of steps again for pages; None for the report of another process."""
        return None if self.make_previewer is None else self.make_previewer()

    @property
    def failed(self) -> list[Row]:
        """The rows of failed items, in input order."""
        return list(self.rows.of(sorted(self._failed)))

    def first_failed(self, most: int) -> list[Row]:
        """Return the rows of the first *most* failed items, in input order; of many, no others are read."""
        return list(self.rows.of(heapq.nsmallest(most, self._failed)))

    @property
    def ok(self) -> bool:
        """True where the run came to its end and no item failed."""
        whole = self.finished and not self.interrupted and not self.stopped
        return whole and not self.counts[Outcome.FAILED] and not self.counts[Outcome.CANCELLED]

    @property
    def is_whole(self) -> bool:
        """True where every item of the input has its outcome, good or bad: none left out, none cancelled."""
        return not self.left_out and not self.counts[Outcome.CANCELLED] and len(self.rows) == self.total

    def update(self, later: Iterable["Report"]) -> None:
        """
        Take over what runs after this one came to: their rows in place of its own, by key.

        Items that only those know stand behind. Rows they were cancelled before they came to change nothing.

        Args:
            later: Reports of the same graph and output folder, in the order they ran.
        """
        newer: dict[str, Row] = {}
        for report in later:
            self.columns = tuple(dict.fromkeys((*self.columns, *report.columns)))
            self.updates += 1
            newer.update((row.key, row) for row in report.rows if row.outcome is not Outcome.CANCELLED)
        self.counts, self._failed = Counter(), []
        held = [number for number, place in enumerate(self._places) if place != ABSENT]
        for number, own in zip(held, self.rows, strict=True):
            self._settle(number, own, newer.pop(own.key, None))
        for row in newer.values():
            self._make_room(len(self._places) + 1)
            self._settle(len(self._places) - 1, row, row)
        self.total = max(self.total, len(self.rows))

    def _settle(self, number: int, own: Row, newer: Row | None) -> None:
        """Count the row of an item, and hold it where it is of a later run."""
        row = own if newer is None else newer
        self.counts[row.outcome] += 1
        if row.outcome is Outcome.FAILED:
            self._failed.append(number)
        if newer is not None:
            self._places[number], self._loose[number] = LOOSE, newer

    def raise_for_failures(self) -> None:
        """
        Raise where the run is not `ok`.

        Raises:
            RunFailed: Naming how many items failed, and the first of them.
        """
        if not self.ok:
            raise RunFailed(self.failure_text(), self)

    def failure_text(self) -> str:
        """Say what went wrong in one line."""
        return failure_text(self, next(self.rows.of([min(self._failed)])) if self._failed else None)

    def to_csv(self, path: Path | str | BinaryIO) -> None:
        """Write one line per item, to a file or an open stream of bytes: the fixed columns, then the graph's."""
        write_csv(path, self.rows, self.columns)

    def to_jsonl(self, path: Path | str | BinaryIO) -> None:
        """Write one JSON object per item, to a file or an open stream of bytes; `seconds` is per step."""
        write_jsonl(path, self.rows)

    def to_html(self, path: Path | str, **options: Any) -> Path:
        """
        Write a page that stands alone: graph, timeline, table of items, and pictures after every step.

        Args:
            path: The file; replaced where it exists.
            options: As of `views.page.write_page`, such as `sample=24` and `most_failures=200`, how many items are
                shown with pictures, `seconds=20.0` for these, and `graph=`, `items=` of a report from a file.

        Returns:
            The file.

        Raises:
            UsageError: The file cannot be written there, or an option has a value it cannot have.
            SourceError: The report's file is gone.
        """
        written: Path = display.page("write_page")(self, path, **options)
        return written

    def summary(self) -> dict[str, Any]:
        """Return the run in numbers, JSON-able: counts, rates, top errors, versions; see `summary.py`."""
        return summarize(self)

    def to_summary_json(self, path: Path | str) -> None:
        """Write `summary` as JSON."""
        write_json(path, self.summary())

    def to_pandas(self) -> "pd.DataFrame":
        """
        Return the rows as a frame indexed by key; whole numbers stay whole (`object` where needed).

        Raises:
            ImportError: pandas is not installed.
        """
        return to_frame((self.flat(row) for row in self.rows), [*FIXED_COLUMNS, *self.columns])

    def draw(self, to: Path | str = "text") -> str | Path:
        """
        Return the graph with what became of each node, or write it to the file *to*; see `Graph.draw`.

        Raises:
            UsageError: There is no such view, the file cannot be written, or the report is too old to tell.
        """
        return display.draw(self, to)

    def flat(self, row: Row) -> dict[str, Any]:
        """Return *row* as column -> value, seconds in total."""
        return flat_row(row, self.columns)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.counts.items() if count)
        return f"<report of {self.graph}: {counts or 'no items'} in {self.seconds:.1f} s>"
