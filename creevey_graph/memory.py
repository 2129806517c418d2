"""What a step that asks the outside world is handed: what it kept the last time it was asked the same."""

from collections.abc import Mapping
from typing import Any


class Memory:
    """
    The memory of one call of one step: of this very call, with these inputs and parameters.

    A step that is asked anew in every run (`@step(pure=False, memory="memory")`) finds here what it
    kept last time, such as the validators of an HTTP answer, and keeps what is to be found next time.
    Where nothing is kept, what was there before stays, and the call does not count as executed: the
    answer was that nothing has changed.

    State: kept = what the step kept in this call, None where nothing.
    """

    def __init__(self, recalled: Mapping[str, Any] | None = None) -> None:
        self._recalled = recalled
        self.kept: Mapping[str, Any] | None = None

    def recall(self) -> Mapping[str, Any] | None:
        """Return what was kept last time; None where nothing was, or it is gone."""
        return self._recalled

    def keep(self, facts: Mapping[str, Any]) -> None:
        """
        Keep *facts* for the next time: text keys; values of plain kinds, bytes and containers of them.

        >>> memory = Memory()
        >>> memory.keep({"etag": '"1"', "body": b"..."})
        >>> memory.recall() is None, memory.kept["etag"]
        (True, '"1"')
        """
        self.kept = dict(facts)
