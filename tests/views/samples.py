"""
Graphs and states that the golden files show: the same in every process, without times, paths and line numbers.

`python tests/views/samples.py` writes all golden files anew; look at the difference before it is committed.
"""

import importlib
import re
import sys
import tempfile
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import attrs

from creevey_graph import SkipItem, graph, step
from creevey_graph.cli.loading import load_graph
from creevey_graph.demo.pictures import draw_pictures
from creevey_graph.events import Outcome
from creevey_graph.images import load_image, mean_brightness, resize, trim, write_image
from creevey_graph.shape import SET, Shape, ShapeNode, ShapeParameter, shape_of
from creevey_graph.state import GraphState, NodeState, Stored, state_of
from creevey_graph.views import VIEWS
from creevey_graph.views.svg import svg_style

GOLDEN = Path(__file__).parents[1] / "golden"
ENDINGS = {"text": ".txt", "svg": ".svg", "html": ".html", "mermaid": ".mmd", "dot": ".dot", "json": ".json"}
SECONDS = {
    "load_image": 0.29,
    "trim": 0.02,
    "mean_brightness": 0.05,
    "tone": 1.9,
    "resize": 0.38,
    "write_image": 0.52,
}
HOSTILE = (
    "<script>alert(1)</script>",
    "</svg><img src=x onerror=alert(1)>",
    "]]><!--",
    "<b>graphviz</b>",
    '"]; n9 [label="',
    "javascript:alert(1)",
    "a\x1b[31m\x00\ufffe\uffff\ud800b",
    "\u202egnp.exe",
    "a & b &amp; 'c'",
    'x"); click n0 "javascript:alert(1)',
    "画像を読み込む関数の名前",
    "🦔 " * 12,
)
_FIGURES = re.compile(r" \([\d.,]+ (ms|s)\b[^)]*\)")

HEADLINE = """
from pathlib import Path
from PIL import Image
from creevey_graph import graph, step
from creevey_graph.images import load_image, mean_brightness, resize, trim, write_image
from levels import normalise

@step
def tone(image: Image.Image) -> Image.Image:
    \"\"\"Lift the tones of a picture.\"\"\"
    return image.point(lambda level: int(normalise(level)))

@graph
def training_set(photo: Path, *, size: tuple[int, int] = (224, 224)):
    \"\"\"Trim, tone and shrink photos for training.\"\"\"
    image = trim(load_image(photo), bottom=100)
    small = resize(tone(image), size, fit="fill")
    return {"file": write_image(small, "{stem}.jpg"), "brightness": mean_brightness(image)}
"""
LEVELS = """
LIMIT = 255

def normalise(level):
    return min(level * 1.1, LIMIT)
"""


# --- graphs that are declared --------------------------------------------------------------------


@step
def halve(number: int) -> int:
    """Halve a number that is even."""
    if number == 5:
        raise ValueError("five")
    if number % 2:
        raise SkipItem("odd")
    return number // 2


@step
def square(number: int, *, power: int = 2) -> int:
    """Raise to a power."""
    return number**power


@step
def blend(image: int, mask: int, *, opacity: float = 0.5) -> float:
    """Lay a mask over a picture."""
    return image * opacity + mask


@graph
def single(number: int):
    return square(number)


@graph
def numbers(number: int, *, power: int = 3):
    """Halve, then raise."""
    return {"result": square(halve(number), power=power)}


@graph
def thumbnail(photo: Path, *, side: int = 64):
    return resize(trim(load_image(photo), bottom=20), (side, side))


@graph
def copies(photo: Path):
    """Two copies of a sub-graph side by side."""
    large = thumbnail.bind(side=256)(photo)
    small = thumbnail(photo)
    return {"large": write_image(large, "large/{stem}.png"), "brightness": mean_brightness(small)}


@graph
def masked(image: int, mask: int, *, opacity: float = 0.25):
    """Two inputs an item, and a parameter of the graph."""
    return {"blended": blend(square(image), square(mask), opacity=opacity)}


# --- graphs that are data ------------------------------------------------------------------------


