"""
A graph made ready to run: nodes in order, calls laid out, fingerprints fixed.

`freeze` computes every fingerprint once, when a run starts; workers are sent the result,
so that an edit in mid-run cannot mix versions.

Slots: a run of one item has one slot per input, then one per node, in order. A node's
*lineage* key is the hash of its fingerprint and the keys of the slots it reads; it costs
a microsecond and opens nothing.
"""

import hashlib
import inspect
from collections.abc import Mapping
from typing import Any

import attrs

from creevey_graph.errors import GraphError
from creevey_graph.fingerprint.code import fingerprint_function
from creevey_graph.fingerprint.paths import reads_path_text
from creevey_graph.fingerprint.values import is_frozen
from creevey_graph.graph import Graph
from creevey_graph.ingredients import KEY_FORMAT, code_part, params_part, step_fingerprint
from creevey_graph.node import Node, Ref, map_refs, refs_in
from creevey_graph.outputs import OutputTemplate, parse_template
from creevey_graph.policy import may_keep
from creevey_graph.step import Step


@attrs.frozen
class SlotRef:
    """Names the slot whose value stands in an argument's place."""

    slot: int


@attrs.frozen
class Argument:
    """
    One argument of a call.

    Args:
        value: A constant, a `SlotRef`, or lists, tuples and dicts that hold slot refs.
        shared: True where a constant cannot be changed by the function.
    """

    value: Any
    shared: bool


@attrs.frozen(eq=False)
class FrozenNode:
    """
    A node ready to run.

    Args:
        name: The node's name.
        slot: Its slot.
        step: Its step.
        args: Positional arguments.
        kwargs: Keyword arguments.
        reads: Slots it reads, in the order of its arguments.
        text_counts: For each read, whether the text of a path counts.
        fingerprint: Hex digest of code, parameters and wiring; None where a parameter has no
            digest, so that nothing made of it can be kept.
        keeps: Whether its values may be in the cache.
        output: A writer's output template.
    """

    name: str
    slot: int
    step: Step[..., Any]
    args: tuple[Argument, ...]
    kwargs: tuple[tuple[str, Argument], ...]
    reads: tuple[int, ...]
    text_counts: tuple[bool, ...]
    fingerprint: str | None
    keeps: bool
    output: OutputTemplate | None


@attrs.frozen(eq=False)
class FrozenGraph:
    """
    A graph ready to run.

    Args:
        name: The graph's name.
        inputs: (name, annotation) of each item input.
        nodes: Its nodes, in the order they run.
        columns: Row field -> slot it shows.
        graph_key: Hex digest of all that decides what a run makes and where.
        ingredients: What the fingerprints were made of, JSON-able: node -> code, parts, params.
        untracked: What could not be seen through, as text.
    """

    name: str
    inputs: tuple[tuple[str, Any], ...]
    nodes: tuple[FrozenNode, ...]
    columns: Mapping[str, int]
    graph_key: str
    ingredients: Mapping[str, Any]
    untracked: tuple[str, ...]

    @property
    def writers(self) -> tuple[FrozenNode, ...]:
        """The nodes that write files, in order."""
        return tuple(node for node in self.nodes if node.output is not None)

    @property
    def sinks(self) -> frozenset[int]:
        """Slots that must be up to date: what is written and what is returned."""
        returned = {slot for slot in self.columns.values() if slot >= len(self.inputs)}
        return frozenset(returned | {node.slot for node in self.writers})

    @property
    def always_runs(self) -> bool:
        """True where a node must run every time: it is not pure, or cannot be fingerprinted."""
        return any(node.fingerprint is None or not node.step.options.pure for node in self.nodes)


def freeze(graph: Graph, columns: tuple[str, ...] = ()) -> FrozenGraph:
    """
    Return *graph* ready to run.

    Args:
        graph: A graph; it is validated.
        columns: Names of the items' own columns, for output templates.

    Raises:
        GraphError: The graph is not valid, an output template cannot be used, or a file that a
            step depends on is missing.
    """
    graph.validate()
    order = _borrowers_first(graph)
    slots = {name: slot for slot, name in enumerate([*graph.inputs, *order])}
    ingredients: dict[str, Any] = {}
    untracked: list[str] = []
    nodes = []
    for name in order:
        frozen, parts = _freeze_node(graph.nodes[name], slots, columns)
        nodes.append(frozen)
        ingredients[name] = parts
        untracked += [f"{name}: {text}" for text in parts["untracked"]]
    shown = {column: slots[ref.name] for column, ref in graph.outputs.items()}
    return FrozenGraph(
        graph.name,
        tuple(graph.inputs.items()),
        tuple(nodes),
        shown,
        _graph_key(graph, nodes, shown),
        ingredients,
        tuple(dict.fromkeys(untracked)),
    )


