"""
Graphs: nodes wired by calls.

A `Graph` is declared by tracing a function once on symbolic items (`trace`), by hand
(`input`, `add`, `connect`) or from steps in a row (`linear`). It holds steps and
connections only, never items; how it runs stands in higher floors.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from creevey_graph.apart import validate_templates_apart
from creevey_graph.compose import bridged, check_source, connected, first_free, read_from, replaced, target_of
from creevey_graph.constants import validate_nodes
from creevey_graph.errors import GraphError, did_you_mean
from creevey_graph.node import Node, Ref
from creevey_graph.signature import fold, merge, name_of
from creevey_graph.step import Step
from creevey_graph.symbols import NodeSymbol
from creevey_graph.tracing import (
    base_name,
    caller_of,
    check_name,
    declaration_of,
    free_group,
    free_name,
    named_outputs,
    rename,
    split_inputs,
    split_name,
    to_refs,
    to_symbols,
)
from creevey_graph.validate import (
    validate_annotations,
    validate_arguments,
    validate_known,
    validate_output_paths,
    validate_used,
)
from creevey_graph.wiring import Wiring, order_of, wiring_of

if TYPE_CHECKING:
    import networkx as nx


class Graph:
    """
    Nodes wired by calls.

    `input`, `add`, `connect` and `output` build it up; `bind`, `replace`, `without` and `|`
    return new graphs. Checks run on `validate`, and before anything else is done with it.

    State: inputs = name -> annotation, in order; nodes = name -> `Node`; outputs = column -> `Ref`;
    returns = the shape the function returned; parameters = graph parameters; function = what was
    traced, None for a graph built by hand; origin = the same, of graphs made of a traced one too.

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
        self.origin: Callable[..., Any] | None = None
        self.__name__ = name
        self._numbers: dict[str, int] = {}  # name -> highest number given to it

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
        graph = cls(name_of(function))
        graph.function, graph.origin, graph.__doc__ = function, function, function.__doc__
        graph.inputs, graph.parameters = declaration_of(graph.name, function, parameters or {})
        symbols = [NodeSymbol(graph, name) for name in graph.inputs]
        graph.output(function(*symbols, **graph.parameters))
        graph.validate()
        return graph

    @classmethod
    def linear(cls, steps: Sequence[Step[..., Any]]) -> Self:
        """Return the graph that passes each step's result to the next one's first free parameter."""
        first, last = steps[0].name, steps[-1].name
        graph = cls(first if len(steps) == 1 else f"{first}_{last}")
        parameter = first_free(steps[0])
        value: Any = graph.input(parameter, steps[0].hints.get(parameter, Any))
        for step in steps:
            value = graph.add(step, **{first_free(step): value})
        graph.output(value)
        graph.validate()
        return graph

    def input(self, name: str, annotation: Any = Any) -> NodeSymbol:
        """
        Declare an item input.

        Raises:
            GraphError: The name is taken, or cannot name an input.
        """
        self.inputs[self._checked_name(name)] = annotation
        return NodeSymbol(self, name)

    def add(
        self, step: Step[..., Any] | Callable[..., Any], name: str | None = None, /, **arguments: Any
    ) -> NodeSymbol:
        """
        Place a step; arguments left out may be connected later.

        Args:
            step: A step, or a function to make one of.
            name: The node's name; the step's name, numbered where taken, by default.
            arguments: Parameter -> constant, or the symbol of another node; `name=` is the node's
                name too where the function has no such parameter.

        Raises:
            GraphError: A parameter does not exist, or a symbol belongs to another graph.
        """
        step = _as_step(step)
        called, arguments = split_name(step, arguments)
        name = called if name is None else name
        validate_known(name or step.name, step, arguments)
        return self._insert(step, name, fold(step.signature.parameters, arguments))

    def connect(self, source: NodeSymbol | str, target: str) -> None:
        """
        Feed a node's value to a parameter.

        Args:
            source: A node or input: its symbol or its name.
            target: "node.parameter".

        Raises:
            GraphError: One of them is none or does not exist, or the parameter has a value already.
        """
        name = self._name_of(source)
        node_name, parameter = target_of(self.name, target)
        node = self.node(node_name)
        validate_known(node_name, node.step, [parameter])
        self.nodes[node_name] = connected(node, parameter, Ref(name))

    def output(self, returned: Any) -> None:
        """
        Say what the graph returns: nothing, a node, a tuple of nodes or a dict of nodes.

        Raises:
            GraphError: It is something else.
        """
        self.returns = to_refs(self, returned)
        self.outputs = named_outputs(self.name, self.returns)

    def place(self, step: Step[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> NodeSymbol:
        """Make a node of a call (`name=` names it where the function has no such parameter)."""
        name, given = split_name(step, kwargs)
        validate_arguments(name or step.name, step, args, given)
        return self._insert(step, name, step.signature.bind_partial(*args, **given).arguments)

    def _insert(self, step: Step[..., Any], name: str | None, given: Mapping[str, Any]) -> NodeSymbol:
        name = self._free_name(step.name) if name is None else self._checked_name(name)
        parameters = step.signature.parameters
        arguments = merge(parameters, fold(parameters, step.bound), given)
        refs = {parameter: to_refs(self, value) for parameter, value in arguments.items()}
        self.nodes[name] = Node(name, step, refs)
        return NodeSymbol(self, name)

    def bind(self, **parameters: Any) -> Self:
        """
        Return the graph traced anew with other graph parameters.

        Raises:
            GraphError: There is no such parameter, or the graph was built by hand.
        """
        if self.function is None:
            raise GraphError(f"graph '{self.name}' was built by hand and has no parameters to bind")
        graph = type(self).trace(self.function, {**self.parameters, **parameters})
        graph.name = graph.__name__ = self.name
        return graph

    def replace(self, name: str, step: Step[..., Any] | Callable[..., Any]) -> Self:
        """
        Return a graph with another step in a node's place; arguments it does not take are dropped.

        Raises:
            GraphError: There is no such node, or the new step lacks an argument.
        """
        node = self.node(name)
        graph = self.copy()
        graph.nodes[name] = replaced(node, _as_step(step))
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
        graph = self.copy()
        for name in names:
            graph.node(name)
            graph.nodes = bridged(graph.nodes, name)
        kept = {column: ref for column, ref in graph.outputs.items() if ref.name not in names}
        if len(kept) < len(graph.outputs):
            graph.outputs = graph.returns = kept
        graph.nodes = read_from(graph.nodes, graph.order(), kept.values())
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
        graph = self.copy()
        end = NodeSymbol(graph, next(iter(graph.outputs.values())).name)
        if isinstance(other, Graph):
            graph.output(graph.inline(other, [end]))
        else:
            graph.output(graph.add(other, **{first_free(other): end}))
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
        outer = caller_of(self.name, args, kwargs)
        assert isinstance(outer, Graph)
        inputs, parameters = split_inputs(self.name, self.inputs, args, kwargs)
        return outer.inline(self.bind(**parameters) if parameters else self, inputs)

    def inline(self, inner: "Graph", inputs: Sequence[Any]) -> Any:
        """Place *inner*'s nodes here on *inputs*, one each; return symbols in the shape it returns."""
        values = split_inputs(inner.name, inner.inputs, inputs, {})[0]
        names = dict(zip(inner.inputs, [to_refs(self, value) for value in values], strict=True))
        group = free_group(inner.name, self.nodes.values())
        for name in inner.order():
            node = inner.nodes[name]
            arguments = {p: rename(value, names) for p, value in node.arguments.items()}
            fresh = self._free_name(base_name(node))
            self.nodes[fresh] = Node(fresh, node.step, arguments, (group, *node.group))
            names[name] = Ref(fresh)
        return to_symbols(self, rename(inner.returns, names))

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
        """The wiring as a read-only `networkx.DiGraph`: names with the facts of `Wiring`, edges with `parameters`."""
        return self.wiring.to_networkx()

    @property
    def wiring(self) -> Wiring:
        """The wiring as plain data."""
        return wiring_of(self.name, self.inputs, self.nodes)

    def order(self) -> list[str]:
        """
        Return the nodes' names in topological order, ties in the order they were placed.

        Raises:
            GraphError: There is a cycle.
        """
        return [name for name in order_of(self.wiring) if name in self.nodes]

    def validate(self) -> None:
        """
        Check the graph as a whole.

        Raises:
            GraphError: Naming node, parameter and remedy.
        """
        validate_nodes(self.nodes.values())
        order_of(wiring := self.wiring)
        writers = [node for node in self.nodes.values() if node.step.is_writer]
        used = {*(ref.name for ref in self.outputs.values()), *(node.name for node in writers)}
        validate_used(self.nodes, used.union(giver for giver, _, _ in wiring.edges()))
        validate_output_paths({node.name: node.path_sources() for node in writers})
        validate_templates_apart({node.name: node.output_path() for node in writers})
        validate_annotations(wiring.nodes, wiring.edges())
        if not self.nodes:
            raise GraphError(f"graph '{self.name}' has no nodes; call at least one step on its items")

    def __repr__(self) -> str:
        return f"<graph {self.name}({', '.join(self.inputs)}): {' '.join(self.nodes)}>"

    def copy(self) -> Self:
        """Return a graph of the same nodes that can be changed by itself."""
        graph = type(self)(self.name)
        graph.inputs, graph.nodes = dict(self.inputs), dict(self.nodes)
        graph.outputs, graph.returns = dict(self.outputs), self.returns
        graph.parameters, graph.origin, graph.__doc__ = dict(self.parameters), self.origin, self.__doc__
        return graph

    def _checked_name(self, name: str) -> str:
        return check_name(self.name, name, (self.inputs, self.nodes))

    def _free_name(self, name: str) -> str:
        return free_name(name, (self.inputs, self.nodes), self._numbers)

    def _name_of(self, source: NodeSymbol | str) -> str:
        if isinstance(source, NodeSymbol):
            return to_refs(self, source).name  # type: ignore[no-any-return]
        if check_source(self.name, source) not in self.inputs:
            self.node(source)
        return source


def _as_step(step: Any) -> Step[..., Any]:
    if isinstance(step, Graph):
        raise GraphError(f"graph '{step.name}' is no step; call it on nodes, or join it with '|'")
    return step if isinstance(step, Step) else Step(step)
