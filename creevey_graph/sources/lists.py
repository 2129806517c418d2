"""Which list or table a name stands for, and how it is read."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from creevey_graph.errors import UsageError
from creevey_graph.sources.base import Source, is_url
from creevey_graph.sources.documents import STDIN, TEXT, Document
from creevey_graph.sources.files import FileSource, files
from creevey_graph.sources.joined import join
from creevey_graph.sources.packing import DEFAULT_COLUMN
from creevey_graph.sources.remarks import BadLines, Duplicates, brief
from creevey_graph.sources.rows import READERS
from creevey_graph.sources.tables import table
from creevey_graph.sources.urls import url_list
from creevey_graph.sources.walk import has_magic

LIST_SUFFIXES = (TEXT, *READERS)
"""What the name of a list ends in; ".gz" may stand behind each but Parquet's."""


def open_list(
    items: Any,
    inputs: Sequence[str],
    *,
    columns: Mapping[str, str] | None = None,
    id_col: str | None = None,
    duplicates: Duplicates = "keep",
    bad_lines: BadLines = "error",
) -> Source:
    """
    Read a list of URLs and paths, or a table with a value for each input of a graph.

    Args:
        items: The name of a list, or a glob of such; "-" for standard input; or paths and URLs, where those of
            lists alone stand for their items.
        inputs: Names of the graph's inputs, in order.
        columns: Input -> column of its values, for a table.
        id_col: Column of the keys, for a table.
        duplicates: As for `url_list`.
        bad_lines: As for `url_list`.

    Returns:
        Of several lists, the items of all, in the order of the lists.

    Raises:
        SourceError: It cannot be read, or does not fit the inputs.
        UsageError: It is no list, or has no columns and these are named.

    """
    if several := _several(items):
        one = partial(open_list, inputs=inputs, columns=columns, id_col=id_col)
        sources = [one(str(path), duplicates=duplicates, bad_lines=bad_lines) for path in several]
        return join(sources, [f"'{brief(str(path))}'" for path in several], duplicates)
    named = [*(columns or {}).values(), *([] if id_col is None else [id_col])]
    if isinstance(items, str) and items == STDIN:
        items = Document.of_stdin({*inputs, DEFAULT_COLUMN, *named}, is_table=bool(named))
    elif isinstance(items, (str, os.PathLike)) and not is_url(os.fspath(items)):
        if not is_list(os.fspath(items)):
            raise UsageError(
                f"'{brief(os.fspath(items))}' is no list: columns, duplicates and bad lines are those of "
                f"{', '.join(LIST_SUFFIXES)} files, and of what is piped in"
            )
        items = Document.of_file(Path(items))
    if isinstance(items, Document) and items.suffix in READERS:
        return table(
            items, inputs=inputs, columns=columns, id_col=id_col, duplicates=duplicates, bad_lines=bad_lines
        )
    if named:
        what = items.shown if isinstance(items, Document) else "a list of files and URLs"
        raise UsageError(f"{what} has no columns, such as '{brief(named[0])}'; those of a table are named")
    return url_list(items, duplicates=duplicates, bad_lines=bad_lines)


def _several(items: Any) -> list[Path]:
    """Return the paths of lists that a glob, or a list of paths, stands for, [] where it does for no lists alone."""
    if isinstance(items, (str, os.PathLike)):
        return listed_in(files(items), is_list) if is_glob(os.fspath(items)) else []
    if not isinstance(items, (list, tuple)) or not items:
        return []
    names = [os.fspath(item) for item in items if isinstance(item, (str, os.PathLike))]
    are_lists = len(names) == len(items) and all(
        isinstance(name, str) and not is_url(name) and is_list(name) for name in names
    )
    return [Path(name) for name in names] if are_lists else []


def is_glob(text: str) -> bool:
    """True where *text* is a glob: it has a wildcard, and is no file or folder."""
    return not is_url(text) and has_magic(text) and not os.path.lexists(text)


def listed_in(source: FileSource, is_one: Callable[[str], bool]) -> list[Path]:
    """Return the paths of files where all are lists by their names, as *is_one* tells, else []."""
    if not all(map(is_one, source.names)):
        return []
    return [Path(text) for text in source.texts(range(len(source.names)))]


def is_list(name: str) -> bool:
    """
    True where a name is that of a list or table.

    >>> is_list("urls.TXT.gz"), is_list("a.csv"), is_list("a.jpg")
    (True, True, False)
    """
    return Document.of_file(Path(name)).suffix in LIST_SUFFIXES


def is_table(name: str) -> bool:
    """
    True where a name is that of a table, which no item is taken for; a text may be one, such as a caption.

    >>> is_table("a.csv.gz"), is_table("urls.txt")
    (True, False)
    """
    return Document.of_file(Path(name)).suffix in READERS
