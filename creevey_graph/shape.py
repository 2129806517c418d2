"""
A graph as those see it who only look: plain data, which a report carries along and views draw.

Nothing here knows steps or values: a graph, a journal of last week and a page in a browser have one shape.
"""

import inspect
import os
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

import attrs

from creevey_graph import checked
from creevey_graph.graph import Graph
from creevey_graph.graph_parameters import feeds_of
from creevey_graph.node import Node, Ref, refs_in
from creevey_graph.policy import shown_policy

HIDDEN = "…"
"""Stands for values that are not recorded either: tokens, and what does not count."""
MOST_CHARACTERS = 30
"""Of a constant, as it is shown."""
ITEM, SET = "item", "set"
MOST_NODES, MOST_DEPTH, MOST_LINES = 2_000, 50, 20_000
"""Of a shape from a file: nodes, sub-graphs within each other, and rows that its lines cross; drawing it ends."""
MOST_TOLD = 2_000
"""Characters of a name or a text of such a one."""


@attrs.frozen
class ShapeNode:
    """
    A node.

    Args:
        name: Its name.
        step: Its step's name.
        kind: "step" or "writer".
        level: "item" (a value an item) or "set" (one value for all of them).
        group: Sub-graphs it came from, outermost first; one copy of a sub-graph has one path of its own.
        arguments: (parameter, text) of what it is given: names of nodes, and constants unlike the default.
        policy: What becomes of its values, in words, as far as the declaration tells.
        columns: Names of the report's columns that show its value.
        output: A writer's output template, "" for other nodes.
        about: First line of the step's docstring.
        place: Where its code stands, "graph.py:12"; "" where that is not known.
        downloads: Whether it asks servers.
    """

    name: str
    step: str
    kind: str = "step"
    level: str = ITEM
    group: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()
    policy: str = ""
    columns: tuple[str, ...] = ()
    output: str = ""
    about: str = ""
    place: str = ""
    downloads: bool = False

    @property
    def call(self) -> str:
        """The node as a call: `resize(trim, size=(224, 224))`."""
        return f"{self.name}({', '.join(_shown(name, text) for name, text in self.arguments)})"


@attrs.frozen
class ShapeParameter:
    """
    A graph parameter.

    Args:
        name: Its name.
        text: Its value, shortened; `HIDDEN` where it goes where nothing is recorded.
        feeds: (node, parameter) pairs that get it as it is; a computed value is not followed.
    """

    name: str
    text: str
    feeds: tuple[tuple[str, str], ...] = ()


@attrs.frozen
class Shape:
    """
    A graph.

    Args:
        name: Its name.
        inputs: Names of its item inputs.
        nodes: Its nodes in topological order, ties as they were placed.
        edges: (giver, reader, parameters it feeds); a giver is a node or an input.
        parameters: Its graph parameters.
        about: First line of its docstring.
    """

    name: str
    inputs: tuple[str, ...]
    nodes: tuple[ShapeNode, ...]
    edges: tuple[tuple[str, str, tuple[str, ...]], ...]
    parameters: tuple[ShapeParameter, ...] = ()
    about: str = ""

    def readers(self) -> dict[str, list[str]]:
        """Return giver -> names of the nodes that read it."""
        found: dict[str, list[str]] = {}
        for giver, reader, _ in self.edges:
            found.setdefault(giver, []).append(reader)
        return found

    def below(self, name: str) -> set[str]:
        """Return the names of all nodes that read *name*, directly or not."""
        readers, found, waiting = self.readers(), set[str](), [name]
        while waiting:
            for reader in readers.get(waiting.pop(), ()):
                if reader not in found:
                    found.add(reader)
                    waiting.append(reader)
        return found


def shape_of(graph: Graph) -> Shape:
    """
    Return the shape of *graph*.

    Raises:
        GraphError: It is not valid.
    """
    graph.validate()
    named: dict[str, list[str]] = {}
    for column, ref in graph.outputs.items():
        named.setdefault(ref.name, []).append(column)
    nodes = tuple(_node(graph.nodes[name], tuple(named.get(name, ()))) for name in graph.order())
    edges = tuple((giver, reader, tuple(parameters)) for giver, reader, parameters in graph.wiring.edges())
    return Shape(graph.name, tuple(graph.inputs), nodes, edges, _parameters(graph), _first_line(graph))


def _node(node: Node, columns: tuple[str, ...]) -> ShapeNode:
    step = node.step
    path = node.output_path() if step.is_writer else ""
    return ShapeNode(
        node.name,
        step.name,
        "writer" if step.is_writer else "step",
        group=node.group,
        arguments=tuple(_arguments(node)),
        policy=shown_policy(step),
        columns=columns,
        output=path if isinstance(path, str) else "<path function>",
        about=_first_line(step.func),
        place=place_of(step.func),
        downloads=bool(step.options.downloads),
    )


def _arguments(node: Node) -> Iterator[tuple[str, str]]:
    """Yield (parameter, text); the parameter is "" where the text stands for itself."""
    for parameter, value in node.arguments.items():
        default = node.step.signature.parameters[parameter].default
        if isinstance(value, Ref):
            yield "", value.name
        elif names := [ref.name for ref in refs_in(value)]:
            yield parameter, f"[{', '.join(names)}]"
        elif parameter == node.step.options.writes:
            yield "", repr(value) if isinstance(value, str) else "<path function>"
        elif default is node.step.signature.empty or not _is_same(value, default):
            is_hidden = parameter in node.step.options.ignore
            yield parameter, HIDDEN if is_hidden else short_text(value)


