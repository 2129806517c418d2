"""
Events -> disk: one JSON line each, handed to the system at once, so that a report exists after any ending.

Layout: line 1 `{"graph": {...}}`, the graph's shape; `{"run": {...}}`; then `{"i": index, "t": seconds from the
beginning, "row": {...}, "executed": [...]}` (and `spared`, `restored`),
`{"cached": {"i": [first, count] or [[index, …]], "rows": base64 of zlib of JSON lines, …}}` for many items
found up to date at once (25 bytes an item instead of 250, and made once, not in every run), `{"workers": {...}}`, `{"notice": text}`, `{"changes": {node: how it differs}}`; last `{"end": {...}}`, missing where the run was killed. A torn last line
is left out when it is read. Only rows with their item's index are kept, in the order the
items ended; a reader brings them in order.
"""

import base64
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Any

import attrs

from creevey_graph import checked
from creevey_graph.errors import SourceError
from creevey_graph.events import (
    Event,
    GraphCompared,
    GraphDeclared,
    ItemFinished,
    ItemsCached,
    Noticed,
    Row,
    RunFinished,
    RunStarted,
    WorkersStarted,
)
from creevey_graph.journal_checks import END, RUN, WORKERS, checked_row
from creevey_graph.text import safe_text

SCHEMA = 1
MOST_ITEMS = 2**26
"""A report of more is none of ours: each place in the input costs those who read it 12 bytes."""
MOST_ROWS_BYTES = 2**28
"""Of rows that stand in one line, unpacked; a thousandth of it may unpack to it."""


