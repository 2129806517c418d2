"""The cache on disk: records, blobs and the index; the only place that imports diskcache."""

from creevey_graph.cache.folder import default_folder
from creevey_graph.cache.index import Index
from creevey_graph.cache.records import Record
from creevey_graph.cache.states import FileState, ItemState, decode_state, encode_state
from creevey_graph.cache.store import Cache, Entry

__all__ = [
    "Cache",
    "Entry",
    "FileState",
    "Index",
    "ItemState",
    "Record",
    "decode_state",
    "default_folder",
    "encode_state",
]
