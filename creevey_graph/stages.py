"""
What the steps of a `Pipeline` run: the user's functions, called with what their signatures ask for.

A function may want the inpath and a `log_dict` besides what it works on. It is given a log of its own,
which holds what functions before it reported; what it adds is a value of the graph like any other, kept
and restored with the rest. Nothing is shared between items, so that it does not matter where they run.
"""

import functools
import inspect
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType, MappingProxyType
from typing import Any

import attrs

from creevey_graph.errors import StepError
from creevey_graph.text import safe_text

PLACED = ("",)
"""Asks for inpath and log behind what it works on, by place, as Creevey 1.1 passed them."""
_NAMES = ("inpath", "log_dict")
_NAMING = frozenset(("name", "stem", "parts", "basename", "with_stem"))
"""Attributes and functions that tell what a file or its folder is called."""

Log = dict[str, Any]
NOTHING: Mapping[str, Any] = MappingProxyType({})


@attrs.frozen
class Elsewhere:
    """
    Stands for an inpath behind which no regular file stands: what the file held cannot count.

    Args:
        inpath: The inpath.
        mark: None, or what has no digest, so that nothing made of it is kept: what is in a folder may change.
    """

    inpath: Any
    mark: object = None


@attrs.frozen
class Outpath:
    """
    An outpath as an item's value, where the function that writes is to know it.

    Args:
        outpath: What `path_func` returned.
    """

    outpath: Any


# --- what a function asks for --------------------------------------------------------------------


def asked_for(
    func: Callable[..., Any], works_on: int, names: Sequence[str], *, all_of: bool
) -> tuple[str, ...]:
    """
    Return what a function is to be given besides what it works on: names, or `PLACED`.

    Args:
        func: The function.
        works_on: How many arguments it is given in any case, by place.
        names: What there is to give.
        all_of: Whether it is given all it accepts; else only where it cannot do without a `log_dict`.

    >>> def op(image, inpath, log_dict): ...
    >>> asked_for(op, 1, ("inpath", "log_dict"), all_of=False), asked_for(len, 1, ("inpath",), all_of=True)
    (('inpath', 'log_dict'), ())

    """
    try:
        parameters = list(inspect.signature(func).parameters.values())
    except (TypeError, ValueError):
        return ()
    by_place = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    own = {p.name for p in by_place[:works_on]}
    rest = {p.name: p for p in parameters if p.name not in own and p.kind is not p.POSITIONAL_ONLY}
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    if not all_of:
        needed = "log_dict" in rest and rest["log_dict"].default is inspect.Parameter.empty
        return tuple(name for name in names if needed and (name in rest or takes_any))
    found = tuple(name for name in names if name in rest or takes_any)
    required = [p for p in by_place[works_on:] if p.default is p.empty]
    return found or (PLACED if len(required) == len(names) else ())


def names_log(func: Callable[..., Any]) -> bool:
    """True where a function has a parameter `log_dict`: it may well put something there."""
    try:
        return "log_dict" in inspect.signature(func).parameters
    except (TypeError, ValueError):
        return False


def asks_for_name(func: Callable[..., Any]) -> bool:
    """
    True where a function's own code may ask its path what it is called: `path.stem`, `basename(path)`.

    >>> asks_for_name(lambda text, path: path.write_text(path.stem)), asks_for_name(lambda image, path: image.save(path))
    (True, False)

    """
    func = inspect.unwrap(parted(func)[0])
    code = getattr(func, "__code__", None) or getattr(type(func).__call__, "__code__", None)
    waiting = [code] if isinstance(code, CodeType) else []
    while waiting:
        code = waiting.pop()
        if not _NAMING.isdisjoint(code.co_names):
            return True
        waiting += [const for const in code.co_consts if isinstance(const, CodeType)]
    return False


def parted(func: Any) -> tuple[Any, dict[str, Any]]:
    """
    Return a function and its options, of a partial without arguments by place; of others as they are.

    >>> parted(functools.partial(sorted, reverse=True))
    (<built-in function sorted>, {'reverse': True})

    """
    if isinstance(func, functools.partial) and not func.args:
        return func.func, dict(func.keywords)
    return func, {}


# --- calls -----------------------------------------------------------------------------------------


def load(func: Callable[..., Any], inpath: Any, **options: Any) -> Any:
    """Return what *func* loads."""
    return func(actual(inpath), **options)


def apply(func: Callable[..., Any], value: Any, **options: Any) -> Any:
    """Return what *func* makes of *value*."""
    return func(value, **options)


def measure(func: Callable[..., Any], value: Any, **options: Any) -> Any:
    """Return what *func* has to report of *value*."""
    return _plain(func(value, **options))


def load_reporting(func: Callable[..., Any], asks: tuple[str, ...], inpath: Any) -> tuple[Any, Log]:
    """Return what *func* loads, and what it reports."""
    return _with_log(func, asks, (actual(inpath),), inpath=inpath, known={}, names=_NAMES[1:])


