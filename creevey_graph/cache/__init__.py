"""The cache on disk: records, blobs and the index; the only place that imports diskcache."""

from creevey_graph.cache.folder import default_folder
from creevey_graph.cache.index import FileState, Index, ItemState, encode_state, unsealed
from creevey_graph.cache.records import Entry, Record
from creevey_graph.cache.store import Cache

__all__ = [
    "Cache",
    "Entry",
    "FileState",
    "Index",
    "ItemState",
    "Record",
    "default_folder",
    "encode_state",
    "unsealed",
]
