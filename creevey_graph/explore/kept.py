"""Values of earlier previews, by lineage, within a bound of memory."""

import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

MOST_BYTES = 256 * 2**20
_DEPTH = 3
_LOOKED_AT = 1_000  # parts of a list
_WIDE_MODES = frozenset({"I", "F"})
_LEAST_BYTES = 1_000


@attrs.frozen
class Held:
    """
    What one node gave.

    Args:
        value: Its value.
        picture: It as the page shows it.
        seconds: What it took.
    """

    value: Any = attrs.field(repr=False)
    picture: Mapping[str, Any] = attrs.field(repr=False)
    seconds: float


class Kept:
    """
    Values of nodes, those that were asked for last.

    Args:
        most_bytes: About what they take together; one of more than half of it is not kept.

    State: entries = lineage key -> value and bytes, oldest first; bytes = their sum. Thread safety: none; the
    one thread that makes previews has it.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.bytes = 0
        self._most_bytes = most_bytes
        self._entries: OrderedDict[str, tuple[Held, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str | None) -> Held | None:
        """Return what is kept under a lineage key, None where nothing is."""
        if key is None or key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def put(self, key: str | None, held: Held) -> None:
        """Keep a value, where it has a key and can be read more than once; the oldest go."""
        if key is None or isinstance(held.value, Iterator):
            return
        size = size_of(held.value) + size_of(dict(held.picture))
        if size > self._most_bytes // 2:
            return
        if key in self._entries:
            self.bytes -= self._entries.pop(key)[1]
        self._entries[key] = held, size
        self.bytes += size
        while self.bytes > self._most_bytes:
            _, (_, freed) = self._entries.popitem(last=False)
            self.bytes -= freed

    def clear(self) -> None:
        """Forget all: the code is another."""
        self._entries.clear()
        self.bytes = 0


def size_of(value: Any, depth: int = _DEPTH) -> int:
    """
    Return about how many bytes *value* takes.

    >>> size_of(b"abc" * 1_000), size_of(["a" * 2_000, "b" * 3_000])
    (3000, 6000)
    """
    try:
        return max(_LEAST_BYTES, _size_of(value, depth))
    except Exception:  # noqa: BLE001 - attributes of values are any code
        return _LEAST_BYTES


def _size_of(value: Any, depth: int) -> int:
    if isinstance(value, str | bytes | bytearray):
        return len(value)
    if isinstance(value, dict | list | tuple) and depth:
        parts = [*value.values()] if isinstance(value, dict) else value
        some = parts[:_LOOKED_AT]
        mean = sum(size_of(part, depth - 1) for part in some) / max(1, len(some))
        return _LEAST_BYTES + int(mean * len(parts))
    if isinstance(mode := getattr(value, "mode", None), str) and isinstance(value.size, tuple):
        width, height = value.size
        return int(width * height * (4 if mode.partition(";")[0] in _WIDE_MODES else max(1, len(mode))))
    return int(getattr(value, "nbytes", 0)) or sys.getsizeof(value)
