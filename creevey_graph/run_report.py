"""A run as Creevey reported it: a pandas frame, indexed by inpath, with custom columns behind its own four."""

import logging
import time
from array import array
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from creevey_graph.assembly import FILE, REPORTED
from creevey_graph.events import Event, ItemFinished, ItemsCached, Outcome, Row
from creevey_graph.inpaths import Inpaths
from creevey_graph.report import Report
from creevey_graph.text import first_line, safe_text

if TYPE_CHECKING:
    import pandas as pd

RUN_REPORT_COLS = ["outpath", "skipped", "error", "time_finished"]
"""Columns of every run report, in order."""
_NOT_FINITE = frozenset(("nan", "inf", "-inf"))
_LARGEST = 2**63


_LOG = logging.getLogger("creevey_graph")


class FinishTimes:
    """
    Listens when items end.

    State: times = per item, seconds since the epoch, 0 where it has not ended.
    """

    def __init__(self, total: int) -> None:
        self.times = array("d", [0.0]) * total

    def __call__(self, event: Event) -> None:
        if isinstance(event, ItemFinished):
            if event.row.outcome is not Outcome.CANCELLED:
                self.times[event.index] = time.time()
        elif isinstance(event, ItemsCached):
            for index in event.indexes:
                if index >= 0:
                    self.times[index] = time.time()


def to_frame(report: Report, source: Inpaths, times: FinishTimes) -> "pd.DataFrame":
    """
    Return the run report: a row for each inpath that the run came to, in their order.

    Outpaths are text; numbers stay what they were, and a column of whole numbers with gaps does not
    become one of floats.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - an extra, and 0.7 s to import
    except ImportError as exc:
        raise ImportError(
            "run_report_ needs pandas; pip install 'creevey_graph[creevey]', or use .report, which does not"
        ) from exc
    ended = [number for number, seconds in enumerate(times.times) if seconds]

    def _column(values: list[Any]) -> Any:
        found, kind = _values(values)
        return pd.Series(found, dtype=kind)

    rows = list(report.rows.of(ended))
    entries = [source.entries[number] for number in ended]
    told = [_custom(row, report.columns) for row in rows]
    outpaths = [None if entry.outpath is None else str(entry.outpath) for entry in entries]
    data = {
        "outpath": pd.Series(outpaths, dtype=object),
        "skipped": pd.Series([row.outcome is Outcome.SKIPPED for row in rows], dtype=bool),
        "error": pd.Series(
            [row.error if row.outcome is Outcome.FAILED else None for row in rows], dtype=object
        ),
        "time_finished": pd.Series(
            [round(times.times[number] * 1000) for number in ended], dtype="int64"
        ).astype("datetime64[ms]"),
        **{name: _column([fields.get(name) for fields in told]) for name in _names(told)},
    }
    frame = pd.DataFrame(data)
    frame.index = pd.Index(
        [_label(entry.inpath, source.keys[number]) for entry, number in zip(entries, ended, strict=True)],
        dtype=object,
    )
    return frame


def _custom(row: Row, columns: Iterable[str]) -> dict[str, Any]:
    """Return what was reported of an item; what all of it stands in is opened up."""
    told: dict[str, Any] = {}
    for name in columns:
        value = row.fields.get(name)
        if name.endswith(REPORTED) and (value is None or isinstance(value, Mapping)):
            told.update(value or {})
        elif name != FILE:
            told[name] = value
    return told


def _names(told: Iterable[Mapping[str, Any]]) -> list[str]:
    names = dict.fromkeys(name for fields in told for name in fields)
    return [name for name in names if name not in RUN_REPORT_COLS]


def _values(values: list[Any]) -> tuple[list[Any], Any]:
    """Return the values of a column and their type."""
    some = [value for value in values if value is not None]
    if some and all(type(value) is float or (type(value) is str and value in _NOT_FINITE) for value in some):
        return [float("nan") if value is None else float(value) for value in values], float
    if some and len(some) == len(values):
        if all(type(value) is bool for value in some):
            return values, bool
        if all(type(value) is int and abs(value) < _LARGEST for value in some):
            return values, "int64"
    return values, object


def _label(inpath: Any, key: str) -> Any:
    try:
        hash(inpath)
    except TypeError:
        return key
    return inpath


def log_failure(event: Event) -> None:
    """Log an item that failed, as a listener."""
    if isinstance(event, ItemFinished) and event.row.outcome is Outcome.FAILED:
        row = event.row
        where = f" in '{row.step}'" if row.step else ""
        _LOG.error("%s failed%s: %s", safe_text(row.key), where, first_line(row.error or ""))


def log_skipped(report: Report, *, is_warning: bool) -> None:
    """Log how many items were skipped, in one line for all."""
    if skipped := report.counts[Outcome.SKIPPED]:
        level = logging.WARNING if is_warning else logging.INFO
        _LOG.log(level, "%d of %d inpaths were skipped", skipped, report.total)


def log_untracked(name: str, report: Report, told: set[str]) -> None:
    """
    Log what of a pipeline's functions cannot be seen through: who comes from Creevey expects all to be done anew.

    Args:
        name: The pipeline's name.
        report: Of a run.
        told: What was logged before, which is not logged again.
    """
    for text in report.notices:
        if text.startswith("not tracked: ") and text not in told:
            told.add(text)
            _LOG.warning("pipeline '%s': %s; refresh=True does all anew", name, safe_text(text))
