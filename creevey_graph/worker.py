"""
The work on items: one chunk through the whole graph, in one worker.

Demand first; values are released after their last reader; outputs appear only once the
whole item has succeeded. `except Exception` stands here and nowhere else: an item's
failure becomes text in its row.
"""

import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import perf_counter
from typing import Any

import attrs

from creevey_graph.arena import keep_blocks
from creevey_graph.atomic import Scratch, as_target
from creevey_graph.cache import FileState, ItemState, encode_state
from creevey_graph.columns import listed
from creevey_graph.errors import ImageError, SkipItem, SourceChanged, UsageError
from creevey_graph.events import NOT_TRIED, Outcome, Row
from creevey_graph.evidence import Evidence
from creevey_graph.execution import Execution
from creevey_graph.fields import field_of, item_fields
from creevey_graph.identity import check_unchanged
from creevey_graph.interrupts import interrupts_let_through, may_be_interrupted
from creevey_graph.pace import chunk_seconds
from creevey_graph.parts import Part
from creevey_graph.plan import Action
from creevey_graph.sources import RemoteFile
from creevey_graph.spoilt import note_spoilt
from creevey_graph.stopping import is_interrupted
from creevey_graph.tasks import (
    Bench,
    Recorder,
    Result,
    Sealed,
    Task,
    error_text,
    failed_result,
    portable,
    told_short,
)

MAX_TRACEBACK = 8_000
"""Characters of a traceback that a row keeps: the last ones, which name the failure."""
TRIES_WHILE_CHANGING = 3


def run_chunk(
    bench: Bench, tasks: Iterable[Task | Sealed], is_stopping: Callable[[], bool], recorder: Recorder
) -> list[Result]:
    """
    Work on items one after the other, one at least.

    Those that would begin after a stop, or after the time a chunk may take, are left out: the
    coordinator hands them out again. Chunks are sized by what items took so far, and items that were
    up to date say nothing of those that are not.
    """
    if bench.is_apart:
        keep_blocks()
    results: list[Result] = []
    ends = perf_counter() + chunk_seconds(bench.threads)
    scratch = Scratch()
    with suppress(IndexError):  # none is left: more chunks are in hand than ever before
        scratch = scratch if bench.scratches is None else bench.scratches.pop()
    try:
        for task in tasks:
            began = perf_counter()
            if is_stopping() or (results and began > ends):
                break
            try:
                if isinstance(task, Sealed):
                    result = run_sealed(bench, task, recorder, scratch)
                else:
                    result = run_item(bench, task, recorder, scratch)
            except KeyboardInterrupt:
                if not is_interrupted():
                    raise
                break  # a wait was ended; what came before it is told
            results.append(attrs.evolve(result, took_s=perf_counter() - began))
    finally:
        if bench.scratches is None:
            scratch.close()
        else:
            bench.scratches.append(scratch)
    return results


def run_sealed(bench: Bench, sealed: Sealed, recorder: Recorder, scratch: Scratch) -> Result:
    """Work on one item whose values are made again once it is in hand."""
    recorder.mark(sealed.bare.item.index, -1)
    try:
        task = sealed.opened()
    except UsageError as exc:
        return failed_result(bench.frozen, sealed.bare, None, error_text(exc), fields=False)
    return run_item(bench, task, recorder, scratch)


def run_item(bench: Bench, task: Task, recorder: Recorder, scratch: Scratch) -> Result:
    """Work on one item; whatever its steps raise becomes its row."""
    for left in range(TRIES_WHILE_CHANGING - 1, -1, -1):
        work = _ItemWork(bench, task, recorder, scratch)
        try:
            return work.run()
        except SourceChanged as exc:
            work.undo()
            if not left:
                return work.failed(exc)
        except Exception as exc:  # noqa: BLE001 - the item boundary: its columns or values cannot be told
            work.undo()
            return failed_result(bench.frozen, task, work.steps.at, error_text(exc), fields=False)
        except BaseException as exc:
            work.undo()
            if isinstance(exc, KeyboardInterrupt) and may_be_interrupted():
                raise
            return failed_result(bench.frozen, task, work.steps.at, error_text(exc), fields=False)
    raise AssertionError("unreachable")