def apply_reporting(
    func: Callable[..., Any],
    asks: tuple[str, ...],
    value: Any,
    *,
    inpath: Any,
    before: Mapping[str, Any] = NOTHING,
    logs: Sequence[Log] = (),
) -> tuple[Any, Log]:
    """
    Return what *func* makes of *value*, and what it reports.

    Args:
        func: The function.
        asks: What it is given besides *value*.
        value: What it works on.
        inpath: Where that came from.
        before: What was measured before it.
        logs: What was reported before it.
    """
    return _with_log(func, asks, (value,), inpath=inpath, known=_joined(before, logs), names=_NAMES)


def value_of(reporting: tuple[Any, Log]) -> Any:
    """Return the value that goes on."""
    return reporting[0]


def log_of(reporting: tuple[Any, Log]) -> Log:
    """Return what was reported."""
    return reporting[1]


def write(func: Callable[..., Any], value: Any, path: Path, *, as_text: bool = False) -> None:
    """Let *func* write *value* to *path*, handed to it as text where its outpaths are text."""
    func(value, str(path) if as_text else path)


def write_named(
    func: Callable[..., Any],
    asks: tuple[str, ...],
    value: Any,
    path: Path,
    *,
    inpath: Any,
    before: Mapping[str, Any] = NOTHING,
    logs: Sequence[Log] = (),
    as_text: bool = False,
) -> None:
    """Let *func* write *value* to *path*, with the inpath and the log that it asks for."""
    place = str(path) if as_text else path
    _with_log(func, asks, (value, place), inpath=inpath, known=_joined(before, logs), names=_NAMES)


def write_apart(
    func: Callable[..., Any],
    asks: tuple[str, ...],
    value: Any,
    outpath: Outpath,
    *,
    inpath: Any = None,
    before: Mapping[str, Any] = NOTHING,
    logs: Sequence[Log] = (),
) -> tuple[bytes, Log]:
    """Return the bytes that *func* writes of *value* at a path of the same names elsewhere, and what it reports."""
    with tempfile.TemporaryDirectory(prefix="creevey-write-") as folder:
        path = Path(folder, *Path(outpath.outpath).absolute().parts[1:])
        path.parent.mkdir(parents=True)
        place = str(path) if isinstance(outpath.outpath, str) else path
        log = _with_log(func, asks, (value, place), inpath=inpath, known=_joined(before, logs), names=_NAMES)[
            1
        ]
        if not path.is_file():
            raise FileNotFoundError("write_func wrote nothing at the path it was given")
        if more := [file.name for file in Path(folder).rglob("*") if file != path and not file.is_dir()]:
            raise StepError(
                f"write_func wrote more than its path: {safe_text(', '.join(sorted(more)))}; "
                "give each file a pipeline of its own"
            )
        return path.read_bytes(), log


def place_bytes(written: tuple[bytes, Log], path: Path) -> None:
    """Write the bytes that `write_apart` returned."""
    path.write_bytes(written[0])


def write_elsewhere(
    func: Callable[..., Any],
    asks: tuple[str, ...],
    value: Any,
    outpath: Outpath,
    *,
    inpath: Any,
    before: Mapping[str, Any] = NOTHING,
    logs: Sequence[Log] = (),
) -> Log:
    """Let *func* do with *value* and an outpath that is no file what it does, and return what it reports."""
    return _with_log(
        func, asks, (value, outpath.outpath), inpath=inpath, known=_joined(before, logs), names=_NAMES
    )[1]


# --- logs ------------------------------------------------------------------------------------------


def actual(inpath: Any) -> Any:
    """Return the inpath as the user gave it."""
    return inpath.inpath if isinstance(inpath, Elsewhere) else inpath


def _joined(before: Mapping[str, Any], logs: Sequence[Log]) -> Log:
    return {**before, **{key: value for log in logs for key, value in log.items()}}


def _with_log(
    func: Callable[..., Any],
    asks: tuple[str, ...],
    works_on: tuple[Any, ...],
    *,
    inpath: Any,
    known: Log,
    names: tuple[str, ...],
) -> tuple[Any, Log]:
    """Call *func* with a log that holds what is known; return its value, and what it added or changed."""
    log_dict: defaultdict[Any, Log] = defaultdict(dict)
    where = actual(inpath)
    if known:
        log_dict[where].update(known)
    gives = {"inpath": where, "log_dict": log_dict}
    if asks == PLACED:
        value = func(*works_on, *(gives[name] for name in names))
    else:
        value = func(*works_on, **{name: gives[name] for name in asks})
    added = {str(key): _plain(told) for log in log_dict.values() for key, told in log.items()}
    return value, {key: told for key, told in added.items() if key not in known or told is not known[key]}


def _plain(told: Any) -> Any:
    """Return what is reported as plain values: arrays and numbers of numpy as Python's."""
    return told.tolist() if hasattr(told, "dtype") and hasattr(told, "tolist") else told
