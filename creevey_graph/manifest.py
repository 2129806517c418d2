"""
The manifest: one row per item, with its error told apart.

What an error's text has in it: its class, its message, the HTTP status, and how often a download was tried.
Not here, since a run does not keep it: when each item began, and plain sha256s of outputs (the index has
digests that are made of them).
"""

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from creevey_graph.atomic import replacing_named
from creevey_graph.events import Outcome, Row
from creevey_graph.fields import ERROR_COLUMNS, FIXED_COLUMNS
from creevey_graph.journal import row_to_json

_CLASSED = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?", re.DOTALL)
_STATUS = re.compile(r": ([1-5]\d\d)(?=\s|$)")
_TRIES = re.compile(r"\((\d+) tries\)")
_STATUS_CLASS = "HTTPStatusError"


def error_parts(row: Row) -> dict[str, Any]:
    """
    Return `ERROR_COLUMNS` -> what the error of a failed item has of them, else None.

    >>> error = "HTTPStatusError: GET http://a.example/1.jpg: 503 Service Unavailable (4 tries)"
    >>> error_parts(Row("1", "s", Outcome.FAILED, error=error))["http_status"]
    503
    """
    if row.outcome is not Outcome.FAILED or not row.error:
        return dict.fromkeys(ERROR_COLUMNS)
    found = _CLASSED.fullmatch(row.error)
    name, message = (found[1], found[2]) if found else (None, row.error)
    status = _STATUS.search(message or "") if name == _STATUS_CLASS else None
    tries = _TRIES.findall(message or "")
    return {
        "error_class": name,
        "error_message": message,
        "http_status": int(status[1]) if status else None,
        "attempts": int(tries[-1]) if tries else None,
    }


def flat_row(row: Row, columns: Iterable[str]) -> dict[str, Any]:
    """Return *row* as column -> value: the fixed ones, then *columns*; seconds in total."""
    fixed: Mapping[str, Any] = {
        "key": row.key,
        "source": row.source,
        "outcome": str(row.outcome),
        "step": row.step,
        "error": row.error,
        "reason": row.reason,
        "seconds": round(row.total_seconds, 6),
        "outputs": list(row.outputs),
        **error_parts(row),
    }
    return {**fixed, **{name: row.fields.get(name) for name in columns}}


def write_csv(path: Path | str | BinaryIO, rows: Iterable[Row], columns: tuple[str, ...]) -> None:
    """Write one line per row, to a file or an open stream of bytes: the fixed columns, then *columns*."""
    with _text_to(path) as file:
        writer = csv.writer(file)
        writer.writerow([*FIXED_COLUMNS, *columns])
        for row in rows:
            flat = flat_row(row, columns)
            flat["outputs"] = ";".join(row.outputs)
            writer.writerow([_cell(value) for value in flat.values()])


def write_jsonl(path: Path | str | BinaryIO, rows: Iterable[Row]) -> None:
    """Write one JSON object per row, to a file or an open stream of bytes; `seconds` is per step."""
    with _text_to(path) as file:
        file.writelines(json.dumps({**row_to_json(row), **error_parts(row)}) + "\n" for row in rows)


def write_json(path: Path | str, data: Mapping[str, Any]) -> None:
    """Write *data* to a file."""
    with _text_to(path) as file:
        file.write(json.dumps(data, indent=2) + "\n")


@contextmanager
def _text_to(path: Path | str | BinaryIO) -> Iterator[TextIO]:
    if isinstance(path, str | os.PathLike):
        with (
            replacing_named(Path(path)) as place,
            place.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
        ):
            yield file
        return
    text = io.TextIOWrapper(path, encoding="utf-8", errors="backslashreplace", newline="")
    try:
        yield text
        text.flush()
    finally:
        text.detach()  # it stays open


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value
