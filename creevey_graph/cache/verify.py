"""
`cache verify`: read everything again, and remove what is not what it should be.

Reading finds damage too, so that no run ever serves it; this finds what no run has asked for yet. One
value at a time is held. Runs may go on meanwhile: a row is looked at again, with nobody else writing, before
it is deleted (beside two writers diskcache's own check deleted 7 of 2,335 good values).
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache.records import decode_record
from creevey_graph.cache.rows import BLOB, RECORD, Row, delete_if_damaged, is_missing, is_whole, read_rows
from creevey_graph.cache.strays import stray_values
from creevey_graph.errors import CodecError

YOUNG_S = 3600.0
"""A file that no row points at is left alone for so long: a run may be about to write the row."""
_NAMED_ROWS = 20


@attrs.define
class Verified:
    """
    What `Cache.verify` found.

    Args:
        values: Values that were read.
        bytes: Their bytes.
        records: Records that were read.
        damaged_values: Values that were not what they should be; removed.
        damaged_records: Records likewise; removed.
        missing_files: Values whose file was not there; removed.
        unreadable: Values whose file cannot be read ("permission denied"); left alone.
        without_value: Records whose value is not there, be it dropped or removed just now; left.
        stray_files: Files that no row pointed at; removed.
        stray_bytes: Their bytes.
        young_strays: Such files that are younger than an hour; left alone.
        other_rows: Rows of a kind that is not checked here.
        unknown_rows: Rows of no form of ours; left alone.
        unknown: The keys of the first of those, to be shown.
        problem: What is wrong with the database as a whole, "" for nothing.
    """

    values: int = 0
    bytes: int = 0
    records: int = 0
    damaged_values: int = 0
    damaged_records: int = 0
    missing_files: int = 0
    unreadable: int = 0
    without_value: int = 0
    stray_files: int = 0
    stray_bytes: int = 0
    young_strays: int = 0
    other_rows: int = 0
    unknown_rows: int = 0
    unknown: list[str] = attrs.field(factory=list)
    problem: str = ""

    @property
    def damaged(self) -> int:
        """How many values and records were not what they should be."""
        return self.damaged_values + self.damaged_records + self.missing_files

    @property
    def ok(self) -> bool:
        """True where nothing was damaged; what was left behind by a killed run is no damage."""
        return not (self.damaged or self.unreadable or self.problem)


def verify(folder: Path, store: Any, found: Verified) -> None:
    """
    Check every row and file, and tell *found* of it.

    Raises:
        OSError, sqlite3.Error, diskcache.Timeout: The store cannot be read, or written.
    """
    directory = str(folder / "store")
    for row in _checked(store, BLOB, directory, found):
        if row.letter not in (BLOB, RECORD):
            _note_other(row, found)
    for row in _checked(store, RECORD, directory, found):
        if row.letter == RECORD:
            found.without_value += _lacks_value(store, row)
    _remove_strays(store, directory, found)


def _checked(store: Any, letter: str, directory: str, found: Verified) -> Iterator[Row]:
    """Yield rows; of those with *letter* the whole ones only, the others are removed."""
    for row in read_rows(store, letter):
        if row.letter != letter:
            yield row
            continue
        try:
            whole = is_whole(row, store.disk)
        except OSError:
            found.unreadable += 1
            continue
        if letter == BLOB:
            found.values += 1
            found.bytes += row.size
        else:
            found.records += 1
        if whole:
            yield row
        else:
            _heal(store, row, directory, found)


def _heal(store: Any, row: Row, directory: str, found: Verified) -> None:
    missing = is_missing(row, directory)
    if not delete_if_damaged(store, row):
        return
    if row.letter == RECORD:
        found.damaged_records += 1
    elif missing:
        found.missing_files += 1
    else:
        found.damaged_values += 1


def _note_other(row: Row, found: Verified) -> None:
    if row.letter:
        found.other_rows += 1
        return
    found.unknown_rows += 1
    if len(found.unknown) < _NAMED_ROWS:
        found.unknown.append(row.told)


def _lacks_value(store: Any, row: Row) -> bool:
    with suppress(CodecError, ValueError, OSError):
        record = decode_record(row.key[1:], store.disk.fetch(row.mode, row.filename, row.value, False))
        return record.size > 0 and record.blob_key not in store
    return False


def _remove_strays(store: Any, directory: str, found: Verified) -> None:
    before = time.time() - YOUNG_S
    for stray in stray_values(store, directory):
        if stray.changed > before:
            found.young_strays += 1
            continue
        with suppress(OSError):
            os.unlink(stray.path)  # noqa: PTH108 - per entry
            found.stray_files += 1
            found.stray_bytes += stray.size