def _borrowers_first(graph: Graph) -> list[str]:
    """
    Return the nodes in topological order, among equals those that share values first.

    A value is copied for a step that might change it while others still need it; with the
    harmless readers first, the last reader gets the value itself.
    """
    import_order = {name: place for place, name in enumerate(graph.order())}
    waiting = {
        name: {source for _, source in node.refs() if source in graph.nodes}
        for name, node in graph.nodes.items()
    }
    readers: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for name, sources in waiting.items():
        for source in sources:
            readers[source].append(name)
    ready = sorted((name for name, sources in waiting.items() if not sources), key=import_order.__getitem__)
    order: list[str] = []
    while ready:
        name = ready.pop(0)
        order.append(name)
        free = []
        for reader in readers[name]:
            waiting[reader].discard(name)
            if not waiting[reader]:
                free.append(reader)
        # Depth first, so that a branch's values are released before the next branch begins.
        free.sort(key=lambda n: (not graph.nodes[n].step.options.borrows, import_order[n]))
        ready[:0] = free
    return order


def _freeze_node(
    node: Node, slots: Mapping[str, int], columns: tuple[str, ...]
) -> tuple[FrozenNode, dict[str, Any]]:
    step = node.step
    bound = _bound_arguments(node)
    template = None
    if step.is_writer:
        path = bound.arguments.get(step.options.writes)
        if any(refs_in(path)):
            raise GraphError(
                f"node '{node.name}': its output path must be a template or a function of the item, "
                "not the result of a step"
            )
        template = parse_template(node.name, path, columns)
    reads, text_counts = _reads(node.name, bound.arguments, step, slots)
    code, parts = code_part(node.name, step)
    params, digests = params_part(bound.arguments, step, template)
    parts["params"] = params
    fingerprint = None if None in digests.values() else step_fingerprint(step, code, digests, bound.arguments)
    args, kwargs = _layout(bound, slots)
    frozen = FrozenNode(
        node.name,
        slots[node.name],
        step,
        args,
        kwargs,
        reads,
        text_counts,
        fingerprint,
        may_keep(step) and fingerprint is not None,
        template,
    )
    return frozen, parts


def _bound_arguments(node: Node) -> inspect.BoundArguments:
    bound = inspect.BoundArguments(node.step.signature, dict(node.arguments))
    parameters = node.step.signature.parameters
    extra = next((n for n, p in parameters.items() if p.kind is p.VAR_KEYWORD), None)
    for name, value in node.step.bound.items():
        if name in parameters:
            bound.arguments.setdefault(name, value)
        elif extra:
            bound.arguments[extra] = {name: value, **bound.arguments.get(extra, {})}
    bound.apply_defaults()
    return bound


def _reads(
    node: str, arguments: Mapping[str, Any], step: Step[..., Any], slots: Mapping[str, int]
) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    reads: list[int] = []
    text_counts: list[bool] = []
    for parameter, value in arguments.items():
        for ref in refs_in(value):
            if ref.name not in slots:
                raise GraphError(
                    f"node '{node}': parameter '{parameter}' reads '{ref.name}', which is not there"
                )
            by_content = step.options.by_content
            counts = reads_path_text(step.func, parameter) if by_content is None else not by_content
            reads.append(slots[ref.name])
            text_counts.append(counts)
    return tuple(reads), tuple(text_counts)


def _layout(
    bound: inspect.BoundArguments, slots: Mapping[str, int]
) -> tuple[tuple[Argument, ...], tuple[tuple[str, Argument], ...]]:
    def argument(value: Any) -> Argument:
        laid = map_refs(value, lambda leaf: SlotRef(slots[leaf.name]) if isinstance(leaf, Ref) else leaf)
        return Argument(laid, not any(refs_in(value)) and is_frozen(value))

    return (
        tuple(argument(value) for value in bound.args),
        tuple((name, argument(value)) for name, value in bound.kwargs.items()),
    )


def _graph_key(graph: Graph, nodes: list[FrozenNode], shown: Mapping[str, int]) -> str:
    parts: list[Any] = [KEY_FORMAT, list(graph.inputs), sorted(shown.items())]
    for node in nodes:
        place = "" if node.output is None else _template_text(node.output)
        parts.append((node.name, node.fingerprint, node.reads, node.text_counts, place))
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _template_text(output: OutputTemplate) -> str:
    if callable(output.template):
        return fingerprint_function(output.template).digest
    return output.template
