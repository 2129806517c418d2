"""
A graph ready to run, as plain data: what workers are sent.

Nothing here knows networkx or tracing, so that a worker starts without them (0.2 s each).
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import attrs

from creevey_graph.fingerprint.files import Stat
from creevey_graph.outputs import OutputTemplate
from creevey_graph.step import Step
from creevey_graph.text import safe_text


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
        effort: Of a step that downloads, a few digits for the parameters that do not count in its
            fingerprint; None where they have none.
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
    effort: str | None = ""

    def lasting_key(self, key: str | None) -> str:
        """Return what a failure for good is remembered by, given the node's lineage key; "" where it is not."""
        return "" if key is None or self.effort is None else f"{key}-{self.effort}"

    def is_asked(self, inputs: int) -> bool:
        """True where the step is asked anew in every run, before anything else of the item: it has a memory."""
        options = self.step.options
        return bool(options.memory) and not options.pure and all(slot < inputs for slot in self.reads)


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
        code_files: The files that the steps' code stands in, each with its stat at this time.
    """

    name: str
    inputs: tuple[tuple[str, Any], ...]
    nodes: tuple[FrozenNode, ...]
    columns: Mapping[str, int]
    graph_key: str
    ingredients: Mapping[str, Any]
    untracked: tuple[str, ...]
    home: str = ""
    code_files: tuple[tuple[str, Stat], ...] = ()

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

    @property
    def asked(self) -> tuple[int, ...]:
        """Positions of the nodes that are asked anew in every run."""
        first = len(self.inputs)
        return tuple(place for place, node in enumerate(self.nodes) if node.is_asked(first))

    def may_last(self, step: str | None, lasting: str) -> bool:
        """Return whether the node *step* is tried as it was when it failed for good, which *lasting* tells."""
        return any(node.name == step and lasting.endswith(f"-{node.effort}") for node in self.nodes)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The nodes whose edited code counts as the code before it."""
        return tuple(name for name, parts in self.ingredients.items() if "accepted" in parts)

    def for_workers(self) -> "FrozenGraph":
        """Return the graph without what only tells of it: texts of code are long, and each worker is sent them."""
        return attrs.evolve(self, ingredients={}, code_files=())


def looked_at(files: Iterable[str]) -> Iterator[tuple[str, Stat]]:
    """Yield each file that is there (a notebook's cell is not) with its stat."""
    for path in files:
        with suppress(OSError, ValueError):
            yield path, Stat.of(path)


def edited_in_run(frozen: FrozenGraph) -> str:
    """Say which files of code changed since *frozen* was made, "" where none did."""
    now = dict(looked_at(path for path, _ in frozen.code_files))
    edited = [
        safe_text(os.path.basename(path))  # noqa: PTH119 - a name to be shown
        for path, stat in frozen.code_files
        if path not in now or (now[path].size, now[path].mtime_ns) != (stat.size, stat.mtime_ns)
    ]
    if not edited:
        return ""
    names = ", ".join(f"'{name}'" for name in dict.fromkeys(edited))
    return (
        f"source file {names} changed during the run; this run used the code as it was at its start; "
        "run again to use the edit"
    )
