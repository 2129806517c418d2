"""What several outputs are made of: a frame with its style, bars of counts, the drawing of a graph, lists of lines."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from creevey_graph.events import Outcome
from creevey_graph.shape import Shape
from creevey_graph.sizes import seconds_text
from creevey_graph.state import GraphState
from creevey_graph.views.markup import Markup, joined, shortened, tag
from creevey_graph.views.notebook.style import style
from creevey_graph.views.svg import draw_svg

_WIDTH = re.compile(r'<svg [^>]*\bwidth="([\d.]+)"')
TO_RUN = "to run"
"""What is called so is not done yet: its part of a bar is hollow."""
MOST_LINES = 10
"""Notices, orphans and the like that are shown; how many more there are is told."""
MOST_DRAWN = 150
"""Nodes of a graph that is drawn; a larger one would make a notebook heavy, and is told as a table."""


def framed(title: str, told: str, *inside: str | None, kind: str) -> Markup:
    """Return an output: its title, a line beside it, and what it shows."""
    head = tag("p", tag("b", title), tag("small", f"  {kind}") if kind else None, class_="creevey-title")
    line = tag("p", told) if told else None
    return tag("div", style(), head, line, *inside, class_="creevey")


def heading(text: str) -> Markup:
    """Return a heading within an output; none of HTML's own, which notebooks list among their chapters."""
    return tag("p", tag("b", text), class_="creevey-head")


def muted(text: str) -> Markup:
    """Return a line of less weight."""
    return tag("p", text, class_="creevey-muted")


def bar(counts: Mapping[Outcome, int], words: Mapping[Outcome, str] = MappingProxyType({})) -> Markup | None:
    """
    Return counts as a bar, each part as wide as its share; the numbers stand in text beside it.

    Args:
        counts: Outcome -> how many.
        words: Outcome -> what it is called, of those that are called otherwise here.
    """
    total = sum(counts.values())
    if not total:
        return None
    parts = (
        tag(
            "span",
            class_="creevey-hollow" if words.get(outcome) == TO_RUN else f"creevey-fill-{outcome}",
            style=f"width:{100 * counts[outcome] / total:.4g}%",
            title=f"{counts[outcome]:,} {words.get(outcome, outcome)}",
        )
        for outcome in Outcome
        if counts.get(outcome)
    )
    return tag("div", *parts, class_="creevey-bar")


def counted(counts: Mapping[Outcome, int]) -> Markup:
    """Return counts as words in the colours of their outcomes."""
    told = [
        tag("b", f"{counts[outcome]:,} {outcome}", class_=f"creevey-ink-{outcome}")
        for outcome in Outcome
        if counts.get(outcome)
    ]
    return joined(part for index, one in enumerate(told) for part in ((", ", one) if index else (one,)))


def took(seconds: float | None) -> str:
    """
    Return a span of time, "" where it is not known.

    >>> took(0.0001), took(0.25), took(None)
    ('< 1 ms', '250 ms', '')
    """
    if seconds is None:
        return ""
    return "< 1 ms" if seconds < 0.0005 else seconds_text(seconds)  # noqa: PLR2004 - rounds to 0


def lines(title: str, texts: Sequence[str]) -> Markup | None:
    """Return a list of bounded length, None of no texts."""
    if not texts:
        return None
    shown = [tag("li", shortened(text, 300)) for text in texts[:MOST_LINES]]
    if len(texts) > MOST_LINES:
        shown.append(tag("li", f"and {len(texts) - MOST_LINES:,} more"))
    return joined((heading(title), tag("ul", *shown)))


def drawing(shape: Shape | None, state: GraphState | None = None) -> Markup | None:
    """
    Return the graph as a picture, hidden where styles are taken away: its words would be left without their places.

    None where there is nothing to draw, too much of it, or drawing fails: the tables tell the same.
    """
    if shape is None or not 0 < len(shape.nodes) <= MOST_DRAWN:
        return None
    try:
        drawn = Markup(draw_svg(shape, state, with_header=False))  # the frame says what it would
    except Exception:  # noqa: BLE001 - a report may be of another version
        return None
    width = _WIDTH.search(drawn)  # where there is little room it is made smaller, but not without end
    at_most = f"--cv-drawn:{width[1]}px" if width else None
    return tag("div", drawn, class_="creevey-drawn", style=at_most, hidden=True)


def beside(drawn: Markup | None, *told: str | None) -> Markup:
    """Return the drawing with what is told beside it, or above where there is no room."""
    if drawn is None:
        return tag("div", *told, class_="creevey-told")
    return tag("div", drawn, tag("div", *told, class_="creevey-told"), class_="creevey-beside")
