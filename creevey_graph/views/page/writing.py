"""A page written to a file: one that needs nothing beside it, and appears whole or not at all."""

import datetime as dt
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from creevey_graph.atomic import nearest_there, replacing
from creevey_graph.errors import SourceError, UsageError
from creevey_graph.held import stored_beside
from creevey_graph.previews import Previewer, previewer_for
from creevey_graph.report import Report
from creevey_graph.shape import Shape, shape_of
from creevey_graph.state import Stored, shape_in, state_of
from creevey_graph.text import safe_text
from creevey_graph.views.page.data import page_data
from creevey_graph.views.page.html import render_page
from creevey_graph.views.page.recipes import recipes_of
from creevey_graph.views.page.strips import Strips
from creevey_graph.views.svg import draw_svg, svg_style

AS_NOW = "Made again for this page by the code of the graph as it is now, which may have been edited since this run."
OTHER_GRAPH = (
    "Made again for this page by the graph as it is now, which is not the one of this run: its steps, their "
    "parameters or their connections differ."
)
SAMPLE, MOST_FAILURES, SECONDS = 24, 200, 20.0
NO_DRAWING = '<svg viewBox="0 0 1 1" width="0" height="0" role="img" aria-label="no drawing"></svg>'


def write_page(
    report: Report,
    path: Path | str,
    *,
    previewer: Previewer | None = None,
    graph: Any = None,
    items: Any = None,
    cache: Any = None,
    stored: Mapping[str, Stored] | None = None,
    sample: int = SAMPLE,
    most_failures: int = MOST_FAILURES,
    seconds: float = SECONDS,
    graph_argument: str = "",
    settings: Sequence[str] = (),
    items_argument: str = "",
) -> Path:
    """
    Write the page of a report; a file that is there is replaced.

    Args:
        report: The report.
        path: The file.
        previewer: Asked for what the steps gave; by default the report's own, where it ran in this process.
        graph: The graph of a report that was read from a file, for the pictures of its steps.
        items: The items of that run; None takes each row's file or URL for one.
        cache: The cache of that run; by default the one that the report stands in, if any.
        stored: Node -> what the cache holds of it; by default of the cache that the report stands in, if any.
        sample: How many good items are shown with pictures.
        most_failures: How many failed ones.
        seconds: Time for all pictures; 0 for none.
        graph_argument: How the graph is named on the command line, for what the page says is to be typed.
        settings: As *graph_argument*, of its parameters.
        items_argument: As *graph_argument*, of the items.

    Returns:
        The file.

    Raises:
        UsageError: The file cannot be written there, or an option has a value it cannot have.
        SourceError: The report cannot be read any more, or *items* cannot be listed.
        GraphError: *graph* is not valid.
    """
    target = checked_page(path)
    _check_bounds(sample, most_failures, seconds)
    stored = stored_beside(report) if stored is None else stored
    chosen = previewer or report.previewer
    if graph is not None:
        if graph.name != report.graph:
            raise UsageError(
                f"page '{safe_text(str(target))}': the report is of graph '{safe_text(report.graph)}', not of "
                f"'{safe_text(graph.name)}'; name that graph, or none"
            )
        chosen = previewer_for(graph, items, report.out, _cache_of(report) if cache is None else cache)
    strips = Strips(
        report.out, chosen, seconds=seconds, how=_command(report, target), of=_about(report, graph)
    )
    recipes = recipes_of(report, graph=graph_argument, settings=settings, items=items_argument)
    try:
        data = page_data(
            report,
            pictures=strips if seconds else None,
            stored=stored,
            recipes=recipes,
            sample=sample,
            most_failures=most_failures,
            made=dt.datetime.now(dt.UTC),
        )
    except SourceError:
        raise
    except (OSError, ValueError) as exc:
        raise SourceError(f"report '{safe_text(str(report.path))}' cannot be read ({exc})") from exc
    page = render_page(data, _drawn(report, stored), style=svg_style())
    try:
        with replacing(target) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")
    except OSError as exc:
        raise UsageError(_cannot(target, exc.strerror or str(exc))) from exc
    return target


def _about(report: Report, graph: Any) -> str:
    """Say what the pictures of steps are worth that a graph makes after a run that may not have been its own."""
    if graph is None:  # the steps of this process's own run, as they were frozen for it
        return ""
    ran, now = shape_in(report), shape_of(graph)
    return AS_NOW if ran is None or _calls(ran) == _calls(now) else OTHER_GRAPH


def _calls(shape: Shape) -> tuple[Any, ...]:
    return [node.call for node in shape.nodes], sorted(shape.edges)


def checked_page(path: Path | str) -> Path:
    """
    Return where a page is to be written.

    Raises:
        UsageError: It is a folder, or stands in none.
    """
    target = Path(path)
    if target.is_dir():
        raise UsageError(_cannot(target, "it is a folder; name a file, such as run.html"))
    if not target.parent.is_dir():
        place = nearest_there(target.parent)
        why = (
            "there is no such folder; make it first"
            if place.is_dir()
            else f"'{safe_text(str(place))}' is a file"
        )
        raise UsageError(_cannot(target, why))
    return target


def _cannot(target: Path, why: str) -> str:
    return f"page '{safe_text(str(target))}' cannot be written: {why}"


def _check_bounds(sample: int, most_failures: int, seconds: float) -> None:
    for name, value in (("sample", sample), ("most_failures", most_failures)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise UsageError(f"to_html: parameter '{name}' must be a whole number from 0 (got {value!r})")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise UsageError(f"to_html: parameter 'seconds' must be 0 or more (got {seconds!r})")


def _cache_of(report: Report) -> Path | bool | None:
    """Return the cache that a report stands in; False where it stands elsewhere: nothing is made for a page."""
    return report.path.parent.parent if report.path.parent.name == "runs" else False


def _command(report: Report, target: Path) -> str:
    page = os.path.abspath(target)  # noqa: PTH100 - text
    words = ["creevey-graph", "report", os.path.abspath(report.path), "--html", page]  # noqa: PTH100
    return safe_text(f"{shlex.join(words)} --graph graph.py:{shlex.quote(report.graph)} --among ITEMS")


def _drawn(report: Report, stored: Mapping[str, Stored] | None) -> str:
    shape = shape_in(report)
    return (
        NO_DRAWING
        if shape is None
        else draw_svg(shape, state_of(report, stored), with_style=False, with_header=False)
    )
