"""
Graphs: nodes wired by calls.

A `Graph` is declared by tracing a function once on symbolic items (`trace`), by hand
(`input`, `add`, `connect`) or from steps in a row (`linear`). It holds steps and
connections only, never items; how it runs stands in higher floors.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Self, get_type_hints

import attrs
import networkx as nx

from creevey_graph.errors import GraphError, did_you_mean
from creevey_graph.step import Step, Symbol, find_symbol, symbols_in
from creevey_graph.validate import (
    validate_acyclic,
    validate_annotations,
    validate_arguments,
    validate_bound,
    validate_used,
)


@attrs.frozen
class Ref:
    """Names the node or input whose value stands in an argument's place."""

    name: str


@attrs.frozen(eq=False)
class Node:
    """
    A step placed in a graph.

    Args:
        name: Unique in the graph.
        step: What runs.
        arguments: Parameter -> value; a `Ref`, also inside lists, tuples and dicts, stands for a node.
        group: Names of the sub-graphs it came from, outermost first.
    """

    name: str
    step: Step[..., Any]
    arguments: Mapping[str, Any]
    group: tuple[str, ...] = ()

    def refs(self) -> Iterator[tuple[str, str]]:
        """Yield (parameter, name of a node or input it reads), in order."""
        for parameter, value in self.arguments.items():
            for ref in refs_in(value):
                yield parameter, ref.name


class NodeSymbol(Symbol):
    """
    Stands for the value of a node or input while its graph is declared.

    Anything that would need the value itself is an error that says so.
    """

    def __init__(self, graph: "Graph", name: str) -> None:
        self._graph = graph
        self._name = name

    def apply(self, step: Step[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> "NodeSymbol":
        return self._graph.place(step, args, kwargs)

    def __repr__(self) -> str:
        return f"<'{self._name}' of graph '{self._graph.name}'>"

    def _refuse(self, what: str) -> NoReturn:
        raise GraphError(
            f"graph '{self._graph.name}': {what} '{self._name}', whose value is not known while the "
            "graph is declared; do it inside a step"
        )

    def __bool__(self) -> bool:
        self._refuse("cannot branch on")

    def __iter__(self) -> Iterator[Any]:
        self._refuse("cannot unpack or loop over")

    def __len__(self) -> int:
        self._refuse("cannot take the length of")

    def __getitem__(self, key: Any) -> Any:
        self._refuse(f"cannot take [{key!r}] of")

    def __contains__(self, value: Any) -> bool:
        self._refuse("cannot look into")

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        self._refuse(f"cannot take .{attribute} of")

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        self._refuse("cannot compare")


def _refusing(sign: str) -> Callable[..., Any]:
    def refuse(self: NodeSymbol, *_: Any) -> Any:
        self._refuse(f"cannot use '{sign}' on")  # noqa: SLF001 - a method of the class

    return refuse


_SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "matmul": "@", "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>",
}  # fmt: skip
for _name, _sign in _SIGNS.items():
    setattr(NodeSymbol, f"__{_name}__", _refusing(_sign))
    setattr(NodeSymbol, f"__r{_name}__", _refusing(_sign))
for _name, _sign in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "ne": "!=", "neg": "-", "abs": "abs"}.items():
    setattr(NodeSymbol, f"__{_name}__", _refusing(_sign))


