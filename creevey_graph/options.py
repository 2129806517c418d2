"""What a step asks of the engine: its options, checked."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.codecs import Codec
from creevey_graph.errors import StepError


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
        pure: False where equal inputs may give different results; it then always runs.
        writes: Name of the parameter that is an output path; "" for none.
        borrows: True where the function never changes its arguments, so that branches may share them.
        downloads: True where the step waits for the network rather than for the processor.
        by_content: True where of a path only the file's content counts, False where its text counts
            too; None to find out from the code, where in doubt the text counts.
    """

    version: str | None = None
    cache: CachePolicy = attrs.field(default=CachePolicy.AUTO)
    depends_on: tuple[Callable[..., Any] | Path, ...] = ()
    ignore: frozenset[str] = frozenset()
    retries: int = 0
    timeout_s: float | None = None
    codec: Codec | None = None
    pure: bool = True
    writes: str = ""
    borrows: bool = False
    downloads: bool = False
    by_content: bool | None = None


def checked_policy(cache: str) -> CachePolicy:
    """Return the policy named *cache*, else raise StepError."""
    try:
        return CachePolicy(cache)
    except ValueError:
        raise StepError(f"cache must be 'auto', 'always' or 'never' (got {cache!r})") from None


def checked_retries(retries: int) -> int:
    """Return *retries* where it is a whole number from 0, else raise StepError."""
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise StepError(f"retries must be 0 or more (got {retries!r})")
    return retries


def checked_timeout(timeout_s: float | None) -> float | None:
    """Return *timeout_s* where it is None or above 0, else raise StepError."""
    if timeout_s is not None and (
        isinstance(timeout_s, bool) or not isinstance(timeout_s, int | float) or not timeout_s > 0
    ):
        raise StepError(f"timeout_s must be above 0 seconds (got {timeout_s!r})")
    return timeout_s
