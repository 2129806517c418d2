"""
Graph parameters as text: `name=value` -> value, by the type of its default and annotation, and back.

The command line's `--set` and the page of `explore` read and show parameters so.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.graph import Graph

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_settings(graph: Graph, settings: Sequence[str], where: str = "--set") -> dict[str, Any]:
    """
    Return parameter -> value.

    Args:
        graph: The graph whose parameters they are.
        settings: "name=value" each.
        where: What errors begin with.

    Raises:
        UsageError: There is no such parameter, or the value is not what it takes.
    """
    values: dict[str, Any] = {}
    annotations = annotations_of(graph)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"{where} takes NAME=VALUE, such as {where} size=128,128 (got '{setting}')")
        if name not in graph.parameters:
            near = did_you_mean(name, graph.parameters)
            raise UsageError(f"{where}: graph '{graph.name}' has no parameter '{name}'{near}")
        values[name] = parsed_setting(name, text, graph.parameters[name], annotations.get(name), f"{where} ")
    return values


def setting_text(value: Any) -> str | None:
    """
    Return the text that is read as *value*; None where no text is.

    >>> setting_text((128, 128)), setting_text(None), setting_text(True), setting_text(len)
    ('128,128', 'none', 'true', None)
    """
    if isinstance(value, tuple | list):
        parts = [setting_text(part) for part in value]
        held = [part for part in parts if part is not None and "," not in part]
        return ",".join(held) if len(held) == len(parts) else None
    if value is None or isinstance(value, bool):
        return str(value).lower()
    is_plain = isinstance(value, int | float | str | Path) and not isinstance(value, Enum)
    return str(value) if is_plain else None


def annotations_of(graph: Graph) -> Mapping[str, Any]:
    """Return parameter -> annotation; empty where they cannot be resolved."""
    try:
        return get_type_hints(graph.function) if graph.function else {}
    except Exception:  # noqa: BLE001 - annotations are any code; then the default alone tells
        return {}


def parsed_setting(name: str, text: str, default: Any, annotation: Any, where: str = "--set ") -> Any:
    """
    Return the value that *text* stands for, as parameter *name* takes it.

    Args:
        name: The parameter's name.
        text: What was typed.
        default: Its value until now.
        annotation: Its annotation, None where there is none.
        where: What errors begin with.

    Raises:
        UsageError: It stands for no such value.
    """
    kinds = _kinds(default, annotation)
    for kind in kinds:
        try:
            return parse_value(text, kind)
        except ValueError:
            continue
    told = dict.fromkeys(what for kind in kinds for what in _told(kind))
    if not told:
        raise UsageError(
            f"{where}{name}: a {type(default).__name__} cannot be read from text; "
            f"set it in the file with .bind({name}=…)"
        )
    sample = (
        f", such as {','.join(map(str, default))}" if default and isinstance(default, tuple | list) else ""
    )
    raise UsageError(f"{where}{name}: expected {' or '.join(told)}{sample} (got '{text}')")


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
