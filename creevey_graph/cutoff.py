"""
The early cut-off: a node whose inputs turn out to be what they were, though made otherwise, does not run.

What stands for an input is known from its record, or found out from the value just before the node
runs: the node may change it.
"""

from collections.abc import Mapping
from typing import Any

from creevey_graph.contents import SMALL_BYTES, content_of, hash_bytes
from creevey_graph.evidence import Evidence
from creevey_graph.frozen import FrozenGraph
from creevey_graph.ledger import Ledger
from creevey_graph.plan import Action, decide


class Cutoff:
    """
    The content keys of one item.

    State: known = slot of a node -> what stands for its value, None where nothing does; keys =
    position -> content key, for nodes that were about to run.
    """

    def __init__(self, frozen: FrozenGraph, evidence: Evidence, ledger: Ledger) -> None:
        self._frozen = frozen
        self._evidence = evidence
        self._ledger = ledger
        self._first = len(frozen.inputs)
        self.known: dict[int, str | None] = {}
        self.keys: dict[int, str | None] = {}

    def finds(self, position: int, values: Mapping[int, Any]) -> bool:
        """
        Return whether the cache has the value of a node that is about to run, made of the same inputs.

        Args:
            position: The node's position.
            values: Slot -> value at hand.
        """
        if position in self.keys:
            return False
        key = self.keys[position] = self._key(position, values)
        return key is not None and self._evidence.find_by_content(position, key)

    def _key(self, position: int, values: Mapping[int, Any]) -> str | None:
        node = self._frozen.nodes[position]
        reads = [slot for slot in node.reads if slot >= self._first]
        if not reads or not node.keeps or node.fingerprint is None or self._evidence.keys[position] is None:
            return None
        if self._ledger.is_closed(node):
            return None
        missing = [slot for slot in dict.fromkeys(reads) if not self._is_known(slot)]
        if missing and not self._digest(node.fingerprint, missing, values):
            return None
        return self._evidence.content_key(position, self.known.get)

    def _is_known(self, slot: int) -> bool:
        if slot not in self.known:
            content = self._evidence.recorded_content(slot - self._first)
            if content is None:
                return False
            self.known[slot] = content
        return True

    def _digest(self, fingerprint: str, slots: list[int], values: Mapping[int, Any]) -> bool:
        """Find out what stands for values; False where that would take too long for what it may spare."""
        try:
            size = sum(hash_bytes(values[slot]) for slot in slots if slot in values)
            if size > SMALL_BYTES and not self._ledger.is_worth_hashing(fingerprint, size):
                return False
            for slot in slots:
                self.known[slot] = content_of(values[slot]) if slot in values else None
        except Exception:  # noqa: BLE001 - values are the user's, and run without content keys as well
            self.known.update(dict.fromkeys(slots))
        return True

    def note(self, slot: int, content: str | None) -> None:
        """Take in what stands for a value that was made just now."""
        self.known[slot] = content

    def forget(self, position: int) -> None:
        """Say that a node runs again: it may give something else."""
        self.known.pop(self._first + position, None)


def decided(frozen: FrozenGraph, evidence: Evidence, ledger: Ledger) -> list[Action]:
    """Return what becomes of each node where no step runs to find out: by content too, as far as records tell it."""
    cutoff = Cutoff(frozen, evidence, ledger)
    while True:
        actions = decide(frozen, evidence.lookup, evidence.output_state)
        running = (place for place, action in enumerate(actions) if action is Action.RUN)
        if not any(cutoff.finds(place, {}) for place in running):
            return actions
