"""An explanation: one item, node by node, with the code as it was and as it is."""

from collections.abc import Iterator

from creevey_graph.changes import Change
from creevey_graph.events import Outcome
from creevey_graph.explanation import Explanation, Line, NodeExplanation, diff_lines
from creevey_graph.plan import Action
from creevey_graph.views.markup import Markup, joined, shortened, table, tag, verbatim
from creevey_graph.views.notebook.graphs import MOST_NODES, with_rest
from creevey_graph.views.notebook.pieces import framed, heading, muted

MOST_DIFF_LINES = 200
_INKS = {
    Action.RUN: Outcome.DONE,
    Action.RESTORE: Outcome.RESTORED,
    Action.LOAD: Outcome.CACHED,
    Action.KEEP: Outcome.CACHED,
    Action.NONE: Outcome.CANCELLED,
}
_CLASSES = {Line.ADDED: "creevey-added", Line.REMOVED: "creevey-removed"}
_MUTED = "creevey-muted"


def show_explanation(explanation: Explanation) -> Markup:
    """Return what a run would do with one item, and why: nodes as a table, then the code that changed."""
    told = f"to do: {explanation.reason}" if explanation.reason else explanation.outcome
    shown = explanation.nodes[:MOST_NODES]
    rows = [(tag("b", node.name), _action(node.action), joined(_why(node)), node.policy) for node in shown]
    nodes = table(("step", "what becomes of it", "why", "its values are"), rows)
    source = explanation.source if explanation.source != explanation.key else ""
    return framed(
        shortened(explanation.key),
        shortened(told, 300),
        muted(shortened(source, 300)) if source else None,
        with_rest(nodes, len(explanation.nodes) - MOST_NODES, "steps"),
        *(part for node in shown for part in _code(node)),
        kind=f"in graph {explanation.graph}",
    )


def _action(action: Action) -> Markup:
    return tag("span", action.value, class_=f"creevey-ink-{_INKS[action]}")


def _why(node: NodeExplanation) -> Iterator[Markup | str]:
    yield tag("span", shortened(node.why, 400))
    for change in node.changes:
        if change.told not in node.why:
            yield muted(f"also: {shortened(change.told, 300)}")
    if node.accepted:
        yield muted(node.accepted)
    for text in node.untracked:
        yield muted(f"not tracked: {shortened(text, 300)}; name it with depends_on= or version=")


def _code(node: NodeExplanation) -> Iterator[Markup]:
    """Yield what changed in the code of a node, below the table: lines of code want room."""
    for change in node.changes:
        if (diff := _diff(change)) is not None:
            yield heading(shortened(change.told, 300))
            yield diff


def _diff(change: Change) -> Markup | None:
    """Return the diff of a function, every line in its colour; its sign tells the same without any."""
    found = [(kind, text.removeprefix("    ")) for kind, text in diff_lines(change)]
    if not found:
        return None
    shown = [
        tag("span", verbatim(text), class_=_CLASSES.get(kind, _MUTED))
        for kind, text in found[:MOST_DIFF_LINES]
    ]
    if len(found) > MOST_DIFF_LINES:
        shown.append(tag("span", f"… {len(found) - MOST_DIFF_LINES:,} more lines", class_=_MUTED))
    return tag("pre", *(Markup(f"{line}\n") for line in shown))
