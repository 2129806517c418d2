"""`creevey-graph draw`: a graph, and what a run would do or did with it, as text, picture, page or data."""

import tempfile
from pathlib import Path
from typing import Any

import click

from creevey_graph import Graph, Plan, Report, UsageError
from creevey_graph.cli.browser import show
from creevey_graph.cli.items import Asked, list_options
from creevey_graph.cli.options import (
    cache_folder,
    cache_option,
    check_out,
    json_option,
    opened_graph,
    settings_option,
)
from creevey_graph.cli.report import latest_report, load_report
from creevey_graph.cli.tables import echo_json, echo_lines, screen, short_path
from creevey_graph.errors import SourceNotFound
from creevey_graph.held import stored_beside, stored_in
from creevey_graph.shape import Shape, shape_of
from creevey_graph.state import GraphState, shape_in, state_of
from creevey_graph.views import SUFFIXES, VIEWS
from creevey_graph.views.drawing import draw_file
from creevey_graph.views.node_link import graph_data
from creevey_graph.views.tree import draw_text

LATEST = Path("latest")


@click.command(short_help="Draw a graph, and what a run would do or did, as text, picture or page.")
@click.argument("graph", required=False)
@settings_option
@click.option(
    "--format", "form", type=click.Choice(list(VIEWS)), help="By default that of FILE's suffix, or text."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Write to a file: {' '.join(SUFFIXES)}, or .png where a converter is installed.",
)
@click.option("--open", "opens", is_flag=True, help="Open the drawing in the browser.")
@click.option(
    "--items",
    multiple=True,
    metavar="ITEMS",
    help="Show what a run over ITEMS would do at each node, and why; may be given again.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Output folder of that run.")
@cache_option
@click.option(
    "--report",
    "reported",
    type=click.Path(path_type=Path),
    is_flag=False,
    flag_value=LATEST,
    metavar="[FILE]",
    help="Show what the latest run, or that of FILE, did at each node; then GRAPH may be left out.",
)
@json_option
@list_options
def draw(
    *,
    graph: str | None,
    settings: tuple[str, ...],
    form: str | None,
    output: Path | None,
    opens: bool,
    asked: Asked,
    out: Path | None,
    cache: Path | None,
    reported: Path | None,
    as_json: bool,
) -> None:
    """
    Draw GRAPH: its steps, what they read, and what becomes of their values.

    \b
    creevey-graph draw graph.py                           # as text
    creevey-graph draw graph.py -o graph.svg              # .html .mmd .dot .txt .json .png too
    creevey-graph draw graph.py --open                    # in the browser
    creevey-graph draw graph.py --items photos --out train --open    # what a run would do, and why
    creevey-graph draw --report --open                    # what the latest run did
    """  # noqa: D301 - click wants the character
    shape, state = _looked_at(graph, asked, settings=settings, out=out, cache=cache, reported=reported)
    if as_json:
        if output is not None or opens or form is not None:
            raise UsageError(
                "--json prints data; leave out --output, --format and --open, or write to a .json file"
            )
        echo_json(graph_data(shape, state))
        return
    if opens and output is None:
        output = (
            Path(tempfile.mkdtemp(prefix="creevey-draw-")) / f"graph{_SUFFIX_OF.get(form or 'html', '.html')}"
        )
    if output is None:
        _print(shape, state, form or "text")
        return
    written = draw_file(output, shape, state, view=form or "")
    click.echo(f"wrote {short_path(written)}", err=True)
    if opens:
        show(written)


def _print(shape: Shape, state: GraphState | None, form: str) -> None:
    width = screen().width
    if form == "text" and width is not None:
        drawn = draw_text(shape, state, width=width)
    else:
        drawn = VIEWS[form](shape, state)
    echo_lines(drawn.split("\n"), is_code=True)


_SUFFIX_OF = {view: suffix for suffix, view in reversed(list(SUFFIXES.items()))}


def _looked_at(
    graph: str | None,
    asked: Asked,
    *,
    settings: tuple[str, ...],
    out: Path | None,
    cache: Path | None,
    reported: Path | None,
) -> tuple[Shape, GraphState | None]:
    """Return the shape and the state that the command line asks for."""
    if reported is not None and asked.items:
        raise UsageError("--items shows what a run would do, --report what one did; leave one out")
    if not asked.items and (out is not None or asked != Asked(())):
        raise UsageError("--out, and options of a list, tell of a run over items; name them with --items")
    if reported is not None:
        return _shape_and_report(graph, settings, reported, cache)
    if graph is None:
        raise UsageError("name a GRAPH (file.py:name), or draw the latest run with --report")
    opened = opened_graph(graph, settings)
    if not asked.items:
        return shape_of(opened), None
    return shape_of(opened), state_of(_plan(opened, asked, out, cache), stored_in(cache_folder(cache)))


def _plan(graph: Graph, asked: Asked, out: Path | None, cache: Path | None) -> Plan:
    check_out(graph, out)
    chosen: Any = cache if cache_folder(cache).is_dir() else False  # opening it would make it
    return graph.plan(asked.chosen(graph), out=out, cache=chosen)


def _shape_and_report(
    graph: str | None, settings: tuple[str, ...], reported: Path, cache: Path | None
) -> tuple[Shape, GraphState]:
    if reported != LATEST and reported.suffix == ".py" and graph is None:
        raise UsageError(f"--report takes a report's file; put GRAPH before it: draw {reported} --report")
    report: Report = load_report(latest_report(cache_folder(cache)) if reported == LATEST else reported)
    opened = None if graph is None else opened_graph(graph, settings)
    if opened is not None and opened.name != report.graph:
        raise UsageError(
            f"the report is of graph '{report.graph}', not of '{opened.name}'; leave GRAPH out to draw it"
        )
    shape = shape_in(report) if opened is None else shape_of(opened)
    if shape is None:
        why = (
            "tells of a graph that is damaged, or too large to be drawn"
            if report.shape
            else "does not tell its graph, as reports of earlier versions do not"
        )
        raise SourceNotFound(f"'{report.path}' {why}; name GRAPH too")
    return shape, state_of(report, stored_beside(report))
