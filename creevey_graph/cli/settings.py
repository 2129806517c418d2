"""`--set name=value`: text -> value of a graph parameter, by the type of its default and annotation."""

import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from creevey_graph import Graph, UsageError
from creevey_graph.cli.tracebacks import failure_of
from creevey_graph.errors import did_you_mean

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def bound_graph(graph: Graph, settings: Sequence[str]) -> Graph:
    """
    Return *graph* with its parameters set.

    Args:
        graph: The graph.
        settings: "name=value" each.

    Raises:
        UsageError: There is no such parameter, or the value is not what it takes.
        Failure: The graph cannot be made with it.
    """
    if not settings:
        return graph
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes NAME=VALUE, such as --set size=128,128 (got '{setting}')")
        if name not in graph.parameters:
            near = did_you_mean(name, graph.parameters)
            raise UsageError(f"--set: graph '{graph.name}' has no parameter '{name}'{near}")
        values[name] = _parsed(name, text, graph.parameters[name], _annotations(graph).get(name))
    try:
        return graph.bind(**values)
    except Exception as exc:  # tracing runs the user's function, which may raise anything
        raise failure_of(f"graph '{graph.name}' cannot be made with {', '.join(settings)}", exc) from exc


def _annotations(graph: Graph) -> Mapping[str, Any]:
    try:
        return get_type_hints(graph.function) if graph.function else {}
    except Exception:  # noqa: BLE001 - annotations are any code; then the default alone tells
        return {}


def _parsed(name: str, text: str, default: Any, annotation: Any) -> Any:
    kinds = _kinds(default, annotation)
    for kind in kinds:
        try:
            return parse_value(text, kind)
        except ValueError:
            continue
    told = dict.fromkeys(what for kind in kinds for what in _told(kind))
    if not told:
        raise UsageError(
            f"--set {name}: a {type(default).__name__} cannot be read from text; "
            f"set it in the file with .bind({name}=…)"
        )
    sample = (
        f", such as {','.join(map(str, default))}" if default and isinstance(default, tuple | list) else ""
    )
    raise UsageError(f"--set {name}: expected {' or '.join(told)}{sample} (got '{text}')")


def _kinds(default: Any, annotation: Any) -> list[Any]:
    """Return the types to try: that of the default, what the annotation allows, or a guess."""
    kinds = [type(None), int, float, bool, str] if default is None else [_kind_of(default)]
    return kinds if annotation is None else [*(kinds if default is not None else ()), annotation]


def _kind_of(default: Any) -> Any:
    """Return a value's type as an annotation: `tuple[int, int]` for (224, 224)."""
    if isinstance(default, tuple) and default:
        return tuple[tuple(map(_kind_of, default))]  # type: ignore[misc]  # made at run time
    if isinstance(default, list) and default:
        return list[_kind_of(default[0])]  # type: ignore[misc]  # made at run time
    return type(default)


def parse_value(text: str, kind: Any) -> Any:
    """
    Return the value of type *kind* that *text* stands for.

    Raises:
        ValueError: It stands for none.

    >>> parse_value("128,128", tuple[int, int]), parse_value("0.5", float), parse_value("none", int | None)
    ((128, 128), 0.5, None)
    """
    origin, members = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _parse_first(text, sorted(members, key=lambda member: member is not type(None)))
    if origin is Literal:
        return {str(choice): choice for choice in members}[_one_of(text, [str(choice) for choice in members])]
    if origin is tuple and members[-1] is not ...:
        parts = _parts(text)
        if len(parts) != len(members):
            raise ValueError(text)
        return tuple(parse_value(part, member) for part, member in zip(parts, members, strict=True))
    if origin in (tuple, list, Sequence):
        values = [parse_value(part, members[0]) for part in _parts(text)]
        return values if origin is list else tuple(values)
    if kind not in _READERS:
        raise ValueError(text)
    return _READERS[kind][1](text)


def _parse_first(text: str, kinds: Sequence[Any]) -> Any:
    for kind in kinds:
        try:
            return parse_value(text, kind)
        except ValueError:
            continue
    raise ValueError(text)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.strip("()[] ").split(",") if part.strip()]


def _one_of(text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise ValueError(text)
    return text


def _parse_bool(text: str) -> bool:
    return _TRUTH[_one_of(text.lower(), list(_TRUTH))]


def _parse_none(text: str) -> None:
    _one_of(text.lower(), ["none"])


_READERS: Mapping[Any, tuple[str, Callable[[str], Any]]] = types.MappingProxyType(
    {
        bool: ("true or false", _parse_bool),
        int: ("a whole number", int),
        float: ("a number", float),
        str: ("text", str),
        Path: ("a path", Path),
        type(None): ("none", _parse_none),
    }
)
"""Type -> what it is called, and how it is read."""
_SEVERAL = types.MappingProxyType({int: "whole numbers", float: "numbers", str: "texts", Path: "paths"})


def _told(kind: Any) -> list[str]:
    """Say what text of a kind looks like, in as many ways as it has; none for a kind that cannot be read."""
    origin, members = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return [text for member in members for text in _told(member)]
    if origin is Literal:
        return [f"'{choice}'" for choice in members]
    if origin in (tuple, list, Sequence):
        count = f"{len(members)} " if origin is tuple and members[-1] is not ... else ""
        return [f"{count}{_SEVERAL.get(members[0], 'values')} with commas between"]
    return [_READERS[kind][0]] if kind in _READERS else []
