"""Finding an item among those that were run before, by its file."""

import json
import os
from collections.abc import Iterator

from creevey_graph.cache import ItemState, decode_state
from creevey_graph.look import Known
from creevey_graph.parts import part_at


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


def known_keys(known: Known) -> Iterator[str]:
    """Yield the keys of all items that were run before."""
    if known.index is not None:
        yield from known.index.load()
