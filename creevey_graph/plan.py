"""
What must run, and why. Pure: nothing here runs a step, opens a file or prints.

`decide` walks one item's nodes backwards from what must be up to date and asks, for each
value that is wanted, whether the cache has it. `explain_change` says in words how two
graphs differ. The worker acts on decisions; `Plan` counts them for `status`.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from creevey_graph import display
from creevey_graph.cache import ItemState, Record
from creevey_graph.changes import matched, node_changes
from creevey_graph.columns import counted, listed, table
from creevey_graph.errors import GraphError, SkipItem
from creevey_graph.estimate import estimate_text
from creevey_graph.events import Reason
from creevey_graph.fields import FIXED_COLUMNS
from creevey_graph.frozen import FrozenGraph
from creevey_graph.shape import Shape
from creevey_graph.text import safe_text


class Action(Enum):
    """What becomes of one node for one item."""

    NONE = "not needed"
    KEEP = "up to date"
    RESTORE = "written again from the cache"
    LOAD = "read from the cache"
    RUN = "runs"


class OutputState(Enum):
    """How an output on disk compares with what its record says."""

    SAME = "same"
    MISSING = "missing"
    MODIFIED = "modified"


def decide(
    frozen: FrozenGraph,
    lookup: Callable[[int], Record | None],
    output_state: Callable[[int, Record], OutputState],
    is_made: Callable[[int, bool], bool] = lambda _position, _wanted: False,
) -> list[Action]:
    """
    Return what becomes of each node of *frozen* for one item, by position.

    Demand first: a node runs only where something that must be up to date reads it. A
    record is looked up only for values that are wanted.

    Args:
        frozen: The graph.
        lookup: Position of a node -> its record for this item, or None.
        output_state: Position of a writer and its record -> state of the file on disk.
        is_made: Position of a node and whether its value is read -> whether it ran already, and what is
            wanted of it is at hand.
    """
    first = len(frozen.inputs)
    sinks = frozen.sinks
    actions = [Action.NONE] * len(frozen.nodes)
    wanted = bytearray(len(frozen.nodes))
    for position in range(len(frozen.nodes) - 1, -1, -1):
        node = frozen.nodes[position]
        if not (wanted[position] or node.slot in sinks):
            continue
        if is_made(position, bool(wanted[position])):
            actions[position] = Action.RUN
            continue
        record = lookup(position) if node.keeps else None
        if record is None:
            actions[position] = Action.RUN
            for slot in node.reads:
                if slot >= first:
                    wanted[slot - first] = True
        elif node.output is not None:
            same = output_state(position, record) is OutputState.SAME
            actions[position] = Action.KEEP if same else Action.RESTORE
        else:
            actions[position] = Action.LOAD if wanted[position] else Action.KEEP
    return actions


def validate_columns(frozen: FrozenGraph) -> None:
    """
    Check that no named output is called like a column that every report has.

    Raises:
        GraphError: One is.
    """
    for column, slot in frozen.columns.items():
        if column in FIXED_COLUMNS:
            names = [*(name for name, _ in frozen.inputs), *(node.name for node in frozen.nodes)]
            raise GraphError(
                f"graph '{frozen.name}': output '{column}' (of '{names[slot]}') is called like a column that "
                f"every report has ({', '.join(FIXED_COLUMNS)}); return it under another name, such as "
                f'{{"{column}_found": …}}'
            )


def unkept(frozen: FrozenGraph) -> Iterator[str]:
    """Say, a line each, what fingerprints cannot see through and what cannot be kept for want of a digest."""
    for text in frozen.untracked:
        yield f"not tracked: {text}; name it with depends_on= or version="
    for node in frozen.nodes:
        for parameter, (digest, _) in frozen.ingredients[node.name]["params"].items():
            if digest is None:
                yield (
                    f"{node.name}: parameter '{parameter}' has no digest, so nothing made of it is kept; "
                    "give the step ignore= or pass plain values"
                )


def explain_change(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> str:
    """
    Say how the graph that made an item differs from today's: the first node's difference, in words, and how many more.

    Args:
        old: Ingredients of the graph that was run, None where they are not known.
        new: Today's ingredients.
    """
    if old is None:
        return str(Reason.CODE_CHANGED)
    told = [changes[0].told for changes in node_changes(old, new).values()]
    kept = matched(old, new)
    gone = [name for name in old if name not in kept.values()]
    told += [f"{Reason.CODE_CHANGED}: node '{name}' is gone" for name in gone]
    if not told:
        return f"{Reason.CODE_CHANGED}: connections or output paths"
    return told[0] if len(told) == 1 else f"{told[0]} (and {len(told) - 1} more)"


def first_reason(
    state: ItemState | None,
    *,
    forced: bool,
    graph_change: Callable[[str], str],
    graph_key: str,
) -> str | None:
    """
    Return why an item must be looked at, as far as its last known state tells; None where it need not.

    Args:
        state: Its last known state, None for a new item.
        forced: Whether everything is to run.
        graph_change: Key of the graph it was made by -> how that differs from today's.
        graph_key: Key of today's graph.
    """
    if forced:
        return str(Reason.FORCED)
    if state is None:
        return str(Reason.NEW_ITEM)
    if state.outcome == "failed":
        return str(Reason.FAILED_LAST_TIME)
    if state.graph_key != graph_key:
        return graph_change(state.graph_key)
    return None


@attrs.define
class NodeCount:
    """
    How many items a node has something to do for: runs, is read or written from the cache, is up to date.

    A run may do less than what counts as `runs`: where a step above turns out to give what it gave
    before, what is below it does not run.
    """

    runs: int = 0
    restores: int = 0
    loads: int = 0
    kept: int = 0

    def add(self, action: Action) -> None:
        """Count one item."""
        if action is Action.RUN:
            self.runs += 1
        elif action is Action.RESTORE:
            self.restores += 1
        elif action is Action.LOAD:
            self.loads += 1
        else:
            self.kept += 1


@attrs.define(repr=False)
class Plan:
    """
    What a run would do; shown, it is text for people.

    Args:
        graph: The graph's name.
        total: How many items there are.
        up_to_date: How many of them need nothing.
        nodes: Node -> what it would do.
        policies: Node -> what becomes of its values, in words.
        reasons: Reason -> how many items, most frequent first.
        node_reasons: Node -> reason -> for how many items it would run for it.
        lasting: How many failed last time in a way that does not pass by itself, and are not tried again.
        unreadable: How many items cannot be read (a run would report each as failed).
        orphans: Outputs of items that are gone.
        untracked: What fingerprints could not see through.
        accepted: Nodes whose edited code counts as the code before.
        notices: What listing the items came upon: duplicates, lines left out.
        changes: Node -> how it differs from what items were last made with, in words.
        seconds: Node -> what it takes an item, as an earlier run found; those that are known.
        shape: What the graph looks like; None where nobody gave it.
    """

    graph: str
    total: int = 0
    up_to_date: int = 0
    nodes: dict[str, NodeCount] = attrs.field(factory=dict)
    policies: dict[str, str] = attrs.field(factory=dict)
    reasons: dict[str, int] = attrs.field(factory=dict)
    node_reasons: dict[str, dict[str, int]] = attrs.field(factory=dict)
    lasting: int = 0
    unreadable: int = 0
    orphans: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    changes: Mapping[str, str] = attrs.field(factory=dict)
    seconds: Mapping[str, float] = attrs.field(factory=dict)
    shape: Shape | None = None

    _repr_mimebundle_ = display.mimebundle

    @property
    def to_do(self) -> int:
        """How many items have something to do."""
        return self.total - self.up_to_date - self.lasting

    def add(self, frozen: FrozenGraph, actions: list[Action], reason: str) -> None:
        """Count an item that is not simply up to date."""
        for node, action in zip(frozen.nodes, actions, strict=True):
            self.nodes[node.name].add(action)
            if action is Action.RUN:
                found = self.node_reasons.setdefault(node.name, {})
                found[reason] = found.get(reason, 0) + 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def add_refused(self, refusal: Exception) -> None:
        """Count an item that its source refuses: a run leaves it out, or reports it as failed."""
        if isinstance(refusal, SkipItem):
            self.add_up_to_date()
        else:
            self.unreadable += 1

    def add_up_to_date(self, items: int = 1) -> None:
        """Count items that need nothing."""
        self.up_to_date += items
        for count in self.nodes.values():
            count.kept += items

    def draw(self, to: Path | str = "text") -> str | Path:
        """
        Return the graph with what each node would do, or write it to the file *to*; see `Graph.draw`.

        Raises:
            UsageError: There is no such view, or the file cannot be written.
        """
        return display.draw(self, to)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return str(self)  # what a notebook shows of the last value of a cell

    def lines(self, accept: str = "creevey-graph accept GRAPH") -> Iterator[str]:
        """
        Yield what people are shown: a table of nodes, the reasons, orphans and what is not tracked.

        Args:
            accept: The command that accepts an edit, up to the step's name.
        """
        yield self.heading
        yield from table(
            ["step", "runs", "restored", "read", "kept", "its values are"], self._rows(), left=(0, 5)
        )
        if self.estimate:
            yield f"estimate: {self.estimate}"
        if self.reasons:
            yield "why:"
            yield from reasons_table(self.reasons)
        yield from self.remarks(accept)

    @property
    def heading(self) -> str:
        """How many items there are, and how many have something to do."""
        told = f"{self.up_to_date:,} up to date, {self.to_do - self.unreadable:,} to do"
        if self.unreadable:
            told += f", {self.unreadable:,} cannot be read (a run reports each as failed)"
        if self.lasting:
            told += f", {self.lasting:,} failed for good (run --retry-failed tries them again)"
        return f"{safe_text(self.graph)}: {counted(self.total, 'item')}, {told}"

    @property
    def estimate(self) -> str:
        """How much work it would be, as far as earlier runs tell; "" where they do not, or there is none."""
        runs = {name: count.runs for name, count in self.nodes.items() if count.runs}
        return estimate_text(runs, self.seconds)

    def remarks(self, accept: str = "creevey-graph accept GRAPH") -> Iterator[str]:
        """Yield a line for orphans, accepted edits, what is not tracked, and notices; *accept*: as for `lines`."""
        if self.orphans:
            count = counted(len(self.orphans), "output")
            yield f"orphans: {count} of items that are gone ({listed(self.orphans)}); run --prune deletes them"
        for node in self.accepted:
            yield safe_text(accepted_text(node, accept))
        for text in self.untracked:
            yield f"not tracked: {safe_text(text)}; name it with depends_on= or version="
        for text in self.notices:
            yield f"note: {safe_text(text)}"

    def _rows(self) -> list[list[str]]:
        return [
            [
                name,
                *(f"{n:,}" for n in (count.runs, count.restores, count.loads, count.kept)),
                self.policies[name],
            ]
            for name, count in self.nodes.items()
        ]


def reasons_table(reasons: Mapping[str, int]) -> list[str]:
    """Return a line for each of *reasons*, the most frequent first, with how many items it holds for."""
    ranked = sorted(reasons.items(), key=lambda reason: -reason[1])
    return table(["items", "reason"], [[f"{n:,}", reason] for reason, n in ranked], left=(1,))[1:]


def accepted_text(node: str, command: str = "creevey-graph accept GRAPH") -> str:
    """Say that a node's edited code counts as the code before, and how to undo that."""
    return f"accepted as before: step '{node}' (undo: {command} {node} --undo)"
