"""Drawing to a text or to a file: what `graph.draw`, `plan.draw`, `report.draw` and the command line call."""

import math
import re
from pathlib import Path

from creevey_graph.atomic import replacing
from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.graph import Graph
from creevey_graph.held import stored_beside
from creevey_graph.plan import Plan
from creevey_graph.report import Report
from creevey_graph.shape import Shape, shape_of
from creevey_graph.state import GraphState, shape_in, state_of
from creevey_graph.text import safe_text
from creevey_graph.views import SUFFIXES, VIEWS
from creevey_graph.views.converters import convert
from creevey_graph.views.svg import draw_plain_svg

PNG = ".png"
_SIZE = re.compile(r'<svg [^>]*?\bwidth="([0-9.]+)" height="([0-9.]+)"')


def draw_graph(graph: Graph, to: str | Path = "text", state: Plan | Report | None = None) -> str | Path:
    """
    Return a graph in the view *to*, or write it to the file *to* and return its path.

    Raises:
        UsageError: There is no such view, or the file cannot be written.
        GraphError: The graph is not valid.
    """
    if state is not None and not isinstance(state, Plan | Report):
        raise UsageError(f"draw: 'state' must be a plan or a report (got {type(state).__name__})")
    return draw(shape_of(graph), to, None if state is None else _state_of(state))


def draw_source(source: Plan | Report, to: str | Path = "text") -> str | Path:
    """
    Return the graph of a plan or report, with its state, in the view *to*, or write it to a file.

    Raises:
        UsageError: As for `draw_graph`; or an old report does not tell its graph.
    """
    shape = shape_in(source)
    if shape is None:
        raise UsageError(
            f"this {'plan' if isinstance(source, Plan) else 'report'} does not tell its graph's shape, as those "
            "of earlier versions do not; draw the graph itself with it: graph.draw(..., state=report)"
        )
    return draw(shape, to, _state_of(source))


def _state_of(source: Plan | Report) -> GraphState:
    return state_of(source, stored_beside(source) if isinstance(source, Report) else None)


def draw(shape: Shape, to: str | Path, state: GraphState | None = None) -> str | Path:
    """
    Return a shape in the view *to*, or write it to the file *to* and return its path.

    Raises:
        UsageError: There is no such view, or the file cannot be written.
    """
    if not isinstance(to, str | Path):
        raise UsageError(f"draw: give the name of a view, or a path (got {type(to).__name__})")
    if isinstance(to, str):
        if to in VIEWS:
            return VIEWS[to](shape, state)
        if not (Path(to).suffix or "/" in to or "\\" in to):
            raise UsageError(
                f"no view '{safe_text(to)}'{did_you_mean(to, VIEWS)}; or give a path, such as graph.svg"
            )
    return draw_file(Path(to), shape, state)


def draw_file(path: Path | str, shape: Shape, state: GraphState | None = None, *, view: str = "") -> Path:
    """
    Write a shape to a file, whole or not at all, and return its path.

    Args:
        path: The file; its suffix tells the view.
        shape: The graph.
        state: What a plan or run says of its nodes.
        view: A name of `VIEWS` where the suffix does not matter.

    Raises:
        UsageError: No view has this suffix, the path is a folder or in none, or it cannot be written.
    """
    path = Path(path)
    if not view and not path.is_dir():
        check_suffix(path)
    check_place(path)
    try:
        with replacing(path) as temporary:
            if not view and path.suffix.lower() == PNG:
                drawing = draw_plain_svg(shape, state)
                convert(drawing, temporary, size_of(drawing))
            else:
                text = VIEWS[view or SUFFIXES[path.suffix.lower()]](shape, state)
                temporary.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    except OSError as exc:
        raise UsageError(
            f"draw: '{safe_text(str(path))}' cannot be written ({exc.strerror or exc}); choose another place"
        ) from exc
    return path


def check_suffix(path: Path) -> None:
    """
    Check that a file's suffix tells how to draw.

    Raises:
        UsageError: It does not.
    """
    known = (*SUFFIXES, PNG)
    suffix = path.suffix.lower()
    if suffix not in known:
        told = (
            f"no view has the suffix '{safe_text(path.suffix)}'" if suffix else "the suffix tells how to draw"
        )
        raise UsageError(f"draw: '{safe_text(str(path))}': {told}{did_you_mean(suffix, known)}")


def check_place(path: Path) -> None:
    """
    Check that a file can stand there.

    Raises:
        UsageError: It is a folder, or its folder is missing.
    """
    shown = safe_text(str(path))
    if path.is_dir():
        raise UsageError(f"draw: '{shown}' is a folder; name a file in it, such as {shown}/graph.svg")
    if not path.parent.is_dir():
        raise UsageError(f"draw: no folder '{safe_text(str(path.parent))}' for '{shown}'; make it first")


def size_of(svg: str) -> tuple[int, int]:
    """Return width and height of a drawing, in px."""
    found = _SIZE.search(svg)
    assert found is not None
    return math.ceil(float(found[1])), math.ceil(float(found[2]))
