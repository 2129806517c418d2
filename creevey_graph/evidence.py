"""
What is found out about one item before it is decided what runs: files, keys, records, outputs.

The worker acts on it; the planner only counts. Each look is made once, and only when asked for.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from creevey_graph.cache import Cache, FileState, ItemState, Record
from creevey_graph.contents import content_of_file, content_of_record, is_own_codec
from creevey_graph.errors import CreeveyError, UsageError
from creevey_graph.events import Outcome, Reason
from creevey_graph.frozen import FrozenGraph, FrozenNode
from creevey_graph.identity import content_key, identify, lineage_keys, look, memory_key
from creevey_graph.ledger import Ledger
from creevey_graph.plan import OutputState
from creevey_graph.sources import Item
from creevey_graph.text import safe_text

_OUTPUT_REASONS = (
    (OutputState.MODIFIED, Reason.OUTPUT_MODIFIED),
    (OutputState.MISSING, Reason.OUTPUT_MISSING),
)


class Evidence:
    """
    One item's evidence.

    State: identity = what the item is; paths = slot of a writer -> output path; keys = position
    -> lineage key; records, states, found = position -> record, state of the output, file that
    is in place; former = positions of outputs that are as a run with other code, parameters or input
    left them; lost = positions whose blob was gone or damaged; missed = keys that were
    looked up in vain.

    Raises:
        OSError: An input file is missing or unreadable.
        CreeveyError: An input is no file, changed while it was read, or has no valid output path.
    """

    def __init__(
        self,
        frozen: FrozenGraph,
        item: Item,
        known: ItemState | None,
        out: Path | None,
        cache: Cache | None,
        *,
        ledger: Ledger | None = None,
    ) -> None:
        self._frozen = frozen
        self._out = out
        self._cache = cache
        self._ledger = ledger or Ledger(cache)
        self._known_outputs = {state.path: state for state in known.outputs} if known else {}
        self.identity = identify(item, known)
        self.paths: dict[int, str] = {}
        for node in frozen.writers:
            assert node.output is not None
            if node.output.needs_digest and None in self.identity.contents:
                raise UsageError(
                    f"node '{node.name}': item '{safe_text(item.key)}' has no digest for {{digest}} in its "
                    "output path; use {key} or {index} instead"
                )
            digest = self.identity.digest if node.output.needs_digest else ""
            path = node.output.render(item, digest)
            if path in self.paths.values():
                raise UsageError(
                    f"node '{node.name}': item '{safe_text(item.key)}' has two outputs with one path, "
                    f"'{safe_text(path)}'; give each writer its own, as in '{node.name}/{{digest}}.jpg'"
                )
            self.paths[node.slot] = path
        # Whole, as steps that read them are given them: code that uses the text may use the folder's too.
        self._targets = {slot: os.path.join(out or "", path) for slot, path in self.paths.items()}  # noqa: PTH118 - per item
        self.keys = lineage_keys(frozen, self.identity, self._targets)
        self.records: dict[int, Record] = {}
        self.states: dict[int, OutputState] = {}
        self.found: dict[int, FileState] = {}
        self.former: set[int] = set()
        self.lost: set[int] = set()
        self._missed: set[str] = set()

    def take_answers(self, answers: Mapping[int, str]) -> None:
        """
        Take in what nodes gave that are asked anew in every run; keys of what is below are made of it.

        Args:
            answers: Position of such a node -> what stands for its value.
        """
        self.keys = lineage_keys(self._frozen, self.identity, self._targets, answers)

    def remembered(self, position: int) -> Record | None:
        """Return the record of what a node that is asked anew kept last time; None where there is none."""
        key = memory_key(self._frozen.nodes[position], self.identity)
        return None if key is None or self._cache is None else self._cache.lookup(key)

    def assume_answers(self) -> None:
        """Take it that nodes which are asked anew will give what they gave last time: nothing is asked here."""
        remembered = {position: self.remembered(position) for position in self._frozen.asked}
        answers = {p: answer for p, record in remembered.items() if record and (answer := answer_of(record))}
        if answers:
            self.take_answers(answers)

    @property
    def nodes(self) -> tuple[FrozenNode, ...]:
        """The graph's nodes, by position."""
        return self._frozen.nodes

    def failing(self, lasting: str) -> FrozenNode | None:
        """Return the node that failed for good, as *lasting* tells, and would be tried just so again."""
        if not lasting:  # as with nearly all items
            return None
        made = ((node, node.lasting_key(key)) for node, key in zip(self.nodes, self.keys, strict=True))
        return next((node for node, key in made if key and key == lasting), None)

    def lookup(self, position: int) -> Record | None:
        """Return the record of a node's value, or None."""
        if position in self.records:
            return self.records[position]
        key = self.keys[position]
        if (
            key is None
            or position in self.lost
            or not self._ledger.is_looked_up(self._frozen.nodes[position])
        ):
            return None
        return self._look_up(position, key)

    def _look_up(self, position: int, key: str) -> Record | None:
        if self._cache is None or key in self._missed:
            return None
        record = self._cache.lookup(key)
        if record is not None:
            self.records[position] = record
        else:
            self._missed.add(key)
        return record

    def content_key(self, position: int, content_of: Callable[[int], str | None]) -> str | None:
        """
        Return a node's content key; None where it has none, or no lineage key.

        Args:
            position: The node's position.
            content_of: Slot of a node that it reads -> what stands for its value.
        """
        if self.keys[position] is None:
            return None
        return content_key(self._frozen.nodes[position], self.identity, self._targets, content_of)

    def find_by_content(self, position: int, key: str) -> bool:
        """
        Look a node's value up by its content key; return whether it is there, and its record known now.

        Not asked for nodes that no run before this one kept anything of by content.
        """
        fingerprint = self._frozen.nodes[position].fingerprint
        if self._cache is None or fingerprint is None or position in self.lost:
            return False
        return self._ledger.has_content(fingerprint) and self._look_up(position, key) is not None

    def recorded_content(self, position: int) -> str | None:
        """Return what stands for a node's value, as far as its record tells."""
        record, node = self.records.get(position), self._frozen.nodes[position]
        if record is None or is_own_codec(node.step.options.codec):
            return None
        return content_of_record(record) if node.output is None else content_of_file(record.digest)

    def hidden_texts(self, node: FrozenNode) -> tuple[str, ...]:
        """Return the paths a node is given of which its key holds the content alone."""
        texts = self.identity.texts
        return tuple(
            texts[slot]
            for slot, counts in zip(node.reads, node.text_counts, strict=True)
            if slot < len(texts) and not counts and texts[slot]
        )

    def forget_keys_from(self, position: int) -> None:
        """Say that a value, and all that is made of it, may depend on more than its key holds."""
        first = len(self._frozen.inputs)
        told = {first + position}
        for place, node in enumerate(self._frozen.nodes):
            if told.intersection((node.slot, *node.reads)):
                told.add(node.slot)
                self.keys[place] = None

    def lose(self, position: int) -> None:
        """Say that a record's blob is gone or damaged."""
        self.lost.add(position)
        self.records.pop(position, None)

    def output_state(self, position: int, record: Record) -> OutputState:
        """Return how a writer's output on disk compares with its record."""
        if position not in self.states:
            self.states[position] = self._compare(position, record)
        return self.states[position]

    def _compare(self, position: int, record: Record) -> OutputState:
        path = self.paths[self._frozen.nodes[position].slot]
        if self._out is None:
            return OutputState.MISSING
        target = self._out / path
        if target.is_symlink():
            return OutputState.MODIFIED
        known = self._known_outputs.get(path)
        try:
            state = look(target, known)
        except FileNotFoundError:
            return OutputState.MISSING
        except (OSError, CreeveyError):
            return OutputState.MODIFIED
        if state.digest != record.digest:
            if known is not None and known.digest == state.digest:
                self.former.add(position)
            return OutputState.MODIFIED
        self.found[position] = attrs.evolve(state, path=path)
        return OutputState.SAME

    def is_still_skipped(self, known: ItemState | None, reason: str | None) -> bool:
        """True where a step left this very item out last time, and would do so again."""
        return (
            known is not None
            and reason is None
            and known.outcome == Outcome.SKIPPED
            and not self._frozen.always_runs
            and not self.is_changed(known)
        )

    def why(self, known: ItemState | None, reason: str | None) -> tuple[str, str]:
        """
        Return (why there is something to do, the output it is about or "").

        Args:
            known: The item's last known state.
            reason: What that alone told.
        """
        if reason in (Reason.FORCED, Reason.NEW_ITEM, Reason.FAILED_LAST_TIME):
            return str(reason), ""
        if known is not None and self.is_changed(known):
            return str(Reason.INPUT_CHANGED), ""
        if reason is not None:
            return reason, ""
        paths = {self._frozen.nodes[position].slot: state for position, state in self.states.items()}
        for wanted, told in _OUTPUT_REASONS:
            for slot, state in paths.items():
                if state is wanted:
                    return str(told), self.paths[slot]
        return str(Reason.ASKED_AGAIN if self._frozen.asked else Reason.NOT_CACHED), ""

    def is_changed(self, known: ItemState) -> bool:
        """True where the item's files or values are not what they were."""
        before = [(state.path, state.digest) for state in known.sources]
        now = [(state.path, state.digest) for state in self.identity.sources]
        return before != now or known.values != self.identity.values


def answer_of(record: Record) -> str | None:
    """Return what stood for the value of a node that is asked anew, of the record of what it kept."""
    field = record.field
    answer = field.get("answer") if isinstance(field, dict) else None
    return answer if isinstance(answer, str) else None
