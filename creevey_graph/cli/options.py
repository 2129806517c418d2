"""Arguments and options that several commands share."""

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from creevey_graph import Graph, UsageError
from creevey_graph.cache import default_folder
from creevey_graph.cli.loading import load_graph
from creevey_graph.cli.settings import bound_graph

F = TypeVar("F", bound=Callable[..., Any])


def graph_argument(command: F) -> F:
    """Add GRAPH and `--set`."""
    return click.argument("graph")(settings_option(command))


def settings_option(command: F) -> F:
    """Add `--set`."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a parameter of the graph, such as size=128,128; may be given again.",
    )(command)


def cache_option(command: F) -> F:
    """Add `--cache`."""
    return click.option(
        "--cache",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Cache folder; by default $CREEVEY_CACHE_DIR, or .creevey here.",
    )(command)


def no_cache_option(command: F) -> F:
    """Add `--cache` and `--no-cache`."""
    command = click.option("--no-cache", is_flag=True, help="Neither read nor write a cache.")(command)
    return cache_option(command)


def json_option(command: F) -> F:
    """Add `--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print data on stdout, everything else on stderr."
    )(command)


def opened_graph(graph: str, settings: Sequence[str]) -> Graph:
    """
    Return the graph that GRAPH and `--set` stand for.

    Raises:
        UsageError: There is no such graph or parameter.
        Failure: Its file cannot be imported.
    """
    return bound_graph(load_graph(graph), settings)


def chosen_cache(cache: Path | None, *, no_cache: bool) -> Path | Literal[False] | None:
    """
    Return what `graph.run` takes as its cache.

    Raises:
        UsageError: Both options are given.
    """
    if no_cache and cache is not None:
        raise UsageError("--cache and --no-cache exclude each other; leave one out")
    return False if no_cache else cache


def cache_folder(cache: Path | None) -> Path:
    """Return the cache folder that is meant, there or not."""
    return default_folder() if cache is None else cache


def accept_command(graph: str, settings: Sequence[str], cache: Path | None) -> str:
    """Return the `accept` command of a graph, up to the step's name, as it is to be typed."""
    chosen = [] if cache is None else ["--cache", str(cache)]
    sets = [word for setting in settings for word in ("--set", setting)]
    return shlex.join(["creevey-graph", "accept", *chosen, *sets, graph])


def check_out(graph: Graph, out: Path | None) -> None:
    """
    Check that a graph with writers is told where to write.

    Raises:
        UsageError: It is not.
    """
    writer = next((name for name, node in graph.nodes.items() if node.step.is_writer), None)
    if writer is not None and out is None:
        raise UsageError(f"graph '{graph.name}' writes files (node '{writer}'); say where with --out DIR")
