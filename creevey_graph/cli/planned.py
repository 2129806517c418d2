"""A plan as a table for people, and as data for programs; `status` and `run --dry-run` show it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from creevey_graph import Graph, Plan
from creevey_graph.cli.options import cache_folder, check_out, chosen_cache, chosen_items
from creevey_graph.cli.tables import counted, echo_json, echo_lines, listed, table
from creevey_graph.explanation import accepted_text
from creevey_graph.text import safe_text


def show_plan(
    graph: Graph,
    items: Sequence[str],
    *,
    out: Path | None,
    cache: Path | None,
    no_cache: bool,
    refresh: bool,
    as_json: bool,
    accept: str,
) -> None:
    """
    Print what a run would do.

    Args:
        graph: The graph.
        items: Its items, as they were typed.
        out: Output folder.
        cache: Cache folder, None for the usual one.
        no_cache: Whether there is none.
        refresh: Whether everything would run.
        as_json: Whether data are wanted.
        accept: The command that accepts an edit, up to the step's name.

    Raises:
        CreeveyError: The items cannot be listed, or the graph cannot be used.
    """
    check_out(graph, out)
    chosen = chosen_cache(cache, no_cache=no_cache)
    if not cache_folder(cache).is_dir():
        chosen = False  # opening it would make it
    plan = graph.plan(chosen_items(items), out=out, cache=chosen, refresh=refresh)
    if as_json:
        echo_json(plan_data(plan))
        return
    echo_lines(plan_lines(plan, accept))


def plan_lines(plan: Plan, accept: str) -> Iterator[str]:
    """Yield the table of nodes, the reasons, orphans and what is not tracked."""
    told = f"{plan.up_to_date:,} up to date, {plan.to_do - plan.unreadable:,} to do"
    if plan.unreadable:
        told += f", {plan.unreadable:,} cannot be read (a run reports each as failed)"
    yield f"{click.style(safe_text(plan.graph), bold=True)}: {counted(plan.total, 'item')}, {told}"
    rows = [
        [
            name,
            *(f"{n:,}" for n in (count.runs, count.restores, count.loads, count.kept)),
            plan.policies[name],
        ]
        for name, count in plan.nodes.items()
    ]
    yield from table(["step", "runs", "restored", "read", "kept", "its values are"], rows, left=(0, 5))
    if plan.reasons:
        yield "why:"
        ranked = sorted(plan.reasons.items(), key=lambda reason: -reason[1])
        yield from table(["items", "reason"], [[f"{n:,}", reason] for reason, n in ranked], left=(1,))[1:]
    if plan.orphans:
        count = counted(len(plan.orphans), "output")
        yield f"orphans: {count} of items that are gone ({listed(plan.orphans)}); run --prune deletes them"
    for node in plan.accepted:
        yield safe_text(accepted_text(node, accept))
    for text in plan.untracked:
        yield f"not tracked: {safe_text(text)}; name it with depends_on= or version="


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain data."""
    return {
        "graph": plan.graph,
        "total": plan.total,
        "up_to_date": plan.up_to_date,
        "to_do": plan.to_do,
        "unreadable": plan.unreadable,
        "nodes": {
            name: {
                "runs": count.runs,
                "restored": count.restores,
                "read": count.loads,
                "kept": count.kept,
                "policy": plan.policies[name],
            }
            for name, count in plan.nodes.items()
        },
        "reasons": dict(plan.reasons),
        "orphans": list(plan.orphans),
        "accepted": list(plan.accepted),
        "untracked": list(plan.untracked),
    }
