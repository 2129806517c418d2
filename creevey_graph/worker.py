"""
The work on items: one chunk through the whole graph, in one worker.

Demand first; values are released after their last reader; outputs appear only once the
whole item has succeeded. `except Exception` stands here and nowhere else: an item's
failure becomes text in its row.
"""

import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import attrs

from creevey_graph.cache import FileState, ItemState, Record, encode_state
from creevey_graph.calls import call, check_returned
from creevey_graph.codecs import find_codec
from creevey_graph.delivery import Delivery
from creevey_graph.errors import CodecError, SkipItem, SourceChanged
from creevey_graph.events import Outcome, Row
from creevey_graph.evidence import Evidence
from creevey_graph.fields import field_of, item_fields
from creevey_graph.frozen import FrozenNode
from creevey_graph.identity import check_unchanged
from creevey_graph.keeping import Keeping, tells_path
from creevey_graph.pace import CHUNK_SECONDS
from creevey_graph.plan import Action, decide
from creevey_graph.sharing import shared_slots
from creevey_graph.tasks import Bench, Recorder, Result, Task, error_text, failed_result

MAX_TRACEBACK = 8_000
"""Characters of a traceback that a row keeps: the last ones, which name the failure."""
TRIES_WHILE_CHANGING = 3


def run_chunk(
    bench: Bench, tasks: Sequence[Task], is_stopping: Callable[[], bool], recorder: Recorder
) -> list[Result]:
    """
    Work on items one after the other, one at least.

    Those that would begin after a stop, or after the time a chunk may take, are left out: the
    coordinator hands them out again. Chunks are sized by what items took so far, and items that were
    up to date say nothing of those that are not.
    """
    results: list[Result] = []
    ends = perf_counter() + CHUNK_SECONDS
    for task in tasks:
        began = perf_counter()
        if is_stopping() or (results and began > ends):
            break
        result = run_item(bench, task, recorder)
        results.append(attrs.evolve(result, took_s=perf_counter() - began))
    return results


def run_item(bench: Bench, task: Task, recorder: Recorder) -> Result:
    """Work on one item; whatever its steps raise becomes its row."""
    for left in range(TRIES_WHILE_CHANGING - 1, -1, -1):
        work = _ItemWork(bench, task, recorder)
        try:
            return work.run()
        except SourceChanged as exc:
            work.undo()
            if not left:
                return work.failed(exc)
        except Exception as exc:  # noqa: BLE001 - the item boundary: its columns or values cannot be told
            work.undo()
            return failed_result(bench.frozen, task, work.at, error_text(exc), fields=False)
        except BaseException:
            work.undo()
            raise
    raise AssertionError("unreachable")


