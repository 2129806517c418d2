"""Cards: what is written on each node, and how large that makes it."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import attrs

from creevey_graph.shape import SET, Shape, ShapeNode, ShapeParameter
from creevey_graph.state import GraphState
from creevey_graph.views.marks.keeping import Kept, kept_of
from creevey_graph.views.marks.standing import Standing, compact, standing_of
from creevey_graph.views.marks.widths import broken, ended, fitted, text_px
from creevey_graph.views.quoting import inert

NAME_PX, SMALL_PX = 13.0, 11.0
PAD_X, PAD_Y = 12.0, 8.0
NAME_ROW, ROW, BAR_ROW, REASON_ROW = 18.0, 15.0, 14.0, 18.0
TAB, STACK, FOLD = 24.0, 5.0, 12.0
PILL_HEIGHT = 22.0
TAG_PX = text_px("changed", 10, bold=True) + 12
MARK_PX = 18.0
MOST_TEXT_PX, STEP_PX = 208.0, 12.0
_LEAST_PX = 108.0
ICON_PX = 14.0


class Kind(StrEnum):
    """What a box stands for, with the words of the legend."""

    INPUT = "item input"
    STEP = "step"
    DOWNLOAD = "step that downloads"
    WRITER = "step that writes files"
    PARAMETER = "graph parameter"


@attrs.frozen
class Card:
    """
    A node, input or parameter on paper.

    Args:
        kind: What it stands for.
        name: Its name, inert and whole.
        title: The name, as long as there is room.
        beside: Its step's name where that is another, "" else.
        lines: (class, text) of the lines below.
        kept: What becomes of its values, None where it has none of its own.
        is_set: Whether there is one value for all items.
        standing: Its state, None where there is none.
        figures: Rows of the counts, each of (class, text) parts.
        width: In px.
        height: In px.
    """

    kind: Kind
    name: str
    title: str
    beside: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    kept: Kept | None = None
    is_set: bool = False
    standing: Standing | None = None
    figures: tuple[tuple[tuple[str, str], ...], ...] = ()
    width: float = 0.0
    height: float = 0.0

    @property
    def indent(self) -> float:
        """Where text begins, from the left border."""
        return PAD_X + (TAB if self.kind is Kind.DOWNLOAD else 0.0)


def card_of_input(name: str, state: GraphState | None) -> Card:
    """Return the card of an item input."""
    told = inert(name)
    lines = () if state is None else (("detail", f"{compact(state.total)} item{'s' * (state.total != 1)}"),)
    return sized(Card(Kind.INPUT, told, fitted(told, MOST_TEXT_PX, NAME_PX, bold=True), lines=lines))


def card_of_parameter(parameter: ShapeParameter) -> Card:
    """Return the pill of a graph parameter."""
    text = f"{inert(parameter.name)} = {inert(parameter.text)}"
    title = fitted(text, MOST_TEXT_PX, SMALL_PX)
    width = snapped(text_px(title, SMALL_PX) + 2 * PAD_X)
    return Card(Kind.PARAMETER, text, title, width=width, height=PILL_HEIGHT)


def card_of_node(node: ShapeNode, shape: Shape, state: GraphState | None, drawn: Sequence[str]) -> Card:
    """
    Return the card of a node.

    Args:
        node: The node.
        shape: The graph it is in.
        state: What happened to it.
        drawn: Graph parameters that have a pill: their values are not told again.
    """
    name, step = inert(node.name), inert(node.step)
    standing = None if state is None else standing_of(node.name, state)
    policy = state.nodes[node.name].policy if state is not None and standing is not None else ""
    is_numbered = name.startswith(f"{step}_") and name.removeprefix(f"{step}_").isdigit()
    title = fitted(name, MOST_TEXT_PX, NAME_PX, bold=True)
    left = MOST_TEXT_PX - text_px(title, NAME_PX, bold=True) - 8
    beside = "" if name == step or is_numbered or left < 2 * NAME_PX else fitted(step, left, SMALL_PX)
    return sized(
        Card(
            kind_of(node),
            name,
            title,
            beside,
            tuple(_lines(node, shape, drawn)),
            kept_of(policy or node.policy),
            node.level == SET,
            standing,
            () if standing is None else tuple(_figures(standing)),
        )
    )


def kind_of(node: ShapeNode) -> Kind:
    """Return what kind of card a node has."""
    if node.kind == "writer":
        return Kind.WRITER
    return Kind.DOWNLOAD if node.downloads else Kind.STEP


def _lines(node: ShapeNode, shape: Shape, drawn: Sequence[str]) -> Iterator[tuple[str, str]]:
    told = ", ".join(_constants(node, shape, drawn))
    for line in broken(told, MOST_TEXT_PX, SMALL_PX, 2):
        yield "detail", line
    if node.output:
        yield "output", fitted(inert(node.output), MOST_TEXT_PX - ICON_PX, SMALL_PX)
    if node.columns:
        yield "column", ended(", ".join(map(inert, node.columns)), MOST_TEXT_PX - ICON_PX, SMALL_PX)


def _constants(node: ShapeNode, shape: Shape, drawn: Sequence[str]) -> Iterator[str]:
    wired = {name for _, reader, names in shape.edges if reader == node.name for name in names}
    shown = {
        (parameter, one.text)
        for one in shape.parameters
        if one.name in drawn
        for reader, parameter in one.feeds
        if reader == node.name
    }
    for parameter, text in node.arguments:
        if parameter and parameter not in wired and (parameter, text) not in shown:
            yield f"{inert(parameter)}={inert(text)}"


def _figures(standing: Standing) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield rows of counts, as many parts a row as there is room for."""
    row: list[tuple[str, str]] = []
    room = MOST_TEXT_PX - text_px(standing.seconds, SMALL_PX) - 16
    for outcome, text in standing.figures:
        parts = [*row, *([("figures", " · ")] if row else []), (f"figures fill-{outcome}", text)]
        if row and parts_px(parts) > room:
            yield tuple(row)
            row, room = [parts[-1]], MOST_TEXT_PX
        else:
            row = parts
    if row or standing.seconds:
        yield tuple(row)


