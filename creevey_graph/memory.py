"""What a step may remember of one item from one run to the next: the protocol, on the ground floor."""

from collections.abc import Mapping
from typing import Any, Protocol


class Memory(Protocol):
    """
    Remembers facts of one step and item; the engine has the one that lasts.

    Thread safety: one call of one step holds it.
    """

    def recall(self) -> Mapping[str, Any] | None:
        """Return what was kept last, None where nothing was, or it is lost."""
        ...

    def keep(self, facts: Mapping[str, Any]) -> None:
        """Keep *facts* (plain values and bytes) in place of those before."""
        ...
