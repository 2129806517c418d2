"""`creevey-graph report`: what happened in a run."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import click

from creevey_graph import Graph, Report, SourceError, UsageError
from creevey_graph.cli.items import Asked, list_options
from creevey_graph.cli.numbers import numbers_lines
from creevey_graph.cli.options import cache_folder, cache_option, json_option, opened_graph
from creevey_graph.cli.page import check_html, html_options, typed, write_html
from creevey_graph.cli.summary import failure_lines, report_data, summary_lines, where_line
from creevey_graph.cli.tables import echo_json, echo_lines, screen, short_path
from creevey_graph.columns import counted
from creevey_graph.errors import SourceNotFound
from creevey_graph.shape import shape_of
from creevey_graph.state import shape_in
from creevey_graph.text import safe_text

STDOUT = Path("-")
TABLE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.command(short_help="Show what happened in the latest run, or export it.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@cache_option
@click.option("--failed", is_flag=True, help="List every failed item with its step and error.")
@click.option("--summary", is_flag=True, help="Show counts, rates, top errors and versions.")
@click.option("--csv", "csv_file", type=TABLE, metavar="FILE", help="Write a row per item, '-' for stdout.")
@click.option("--jsonl", "jsonl_file", type=TABLE, metavar="FILE", help="The same as JSON lines.")
@html_options
@click.option(
    "--graph",
    metavar="GRAPH",
    help="The graph of that run, for pictures after every step in the page of --html.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter of the graph, as in that run; may be given again.",
)
@click.option(
    "--among",
    "items",
    metavar="ITEMS",
    help="The items of that run, for --graph; needed where they are not plain files and URLs.",
)
@list_options
@json_option
def report(
    *,
    file: Path | None,
    cache: Path | None,
    failed: bool,
    summary: bool,
    csv_file: Path | None,
    jsonl_file: Path | None,
    html_file: Path | None,
    opens: bool,
    graph: str | None,
    settings: tuple[str, ...],
    asked: Asked,
    as_json: bool,
) -> None:
    """
    Show what happened in a run: the latest one of the cache folder, or that of FILE.

    --csv and --jsonl write a row per item: key, source, outcome, error, outputs, and the
    graph's own columns. --summary --json is the run in numbers, for programs. --html writes a page to look at;
    with --graph it shows pictures after every step, which are made again for a sample and for what failed.

    \b
    creevey-graph report --failed
    creevey-graph report --html run.html --graph graph.py --among photos --open
    """  # noqa: D301 - click wants the character
    printed = [csv_file == STDOUT, jsonl_file == STDOUT, as_json or summary or failed]
    if any(printed[:2]) and sum(printed) > 1:
        raise UsageError("'-' is standard output, which takes one thing; write the other to a file")
    check_html(html_file, opens=opens)
    made_again = _made_again(html_file, graph, settings, asked)
    loaded = load_report(file or latest_report(cache_folder(cache)))
    _write(csv_file, loaded.to_csv, len(loaded.rows))
    _write(jsonl_file, loaded.to_jsonl, len(loaded.rows))
    write_html(loaded, html_file, opens=opens, **made_again)
    if made_again:
        _tell_parameters(made_again["graph"], loaded)
    if as_json:
        echo_json(loaded.summary() if summary else report_data(loaded))
    elif summary:
        echo_lines(numbers_lines(loaded, screen().width))
    elif failed:
        echo_lines(failure_lines(loaded, most=len(loaded.rows)))
    elif csv_file is None and jsonl_file is None and html_file is None:
        echo_lines([*summary_lines(loaded, screen()), where_line(loaded, is_latest=False)])


def _made_again(
    html_file: Path | None, graph: str | None, settings: tuple[str, ...], asked: Asked
) -> dict[str, Any]:
    """Return what a page is told of the graph that its pictures are made with."""
    if graph is None:
        if settings or asked != Asked(()):
            raise UsageError("--set, --among and options of a list are for --graph; say --graph GRAPH too")
        return {}
    if html_file is None:
        raise UsageError("--graph is for the pictures of --html; say --html FILE too")
    opened = opened_graph(graph, settings)
    return {
        "graph": opened,
        "items": asked.chosen(opened),
        "graph_argument": graph,
        "settings": settings,
        "items_argument": typed(asked.items),
    }


def _tell_parameters(graph: Graph, report: Report) -> None:
    """Tell where the parameters that a page's pictures are made with are not those of its run."""
    shape = shape_in(report)
    ran = {} if shape is None else {parameter.name: parameter.text for parameter in shape.parameters}
    for parameter in shape_of(graph).parameters:
        if (before := ran.get(parameter.name, parameter.text)) != parameter.text:
            click.echo(
                f"note: pictures are made with {safe_text(f'{parameter.name}={parameter.text}')}, but the run had "
                f"{safe_text(before)}; say --set as it was there",
                err=True,
            )


def _write(path: Path | None, write: Callable[[Path | BinaryIO], None], count: int) -> None:
    if path == STDOUT:
        sys.stdout.flush()
        write(sys.stdout.buffer)
    elif path is not None:
        write(path)
        click.echo(f"wrote {counted(count, 'row')} to {short_path(path)}", err=True)


def load_report(path: Path) -> Report:
    """
    Return the report in a file.

    Raises:
        SourceError: There is none.
    """
    loaded = Report.load(path)
    if not loaded.graph:
        raise SourceError(f"'{path}' is no report of a run; they stand in the cache folder, in runs/")
    return loaded


def latest_report(folder: Path) -> Path:
    """
    Return the file of the latest run's report in a cache folder.

    Raises:
        SourceNotFound: There is none.
    """
    reports = sorted((folder / "runs").glob("*.jsonl"))
    if not reports:
        raise SourceNotFound(
            f"no report in '{folder}'; run a graph first, or name the cache folder with --cache"
        )
    return reports[-1]