def _shown(parameter: str, text: str) -> str:
    return f"{parameter}={text}" if parameter else text


def _is_same(value: object, default: object) -> bool:
    return type(value) is type(default) and repr(value) == repr(default)


def short_text(value: object) -> str:
    """Return the text of a constant, shortened."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - `__repr__` is any code
        text = f"<{type(value).__name__}>"
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."


def _parameters(graph: Graph) -> tuple[ShapeParameter, ...]:
    feeds = feeds_of(graph)
    private = [
        value
        for node in graph.nodes.values()
        for parameter, value in node.arguments.items()
        if parameter in node.step.options.ignore
    ]
    return tuple(
        ShapeParameter(name, HIDDEN if _is_in(value, private) else short_text(value), feeds.get(name, ()))
        for name, value in graph.parameters.items()
    )


def _is_in(value: Any, places: Any) -> bool:
    """Return whether *value*, unless it is one that says nothing, is one of *places* or stands inside one."""
    if value is None or isinstance(value, bool):
        return False
    if places is value or (type(places) is type(value) and repr(places) == repr(value)):
        return True
    if isinstance(places, Mapping):
        places = list(places.values())
    return isinstance(places, list | tuple) and any(_is_in(value, part) for part in places)


def _first_line(documented: Any) -> str:
    text = inspect.cleandoc(getattr(documented, "__doc__", None) or "")
    return text.partition("\n")[0]


def place_of(func: Any) -> str:
    """Return where a function's code stands, "graph.py:12"; "" where that is not known."""
    try:
        code = inspect.unwrap(getattr(func, "func", func)).__code__
    except (AttributeError, ValueError):
        return ""
    return f"{file_name(code.co_filename)}:{code.co_firstlineno}"


def file_name(path: str) -> str:
    """
    Return what a file of code is called; a notebook's cell has one whose number says nothing.

    >>> file_name("/home/ada/graph.py"), file_name("/tmp/ipykernel_12/194813138.py")
    ('graph.py', 'notebook cell')
    """
    folder, name = os.path.split(path)
    is_cell = os.path.basename(folder).startswith("ipykernel_") or name.startswith("<ipython-input")  # noqa: PTH119 - text
    return "notebook cell" if is_cell else name


def shape_to_json(shape: Shape) -> dict[str, Any]:
    """Return *shape* as plain data."""
    return attrs.asdict(shape)


def shape_from_json(data: Mapping[str, Any]) -> Shape:
    """
    Return the shape that `shape_to_json` made *data* of.

    Raises:
        ValueError: It is none of ours: a fact is of another kind, a name stands twice or is unknown, there is a
            cycle, or it is larger than what can be drawn.
    """
    try:
        nodes = tuple(ShapeNode(**checked.facts(node, _NODE)) for node in data["nodes"])
        parameters = tuple(ShapeParameter(**checked.facts(one, _PARAMETER)) for one in data["parameters"])
        edges = tuple((_name(a), _name(b), _names(names)) for a, b, names in data["edges"])
        inputs = checked.texts(data["inputs"])
        shape = Shape(_name(data["name"]), inputs, nodes, edges, parameters, _told(data["about"]))
    except (KeyError, TypeError) as exc:
        raise ValueError(f"no shape of a graph: {exc!r}") from exc
    _check_shape(shape)
    return shape


def _told(value: Any) -> str:
    text: str = checked.text(value)
    return text if len(text) <= MOST_TOLD else f"{text[: MOST_TOLD - 1]}…"


def _name(value: Any) -> str:
    if len(checked.text(value)) > MOST_TOLD or "\0" in value:
        raise ValueError("a name that no node has")
    return str(value)


def _names(value: Any) -> tuple[str, ...]:
    return tuple(map(_name, checked.texts(value)))


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple((_told(one), _told(other)) for one, other in value)


_NODE: Mapping[str, checked.Check] = MappingProxyType(
    {
        **dict.fromkeys(("name", "step", "kind", "level"), _name),
        **dict.fromkeys(("policy", "output", "about", "place"), _told),
        **dict.fromkeys(("group", "columns"), _names),
        "arguments": _pairs,
        "downloads": checked.flag,
    }
)
_PARAMETER: Mapping[str, checked.Check] = MappingProxyType({"name": _name, "text": _told, "feeds": _pairs})


def _check_shape(shape: Shape) -> None:
    """Check that a shape can be drawn: what nobody declared may be anything."""
    names = [*shape.inputs, *(node.name for node in shape.nodes)]
    if len({*names}) < len(names) or len({one.name for one in shape.parameters}) < len(shape.parameters):
        raise ValueError("a name stands twice")
    if len(names) + len(shape.parameters) > MOST_NODES or any(
        len(node.group) > MOST_DEPTH for node in shape.nodes
    ):
        raise ValueError("too large a graph")
    waiting = {name: set[str]() for name in names}
    for giver, reader, _ in shape.edges:
        if giver not in waiting or reader not in waiting:
            raise ValueError("an edge of an unknown node")
        waiting[reader].add(giver)
    try:
        order = tuple(TopologicalSorter(waiting).static_order())
    except CycleError as exc:
        raise ValueError("a graph with a cycle") from exc
    ranks: dict[str, int] = {}
    for name in order:
        ranks[name] = 1 + max((ranks[giver] for giver in waiting[name]), default=0)
    if sum(ranks[name] - ranks[giver] for name, givers in waiting.items() for giver in givers) > MOST_LINES:
        raise ValueError("too large a graph")
