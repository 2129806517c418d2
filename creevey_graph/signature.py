"""What can be read off a callable: its name and its signature."""

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from creevey_graph.errors import StepError

VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def name_of_kind(parameters: Mapping[str, inspect.Parameter], kind: Any) -> str:
    """Return the name of the parameter of this kind ("*args", "**kwargs"), "" where there is none."""
    return next((name for name, parameter in parameters.items() if parameter.kind is kind), "")


def required_of(parameters: Mapping[str, inspect.Parameter]) -> tuple[str, ...]:
    """Return the names of the parameters that a call must give."""
    return tuple(n for n, p in parameters.items() if p.kind not in VARIADIC and p.default is p.empty)


def fold(parameters: Mapping[str, inspect.Parameter], named: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments given by name as `inspect` lays them out: what `**kwargs` takes in one dict."""
    own = {n: v for n, v in named.items() if n in parameters and parameters[n].kind not in VARIADIC}
    rest = {n: v for n, v in named.items() if n not in own}
    return {**own, name_of_kind(parameters, inspect.Parameter.VAR_KEYWORD): rest} if rest else own


def merge(
    parameters: Mapping[str, inspect.Parameter], first: Mapping[str, Any], then: Mapping[str, Any]
) -> dict[str, Any]:
    """Return two layouts of arguments as one, in the order of the parameters; of two values the later."""
    both = {**first, **then}
    extra = name_of_kind(parameters, inspect.Parameter.VAR_KEYWORD)
    if extra in first and extra in then:
        both[extra] = {**first[extra], **then[extra]}
    return {name: both[name] for name in parameters if name in both}


def name_of(func: Any) -> str:
    """Return the name a callable goes by: letters, digits and "_" only."""
    while isinstance(func, functools.partial):
        func = func.func
    name = getattr(func, "__name__", None) or type(func).__name__
    return "lambda" if name == "<lambda>" else re.sub(r"\W", "_", name)


def checked_name(name: str) -> str:
    """Return *name* where it can name a node, else raise StepError."""
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w\-]*", name):
        raise StepError(f"a name must be letters, digits, '_' and '-' (got {name!r}); choose another")
    return name


def signature_of(func: Callable[..., Any], name: str) -> inspect.Signature:
    """
    Return the signature of a callable.

    Raises:
        StepError: It has none, is async, or is a generator function.
    """
    target: Any = func
    while isinstance(target, functools.partial):
        target = target.func
    runs = getattr(type(target), "__call__", None)  # noqa: B004 - what a callable object runs
    if inspect.isfunction(runs) and not inspect.isclass(target):
        target = runs
    if inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target):
        raise StepError(f"step '{name}': must be an ordinary function (got an async one)")
    if inspect.isgeneratorfunction(target):
        raise StepError(
            f"step '{name}': must return its value (got a generator function); return a list instead"
        )
    try:
        return inspect.signature(func)
    except (TypeError, ValueError) as exc:
        raise StepError(
            f"step '{name}': {func!r} has no signature; wrap it in a function of your own"
        ) from exc
