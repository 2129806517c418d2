"""The lines over a graph: its name, what it is for or what became of it, and what is not drawn as a node."""

from collections.abc import Iterator, Sequence

import attrs

from creevey_graph.events import Outcome, Reason
from creevey_graph.shape import Shape
from creevey_graph.state import GraphState
from creevey_graph.views.layout import Box
from creevey_graph.views.marks.bars import draw_bar
from creevey_graph.views.marks.pen import Markup, Pen, joined
from creevey_graph.views.marks.widths import broken, fitted, text_px
from creevey_graph.views.quoting import inert

_HEADING, _LINE = 24.0, 17.0
_BAR_PX, _BAR_ROW = 6.0, 18.0
_MOST_BAR_PX = 720.0
"""Over a wide graph the bar would leave the screen, and its last part, the failures, with it."""
_MOST_REASONS = 2
TIMES = "\N{MULTIPLICATION SIGN}"
_STALE = (Reason.CODE_CHANGED, Reason.PARAMETER_CHANGED, Reason.DEPENDENCY_CHANGED)


@attrs.frozen
class Header:
    """
    What stands over a graph.

    Args:
        heading: The graph's name.
        lines: (class, text) of the lines below.
        counts: Outcome -> items, for a bar; empty for none.
        width: Of the widest line.
        height: Of all of it.
        is_planned: Whether the counts are of what has yet to be done.
    """

    heading: str
    lines: tuple[tuple[str, str], ...]
    counts: tuple[tuple[Outcome, int], ...]
    width: float
    height: float
    is_planned: bool = False


def header_of(
    shape: Shape, state: GraphState | None, apart: Sequence[str], width: float, *, is_whole: bool = True
) -> Header:
    """
    Return the header.

    Args:
        shape: The graph.
        state: What there is to be told of it.
        apart: Names of graph parameters that have no pill.
        width: What lines are broken at.
        is_whole: Whether more is told than those parameters.
    """
    if not is_whole:
        told = tuple(("aside", line) for line in _told_apart(shape, apart, width))
        return Header("", told, (), max(text_px(text, 12) for _, text in told), _LINE * len(told))
    heading = fitted(inert(shape.name), width / 1.05, 17, bold=True)
    lines = tuple(_lines(shape, state, apart, width))
    counts: tuple[tuple[Outcome, int], ...] = ()
    if state is not None:
        counts = tuple((outcome, state.counts[outcome]) for outcome in Outcome if state.counts.get(outcome))
    widths = [text_px(heading, 17, bold=True), *(text_px(text, 12) for _, text in lines)]
    height = _HEADING + _LINE * len(lines) + (_BAR_ROW if counts else 0)
    is_planned = state is not None and state.kind == "plan"
    return Header(heading, lines, counts, max(widths), height, is_planned)


def _lines(
    shape: Shape, state: GraphState | None, apart: Sequence[str], width: float
) -> Iterator[tuple[str, str]]:
    if state is None:
        for line in broken(inert(shape.about), width, 12, 2):
            yield "aside", line
    else:
        for line in broken(inert(state.title), width, 12, 2):
            yield "said", line
        for reason, count in list(state.reasons.items())[:_MOST_REASONS]:
            classes = "reason" if reason.startswith(_STALE) else "aside"
            for line in broken(f"{count:,} {TIMES} {inert(reason)}", width, 12, 2):
                yield f"said {classes}", line
        if (more := len(state.reasons) - _MOST_REASONS) > 0:
            yield "aside", f"and {more:,} more reason{'s' * (more != 1)}"
    for line in _told_apart(shape, apart, width):
        yield "aside", line


def _told_apart(shape: Shape, apart: Sequence[str], width: float) -> list[str]:
    """Return the lines that tell of graph parameters without a pill."""
    told = [f"{one.name} = {one.text}" for one in shape.parameters if one.name in apart]
    return broken(inert(f"parameters: {', '.join(told)}"), width, 12, 2) if told else []


def draw_header(pen: Pen, header: Header, x: float, y: float, width: float) -> Markup:
    """Return the header, its left upper corner at *x*, *y*."""
    parts = [pen.words("heading", x, y + 16, header.heading)] if header.heading else []
    at = y + (_HEADING if header.heading else 0.0)
    for classes, text in header.lines:
        parts.append(pen.words(classes, x, at + 12, text))
        at += _LINE
    if header.counts:
        box = Box(x, at + 6, min(width, _MOST_BAR_PX), _BAR_PX)
        parts.append(draw_bar(pen, header.counts, box, is_planned=header.is_planned))
    return joined(*parts)
