"""Rows of a table, by column name: .csv, .tsv and .jsonl, line by line, and .parquet with the extra."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from creevey_graph.errors import SourceError
from creevey_graph.sources.documents import Document
from creevey_graph.sources.files import missing_path
from creevey_graph.sources.remarks import Remarks, brief
from creevey_graph.text import safe_text

Row = Mapping[str, Any]
NumberedRows = Iterator[tuple[int, Row]]

_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def read_rows(document: Document, remarks: Remarks) -> tuple[list[str], NumberedRows]:
    """
    Return the names of the columns, and the rows with the number of the line each begins in.

    Args:
        document: The table.
        remarks: Gets the lines that are no row.

    Returns:
        No names for .jsonl, where each row has its own.

    Raises:
        SourceError: It is no table.
    """
    reader = READERS.get(document.suffix)
    if reader is None:
        raise SourceError(
            f"{document.shown}: expected a table in {', '.join(READERS)} (got '{safe_text(document.suffix)}')"
        )
    return reader(document, remarks)


def _read_separated(
    document: Document, remarks: Remarks, *, delimiter: str
) -> tuple[list[str], NumberedRows]:
    lines = (line for _, line in document.lines())
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(filter(None, reader), [])]
    except csv.Error as error:
        raise SourceError(_broken(document, 1, error)) from error
    _check_header(document, header)
    return header, _separated_rows(document, remarks, reader, header)


def _check_header(document: Document, header: list[str]) -> None:
    if len(set(header)) < len(header):
        raise SourceError(
            f"{document.shown}: expected a name for each column (got {brief(', '.join(header))})"
        )


def _separated_rows(document: Document, remarks: Remarks, reader: Any, header: list[str]) -> NumberedRows:
    number = reader.line_num + 1
    try:
        for cells in reader:
            if len(cells) > len(header):
                remarks.add_bad(
                    number,
                    f"expected {len(header)} cells (got {len(cells)}); quote a cell that holds the separator",
                )
            elif cells:
                yield number, dict(zip(header, cells, strict=False))  # a short row lacks its last columns
            else:
                remarks.note("blank line", number)
            number = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(_broken(document, number, error)) from error


def _broken(document: Document, number: int, error: csv.Error) -> str:
    told = "a quote is opened and not closed" if "end of data" in str(error) else str(error)
    if "field limit" in told:
        told += "; save it as .jsonl, which has no such limit"
    return f"{document.shown} line {number:,}: {told}"


def _read_jsonl(document: Document, remarks: Remarks) -> tuple[list[str], NumberedRows]:
    return [], _jsonl_rows(document, remarks)


def _jsonl_rows(document: Document, remarks: Remarks) -> NumberedRows:
    for number, line in document.lines():
        if not line.strip():
            remarks.note("blank line", number)
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            remarks.add_bad(number, f"not JSON ({error})")
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            remarks.add_bad(number, f"expected an object (got {type(row).__name__})")


def _read_parquet(document: Document, remarks: Remarks) -> tuple[list[str], NumberedRows]:
    remarks.unit = "row"
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - an extra, and 0.2 s to import
    except ImportError as error:
        raise SourceError(
            f"{document.shown}: reading Parquet needs pyarrow; pip install 'creevey_graph[parquet]'"
        ) from error
    try:
        opened = parquet.ParquetFile(document.path)
    except FileNotFoundError as error:
        raise missing_path(str(document.path)) from error
    except (ArrowException, OSError) as error:
        raise SourceError(f"{document.shown}: cannot be read as Parquet ({brief(str(error))})") from error
    names = [name for name in opened.schema_arrow.names if not _PANDAS_INDEX.fullmatch(name)]
    _check_header(document, names)
    return names, _parquet_rows(document, opened, names, ArrowException)


def _parquet_rows(
    document: Document, opened: Any, names: list[str], failure: type[Exception]
) -> NumberedRows:
    number = 0
    try:
        for batch in opened.iter_batches(columns=names):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (failure, OSError) as error:
        told = brief(str(error))
        raise SourceError(f"{document.shown}: damaged Parquet behind row {number:,} ({told})") from error


READERS: Mapping[str, Callable[[Document, Remarks], tuple[list[str], NumberedRows]]] = {
    ".csv": partial(_read_separated, delimiter=","),
    ".tsv": partial(_read_separated, delimiter="\t"),
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}
