"""A run in numbers: plain data, made in one pass over the rows of its report."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import attrs

from creevey_graph.events import Outcome, Row
from creevey_graph.troubles import Troubles

SCHEMA = 1
MOST = 10
"""Kinds of errors, and of reasons for leaving items out, that are listed."""


class Facts(Protocol):
    """What is asked of a report; what each is stands there."""

    graph: str
    run_id: str
    executor: str
    jobs: int
    total: int
    seconds: float
    finished: bool
    interrupted: bool
    stopped: str
    damaged: int
    out: str
    nodes: tuple[str, ...]
    orphans: tuple[str, ...]
    notices: list[str]
    versions: Mapping[str, str]
    counts: Counter[Outcome]
    executed: Counter[str]
    spared: Counter[str]
    node_seconds: Counter[str]

    @property
    def ok(self) -> bool:
        """True where nothing failed."""

    @property
    def rows(self) -> Iterable[Row]:
        """One row per item."""


def summarize(report: Facts) -> dict[str, Any]:
    """
    Return what a run did as JSON-able data.

    `items_per_second` counts the items that ended, `cache_hit_rate` is the share of good items that nothing had
    to run for. `bytes_read` are those of the source files of items that ran, `bytes_written` of their outputs
    and of restored ones: as the files are now, None where none is there to be looked at. `versions` are
    those of the run, empty where nothing ran.
    """
    troubles, read, written = Troubles(), _Bytes(), _Bytes()
    for row in report.rows:
        troubles.add(row)
        if row.outcome is Outcome.DONE:
            read.add(row.source)
        if row.outcome in (Outcome.DONE, Outcome.RESTORED) and report.out:
            for path in row.outputs:
                written.add(os.path.join(report.out, path))  # noqa: PTH118 - per item
    counts = {str(outcome): report.counts[outcome] for outcome in Outcome}
    return {
        "schema": SCHEMA,
        "graph": report.graph,
        "run_id": report.run_id,
        "total": report.total,
        "counts": counts,
        "ok": report.ok,
        "finished": report.finished,
        "interrupted": report.interrupted,
        "stopped": report.stopped,
        "seconds": round(report.seconds, 6),
        **_rates(report, read, written),
        "executor": report.executor,
        "jobs": report.jobs,
        "steps": _steps(report),
        "top_errors": [attrs.asdict(trouble) for trouble in troubles.top(Outcome.FAILED, MOST)],
        "top_skips": [_skip(attrs.asdict(trouble)) for trouble in troubles.top(Outcome.SKIPPED, MOST)],
        "damaged": report.damaged,
        "orphans": len(report.orphans),
        "notices": len(report.notices),
        "versions": dict(report.versions),
    }


class _Bytes:
    """Adds up sizes of files; total = None as long as there was none."""

    def __init__(self) -> None:
        self.total: int | None = None

    def add(self, path: str) -> None:
        try:
            self.total = (self.total or 0) + os.stat(path).st_size  # noqa: PTH116 - per item
        except (OSError, ValueError):  # a URL, or gone
            return

    def per_second(self, seconds: float) -> float | None:
        return None if self.total is None else _rate(self.total, seconds)


def _rates(report: Facts, read: _Bytes, written: _Bytes) -> dict[str, Any]:
    counts, seconds = report.counts, report.seconds
    kept = counts[Outcome.CACHED] + counts[Outcome.RESTORED]
    good = kept + counts[Outcome.DONE]
    return {
        "items_per_second": _rate(counts.total() - counts[Outcome.CANCELLED], seconds),
        "cache_hit_rate": round(kept / good, 6) if good else None,
        "bytes_read": read.total,
        "bytes_written": written.total,
        "bytes_read_per_second": read.per_second(seconds),
        "bytes_written_per_second": written.per_second(seconds),
    }


def _rate(count: int, seconds: float) -> float | None:
    return round(count / seconds, 3) if seconds > 0 else None


def _steps(report: Facts) -> list[dict[str, Any]]:
    names = dict.fromkeys((*report.nodes, *report.executed, *report.node_seconds, *report.spared))
    return [
        {
            "step": name,
            "ran": report.executed[name],
            "spared": report.spared[name],
            "seconds": round(report.node_seconds[name], 6),
        }
        for name in names
    ]


def _skip(trouble: Mapping[str, Any]) -> dict[str, Any]:
    return {name: trouble[name] for name in ("step", "message", "count", "first_key", "example")}
