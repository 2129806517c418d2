"""What stands for an item's value while a graph is traced, and how it is found among arguments."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class Symbol(ABC):
    """Stands for an item's value while a graph is traced; `symbols.py` has the only one."""

    @abstractmethod
    def apply(self, step: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> "Symbol":
        """Make a node of *step* in the graph being traced, and return its symbol."""


def find_symbol(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Symbol | None:
    """Return the first symbol among a call's arguments, or None."""
    return next(symbols_in((args, kwargs)), None) if args or kwargs else None


def symbols_in(value: Any) -> Iterator[Symbol]:
    """Yield the symbols in *value*: itself, or inside lists, tuples, dicts and sets."""
    waiting, met = [value], set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, Symbol):
            yield part
        elif isinstance(part, Mapping | list | tuple | set | frozenset) and id(part) not in met:
            met.add(id(part))  # a list may hold itself
            parts = [*part, *part.values()] if isinstance(part, Mapping) else list(part)
            waiting.extend(reversed(parts))
