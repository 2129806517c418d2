"""
The rows of a finished run as samples of a data set: checked output files, and plain fields.

What is exported is what the run made. An output that is gone, or is not what the cache's index knows it
to be, is an error; nothing is left out in silence. Without a cache there is no index to compare with, and
files are taken as they are.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache import FileState, Index, ItemState, decode_state
from creevey_graph.errors import SourceChanged, SourceNotFound, UsageError, did_you_mean
from creevey_graph.events import Outcome, Row
from creevey_graph.exports.kinds import Kind, cell_of, merged_columns
from creevey_graph.exports.split import Split, parse_split
from creevey_graph.fingerprint.files import Stat, digest_file, is_left_alone, read_file
from creevey_graph.report import Report
from creevey_graph.text import safe_text

EXPORTED = frozenset({Outcome.DONE, Outcome.CACHED, Outcome.RESTORED})
"""Outcomes of the rows that are exported."""
IMAGE = "image"
"""What an output is called that no column of the report names."""
_AT_ONCE = 1_000
_AGAIN = "run the graph again, then export"


@attrs.frozen
class OutputFile:
    """
    One output of a row.

    Args:
        column: Its column in the data set.
        path: Relative to the output folder, with "/" between folders.
        file: Where it is.
        size: Bytes.
        digest: Hex digest of its content, as `digest_file` gives it.
    """

    column: str
    path: str
    file: str
    size: int
    digest: str

    @property
    def suffix(self) -> str:
        """Its suffix in lower case, with the dot, "" where it has none."""
        return os.path.splitext(self.path)[1].lower()  # noqa: PTH122 - per sample

    def read(self) -> bytes:
        """
        Return its bytes.

        Raises:
            SourceChanged: They are not what they were when the export looked.
            OSError: It cannot be read.
        """
        data, digest, _ = read_file(self.file)
        if digest != self.digest:
            raise SourceChanged(f"output '{safe_text(self.path)}': changed during the export; {_AGAIN}")
        return data


@attrs.frozen
class Sample:
    """
    One exported row.

    Args:
        key: The item's key.
        part: Its part of the set, "" where the set is not split.
        files: Its outputs.
        fields: Column -> plain value, the key first; without the columns that name outputs.
    """

    key: str
    part: str
    files: tuple[OutputFile, ...]
    fields: Mapping[str, Any]


class Samples:
    """
    The samples of a report, in input order; each iteration looks at the files anew.

    Args:
        report: Of a finished run.
        out: Its output folder, where the report does not tell or the folder was moved.
        image: Column of the one output to export; all of them by default.
        split: Parts of the set, as `parse_split` takes them.
        split_by: Column whose equal values stay in one part; the item's key by default.

    State: out = the output folder, "" where it is not known; rows = how many are exported; left_out = outcome -> how many are not; outputs = columns of outputs,
    in order; kinds = column -> kind of the other fields; parts = names of the parts, [""] without a split.

    Raises:
        UsageError: A column is not there, or the output folder is not known.
    """

    def __init__(
        self,
        report: Report,
        out: Path | str | None = None,
        *,
        image: str | None = None,
        split: Mapping[str, float] | str | None = None,
        split_by: str | None = None,
    ) -> None:
        self.report = report
        self.out = report.out if out is None else os.path.abspath(out)  # noqa: PTH100 - it is text
        self._split: Split | None = None if split is None else parse_split(split)
        self._split_by = split_by
        if split_by is not None:
            self.check_column(split_by, "split_by")
            if split is None:
                raise UsageError("split_by: there is no split; give its parts too, as in train=0.9,val=0.1")
        self.parts = [""] if self._split is None else [name for name, _ in self._split.parts]
        self.left_out: Counter[str] = Counter()
        self.rows = 0
        self.kinds: dict[str, Kind] = {}
        self._named, unnamed = self._survey()
        self.outputs = (*self._named, *self._names_of_others(unnamed))
        if self.outputs and not self.out:
            raise UsageError("this report does not tell its output folder; name it with out= or --out")
        if image is not None:
            if image not in self.outputs:
                raise UsageError(f"image: no output '{image}'{did_you_mean(image, self.outputs)}")
            self.outputs = (image,)

    def check_column(self, column: str, option: str) -> None:
        """
        Check that the report has a column.

        Raises:
            UsageError: It has not.
        """
        if column not in self.report.columns:
            known = self.report.columns
            raise UsageError(f"{option}: the report has no column '{column}'{did_you_mean(column, known)}")

    def check_field(self, column: str, option: str) -> None:
        """
        Check that a column has values, and not outputs.

        Raises:
            UsageError: There is no such column, or it names an output.
        """
        self.check_column(column, option)
        if column in self._named:
            raise UsageError(f"{option}: column '{column}' names an output file, not a value")

    def values(self, column: str) -> Iterator[Any]:
        """Yield a column's values, in order, without a look at the files."""
        for row in self.report.rows:
            if row.outcome in EXPORTED:
                yield _plain(row.fields.get(column))

    def _survey(self) -> tuple[tuple[str, ...], int]:
        """Look at every row; return the columns that name an output in all of them, and how many have no name."""
        naming: list[str] | None = None
        most = 0
        for row in self.report.rows:
            if row.outcome not in EXPORTED:
                self.left_out[str(row.outcome)] += 1
                continue
            self.rows += 1
            most = max(most, len(row.outputs))
            naming = _naming(row, reversed(self.report.columns) if naming is None else naming)
            merged_columns(self.kinds, _plain(row.fields))
        if missing := self.report.total - self.rows - self.left_out.total():
            self.left_out["unfinished"] += missing  # the run was killed
        named = tuple(column for column in self.report.columns if column in (naming or ()))
        for column in named:
            self.kinds.pop(column, None)
        return named, most - len(named)

    def line_of(self, sample: Sample) -> dict[str, Any]:
        """Return a sample's fields as a line of JSON may hold them, whoever reads it; see `kinds.py`."""
        cells = {
            name: cell_of(sample.fields[name], self.kinds[name], is_nested=True) for name in self.columns
        }
        return {"key": sample.key, **cells}

    @property
    def columns(self) -> tuple[str, ...]:
        """The report's columns that have values, and not outputs, in order."""
        return tuple(column for column in self.report.columns if column in self.kinds)

    def _names_of_others(self, count: int) -> Iterator[str]:
        number = 1
        while count > 0:
            name = IMAGE if number == 1 else f"{IMAGE}_{number}"
            number += 1
            if name not in self.report.columns:
                count -= 1
                yield name

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[Sample]:
        rows = (row for row in self.report.rows if row.outcome in EXPORTED)
        runs = self.report.path.parent
        index = Index(runs.parent, self.report.scope) if self._has_index(runs) else None
        try:
            while window := list(islice(rows, _AT_ONCE)):
                known = _states_of(index, window)
                for row in window:
                    yield self._sample(row, known.get(row.key))
        finally:
            if index is not None:
                index.close()

    def _has_index(self, runs: Path) -> bool:
        return bool(self.report.scope) and runs.name == "runs" and (runs.parent / "index.db").is_file()

    def _sample(self, row: Row, state: ItemState | None) -> Sample:
        if state is not None and dict(state.fields) != dict(row.fields):
            raise SourceChanged(
                f"item '{safe_text(row.key)}': a later run made it anew; export that run's report, or {_AGAIN}"
            )
        known = {file.path: file for file in state.outputs} if state else {}
        files = tuple(
            self._file(row.key, column, path, known.get(path))
            for column, path in self._columns_of(row)
            if column in self.outputs
        )
        fields = {name: row.fields.get(name) for name in self.report.columns if name not in self._named}
        fields = _plain({"key": row.key, **fields})
        return Sample(fields["key"], self._part_of(row), files, fields)

    def _columns_of(self, row: Row) -> Iterator[tuple[str, str]]:
        named = {row.fields[column]: column for column in self._named}
        others = self._names_of_others(len(row.outputs) - len(named))
        for path in row.outputs:
            yield named.get(path) or next(others), path

    def _part_of(self, row: Row) -> str:
        if self._split is None:
            return ""
        if self._split_by is None:
            return self._split.part_of(row.key)
        group = row.fields.get(self._split_by)
        if group is None:
            raise UsageError(f"split_by: item '{safe_text(row.key)}' has no '{self._split_by}'")
        return self._split.part_of(str(group))

    def _file(self, key: str, column: str, path: str, known: FileState | None) -> OutputFile:
        where = f"output '{safe_text(path)}' of item '{safe_text(key)}'"
        file = os.path.join(self.out, path)  # noqa: PTH118 - per sample
        try:
            stat = Stat.of(file)
            if known is None or not _is_as_known(stat, known):
                digest, stat = digest_file(file)
            else:
                digest = known.digest
        except FileNotFoundError:
            raise SourceNotFound(
                f"{where}: not there, in '{safe_text(self.out)}'; {_AGAIN} (or name its folder with out=)"
            ) from None
        if known is not None and digest != known.digest:
            raise SourceChanged(f"{where}: was changed since the run; {_AGAIN}")
        return OutputFile(column, path, file, stat.size, digest)


def _is_as_known(stat: Stat, known: FileState) -> bool:
    seen = Stat(known.size, known.mtime_ns, known.ctime_ns, known.inode)
    return stat == seen and is_left_alone(stat.mtime_ns, stat.ctime_ns, known.looked_ns)


def _naming(row: Row, candidates: Iterable[str]) -> list[str]:
    """Return the candidates that name an output of the row, one each; the graph's own are asked first."""
    found: dict[str, str] = {}
    for column in candidates:
        value = row.fields.get(column)
        if isinstance(value, str) and value in row.outputs:
            found.setdefault(value, column)
    return list(found.values())


def _states_of(index: Index | None, rows: list[Row]) -> dict[str, ItemState]:
    """Return key -> last known state; asked in the order of the keys, as the index has them."""
    found: dict[str, ItemState] = {}
    for key in sorted(row.key for row in rows) if index is not None else ():
        assert index is not None
        text = index.get(key)
        state = None if text is None else decode_state(text)
        if state is not None:
            found[key] = state
    return found


def _plain(value: Any) -> Any:
    """Return a field's value with all its text as UTF-8 can write it."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {_plain(name): _plain(part) for name, part in value.items()}
    return value