class Graph:
    """
    Nodes wired by calls.

    `input`, `add`, `connect` and `output` build it up; `bind`, `replace`, `without` and `|`
    return new graphs. Checks run on `validate`, and before anything else is done with it.

    State: inputs = name -> annotation, in order; nodes = name -> `Node`; outputs = column -> `Ref`;
    returns = the shape the function returned; parameters = graph parameters; function = what was
    traced, None for a graph built by hand.

    Thread safety: none while it is built; a graph that is only read may be shared.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.inputs: dict[str, Any] = {}
        self.nodes: dict[str, Node] = {}
        self.outputs: dict[str, Ref] = {}
        self.returns: Any = None
        self.parameters: dict[str, Any] = {}
        self.function: Callable[..., Any] | None = None
        self.__name__ = name

    # --- declaring -------------------------------------------------------------------------

    @classmethod
    def trace(cls, function: Callable[..., Any], parameters: Mapping[str, Any] | None = None) -> Self:
        """
        Run *function* once on symbolic items and keep the calls it makes.

        Args:
            function: Positional parameters are item inputs, keyword-only ones graph parameters.
            parameters: Values for graph parameters other than their defaults.

        Raises:
            GraphError: The graph is not valid, or its body needs an item's value.
        """
        graph = cls(function.__name__)
        graph.function = function
        graph.__doc__ = function.__doc__
        hints = _hints(function)
        for name, parameter in inspect.signature(function).parameters.items():
            _check_parameter(graph.name, parameter)
            if parameter.kind is parameter.KEYWORD_ONLY:
                graph.parameters[name] = parameter.default
            else:
                graph.inputs[name] = hints.get(name, Any)
        for name, value in (parameters or {}).items():
            if name not in graph.parameters:
                raise GraphError(
                    f"graph '{graph.name}': no parameter '{name}'{did_you_mean(name, graph.parameters)}"
                )
            graph.parameters[name] = value
        if not graph.inputs:
            raise GraphError(
                f"graph '{graph.name}': needs at least one positional parameter, the item it works on"
            )
        symbols = [NodeSymbol(graph, name) for name in graph.inputs]
        graph.output(function(*symbols, **graph.parameters))
        graph.validate()
        return graph

    @classmethod
    def linear(cls, steps: Sequence[Step[..., Any]]) -> Self:
        """Return the graph that passes each step's result to the next one's first free parameter."""
        first, last = steps[0].name, steps[-1].name
        graph = cls(first if len(steps) == 1 else f"{first}_{last}")
        parameter = _first_free(steps[0])
        value: Any = graph.input(parameter, steps[0].hints.get(parameter, Any))
        for step in steps:
            value = graph.add(step, **{_first_free(step): value})
        graph.output(value)
        graph.validate()
        return graph

    def input(self, name: str, annotation: Any = Any) -> NodeSymbol:
        """
        Declare an item input.

        Raises:
            GraphError: The name is taken.
        """
        self._check_free(name)
        self.inputs[name] = annotation
        return NodeSymbol(self, name)

    def add(self, step: Step[..., Any] | Callable[..., Any], name: str | None = None, /, **arguments: Any) -> NodeSymbol:
        """
        Place a step; arguments left out may be connected later.

        Args:
            step: A step, or a function to make one of.
            name: The node's name; the step's name, numbered where taken, by default.
            arguments: Parameter -> constant, or the symbol of another node.

        Raises:
            GraphError: A parameter does not exist, or a symbol belongs to another graph.
        """
        step = step if isinstance(step, Step) else Step(step)
        if name is not None:
            self._check_free(name)
        for parameter in arguments:
            step.check_parameter(parameter)
        return self._insert(step, name, arguments)

    def connect(self, source: NodeSymbol | str, target: str) -> None:
        """
        Feed a node's value to a parameter.

        Args:
            source: A node or input: its symbol or its name.
            target: "node.parameter".

        Raises:
            GraphError: One of them does not exist, or the parameter is connected already.
        """
        name = self._name_of(source)
        node_name, _, parameter = target.partition(".")
        node = self.node(node_name)
        node.step.check_parameter(parameter)
        if any(True for _ in refs_in(node.arguments.get(parameter))):
            raise GraphError(
                f"node '{node_name}': parameter '{parameter}' is connected twice; "
                f"use replace or leave out connect('{name}', '{target}')"
            )
        arguments = {**node.arguments, parameter: Ref(name)}
        self.nodes[node_name] = attrs.evolve(node, arguments=arguments)

    def output(self, returned: Any) -> None:
        """
        Say what the graph returns: nothing, a node, a tuple of nodes or a dict of nodes.

        Raises:
            GraphError: It is something else.
        """
        self.returns = _to_refs(self, returned)
        self.outputs = _named_outputs(self.name, self.returns)

    def place(self, step: Step[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> NodeSymbol:
        """Make a node of a call (`name=` names it where the function has no such parameter)."""
        given = dict(kwargs)
        name = None
        if "name" in given and "name" not in step.signature.parameters:
            name = given.pop("name")
            self._check_free(name)
        arguments = validate_arguments(name or step.name, step, args, given).arguments
        return self._insert(step, name, arguments)

    def _insert(self, step: Step[..., Any], name: str | None, arguments: Mapping[str, Any]) -> NodeSymbol:
        name = name or self._free_name(step.name)
        refs = {parameter: _to_refs(self, value) for parameter, value in arguments.items()}
        self.nodes[name] = Node(name, step, refs)
        return NodeSymbol(self, name)

    # --- deriving --------------------------------------------------------------------------

    def bind(self, **parameters: Any) -> Self:
        """
        Return the graph traced anew with other graph parameters.

        Raises:
            GraphError: There is no such parameter, or the graph was built by hand.
        """
        if self.function is None:
            raise GraphError(f"graph '{self.name}' was built by hand and has no parameters to bind")
        return type(self).trace(self.function, {**self.parameters, **parameters})

    def replace(self, name: str, step: Step[..., Any] | Callable[..., Any]) -> Self:
        """
        Return a graph with another step in a node's place; arguments it does not take are dropped.

        Raises:
            GraphError: There is no such node, or the new step lacks an argument.
        """
        node = self.node(name)
        step = step if isinstance(step, Step) else Step(step)
        graph = self._copy()
        parameters = step.signature.parameters
        kept = {
            parameter: value
            for parameter, value in node.arguments.items()
            if parameter in parameters and (parameter not in step.bound or any(refs_in(value)))
        }
        lost = [value for parameter, value in node.arguments.items() if parameter not in kept]
        free = _first_free(step)
        flow = [ref for value in lost for ref in refs_in(value)]
        if flow and free not in kept:
            kept[free] = flow[0]
        graph.nodes[name] = attrs.evolve(node, step=step, arguments=kept)
        graph.validate()
        return graph

    def without(self, *names: str) -> Self:
        """
        Return a graph without these nodes.

        A node in between is bridged: its readers read what it read first. Outputs and nodes
        that nothing reads any more go with it.

        Raises:
            GraphError: There is no such node, or nothing is left.
        """
        graph = self._copy()
        for name in names:
            node = graph.node(name)
            bridge = next((Ref(source) for _, source in node.refs()), None)
            is_end = name in {ref.name for ref in graph.outputs.values()}
            del graph.nodes[name]
            for other in list(graph.nodes.values()):
                arguments = {p: _swap(value, name, bridge) for p, value in other.arguments.items()}
                graph.nodes[other.name] = attrs.evolve(other, arguments=arguments)
            if is_end:
                graph.outputs = {c: ref for c, ref in graph.outputs.items() if ref.name != name}
                graph.returns = dict(graph.outputs)
        graph._drop_unread()
        if not graph.nodes:
            raise GraphError(f"graph '{self.name}': nothing is left without {', '.join(names)}")
        graph.validate()
        return graph

    def __or__(self, other: Any) -> Self:
        """Return this graph with a step, or another graph, after its one output."""
        if not isinstance(other, Step | Graph):
            return NotImplemented
        if len(self.outputs) != 1:
            raise GraphError(f"graph '{self.name}': '|' needs exactly one output (has {len(self.outputs)})")
        graph = self._copy()
        end = NodeSymbol(graph, next(iter(graph.outputs.values())).name)
        if isinstance(other, Graph):
            graph.output(graph.inline(other, [end]))
        else:
            graph.output(graph.add(other, **{_first_free(other): end}))
        graph.validate()
        return graph

    def __ror__(self, other: Any) -> Self:
        """Return a step followed by this graph."""
        if not isinstance(other, Step):
            return NotImplemented
        return type(self).linear([other]) | self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """
        Inside another graph: place this graph's nodes there, and return what it returns.

        Raises:
            GraphError: It is called on values.
        """
        symbol = find_symbol(args, kwargs)
        if not isinstance(symbol, NodeSymbol):
            raise GraphError(
                f"graph '{self.name}' is called on values; use .run(items, out=…), "
                ".preview(item), or call it inside another graph"
            )
        inputs = list(args) + [kwargs.pop(name) for name in list(self.inputs)[len(args) :] if name in kwargs]
        inner = self.bind(**kwargs) if kwargs else self
        return symbol._graph.inline(inner, inputs)  # noqa: SLF001 - symbols are this module's own

    def inline(self, inner: "Graph", inputs: Sequence[Any]) -> Any:
        """Place *inner*'s nodes here on *inputs*; return symbols in the shape it returns."""
        if len(inputs) != len(inner.inputs):
            raise GraphError(
                f"graph '{inner.name}' takes {len(inner.inputs)} inputs: "
                f"{', '.join(inner.inputs)} (got {len(inputs)})"
            )
        names: dict[str, Any] = {
            name: _to_refs(self, value) for name, value in zip(inner.inputs, inputs, strict=True)
        }
        for name in inner.order():
            node = inner.nodes[name]
            arguments = {p: _rename(value, names) for p, value in node.arguments.items()}
            fresh = self._free_name(name)
            self.nodes[fresh] = Node(fresh, node.step, arguments, (inner.name, *node.group))
            names[name] = Ref(fresh)
        return _to_symbols(self, _rename(inner.returns, names))

    # --- reading ---------------------------------------------------------------------------

    def node(self, name: str) -> Node:
        """
        Return the node of this name.

        Raises:
            GraphError: There is none.
        """
        if name not in self.nodes:
            raise GraphError(f"no node '{name}' in graph '{self.name}'{did_you_mean(name, self.nodes)}")
        return self.nodes[name]

    @property
    def networkx(self) -> "nx.DiGraph[str]":
        """
        The wiring as a read-only `networkx.DiGraph`.

        Nodes are names, with `kind` ("input" or "node"), `step`, `gives` and `takes` (annotations);
        edges have `parameters`, the names of the parameters they feed.
        """
        wiring: nx.DiGraph[str] = nx.DiGraph(name=self.name)
        for name, annotation in self.inputs.items():
            wiring.add_node(name, kind="input", gives=annotation)
        for name, node in self.nodes.items():
            hints = node.step.hints
            wiring.add_node(name, kind="node", step=node.step, gives=hints.get("return", Any), takes=hints)
        feeds: dict[tuple[str, str], list[str]] = {}
        for name, node in self.nodes.items():
            for parameter, source in node.refs():
                whole = isinstance(node.arguments[parameter], Ref)
                feeds.setdefault((source, name), []).append(parameter if whole else f"{parameter}[]")
        wiring.add_edges_from((a, b, {"parameters": tuple(p)}) for (a, b), p in feeds.items())
        return nx.freeze(wiring)

    def order(self) -> list[str]:
        """Return the nodes' names in topological order, ties in the order they were placed."""
        wiring = self.networkx
        place = {name: index for index, name in enumerate([*self.inputs, *self.nodes])}
        return [n for n in nx.lexicographical_topological_sort(wiring, key=place.get) if n in self.nodes]

    def validate(self) -> None:
        """
        Check the graph as a whole.

        Raises:
            GraphError: Naming node, parameter and remedy.
        """
        for node in self.nodes.values():
            validate_bound(node.name, node.step, node.arguments)
        wiring = self.networkx
        validate_acyclic(wiring)
        writers = [name for name, node in self.nodes.items() if node.step.is_writer]
        validate_used(wiring, [ref.name for ref in self.outputs.values()], writers)
        validate_annotations(wiring)
        if not self.nodes:
            raise GraphError(f"graph '{self.name}' has no nodes; call at least one step on its items")

    def __repr__(self) -> str:
        return f"<graph {self.name}({', '.join(self.inputs)}): {' '.join(self.nodes)}>"

    # --- parts -----------------------------------------------------------------------------

    def _copy(self) -> Self:
        graph = type(self)(self.name)
        graph.inputs, graph.nodes = dict(self.inputs), dict(self.nodes)
        graph.outputs, graph.returns = dict(self.outputs), self.returns
        graph.parameters, graph.__doc__ = dict(self.parameters), self.__doc__
        return graph

    def _drop_unread(self) -> None:
        kept = {ref.name for ref in self.outputs.values()}
        kept |= {name for name, node in self.nodes.items() if node.step.is_writer}
        for name in reversed(self.order()):
            if name in kept:
                kept |= {source for _, source in self.nodes[name].refs()}
            else:
                del self.nodes[name]

    def _check_free(self, name: str) -> None:
        if name in self.inputs or name in self.nodes:
            raise GraphError(f"graph '{self.name}': the name '{name}' is taken; choose another")

    def _free_name(self, name: str) -> str:
        free, count = name, 1
        while free in self.nodes or free in self.inputs:
            count += 1
            free = f"{name}_{count}"
        return free

    def _name_of(self, source: NodeSymbol | str) -> str:
        if isinstance(source, NodeSymbol):
            return _to_refs(self, source).name  # type: ignore[no-any-return]
        if source not in self.inputs:
            self.node(source)
        return source


