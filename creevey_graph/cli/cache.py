"""`creevey-graph cache`: what the cache holds, and how to be rid of it."""

import sys
from pathlib import Path

import click

from creevey_graph import Cache, UsageError
from creevey_graph.cli.options import cache_folder, cache_option, json_option
from creevey_graph.cli.tables import bytes_text, counted, echo_json, table
from creevey_graph.text import safe_text

_TAG = "CACHEDIR.TAG"


@click.group(short_help="Show or clear the cache.")
def cache() -> None:
    """Show or clear the cache; it may be deleted at any time, and costs only time."""


@cache.command(short_help="Show where it is and how much it holds.")
@cache_option
@json_option
def info(cache: Path | None, as_json: bool) -> None:
    """Show where the cache is and how much it holds."""
    folder = cache_folder(cache)
    if not folder.is_dir():
        _tell_absent(folder, as_json=as_json)
        return
    with _opened(folder) as opened:
        facts = opened.info()
    runs = len(list((folder / "runs").glob("*.jsonl")))
    if as_json:
        echo_json({"exists": True, **facts, "reports": runs})
        return
    click.echo(f"cache '{safe_text(str(folder))}'")
    rows = [
        ["values", f"{facts['records']:,}", bytes_text(facts["bytes"])],
        ["reports of runs", f"{runs:,}", ""],
        ["on disk", "", bytes_text(facts["disk_bytes"])],
    ]
    for line in table(["", "", ""], rows)[1:]:
        click.echo(line)


@cache.command(short_help="Delete everything in it but the reports.")
@cache_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def clear(cache: Path | None, yes: bool, as_json: bool) -> None:
    """
    Delete every value in the cache; outputs and the reports of runs stay.

    The next run makes everything anew, downloads included.
    """
    folder = cache_folder(cache)
    if not folder.is_dir():
        _tell_absent(folder, as_json=as_json)
        return
    with _opened(folder) as opened:
        facts = opened.info()
        held = f"{counted(facts['records'], 'value')} ({bytes_text(facts['disk_bytes'])}) in '{folder}'"
        if not yes and not _confirmed(safe_text(held)):
            click.echo("left as it was", err=True)
            return
        count = opened.clear()
    if as_json:
        echo_json({"exists": True, "folder": str(folder), "cleared": count})
    else:
        click.echo(f"cleared {safe_text(held)}")


def _confirmed(held: str) -> bool:
    if not _is_terminal():
        raise UsageError(f"this would delete {held}; nobody can be asked here, so say --yes")
    return click.confirm(f"Delete {held}?", err=True)


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _opened(folder: Path) -> Cache:
    """Open a cache that is one: a folder of somebody's pictures is left alone."""
    if not (folder / _TAG).is_file():
        raise UsageError(f"'{folder}' is no cache of creevey_graph (it has no {_TAG}); see --cache")
    return Cache(folder)


def _tell_absent(folder: Path, *, as_json: bool) -> None:
    if as_json:
        echo_json({"exists": False, "folder": str(folder)})
    else:
        click.echo(f"no cache at '{safe_text(str(folder))}': nothing has been kept there yet")
