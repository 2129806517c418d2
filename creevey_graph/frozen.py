"""
A graph ready to run, as plain data: what workers are sent.

Nothing here knows networkx or tracing, so that a worker starts without them (0.2 s each).
"""

from collections.abc import Mapping
from typing import Any

import attrs

from creevey_graph.outputs import OutputTemplate
from creevey_graph.step import Step


@attrs.frozen
class SlotRef:
    """Names the slot whose value stands in an argument's place."""

    slot: int


@attrs.frozen
class Argument:
    """
    One argument of a call.

    Args:
        value: A constant, a `SlotRef`, or lists, tuples and dicts that hold slot refs.
        shared: True where a constant cannot be changed by the function.
    """

    value: Any
    shared: bool


@attrs.frozen(eq=False)
class FrozenNode:
    """
    A node ready to run.

    Args:
        name: The node's name.
        slot: Its slot.
        step: Its step.
        args: Positional arguments.
        kwargs: Keyword arguments.
        reads: Slots it reads, in the order of its arguments.
        text_counts: For each read, whether the text of a path counts.
        fingerprint: Hex digest of code, parameters and wiring; None where a parameter has no
            digest, so that nothing made of it can be kept.
        keeps: Whether its values may be in the cache.
        output: A writer's output template.
    """

    name: str
    slot: int
    step: Step[..., Any]
    args: tuple[Argument, ...]
    kwargs: tuple[tuple[str, Argument], ...]
    reads: tuple[int, ...]
    text_counts: tuple[bool, ...]
    fingerprint: str | None
    keeps: bool
    output: OutputTemplate | None


@attrs.frozen(eq=False)
class FrozenGraph:
    """
    A graph ready to run.

    Args:
        name: The graph's name.
        inputs: (name, annotation) of each item input.
        nodes: Its nodes, in the order they run.
        columns: Row field -> slot it shows.
        graph_key: Hex digest of all that decides what a run makes and where.
        ingredients: What the fingerprints were made of, JSON-able: node -> code, parts, params.
        untracked: What could not be seen through, as text.
        home: The file its function stands in, without folder and suffix; "" for a graph built by hand.
    """

    name: str
    inputs: tuple[tuple[str, Any], ...]
    nodes: tuple[FrozenNode, ...]
    columns: Mapping[str, int]
    graph_key: str
    ingredients: Mapping[str, Any]
    untracked: tuple[str, ...]
    home: str = ""

    @property
    def writers(self) -> tuple[FrozenNode, ...]:
        """The nodes that write files, in order."""
        return tuple(node for node in self.nodes if node.output is not None)

    @property
    def sinks(self) -> frozenset[int]:
        """Slots that must be up to date: what is written and what is returned."""
        returned = {slot for slot in self.columns.values() if slot >= len(self.inputs)}
        return frozenset(returned | {node.slot for node in self.writers})

    @property
    def always_runs(self) -> bool:
        """True where a node must run every time: it is not pure, or cannot be fingerprinted."""
        return any(node.fingerprint is None or not node.step.options.pure for node in self.nodes)
