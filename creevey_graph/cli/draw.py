"""`creevey-graph draw`: a graph as text, Mermaid, DOT, or data."""

from pathlib import Path
from typing import Any

import click

from creevey_graph import Graph
from creevey_graph.cli.options import graph_argument, json_option, opened_graph
from creevey_graph.cli.tables import echo_json, echo_lines, screen, short_path
from creevey_graph.policy import shown_policy
from creevey_graph.shape import shape_of
from creevey_graph.views import VIEWS
from creevey_graph.views.tree import draw_text


@click.command(short_help="Draw a graph as text, Mermaid or DOT.")
@graph_argument
@click.option("--format", "form", type=click.Choice(list(VIEWS)), default="text", show_default=True)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the drawing to a file.",
)
@json_option
def draw(graph: str, settings: tuple[str, ...], form: str, output: Path | None, as_json: bool) -> None:
    """
    Draw GRAPH.

    \b
    creevey-graph draw graph.py --format dot | dot -Tsvg > graph.svg
    """  # noqa: D301 - click wants the character
    opened = opened_graph(graph, settings)
    if as_json:
        echo_json(graph_data(opened))
        return
    if output is None:
        width = screen().width
        is_cut = form == "text" and width is not None
        text = draw_text(shape_of(opened), width=width) if is_cut else opened.draw(form)
        echo_lines(text.split("\n"), is_code=True)
        return
    text = opened.draw(form)
    output.write_text(f"{text}\n", encoding="utf-8")
    click.echo(f"wrote {short_path(output)}", err=True)


def graph_data(graph: Graph) -> dict[str, Any]:
    """Return nodes and edges as `networkx.node_link_graph(data, edges="edges")` reads them."""
    graph.validate()
    nodes: list[dict[str, Any]] = [{"id": name, "kind": "input"} for name in graph.inputs]
    for name in graph.order():
        step = graph.nodes[name].step
        kind = "writer" if step.is_writer else "step"
        nodes.append({"id": name, "kind": kind, "step": step.name, "policy": shown_policy(step)})
    edges = [
        {"source": source, "target": reader, "parameters": list(parameters)}
        for source, reader, parameters in graph.networkx.edges(data="parameters")
    ]
    return {
        "directed": True,
        "multigraph": False,
        "graph": {"name": graph.name, "parameters": {name: repr(v) for name, v in graph.parameters.items()}},
        "nodes": nodes,
        "edges": edges,
        "outputs": {column: ref.name for column, ref in graph.outputs.items()},
    }
