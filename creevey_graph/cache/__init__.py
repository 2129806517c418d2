"""The cache on disk: records, blobs and the index; the only place that imports diskcache."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from creevey_graph.cache.accepted import (
    Accepted,
    is_edit,
    mark_ran,
    part_now,
    read_accepted,
    taken_back,
    write_accepted,
)
from creevey_graph.cache.folder import default_folder
from creevey_graph.cache.index import Index
from creevey_graph.cache.lock import Lock
from creevey_graph.cache.records import Entry, Record
from creevey_graph.cache.states import FileState, ItemState, decode_state, encode_state
from creevey_graph.cache.store import Cache

if TYPE_CHECKING:
    from creevey_graph.cache.sweep import Dropped, Swept, steps_text
    from creevey_graph.cache.verify import Verified

__all__ = [
    "Accepted",
    "Cache",
    "Dropped",
    "Entry",
    "FileState",
    "Index",
    "ItemState",
    "Lock",
    "Record",
    "Swept",
    "Verified",
    "decode_state",
    "default_folder",
    "encode_state",
    "is_edit",
    "mark_ran",
    "part_now",
    "read_accepted",
    "steps_text",
    "taken_back",
    "write_accepted",
]

_HOMES = {"Dropped": "sweep", "Swept": "sweep", "Verified": "verify", "steps_text": "sweep"}
"""Names of what looks after a cache as a whole -> their modules, which a run with nothing to do needs not."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'creevey_graph.cache' has no attribute '{name}'")
    return getattr(import_module(f"creevey_graph.cache.{_HOMES[name]}"), name)
