"""
Sources yield items: a key and one value per graph input.

The public place is `from creevey_graph import sources`: what a run takes as plain items is listed by these
functions, which have the options, such as `sources.url_list("my_images.csv", url_col="image_url")`.

A new source is one file and one line in `SOURCES`; `check_source` then covers it.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from creevey_graph.errors import SourceError, UsageError
from creevey_graph.sources.base import BulkSource, Item, Source, is_url, notices_of
from creevey_graph.sources.documents import STDIN
from creevey_graph.sources.files import files
from creevey_graph.sources.folders import image_folder
from creevey_graph.sources.lists import LIST_SUFFIXES, is_glob, is_table, listed_in, open_list
from creevey_graph.sources.parts import ARCHIVE_SUFFIXES, archive
from creevey_graph.sources.remote import RemoteFile, remote
from creevey_graph.sources.tables import table
from creevey_graph.sources.urls import url_list
from creevey_graph.sources.video import video
from creevey_graph.sources.webdataset import webdataset
from creevey_graph.text import safe_text

__all__ = [
    "SOURCES",
    "BulkSource",
    "Item",
    "RemoteFile",
    "Source",
    "archive",
    "files",
    "image_folder",
    "notices_of",
    "open_list",
    "open_source",
    "remote",
    "table",
    "url_list",
    "video",
    "webdataset",
]

SOURCES: dict[str, Callable[..., Source]] = {
    "archive": archive,
    "files": files,
    "image_folder": image_folder,
    "remote": remote,
    "table": table,
    "urls": url_list,
    "video": video,
    "webdataset": webdataset,
}


def _open_archive(text: str, inputs: Sequence[str]) -> Source:
    return _single(archive, text, inputs)


OPENERS: Mapping[str, Callable[[str, Sequence[str]], Source]] = {
    **{suffix + packed: open_list for suffix in LIST_SUFFIXES for packed in ("", ".gz")},
    **dict.fromkeys(ARCHIVE_SUFFIXES, _open_archive),
}
"""What a file's name ends in, lower case -> what lists its items; the others are one item each."""

_WEB = ("http://", "https://")
_ACCEPTED = (
    "a file, folder or glob; a URL; a zip or tar; a .txt file with a URL or path per line; a .csv, .tsv, .jsonl "
    "or .parquet table, or a glob of tables; '-' for standard input; a list of paths and URLs; rows (mappings, or tuples of the "
    "graph's inputs); or a source"
)


def open_source(items: Any, inputs: Sequence[str]) -> Source:
    """
    Return the source that *items* stands for.

    Args:
        items: Anything that `graph.run` takes. A path that exists is never read as a glob; an
            iterator is read into a list, once.
        inputs: Names of the graph's inputs, in order; for more than one, only rows fit.

    Raises:
        SourceNotFound: A file, folder or glob has nothing.
        SourceError: The items do not fit the inputs, or cannot be listed.
        UsageError: *items* is nothing that can be listed.

    """
    if isinstance(items, Source):
        return _checked(items, inputs)
    if isinstance(items, (str, os.PathLike)):
        return _open_text(os.fspath(items), inputs)
    if isinstance(items, (bytes, bytearray, memoryview, Mapping)) or not isinstance(items, Iterable):
        raise UsageError(f"items: expected {_ACCEPTED} (got {type(items).__name__})")
    if hasattr(items, "itertuples"):  # iterating a data frame would yield the names of its columns
        raise UsageError(f"items: expected rows (got {type(items).__name__}); pass frame.to_dict('records')")
    return _open_list(sorted(items, key=str) if isinstance(items, (set, frozenset)) else list(items), inputs)


def _open_text(text: Any, inputs: Sequence[str]) -> Source:
    if not isinstance(text, str) or not text:
        raise UsageError(f"items: expected {_ACCEPTED} (got {text!r})")
    if is_url(text):
        return _single(url_list if text.lower().startswith(_WEB) else remote, text, inputs)
    if text == STDIN:
        return _checked(open_list(text, inputs), inputs)
    if is_glob(text):
        found = files(text)
        tables = listed_in(found, is_table)
        return _checked(open_list(tables, inputs) if tables else found, inputs)
    name = text.lower() if os.path.isfile(text) else ""  # noqa: PTH113 - text may be no path
    ending = max((suffix for suffix in OPENERS if name.endswith(suffix)), key=len, default="")
    return _checked(OPENERS[ending](text, inputs), inputs) if ending else _single(files, text, inputs)


def _open_list(items: list[Any], inputs: Sequence[str]) -> Source:
    if items and isinstance(items[0], (Mapping, tuple, list)):
        return table(items, inputs=inputs)
    return _single(url_list, items, inputs)


def _single(list_items: Callable[[Any], Source], items: Any, inputs: Sequence[str]) -> Source:
    """List what has one value per item; a name that is not there is told before a wrong number of inputs."""
    return _checked(list_items(items), inputs)


def _checked(source: Source, inputs: Sequence[str]) -> Source:
    first = next(iter(source), None)
    if first is None or len(first.values) == len(inputs):
        return source
    values = "1 value" if len(inputs) == 1 else f"{len(inputs)} values"
    raise SourceError(
        f"items: expected {values} per item, for {', '.join(inputs)} "
        f"(got {len(first.values)}, as in '{safe_text(first.source)}'); "
        "pass rows (mappings or tuples), or a .csv, .tsv, .jsonl or .parquet file, with a value for each"
    )
