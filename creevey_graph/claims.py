"""Output paths that are known only once content is read: which item has which, so that none has another's."""

import attrs

from creevey_graph.cache import ItemState, decode_state, encode_state
from creevey_graph.events import Outcome
from creevey_graph.frozen import FrozenGraph
from creevey_graph.tasks import Result
from creevey_graph.text import safe_text


class Claims:
    """
    Paths with `{digest}` in one run.

    Items of equal content have one path there, which is right as long as they write the same.

    State: owners = path -> (key of the item that wrote it first, digest of what it wrote).
    """

    def __init__(self, frozen: FrozenGraph) -> None:
        self._is_needed = any(node.output is not None and node.output.needs_digest for node in frozen.writers)
        self._owners: dict[str, tuple[str, str]] = {}

    def add(self, key: str, state: ItemState | None) -> tuple[str, str] | None:
        """Note an item's outputs; return (path, key of the other) where another item wrote something else."""
        if not self._is_needed or state is None:
            return None
        for output in state.outputs:
            owner, digest = self._owners.setdefault(output.path, (key, output.digest))
            if owner != key and digest != output.digest:
                return output.path, owner
        return None

    def checked(self, result: Result) -> Result:
        """Return *result*, as a failure where it wrote something else over another item's output."""
        row = result.row
        if not self._is_needed or row.outcome in (Outcome.FAILED, Outcome.SKIPPED):
            return result
        state = decode_state(result.state)
        clash = self.add(row.key, state)
        if clash is None or state is None:
            return result
        path, owner = clash
        error = (
            f"UsageError: output '{safe_text(path)}' was written by item '{safe_text(owner)}' too, with other "
            "content; add {key} or {index} to the template"
        )
        state = attrs.evolve(state, outputs=(), outcome=str(Outcome.FAILED), error=error)
        row = attrs.evolve(row, outcome=Outcome.FAILED, error=error, outputs=())
        return attrs.evolve(result, row=row, state=encode_state(state))
