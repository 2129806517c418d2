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

from creevey_graph.cache import Entry, FileState, ItemState, Record, encode_state
from creevey_graph.calls import call
from creevey_graph.codecs import find_codec
from creevey_graph.delivery import Delivery
from creevey_graph.errors import CodecError, SkipItem, SourceChanged, Undigestible
from creevey_graph.events import Outcome, Reason, Row
from creevey_graph.evidence import Evidence
from creevey_graph.fields import field_of
from creevey_graph.fingerprint.files import digest_file
from creevey_graph.fingerprint.values import digest_bytes, digest_value
from creevey_graph.freeze import FrozenNode
from creevey_graph.identity import check_unchanged
from creevey_graph.plan import Action, OutputState, decide
from creevey_graph.policy import codec_to_keep
from creevey_graph.tasks import Bench, Recorder, Result, Task

MAX_TRACEBACK = 8_000
"""Characters of a traceback that a row keeps: the last ones, which name the failure."""
TRIES_WHILE_CHANGING = 3


def run_chunk(
    bench: Bench, tasks: Sequence[Task], is_stopping: Callable[[], bool], recorder: Recorder
) -> list[Result]:
    """Work on items one after the other; those after a stop are left out."""
    results = []
    for task in tasks:
        if is_stopping():
            break
        results.append(run_item(bench, task, recorder))
    return results


def run_item(bench: Bench, task: Task, recorder: Recorder) -> Result:
    """Work on one item; whatever its steps raise becomes its row."""
    for left in range(TRIES_WHILE_CHANGING - 1, -1, -1):
        work = _ItemWork(bench, task, recorder)
        try:
            return work.run()
        except SourceChanged as exc:
            work.delivery.discard()
            if not left:
                return work.failed(exc)
    raise AssertionError("unreachable")