def parts_px(parts: Sequence[tuple[str, str]]) -> float:
    """Return how wide parts of a line are side by side."""
    return sum(text_px(text, SMALL_PX) for _, text in parts)


def sized(card: Card) -> Card:
    """Return the card with the size that what is on it needs."""
    head = text_px(card.title, NAME_PX, bold=True) + (MARK_PX if card.kept else 0)
    head += text_px(card.beside, SMALL_PX) + 8 if card.beside else 0
    head += FOLD if card.kind is Kind.WRITER else 0
    widths = [head, *(icon_px(classes) + text_px(text, SMALL_PX) for classes, text in card.lines)]
    height = 2 * PAD_Y + NAME_ROW + ROW * len(card.lines)
    if (standing := card.standing) is not None:
        if standing.is_changed:
            widths.append(TAG_PX + 6 + min(text_px(standing.reason, SMALL_PX), MOST_TEXT_PX - TAG_PX))
            height += REASON_ROW
        seconds = text_px(standing.seconds, SMALL_PX) + 16 if standing.seconds else 0
        widths += [parts_px(row) + (0 if place else seconds) for place, row in enumerate(card.figures)]
        widths.append(text_px(standing.stored, SMALL_PX))
        height += BAR_ROW + ROW * len(card.figures) + (ROW if standing.stored else 0)
    width = max(_LEAST_PX, snapped(max(widths) + PAD_X + card.indent))
    stack = 2 * STACK if card.kind is Kind.INPUT else 0.0
    return attrs.evolve(card, width=width + stack, height=height + stack)


def icon_px(classes: str) -> float:
    """Return the room that a line's icon takes."""
    return ICON_PX if classes in {"column", "output"} else 0.0


def snapped(width: float) -> float:
    """Return *width* rounded up, so that cards of almost one width have one width."""
    return -(-width // STEP_PX) * STEP_PX
