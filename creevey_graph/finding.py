"""Finding an item among those that were run before, by its file, and what became of it."""

import json
import os
from collections.abc import Iterator

from creevey_graph.cache import ItemState, decode_state
from creevey_graph.events import Outcome
from creevey_graph.evidence import Evidence
from creevey_graph.frozen import FrozenGraph
from creevey_graph.look import Known
from creevey_graph.parts import part_at
from creevey_graph.sources import Item
from creevey_graph.text import first_line


def find_state(known: Known, source: str) -> tuple[str, ItemState] | None:
    """
    Return key and state of the item whose file *source* is, or whose key.

    An item's key depends on how the set was listed: photos/sub/a.jpg is "sub/a.jpg" in the folder
    photos. Only states that name such a file are opened. Members of archives, and files in
    buckets, are named as reports show them.
    """
    if known.index is None:
        return None
    real = os.path.realpath(source)
    name = json.dumps(os.path.basename(source))[1:-1]  # noqa: PTH119 - as it stands in a state
    for key, text in known.index.load().items():
        state = decode_state(text) if name in text else None
        if state is None:
            continue
        files = [os.path.realpath(file.path) for file in state.sources if part_at(file.path) is None]
        if source == state.source or real in files:
            return key, state
    text = known.index.get(source) or ""
    state = decode_state(text) if text else None
    return None if state is None else (source, state)


def find_by_key(known: Known, item: Item) -> tuple[str, ItemState] | None:
    """Return the state under the item's own key, where it is another file's by no means."""
    found = find_state(known, item.key)
    return None if found is None or found[1].sources else found


def known_keys(known: Known) -> Iterator[str]:
    """Yield the keys of all items that were run before."""
    if known.index is not None:
        yield from known.index.load()


def failed_for_good(
    frozen: FrozenGraph, known: Known, item: Item, state: ItemState | None, evidence: Evidence
) -> str:
    """Return the node whose failure of last time would not pass by itself and is not tried again, or ""."""
    if state is None or not state.lasting:
        return ""
    node = evidence.failing(state.lasting)
    if node is not None:
        return node.name
    is_left = frozen.may_last(state.step, state.lasting) and known.row_if_failed(item, state)
    return (state.step or "") if is_left else ""


def outcome_of(state: ItemState | None, lasting: str) -> str:
    """
    Say what an item is that there is nothing to do for.

    Args:
        state: Its last known state.
        lasting: The node that failed for good, "" for none.
    """
    if state is None or not (lasting or state.outcome == Outcome.SKIPPED):
        return "up to date"
    error = first_line(state.error or "")
    if not lasting:
        return f"left out by '{state.step}': {error}"
    return f"failed for good in '{lasting}': {error}; not tried again (run --retry-failed does)"
