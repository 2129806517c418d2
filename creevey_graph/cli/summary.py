"""A report as a few lines for people, and as data for programs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from creevey_graph import Outcome, Report, Row
from creevey_graph.cli.tables import short_path
from creevey_graph.columns import counted, listed
from creevey_graph.events import NOT_TRIED
from creevey_graph.journal import row_to_json
from creevey_graph.paint import painted
from creevey_graph.screen import Screen
from creevey_graph.text import first_line, safe_text
from creevey_graph.troubles import alike
from creevey_graph.views.meter import rate_text
from creevey_graph.views.palette import INKS
from creevey_graph.views.ran import executed_table, ran_lines

FIRST_FAILURES = 5
_FIRST_KEYS = 3
FIRST_NOTICES = 5
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_INSTALLED = re.compile(r"[/\\](site-packages|dist-packages|lib[/\\]python3\.\d+)[/\\]")
_OURS = str(Path(__file__).parents[1])
LEAST_S = 0.05
"""Of shorter runs no rate is told."""


def summary_lines(report: Report, screen: Screen) -> Iterator[str]:
    """
    Yield what happened: counts, what ran, the first failures, orphans, notices, and where the rest is.

    Args:
        report: The report.
        screen: What is to show it; only a terminal gets bars.
    """
    yield f"{painted(safe_text(report.graph), 'bold')}: {_items(report)}"
    if report.executed or report.restored:
        yield from _worked(report, screen)
    elif report.ok and set(report.counts) <= {Outcome.CACHED, Outcome.SKIPPED}:
        yield "  nothing to do: everything is up to date"
    for text in _ending(report):
        yield f"{painted('stopped:', 'yellow')} {text}"
    yield from failure_lines(report, FIRST_FAILURES, by_kind=True)
    yield from _skip_lines(report)
    yield from _remarks(report)


def _skip_lines(report: Report) -> Iterator[str]:
    """Yield which steps left items out, and why each did the first time."""
    if not report.first_skips:
        return
    count = report.counts[Outcome.SKIPPED]
    yield painted(f"{count:,} skipped", INKS[Outcome.SKIPPED].terminal) + ":"
    for node, why in report.first_skips.items():
        number = counted(report.ended_at[node, Outcome.SKIPPED], "item")
        yield f"  {number} by step {safe_text(node)}" + (f", such as: {first_line(why)}" if why else "")


def _worked(report: Report, screen: Screen) -> Iterator[str]:
    """Yield what ran, what was written again, and where the change stopped."""
    if report.executed:
        yield from executed_table(report) if screen.width is None else ran_lines(report, screen.width)
    if report.restored:
        yield f"  written again from the cache: {_told(report.restored)}"
    if report.executed and report.spared:
        yield f"  the change stopped before: {_told(report.spared)} (what they read is what it was)"


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{safe_text(node)} {count:,}" for node, count in counts.items())


def _remarks(report: Report) -> Iterator[str]:
    if report.orphans:
        count = counted(len(report.orphans), "output")
        yield f"orphans: {count} of items that are gone or left out ({listed(report.orphans)}); --prune deletes them"
    if report.pruned:
        yield f"pruned: {counted(report.pruned, 'output')} of items that are gone"
    if report.damaged:
        yield f"note: {counted(report.damaged, 'cache entry')} damaged, and healed"
    for text in report.notices[:FIRST_NOTICES]:
        yield f"note: {safe_text(text)}"
    if len(report.notices) > FIRST_NOTICES:
        yield f"note: {len(report.notices) - FIRST_NOTICES:,} more notes stand in the report"


def where_line(report: Report, *, is_latest: bool) -> str:
    """Say where the report is, and how to read it."""
    is_latest = is_latest and report.path.parent.name == "runs"  # without a cache it stands elsewhere
    command = "creevey-graph report" if is_latest else f"creevey-graph report {short_path(report.path)}"
    more = " --failed" if report.counts[Outcome.FAILED] > _FIRST_KEYS else ""
    return f"report: {short_path(report.path)}" + (f"  ({command}{more})" if is_latest or more else "")


def next_lines(report: Report) -> Iterator[str]:
    """Yield what to type next, where something is left to be done."""
    if report.counts[Outcome.FAILED]:
        yield "next: run again once they are mended; with --failed it tries only them"
    if report.orphans:
        yield "next: the same run with --prune deletes the orphans"


def _items(report: Report) -> str:
    counts = ", ".join(
        painted(f"{report.counts[outcome]:,} {outcome}", INKS[outcome].terminal)
        for outcome in Outcome
        if report.counts[outcome]
    )
    took = f" in {report.seconds:.1f} s" if report.finished else ""
    how = [report.executor, counted(report.jobs, "job")] if report.executed and report.executor else []
    worked = report.counts.total() - report.counts[Outcome.CACHED] - report.counts[Outcome.CANCELLED]
    if how and worked and report.seconds > LEAST_S:
        how.append(rate_text(worked / report.seconds, " items"))
    told = f" ({safe_text(', '.join(how))})" if how else ""
    return f"{counted(report.total, 'item')}{took}: {counts or 'none finished'}{told}"


def _ending(report: Report) -> Iterator[str]:
    left = counted(report.counts[Outcome.CANCELLED], "item")
    if not report.finished:
        yield "the run did not come to its end; run again to go on from there"
    elif report.interrupted:
        yield f"interrupted, {left} left; run again to go on from there"
    elif report.stopped:
        yield f"{safe_text(report.stopped.removeprefix('stopped '))}, {left} left; run again to go on"


def failure_lines(report: Report, most: int, *, by_kind: bool = False) -> Iterator[str]:
    """
    Yield two lines for each of the first *most* failures, and how many more there are.

    Args:
        report: The report.
        most: How many entries.
        by_kind: Whether failures that are alike share one entry.
    """
    count = report.counts[Outcome.FAILED]
    if not count:
        return
    failed = report.failed
    left = sum(row.reason == NOT_TRIED for row in failed)
    again = "" if left == count else " (tried again next time, where that may help)"
    yield painted(f"{count:,} failed", INKS[Outcome.FAILED].terminal) + f"{again}:"
    kinds = alike(failed) if by_kind else [[row] for row in failed]
    for rows in kinds[:most]:
        yield from _failure(rows)
    if more := kinds[most:]:
        items = sum(map(len, more))
        of_kinds = f", of {counted(len(more), 'other kind')}" if items > len(more) else ""
        yield f"  … and {items:,} more{of_kinds}"
    if left:
        yield f"not tried again: {counted(left, 'item')} that failed last time, nothing having changed since (--retry-failed tries them again)"


def _failure(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of one failure, or of several that are alike."""
    row = rows[0]
    times = f"{counted(len(rows), 'item')}: " if len(rows) > 1 else ""
    keys = [safe_text(row.key) for row in rows[:_FIRST_KEYS]] + ["…"] * (len(rows) > _FIRST_KEYS)
    yield f"  {times}{', '.join(keys)}" + (f"  (step {safe_text(row.step)})" if row.step else "")
    yield f"    {first_line(row.error or 'no error text')}"
    if place := place_of(row.traceback or ""):
        yield f"    {safe_text(place)}"


