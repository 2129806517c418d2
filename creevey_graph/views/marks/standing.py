"""The state of a node as a card shows it: counts, seconds, what is stored, and why it stands out."""

import re
from collections.abc import Mapping

import attrs

from creevey_graph.columns import counted
from creevey_graph.events import Outcome, Reason
from creevey_graph.sizes import bytes_text, seconds_text
from creevey_graph.state import GraphState, NodeState
from creevey_graph.views.quoting import inert

HOT = (0.15, 0.35, 0.6)
"""Shares of all seconds from which a node is marked as warm, hot, hottest."""
_RUNS: Mapping[str, str] = {"plan": "to run", "run": "ran"}
_BY = re.compile(r" \([^()]*\)$")  # how a helper is reached, and where it stands
_CHANGED = (Reason.CODE_CHANGED, Reason.PARAMETER_CHANGED, Reason.DEPENDENCY_CHANGED)
_MANY, _THOUSAND = 10_000, 1000


@attrs.frozen
class Standing:
    """
    What a card shows of a node's state.

    Args:
        counts: Outcome -> items, in the order of `Outcome`.
        figures: (outcome, text) of each: "20 ran".
        seconds: "1.2 s", or "".
        heat: 0 to 3: how much of all seconds it took.
        stored: "20 values, 3.1 MiB", or "".
        reason: What changed in it, shortly; "" unless it is changed.
        is_changed: Whether it differs itself.
        is_stale: Whether it runs since it, or one above it, changed.
        is_planned: Whether it has yet to run.
    """

    counts: tuple[tuple[Outcome, int], ...]
    figures: tuple[tuple[Outcome, str], ...]
    seconds: str
    heat: int
    stored: str
    reason: str
    is_changed: bool
    is_stale: bool
    is_planned: bool = False


def standing_of(name: str, state: GraphState) -> Standing | None:
    """Return what is shown of the node *name*, None where the state knows nothing of it."""
    node = state.nodes.get(name)
    if node is None:
        return None
    counts = tuple((outcome, node.counts[outcome]) for outcome in Outcome if node.counts.get(outcome))
    return Standing(
        counts,
        tuple((outcome, f"{compact(count)} {word_of(outcome, state.kind)}") for outcome, count in counts),
        seconds_text(node.seconds) if node.seconds else "",
        heat_of(node, state),
        stored_text(node),
        inert(short_reason(name, node.why)) if node.is_changed else "",
        node.is_changed,
        node.is_stale,
        state.kind == "plan",
    )


def word_of(outcome: Outcome, kind: str) -> str:
    """Return an outcome as cards and legends call it: a node of a plan is "to run", one behind a failure "not reached"."""
    if outcome is Outcome.CANCELLED:
        return "not reached"
    return _RUNS.get(kind, "ran") if outcome is Outcome.DONE else str(outcome)


def heat_of(node: NodeState, state: GraphState) -> int:
    """Return how much of the seconds of all nodes one takes: 0 for little, to 3."""
    total = sum(other.seconds or 0.0 for other in state.nodes.values())
    known = sum(1 for other in state.nodes.values() if other.seconds)
    if not node.seconds or known < 2:  # noqa: PLR2004 - one alone takes all, which tells nothing
        return 0
    return sum(node.seconds >= share * total for share in HOT)


def share_text(node: NodeState, state: GraphState) -> str:
    """Return seconds and their share of all, for a tooltip."""
    if not node.seconds:
        return ""
    total = sum(other.seconds or 0.0 for other in state.nodes.values())
    return f"{seconds_text(node.seconds)}, {node.seconds / total:.0%} of the steps' time"


def stored_text(node: NodeState) -> str:
    """Return what the cache holds, "" where nobody asked or there is nothing."""
    if node.stored is None or not node.stored.values:
        return ""
    return f"{counted(node.stored.values, 'value')}, {bytes_text(node.stored.bytes)}"


def short_reason(name: str, why: str) -> str:
    """
    Return why a node changed, without what the card says already.

    >>> short_reason("tone", "code changed: step 'tone' helper normalise (tone -> normalise, levels.py)")
    'helper normalise'
    >>> short_reason("resize", "parameter changed: resize.size (16, 16) -> (8, 8)")
    'size (16, 16) → (8, 8)'
    >>> short_reason("tone", "code changed: step 'tone'")
    'its code'
    """
    reason, _, text = why.partition(": ")
    if reason not in _CHANGED:
        return why
    if reason != Reason.PARAMETER_CHANGED:
        text = _BY.sub("", text)
    for said in (f"step '{name}'", f"{name}."):
        text = text.removeprefix(said)
    return text.strip().replace(" -> ", " → ") or "its code"


def compact(count: int) -> str:
    """
    Return a count in few characters.

    >>> compact(9_999), compact(12_345), compact(1_000_000)
    ('9,999', '12.3k', '1M')
    """
    if count < _MANY:
        return f"{count:,}"
    size, unit = (count / _THOUSAND, "k") if count < _THOUSAND**2 else (count / _THOUSAND**2, "M")
    return f"{size:.1f}".removesuffix(".0") + unit