class _ItemWork:
    """
    One try at one item.

    State: values = slot -> value, while somebody will read it; readers = slot -> nodes still to
    read it; lent = slots whose value another slot's may share; made = position -> record of a file
    just written; seconds, executed, shown: what the result will tell; at = name of the node
    in hand.
    """

    def __init__(self, bench: Bench, task: Task, recorder: Recorder) -> None:
        self.bench = bench
        self.task = task
        self.recorder = recorder
        self.frozen = bench.frozen
        self.first = len(bench.frozen.inputs)
        self.values: dict[int, Any] = {}
        self.readers: dict[int, int] = {}
        self.lent: set[int] = set()
        self.delivery = Delivery(bench.out, task.known)
        self.keeping = Keeping(bench.cache)
        self.seconds: dict[str, float] = {}
        self.executed: list[str] = []
        self.shown: dict[int, Any] = {}
        self.evidence: Evidence | None = None
        self.made: dict[int, Record] = {}
        self.at: str | None = None

    # --- the way of one item ---------------------------------------------------------------

    def run(self) -> Result:
        """
        Work on the item.

        Raises:
            SourceChanged: A file of it changed meanwhile; also where that made a step fail or skip.
        """
        try:
            self._identify()
            known = self.task.known
            if known is not None and self._evidence.is_still_skipped(known, self.task.reason):
                self.at = known.step
                return self._ended(Outcome.SKIPPED, known.error or "")
            actions = self._decide_and_read()
            restored = self._execute(actions)
            check_unchanged(self._evidence.identity.sources)
            self._place_all(actions)
            self.delivery.check_untouched()
        except SourceChanged:
            raise
        except SkipItem as exc:
            self._give_up()
            return self._ended(Outcome.SKIPPED, str(exc))
        except Exception as exc:  # noqa: BLE001 - the item boundary
            self._give_up()
            return self.failed(exc)
        outcome = Outcome.DONE if self.executed else Outcome.RESTORED if restored else Outcome.CACHED
        result = self._succeeded(outcome)
        self.delivery.settle()
        return result

    def _give_up(self) -> None:
        self.delivery.withdraw()
        if self.evidence is not None:
            check_unchanged(self.evidence.identity.sources)

    def undo(self) -> None:
        """Remove all that was written: what was made of a file in motion must not be kept."""
        self.delivery.withdraw()
        self.keeping.undo()

    def _identify(self) -> None:
        self.recorder.mark(self.task.item.index, -1)
        bench = self.bench
        cache = None if bench.refresh else bench.cache
        self.evidence = Evidence(self.frozen, self.task.item, self.task.known, bench.out, cache)
        self.delivery.sources = self.evidence.identity.sources
        self.values.update(enumerate(self.task.item.values))

    @property
    def _evidence(self) -> Evidence:
        assert self.evidence is not None
        return self.evidence

    def _decide_and_read(self) -> list[Action]:
        """Decide, and read what is read from the cache; what is gone or damaged is decided anew."""
        evidence = self._evidence
        while True:
            actions = decide(self.frozen, evidence.lookup, evidence.output_state)
            lost = len(evidence.lost)
            for position, action in enumerate(actions):
                if action in (Action.LOAD, Action.RESTORE):
                    self._read(position, action)
            if len(evidence.lost) == lost:
                return actions

    def _read(self, position: int, action: Action) -> None:
        node, cache = self.frozen.nodes[position], self.bench.cache
        if node.slot in self.values or position in self.delivery.written:
            return
        assert cache is not None
        record = self._evidence.records[position]
        payload = cache.load(record)
        if payload is not None and action is Action.RESTORE:
            path = self._evidence.paths[node.slot]
            self.delivery.begin(position, path).write_bytes(payload)
            return
        if payload is not None:
            with suppress(CodecError):
                codec = node.step.options.codec or find_codec(record.codec)
                self.values[node.slot] = codec.decode(payload)
                return
        self._evidence.lose(position)

    # --- running ---------------------------------------------------------------------------

    def _execute(self, actions: list[Action]) -> bool:
        for position, action in enumerate(actions):
            if action is Action.RUN:
                for slot in self.frozen.nodes[position].reads:
                    self.readers[slot] = self.readers.get(slot, 0) + 1
        restored = False
        for position, action in enumerate(actions):
            node = self.frozen.nodes[position]
            if action is Action.RUN:
                self._run(position, node)
            elif action is Action.NONE:
                continue
            elif node.output is not None:
                restored |= action is Action.RESTORE
                self._give_path(position, node)
            else:
                self.shown[node.slot] = self._evidence.records[position].field
        return restored

    def _run(self, position: int, node: FrozenNode) -> None:
        self.at = node.name
        self.recorder.mark(self.task.item.index, position)
        began = perf_counter()
        value = call(
            node,
            self.values,
            is_last_reader=self._may_take,
            new_path=self._new_path_of(position, node) if node.output is not None else None,
        )
        check_returned(node, value)
        seconds = perf_counter() - began
        if (hidden := self._evidence.hidden_texts(node)) and tells_path(value, hidden):
            self._evidence.forget_keys_from(position)
        if node.step.options.borrows and self.readers.get(node.slot):
            self.lent.update(shared_slots(node, value, self.values))
        self.seconds[node.name] = seconds
        self.executed.append(node.name)
        for slot in node.reads:
            self.readers[slot] -= 1
            if not self.readers[slot] and slot >= self.first:
                self.values.pop(slot, None)
        if node.output is not None:
            self._take_file(position, node, seconds)
        else:
            if node.slot in self.frozen.columns.values():
                self.shown[node.slot] = field_of(value)
            self.keeping.keep(node, self._evidence.keys[position], value, seconds)
            if self.readers.get(node.slot):
                self.values[node.slot] = value
        self.at = None

    def _new_path_of(self, position: int, node: FrozenNode) -> Callable[[], Path]:
        return lambda: self.delivery.begin(position, self._evidence.paths[node.slot])

    def _may_take(self, slot: int) -> bool:
        """True where a step may do with a value as it likes; an item's own values are the user's."""
        return slot >= self.first and slot not in self.lent and self.readers[slot] == 1

    def _take_file(self, position: int, node: FrozenNode, seconds: float) -> None:
        path = self.delivery.check_written(position, node.name)
        record = self.keeping.keep_file(node, self._evidence.keys[position], path, seconds)
        if record is not None:
            self.made[position] = record
        self._give_path(position, node)

    def _give_path(self, position: int, node: FrozenNode) -> None:
        """Hand a writer's path on: the target, put in place at once where somebody reads it."""
        if self.readers.get(node.slot):
            if position in self.delivery.written:
                self._place(position, early=True)
            self.values[node.slot] = self.delivery.target(self._evidence.paths[node.slot])

    def _place_all(self, actions: list[Action]) -> None:
        for position, action in enumerate(actions):
            if position in self.delivery.written and action in (Action.RUN, Action.RESTORE):
                self._place(position)
        self.delivery.discard()  # what was read for nothing, where damage made us decide anew

    def _place(self, position: int, *, early: bool = False) -> None:
        self.at = self.frozen.nodes[position].name
        record = self.made.get(position) or self._evidence.records.get(position)
        path, keeps = self._evidence.paths[self.frozen.nodes[position].slot], len(self.frozen.writers) > 1
        self.delivery.place(position, path, record, early=early, keeps=keeps)
        self.at = None

    # --- telling ---------------------------------------------------------------------------

    def _succeeded(self, outcome: Outcome) -> Result:
        paths = [self._evidence.paths[node.slot] for node in self.frozen.writers]
        fields = item_fields(self.task.item.columns, self.frozen.columns)
        for column, slot in self.frozen.columns.items():
            if slot in self._evidence.paths:
                fields[column] = self._evidence.paths[slot]
            elif slot < self.first:
                fields[column] = field_of(self.task.item.values[slot])
            else:
                fields[column] = self.shown.get(slot)
        reason = None if outcome is Outcome.CACHED else self._reason()
        row = self._row(outcome, reason=reason, outputs=tuple(paths), fields=fields)
        outputs = {**self._evidence.found, **self.delivery.placed}
        return self._result(row, tuple(outputs[p] for p in sorted(outputs)), self.delivery.leftovers(paths))

    def _reason(self) -> str:
        reason, path = self._evidence.why(self.task.known, self.task.reason)
        return f"{reason}: {path}" if path else reason

    def failed(self, exc: Exception) -> Result:
        """Return the result of an item that failed."""
        text = "".join(traceback.format_exception(exc))[-MAX_TRACEBACK:]
        return self._ended(Outcome.FAILED, error_text(exc), text)

    def _ended(self, outcome: Outcome, error: str, text: str | None = None) -> Result:
        fields = item_fields(self.task.item.columns, self.frozen.columns)
        reason = self._reason() if self.evidence and self.executed else self.task.reason
        row = self._row(outcome, step=self.at, error=error, traceback=text, reason=reason, fields=fields)
        if outcome is Outcome.SKIPPED:
            return self._result(row, (), self.delivery.leftovers(()))
        # What a failed item made earlier is still its own: nothing to be pruned.
        known = self.task.known
        return self._result(row, *((known.outputs, known.leftovers) if known else ((), ())))

    def _row(self, outcome: Outcome, **facts: Any) -> Row:
        item = self.task.item
        return Row(item.key, item.source, outcome, seconds=self.seconds, **facts)

    def _result(self, row: Row, outputs: tuple[FileState, ...], leftovers: tuple[FileState, ...]) -> Result:
        identity = self.evidence.identity if self.evidence else None
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
        )
        cache = self.bench.cache
        damaged, problems = cache.take_troubles() if cache else ((), ())
        return Result(
            self.task.item.index,
            row,
            encode_state(state),
            tuple(self.keeping.entries),
            tuple(self.executed),
            leftovers,
            damaged,
            (*self.keeping.problems, *problems),
        )
