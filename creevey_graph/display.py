"""
The one door upwards: what objects show in a notebook, and pages of them, is made by views, which stand above them.

It is opened when somebody looks, never by a run; a run with nothing to do does not import a view.
"""

from collections.abc import Collection
from importlib import import_module
from pathlib import Path
from typing import Any


def mimebundle(
    shown: object, include: Collection[str] | None = None, exclude: Collection[str] | None = None
) -> dict[str, str]:
    """
    Return MIME type -> text of what a notebook shows; it never raises. As a method it is `_repr_mimebundle_`.

    Args:
        shown: A graph, plan, report, row, rows, step, cache, explanation, preview or comparison.
        include: MIME types that are asked for; None for all there are.
        exclude: MIME types that are not wanted, also of those.
    """
    bundle: dict[str, str] = import_module("creevey_graph.views.notebook").mimebundle(shown, include, exclude)
    return bundle


def page(name: str) -> Any:
    """Return a function of `creevey_graph.views.page`, such as `write_page`."""
    return getattr(import_module("creevey_graph.views.page"), name)


def draw(source: object, to: str | Path) -> str | Path:
    """Return the graph of a plan or report in the view *to*, or write it to that file and return its path."""
    drawn: str | Path = import_module("creevey_graph.views.drawing").draw_source(source, to)
    return drawn
