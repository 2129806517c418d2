"""`creevey-graph demo`: see it work."""

import tempfile
from pathlib import Path

import click

from creevey_graph import UsageError
from creevey_graph.cli.ending import Failure
from creevey_graph.cli.exits import ExitCode
from creevey_graph.cli.tables import short_path
from creevey_graph.demo.run import run_demo

PAGE = "run.html"


@click.command(short_help="See it work: download, change things, count what runs again.")
@click.option("--count", type=click.IntRange(1), default=200, show_default=True, help="How many pictures.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Leave pictures, thumbnails, cache and a page of the last run in this new folder.",
)
def demo(count: int, keep: Path | None) -> None:
    """
    Run a graph over pictures from a server on this machine, five times, with a change before each.

    The pictures are drawn, nothing is asked of the internet. The counts that are printed are
    checked: the exit code is 1 where one of them is not as claimed.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="creevey-demo-") as folder:
            problems = run_demo(Path(folder), count, click.echo)
    else:
        _check_new(keep)
        problems = run_demo(keep, count, click.echo, keep / PAGE)
        click.echo(f"kept: {short_path(keep / 'out')}, and what it was made of beside it")
        click.echo(f"page of the last run: {short_path(keep / PAGE)}")
    if problems:
        raise Failure("the demo did not go as claimed", ExitCode.ITEMS_FAILED, "\n".join(problems))
    click.echo("All counts are as claimed.")


def _check_new(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"--keep: '{folder}' is not empty; name a new folder, so that the first run is one")
