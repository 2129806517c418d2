"""
What the page of a run shows, as plain data: JSON-able, every text inert, made in one pass over the rows.

Rows stand column by column; with more than `MOST_ROWS` of them every failure is kept, and an even part of the others.
Histograms are of all of them.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from creevey_graph.events import Outcome, Row
from creevey_graph.report import Report
from creevey_graph.state import GraphState, NodeState, Stored, state_of
from creevey_graph.text import safe_text
from creevey_graph.versions import list_versions
from creevey_graph.views.page.cells import finite, inert
from creevey_graph.views.page.columns import OUTCOMES, Columns
from creevey_graph.views.page.histograms import Tally
from creevey_graph.views.page.recipes import Recipes, recipes_of
from creevey_graph.views.page.sheets import Sheets
from creevey_graph.views.page.strips import Strip

SCHEMA = 1
MOST_ROWS = 200_000
MOST_NOTICES = 200
MOST_ORPHANS = 100
TRACEBACK_ROOM = 3_000_000
"""Characters of tracebacks; failures beyond have their error alone."""
MOST_TRACEBACK = 12_000

Pictures = Callable[[Sequence[tuple[int, Row]]], Mapping[int, Strip]]
"""(Number, row) of those that are looked at closely -> their pictures; see `strips.Strips`."""


def page_data(
    report: Report,
    *,
    pictures: Pictures | None = None,
    stored: Mapping[str, Stored] | None = None,
    recipes: Recipes | None = None,
    sample: int = 24,
    most_failures: int = 200,
    most_rows: int = MOST_ROWS,
    made: dt.datetime | None = None,
) -> dict[str, Any]:
    """
    Return what a page of *report* shows.

    Args:
        report: The report, of a run that goes on, has ended or was killed.
        pictures: Makes the pictures; None for none.
        stored: Step -> what the cache holds of it; None for not known.
        recipes: How items are run again; by default what the report tells.
        sample: How many of the good items are shown with pictures.
        most_failures: How many of the failed ones.
        most_rows: How many rows the page has.
        made: When; None leaves it out.

    Raises:
        OSError: The report's file cannot be read.
        ValueError: It is damaged.
    """
    recipes = recipes or recipes_of(report)
    columns = Columns(report.nodes, report.columns)
    tallies = {name: Tally(shown) for name, shown in columns.fields.items()}
    sheets = Sheets(report.counts, sample=sample, most_failures=most_failures, most_rows=most_rows)
    failures = _Failures(recipes)
    for row in report.rows:
        for name, tally in tallies.items():
            tally.add(row.fields.get(name))
        is_taken = sheets.takes(row)
        if is_taken:
            number = columns.add(row)
        if row.outcome is Outcome.FAILED:
            failures.add(number if is_taken else -1, row)
    strips = {} if pictures is None else pictures(sheets.pictured())
    details = failures.details
    for number, row in sheets.sampled:
        details[number] = {"seconds": _seconds(row), "reproduce": recipes.of(row, 0)}
    for number, strip in strips.items():
        more = {"pictures": list(strip.pictures), "note": strip.note}
        details.setdefault(number, {}).update({name: value for name, value in more.items() if value})
    inexact = [name for name, tally in tallies.items() if not tally.is_exact]
    numeric = [name for name, tally in tallies.items() if tally.is_number and name not in inexact]
    return {
        "schema": SCHEMA,
        "version": list_versions()["creevey_graph"],
        "title": safe_text(report.graph),
        "made": "" if made is None else made.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "run": run_data(report, rows_left_out=sheets.left_out),
        "state": state_data(state_of(report, stored)),
        "steps": columns.steps,
        "outcomes": list(OUTCOMES),
        "texts": columns.texts.texts,
        "rows": columns.data(numeric, inexact),
        "details": {str(number): details[number] for number in sorted(details)},
        "timeline": timeline_data(report),
        "histograms": [shown for tally in tallies.values() if (shown := tally.histogram()) is not None],
        "sheets": sheets.data(),
    }


class _Failures:
    """Tracebacks of failed rows and how to run them again, as far as there is room; details = number -> them."""

    def __init__(self, recipes: Recipes) -> None:
        self.details: dict[int, dict[str, Any]] = {}
        self._recipes = recipes
        self._count = 0
        self._left = TRACEBACK_ROOM

    def add(self, number: int, row: Row) -> None:
        """Take in the next failed row; *number* is -1 where the page does not have it."""
        if number >= 0 and self._left > 0:
            detail = {"seconds": _seconds(row), "reproduce": self._recipes.of(row, self._count)}
            if row.traceback:
                detail["traceback"] = _traceback(row.traceback)
            self._left -= len(str(detail.get("traceback", ""))) + len(detail["reproduce"])
            self.details[number] = detail
        self._count += 1


def _traceback(text: str) -> str:
    """Return a traceback, its middle cut out where it is long: what matters stands at the ends."""
    shown = safe_text(text, keep_newlines=True)
    if len(shown) <= MOST_TRACEBACK:
        return shown
    half = MOST_TRACEBACK // 2
    return f"{shown[:half]}\n…\n{shown[-half:]}"


def _seconds(row: Row) -> dict[str, float]:
    return {inert(node): known for node, taken in row.seconds.items() if (known := finite(taken)) is not None}


def run_data(report: Report, *, rows_left_out: int = 0) -> dict[str, Any]:
    """Return what a page tells of the run as a whole."""
    counts = report.counts
    seconds = report.seconds if report.finished else _so_far(report)
    kept = counts[Outcome.CACHED] + counts[Outcome.RESTORED]
    good = kept + counts[Outcome.DONE]
    ended = counts.total() - counts[Outcome.CANCELLED]
    return {
        "graph": inert(report.graph),
        "run_id": inert(report.run_id),
        "executor": inert(report.executor),
        "jobs": report.jobs,
        "total": report.total,
        "seconds": finite(seconds) or 0.0,
        "planned": not report.run_id,
        "finished": report.finished,
        "interrupted": report.interrupted,
        "stopped": inert(report.stopped),
        "out": inert(report.out),
        "left_out": report.left_out,
        "damaged": report.damaged,
        "counts": {str(outcome): counts[outcome] for outcome in Outcome if counts[outcome]},
        "notices": [inert(text) for text in report.notices[:MOST_NOTICES]],
        "orphans": [inert(path) for path in report.orphans[:MOST_ORPHANS]],
        "orphan_count": len(report.orphans),
        "versions": {inert(name): inert(version) for name, version in report.versions.items()},
        "items_per_second": round(ended / seconds, 3) if seconds > 0 else None,
        "cache_hit_rate": round(kept / good, 6) if good else None,
        "report": inert(report.path.name),
        "rows_left_out": rows_left_out,
    }


def _so_far(report: Report) -> float:
    """Return how long a run took as far as its items tell, which goes on or was killed."""
    last = max(report.timeline.bins, default=-1)
    return (last + 1) * report.timeline.width_s


def state_data(state: GraphState) -> dict[str, Any]:
    """Return the state of a graph's nodes."""
    return {
        "title": inert(state.title),
        "nodes": {inert(name): _node_data(node) for name, node in state.nodes.items()},
    }


def _node_data(node: NodeState) -> dict[str, Any]:
    stored = node.stored
    return {
        "counts": {str(outcome): count for outcome, count in node.counts.items()},
        "seconds": finite(node.seconds),
        "why": inert(node.why),
        "policy": inert(node.policy),
        "stored": None if stored is None else {"values": stored.values, "bytes": stored.bytes},
    }


def timeline_data(report: Report) -> dict[str, Any]:
    """Return when items ended."""
    timeline = report.timeline
    bins = [
        {str(outcome): count for outcome, count in counts.items() if count} for _, counts in timeline.rows()
    ]
    return {"width_s": timeline.width_s if math.isfinite(timeline.width_s) else 0.0, "bins": bins}
