"""
Checks on graphs, each a pure function that raises `GraphError`.

networkx finds cycles in the graph's `DiGraph` of names; it is imported where there may be one (`wiring`).
Nothing recurses: a chain of 10 000 nodes is fine.
"""

import inspect
import os
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    is_typeddict,
)

from creevey_graph.errors import GraphError, StepError
from creevey_graph.step import Step

if TYPE_CHECKING:
    import networkx as nx


def validate_arguments(
    node: str, step: Step[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """
    Check that a call has every argument once and none unknown; return them, defaults filled in.

    Raises:
        GraphError: An argument is missing, unknown or given twice.
    """
    validate_known(node, step, kwargs)
    try:
        return step.arguments(args, kwargs)
    except StepError as exc:
        raise GraphError(f"node '{node}': {exc}") from exc


def validate_bound(node: str, step: Step[..., Any], arguments: Mapping[str, Any]) -> None:
    """
    Check that a node built by hand has every argument its step requires.

    Raises:
        GraphError: One has neither a value, nor a connection, nor a default.
    """
    for name, parameter in step.signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name not in arguments and name not in step.bound and parameter.default is parameter.empty:
            raise GraphError(
                f"node '{node}': parameter '{name}' is unbound; "
                f"connect(…, '{node}.{name}') or give it a value"
            )


def validate_known(node: str, step: Step[..., Any], names: Iterable[str]) -> None:
    """
    Check that a step takes parameters of these names.

    Raises:
        GraphError: It does not.
    """
    for name in names:
        try:
            step.check_parameter(name)
        except StepError as exc:
            raise GraphError(f"node '{node}': {exc}") from None


def validate_acyclic(wiring: "nx.DiGraph[str]") -> None:
    """
    Check that no node waits for itself.

    Raises:
        GraphError: There is a cycle; printed `a -> b -> a`.
    """
    import networkx as nx  # noqa: PLC0415 - 0.1 s that graphs which cannot have a cycle do not pay

    if nx.is_directed_acyclic_graph(wiring):
        return
    edges = nx.find_cycle(wiring)
    path = " -> ".join([edges[0][0], *(edge[1] for edge in edges)])
    raise GraphError(f"the graph has a cycle: {path}; remove one of these connections")


def validate_used(nodes: Iterable[str], used: Collection[str]) -> None:
    """
    Check that every node's result is read, returned or written.

    Args:
        nodes: Names of the nodes.
        used: Names of those that are.

    Raises:
        GraphError: One is not; it would run for nothing, or (more likely) a name was mistyped.
    """
    for name in nodes:
        if name not in used:
            raise GraphError(
                f"node '{name}': its result is not used; pass it on, return it, or leave the step out"
            )


def validate_output_paths(reads: Mapping[str, Sequence[str]]) -> None:
    """
    Check that no writer's output path comes from a node: paths must be known before anything runs.

    Args:
        reads: Writer -> names of the nodes and inputs that its path reads.

    Raises:
        GraphError: One does.
    """
    for writer, sources in reads.items():
        if sources:
            raise GraphError(
                f"node '{writer}': its output path must be a template such as '{{stem}}.jpg' or a "
                f"function of the item (got the value of '{sources[0]}')"
            )


def validate_annotations(
    nodes: Mapping[str, Mapping[str, Any]], edges: Iterable[tuple[str, str, Iterable[str]]]
) -> None:
    """
    Check that what a node gives can be what its readers take, where both are annotated.

    Args:
        nodes: Name -> facts, with `gives` and `takes`.
        edges: (giver, reader, parameters it feeds).

    Raises:
        GraphError: Two annotations cannot agree.
    """
    for giver, reader, parameters in edges:
        given = nodes[giver].get("gives", Any)
        takes: Mapping[str, Any] = nodes[reader].get("takes", {})
        for parameter in parameters:
            wanted = takes.get(parameter, Any)
            if not can_agree(given, wanted):
                must, got = _shown(wanted), _shown(given)
                if must == got:
                    must, got = f"{wanted.__module__}.{must}", f"{given.__module__}.{got}"
                raise GraphError(
                    f"node '{reader}': parameter '{parameter}' must be {must} "
                    f"(got {got} from '{giver}'); connect another node, or mend the annotation"
                )


def can_agree(given: Any, wanted: Any) -> bool:
    """
    False only where a value annotated *given* can never be one annotated *wanted*.

    >>> can_agree(int, float), can_agree(str, int), can_agree(bytes | None, bytes)
    (True, False, True)
    """
    given, wanted = plain_annotation(given), plain_annotation(wanted)
    for side, other, swapped in ((given, wanted, False), (wanted, given, True)):
        if get_origin(side) in (Union, types.UnionType):
            return any(
                can_agree(other, part) if swapped else can_agree(part, other) for part in get_args(side)
            )
    left, right = _class_of(given), _class_of(wanted)
    if left is None or right is None or _is_protocol(left) or _is_protocol(right):
        return True
    try:
        if issubclass(left, int | float) and issubclass(right, float | complex):
            return True
        return issubclass(left, right) or issubclass(right, left)
    except TypeError:  # a class that refuses to be asked
        return True


def plain_annotation(annotation: Any) -> Any:
    """
    Return what values of an annotation are at run time: `Annotated`, `NewType` and the like seen through.

    >>> plain_annotation(Annotated[int, "px"]), plain_annotation(Literal["fill", "fit"])
    (<class 'int'>, <class 'str'>)
    """
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif get_origin(annotation) is Literal:
            kinds = {type(value) for value in get_args(annotation)}
            annotation = kinds.pop() if len(kinds) == 1 else Any
        elif type(annotation).__name__ == "TypeAliasType":  # `type Size = int`, from Python 3.12 on
            annotation = annotation.__value__
        elif is_typeddict(annotation):
            return dict
        else:
            return annotation


def _class_of(annotation: Any) -> type | None:
    if annotation is None:
        return type(None)
    if annotation in (Any, inspect.Parameter.empty, object) or isinstance(annotation, TypeVar | str):
        return None
    origin = get_origin(annotation) or annotation
    return origin if isinstance(origin, type) else None


def _is_protocol(kind: type) -> bool:
    # ABCs of collections.abc are met by duck typing too, typing.IO by nothing else; a Protocol always is.
    return bool(getattr(kind, "_is_protocol", False)) or kind.__module__ in {"collections.abc", "typing"}


def _shown(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def validate_sendable(steps: Mapping[str, Step[..., Any]], dumps: Callable[[Any], bytes]) -> None:
    """
    Check that every step can be sent to another process.

    Args:
        steps: Node name -> step.
        dumps: The serialiser the executor uses.

    Raises:
        GraphError: One cannot, such as a step that closes over a lock or an open file.
    """
    for name, step in steps.items():
        try:
            dumps((step.func, dict(step.bound)))
        except Exception as exc:
            raise GraphError(
                f"node '{name}': step '{step.name}' cannot be sent to a process ({exc}); "
                "open what it needs inside the function, or run it in threads (executor='threads', --executor threads)"
            ) from exc


def validate_outputs_outside(out: str, root: str | None, *, recursive: bool) -> None:
    """
    Check that outputs do not land among the inputs, where the next run would take them for inputs.

    Args:
        out: The output folder.
        root: The folder the inputs were listed from; None where there is none.
        recursive: Whether folders below *root* are listed too.

    Raises:
        GraphError: *out* is *root*, or below it where that is listed.
    """
    if root is None:
        return
    folder, inputs = os.path.realpath(out), os.path.realpath(root)
    below = recursive and folder.startswith(inputs.rstrip(os.sep) + os.sep)
    if folder == inputs or below:
        raise GraphError(
            f"outputs would be written inside the input folder (outputs in '{out}', inputs in '{root}'), "
            "and the next run would take them for inputs; choose an output folder beside it"
        )


def validate_template_writers(nodes: Mapping[str, Step[..., Any]], out: object) -> None:
    """
    Check that a graph with writers is given a folder to write to.

    Raises:
        GraphError: It has writers and *out* is None.
    """
    writers = [name for name, step in nodes.items() if step.is_writer]
    if writers and out is None:
        raise GraphError(f"node '{writers[0]}' writes files; say where with out='folder' or --out folder")
