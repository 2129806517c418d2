"""
The early cut-off: a node whose inputs turn out to be what they were, though made otherwise, does not run.

What stands for an input is known from its record, or found out from the value just before the node
runs: the node may change it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from creevey_graph.contents import SMALL_BYTES, content_of, hash_bytes
from creevey_graph.evidence import Evidence
from creevey_graph.frozen import FrozenGraph
from creevey_graph.ledger import Ledger
from creevey_graph.plan import Action, decide


class Cutoff:
    """
    The content keys of one item.

    State: known = slot of a node -> what stands for its value, None where nothing does; unsure = those
    that are large, and were digested for a node of which it is not known whether that is worth it; keys =
    position -> content keys, for nodes that were about to run.
    """

    def __init__(self, frozen: FrozenGraph, evidence: Evidence, ledger: Ledger) -> None:
        self._frozen = frozen
        self._evidence = evidence
        self._ledger = ledger
        self._first = len(frozen.inputs)
        self.known: dict[int, str | None] = {}
        self.keys: dict[int, tuple[str, ...]] = {}
        self._unsure: set[int] = set()

    def finds(self, position: int, values: Mapping[int, Any]) -> bool:
        """
        Return whether the cache has the value of a node that is about to run, made of the same inputs.

        Args:
            position: The node's position.
            values: Slot -> value at hand.
        """
        if position in self.keys:
            return False
        self.keys[position] = tuple(self._keys(position, values))
        return any(self._evidence.find_by_content(position, key) for key in self.keys[position])

    def _keys(self, position: int, values: Mapping[int, Any]) -> Iterator[str]:
        """
        Yield a node's content keys, none where they would tell no more than its lineage key.

        An input that is too large to be digested for this node counts by its lineage: a step of a picture
        and a box still finds that the box is what it was. Until it is known what the node takes, both hold.
        """
        node = self._frozen.nodes[position]
        reads = list(dict.fromkeys(slot for slot in node.reads if slot >= self._first))
        if not reads or not node.keeps or node.fingerprint is None or self._evidence.keys[position] is None:
            return
        if self._ledger.is_closed(node):
            return
        self._digest(node.fingerprint, [slot for slot in reads if not self._is_known(slot)], values)
        told = {slot: content for slot in reads if (content := self.known.get(slot)) is not None}
        sure = {slot: content for slot, content in told.items() if slot not in self._unsure}
        for contents in (told, sure) if sure != told else (told,):
            if contents and (key := self._evidence.content_key(position, self._or_lineage(contents))):
                yield key

    def _or_lineage(self, contents: Mapping[int, str]) -> Callable[[int], str | None]:
        def content(slot: int) -> str | None:
            key = self._evidence.keys[slot - self._first]
            return contents.get(slot) or (None if key is None else f"lineage {key}")

        return content

    def _is_known(self, slot: int) -> bool:
        if slot not in self.known:
            content = self._evidence.recorded_content(slot - self._first)
            if content is None:
                return False
            self.known[slot] = content
        return True

    def _digest(self, fingerprint: str, slots: list[int], values: Mapping[int, Any]) -> None:
        """Find out what stands for values, as far as that is quick beside what the node takes."""
        for slot in slots:
            if slot not in values:
                continue
            try:
                size = hash_bytes(values[slot])
                is_worth = size <= SMALL_BYTES or self._ledger.is_worth_hashing(fingerprint, size)
                if is_worth is None:
                    self._unsure.add(slot)
                if is_worth is not False:
                    self.known[slot] = content_of(values[slot])
            except Exception:  # noqa: BLE001 - values are the user's, and run without content keys as well
                self.known[slot] = None

    def note(self, slot: int, content: str | None) -> None:
        """Take in what stands for a value that was made just now."""
        self.known[slot] = content

    def forget(self, position: int) -> None:
        """Say that a node runs again: it may give something else."""
        self.known.pop(self._first + position, None)


def decided(frozen: FrozenGraph, evidence: Evidence, ledger: Ledger) -> list[Action]:
    """
    Return what becomes of each node where no step runs to find out: by content too, as far as records tell it.

    Nodes that are asked anew in every run are taken to give what they gave last time.
    """
    evidence.assume_answers()
    cutoff = Cutoff(frozen, evidence, ledger)
    while True:
        actions = decide(frozen, evidence.lookup, evidence.output_state)
        running = (place for place, action in enumerate(actions) if action is Action.RUN)
        if not any(cutoff.finds(place, {}) for place in running):
            for place in frozen.asked:
                actions[place] = Action.RUN
            return actions
