"""
Checks of the constants that a graph's nodes are given, before anything runs.

What is wrong with one is wrong for every item: it is found while the graph is declared, and anew when a
parameter is bound, since binding declares it anew. Values that come from items are the steps' to check.
"""

import inspect
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from creevey_graph.errors import GraphError, did_you_mean
from creevey_graph.node import Node, refs_in
from creevey_graph.signature import VARIADIC, required_of
from creevey_graph.validate import validate_bound

_SEQUENCES = (tuple, list, Sequence)


def validate_nodes(nodes: Iterable[Node]) -> None:
    """
    Check what each node is given.

    Raises:
        GraphError: An argument is missing, or a constant is none that its step can use.
    """
    for node in nodes:
        validate_bound(node.name, node.step, node.arguments)
        validate_choices(node)
        validate_check(node)


def validate_choices(node: Node) -> None:
    """
    Check that a constant is one of the choices that its parameter's annotation allows.

    Raises:
        GraphError: The parameter is annotated with a `Literal`, and its value is none of those.
    """
    for parameter, value in _by_parameter(node):
        annotation = node.step.hints.get(parameter, Any)
        if any(True for _ in refs_in(value)):
            continue
        for part, known in _parts(value, annotation):
            if not any(_is_same(part, choice) for choice in known):
                names = [str(choice) for choice in known]
                raise GraphError(
                    f"node '{node.name}': parameter '{parameter}' has no choice {part!r}"
                    f"{did_you_mean(str(part), names)}"
                )


def validate_check(node: Node) -> None:
    """
    Check a node's constants as its step's `check` does.

    Raises:
        GraphError: It raised a `ValueError` or `TypeError`.
    """
    check = node.step.options.check
    if check is None:
        return
    constants = _constants_of(node)
    parameters = inspect.signature(check).parameters
    if all(name in constants for name in required_of(parameters)):
        takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
        wanted = {name: value for name, value in constants.items() if takes_all or name in parameters}
        try:
            check(**wanted)
        except (ValueError, TypeError) as exc:
            text = str(exc).removeprefix(f"step '{node.step.name}': ")
            raise GraphError(f"node '{node.name}': {text}") from exc


def _constants_of(node: Node) -> dict[str, Any]:
    """Return what a node's step is called with, without what comes from nodes and items."""
    found: dict[str, Any] = {}
    for name, parameter in node.step.signature.parameters.items():
        value = node.arguments.get(name, parameter.default)
        if parameter.kind is parameter.VAR_KEYWORD:
            found.update(node.arguments.get(name, {}))
        elif parameter.kind is not parameter.VAR_POSITIONAL and value is not parameter.empty:
            found[name] = value
    return {name: value for name, value in found.items() if not any(True for _ in refs_in(value))}


def _by_parameter(node: Node) -> Iterator[tuple[str, Any]]:
    """Yield (parameter, value), one each of what `*args` and `**kwargs` take."""
    parameters = node.step.signature.parameters
    for name, value in node.arguments.items():
        kind = parameters[name].kind if name in parameters else None
        if kind in VARIADIC:
            parts = value.values() if isinstance(value, Mapping) else value
            yield from ((name, part) for part in parts)
        else:
            yield name, value


def _parts(value: Any, annotation: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Yield a value, or its members, with the choices there are; nothing where any value may do."""
    known = choices_of(annotation)
    if known is not None:
        yield value, known
        return
    for member in _members(_plain(annotation)):
        kinds = get_args(member)
        origin = get_origin(member)
        if origin not in _SEQUENCES or not isinstance(value, tuple | list):
            continue
        repeats = origin is not tuple or (len(kinds) == 2 and kinds[1] is Ellipsis)  # noqa: PLR2004 - of `tuple[X, ...]`
        for kind, part in zip(kinds[:1] * len(value) if repeats else kinds, value, strict=False):
            if (choices := choices_of(kind)) is not None:
                yield part, choices


def choices_of(annotation: Any) -> list[Any] | None:
    """
    Return the only values that an annotation allows, None where it allows others than listed ones.

    >>> choices_of(Literal["fill", "fit"] | None), choices_of(Literal["auto"] | int)
    (['fill', 'fit', None], None)
    """
    found: list[Any] = []
    for member in _members(_plain(annotation)):
        if member is None or member is type(None):
            found.append(None)
        elif get_origin(member) is Literal:
            found += get_args(member)
        else:
            return None
    return found or None


def _members(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(_plain(member))
    else:
        yield annotation


def _plain(annotation: Any) -> Any:
    """Return an annotation without `Annotated`, and what a `type` statement's name stands for."""
    while True:
        if hasattr(annotation, "__metadata__"):
            annotation = get_args(annotation)[0]
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation


def _is_same(value: Any, choice: Any) -> bool:
    # True == 1, and an array compares member by member; a StrEnum's member is the text it stands for.
    if isinstance(value, bool) is not isinstance(choice, bool) or not isinstance(value, type(choice)):
        return False
    return bool(value == choice)
