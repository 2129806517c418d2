"""
The steps of one item: run on demand, read from the cache where it has them, cut off where nothing changed.

Values are released after their last reader. What is written appears only when the worker says so.
"""

from collections.abc import Callable
from pathlib import Path, PurePath
from time import perf_counter
from typing import Any

import attrs

from creevey_graph.atomic import Scratch
from creevey_graph.cache import Record
from creevey_graph.calls import call, check_returned
from creevey_graph.contents import content_of, content_of_file, content_of_kept, is_own_codec
from creevey_graph.cutoff import Cutoff
from creevey_graph.delivery import Delivery
from creevey_graph.evidence import Evidence
from creevey_graph.executors import BETWEEN
from creevey_graph.fields import field_of
from creevey_graph.frozen import FrozenNode
from creevey_graph.identity import memory_key
from creevey_graph.keeping import Keeping, Made, tells_path
from creevey_graph.memory import Memory
from creevey_graph.plan import Action, decide
from creevey_graph.sharing import shared_slots
from creevey_graph.tasks import Bench, Recorder, Task, told_missing

FETCH_WORTH_S = 10.0
"""What a download is worth at least when room is made in the cache: next time the server may not have it."""


class Execution:
    """
    One try at the steps of one item.

    State: evidence = what is known of it, None until `identify`; values = slot -> value, while
    somebody will read it; readers = slot -> nodes still to read it; lent = slots whose value another
    slot's may share; made = position -> record of a file just written; actions = what was decided; ran =
    positions that ran; again = slot -> nodes that would run again for its value, where that is not
    kept; worth = slot -> node -> seconds of all that its value was made of; memories = position -> memory
    of a node that is being asked; seconds, executed, spared, shown: what
    the result will tell; at = name of the node in hand.
    """

    def __init__(self, bench: Bench, task: Task, recorder: Recorder, scratch: Scratch) -> None:
        self._bench = bench
        self._task = task
        self._recorder = recorder
        self._frozen = bench.frozen
        self._first = len(bench.frozen.inputs)
        self.evidence: Evidence | None = None
        self.delivery = Delivery(bench.out, task.known, scratch)
        self.keeping = Keeping(bench.cache, bench.ledger)
        self.actions: list[Action] = []
        self.executed: list[str] = []
        self.spared: list[str] = []
        self.seconds: dict[str, float] = {}
        self.shown: dict[int, Any] = {}
        self.at: str | None = None
        self._values: dict[int, Any] = {}
        self._readers: dict[int, int] = {}
        self._lent: set[int] = set()
        self._made: dict[int, Record] = {}
        self._ran: set[int] = set()
        self._again: dict[int, frozenset[str]] = {}
        self._worth: dict[int, dict[str, float]] = {}
        self._memories: dict[int, Memory] = {}

    def identify(self) -> Evidence:
        """
        Look at the item's files and values.

        Raises:
            OSError: A file is missing or unreadable.
            CreeveyError: One is no file, changed meanwhile, or an output path is not valid.
            Exception: The source refused the item.
        """
        self._recorder.mark(self._task.item.index, -1)
        if self._task.item.refusal is not None:
            raise self._task.item.refusal
        bench = self._bench
        cache = None if bench.refresh else bench.cache
        item, known = self._task.item, self._task.known
        try:
            self.evidence = Evidence(self._frozen, item, known, bench.out, cache, ledger=bench.ledger)
        except FileNotFoundError as exc:
            if (told := told_missing(exc, self._task.place)) is exc:
                raise
            raise told from exc
        self.delivery.sources = self.evidence.identity.sources
        self._cutoff = Cutoff(self._frozen, self.evidence, bench.ledger)
        self._values.update(enumerate(item.values))
        return self.evidence

    def key_at(self) -> str:
        """Return what a failure of the node in hand is remembered by, "" where it is not."""
        nodes = () if self.evidence is None else self.evidence.nodes
        keys = (node.lasting_key(self._known.keys[p]) for p, node in enumerate(nodes) if node.name == self.at)
        return next(keys, "")

    def nothing_given(self) -> list[str]:
        """Return the nodes that gave the node in hand None, as one does that forgets to return."""
        nodes = () if self.evidence is None else self.evidence.nodes
        reads = {slot for node in nodes if node.name == self.at for slot in node.reads}
        return [node.name for node in nodes if node.slot in reads and self._values.get(node.slot, 0) is None]

    def path_at(self) -> PurePath | None:
        """Return the output path of the node in hand, None where it writes none."""
        nodes = () if self.evidence is None else self.evidence.nodes
        slots = (node.slot for node in nodes if node.name == self.at and node.output is not None)
        return next((PurePath(self._known.paths[slot]) for slot in slots), None)

    def doubt_downloads(self) -> None:
        """
        Keep nothing that came from the downloads above the node in hand, so that they are asked for again.

        A body that broke off where no length was told looks whole until a picture is made of it, and so does
        the page of an error: kept, it would fail in every run to come.
        """
        above = next((set(node.reads) for node in self._frozen.nodes if node.name == self.at), set())
        for node in reversed(self._frozen.nodes):
            above.update(node.reads if node.slot in above else ())
        doubted: dict[int, str] = {}
        for node in self._frozen.nodes:
            if node.slot in above and (
                node.step.options.downloads or not doubted.keys().isdisjoint(node.reads)
            ):
                doubted[node.slot] = node.name
        if doubted:
            self.keeping.withdraw(doubted.values())

    @property
    def _known(self) -> Evidence:
        assert self.evidence is not None
        return self.evidence

    def run(self) -> None:
        """
        Do what was decided for each node, in order; where that does not hold any more, decide anew.

        A node above may have given what it gave before, so that one below need not run; a value of the
        cache may be gone or damaged.
        """
        self._ask()
        self._decide()
        position = 0
        while position < len(self.actions):
            if self._act(position, self._frozen.nodes[position]):
                position += 1
            else:
                self._decide()
                position = 0
        for position, action in enumerate(self.actions):
            node = self._frozen.nodes[position]
            if action in (Action.KEEP, Action.LOAD) and node.output is None:
                self.shown[node.slot] = self._known.records[position].field

    def _ask(self) -> None:
        """Run the nodes that are asked anew in every run: what they give decides what else has to run."""
        answers: dict[int, str] = {}
        for position in self._frozen.asked:
            node = self._frozen.nodes[position]
            self._readers.update(dict.fromkeys((*node.reads, node.slot), len(node.reads) + 1))
            made = self._run(position, node)
            value = self._values[node.slot]
            answer = content_of(value) if node.fingerprint is not None else None
            self._cutoff.note(node.slot, answer)
            if answer is not None:
                answers[position] = answer
            self._remember(position, made, answer)
        if answers:
            self._known.take_answers(answers)

    def _remember(self, position: int, made: Made, answer: str | None) -> None:
        """Keep what an asked node wants to find next time; where there is nothing new, it was not executed."""
        node, memory = made.node, self._memories.pop(position)
        if memory.kept is not None:
            key = memory_key(node, self._known.identity)
            self.keeping.keep_facts(attrs.evolve(made, key=key, content=()), memory.kept, {"answer": answer})
        elif memory.recall() is not None:
            self.executed.remove(node.name)

    def _memory_of(self, position: int, node: FrozenNode) -> Memory | None:
        """Return what a node kept when it was asked the same the last time; None where it has no memory."""
        if not node.is_asked(self._first):
            return None
        record = self._known.remembered(position)
        facts = None if record is None else self.keeping.load_facts(record)
        self._memories[position] = Memory(facts)
        return self._memories[position]

    def _decide(self) -> None:
        evidence = self._known
        self.actions = decide(self._frozen, evidence.lookup, evidence.output_state, self._is_made)
        self._readers.clear()
        for position, action in enumerate(self.actions):
            if action is Action.RUN and position not in self._ran:
                for slot in self._frozen.nodes[position].reads:
                    self._readers[slot] = self._readers.get(slot, 0) + 1
        for slot in [slot for slot in self._values if slot >= self._first and slot not in self._readers]:
            del self._values[slot]

    def _is_made(self, position: int, is_wanted: bool) -> bool:
        """True where a node ran in this try; not where its value is wanted again, but released and not kept."""
        if position not in self._ran:
            return False
        node = self._frozen.nodes[position]
        if not is_wanted or node.output is not None:
            return True
        if node.slot in self._values or node.slot in self.keeping.fresh:
            return True
        self._ran.discard(position)
        self._cutoff.forget(position)
        return False

    def _act(self, position: int, node: FrozenNode) -> bool:
        """Do what was decided for a node; return False where it must be decided anew."""
        action = self.actions[position]
        if action is Action.RESTORE:
            return position in self.delivery.written or self._restore(position, node)
        if action is not Action.RUN or position in self._ran:
            return True
        if self._cutoff.finds(position, self._values):
            self.spared.append(node.name)
            self.keeping.keep_alias(self._known.keys[position] or "", self._known.records[position])
            return False
        if all(slot in self._values or self._load(slot - self._first) for slot in node.reads):
            self._run(position, node)
            return True
        return False

    def _restore(self, position: int, node: FrozenNode) -> bool:
        payload = self.keeping.load_file(self._known.records[position])
        if payload is None:
            self._known.lose(position)
            return False
        self.delivery.begin(position, self._known.paths[node.slot]).write_bytes(payload)
        return True

    def _load(self, position: int) -> bool:
        """Bring a value to hand that a node is about to read; False where it is gone or damaged."""
        node = self._frozen.nodes[position]
        if node.output is not None:
            if position in self.delivery.written:
                self._place(position, early=True)
            self._values[node.slot] = self.delivery.target(self._known.paths[node.slot])
            return True
        record = self._known.records.get(position)
        found, value = self.keeping.load(node, record)
        if found:
            self._worth.setdefault(node.slot, {node.name: record.worth_s if record is not None else 0.0})
            self._values[node.slot] = value
        else:
            self._known.lose(position)
            self.keeping.fresh.pop(node.slot, None)
        return found

    def _run(self, position: int, node: FrozenNode) -> Made:
        self.at = node.name
        self._recorder.mark(self._task.item.index, position)
        began = perf_counter()
        value = call(
            node,
            self._values,
            is_last_reader=self._may_take,
            new_path=self._new_path_of(position, node) if node.output is not None else None,
            memory=self._memory_of(position, node) if node.step.options.memory else None,
        )
        check_returned(node, value)
        seconds = perf_counter() - began
        if node.step.options.timeout_s is not None:
            self._recorder.mark(self._task.item.index, BETWEEN - position)
        if (hidden := self._known.hidden_texts(node)) and tells_path(value, hidden):
            self._known.forget_keys_from(position)
        if node.step.options.borrows and self._readers.get(node.slot):
            self._lent.update(shared_slots(node, value, self._values))
        self.seconds[node.name] = seconds
        self.executed.append(node.name)
        self._ran.add(position)
        for slot in node.reads:
            self._readers[slot] -= 1
            if not self._readers[slot] and slot >= self._first:
                self._values.pop(slot, None)
        made = self._keep(position, node, value, seconds)
        self.at = None
        return made

    def _keep(self, position: int, node: FrozenNode, value: Any, seconds: float) -> Made:
        """Give the cache what a node made, and those who read it."""
        self._bench.ledger.note_seconds(node.fingerprint, seconds)
        again = frozenset((node.name,)).union(*(self._again.get(slot, ()) for slot in node.reads))
        key, content = self._known.keys[position], self._cutoff.keys.get(position, ())
        worth = self._worth[node.slot] = self._worth_of(node, seconds)
        saves_s = sum(self.seconds[name] for name in again)
        made = Made(node, key, content, seconds, saves_s, sum(worth.values()))
        if node.output is not None:
            record = self.keeping.keep_file(made, self.delivery.check_written(position, node.name))
            if record is not None:
                self._made[position] = record
                self._cutoff.note(node.slot, content_of_file(record.digest))
            return made
        if node.slot in self._frozen.columns.values():
            self.shown[node.slot] = field_of(value)
        record = self.keeping.keep(made, value)
        if record is None:
            self._again[node.slot] = again
        elif not is_own_codec(node.step.options.codec):
            self._cutoff.note(node.slot, content_of_kept(record.codec, record.digest, value))
        if self._readers.get(node.slot):
            self._values[node.slot] = value
        return made

    def _worth_of(self, node: FrozenNode, seconds: float) -> dict[str, float]:
        """Return node -> seconds, of all that a value was made of; what was read from the cache counts as a whole."""
        worth = {name: took for slot in node.reads for name, took in self._worth.get(slot, {}).items()}
        return {**worth, node.name: max(seconds, FETCH_WORTH_S) if node.step.options.downloads else seconds}

    def _new_path_of(self, position: int, node: FrozenNode) -> Callable[[], Path]:
        return lambda: self.delivery.begin(position, self._known.paths[node.slot])

    def _may_take(self, slot: int) -> bool:
        """True where a step may do with a value as it likes; an item's own values are the user's."""
        return slot >= self._first and slot not in self._lent and self._readers[slot] == 1

    def place(self) -> None:
        """Put what was written in place; where the run gave the item up meanwhile, the recorder says so."""
        self._recorder.mark(self._task.item.index, -1)
        for position, action in enumerate(self.actions):
            if position in self.delivery.written and action in (Action.RUN, Action.RESTORE):
                self._place(position)
        self.delivery.discard()  # what was read for nothing, where damage made us decide anew

    def _place(self, position: int, *, early: bool = False) -> None:
        at, self.at = self.at, self._frozen.nodes[position].name
        record = self._made.get(position) or self._known.records.get(position)
        path, keeps = self._known.paths[self._frozen.nodes[position].slot], len(self._frozen.writers) > 1
        self.delivery.place(position, path, record, early=early, keeps=keeps)
        self.at = at
