"""
The one door upwards: what objects show in a notebook, and pages of them, is made by views, which stand above them.

It is opened when somebody looks, never by a run; a run with nothing to do does not import a view.
"""

from importlib import import_module
from pathlib import Path
from typing import Any


def mimebundle(shown: object) -> dict[str, str]:
    """Return MIME type -> text of a graph, plan, report, step, cache, explanation or preview, for a notebook."""
    bundle: dict[str, str] = import_module("creevey_graph.views.notebook").mimebundle(shown)
    return bundle


def page(name: str) -> Any:
    """Return a function of `creevey_graph.views.page`, such as `write_page`."""
    return getattr(import_module("creevey_graph.views.page"), name)


def draw(source: object, to: str | Path) -> str | Path:
    """Return the graph of a plan or report in the view *to*, or write it to that file and return its path."""
    drawn: str | Path = import_module("creevey_graph.views.drawing").draw_source(source, to)
    return drawn
