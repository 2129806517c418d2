"""Cards, drawn: an outline for each kind, then what is written on it."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from creevey_graph.views.layout import Box
from creevey_graph.views.marks.bars import draw_bar
from creevey_graph.views.marks.cards import (
    BAR_ROW,
    FOLD,
    NAME_PX,
    NAME_ROW,
    PAD_X,
    PAD_Y,
    REASON_ROW,
    ROW,
    SMALL_PX,
    STACK,
    TAB,
    TAG_PX,
    Card,
    Kind,
    icon_px,
)
from creevey_graph.views.marks.keeping import Kept
from creevey_graph.views.marks.pen import Markup, Pen, figure, joined, quoted
from creevey_graph.views.marks.widths import ended, text_px

_ROUND = 7.0
_ICONS: Mapping[str, str] = MappingProxyType(
    {
        "column": "M{0} {1}h9m-3 -3l3 3l-3 3",
        "output": "M{0} {1}m4.5 -5v7m-3 -3l3 3l3 -3m-7.5 5.5h9",
    }
)
"""Class of a line -> what stands before it: an arrow to the right, or down onto a line."""
_WARMTH = (0.0, 0.35, 0.65, 1.0)


def draw_card(pen: Pen, card: Card, box: Box) -> Markup:
    """Return everything of a card but its tooltip."""
    if card.kind is Kind.PARAMETER:
        middle = box.x + box.width / 2
        text = pen.mark("text", "detail in-middle", quoted(card.title), x=middle, y=box.y + 15)
        return joined(draw_outline(pen, card, box), text)
    return joined(draw_outline(pen, card, box), *_written(pen, card, _face(card, box)))


def _face(card: Card, box: Box) -> Box:
    """Return the part of the box that is written on."""
    if card.kind is not Kind.INPUT:
        return box
    return Box(box.x, box.y + 2 * STACK, box.width - 2 * STACK, box.height - 2 * STACK)


# --- outlines ----------------------------------------------------------------------------------


def draw_outline(pen: Pen, card: Card, box: Box, scale: float = 1.0) -> Markup:
    """Return the outline: a stack, a card, a card with a tab, a page with a folded corner, or a pill."""
    draw, classes = _OUTLINES[card.kind], _card_classes(card)
    outline = draw(pen, box, classes, scale)
    if not card.is_set:
        return outline
    inset = 3.5 * max(scale, 0.7)
    inner = Box(box.x + inset, box.y + inset, box.width - 2 * inset, box.height - 2 * inset)
    return joined(outline, draw(pen, inner, f"{classes} inner", scale))


def _card_classes(card: Card) -> str:
    named = {
        Kind.INPUT: "card card-input",
        Kind.WRITER: "card card-writer",
        Kind.PARAMETER: "card card-parameter",
    }
    classes = named.get(card.kind, "card")
    if card.standing is None:
        return classes
    return (
        classes
        + " card-changed" * card.standing.is_changed
        + " card-stale" * (card.standing.is_stale and not card.standing.is_changed)
    )


def _rect(pen: Pen, box: Box, classes: str, radius: float) -> Markup:
    return pen.mark("rect", classes, x=box.x, y=box.y, width=box.width, height=box.height, rx=radius)


def _rounded(pen: Pen, box: Box, classes: str, scale: float) -> Markup:
    return _rect(pen, box, classes, _ROUND * scale)


def _stack(pen: Pen, box: Box, classes: str, scale: float) -> Markup:
    step = STACK * scale
    width, height = box.width - 2 * step, box.height - 2 * step
    layers = (Box(box.x + n * step, box.y + (2 - n) * step, width, height) for n in (2, 1, 0))
    return joined(*(_rect(pen, layer, classes, 4 * scale) for layer in layers))


def _tabbed(pen: Pen, box: Box, classes: str, scale: float) -> Markup:
    """A card with a tab on its left that holds an arrow down onto a line."""
    if "inner" in classes:
        return _rounded(pen, box, classes, scale)
    left, top, bottom = box.x + 1, box.y + 1, box.y + box.height - 1
    tab = (
        f"M{figure(left + TAB)} {figure(top)}H{figure(left + _ROUND - 1)}"
        f"Q{figure(left)} {figure(top)} {figure(left)} {figure(top + _ROUND - 1)}"
        f"V{figure(bottom - _ROUND + 1)}Q{figure(left)} {figure(bottom)} {figure(left + _ROUND - 1)} {figure(bottom)}"
        f"H{figure(left + TAB)}Z"
    )
    x, y = left + TAB / 2, box.y + PAD_Y + 9
    arrow = f"M{figure(x)} {figure(y - 6)}v8m-3.5 -3.5l3.5 3.5l3.5 -3.5M{figure(x - 4.5)} {figure(y + 5.5)}h9"
    inside = (pen.mark("path", "tab", d=tab), pen.mark("path", "icon", d=arrow))
    return joined(_rounded(pen, box, classes, scale), *inside)


def _page(pen: Pen, box: Box, classes: str, scale: float) -> Markup:
    """A page whose right upper corner is folded."""
    fold_px = FOLD * scale
    left, right, top, bottom = box.x, box.x + box.width, box.y, box.y + box.height
    page = (
        f"M{figure(left + 2)} {figure(top)}H{figure(right - fold_px)}L{figure(right)} {figure(top + fold_px)}"
        f"V{figure(bottom - 2)}Q{figure(right)} {figure(bottom)} {figure(right - 2)} {figure(bottom)}"
        f"H{figure(left + 2)}Q{figure(left)} {figure(bottom)} {figure(left)} {figure(bottom - 2)}"
        f"V{figure(top + 2)}Q{figure(left)} {figure(top)} {figure(left + 2)} {figure(top)}Z"
    )
    fold = f"M{figure(right - fold_px)} {figure(top)}V{figure(top + fold_px)}H{figure(right)}"
    return joined(pen.mark("path", classes, d=page), pen.mark("path", f"{classes} inner", d=fold))


def _pill(pen: Pen, box: Box, classes: str, scale: float) -> Markup:
    del scale
    return _rect(pen, box, classes, box.height / 2)


_OUTLINES: Mapping[Kind, Callable[[Pen, Box, str, float], Markup]] = MappingProxyType(
    {
        Kind.INPUT: _stack,
        Kind.STEP: _rounded,
        Kind.DOWNLOAD: _tabbed,
        Kind.WRITER: _page,
        Kind.PARAMETER: _pill,
    }
)


# --- what is written ---------------------------------------------------------------------------


def _written(pen: Pen, card: Card, face: Box) -> Iterator[Markup]:
    left, right = face.x + card.indent, face.x + face.width - PAD_X
    y = face.y + PAD_Y + 13
    yield pen.words("name", left, y, card.title)
    if card.beside:
        yield pen.words("detail", left + text_px(card.title, NAME_PX, bold=True) + 8, y, card.beside)
    if card.kept is not None:
        x = right - 4 - (FOLD if card.kind is Kind.WRITER else 0)
        yield draw_kept(pen, card.kept, x, y - 4.5)
    y += NAME_ROW - 2
    for classes, text in card.lines:
        if classes in _ICONS:
            yield pen.mark("path", "icon icon-line", d=_ICONS[classes].format(figure(left), figure(y - 4)))
        yield pen.words(classes, left + icon_px(classes), y, text)
        y += ROW
    if card.standing is not None:
        yield from _state(pen, card, left, right, y)


def _state(pen: Pen, card: Card, left: float, right: float, y: float) -> Iterator[Markup]:
    standing = card.standing
    assert standing is not None
    if standing.is_changed:
        yield draw_tag(pen, left, y - 9.5)
        room = right - left - TAG_PX - 6
        yield pen.words("reason", left + TAG_PX + 6, y, ended(standing.reason, room, SMALL_PX))
        y += REASON_ROW
    box = Box(left, y - 5, right - left, 5)
    yield draw_bar(pen, standing.counts, box, is_planned=standing.is_planned)
    y += BAR_ROW
    for place, row in enumerate(card.figures):
        if place == 0 and standing.seconds:
            yield _seconds(pen, standing.seconds, standing.heat, right, y)
        parts = (pen.mark("tspan", classes, quoted(text)) for classes, text in row)
        if row:
            yield pen.mark("text", "figures", *parts, x=left, y=y)
        y += ROW
    if standing.stored:
        yield pen.words("figures", left, y, standing.stored)


def _seconds(pen: Pen, text: str, heat: int, right: float, y: float) -> Markup:
    """Seconds on a patch that is the warmer the more of all seconds they are."""
    words = pen.mark("text", "figures at-end", quoted(text), x=right, y=y)
    if not heat:
        return words
    width = text_px(text, SMALL_PX) + 8
    patch = pen.mark(
        "rect", "heat", x=right - width + 4, y=y - 11, width=width, height=15, rx=3, opacity=_WARMTH[heat]
    )
    return joined(patch, words)


def draw_tag(pen: Pen, x: float, y: float) -> Markup:
    """Return the tag of what changed, its left upper corner at *x*, *y*."""
    plate = pen.mark("rect", "tag", x=x, y=y, width=TAG_PX, height=13, rx=3)
    return joined(
        plate, pen.mark("text", "tag-text in-middle", quoted("changed"), x=x + TAG_PX / 2, y=y + 9.8)
    )


def draw_kept(pen: Pen, kept: Kept, x: float, y: float) -> Markup:
    """Return a disc that is full, half or empty, its middle at *x*, *y*."""
    ring = pen.mark("circle", "mark", cx=x, cy=y, r=4)
    if kept is Kept.NEVER:
        return ring
    if kept is Kept.ALWAYS:
        return joined(pen.mark("circle", "kept", cx=x, cy=y, r=4), ring)
    half = f"M{figure(x)} {figure(y - 4)}A4 4 0 0 0 {figure(x)} {figure(y + 4)}Z"
    return joined(pen.mark("path", "kept", d=half), ring)
