"""A `Pipeline`'s functions wired up as a graph: load -> op -> op ... -> write, measures as branches."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from creevey_graph.arrays.report import report_output
from creevey_graph.arrays.stats import calculate_mean_brightness, record_mean_brightness
from creevey_graph.arrays.web import IN_STEPS
from creevey_graph.compose import first_free
from creevey_graph.errors import StepError
from creevey_graph.facade import Graph
from creevey_graph.fields import FIXED_COLUMNS
from creevey_graph.fingerprint.paths import reads_path_text
from creevey_graph.inpaths import outpath_of
from creevey_graph.signature import VARIADIC, name_of
from creevey_graph.stages import (
    Log,
    apply,
    apply_reporting,
    asked_for,
    asks_for_name,
    load,
    load_reporting,
    log_of,
    measure,
    names_log,
    parted,
    place_bytes,
    value_of,
    write,
    write_apart,
    write_elsewhere,
    write_named,
)
from creevey_graph.step import Step, step

FILE = "file"
"""Column of the output in a report's rows."""
REPORTED = "_report"
"""What ends the name of a column that holds all that one function reported."""
_RESERVED = frozenset((*FIXED_COLUMNS, FILE))
_OWN = frozenset(("func", "asks", "inpath", "value", "path", "name"))
"""Names that an option of an op cannot have without being taken for something else."""
_MEASURES: Mapping[Any, tuple[Callable[..., Any], str]] = MappingProxyType(
    {record_mean_brightness: (calculate_mean_brightness, "mean_brightness")}
)


@attrs.frozen
class Form:
    """
    What a run's outpaths ask of its graph.

    Args:
        template: Where the writer's output goes.
        are_local: Whether outpaths are files; else what is written cannot be seen, and is written each time.
        as_text: Whether the function that writes is given text.
    """

    template: Any = "{name}"
    are_local: bool = True
    as_text: bool = False


def form_of_run(*, are_local: bool, as_text: bool) -> Form:
    """Return the form of a run's graph."""
    return Form(outpath_of, are_local, as_text and are_local)


def assemble(
    name: str,
    load_func: Callable[..., Any],
    ops: Sequence[Callable[..., Any]],
    write_func: Callable[..., Any],
    form: Form,
    *,
    is_custom: bool,
) -> Graph:
    """
    Return the graph of a pipeline.

    Args:
        name: Its name.
        load_func: Inpath -> value.
        ops: Value -> value, each.
        write_func: Value and path -> nothing.
        form: What the outpaths ask of it.
        is_custom: Whether functions are given inpath and log wherever they accept them.
    """
    made = _Assembly(name, is_custom=is_custom)
    made.load(load_func)
    for op in ops:
        made.op(op)
    made.write(write_func, form)
    made.graph.output(made.columns)
    made.graph.validate()
    return made.graph


def takes_steps(load_func: Any) -> bool:
    """True where a load function is a step, or known as several: those take paths as they are."""
    base = parted(load_func)[0]
    return isinstance(base, Step) or _known(IN_STEPS, base) is not None


