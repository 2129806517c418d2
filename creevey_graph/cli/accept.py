"""`creevey-graph accept`: keep the results of a step whose edit is harmless."""

from pathlib import Path

import attrs
import click

from creevey_graph import Graph, UsageError
from creevey_graph.cli.explain import show_lines
from creevey_graph.cli.options import (
    accept_command,
    cache_folder,
    cache_option,
    graph_argument,
    json_option,
    opened_graph,
)
from creevey_graph.cli.tables import echo_json, echo_lines


@click.command(short_help="Keep the results of a step whose edit is harmless; or undo that.")
@graph_argument
@click.argument("step", required=False)
@click.option("--undo", is_flag=True, help="Take it back: the edited step runs again.")
@click.option("--list", "listing", is_flag=True, help="Show the edits that are accepted; without STEP.")
@cache_option
@json_option
def accept(
    *,
    graph: str,
    step: str | None,
    settings: tuple[str, ...],
    undo: bool,
    listing: bool,
    cache: Path | None,
    as_json: bool,
) -> None:
    """
    Say that the edit of STEP in GRAPH is harmless: what it made is kept, and nothing runs for it.

    Its code, helpers and dependencies count as they were in the latest run with this cache;
    parameters are not covered. --undo takes it back; where the code as it is now was not accepted,
    it takes back all that was accepted of the step.
    """
    if listing == bool(step) or (listing and undo):
        raise UsageError("accept takes one STEP, with or without --undo; or --list alone, which takes none")
    opened = opened_graph(graph, settings)
    folder = cache_folder(cache)
    if not folder.is_dir():
        raise UsageError(f"no cache at '{folder}', so there are no results to keep; run the graph first")
    if step is None:
        _show_accepted(opened, folder, as_json=as_json)
        return
    acceptance = opened.accept(step, cache=folder, undo=undo)
    if not as_json:
        show_lines(acceptance.lines(f"{accept_command(graph, settings, cache)} {step} --undo"))
        return
    echo_json(
        {
            "graph": acceptance.graph,
            "step": acceptance.step,
            "undone": acceptance.undone,
            "removed": acceptance.removed,
            "changes": [change.told for change in acceptance.changes],
            "covers": list(acceptance.covers),
            "left": list(acceptance.left),
        }
    )


def _show_accepted(graph: Graph, folder: Path, *, as_json: bool) -> None:
    standing = graph.accepted(cache=folder)
    if as_json:
        edits = [{**attrs.asdict(edit), "changes": [c.told for c in edit.changes]} for edit in standing]
        echo_json({"graph": graph.name, "accepted": edits})
    else:
        echo_lines(map(str, standing) if standing else ["no edit is accepted"])