def refs_in(value: Any) -> Iterator[Ref]:
    """Yield every `Ref` in an argument."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from refs_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from refs_in(part)


def map_refs(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return *value* with *change* applied to each leaf inside lists, tuples and dicts that hold refs."""
    if isinstance(value, Ref | Symbol) or not isinstance(value, list | tuple | dict):
        return change(value)
    if not (any(True for _ in refs_in(value)) or any(True for _ in symbols_in(value))):
        return value
    if isinstance(value, dict):
        return {key: map_refs(part, change) for key, part in value.items()}
    parts = [map_refs(part, change) for part in value]
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)


def _to_refs(graph: Graph, value: Any) -> Any:
    def change(leaf: Any) -> Any:
        if not isinstance(leaf, NodeSymbol):
            return leaf
        if leaf._graph is not graph:  # noqa: SLF001 - symbols are this module's own
            raise GraphError(
                f"graph '{graph.name}': {leaf!r} belongs to another graph; pass it in as an input"
            )
        return Ref(leaf._name)  # noqa: SLF001 - symbols are this module's own

    return map_refs(value, change)


def _to_symbols(graph: Graph, value: Any) -> Any:
    return map_refs(value, lambda leaf: NodeSymbol(graph, leaf.name) if isinstance(leaf, Ref) else leaf)


