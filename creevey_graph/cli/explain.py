"""`creevey-graph explain`: what a run would do with one item, step by step, and why."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import click

from creevey_graph.cli.items import Asked, list_options
from creevey_graph.cli.options import (
    accept_command,
    cache_folder,
    cache_option,
    check_out,
    graph_argument,
    json_option,
    opened_graph,
)
from creevey_graph.cli.tables import echo_json, echo_lines
from creevey_graph.explanation import Line
from creevey_graph.views.explained import CODE, painted_lines


@click.command(short_help="Show what a run would do with one item, step by step, and why.")
@graph_argument
@click.argument("item")
@click.option(
    "--among",
    "items",
    metavar="ITEMS",
    help="The list or folder that ITEM is of; needed for items of a table with further columns.",
)
@list_options
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder the outputs are written to."
)
@click.option("-v", "--verbose", is_flag=True, help="Tell why of the steps with nothing to do, too.")
@cache_option
@json_option
def explain(
    *,
    graph: str,
    item: str,
    asked: Asked,
    settings: tuple[str, ...],
    out: Path | None,
    verbose: bool,
    cache: Path | None,
    as_json: bool,
) -> None:
    """
    Show what a run of GRAPH would do with ITEM, step by step, and why; no step runs.

    ITEM is a file, a URL, or the key of an item that was run before. Where code changed, the old
    and the new text are shown as a diff.

    \b
    creevey-graph explain graph.py photos/a.jpg --out train
    creevey-graph explain graph.py 1042 --among my_images.csv --url-column image_url --out train
    """  # noqa: D301 - click wants the character
    opened = opened_graph(graph, settings)
    check_out(opened, out)
    chosen: Path | Literal[False] | None = (
        cache if cache_folder(cache).is_dir() else False
    )  # opening it would make it
    explanation = opened.explain(item, among=asked.chosen(opened), out=out, cache=chosen)
    if as_json:
        echo_json(explanation.data)
    else:
        show_lines(explanation.lines(verbose=verbose, accept=accept_command(graph, settings, cache)))


def show_lines(lines: Iterable[tuple[Line, str]]) -> None:
    """Print lines of an explanation, in colour at a terminal; code is never broken between words."""
    for kind, text in painted_lines(lines):
        echo_lines([text], is_code=kind in CODE)
