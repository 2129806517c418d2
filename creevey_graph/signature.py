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


def name_of(func: Any) -> str:
    """Return the name a callable goes by: letters, digits and "_" only."""
    while isinstance(func, functools.partial):
        func = func.func
    name = getattr(func, "__name__", None) or type(func).__name__
    return "lambda" if name == "<lambda>" else re.sub(r"\W", "_", name)


def checked_name(name: str) -> str:
    """Return *name* where it can name a node, else raise StepError."""
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w\-]*", name):
        raise StepError(
            f"a step's name must be letters, digits, '_' and '-' (got {name!r}); name it with name=…"
        )
    return name


def signature_of(func: Callable[..., Any], name: str) -> inspect.Signature:
    """
    Return the signature of a callable.

    Raises:
        StepError: It has none, is async, or is a generator function.
    """
    if inspect.iscoroutinefunction(func) or inspect.isasyncgenfunction(func):
        raise StepError(f"step '{name}': must be an ordinary function (got an async one)")
    if inspect.isgeneratorfunction(func):
        raise StepError(
            f"step '{name}': must return its value (got a generator function); return a list instead"
        )
    try:
        return inspect.signature(func)
    except (TypeError, ValueError) as exc:
        raise StepError(
            f"step '{name}': {func!r} has no signature; wrap it in a function of your own"
        ) from exc
