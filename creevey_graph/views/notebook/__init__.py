"""
What objects show in a notebook: static HTML and text, which a saved notebook still has; nothing needs a script.

`mimebundle` is the way in. Tables come first and hold what there is to know; drawings, bars and colours stand on top
of them, and are missed by none who sees the notebook in a viewer that takes styles and drawings away.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from creevey_graph.cache import Cache
from creevey_graph.events import Row
from creevey_graph.explanation import Explanation
from creevey_graph.graph import Graph
from creevey_graph.plan import Plan
from creevey_graph.preview import Comparison, Preview
from creevey_graph.report import Report
from creevey_graph.rows import Rows
from creevey_graph.shape import shape_of
from creevey_graph.step import Step
from creevey_graph.views import VIEWS
from creevey_graph.views.notebook.explanations import show_explanation
from creevey_graph.views.notebook.graphs import show_graph, show_plan
from creevey_graph.views.notebook.runs import show_report, show_row, show_rows
from creevey_graph.views.notebook.steps import show_cache, show_step
from creevey_graph.views.notebook.strip import show_comparison, show_preview
from creevey_graph.views.svg import draw_svg

__all__ = ["SHOWN", "mimebundle"]

HTML, SVG, TEXT = "text/html", "image/svg+xml", "text/plain"
SHOWN: Mapping[type, Callable[[Any], str]] = {
    Graph: show_graph,
    Plan: show_plan,
    Report: show_report,
    Rows: show_rows,
    Row: show_row,
    Step: show_step,
    Cache: show_cache,
    Explanation: show_explanation,
    Preview: show_preview,
    Comparison: show_comparison,
}
"""Class -> its HTML."""


def mimebundle(
    shown: Any, include: Collection[str] | None = None, exclude: Collection[str] | None = None
) -> dict[str, str]:
    """
    Return MIME type -> text: HTML, text, and of a graph its drawing; what cannot be made is left out.

    Args:
        shown: An instance of one of `SHOWN`.
        include: MIME types that are asked for; None for all there are.
        exclude: MIME types that are not wanted, also of those.
    """
    ways: dict[str, Callable[[], str]] = {TEXT: lambda: _plain(shown)}
    show = next((show for kind, show in SHOWN.items() if isinstance(shown, kind)), None)
    if show is not None:
        ways[HTML] = lambda: show(shown)
    if isinstance(shown, Graph):
        ways[SVG] = lambda: draw_svg(shape_of(shown))
    bundle = {}
    for kind, make in ways.items():
        if (include is None or kind in include) and kind not in (exclude or ()):
            with suppress(Exception):  # a notebook shows what there is: a text, where a drawing fails
                bundle[kind] = make()
    return bundle


def _plain(shown: Any) -> str:
    """Return what a terminal shows: of a graph its tree, of others their `repr`."""
    if isinstance(shown, Graph):
        with suppress(Exception):  # one in the making is not valid yet
            return VIEWS["text"](shape_of(shown), None)
    try:
        return repr(shown)
    except Exception as exc:  # noqa: BLE001 - values of a preview are of any class
        return f"<{type(shown).__name__}: cannot be told ({type(exc).__name__})>"
