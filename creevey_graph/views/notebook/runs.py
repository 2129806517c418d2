"""A report, its rows, and one of them."""

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any

from creevey_graph.events import Outcome, Row
from creevey_graph.report import Report
from creevey_graph.rows import Rows
from creevey_graph.shape import short_text
from creevey_graph.state import GraphState, shape_in, state_of_report
from creevey_graph.text import first_line
from creevey_graph.views.markup import Markup, facts, folded, pre, shortened, table, tag
from creevey_graph.views.notebook.graphs import MOST_NODES, named, why, with_rest
from creevey_graph.views.notebook.pieces import (
    bar,
    beside,
    counted,
    drawing,
    framed,
    heading,
    lines,
    muted,
    took,
)

MOST_FAILURES = 5
MOST_ROWS = 20
MOST_FIELDS = 6
"""Columns of the graph that a table of rows shows."""
MOST_TRACEBACK = 6_000
"""Characters of a traceback: its end is what tells."""
_WORDS = MappingProxyType({Outcome.DONE: "ran", Outcome.CANCELLED: "not reached"})
"""What outcomes are called at a step."""
MOST_READ = 50_000
"""Rows that are read to find where items were left out; of a longer run it is not told which step did."""


def show_report(report: Report) -> Markup:
    """Return a run: counts, nodes as a table, the first failures, how to go on, and the graph with all that."""
    state = state_of_report(report, reads_rows=report.total <= MOST_READ)
    drawn = drawing(shape_in(report), state)
    told = [
        bar(state.counts),
        tag("p", counted(state.counts)),
        _node_table(state),
        *_failures(report),
        *_going_on(report),
        lines("notes", report.notices),
        lines("orphans: outputs of items that are gone; run(…, prune=True) deletes them", report.orphans),
    ]
    ran = f"{report.executor}, {report.jobs} at once" if report.jobs else report.executor
    title = f"{report.graph or 'no graph'}"
    beginning = f"{state.title} ({ran})" if ran else state.title
    return framed(title, beginning, beside(drawn, *told), kind="report")


def _node_table(state: GraphState) -> Markup | None:
    if not state.nodes:
        return None
    outcomes = [one for one in Outcome if any(node.counts.get(one) for node in state.nodes.values())]
    told = any(node.why for node in state.nodes.values())
    rows = []
    for name, node in list(state.nodes.items())[:MOST_NODES]:
        counts = [_count(node.counts.get(outcome, 0), outcome) for outcome in outcomes]
        rows.append((named(name, node, _WORDS), *counts, took(node.seconds), *((why(node),) if told else ())))
    head = ("step", *(_WORDS.get(one, str(one)) for one in outcomes), "took", *(("why",) if told else ()))
    shown = table(head, rows, numbers=range(1, len(outcomes) + 2))
    return with_rest(shown, len(state.nodes) - MOST_NODES, "steps")


def _count(number: int, outcome: Outcome) -> Markup | str:
    if not number:
        return ""
    return tag("span", f"{number:,}", class_=f"creevey-ink-{outcome}")


def _failures(report: Report) -> Iterator[Markup]:
    rows = report.first_failed(MOST_FAILURES)
    if not rows:
        return
    shown = table(
        ("item", "step", "error"),
        [(tag("b", shortened(row.key)), tag("code", row.step or ""), _error(row)) for row in rows],
    )
    yield heading(f"{'failed' if len(rows) == report.counts[Outcome.FAILED] else 'failed first'}")
    yield with_rest(shown, report.counts[Outcome.FAILED] - len(rows), "in report.failed")


def _error(row: Row) -> Markup:
    told = tag("span", shortened(first_line(row.error or "")), class_="creevey-ink-failed")
    return Markup(told + (folded("traceback", _traceback(row)) if row.traceback else ""))


def _traceback(row: Row) -> Markup:
    text = row.traceback or ""
    cut = f"…\n{text[-MOST_TRACEBACK:]}" if len(text) > MOST_TRACEBACK else text
    return pre(cut)


def _going_on(report: Report) -> Iterator[Markup]:
    """Say what can be done next, as code to be copied."""
    ways = []
    if report.counts[Outcome.FAILED]:
        again = "report.failed[0].reproduce()"
        again = again if report.origin is not None else "graph.reproduce(report.failed[0], items)"
        ways.append((again, "raises the first error here, for a debugger (%debug)"))
        ways.append(("graph.run(…, only_failed=True)", "tries the failed items again"))
    if report.interrupted or report.stopped or not report.finished:
        ways.append(("graph.run(…)", "goes on where this run ended"))
    ways.append(('report.to_html("run.html")', "writes a page of it, with all rows and pictures"))
    if report.stopped:
        yield tag("p", report.stopped, class_="creevey-ink-failed")
    yield heading("go on with")
    yield facts([(tag("code", code), does) for code, does in ways])


# --- rows --------------------------------------------------------------------------------------


def show_rows(rows: Rows) -> Markup:
    """Return the first rows as a table, with the columns that they have."""
    first = rows[:MOST_ROWS]
    told = (
        f"{len(rows):,} rows" if len(rows) <= len(first) else f"the first {len(first)} of {len(rows):,} rows"
    )
    return framed("rows", told, _row_table(first), kind="of a report")


def _row_table(rows: Sequence[Row]) -> Markup:
    names = _telling(rows)[:MOST_FIELDS]
    has_why = any(row.reason or row.error for row in rows)
    head = ("item", "outcome", *(("step", "why") if has_why else ()), "took", "outputs", *names)
    shown = []
    for row in rows:
        seconds = took(row.total_seconds if row.seconds else None)
        shown.append(
            (
                tag("b", shortened(row.key)),
                _outcome(row),
                *((row.step or "", shortened(_why(row))) if has_why else ()),
                seconds,
                shortened(", ".join(row.outputs)),
                *(shortened(_value(row.fields.get(name))) for name in names),
            )
        )
    return table(head, shown, numbers=(4 if has_why else 2,))


def _telling(rows: Sequence[Row]) -> list[str]:
    """Return the columns of which some row tells more than the paths it wrote."""
    names = dict.fromkeys(name for row in rows for name in row.fields)
    return [name for name in names if any(row.fields.get(name) not in (None, *row.outputs) for row in rows)]


def _outcome(row: Row) -> Markup:
    return tag("span", str(row.outcome), class_=f"creevey-ink-{row.outcome}")


def _why(row: Row) -> str:
    return first_line(row.error) if row.error else row.reason or ""


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else "" if value is None else short_text(value)


def show_row(row: Row) -> Markup:
    """Return one row: all it tells, and its traceback."""
    pairs = [
        ("source", row.source if row.source != row.key else ""),
        ("outcome", _outcome(row)),
        ("step", row.step or ""),
        (
            "error",
            tag("span", shortened(row.error or "", 600), class_="creevey-ink-failed") if row.error else "",
        ),
        ("why", shortened(row.reason or "")),
        ("outputs", shortened(", ".join(row.outputs), 600)),
    ]
    fields = [(name, shortened(_value(value), 300)) for name, value in list(row.fields.items())[:MOST_NODES]]
    seconds = [(name, took(each)) for name, each in list(row.seconds.items())[:MOST_NODES]]
    return framed(
        shortened(row.key),
        "",
        facts(pairs),
        *((heading("columns"), facts(fields)) if fields else ()),
        *((heading("took"), table(("step", "time"), seconds, numbers=(1,))) if seconds else ()),
        folded("traceback", _traceback(row), is_open=True) if row.traceback else None,
        muted("row.reproduce() raises the error here, for a debugger (%debug)") if row.origin else None,
        kind="row of a report",
    )
