"""Cutting a row of samples into shards, in order: by count, by bytes."""

from typing import Generic, TypeVar

import attrs

from creevey_graph.errors import UsageError
from creevey_graph.sizes import parse_size

T = TypeVar("T")

MAXCOUNT = 10_000
MAXSIZE = 10**9
"""Loaders read shards from end to end; a few hundred MB to a GB each is what they are made for."""


@attrs.frozen
class Limits:
    """
    How large a shard may be.

    Args:
        maxcount: Samples, 1 or more.
        maxsize: Bytes; a sample that is larger has a shard of its own.
    """

    maxcount: int
    maxsize: int


def parse_limits(maxcount: int, maxsize: int | str) -> Limits:
    """
    Return limits.

    Args:
        maxcount: Samples.
        maxsize: Bytes, or a text such as "500MB".

    Raises:
        UsageError: One is no whole number of 1 or more.
    """
    size = parse_size(maxsize, "maxsize") if isinstance(maxsize, str) else maxsize
    for name, value in (("maxcount", maxcount), ("maxsize", size)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UsageError(f"{name}: must be a whole number of 1 or more (got {value!r})")
    return Limits(maxcount, size)


class Cutter(Generic[T]):
    """
    Gathers samples until a shard is full.

    State: held = what is gathered; size = its bytes.

    >>> cutter = Cutter(Limits(maxcount=2, maxsize=10))
    >>> [cutter.add(name, size) for name, size in (("a", 3), ("b", 3), ("c", 3), ("d", 8))]
    [[], [], ['a', 'b'], ['c']]
    >>> cutter.rest()
    ['d']
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.held: list[T] = []
        self.size = 0

    def add(self, sample: T, size: int) -> list[T]:
        """Take a sample of *size* bytes; return the samples before it where they fill a shard, else []."""
        is_full = len(self.held) >= self._limits.maxcount or self.size + size > self._limits.maxsize
        full = self.rest() if self.held and is_full else []
        self.held.append(sample)
        self.size += size
        return full

    def rest(self) -> list[T]:
        """Return what is gathered, and begin anew."""
        full, self.held, self.size = self.held, [], 0
        return full
