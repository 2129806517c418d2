"""A graph, and what a plan says of it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from creevey_graph.events import Outcome
from creevey_graph.plan import Plan, accepted_text
from creevey_graph.shape import Shape, shape_of
from creevey_graph.state import NodeState, state_of_plan
from creevey_graph.views import VIEWS
from creevey_graph.views.markup import Markup, facts, folded, joined, pre, shortened, table, tag
from creevey_graph.views.notebook.pieces import (
    TO_RUN,
    bar,
    beside,
    drawing,
    framed,
    heading,
    lines,
    muted,
    took,
)

MOST_NODES = 300
"""Rows of a table of nodes."""
MOST_REASONS = 12
_PLANNED = MappingProxyType({Outcome.DONE: TO_RUN, Outcome.CACHED: "up to date"})


def show_graph(graph: Any) -> Markup:
    """
    Return a declared graph: its drawing, its parameters, and its nodes as a table.

    Raises:
        GraphError: It is not valid.
    """
    shape = shape_of(graph)
    drawn = drawing(shape)
    plain = None if drawn is None else pre(VIEWS["text"](shape, None), class_="creevey-plain")
    parameters = [(parameter.name, tag("code", parameter.text)) for parameter in shape.parameters]
    told = (heading("parameters"), facts(parameters)) if parameters else ()
    nodes = folded(f"{len(shape.nodes):,} steps as a table", node_table(shape), is_open=drawn is None)
    return framed(shape.name, shape.about, plain, beside(drawn, *told), nodes, kind="graph")


def node_table(shape: Shape) -> Markup:
    """Return the nodes of a graph with what is declared of them."""
    head = ("step", "call", "its values are", "column", "code", "about")
    rows = (
        (
            tag("b", "/".join((*node.group, node.name))),
            tag("code", shortened(node.call)),
            node.policy,
            ", ".join(node.columns),
            tag("code", node.place),
            shortened(node.about),
        )
        for node in shape.nodes[:MOST_NODES]
    )
    return with_rest(table(head, rows), len(shape.nodes) - MOST_NODES, "steps")


def with_rest(shown: Markup, left: int, what: str) -> Markup:
    """Return a table, and how many rows it leaves out."""
    return shown if left <= 0 else Markup(shown + muted(f"and {left:,} more {what}"))


# --- a plan ------------------------------------------------------------------------------------


def show_plan(plan: Plan) -> Markup:
    """Return what a run would do: the graph with it, nodes as a table, and the reasons."""
    state = state_of_plan(plan)
    drawn = drawing(plan.shape, state)
    told = [
        bar(state.counts, _PLANNED),
        tag("p", *_parts_told(plan)),
        with_rest(_plan_table(plan, state.nodes), len(plan.nodes) - MOST_NODES, "steps"),
        *_reasons(plan),
        lines("orphans: outputs of items that are gone; run(…, prune=True) deletes them", plan.orphans),
        lines("accepted", [accepted_text(node, "graph.accept") for node in plan.accepted]),
        lines("not tracked; name it with depends_on= or version=", plan.untracked),
        lines("notes", plan.notices),
    ]
    beginning = "nothing to do" if not plan.to_do else f"{plan.to_do:,} of {plan.total:,} items to do"
    return framed(plan.graph, beginning, beside(drawn, *told), kind="plan")


def _parts_told(plan: Plan) -> Iterator[Markup | str]:
    parts = (
        (Outcome.DONE, plan.to_do - plan.unreadable, "to do"),
        (Outcome.CACHED, plan.up_to_date, "up to date"),
        (Outcome.FAILED, plan.unreadable, "cannot be read (a run reports each as failed)"),
        (Outcome.FAILED, plan.lasting, "failed for good (run(…, retry_failed=True) tries them again)"),
    )
    first = True
    for outcome, count, words in parts:
        if count:
            yield "" if first else ", "
            yield tag("b", f"{count:,} {words}", class_=f"creevey-ink-{outcome}")
            first = False


def _plan_table(plan: Plan, states: Mapping[str, NodeState]) -> Markup:
    counts = list(plan.nodes.items())[:MOST_NODES]
    figures = {
        "to run": [count.runs for _, count in counts],
        "restored": [count.restores for _, count in counts],
        "read": [count.loads for _, count in counts],
        "cached": [count.kept for _, count in counts],
    }
    heads = [head for head, numbers in figures.items() if head == "to run" or any(numbers)]
    has_seconds = any(states[name].seconds for name, _ in counts)
    rows = []
    for place, (name, _) in enumerate(counts):
        state = states[name]
        numbers = [_figure(figures[head][place]) for head in heads]
        seconds = [f"about {took(state.seconds)}" if state.seconds else ""] if has_seconds else []
        rows.append(
            (named(name, state, _PLANNED), *numbers, *seconds, why(state), plan.policies.get(name, ""))
        )
    last = len(heads) + has_seconds
    head = ("step", *heads, *(["takes"] if has_seconds else []), "why", "its values are")
    return table(head, rows, numbers=range(1, last + 1))


def named(name: str, state: NodeState, words: Mapping[Outcome, str] = MappingProxyType({})) -> Markup:
    """Return a node's name, marked where the node itself changed, and its bar."""
    ink = " creevey-stale" if state.is_changed else ""
    return joined((tag("b", name, class_=f"creevey-name{ink}"), bar(state.counts, words)))


def why(state: NodeState) -> Markup | str:
    """Return why a node ran, or would."""
    text = shortened(state.why)
    return tag("span", text, class_="creevey-stale") if state.is_changed else text


def _figure(number: int) -> Markup | str:
    return f"{number:,}" if number else tag("span", "0", class_="creevey-muted")


def _reasons(plan: Plan) -> Iterator[Markup]:
    if plan.reasons:
        ranked = sorted(plan.reasons.items(), key=lambda reason: -reason[1])
        rows = [(f"{count:,}", shortened(reason)) for reason, count in ranked[:MOST_REASONS]]
        yield heading("why")
        yield with_rest(table(("items", "reason"), rows, numbers=(0,)), len(ranked) - MOST_REASONS, "reasons")
