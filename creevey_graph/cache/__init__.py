"""The cache on disk: records, blobs and the index; the only place that imports diskcache."""

from creevey_graph.cache.accepted import Accepted, read_accepted, write_accepted
from creevey_graph.cache.folder import default_folder
from creevey_graph.cache.index import Index
from creevey_graph.cache.lock import Lock
from creevey_graph.cache.records import Entry, Record
from creevey_graph.cache.states import FileState, ItemState, decode_state, encode_state
from creevey_graph.cache.store import Cache
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
    "read_accepted",
    "steps_text",
    "write_accepted",
]
