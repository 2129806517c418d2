"""What an item may take of a worker process: memory, and time; what is chosen where nothing is said."""

import math
import os
from concurrent.futures import Executor
from typing import Any, Literal

from creevey_graph.errors import UsageError
from creevey_graph.executors import IS_KEPT_TO, Limits, default_memory
from creevey_graph.frozen import FrozenGraph
from creevey_graph.sizes import parse_size

MEMORY_VARIABLE = "CREEVEY_WORKER_MEMORY"
GRACE_S = 1.0
"""What a call may take beyond its `timeout_s`, which ends it from within unless native code holds on to the process."""
_NONE = ("none", "off")


def chosen_memory(memory: int | str | Literal[False] | None) -> int | Literal[False] | None:
    """
    Return what a worker process may take in bytes, False for any, None where it is to be chosen.

    That of `CREEVEY_WORKER_MEMORY` where *memory* is None.

    Raises:
        UsageError: It is no size.
    """
    where = "worker_memory"
    if memory is None:
        where, memory = MEMORY_VARIABLE, os.environ.get(MEMORY_VARIABLE, "").strip() or None
    if isinstance(memory, str):
        memory = False if memory.lower() in _NONE else parse_size(memory, where)
    if memory is None or memory is False:
        return memory
    if isinstance(memory, bool) or not isinstance(memory, int) or memory < 1:
        raise UsageError(
            f"{where} must be bytes from 1, a text such as '4GB', or False for any (got {memory!r})"
        )
    return memory


def check_item_timeout(timeout_s: Any, executor: str | Executor) -> None:
    """
    Check a limit for items, and that it can be kept: only a process can be ended, whatever runs in it.

    Raises:
        UsageError: It is none, or the executor is another.
    """
    if timeout_s is None:
        return
    if isinstance(timeout_s, bool) or not (
        isinstance(timeout_s, int | float) and math.isfinite(timeout_s) and timeout_s > 0
    ):
        raise UsageError(f"item_timeout_s must be above 0 seconds, or None for no limit (got {timeout_s!r})")
    if executor not in ("auto", "processes"):
        name = executor if isinstance(executor, str) else type(executor).__name__
        raise UsageError(
            f"item_timeout_s (--item-timeout) needs executor 'processes' or 'auto' (got '{name}'): only a process "
            "can be ended in the middle of an item; @step(timeout_s=) limits a step with every executor"
        )


def choose_limits(
    frozen: FrozenGraph, memory: int | Literal[False] | None, timeout_s: float | None, workers: int
) -> Limits:
    """Return what each of *workers* processes may take."""
    calls_s = {
        position: node.step.options.timeout_s * (1 + node.step.options.retries) + GRACE_S
        for position, node in enumerate(frozen.nodes)
        if node.step.options.timeout_s is not None
    }
    chosen = default_memory(workers) if memory is None else memory or None
    item_s = math.inf if timeout_s is None else float(timeout_s)
    return Limits(chosen if IS_KEPT_TO else None, item_s, calls_s)
