"""
The twenty graphs that `layout.py` lays out: pipelines as people write them, and random layered ones.

Every graph is made from a fixed seed, and is the same each time. Nodes are as wide as their names.
"""

import random
from collections.abc import Callable, Iterable
from itertools import pairwise

import attrs

STEPS = (
    "load_image",
    "trim",
    "resize",
    "sepia",
    "blur",
    "crop",
    "grayscale",
    "mean_brightness",
    "hash",
    "write_image",
)
CHARACTER_PX, MARGIN_PX, HEIGHT_PX = 7.2, 24, 34


@attrs.frozen
class Case:
    """
    One graph.

    Args:
        name: What the table calls it.
        sizes: Node -> width and height, in px.
        edges: From source to target; each once, without cycles.
        groups: Node -> path of the sub-graph it stands in.
    """

    name: str
    sizes: dict[str, tuple[float, float]]
    edges: list[tuple[str, str]]
    groups: dict[str, tuple[str, ...]]


def case_of(
    name: str, edges: Iterable[tuple[str, str]], groups: dict[str, tuple[str, ...]] | None = None
) -> Case:
    """Return the graph of these *edges*; its nodes are what they name."""
    distinct = list(dict.fromkeys(edges))
    nodes = dict.fromkeys(node for edge in distinct for node in edge)
    sizes = {node: (len(node) * CHARACTER_PX + MARGIN_PX, float(HEIGHT_PX)) for node in nodes}
    return Case(name, sizes, distinct, groups or {})


def headline() -> Case:
    """The graph of the README: one loaded image feeds two branches."""
    wires = "photo load_image, load_image trim, trim sepia, sepia resize, resize write_image, trim mean_brightness"
    return case_of("headline", pairs(wires))


def diamond() -> Case:
    return case_of(
        "diamond",
        pairs("load_image blur, load_image sepia, load_image crop, blur blend, sepia blend, crop blend"),
    )


def pairs(wires: str) -> list[tuple[str, str]]:
    """Return the edges of "a b, b c"."""
    return [(source, target) for source, target in (wire.split() for wire in wires.split(","))]


def chain(count: int) -> Case:
    names = [f"{STEPS[turn % len(STEPS)]}_{turn}" for turn in range(count)]
    return case_of(f"chain {count}", pairwise(names))


def fan(count: int) -> Case:
    """One picture through many filters, each measured, all measures in one table."""
    edges = [("photo", "load_image")]
    for turn in range(count):
        edges += [
            ("load_image", f"filter_{turn}"),
            (f"filter_{turn}", f"measure_{turn}"),
            (f"measure_{turn}", "table"),
        ]
        if turn % 3 == 0:
            edges.append((f"filter_{turn}", f"write_{turn}"))
    return case_of(f"fan {count}", edges)


def residual(depth: int, reach: int) -> Case:
    """A chain in which every step also reads one *reach* steps before it, as in residual networks."""
    edges = [(f"step_{turn}", f"step_{turn + 1}") for turn in range(depth)]
    edges += [(f"step_{turn}", f"step_{turn + reach}") for turn in range(0, depth - reach + 1, reach - 1)]
    return case_of(f"residual {depth}/{reach}", edges)


def pyramid(depth: int) -> Case:
    """Down and up again, each level joined to its counterpart: a U-net, or a Laplacian pyramid."""
    edges = []
    for level in range(depth):
        edges += [(f"down_{level}", f"down_{level + 1}"), (f"up_{level + 1}", f"up_{level}")]
        edges += [(f"down_{level}", f"detail_{level}"), (f"detail_{level}", f"up_{level}")]
    edges.append((f"down_{depth}", f"up_{depth}"))
    return case_of(f"pyramid {depth}", edges)


def pipeline(count: int, seed: int, *, skips: float, merges: float) -> Case:
    """A pipeline that grows from its ends: most steps read a recent one, some join two, some reach back."""
    chance = random.Random(seed)
    edges = [("photo", "load_image")]
    nodes = ["photo", "load_image"]
    while len(nodes) < count:
        name = f"{chance.choice(STEPS)}_{len(nodes)}"
        recent = nodes[-max(4, count // 8) :]
        edges.append((chance.choice(recent[1:]), name))
        if chance.random() < merges:
            edges.append((chance.choice(recent), name))
        if chance.random() < skips:
            edges.append((chance.choice(nodes), name))
        nodes.append(name)
    return case_of(f"pipeline {count}", edges)


def copies(count: int, seed: int, *, nested: bool = False) -> Case:
    """A sub-graph that is used *count* times on one image, with all its results read by one step."""
    chance = random.Random(seed)
    edges = [("photo", "load_image"), ("mask", "load_mask")]
    groups: dict[str, tuple[str, ...]] = {}
    before = "load_image"
    for turn in range(count):
        tag, path = f"_{turn}", (f"augment_{turn}",)
        inner = (*path, "tone") if nested else path
        edges += pairs(
            f"crop{tag} blur{tag}, crop{tag} sepia{tag}, blur{tag} blend{tag}, sepia{tag} blend{tag}, blend{tag} write{tag}"
        )
        edges += [(before, f"crop{tag}"), (f"blend{tag}", "contact_sheet")]
        groups |= {
            f"crop{tag}": path,
            f"blur{tag}": inner,
            f"sepia{tag}": inner,
            f"blend{tag}": path,
            f"write{tag}": path,
        }
        if chance.random() < 0.5:
            edges.append(("load_mask", f"blend{tag}"))
        before = f"blend{tag}" if chance.random() < 0.3 else "load_image"
    return case_of(f"{'nested ' if nested else ''}copies {count}", edges, groups)


def layered(count: int, width: int, degree: float, seed: int) -> Case:
    """Random edges from each layer to the next, and some over two or three of them."""
    chance = random.Random(seed)
    rows = [list(range(start, min(start + width, count))) for start in range(0, count, width)]
    edges = []
    for turn, row in enumerate(rows[1:], 1):
        for node in row:
            for _ in range(max(1, round(chance.gauss(degree, degree / 3)))):
                back = chance.choices((1, 2, 3), (8, 2, 1))[0]
                edges.append((f"n{chance.choice(rows[max(0, turn - back)])}", f"n{node}"))
    return case_of(f"layered {count}, degree {degree:g}", edges)


GRAPHS: tuple[Callable[[], Case], ...] = (
    lambda: chain(3),
    headline,
    diamond,
    lambda: fan(6),
    lambda: fan(20),
    lambda: residual(24, 3),
    lambda: residual(60, 5),
    lambda: pyramid(8),
    lambda: pipeline(12, 1, skips=0.1, merges=0.2),
    lambda: pipeline(25, 2, skips=0.1, merges=0.2),
    lambda: pipeline(50, 3, skips=0.05, merges=0.2),
    lambda: pipeline(100, 4, skips=0.05, merges=0.15),
    lambda: pipeline(200, 5, skips=0.02, merges=0.1),
    lambda: copies(3, 6),
    lambda: copies(8, 7),
    lambda: copies(12, 8, nested=True),
    lambda: layered(30, 6, 1.5, 9),
    lambda: layered(60, 8, 1.3, 10),
    lambda: layered(120, 12, 1.6, 11),
    lambda: layered(200, 16, 1.3, 12),
)
