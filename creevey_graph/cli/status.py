"""`creevey-graph status`: what a run would do, and why."""

from pathlib import Path

import click

from creevey_graph.cli.items import Asked, items_argument
from creevey_graph.cli.options import (
    accept_command,
    graph_argument,
    json_option,
    no_cache_option,
    opened_graph,
)
from creevey_graph.cli.planned import show_plan


@click.command(short_help="Show what a run would do and why, running nothing.")
@graph_argument
@items_argument
@no_cache_option
@json_option
def status(
    *,
    graph: str,
    asked: Asked,
    settings: tuple[str, ...],
    out: Path | None,
    cache: Path | None,
    no_cache: bool,
    refresh: bool,
    as_json: bool,
) -> None:
    """
    Show what a run of GRAPH over ITEMS would do and why; no step runs, nothing is written.

    \b
    runs      the step would be executed for so many items
    restored  its output would be written again from the cache
    read      its value would be read from the cache, for a step below
    kept      nothing to do
    """  # noqa: D301 - click wants the character
    show_plan(
        opened_graph(graph, settings),
        asked,
        out=out,
        cache=cache,
        no_cache=no_cache,
        refresh=refresh,
        as_json=as_json,
        accept=accept_command(graph, settings, cache),
    )
