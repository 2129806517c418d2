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
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache import Accepted
from creevey_graph.errors import GraphError
from creevey_graph.fingerprint.code import fingerprint_function
from creevey_graph.fingerprint.facts import value_text
from creevey_graph.fingerprint.paths import reads_path_text
from creevey_graph.fingerprint.values import is_frozen
from creevey_graph.frozen import Argument, FrozenGraph, FrozenNode, SlotRef, looked_at
from creevey_graph.graph import Graph
from creevey_graph.ingredients import (
    KEY_FORMAT,
    as_accepted,
    code_part,
    effort_part,
    params_part,
    step_fingerprint,
)
from creevey_graph.node import Node, Ref, map_refs, refs_in
from creevey_graph.options import StepOptions
from creevey_graph.outputs import OutputTemplate, parse_template
from creevey_graph.policy import may_keep
from creevey_graph.step import Step


def freeze(
    graph: Graph, columns: tuple[str, ...] = (), accepted: Mapping[str, Accepted] | None = None
) -> FrozenGraph:
    """
    Return *graph* ready to run.

    Args:
        graph: A graph; it is validated.
        columns: Names of the items' own columns, for output templates.
        accepted: Code part -> what it counts as, where an edit was said to be harmless.

    Raises:
        GraphError: The graph is not valid, an output template cannot be used, or a file that a
            step depends on is missing.
    """
    graph.validate()
    _check_versions(graph)
    order = _borrowers_first(graph)
    slots = {name: slot for slot, name in enumerate([*graph.inputs, *order])}
    ingredients: dict[str, Any] = {}
    untracked: list[str] = []
    files: dict[str, None] = {}
    nodes = []
    for name in order:
        made_of = code_part(name, graph.nodes[name].step)
        files.update(dict.fromkeys(made_of["files"].values()))
        code, parts = as_accepted(made_of, accepted or {})
        frozen = _freeze_node(graph.nodes[name], slots, columns, code, parts)
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
        home_of(graph),
        tuple(looked_at(files)),
    )


def _check_versions(graph: Graph) -> None:
    """
    Check that no two functions of a graph have one version and one name, since a version stands for the code.

    Lambdas, functions made by one function, and partials of one are told apart by nothing else: one's
    results would be given to the other.

    Raises:
        GraphError: Two have.
    """
    seen: dict[str, tuple[str, str]] = {}
    for name, node in graph.nodes.items():
        if node.step.options.version is None:
            continue
        real = fingerprint_function(node.step.func, with_defaults=False).digest
        other, known = seen.setdefault(code_part(name, node.step)["code"], (name, real))
        if known != real:
            raise GraphError(
                f"nodes '{other}' and '{name}': two different functions of one name have version "
                f"'{node.step.options.version}', which stands for their code; give one another version"
            )


def home_of(graph: Graph) -> str:
    """
    Return the file a graph's function stands in, without folder and suffix; "" for one built by hand.

    It tells graphs of one name apart, alike for a script and for the module of its name; one that was
    made of another by `replace`, `without` or `|` is at home where that is. The cells of
    a notebook (<ipython-input-3-…>, /tmp/ipykernel_7/123.py) have another name each time they are run:
    "" for them too.
    """
    code = getattr(graph.origin, "__code__", None)
    path = None if code is None else Path(code.co_filename)
    is_cell = path is None or path.name.startswith("<") or path.parent.name.startswith("ipykernel_")
    return "" if path is None or is_cell else path.stem


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
    node: Node, slots: Mapping[str, int], columns: tuple[str, ...], code: str, parts: dict[str, Any]
) -> FrozenNode:
    """Return a node ready to run; what its fingerprint is made of besides its code goes into *parts*."""
    bound = _bound_arguments(node)
    step = _with_purity(node, bound.arguments)
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
    params, digests = params_part(bound.arguments, step, template)
    parts["params"] = params
    parts["reads"] = {
        parameter: [ref.name for ref in refs_in(value)] for parameter, value in bound.arguments.items()
    }
    parts["output"] = "" if template is None else _template_name(template)
    fingerprint = None if None in digests.values() else step_fingerprint(step, code, digests, bound.arguments)
    args, kwargs = _layout(bound, slots)
    return FrozenNode(
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
        effort_part(bound.arguments, step),
    )


def _with_purity(node: Node, arguments: Mapping[str, Any]) -> Step[..., Any]:
    """Return a node's step with what its parameters say of its purity, and without its check, which is done."""
    step, options = node.step, attrs.evolve(node.step.options, check=None)
    if not callable(options.pure):
        return step if step.options.check is None else _with_options(step, options)
    wanted = {name: arguments[name] for name in inspect.signature(options.pure).parameters}
    for name, value in wanted.items():
        if any(refs_in(value)):
            raise GraphError(
                f"node '{node.name}': parameter '{name}' decides whether the step runs in every run, so it "
                "must be a constant or a graph parameter, not the value of an item"
            )
    pure = attrs.evolve(options, pure=bool(options.pure(**wanted)))
    return _with_options(step, pure)


def _with_options(step: Step[..., Any], options: StepOptions) -> Step[..., Any]:
    return Step(step.func, name=step.name, options=options, bound=step.bound)


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


def _template_name(output: OutputTemplate) -> str:
    return value_text(output.template) if callable(output.template) else output.template


def _template_text(output: OutputTemplate) -> str:
    if callable(output.template):
        return fingerprint_function(output.template).digest
    return output.template
