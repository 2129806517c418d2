"""A plan as a table for people, and as data for programs; `status` and `run --dry-run` show it."""

from pathlib import Path
from typing import Any

from creevey_graph import Graph, Plan
from creevey_graph.cli.items import Asked
from creevey_graph.cli.options import cache_folder, check_out, chosen_cache
from creevey_graph.cli.tables import echo_json, echo_lines, screen
from creevey_graph.state import state_of_plan
from creevey_graph.views.planned import plan_lines


def show_plan(
    graph: Graph,
    asked: Asked,
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
        asked: Its items, as they were typed.
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
    plan = graph.plan(asked.chosen(graph), out=out, cache=chosen, refresh=refresh)
    if as_json:
        echo_json(plan_data(plan))
        return
    shown = screen()
    echo_lines(plan.lines(accept) if shown.width is None else plan_lines(plan, shown, accept))


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain data."""
    state = state_of_plan(plan)
    return {
        "graph": plan.graph,
        "total": plan.total,
        "up_to_date": plan.up_to_date,
        "to_do": plan.to_do,
        "failed_for_good": plan.lasting,
        "unreadable": plan.unreadable,
        "nodes": {
            name: {
                "runs": count.runs,
                "restored": count.restores,
                "read": count.loads,
                "kept": count.kept,
                "policy": plan.policies[name],
                "changed": state.nodes[name].is_changed,
                "why": state.nodes[name].why,
                "seconds": state.nodes[name].seconds,
            }
            for name, count in plan.nodes.items()
        },
        "reasons": dict(plan.reasons),
        "orphans": list(plan.orphans),
        "accepted": list(plan.accepted),
        "untracked": list(plan.untracked),
        "notices": list(plan.notices),
    }