class _Assembly:
    """
    A graph in the making.

    State: value = what goes on; before = key -> what was measured; logs = what functions reported;
    columns = name -> node, of what the report shows.
    """

    def __init__(self, name: str, *, is_custom: bool) -> None:
        self.graph = Graph(name)
        self.inpath = self.graph.input("inpath")
        self.value: Any = self.inpath
        self.before: dict[str, Any] = {}
        self.logs: list[Any] = []
        self.columns: dict[str, Any] = {}
        self._is_custom = is_custom

    def load(self, func: Callable[..., Any]) -> None:
        """Place what loads."""
        base, options = parted(func)
        if (steps := _known(IN_STEPS, base)) is not None:
            for place, part in enumerate(steps):
                self._chain(part.bind(**options) if options and not place else part)
            return
        if isinstance(base, Step):
            self._chain(base.bind(**options) if options else base)
            return
        asks = self._asked_for(func, 1, ("log_dict",))
        if asks:
            call = functools.partial(load_reporting, func, asks)
            self._reporting(
                self.graph.add(step(call, name=name_of(func), by_content=False), inpath=self.inpath)
            )
            return
        counts_content = _is_shipped(base) or not _reads_text(base)
        made = _step_of(load, func, name_of(func), by_content=counts_content, borrows=_is_shipped(base))
        self.value = self.graph.add(made, inpath=self.inpath)

    def op(self, func: Callable[..., Any]) -> None:
        """Place an op."""
        base, options = parted(func)
        if isinstance(base, Step):
            self._chain(base.bind(**options) if options else base)
            return
        if (measured := self._measured(base, options)) is not None:
            what, key, rest = measured
            made = _step_of(
                measure, functools.partial(what, **rest), name_of(what), borrows=_is_shipped(what)
            )
            self.columns[key] = self.before[key] = self.graph.add(made, value=self.value)
            return
        asks = self._asked_for(func, 1, ("inpath", "log_dict"))
        if asks:
            call = functools.partial(apply_reporting, func, asks)
            self._reporting(self.graph.add(_pairing(call, func), value=self.value, **self._context()))
            return
        borrows = _is_shipped(base)
        made, takes = _own_step(func, borrows=borrows) or (
            _step_of(apply, func, name_of(func), borrows=borrows),
            "value",
        )
        self.value = self.graph.add(made, **{takes: self.value})

    def write(self, func: Callable[..., Any], form: Form) -> None:
        """Place what writes."""
        base, options = parted(func)
        if form.are_local and isinstance(base, Step) and base.is_writer:
            writer = base.bind(**options) if options else base
            arguments = {first_free(writer): self.value, writer.options.writes: form.template}
            self.columns[FILE] = self.graph.add(writer, **arguments)
            return
        func = base.func if isinstance(base, Step) and not options else func
        asks = self._asked_for(func, 2, ("inpath", "log_dict"))
        if not form.are_local:
            self._write_elsewhere(func, asks)
        elif (asks and names_log(func)) or (asks_for_name(func) and not _is_shipped(parted(func)[0])):
            self._write_apart(func, asks, form)
        else:
            self._write(func, asks, form)

    def _write(self, func: Callable[..., Any], asks: tuple[str, ...], form: Form) -> None:
        call = functools.partial(write_named, func, asks) if asks else functools.partial(write, func)
        borrows = _is_shipped(parted(func)[0])
        made = step(
            call, name=name_of(func), writes="path", by_content=False if asks else None, borrows=borrows
        )
        context = self._context() if asks else {}
        self.columns[FILE] = self.graph.add(
            made, value=self.value, path=form.template, as_text=form.as_text, **context
        )

    def _write_apart(self, func: Callable[..., Any], asks: tuple[str, ...], form: Form) -> None:
        """
        Place a function that reports too, or that asks what its path is called.

        Its bytes go on as a value, since a writer's value is its file; the outpath counts, since it may be in them.
        """
        call = functools.partial(write_apart, func, asks)
        written = self._with_outpath(_pairing(call, func), self._context() if asks else {})
        if asks:
            self._reported(written)
        placing = step(place_bytes, writes="path", borrows=True)
        self.columns[FILE] = self.graph.add(placing, written=written, path=form.template)

    def _write_elsewhere(self, func: Callable[..., Any], asks: tuple[str, ...]) -> None:
        call = functools.partial(write_elsewhere, func, asks)
        log = self._with_outpath(
            step(call, name=name_of(func), by_content=False, pure=False), self._context()
        )
        self.columns[f"{log.node}{REPORTED}"] = log

    def _with_outpath(self, made: Step[..., Any], context: Mapping[str, Any]) -> Any:
        outpath = self.graph.input("outpath")
        return self.graph.add(made, value=self.value, outpath=outpath, **context)

    def _chain(self, made: Step[..., Any]) -> None:
        self.value = self.graph.add(made, **{first_free(made): self.value})

    def _asked_for(self, func: Callable[..., Any], works_on: int, names: tuple[str, ...]) -> tuple[str, ...]:
        base = parted(func)[0]
        if _is_shipped(base) and base is not report_output:
            return ()
        return asked_for(func, works_on, names, all_of=self._is_custom)

    def _context(self) -> dict[str, Any]:
        told = {"before": dict(self.before), "logs": list(self.logs)}
        return {"inpath": self.inpath, **{name: some for name, some in told.items() if some}}

    def _reporting(self, node: Any) -> None:
        """Part what a function returned from what it reported."""
        self.value = self.graph.add(step(value_of, name=f"{node.node}_value", borrows=True), reporting=node)
        self._reported(node)

    def _reported(self, node: Any) -> None:
        column = f"{node.node}{REPORTED}"
        log = self.graph.add(step(log_of, name=column, borrows=True), reporting=node)
        self.logs.append(log)
        self.columns[column] = log

    def _measured(self, base: Any, options: Mapping[str, Any]) -> tuple[Any, str, Log] | None:
        """Return function, key and options of an op that reports what a function gives and passes on its input."""
        if (known := _known(_MEASURES, base)) is not None:
            what, key = known
            rest = dict(options)
        elif base is report_output and callable(options.get("func")):
            rest = dict(options)
            what, key = rest.pop("func"), rest.pop("key", None)
        else:
            return None
        can_name = isinstance(key, str) and key and key not in _RESERVED and key not in self.columns
        return (what, key, rest) if can_name and not isinstance(what, Step) else None


def _pairing(call: Callable[..., Any], func: Callable[..., Any]) -> Step[..., Any]:
    """Return the step of a function that reports: what it gives is kept in its two parts, not as a pair."""
    return step(call, name=name_of(func), by_content=False, cache="never")


def _step_of(call: Callable[..., Any], func: Callable[..., Any], name: str, **how: Any) -> Step[..., Any]:
    """Return a step that calls *func*, the options of a partial as its parameters: they are shown and compared."""
    base, options = parted(func)
    if options and _OWN.isdisjoint(options):
        return step(functools.partial(call, base), name=name, **how).bind(**options)
    return step(functools.partial(call, func), name=name, **how)


def _own_step(func: Callable[..., Any], **how: Any) -> tuple[Step[..., Any], str] | None:
    """Return the step of an ordinary function and the parameter it works on; None of what needs to be wrapped."""
    base, options = parted(func)
    if not inspect.isfunction(base):
        return None
    first = next(iter(inspect.signature(base).parameters.values()), None)
    if first is None or first.kind in VARIADIC or first.name in options:
        return None
    try:
        made = step(base, name=name_of(base), **how)
        return (made.bind(**options) if options else made), first.name
    except StepError:  # a generator function, or options it does not take: told by the call itself
        return None


def _reads_text(func: Callable[..., Any]) -> bool:
    try:
        first = next(iter(inspect.signature(func).parameters), "")
    except (TypeError, ValueError):
        return True
    return reads_path_text(func, first)


def _known(table: Mapping[Any, Any], func: Any) -> Any:
    try:
        return table.get(func)
    except TypeError:  # a callable object without a hash
        return None


def _is_shipped(func: Any) -> bool:
    return str(getattr(func, "__module__", "")).startswith("creevey_graph.")
