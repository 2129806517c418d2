"""What `explain` found out about one item: as data, as text, and as JSON."""

import difflib
import json
from collections.abc import Iterator
from enum import Enum
from typing import Any

import attrs

from creevey_graph.changes import Change
from creevey_graph.display import mimebundle
from creevey_graph.plan import Action, accepted_text
from creevey_graph.shape import file_name
from creevey_graph.text import safe_text

SCHEMA = 1
"""Of `to_json`; it changes when a field is renamed or means something else."""
_HEADER_LINES = 2
"""Of a diff: the names of the two texts."""
_IDLE = frozenset({Action.NONE, Action.KEEP})


class Line(Enum):
    """What a line of the text is, so that a terminal can show it as such."""

    TITLE = "title"
    NODE = "node"
    FACT = "fact"
    REMOVED = "removed"
    ADDED = "added"
    CONTEXT = "context"
    FILE = "file"
    PLACE = "place"
    """Where in the file the lines below stand."""


@attrs.frozen
class NodeExplanation:
    """
    What would become of one node for the item, and why.

    Args:
        name: The node.
        action: What would become of it.
        why: Why, in words.
        policy: What becomes of its values, in words.
        changes: How it differs from the node that the item was last made with.
        untracked: What its fingerprint cannot see through.
        accepted: Says that its edited code counts as the code before; "" where it does not.
    """

    name: str
    action: Action
    why: str
    policy: str
    changes: tuple[Change, ...] = ()
    untracked: tuple[str, ...] = ()
    accepted: str = ""


@attrs.frozen(repr=False)
class Explanation:
    """
    What a run would do with one item, step by step; shown, it is text for people.

    Args:
        graph: The graph's name.
        key: The item's key, as it was last run.
        source: Its path or URL.
        reason: Why there is something to do; "" where there is not.
        outcome: What the item is while there is nothing to do: "up to date", or left out and why.
        nodes: The nodes, in the order they run.
    """

    graph: str
    key: str
    source: str
    reason: str
    outcome: str
    nodes: tuple[NodeExplanation, ...]

    _repr_mimebundle_ = mimebundle

    @property
    def runs(self) -> tuple[str, ...]:
        """The nodes that would run."""
        return tuple(node.name for node in self.nodes if node.action is Action.RUN)

    def __str__(self) -> str:
        return "\n".join(text for _, text in self.lines())

    def __repr__(self) -> str:
        return str(self)  # what a notebook shows of the last value of a cell

    def lines(self, *, verbose: bool = False, accept: str = "") -> Iterator[tuple[Line, str]]:
        """
        Yield the lines of the text, each with what it is; what comes from outside is inert.

        Args:
            verbose: Tell why and what becomes of its values of every step; without, steps with nothing to
                do take one line.
            accept: The command that accepts an edit of a step, up to the step's name; "" where that is
                not known.
        """
        name = self.key if self.key == self.source else f"{self.key} ({self.source})"
        told = f"to do: {self.reason}" if self.reason else self.outcome
        yield Line.TITLE, safe_text(f"{name} in graph '{self.graph}': {told}")
        yield Line.FACT, ""
        for node in self.nodes:
            yield from _node_lines(node, accept, is_full=verbose or node.action not in _IDLE)

    @property
    def data(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "graph": self.graph,
            "key": self.key,
            "source": self.source,
            "reason": self.reason,
            "outcome": self.outcome,
            "nodes": [_node_data(node) for node in self.nodes],
        }

    def to_json(self) -> str:
        """Return the same as JSON text, the schema's number first."""
        return json.dumps({"schema": SCHEMA, **self.data}, indent=2)


def _node_lines(node: NodeExplanation, accept: str, *, is_full: bool) -> Iterator[tuple[Line, str]]:
    yield Line.NODE, safe_text(f"{node.name}: {node.action.value}")
    if is_full:
        yield Line.FACT, safe_text(f"  why: {node.why}")
        for change in node.changes:
            if change.told not in node.why:
                yield Line.FACT, safe_text(f"  also: {change.told}")
            yield from diff_lines(change)
    if node.accepted:
        told = accepted_text(node.name, accept) if accept else node.accepted
        yield Line.FACT, safe_text(f"  {told}")
    if is_full:
        yield Line.FACT, safe_text(f"  its values are: {node.policy}")
    for text in node.untracked:
        yield Line.FACT, safe_text(f"  not tracked: {text}; name it with depends_on= or version=")


def diff_lines(change: Change) -> Iterator[tuple[Line, str]]:
    """Yield the lines of a changed function's diff, each with what it is."""
    for number, line in enumerate(diff_of(change)):
        yield _line_of(number, line), safe_text(f"    {line}", keep_newlines=True)


def _line_of(number: int, line: str) -> Line:
    if number < _HEADER_LINES:
        return Line.FILE
    return {"-": Line.REMOVED, "+": Line.ADDED, "@": Line.PLACE}.get(line[:1], Line.CONTEXT)


def diff_of(change: Change) -> list[str]:
    """Return a unified diff of a function's old and new text, [] for what is no function."""
    if not change.is_code or change.before == change.after:
        return []
    where = file_name(change.file)
    return list(
        difflib.unified_diff(
            (change.before or "").splitlines(),
            (change.after or "").splitlines(),
            f"{where} (before)",
            f"{where} (now)",
            lineterm="",
        )
    )


def _node_data(node: NodeExplanation) -> dict[str, Any]:
    return {
        "node": node.name,
        "action": node.action.value,
        "why": node.why,
        "policy": node.policy,
        "changes": [
            {
                "reason": str(change.reason),
                "text": change.text,
                "part": change.part,
                "path": list(change.path),
                "file": change.file,
                "before": change.before,
                "after": change.after,
                "diff": diff_of(change),
            }
            for change in node.changes
        ],
        "untracked": list(node.untracked),
        "accepted": node.accepted,
    }