def place_of(traceback: str) -> str:
    r"""
    Return where in the user's own code a failure arose, "" where none of it was running.

    >>> place_of('  File "/home/me/graph.py", line 7, in sepia\n    1/0')
    'at /home/me/graph.py:7 in sepia'
    """
    frames = [frame for frame in _FRAME.findall(traceback) if _is_the_users(frame[0])]
    return "at {}:{} in {}".format(*frames[-1]) if frames else ""


def _is_the_users(filename: str) -> bool:
    return not (filename.startswith(_OURS) or _INSTALLED.search(filename))


def report_data(report: Report) -> dict[str, Any]:
    """Return the report as plain data; failed rows in full."""
    return {
        "graph": report.graph,
        "total": report.total,
        "ok": report.ok,
        "finished": report.finished,
        "interrupted": report.interrupted,
        "stopped": report.stopped,
        "seconds": round(report.seconds, 6),
        "executor": report.executor,
        "jobs": report.jobs,
        "counts": {str(outcome): report.counts[outcome] for outcome in Outcome},
        "executed": dict(report.executed),
        "spared": dict(report.spared),
        "node_seconds": {node: round(seconds, 6) for node, seconds in report.node_seconds.items()},
        "failed": [row_to_json(row) for row in report.failed],
        "orphans": list(report.orphans),
        "damaged": report.damaged,
        "notices": list(report.notices),
        "report": str(report.path),
    }
