"""A preview: the picture after every step, side by side, next to the graph; and two of them, compared."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from creevey_graph.events import Outcome
from creevey_graph.preview import Comparison, Preview
from creevey_graph.state import GraphState, NodeState
from creevey_graph.thumbnails import seen
from creevey_graph.views.markup import Markup, shortened, tag
from creevey_graph.views.notebook.graphs import with_rest
from creevey_graph.views.notebook.pieces import beside, drawing, framed, heading, took

MOST_PX = 160
MOST_SHOWN = 60
"""Values of a preview: 12 kB each, at most."""


def show_preview(preview: Preview) -> Markup:
    """Return the drawing of the graph, and beside it a strip of every value in order."""
    shown = beside(drawing(preview.shape, _state(preview)), _strip(preview))
    kind = f"preview of {preview.shape.name}" if preview.shape else "preview"
    return framed(shortened(preview.key), _told(preview), shown, kind=kind)


def show_comparison(comparison: Comparison) -> Markup:
    """Return two strips, one below the other; what differs is marked, and named."""
    differing = comparison.differing
    told = f"differs: {', '.join(differing)}" if differing else "every value is the same"
    before, after = comparison.before, comparison.after
    names = " and ".join(dict.fromkeys((shortened(before.key), shortened(after.key))))
    return framed(
        names or "comparison",
        shortened(told, 400),
        heading("before"),
        _ended(before),
        _strip(before, differing),
        heading("after"),
        _ended(after),
        _strip(after, differing),
        kind="before and after",
    )


def _told(preview: Preview) -> str:
    if preview.outcome is Outcome.DONE:
        return f"{len(preview.seconds)} steps in {took(sum(preview.seconds.values()))}; nothing is written"
    verb = "left out" if preview.outcome is Outcome.SKIPPED else "failed"
    where = f" at {preview.step}" if preview.step else ""
    return f"{verb}{where}: {shortened(preview.error, 400)}"


def _ended(preview: Preview) -> Markup | None:
    ink = f"creevey-ink-{preview.outcome}"
    return None if preview.outcome is Outcome.DONE else tag("p", _told(preview), class_=ink)


def _state(preview: Preview) -> GraphState:
    """Return what the preview says of each node, as a run of one item would."""
    nodes = {}
    for node in preview.shape.nodes if preview.shape else ():
        if node.name == preview.step:
            outcome = preview.outcome
        elif node.name in preview:
            outcome = Outcome.DONE
        else:
            outcome = Outcome.CANCELLED
        is_path = bool(node.output) and outcome is Outcome.DONE  # which is told, not written
        counts = {} if is_path else {outcome: 1}
        nodes[node.name] = NodeState(counts, preview.seconds.get(node.name), policy=node.policy)
    return GraphState("run", _told(preview), 1, {preview.outcome: 1}, nodes)


def _strip(preview: Preview, differing: Collection[str] = ()) -> Markup:
    values = list(preview.items())
    writers = {node.name for node in (preview.shape.nodes if preview.shape else ()) if node.output}
    cards = [
        tag(
            "li",
            *_apart(_path_card(name, value) if name in writers else _card(preview, name, value)),
            tag("small", "differs", class_="creevey-stale") if name in differing else None,
            class_="creevey-differs" if name in differing else None,
        )
        for name, value in values[:MOST_SHOWN]
    ]
    if preview.outcome is not Outcome.DONE:
        cards.append(_last_card(preview))
    return with_rest(tag("ul", *cards, class_="creevey-strip"), len(values) - MOST_SHOWN, "values")


def _card(preview: Preview, name: str, value: Any) -> Iterator[Markup]:
    """Yield a value as it is seen, what it is, and what it took."""
    shown = seen(value, most_px=MOST_PX)
    picture = shown.thumbnail
    if picture is None:
        yield tag("span", shown.text, class_="creevey-value")
    else:
        alt = f"{name}: {picture.was}"
        yield tag("img", src=picture.src, width=picture.width, height=picture.height, alt=alt)
    yield tag("b", name)
    if picture is not None:
        yield tag("small", shown.text)
    if seconds := took(preview.seconds.get(name)):
        yield tag("small", seconds)


def _apart(parts: Iterable[Markup]) -> Iterator[Markup | str]:
    """Yield parts with a space behind each, for where no style tells them apart."""
    for part in parts:
        yield part
        yield " "


def _path_card(name: str, path: Any) -> Iterator[Markup]:
    """Yield what a writer would write."""
    yield tag("span", shortened(str(path)), class_="creevey-value")
    yield tag("b", name)
    yield tag("small", "not written: this is a preview")


def _last_card(preview: Preview) -> Markup:
    error = tag("span", shortened(preview.error, 300), class_=f"creevey-value creevey-ink-{preview.outcome}")
    parts = (error, tag("b", preview.step or preview.key), tag("small", str(preview.outcome)))
    return tag("li", *_apart(parts))