def _rename(value: Any, names: Mapping[str, Any]) -> Any:
    return map_refs(value, lambda leaf: names[leaf.name] if isinstance(leaf, Ref) else leaf)


def _swap(value: Any, name: str, bridge: Ref | None) -> Any:
    def change(leaf: Any) -> Any:
        if not (isinstance(leaf, Ref) and leaf.name == name):
            return leaf
        if bridge is None:
            raise GraphError(f"node '{name}' reads nothing that could stand in its place")
        return bridge

    return map_refs(value, change)


def _named_outputs(graph: str, returned: Any) -> dict[str, Ref]:
    if returned is None:
        return {}
    if isinstance(returned, Ref):
        return {returned.name: returned}
    if isinstance(returned, tuple | list) and all(isinstance(part, Ref) for part in returned):
        return {ref.name: ref for ref in returned}
    if isinstance(returned, dict) and all(isinstance(part, Ref) for part in returned.values()):
        for column in returned:
            if not isinstance(column, str) or not column:
                raise GraphError(f"graph '{graph}': a returned dict's keys name columns (got {column!r})")
        return dict(returned)
    raise GraphError(
        f"graph '{graph}': must return nothing, a node, a tuple of nodes or a dict of nodes "
        f"(got {returned!r}); constants belong in the items' columns"
    )


def _first_free(step: Step[..., Any]) -> str:
    for name, parameter in step.signature.parameters.items():
        if name not in step.bound and parameter.kind is not parameter.VAR_KEYWORD:
            return name
    raise GraphError(f"step '{step.name}' has no free parameter to take the item")


def _check_parameter(graph: str, parameter: inspect.Parameter) -> None:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise GraphError(f"graph '{graph}': '*{parameter.name}' cannot be an input; name each one")
    if parameter.kind is parameter.KEYWORD_ONLY:
        if parameter.default is parameter.empty:
            raise GraphError(
                f"graph '{graph}': parameter '{parameter.name}' needs a default; bind() changes it"
            )
    elif parameter.default is not parameter.empty:
        raise GraphError(
            f"graph '{graph}': input '{parameter.name}' cannot have a default; "
            "put a '*' before it to make it a graph parameter"
        )


def _hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return get_type_hints(function)
    except Exception:  # noqa: BLE001 - annotations are any code; without them nothing is checked
        return {}
