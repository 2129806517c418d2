"""What a step asks of the engine: its options, checked."""

import math
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.codecs import Codec, find_codec
from creevey_graph.errors import CodecError, StepError


class CachePolicy(StrEnum):
    """What becomes of a step's values: `auto` keeps what pays, the others are orders."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@attrs.frozen
class StepOptions:
    """
    What a step asks of the engine.

    Args:
        version: Replaces the code part of the fingerprint where not None.
        cache: Whether its values are stored.
        depends_on: Functions and files whose content counts as this step's code.
        ignore: Parameters that do not change the result and stay out of the key.
        retries: How often a failing call is tried again, 0 or more.
        timeout_s: Seconds a call may take, above 0; None for no limit.
        codec: How its value becomes bytes; chosen by the value's type where None.
        pure: False where equal inputs may give different results; it then always runs. Or a function of
            parameters, by their names, that says so; a frozen graph has its answer.
        memory: Name of the parameter that is handed a `Memory` where the step is not pure; "" for none.
        writes: Name of the parameter that is an output path; "" for none.
        borrows: True where the function never changes its arguments, so that branches may share them.
        downloads: True where the step waits for the network rather than for the processor.
        by_content: True where of a path only the file's content counts, False where its text counts
            too; None to find out from the code, where in doubt the text counts.
        check: Called with the step's constant arguments by their names before anything runs; None for none.
    """

    version: str | None = None
    cache: CachePolicy = attrs.field(default=CachePolicy.AUTO)
    depends_on: tuple[Callable[..., Any] | Path, ...] = ()
    ignore: frozenset[str] = frozenset()
    retries: int = 0
    timeout_s: float | None = None
    codec: Codec | None = None
    pure: bool | Callable[..., bool] = True
    writes: str = ""
    borrows: bool = False
    downloads: bool = False
    by_content: bool | None = None
    memory: str = ""
    check: Callable[..., None] | None = None


def checked_policy(cache: str) -> CachePolicy:
    """Return the policy named *cache*, else raise StepError."""
    try:
        return CachePolicy(cache)
    except (ValueError, TypeError):
        raise StepError(f"cache must be 'auto', 'always' or 'never' (got {cache!r})") from None


def checked_retries(retries: int) -> int:
    """Return *retries* where it is a whole number from 0, else raise StepError."""
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise StepError(f"retries must be 0 or more (got {retries!r})")
    return retries


def checked_timeout(timeout_s: float | None) -> float | None:
    """Return *timeout_s* where it is None or above 0, else raise StepError."""
    if timeout_s is not None and (
        isinstance(timeout_s, bool)
        or not isinstance(timeout_s, int | float)
        or not (math.isfinite(timeout_s) and timeout_s > 0)
    ):
        raise StepError(f"timeout_s must be above 0 seconds, or None for no limit (got {timeout_s!r})")
    return timeout_s


def checked_codec(codec: Any) -> Codec | None:
    """Return the codec, or the one of this name, else raise StepError."""
    if isinstance(codec, str):
        try:
            return find_codec(codec)
        except CodecError as exc:
            raise StepError(f"codec must be the name of a codec or a Codec: {exc}") from exc
    if codec is not None and not all(hasattr(codec, part) for part in ("name", "encode", "decode")):
        raise StepError(f"codec must be the name of a codec or a Codec (got {codec!r})")
    return codec  # type: ignore[no-any-return]  # it has the parts of one


def checked_name_of(option: str, name: Any) -> str:
    """Return *name* where it is text, else raise StepError."""
    if not isinstance(name, str):
        raise StepError(f"{option} must name a parameter (got {name!r})")
    return name


def checked_names(option: str, names: Any) -> tuple[str, ...]:
    """Return one name or several as a tuple, else raise StepError."""
    if isinstance(names, str):
        names = (names,)
    found = tuple(names) if isinstance(names, Iterable) else (names,)
    if not all(isinstance(name, str) for name in found):
        raise StepError(f"{option} must name parameters (got {names!r})")
    return found


def checked_dependencies(depends_on: Any) -> tuple[Callable[..., Any] | Path, ...]:
    """Return one dependency or several as a tuple, text as paths, else raise StepError."""
    if isinstance(depends_on, str | Path) or callable(depends_on):
        depends_on = (depends_on,)
    if not isinstance(depends_on, Iterable):
        raise StepError(f"depends_on must name functions and files (got {depends_on!r})")
    dependencies = tuple(Path(part) if isinstance(part, str) else part for part in depends_on)
    for dependency in dependencies:
        if not (callable(dependency) or isinstance(dependency, Path)):
            raise StepError(f"depends_on must name functions and files (got {dependency!r})")
    return dependencies


def checked_purity(pure: Any) -> bool | Callable[..., bool]:
    """Return *pure* where it is True, False or a function, else raise StepError."""
    if not (isinstance(pure, bool) or callable(pure)):
        raise StepError(f"pure must be True, False or a function of parameters (got {pure!r})")
    return pure  # type: ignore[no-any-return]  # it was checked to be one of these


def checked_check(check: Any) -> Callable[..., None] | None:
    """Return *check* where it is None or a function, else raise StepError."""
    if check is not None and not callable(check):
        raise StepError(f"check must be a function of constant parameters, or None (got {check!r})")
    return check  # type: ignore[no-any-return]  # it was checked to be one of these


def checked_truth(option: str, value: Any) -> bool:
    """Return *value* where it is True or False, else raise StepError."""
    if not isinstance(value, bool):
        raise StepError(f"{option} must be True or False (got {value!r})")
    return value