class Journal:
    """
    Writes events to a file.

    Args:
        path: The file; replaced where it exists.

    State: the open file; how many bytes are written; whether writing has failed (a full disk
    costs the journal, not the run). Thread safety: one writer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self._file: FileIO | None = None
        self.size = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)  # a line and no more is lost with a killed process
        except OSError as exc:
            self.problem = f"no report file: {exc}"

    def __call__(self, event: Event) -> int:
        """
        Write *event*.

        Returns:
            Where in the file its line begins, -1 where it could not be written.
        """
        line = json.dumps(event_to_json(event), separators=(",", ":")).encode() + b"\n"
        if self._file is None:
            return -1
        begins = self.size
        try:
            written = self._file.write(line)
        except OSError as exc:
            self._give_up(str(exc))
            return -1
        if written != len(line):
            self._give_up("no space left")
            return -1
        self.size += len(line)
        return begins

    def _give_up(self, why: str) -> None:
        self.problem = f"the report file is incomplete: {why}"
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None


def event_to_json(event: Event) -> dict[str, Any]:  # noqa: PLR0911 - one a kind
    """Return *event* as it stands in a journal."""
    if isinstance(event, ItemsCached):
        return {"cached": _bulk_to_json(event)}
    if isinstance(event, ItemFinished):
        line = {"i": event.index, "t": event.at_s, "row": row_to_json(event.row), "executed": event.executed}
        more = {"spared": event.spared, "restored": event.restored}
        return line | {name: nodes for name, nodes in more.items() if nodes}
    if isinstance(event, WorkersStarted):
        return {"workers": attrs.asdict(event)}
    if isinstance(event, RunStarted):
        return {"run": {"schema": SCHEMA, **attrs.asdict(event)}}
    if isinstance(event, Noticed):
        return {"notice": event.text}
    if isinstance(event, GraphDeclared):
        return {"graph": dict(event.shape)}
    if isinstance(event, GraphCompared):
        return {"changes": dict(event.changes)}
    return {"end": attrs.asdict(event)}


def event_from_json(data: Mapping[str, Any]) -> Event | None:  # noqa: PLR0911 - one a kind
    """
    Return the event a journal's line stands for, None where it is of no known kind.

    Raises:
        ValueError: Something in it is not what it should be.
        KeyError, TypeError: Something is missing.
    """
    if "row" in data:
        index = checked.count(data["i"])
        if index >= MOST_ITEMS:
            return None
        lists = {name: checked.texts(data.get(name, [])) for name in ("executed", "spared", "restored")}
        return ItemFinished(index, row_from_json(data["row"]), at_s=checked.moment(data.get("t", 0)), **lists)
    if "cached" in data:
        return _bulk_from_json(data["cached"])
    if "run" in data:
        return _run_from_json(data["run"])
    if "graph" in data:
        return GraphDeclared(data["graph"]) if isinstance(data["graph"], dict) else None
    if "changes" in data:
        return GraphCompared({str(node): str(told) for node, told in data["changes"].items()})
    if "workers" in data:
        return WorkersStarted(**checked.facts(data["workers"], WORKERS))
    if "notice" in data:
        return Noticed(checked.text(data["notice"]))
    if "end" in data:
        return RunFinished(**checked.facts(data["end"], END))
    return None


def _run_from_json(data: Mapping[str, Any]) -> RunStarted:
    facts = checked.facts(data, RUN)
    facts.pop("schema", None)
    if facts["total"] > MOST_ITEMS or facts.get("left_out", 0) > facts["total"]:
        raise ValueError("a run of too many items")
    return RunStarted(**facts)


def _bulk_to_json(event: ItemsCached) -> dict[str, Any]:
    indexes = event.indexes
    if isinstance(indexes, range):
        places: list[Any] = [indexes.start, len(indexes)]
    else:
        places = [list(indexes)]
    rows = base64.b64encode(event.rows).decode()
    return {"i": places, "t": event.at_s, "rows": rows, "cached": event.cached, "skipped": event.skipped}


def _bulk_from_json(data: Mapping[str, Any]) -> ItemsCached:
    places = data["i"]
    indexes: Sequence[int]
    if len(places) == 1:
        indexes = places[0]
        if any(type(index) is not int or not -1 <= index < MOST_ITEMS for index in indexes):
            raise ValueError("a journal's line has no positions of items")
    else:
        first, length = map(checked.count, places)
        if first + length > MOST_ITEMS:
            raise ValueError("a journal's line has too many items")
        indexes = range(first, first + length)
    rows = base64.b64decode(data["rows"], validate=True)
    counts = checked.count(data["cached"]), checked.count(data["skipped"])
    return ItemsCached(indexes, rows, *counts, checked.moment(data.get("t", 0)))


def rows_of(event: ItemsCached) -> Iterator[ItemFinished]:
    """
    Yield the events that *event* stands for.

    Raises:
        ValueError: Its rows are damaged.
    """
    for index, line in zip(event.indexes, lines_of(event), strict=True):
        if index >= 0:
            yield ItemFinished(index, row_of_line(line))


def lines_of(event: ItemsCached) -> list[str]:
    """
    Return the JSON lines of an event's rows.

    Raises:
        ValueError: They are damaged, or unpack to more than rows do.
    """
    unpacking = zlib.decompressobj()
    try:
        rows = unpacking.decompress(event.rows, MOST_ROWS_BYTES)
    except zlib.error as exc:
        raise ValueError(f"rows of a report are damaged ({exc})") from exc
    if not unpacking.eof:
        why = "they are cut short" if len(rows) < MOST_ROWS_BYTES else "they unpack to too much"
        raise ValueError(f"rows of a report are damaged ({why})")
    return rows.decode().split("\n")


def row_line(row: Row) -> str:
    """Return *row* as a line of JSON."""
    return json.dumps(row_to_json(row), separators=(",", ":"))


def row_to_json(row: Row) -> dict[str, Any]:
    """Return *row* as plain data, with its keys in the order of `Row`."""
    return {
        "key": row.key,
        "source": row.source,
        "outcome": str(row.outcome),
        "step": row.step,
        "error": row.error,
        "reason": row.reason,
        "seconds": {name: round(seconds, 6) for name, seconds in row.seconds.items()},
        "outputs": list(row.outputs),
        "fields": dict(row.fields),
        "traceback": row.traceback,
    }


def row_from_json(data: Mapping[str, Any]) -> Row:
    """
    Return the row that `row_to_json` made *data* of.

    Raises:
        ValueError: It is none.
        KeyError, TypeError: Something is missing, or unknown.
    """
    return Row(**checked_row(data))


def row_of_line(line: str) -> Row:
    """
    Return the row in a line of JSON.

    Raises:
        ValueError: There is none.
    """
    try:
        return row_from_json(json.loads(line))
    except (KeyError, TypeError, RecursionError) as exc:
        raise ValueError("a row of a report is damaged") from exc


def read_journal(path: Path) -> Iterator[tuple[int, Event]]:
    """
    Yield (place in the file, event); a torn or foreign line is left out.

    Raises:
        OSError: The file cannot be read.
        SourceError: It is no file: what comes out of a pipe or a device cannot be read again, and may never end.
    """
    if not path.is_file() and path.exists():
        raise SourceError(f"report '{safe_text(str(path))}' is no file")
    with path.open("rb") as file:
        begins = 0
        for line in file:
            event = event_of_line(line)
            if event is not None:
                yield begins, event
            begins += len(line)


def event_of_line(line: bytes) -> Event | None:
    """Return the event that a line of a journal stands for, None where it is torn or of no known kind."""
    try:
        data = json.loads(line)
        return event_from_json(data) if isinstance(data, dict) else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def read_rows(path: Path, places: Iterable[tuple[int, int]]) -> Iterator[Row]:
    """
    Yield rows.

    Args:
        path: The journal.
        places: Per row, where its line begins, and its number among the rows of that line; -1 where
            the line is that row's own.

    Raises:
        SourceError: The file cannot be read, there is no row at one of them, or it is damaged.
    """
    try:
        yield from _read_rows(path, places)
    except (OSError, ValueError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else exc
        raise SourceError(f"report '{safe_text(str(path))}' cannot be read ({why})") from exc


def _read_rows(path: Path, places: Iterable[tuple[int, int]]) -> Iterator[Row]:
    last, lines = -1, [""]
    asked = iter(places)
    if (first := next(asked, None)) is None:
        return  # a run that has not begun has no file
    with path.open("rb") as file:
        for begins, number in chain([first], asked):
            if begins != last or number < 0:
                file.seek(begins, os.SEEK_SET)
                event = event_of_line(file.readline())
                last, lines = (begins, lines_of(event)) if isinstance(event, ItemsCached) else (-1, [])
            if number >= 0 and number < len(lines):
                yield row_of_line(lines[number])
            elif number < 0 and isinstance(event, ItemFinished):
                yield event.row
            else:
                raise ValueError(f"there is no row at {begins}")
