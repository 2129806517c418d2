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
from typing import Any, Protocol

import attrs

from creevey_graph.atomic import temporary_beside
from creevey_graph.cache import Cache, Entry, FileState, ItemState, Record, encode_state
from creevey_graph.calls import call
from creevey_graph.codecs import find_codec
from creevey_graph.errors import CodecError, CreeveyError, SkipItem, SourceChanged, Undigestible
from creevey_graph.events import Outcome, Reason, Row
from creevey_graph.fields import field_of
from creevey_graph.fingerprint.files import Stat, digest_file
from creevey_graph.evidence import Evidence
from creevey_graph.fingerprint.values import digest_bytes, digest_value
from creevey_graph.freeze import FrozenGraph, FrozenNode
from creevey_graph.identity import check_unchanged, is_same
from creevey_graph.plan import Action, OutputState, decide
from creevey_graph.policy import codec_to_keep
from creevey_graph.sources import Item

MAX_TRACEBACK = 8_000
"""Characters of a traceback that a row keeps: the last ones, which name the failure."""
TRIES_WHILE_CHANGING = 3


class Recorder(Protocol):
    """Told which item and node is in hand, so that a dead worker can be blamed exactly."""

    def mark(self, item: int, position: int) -> None:
        """Say that a node of an item begins; position -1: the item's files are looked at."""


@attrs.frozen
class Task:
    """
    One item to work on.

    Args:
        item: The item.
        known: Its last known state.
        reason: Why it must be looked at, as far as known; None where only files are to be checked.
    """

    item: Item
    known: ItemState | None = None
    reason: str | None = None


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
        leftovers: Outputs of earlier runs that this item no longer stands behind.
        damaged: Keys of cache entries found damaged.
        problems: Cache problems, as text.
    """

    index: int
    row: Row
    state: str
    entries: tuple[Entry, ...] = ()
    executed: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@attrs.frozen
class Bench:
    """
    What a worker works with.

    Args:
        frozen: The graph.
        out: Output folder; None where nothing is written.
        cache: The cache, None for none.
        refresh: Run everything, whatever the cache has.
    """

    frozen: FrozenGraph
    out: Path | None
    cache: Cache | None
    refresh: bool = False


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
            work.discard()
            if not left:
                return work.failed(exc)
    raise AssertionError("unreachable")


class _ItemWork:
    """
    One try at one item.

    State: values = slot -> value, while somebody will read it; readers = slot -> nodes still to
    read it; written = position -> temporary file; entries, seconds, executed, fields: what the
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
        self.written: dict[int, Path] = {}
        self.entries: list[Entry] = []
        self.seconds: dict[str, float] = {}
        self.executed: list[str] = []
        self.shown: dict[int, Any] = {}
        self.evidence: Evidence | None = None
        self.outputs: dict[int, FileState] = {}
        self.made: dict[int, Record] = {}
        self.at: str | None = None
        known = task.known
        self.known_outputs = {state.path: state for state in known.outputs} if known else {}
        self.problems: list[str] = []

    # --- the way of one item ---------------------------------------------------------------

    def run(self) -> Result:
        try:
            self._identify()
            actions = self._decide_and_read()
            restored = self._execute(actions)
            check_unchanged(self._evidence.identity.sources)
            self._commit_outputs(actions)
        except SourceChanged:
            raise
        except SkipItem as exc:
            self.discard()
            return self._ended(Outcome.SKIPPED, str(exc))
        except Exception as exc:  # noqa: BLE001 - the item boundary
            self.discard()
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
        if node.slot in self.values or position in self.written:
            return
        assert cache is not None
        record = self._evidence.records[position]
        payload = cache.load(record)
        if payload is not None and action is Action.RESTORE:
            self.written[position] = self._temporary(node)
            self.written[position].write_bytes(payload)
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
            path = self.written[position] = self._temporary(node)
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
            if position in self.written:
                self._place(position)
            self.values[node.slot] = self._target(self._evidence.paths[node.slot])

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

    # --- outputs ---------------------------------------------------------------------------

    def _target(self, path: str) -> Path:
        assert self.bench.out is not None
        return self.bench.out / path

    def _temporary(self, node: FrozenNode) -> Path:
        return temporary_beside(self._target(self._evidence.paths[node.slot]))

    def _commit_outputs(self, actions: list[Action]) -> None:
        for position, action in enumerate(actions):
            if position in self.written and action in (Action.RUN, Action.RESTORE):
                self._place(position)
        for path in self.written.values():  # read for nothing: decided anew after damage
            path.unlink(missing_ok=True)

    def _place(self, position: int) -> None:
        temporary = self.written.pop(position)
        path = self._evidence.paths[self.frozen.nodes[position].slot]
        target = self._target(path)
        record = self.made.get(position) or self._evidence.records.get(position)
        if record is not None and self._is_in_place(target, path, record.digest):
            temporary.unlink()
            self.outputs[position] = self.known_outputs[path]
            return
        temporary.replace(target)
        if record is not None:
            stat = Stat.of(target)
            self.outputs[position] = FileState(path, *attrs.astuple(stat), record.digest, stat.mtime_ns)

    def _is_in_place(self, target: Path, path: str, digest: str) -> bool:
        known = self.known_outputs.get(path)
        if known is None or known.digest != digest or target.is_symlink():
            return False
        try:
            return is_same(Stat.of(target), known)
        except OSError:
            return False

    def discard(self) -> None:
        """Remove what was written and not put in place."""
        for path in self.written.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)
        self.written.clear()

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
        outputs = {**self._evidence.found, **self.outputs}
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
        row = self._row(outcome, step=step, error=error, traceback=text, reason=self.task.reason, fields=fields)
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
            outputs if is_good else tuple(self.known_outputs.values()),
            "done" if is_good else str(row.outcome),
            row.step,
            row.error,
            row.fields,
        )
        cache = self.bench.cache
        damaged, problems = (cache.take_troubles() if cache else ((), ()))
        return Result(
            self.task.item.index,
            row,
            encode_state(state),
            tuple(self.entries),
            tuple(self.executed),
            tuple(path for path in self.known_outputs if path not in current),
            damaged,
            (*self.problems, *problems),
        )