def many(count: int) -> Shape:
    """Return a graph of *count* nodes: a spine with branches that come back to it."""
    nodes, edges = [], []
    for place in range(count):
        name = f"step_{place:02}"
        givers = ["photo"] if not place else [f"step_{(place - 1) // 2 * 2:02}"]
        if place % 5 == 4:
            givers.append(f"step_{place - 3:02}")
        edges += [(giver, name, (f"value_{turn}",)) for turn, giver in enumerate(dict.fromkeys(givers))]
        nodes.append(
            ShapeNode(
                name,
                "step",
                "writer" if place % 13 == 12 else "step",
                group=(f"part {place // 10}",) if place % 10 < 4 and place else (),
                arguments=(("strength", "0.8"),) if place % 3 == 0 else (),
                policy="kept where small" if place % 2 else "recomputed: quick to make again",
                columns=(f"column_{place}",) if place % 7 == 6 else (),
                output="{stem}.png" if place % 13 == 12 else "",
                downloads=not place,
            )
        )
    return Shape(f"graph_of_{count}", ("photo",), tuple(nodes), tuple(edges), about="A spine with branches.")


def hostile() -> Shape:
    """Return a graph whose every text wants to be something else."""
    nodes = tuple(
        ShapeNode(
            name,
            "<i>step</i>",
            "writer" if place % 2 else "step",
            group=("</g><script>", "<b>") if place in (1, 2) else (),
            arguments=(("<u>", name),),
            policy=f"kept: {name}",
            columns=(name,),
            output=name if place % 2 else "",
            about=name,
            place=name,
        )
        for place, name in enumerate(HOSTILE)
    )
    edges = [("<input>", HOSTILE[0], (HOSTILE[1],))]
    edges += [(a, b, (a,)) for a, b in pairwise(HOSTILE)]
    edges += [(HOSTILE[0], HOSTILE[2], (HOSTILE[3],))]
    parameters = (ShapeParameter("<p>", HOSTILE[0], ((HOSTILE[0], "x"),)),)
    return Shape(HOSTILE[0], ("<input>",), nodes, tuple(edges), parameters, HOSTILE[1])


def hostile_state() -> GraphState:
    nodes = {
        name: NodeState(
            {Outcome.DONE: 2}, 0.5, f"code changed: {name}", is_stale=True, is_changed=True, policy=name
        )
        for name in HOSTILE
    }
    return GraphState("plan", HOSTILE[1], 2, {Outcome.DONE: 2}, nodes, {HOSTILE[0]: 2})


def every_mark() -> tuple[Shape, GraphState]:
    """Return a graph in which everything that can be drawn occurs once."""
    nodes = (
        ShapeNode("fetch", "download", downloads=True, policy="kept: as ordered", about="Fetch a picture."),
        ShapeNode("shrink", "resize", arguments=(("size", "(64, 64)"),), policy="not kept: as ordered"),
        ShapeNode("mean", "mean_of_all", level=SET, policy="kept where small", columns=("mean",)),
        ShapeNode(
            "save",
            "write_image",
            "writer",
            output="{stem}.png",
            policy="kept: final encoding",
            columns=("file",),
        ),
    )
    edges = (
        ("url", "fetch", ("url",)),
        ("fetch", "shrink", ("image",)),
        ("shrink", "mean", ("values",)),
        ("shrink", "save", ("image",)),
        ("mean", "save", ("mean",)),
    )
    states = {
        "fetch": NodeState(
            {Outcome.DONE: 12_300, Outcome.FAILED: 3}, 620.0, stored=Stored(12_300, 3 * 10**9)
        ),
        "shrink": NodeState({Outcome.DONE: 100, Outcome.CACHED: 12_000, Outcome.SKIPPED: 200}, 4.0),
        "mean": NodeState({Outcome.CACHED: 12_100}, stored=Stored(1, 8)),
        "save": NodeState({Outcome.RESTORED: 40, Outcome.CANCELLED: 60}, 0.2, stored=Stored(0, 0)),
    }
    counts = {Outcome.DONE: 12_000, Outcome.SKIPPED: 200, Outcome.FAILED: 3, Outcome.CANCELLED: 100}
    title = "12,303 items in 630.0 s: 12,000 done, 200 skipped, 3 failed, 100 cancelled"
    parameters = (ShapeParameter("timeout_s", "30", (("fetch", "timeout_s"),)), ShapeParameter("seed", "7"))
    return (
        Shape("every_mark", ("url",), nodes, edges, parameters, "All there is to see."),
        GraphState("run", title, 12_303, counts, states),
    )


