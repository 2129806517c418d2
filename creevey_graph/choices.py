"""How a run goes: its options, and the executor chosen where that is left open."""

import os
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Literal

import attrs

from creevey_graph.allowance import check_item_timeout
from creevey_graph.cache import Accepted, Cache, read_accepted
from creevey_graph.errors import CacheError, UsageError, did_you_mean
from creevey_graph.executors import EXECUTORS, default_jobs, dumps
from creevey_graph.frozen import FrozenGraph
from creevey_graph.sizes import parse_size
from creevey_graph.step import Step
from creevey_graph.validate import validate_sendable

DOWNLOAD_JOBS = 16
"""Items in hand at once where a graph downloads and nothing is said: they mostly wait."""
SIZE_VARIABLE = "CREEVEY_CACHE_SIZE"
MANY_DOWNLOADS = 1000
"""From so many on, decoding and writing in one process would keep them waiting for each other."""
FEW_ITEMS = 32
"""Below this, starting processes costs more than they give."""
LITTLE_WORK_S = 5.0
"""Likewise: half of it would be saved at the very best, on two processors."""


def _kinds(catch: Any) -> tuple[type[BaseException], ...]:
    kinds = catch if isinstance(catch, tuple) else (catch,)
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        raise UsageError(f"catch must be a class of exceptions, or a tuple of them (got {catch!r})")
    return kinds


