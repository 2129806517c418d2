"""`creevey-graph accept`: keep the results of a step whose edit is harmless."""

from pathlib import Path

import click

from creevey_graph import UsageError
from creevey_graph.cli.options import cache_folder, cache_option, graph_argument, json_option, opened_graph
from creevey_graph.cli.tables import echo_json, echo_lines
from creevey_graph.text import safe_text


@click.command(short_help="Keep the results of a step whose edit is harmless; or undo that.")
@graph_argument
@click.argument("step")
@click.option("--undo", is_flag=True, help="Take it back: the edited step runs again.")
@cache_option
@json_option
def accept(
    *, graph: str, step: str, settings: tuple[str, ...], undo: bool, cache: Path | None, as_json: bool
) -> None:
    """
    Say that the edit of STEP in GRAPH is harmless: what it made is kept, and nothing runs for it.

    Its code, helpers and dependencies count as they were in the latest run with this cache;
    parameters are not covered. --undo takes it back.
    """
    opened = opened_graph(graph, settings)
    folder = cache_folder(cache)
    if not folder.is_dir():
        raise UsageError(f"no cache at '{folder}', so there are no results to keep; run the graph first")
    acceptance = opened.accept(step, cache=folder, undo=undo)
    if as_json:
        echo_json(
            {
                "graph": acceptance.graph,
                "step": acceptance.step,
                "undone": acceptance.undone,
                "changes": [change.told for change in acceptance.changes],
                "covers": list(acceptance.covers),
                "left": list(acceptance.left),
            }
        )
    else:
        echo_lines(safe_text(line) for line in str(acceptance).splitlines())