class _ItemWork:
    """One try at one item. State: steps = its steps and all that they made."""

    def __init__(self, bench: Bench, task: Task, recorder: Recorder, scratch: Scratch) -> None:
        self.task = task
        self.bench = bench
        self.frozen = bench.frozen
        self.cache = bench.cache
        self.steps = Execution(bench, task, recorder, scratch)

    # --- the way of one item ---------------------------------------------------------------

    def run(self) -> Result:
        """
        Work on the item.

        Raises:
            SourceChanged: A file of it changed meanwhile; also where that made a step fail or skip.
        """
        try:
            evidence = self.steps.identify()
            known = self.task.known
            if known is not None and evidence.is_still_skipped(known, self.task.reason):
                self.steps.at = known.step
                return self._ended(Outcome.SKIPPED, known.error or "")
            if known is not None and (node := evidence.failing(known.lasting)) is not None:
                self.steps.at = node.name
                return self._failed_again(known)
            with interrupts_let_through():
                self.steps.run()
            check_unchanged(evidence.identity.sources)
            self.steps.place()
            self.steps.delivery.check_untouched()
        except SourceChanged:
            raise
        except SkipItem as exc:
            self._give_up()
            return self._ended(Outcome.SKIPPED, str(exc))
        except Exception as exc:  # noqa: BLE001 - the item boundary
            self._give_up()
            if isinstance(exc, ImageError):
                self.steps.doubt_downloads()
            return self.failed(exc)
        restored = Outcome.RESTORED if Action.RESTORE in self.steps.actions else Outcome.CACHED
        outcome = Outcome.DONE if self.steps.executed else restored
        result = self._succeeded(outcome)
        self.steps.delivery.settle()
        return result

    @property
    def _evidence(self) -> Evidence:
        assert self.steps.evidence is not None
        return self.steps.evidence

    def _give_up(self) -> None:
        self.steps.delivery.withdraw()
        if self.steps.evidence is not None:
            check_unchanged(self.steps.evidence.identity.sources)

    def undo(self) -> None:
        """Remove all that was written: what was made of a file in motion must not be kept."""
        self.steps.delivery.withdraw()
        self.steps.keeping.undo()

    # --- telling ---------------------------------------------------------------------------

    def _succeeded(self, outcome: Outcome) -> Result:
        paths = [self._evidence.paths[node.slot] for node in self.frozen.writers]
        fields = item_fields(self.task.item.columns, self.frozen.columns)
        for column, slot in self.frozen.columns.items():
            if slot in self._evidence.paths:
                fields[column] = self._evidence.paths[slot]
            elif slot < len(self.frozen.inputs):
                fields[column] = _field_of_input(self.task.item.values[slot])
            else:
                fields[column] = self.steps.shown.get(slot)
        reason = None if outcome is Outcome.CACHED else self._reason()
        row = self._row(outcome, reason=reason, outputs=tuple(paths), fields=fields)
        outputs = {**self._evidence.found, **self.steps.delivery.placed}
        return self._result(
            row, tuple(outputs[p] for p in sorted(outputs)), self.steps.delivery.leftovers(paths)
        )

    def _restored(self) -> tuple[str, ...]:
        pairs = zip(self.frozen.nodes, self.steps.actions, strict=True)
        return tuple(node.name for node, action in pairs if action is Action.RESTORE)

    def _reason(self) -> str:
        reason, path = self._evidence.why(self.task.known, self.task.reason)
        return f"{reason}: {path}" if path else reason

    def failed(self, exc: Exception) -> Result:
        """Return the result of an item that failed."""
        path = self.steps.path_at()
        text, error = "".join(traceback.format_exception(exc))[-MAX_TRACEBACK:], error_text(exc)
        if short := told_short(exc) if self.bench.is_apart else "":
            error += short
        if path is not None:
            text, error = as_target(text, path), as_target(error, path)
        if names := self.steps.nothing_given():
            first, line_end, rest = error.partition("\n")
            told = listed([f"'{name}'" for name in names])
            error = f"{first} ({told} returned None){line_end}{rest}"
        lasting = self.steps.key_at() if getattr(exc, "is_permanent", False) else ""
        result = self._ended(Outcome.FAILED, error, text, lasting=lasting)
        if short:
            note_spoilt("out of memory")
            result = attrs.evolve(result, is_short=True)
        if self.bench.catch is None:
            return result
        if isinstance(exc, self.bench.catch):
            return attrs.evolve(result, is_caught=True)
        return attrs.evolve(result, cause=portable(exc) if self.bench.is_apart else exc)

    def _failed_again(self, known: ItemState) -> Result:
        """Return the failure of last time: a step with that very key, tried as then, will not do better."""
        text = known.traceback
        return self._ended(Outcome.FAILED, known.error or "", text, lasting=known.lasting, reason=NOT_TRIED)

    def _ended(
        self,
        outcome: Outcome,
        error: str,
        text: str | None = None,
        *,
        lasting: str = "",
        reason: str | None = None,
    ) -> Result:
        fields = item_fields(self.task.item.columns, self.frozen.columns)
        if reason is None:
            reason = self._reason() if self.steps.evidence and self.steps.executed else self.task.reason
        row = self._row(
            outcome, step=self.steps.at, error=error, traceback=text, reason=reason, fields=fields
        )
        if outcome is Outcome.SKIPPED and self.steps.evidence is not None:
            return self._result(row, (), self.steps.delivery.leftovers(()))
        # What an item that failed, or was refused, made earlier is still its own: nothing to be pruned.
        known = self.task.known
        return self._result(row, *((known.outputs, known.leftovers) if known else ((), ())), lasting=lasting)

    def _row(self, outcome: Outcome, **facts: Any) -> Row:
        item = self.task.item
        return Row(item.key, item.source, outcome, seconds=self.steps.seconds, **facts)

    def _result(
        self, row: Row, outputs: tuple[FileState, ...], leftovers: tuple[FileState, ...], *, lasting: str = ""
    ) -> Result:
        identity = self.steps.evidence.identity if self.steps.evidence else None
        is_good = row.outcome not in (Outcome.FAILED, Outcome.SKIPPED)
        state = ItemState(
            self.frozen.graph_key,
            identity.values if identity else "",
            identity.sources if identity else (),
            outputs,
            str(Outcome.DONE if is_good else row.outcome),
            row.step,
            row.error,
            row.fields,
            leftovers,
            row.source,
            row.traceback,
            lasting,
        )
        cache = self.cache
        damaged, problems = cache.take_troubles() if cache else ((), ())
        return Result(
            self.task.item.index,
            row,
            encode_state(state),
            tuple(self.steps.keeping.entries),
            tuple(self.steps.executed),
            tuple(self.steps.spared),
            self._restored() if row.outcome in (Outcome.DONE, Outcome.RESTORED) else (),
            leftovers=leftovers,
            damaged=damaged,
            problems=(*self.steps.keeping.problems, *problems),
            measured=tuple(self.steps.keeping.measured),
        )


def _field_of_input(value: Any) -> Any:
    """Return an input as a report shows it; what is read like a file is named like one."""
    return str(value) if isinstance(value, Part | RemoteFile) else field_of(value)
