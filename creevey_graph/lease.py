"""A run's hold on its cache: shared while it runs, and in the end kept within the size it was given."""

from typing import TYPE_CHECKING

from creevey_graph import cache as caches
from creevey_graph.cache import Cache, Lock
from creevey_graph.errors import CacheError
from creevey_graph.sizes import bytes_text, limit_text, seconds_text
from creevey_graph.telling import Teller

if TYPE_CHECKING:
    from creevey_graph.cache import Swept

WAIT_S = 5.0
"""For a `cache gc` to end; then the run goes on beside it, and what gc takes from it is made again."""


class Lease:
    """
    One run's hold on its cache.

    Args:
        cache: The cache, None for none.
        tell: Is told what the user should know; nothing here ever fails a run.
    """

    def __init__(self, cache: Cache | None, tell: Teller) -> None:
        self._cache = cache
        self._tell = tell
        self._lock = None if cache is None else Lock(cache.folder)
        if self._lock is not None and not self._lock.share(WAIT_S):
            tell.problems(["`cache gc` is at work in it; what it takes away is made again"])

    def end(self, max_bytes: int | None) -> tuple[str, ...]:
        """Drop what is beyond *max_bytes*, None for any size; let go of the cache; return what was found damaged."""
        if self._cache is None or self._lock is None:
            return ()
        with self._lock:
            if max_bytes is not None:
                self._keep_within(self._cache, self._lock, max_bytes)
        damaged = tuple(self._cache.damaged)
        self._cache.heal(damaged)
        self._tell.problems(self._cache.take_troubles()[1])
        return damaged

    def _keep_within(self, cache: Cache, lock: Lock, max_bytes: int) -> None:
        try:
            if not cache.may_exceed(max_bytes):
                return
            if not lock.own():
                self._tell.problems([f"not kept within {limit_text(max_bytes)}: another run is using it"])
                return
            swept = cache.gc(max_bytes, lock=lock)
        except CacheError as exc:
            self._tell.problems([f"not kept within {limit_text(max_bytes)}: {exc}"])
            return
        if swept.values:
            self._tell.problems([dropped_text(swept, max_bytes)])


def dropped_text(swept: "Swept", max_bytes: int) -> str:
    """Say what was dropped to stay within a size."""
    noun = "value" if swept.values == 1 else "values"
    return (
        f"dropped {swept.values:,} {noun}, {bytes_text(swept.bytes)}, worth {seconds_text(swept.seconds)}, of "
        f"{caches.steps_text(swept.dropped)}, to stay within {limit_text(max_bytes)}; "
        "the next run that needs them makes them again"
    )
