"""Which list or table a name stands for, and how it is read."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from creevey_graph.errors import UsageError
from creevey_graph.sources.base import Source, is_url
from creevey_graph.sources.documents import STDIN, TEXT, Document
from creevey_graph.sources.packing import DEFAULT_COLUMN
from creevey_graph.sources.remarks import BadLines, Duplicates, brief
from creevey_graph.sources.rows import READERS
from creevey_graph.sources.tables import table
from creevey_graph.sources.urls import url_list

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
        items: The name of a list; "-" for standard input; or paths and URLs.
        inputs: Names of the graph's inputs, in order.
        columns: Input -> column of its values, for a table.
        id_col: Column of the keys, for a table.
        duplicates: As for `url_list`.
        bad_lines: As for `url_list`.

    Raises:
        SourceError: It cannot be read, or does not fit the inputs.
        UsageError: It is no list, or has no columns and these are named.

    """
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


def is_list(name: str) -> bool:
    """
    True where a name is that of a list or table.

    >>> is_list("urls.TXT.gz"), is_list("a.csv"), is_list("a.jpg")
    (True, True, False)
    """
    return Document.of_file(Path(name)).suffix in LIST_SUFFIXES
