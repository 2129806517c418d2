"""`creevey-graph explore`: the page of a run, live, with previews."""

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from creevey_graph import Graph, UsageError
from creevey_graph.cli.browser import shown_secretly
from creevey_graph.cli.items import Asked, list_options
from creevey_graph.cli.options import cache_folder, cache_option, opened_graph
from creevey_graph.cli.tables import short_path
from creevey_graph.errors import SourceError
from creevey_graph.explore.following import graph_of
from creevey_graph.explore.items import Items, planned_report, planned_rows
from creevey_graph.explore.loaded import Loaded
from creevey_graph.explore.pages import LOOKS, Pages
from creevey_graph.explore.previews import Previews
from creevey_graph.explore.server import Explorer
from creevey_graph.explore.watch import Planned, Watch
from creevey_graph.freeze import freeze
from creevey_graph.listing import Listing
from creevey_graph.sources import Source, open_source
from creevey_graph.text import safe_text

_LOOK_S = 0.5


@click.command(short_help="Show a run in the browser while it runs, and try parameters on its pictures.")
@click.argument("graph", required=False)
@click.argument("items", nargs=-1, metavar="[ITEMS]...")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter of the graph to begin with; may be given again.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Output folder of the run, to tell which of ITEMS are up to date; nothing is written to it.",
)
@cache_option
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Follow this report, and no other, in place of the cache folder's latest.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="By default any that is free."
)
@click.option(
    "--open/--no-open", "opens", default=False, help="Open the page in the browser; by default not."
)
@list_options
def explore(
    *,
    graph: str | None,
    asked: Asked,
    settings: tuple[str, ...],
    out: Path | None,
    cache: Path | None,
    report_file: Path | None,
    port: int,
    opens: bool,
) -> None:
    """
    Show the page of a run in the browser, live, at an address of this machine that nobody else knows.

    \b
    creevey-graph explore                    the latest run of the cache folder, and the next
    creevey-graph explore graph.py           and every item's picture after each step
    creevey-graph explore graph.py photos    these items, before any run

    Where there is no run yet it waits for one. With GRAPH, opening an item runs its steps in this
    process, and parameters can be tried; edits of the code count at once. Nothing is written:
    not to the output folder, not to the cache, not beside the pictures. Ctrl-C ends it, with exit code 0.
    """  # noqa: D301 - click wants the character
    if graph is None and settings:
        raise UsageError("--set is for the parameters of a graph; name it: creevey-graph explore GRAPH")
    with _no_byte_code():
        explorer = _made(
            graph,
            asked,
            settings=settings,
            out=out,
            folder=cache_folder(cache),
            report_file=report_file,
            port=port,
        )
        try:
            explorer.start()
            click.echo(explorer.url)
            click.echo("Ctrl-C ends it", err=True)
            with no_input(), shown_secretly(explorer.url) if opens else nullcontext():
                while not explorer.closing.wait(_LOOK_S):
                    pass
        except KeyboardInterrupt:
            click.echo("ended", err=True)
        finally:
            explorer.close()


def _made(
    graph: str | None,
    asked: Asked,
    *,
    settings: tuple[str, ...],
    out: Path | None,
    folder: Path,
    report_file: Path | None,
    port: int,
) -> Explorer:
    """Return the server, all that was typed being checked."""
    opened = source = loaded = planned = None
    if graph is not None:
        opened = opened_graph(graph, settings)
        source = _source(opened, asked)
        columns = () if source is None else source.columns
        loaded = Loaded(opened, functools.partial(opened_graph, graph, settings), columns)
        if source is not None and report_file is None:
            planned = _planned(opened, source, out, folder)
    name = "" if opened is None else opened.name
    watch = Watch(LOOKS, folder=folder, path=report_file, planned=planned, graph=name, tell=_tell)
    where = f" of graph '{safe_text(name)}'" if name else ""
    waiting = f"There is no run{where} in '{short_path(folder)}' yet."
    if planned is None:
        watch.step()
        if watch.feed() is None and report_file is not None:
            watch.close()
            if opened is not None and (other := graph_of(report_file)) not in (None, name):
                raise UsageError(
                    f"the report is of graph '{safe_text(str(other))}', not of '{safe_text(name)}'; name that graph, or none"
                )
            raise SourceError(
                f"'{report_file}' is no report of a run; they stand in the cache folder, in runs/"
            )
        if watch.feed() is None:
            _tell(f"{waiting} The page waits for one.")
    pages = Pages(waiting, None if loaded is None else loaded.parameters)
    return Explorer(watch, Previews(loaded, Items(source)), pages, port=port)


def _tell(text: str) -> None:
    click.echo(safe_text(text), err=True)


def _source(graph: Graph, asked: Asked) -> Source | None:
    items = asked.chosen(graph)
    return None if items is None else open_source(items, tuple(graph.inputs))


def _planned(graph: Graph, source: Source, out: Path | None, folder: Path) -> Planned:
    listing = Listing(source, freeze(graph, source.columns))
    return Planned(
        planned_report(graph, listing, out),
        planned_report(graph, listing, out),
        lambda: planned_rows(graph, listing, out, folder),
    )


@contextmanager
def _no_byte_code() -> Iterator[None]:
    """Import the user's modules without writing `__pycache__` beside them: edits are imported too."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


@contextmanager
def no_input() -> Iterator[None]:
    """Give steps that ask at the terminal an end of file: in a preview nobody would see the question."""
    with open(os.devnull, encoding="utf-8") as nothing:  # noqa: PTH123 - no file
        before, sys.stdin = sys.stdin, nothing
        try:
            yield
        finally:
            sys.stdin = before