# --- states --------------------------------------------------------------------------------------


def headline_after_edit(folder: Path) -> tuple[Shape, GraphState]:
    """Run the headline graph over 20 pictures, edit a helper of a step in another file, and plan."""
    draw_pictures(folder / "photos", 20, size=(160, 200))
    run = {"out": folder / "train", "cache": folder / "cache"}
    (folder / "graph.py").write_text(HEADLINE, encoding="utf-8")
    with imported(folder, LEVELS) as before:
        before.run(folder / "photos", progress=False, executor="serial", **run)
    with imported(folder, LEVELS.replace("1.1", "1.2")) as after:
        plan = after.plan(folder / "photos", **run)
    assert plan.shape is not None
    return settled_shape(plan.shape), settled(state_of(plan))


@contextmanager
def imported(folder: Path, levels: str):
    """Give the graph in *folder* with its helpers as they are given, freshly imported."""
    (folder / "levels.py").write_text(levels, encoding="utf-8")
    path, writes = list(sys.path), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield load_graph(str(folder / "graph.py"))
    finally:
        sys.path[:], sys.dont_write_bytecode = path, writes
        for name in ("graph", "graph_py", "levels"):
            sys.modules.pop(name, None)


def run_with_failures(folder: Path) -> GraphState:
    """Run over numbers of which one fails and some are left out."""
    items = [{"number": number} for number in (2, 3, 4, 5, 6, 7, 8, 10)]
    report = numbers.run(items, cache=folder / "cache", progress=False, executor="serial")
    return settled(state_of(report))


def settled(state: GraphState) -> GraphState:
    """Return a state without what a clock gave: fixed seconds, policies without figures, no time in the title."""
    nodes = {
        name: attrs.evolve(
            node,
            seconds=SECONDS.get(name, 0.25) if node.counts.get(Outcome.DONE) else None,
            policy=_FIGURES.sub("", node.policy),
        )
        for name, node in state.nodes.items()
    }
    return attrs.evolve(state, nodes=nodes, title=re.sub(r" in [\d.]+ s", "", state.title))


def settled_shape(shape: Shape) -> Shape:
    """Return a shape whose places have no line numbers."""
    nodes = tuple(attrs.evolve(node, place=node.place.partition(":")[0]) for node in shape.nodes)
    return attrs.evolve(shape, nodes=nodes)


def all_samples(folder: Path) -> dict[str, tuple[Shape, GraphState | None]]:
    """Return name -> graph and state, made in *folder*."""
    edited, plan = headline_after_edit(folder)
    return {
        "single": (settled_shape(shape_of(single)), None),
        "headline": (edited, None),
        "headline_after_edit": (edited, plan),
        "failures": (settled_shape(shape_of(numbers)), run_with_failures(folder)),
        "copies": (settled_shape(shape_of(copies)), None),
        "two_inputs": (settled_shape(shape_of(masked)), None),
        "forty": (many(40), None),
        "every_mark": every_mark(),
        "hostile": (hostile(), hostile_state()),
    }


def golden_of(name: str, view: str) -> Path:
    return GOLDEN / f"{name}{ENDINGS[view]}"


def drawn(name: str, view: str, samples) -> str:
    """Return a view as its golden file has it: of pages without the style sheet, which the drawings show."""
    text = VIEWS[view](*samples[name])
    text = text.replace(svg_style(), "/* as in the .svg */") if view == "html" else text
    return f"{text}\n"


def write_golden() -> None:
    with tempfile.TemporaryDirectory() as folder:
        samples = all_samples(Path(folder))
    GOLDEN.mkdir(exist_ok=True)
    for name in samples:
        for view in VIEWS:
            golden_of(name, view).write_text(drawn(name, view, samples), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_golden()
