"""
Steps: plain typed functions plus parameters.

`Step` wraps a function without changing it: called on values it runs, called on
symbolic items (inside a `@graph` function) it makes a node there. What a graph
does with it, how it is fingerprinted and where it runs stand in other modules.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, get_type_hints, overload

from creevey_graph.codecs import Codec
from creevey_graph.display import mimebundle
from creevey_graph.errors import StepError, did_you_mean
from creevey_graph.options import (
    StepOptions,
    checked_check,
    checked_codec,
    checked_dependencies,
    checked_name_of,
    checked_names,
    checked_policy,
    checked_purity,
    checked_retries,
    checked_timeout,
    checked_truth,
)
from creevey_graph.signature import VARIADIC, checked_name, fold, merge, name_of, required_of, signature_of
from creevey_graph.symbolic import find_symbol, symbols_in

P = ParamSpec("P")
R = TypeVar("R")


class Step(Generic[P, R]):
    """
    A function plus parameters.

    Calling a step on values runs its function unchanged. Immutable: `bind` and
    `named` return new steps. Safe to share between threads as far as the function is.

    Args:
        func: What runs: any callable with a signature.
        name: The default name of its nodes.
        options: What it asks of the engine.
        bound: Parameter name -> new default.
    """

    name: str
    linear: ClassVar[Callable[[Sequence["Step[..., Any]"]], Any] | None] = None
    """How `a | b` makes a graph; `creevey_graph/__init__.py`, which knows graphs, sets it."""
    _repr_mimebundle_ = mimebundle

    def __init__(
        self,
        func: Callable[P, R],
        *,
        name: str | None = None,
        options: StepOptions | None = None,
        bound: Mapping[str, Any] | None = None,
    ) -> None:
        if not callable(func):
            raise StepError(f"step must be made of a function (got {func!r})")
        if isinstance(func, Step):
            raise StepError(
                f"step '{func.name}' is a step already; use bind or named, or make a step of its .func"
            )
        self.func = func
        self.name = checked_name(name_of(func) if name is None else name)
        self.options = options or StepOptions()
        self.bound: Mapping[str, Any] = dict(bound or {})
        self.signature = signature_of(func, self.name)
        _check_declared(self)
        functools.update_wrapper(self, func, updated=())

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        symbol = find_symbol(args, kwargs)
        if symbol is not None:
            return symbol.apply(self, args, kwargs)  # type: ignore[return-value]  # a symbol stands for R
        if self.bound:
            arguments = self.arguments(args, kwargs)
            return self.func(*arguments.args, **arguments.kwargs)
        return self.func(*args, **kwargs)

    def bind(self, **defaults: Any) -> "Step[..., R]":
        """
        Return this step with new defaults for parameters.

        Raises:
            StepError: The function has no such parameter, or the value is a node's.
        """
        for parameter, value in defaults.items():
            self.check_parameter(parameter)
            if next(symbols_in(value), None) is not None:
                raise StepError(
                    f"step '{self.name}': bind takes constants (got {value!r} for '{parameter}'); "
                    "pass a node's value in the call"
                )
        return Step(self.func, name=self.name, options=self.options, bound={**self.bound, **defaults})

    def named(self, name: str) -> "Step[P, R]":
        """
        Return this step with another name for its nodes.

        >>> step(len).named("size").name
        'size'
        """
        return Step(self.func, name=name, options=self.options, bound=self.bound)

    def check_parameter(self, parameter: str) -> None:
        """
        Check that the function takes a parameter of this name.

        Raises:
            StepError: It does not.
        """
        parameters = self.signature.parameters
        if parameter in parameters and parameters[parameter].kind not in VARIADIC:
            return
        if any(known.kind is inspect.Parameter.VAR_KEYWORD for known in parameters.values()):
            return
        names = [name for name, known in parameters.items() if known.kind not in VARIADIC]
        raise StepError(f"step '{self.name}': no parameter '{parameter}'{did_you_mean(parameter, names)}")

    def arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
        """
        Match a call to the parameters; what the call leaves out comes from `bind` and the function.

        Raises:
            StepError: A required argument is missing, unknown or given twice.
        """
        try:
            given = self.signature.bind_partial(*args, **kwargs)
        except TypeError as exc:
            raise StepError(f"step '{self.name}': {exc} ({self._takes()})") from exc
        parameters = self.signature.parameters
        given.arguments = merge(parameters, fold(parameters, self.bound), given.arguments)
        for name, parameter in parameters.items():
            required = parameter.default is parameter.empty and parameter.kind not in VARIADIC
            if required and name not in given.arguments:
                raise StepError(
                    f"step '{self.name}': missing argument '{name}'; pass it in the call or with "
                    f"{self.name}.bind({name}=…) ({self._takes()})"
                )
        given.apply_defaults()
        return given

    def _takes(self) -> str:
        return f"takes: {', '.join(self.signature.parameters) or 'nothing'}"

    @functools.cached_property
    def hints(self) -> Mapping[str, Any]:
        """Parameter name -> annotation, and "return"; empty where they cannot be resolved."""
        target: Any = self.func
        while isinstance(target, functools.partial):
            target = target.func
        if not (inspect.isroutine(target) or inspect.isclass(target)):
            target = type(target).__call__
        try:
            if inspect.isclass(target):
                return {**get_type_hints(target.__init__), "return": target}
            return get_type_hints(inspect.unwrap(target))
        except Exception:  # noqa: BLE001 - annotations are any code; without them nothing is checked
            return {}

    @property
    def is_writer(self) -> bool:
        """True where one parameter is an output path."""
        return bool(self.options.writes)

    def __or__(self, other: Any) -> Any:
        """Build the linear graph `self | other`."""
        if Step.linear is None or not isinstance(other, Step):
            return NotImplemented
        return Step.linear((self, other))

    def __repr__(self) -> str:
        bound = ", ".join(f"{name}={value!r}" for name, value in self.bound.items())
        return f"<step {self.name}{self.signature}{f' with {bound}' if bound else ''}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.func, self.name, self.options, dict(self.bound))


def _rebuild(
    func: Callable[..., Any], name: str, options: StepOptions, bound: Mapping[str, Any]
) -> "Step[..., Any]":
    return Step(func, name=name, options=options, bound=bound)


@overload
def step(func: Callable[P, R], /) -> Step[P, R]: ...


@overload
def step(
    func: None = None,
    /,
    *,
    name: str | None = None,
    version: str | float | None = None,
    cache: str = "auto",
    depends_on: Sequence[Callable[..., Any] | Path | str] | Callable[..., Any] | Path | str = (),
    ignore: Sequence[str] | str = (),
    retries: int = 0,
    timeout_s: float | None = None,
    codec: str | Codec | None = None,
    pure: bool | Callable[..., bool] = True,
    writes: str = "",
    borrows: bool = False,
    downloads: bool = False,
    by_content: bool | None = None,
    memory: str = "",
    check: Callable[..., None] | None = None,
) -> Callable[[Callable[P, R]], Step[P, R]]: ...


@overload
def step(
    func: Callable[P, R],
    /,
    *,
    name: str | None = None,
    version: str | float | None = None,
    cache: str = "auto",
    depends_on: Sequence[Callable[..., Any] | Path | str] | Callable[..., Any] | Path | str = (),
    ignore: Sequence[str] | str = (),
    retries: int = 0,
    timeout_s: float | None = None,
    codec: str | Codec | None = None,
    pure: bool | Callable[..., bool] = True,
    writes: str = "",
    borrows: bool = False,
    downloads: bool = False,
    by_content: bool | None = None,
    memory: str = "",
    check: Callable[..., None] | None = None,
) -> Step[P, R]: ...


def step(
    func: Callable[P, R] | None = None,
    /,
    *,
    name: str | None = None,
    version: str | float | None = None,
    cache: str = "auto",
    depends_on: Sequence[Callable[..., Any] | Path | str] | Callable[..., Any] | Path | str = (),
    ignore: Sequence[str] | str = (),
    retries: int = 0,
    timeout_s: float | None = None,
    codec: str | Codec | None = None,
    pure: bool | Callable[..., bool] = True,
    writes: str = "",
    borrows: bool = False,
    downloads: bool = False,
    by_content: bool | None = None,
    memory: str = "",
    check: Callable[..., None] | None = None,
) -> Step[P, R] | Callable[[Callable[P, R]], Step[P, R]]:
    """
    Make a step of a function: `@step`, `@step(retries=2)` or `step(func)`.

    Args:
        func: A function, lambda, partial, bound method or callable object.
        name: Name of its nodes; the function's by default.
        version: Any text; replaces the code part of the fingerprint, so that only
            changing it reruns the step.
        cache: "auto" (keep what pays), "always" or "never".
        depends_on: Functions and files whose content counts as this step's code.
        ignore: Parameters that do not change the result, such as "debug".
        retries: How often a failing call is tried again.
        timeout_s: Seconds one call may take.
        codec: Name of a codec, or a `Codec`; chosen by the value's type by default.
        pure: False where equal inputs may give different results; it then always runs. Or a
            function of constant parameters, by their names, that says so.
        writes: Name of the parameter that is an output path. In a graph the function is
            handed a temporary path, and the target is replaced once it returns.
        borrows: True where the function never changes its arguments, not even in place; a
            value that several branches read is then handed to it without a copy.
        downloads: True where the step mostly waits for the network.
        by_content: True where of a path it is given only the file's content counts, so that a
            renamed file is a hit; by default the code is asked, and in doubt the path counts too.
        memory: Name of the parameter that is handed a `Memory` where the step is not pure and reads
            the graph's inputs: what it kept last time. Steps below run where its value changed.
        check: A function of constant parameters, by their names, that raises a ValueError where they
            cannot be used: called while the graph is declared, before anything runs. It is not called
            where one comes from a node or an item; give it a default to have it called without.

    Raises:
        StepError: An option has a value it cannot have, or the callable has no signature.

    >>> @step
    ... def double(number: int) -> int:
    ...     return 2 * number
    >>> double(21)
    42
    """
    options = StepOptions(
        version=None if version is None else str(version),
        cache=checked_policy(cache),
        depends_on=checked_dependencies(depends_on),
        ignore=frozenset(checked_names("ignore", ignore)),
        retries=checked_retries(retries),
        timeout_s=checked_timeout(timeout_s),
        codec=checked_codec(codec),
        pure=checked_purity(pure),
        writes=checked_name_of("writes", writes),
        borrows=checked_truth("borrows", borrows),
        downloads=checked_truth("downloads", downloads),
        by_content=None if by_content is None else checked_truth("by_content", by_content),
        memory=checked_name_of("memory", memory),
        check=checked_check(check),
    )

    def declare(func: Callable[P, R]) -> Step[P, R]:
        return Step(func, name=name, options=options)

    return declare if func is None else declare(func)


def _check_declared(step: Step[..., Any]) -> None:
    parameters, check = step.signature.parameters, step.options.check
    named = {
        "ignore": step.options.ignore,
        "writes": (step.options.writes,),
        "memory": (step.options.memory,),
        "check": () if check is None else required_of(signature_of(check, step.name).parameters),
    }
    for option, names in named.items():
        for parameter in names:
            if parameter and parameter not in parameters:
                raise StepError(
                    f"step '{step.name}': {option}= names no parameter "
                    f"'{parameter}'{did_you_mean(parameter, parameters)}"
                )