@attrs.frozen
class Options:
    """
    How a run goes.

    Args:
        out: Output folder; None where nothing is written.
        jobs: Items in hand at once, 1 or more; None to choose.
        executor: "auto", a name in `EXECUTORS`, or a `concurrent.futures.Executor`.
        cache: The cache, None for none.
        on_error: "continue" (record and go on), "stop" (finish what is in hand), or "raise".
        catch: Exceptions that fail their item alone, whatever *on_error* says.
        max_failures: Stop after this many failed items; None for no limit.
        refresh: Run everything, whatever the cache has.
        prune: Delete outputs that no item stands behind any more.
        retry_failed: Whether items that failed last time are tried again though nothing of them has
            changed: True all, False none, None those whose failure may pass by itself (a 404 does not).
        only_failed: Look only at items that failed last time.
        cache_size: Bytes of values that the cache may keep after the run; None for any.
        worker_memory: Bytes that a worker process may take; False for any, None to choose.
        item_timeout_s: Seconds for one item, after which its process is ended; None for any.
    """

    out: Path | None = None
    jobs: int | None = None
    executor: str | Executor = "auto"
    cache: Cache | None = None
    on_error: str = "continue"
    catch: tuple[type[BaseException], ...] = attrs.field(default=(), converter=_kinds)
    max_failures: int | None = None
    refresh: bool = False
    prune: bool = False
    retry_failed: bool | None = None
    only_failed: bool = False
    cache_size: int | None = None
    worker_memory: int | Literal[False] | None = None
    item_timeout_s: float | None = None

    @property
    def tries_lasting(self) -> bool:
        """True where items are tried again whose failure will not pass by itself."""
        return self.refresh or self.only_failed or bool(self.retry_failed)

    def __attrs_post_init__(self) -> None:
        if self.on_error not in ("continue", "stop", "raise"):
            raise UsageError(f"on_error must be 'continue', 'stop' or 'raise' (got {self.on_error!r})")
        check_item_timeout(self.item_timeout_s, self.executor)
        if self.only_failed and self.prune:
            raise UsageError("prune needs a run over all items; leave out only_failed (--failed)")
        if self.only_failed and self.retry_failed is False:
            raise UsageError(
                "only failed items (only_failed, --failed), and those not tried again (retry_failed=False, "
                "--no-retry-failed), leave nothing to do; choose one"
            )
        for name, value in (("jobs", self.jobs), ("max_failures", self.max_failures)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise UsageError(f"{name} must be 1 or more (got {value!r})")


def check_failures_known(*, only_failed: bool, has_cache: bool) -> None:
    """
    Check that it can be known which items failed last time.

    Raises:
        UsageError: They are asked for, and there is no cache.
    """
    if only_failed and not has_cache:
        raise UsageError(
            "which items failed last time stands in the cache: only failed items (only_failed, --failed) "
            "cannot be run without one (cache=False, --no-cache)"
        )


def chosen_size(size: int | str | None) -> int | None:
    """
    Return the bytes of a cache's size, that of `CREEVEY_CACHE_SIZE` where it is None, None for any size.

    Raises:
        UsageError: It is no size.
    """
    if size is None:
        text = os.environ.get(SIZE_VARIABLE, "")
        return parse_size(text, SIZE_VARIABLE) if text.strip() else None
    if isinstance(size, str):
        return parse_size(size, "cache_size")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise UsageError(f"cache_size must be bytes from 0, or a text such as '20GB' (got {size!r})")
    return size


def validate_executor(executor: str | Executor) -> None:
    """
    Check that there is such an executor.

    Raises:
        UsageError: There is none.
    """
    if not isinstance(executor, Executor) and executor not in ("auto", *EXECUTORS):
        raise UsageError(
            f"executor must be 'auto', a name or a concurrent.futures.Executor "
            f"(got {executor!r}){did_you_mean(str(executor), ['auto', *EXECUTORS])}"
        )


def choose_executor(
    frozen: FrozenGraph, options: Options, to_do: int, item_s: float | None, left: int
) -> tuple[str | Executor, int, int]:
    """
    Return executor, jobs and threads a job for *to_do* items that are not up to date.

    Threads for ready-made steps, which let other threads run while they work; processes for steps
    of the user's, unless there is too little work to pay for starting them (0.3-0.6 s) or the steps
    cannot be sent. Downloads mostly wait: for many of them, processes with several threads each. A limit
    for items is kept by processes alone.

    Args:
        frozen: The graph.
        options: How the run goes.
        to_do: How many items there are to do, `FEW_ITEMS` for that many and more.
        item_s: What one takes, as far as earlier runs tell; None if unknown.
        left: How many items are not done, the ones that are not looked at yet included.
    """
    expected_s = None if item_s is None else item_s * left
    downloads = any(node.step.options.downloads for node in frozen.nodes)
    jobs = options.jobs or (max(DOWNLOAD_JOBS, default_jobs()) if downloads else default_jobs())
    apart = ("processes", *_shared_out(jobs)) if downloads else ("processes", jobs, 1)
    if options.executor == "processes" or options.item_timeout_s is not None:
        return apart
    if options.executor != "auto":
        return options.executor, 1 if options.executor == "serial" else jobs, 1
    if jobs == 1 or to_do == 1:
        return "serial", 1, 1
    return (
        apart if _pays_apart(frozen, to_do, expected_s, left if downloads else None) else ("threads", jobs, 1)
    )


def _shared_out(jobs: int) -> tuple[int, int]:
    """Return how many processes, and threads in each, have so many items in hand that mostly wait."""
    processes = min(default_jobs(), jobs)
    return processes, -(-jobs // processes)


def _pays_apart(frozen: FrozenGraph, to_do: int, expected_s: float | None, downloads: int | None) -> bool:
    """True where processes pay: for steps of the user's, and for many downloads; and all can be sent."""
    own = [node for node in frozen.nodes if not _is_shipped(node.step)]
    if downloads is not None:
        if downloads < MANY_DOWNLOADS or default_jobs() == 1:
            return False
    elif not own or to_do < FEW_ITEMS or (expected_s is not None and expected_s < LITTLE_WORK_S):
        return False
    try:
        validate_sendable({node.name: node.step for node in own}, dumps)
    except ValueError:
        return False
    return True


def _is_shipped(step: Step[..., Any]) -> bool:
    return str(getattr(step.func, "__module__", "")).startswith("creevey_graph.")


def open_cache(cache: Cache | Path | str | Literal[False] | None) -> tuple[Cache | None, str]:
    """Return the cache to use, None for none, and what to tell where it cannot be used."""
    if cache is False:
        return None, ""
    if isinstance(cache, Cache):
        return cache, ""
    try:
        return Cache(cache), ""
    except CacheError as exc:
        return None, f"running without a cache: {exc}"


def accepted_in(cache: Cache | None) -> tuple[Mapping[str, Accepted], str]:
    """Return the edits that were accepted, and what to tell where they cannot be read."""
    return ({}, "") if cache is None else read_accepted(cache.folder)
