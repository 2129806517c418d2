"""`--html FILE`: the page of a run, written and opened."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from creevey_graph import Report, UsageError
from creevey_graph.cli.browser import show
from creevey_graph.cli.tables import short_path
from creevey_graph.display import page

F = TypeVar("F", bound=Callable[..., Any])
SUFFIXES = (".html", ".htm")
INTERRUPTED_SECONDS = 2.0
"""For pictures, where somebody wants the command to end."""


def html_options(command: F) -> F:
    """Add `--html` and `--open`."""
    command = click.option("--open", "opens", is_flag=True, help="Show the page of --html in a browser.")(
        command
    )
    return click.option(
        "--html",
        "html_file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write a page that stands alone: graph, timeline, items, and pictures after every step.",
    )(command)


def check_html(path: Path | None, *, opens: bool) -> None:
    """
    Check that the page can be written, before anything runs.

    Raises:
        UsageError: It cannot.
    """
    if path is None:
        if opens:
            raise UsageError("--open shows the page of --html; say --html FILE too")
        return
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"--html: name a file that ends in {' or '.join(SUFFIXES)}; '{path}' may be something else"
        )
    if not path.parent.is_dir():
        raise UsageError(f"--html: there is no folder '{path.parent}'; make it first")


def write_html(report: Report, path: Path | None, *, opens: bool, **options: Any) -> None:
    """
    Write the page of *report*, if one is asked for; say where it is, and show it.

    Raises:
        UsageError: It cannot be written.
    """
    if path is None:
        return
    if report.interrupted:
        options.setdefault("seconds", INTERRUPTED_SECONDS)
    page("write_page")(report, path, **options)
    click.echo(f"page: {short_path(path)}", err=True)
    if opens:
        show(path)


def typed(items: Sequence[str]) -> str:
    """Return ITEMS as the page says how to run one again; "" where that are several."""
    return items[0] if len(items) == 1 else ""