class _ItemWork:
    """
    One try at one item.

    State: values = slot -> value, while somebody will read it; readers = slot -> nodes still to
    read it; made = position -> record of a file just written; entries, seconds, executed, fields: what the
    result will tell; at = name of the node in hand.
    """

    def __init__(self, bench: Bench, task: Task, recorder: Recorder) -> None:
        self.bench = bench
        self.task = task
        self.recorder = recorder
        self.frozen = bench.frozen
        self.first = len(bench.frozen.inputs)
        self.values: dict[int, Any] = {}
        self.readers: dict[int, int] = {}
        self.delivery = Delivery(bench.out, task.known)
        self.entries: list[Entry] = []
        self.seconds: dict[str, float] = {}
        self.executed: list[str] = []
        self.shown: dict[int, Any] = {}
        self.evidence: Evidence | None = None
        self.made: dict[int, Record] = {}
        self.at: str | None = None
        self.problems: list[str] = []

    # --- the way of one item ---------------------------------------------------------------

    def run(self) -> Result:
        try:
            self._identify()
            actions = self._decide_and_read()
            restored = self._execute(actions)
            check_unchanged(self._evidence.identity.sources)
            self._place_all(actions)
        except SourceChanged:
            raise
        except SkipItem as exc:
            self.delivery.discard()
            return self._ended(Outcome.SKIPPED, str(exc))
        except Exception as exc:  # noqa: BLE001 - the item boundary
            self.delivery.discard()
            return self.failed(exc)
        outcome = Outcome.DONE if self.executed else Outcome.RESTORED if restored else Outcome.CACHED
        return self._succeeded(outcome)

    def _identify(self) -> None:
        self.recorder.mark(self.task.item.index, -1)
        bench = self.bench
        cache = None if bench.refresh else bench.cache
        self.evidence = Evidence(self.frozen, self.task.item, self.task.known, bench.out, cache)
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
        path = None
        if node.output is not None:
            path = self.delivery.begin(position, self._evidence.paths[node.slot])
        began = perf_counter()
        value = call(node, self.values, is_last_reader=lambda slot: self.readers[slot] == 1, path=path)
        seconds = perf_counter() - began
        self.seconds[node.name] = seconds
        self.executed.append(node.name)
        for slot in node.reads:
            self.readers[slot] -= 1
            if not self.readers[slot] and slot >= self.first:
                self.values.pop(slot, None)
        if path is not None:
            if not path.is_file():
                raise FileNotFoundError(f"step '{node.name}' wrote nothing at the path it was given")
            self._keep_file(position, node, path, seconds)
            self._give_path(position, node)
            return
        if node.slot in self.frozen.columns.values():
            self.shown[node.slot] = field_of(value)
        self._keep(position, node, value, seconds)
        if self.readers.get(node.slot):
            self.values[node.slot] = value
        self.at = None

    def _give_path(self, position: int, node: FrozenNode) -> None:
        """Hand a writer's path on: the target, put in place at once where somebody reads it."""
        if self.readers.get(node.slot):
            if position in self.delivery.written:
                self._place(position)
            self.values[node.slot] = self.delivery.target(self._evidence.paths[node.slot])

    def _keep(self, position: int, node: FrozenNode, value: Any, seconds: float) -> None:
        key, cache = self._evidence.keys[position], self.bench.cache
        if cache is None or key is None or not node.keeps:
            return
        codec = codec_to_keep(node.step, value)
        if codec is None:
            return
        try:
            payload = codec.encode(value)
            digest = digest_bytes(payload) if value is payload else digest_value(value)
        except (Undigestible, CodecError) as exc:
            self.problems.append(f"step '{node.name}': its value is not kept ({exc})")
            return
        record = Record(digest, codec.name, len(payload), seconds, field_of(value))
        self.entries.append(cache.prepare(key, record, payload))

    def _keep_file(self, position: int, node: FrozenNode, path: Path, seconds: float) -> None:
        cache, key = self.bench.cache, self._evidence.keys[position]
        if cache is None:
            return
        if key is None or not node.keeps:
            digest, _ = digest_file(path)
            self.made[position] = Record(digest, "file", 0, seconds)
            return
        payload = path.read_bytes()
        record = Record(digest_bytes(payload), "file", len(payload), seconds)
        self.made[position] = record
        self.entries.append(cache.prepare(key, record, payload))

    def _place_all(self, actions: list[Action]) -> None:
        for position, action in enumerate(actions):
            if position in self.delivery.written and action in (Action.RUN, Action.RESTORE):
                self._place(position)
        self.delivery.discard()  # what was read for nothing, where damage made us decide anew

    def _place(self, position: int) -> None:
        record = self.made.get(position) or self._evidence.records.get(position)
        self.delivery.place(position, self._evidence.paths[self.frozen.nodes[position].slot], record)

    # --- telling ---------------------------------------------------------------------------

    def _succeeded(self, outcome: Outcome) -> Result:
        paths = [self._evidence.paths[node.slot] for node in self.frozen.writers]
        fields = dict(self.task.item.columns)
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
        return self._result(row, outputs=tuple(outputs[p] for p in sorted(outputs)), current=set(paths))

    def _reason(self) -> str:
        known, reason = self.task.known, self.task.reason
        if reason in (Reason.FORCED, Reason.NEW_ITEM, Reason.FAILED_LAST_TIME):
            return str(reason)
        if known is not None and self._evidence.is_changed(known):
            return str(Reason.INPUT_CHANGED)
        if reason is not None:
            return reason
        for position, state in self._evidence.states.items():
            path = self._evidence.paths[self.frozen.nodes[position].slot]
            if state is OutputState.MODIFIED:
                return f"{Reason.OUTPUT_MODIFIED}: {path}"
            if state is OutputState.MISSING:
                return f"{Reason.OUTPUT_MISSING}: {path}"
        return str(Reason.NOT_CACHED)

    def failed(self, exc: Exception) -> Result:
        """Return the result of an item that failed."""
        text = "".join(traceback.format_exception(exc))[-MAX_TRACEBACK:]
        return self._ended(Outcome.FAILED, f"{type(exc).__name__}: {exc}", text)

    def _ended(self, outcome: Outcome, error: str, text: str | None = None) -> Result:
        step = self.at or next(iter(dict(self.frozen.inputs)), None)
        fields = dict(self.task.item.columns)
        row = self._row(
            outcome, step=step, error=error, traceback=text, reason=self.task.reason, fields=fields
        )
        return self._result(row, outputs=(), current=set())

    def _row(self, outcome: Outcome, **facts: Any) -> Row:
        item = self.task.item
        return Row(item.key, item.source, outcome, seconds=self.seconds, **facts)

    def _result(self, row: Row, outputs: tuple[FileState, ...], current: set[str]) -> Result:
        identity = self.evidence.identity if self.evidence else None
        is_good = row.outcome not in (Outcome.FAILED, Outcome.SKIPPED)
        state = ItemState(
            self.frozen.graph_key,
            identity.values if identity else "",
            identity.sources if identity else (),
            outputs if is_good else tuple(self.delivery.known.values()),
            "done" if is_good else str(row.outcome),
            row.step,
            row.error,
            row.fields,
        )
        cache = self.bench.cache
        damaged, problems = cache.take_troubles() if cache else ((), ())
        return Result(
            self.task.item.index,
            row,
            encode_state(state),
            tuple(self.entries),
            tuple(self.executed),
            tuple(path for path in self.delivery.known if path not in current),
            damaged,
            (*self.problems, *problems),
        )
