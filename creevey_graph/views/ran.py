"""What a run did, per node: as plain numbers, and with bars for a terminal."""

from collections.abc import Iterator

from creevey_graph.columns import Cell, counted, table
from creevey_graph.events import Outcome
from creevey_graph.paint import painted
from creevey_graph.report import Report
from creevey_graph.state import NodeState, state_of_report
from creevey_graph.views.bars import BAR_WIDTH, WIDE, WIDE_BAR_WIDTH, bar, mark
from creevey_graph.views.palette import INKS

TITLES = {Outcome.DONE: "ran", Outcome.CANCELLED: "not reached"}
SLOWEST = "◂"
"""Marks the share of the node that took most."""
MOST_NODES = 24
"""Of more, those that had nothing to do are not listed one by one."""
_IDLE = {Outcome.CACHED, Outcome.CANCELLED}
_ALWAYS = (Outcome.DONE,)


def executed_table(report: Report) -> list[str]:
    """Return the plain table: nodes that ran, for how many items, and what they took."""
    rows = []
    for node in dict.fromkeys((*report.nodes, *report.executed)):  # an older report tells of no order
        if not (ran := report.executed[node]):
            continue
        seconds = report.node_seconds[node]
        rows.append([node, f"{ran:,}", f"{seconds:.2f}", f"{1000 * seconds / ran:.1f}"])
    return table(["step", "ran", "seconds", "ms each"], rows)


def ran_lines(report: Report, width: int) -> Iterator[str]:
    """
    Yield the table with a bar of outcomes for each node, its share of the time, and the slowest marked.

    Of many nodes those that had nothing to do are only counted.
    """
    every = state_of_report(report).nodes
    is_long = len(every) > MOST_NODES
    nodes = {name: node for name, node in every.items() if not is_long or set(node.counts) - _IDLE}
    outcomes = [
        one for one in Outcome if one in _ALWAYS or any(one in state.counts for state in nodes.values())
    ]
    whole = sum(report.node_seconds.values())
    slowest = max(report.node_seconds, key=lambda name: report.node_seconds[name], default="")
    has_slowest = whole > 0 and len(report.executed) > 1
    head: list[str | Cell] = [
        "step",
        "",
        *(Cell(f"{mark(one)} {TITLES.get(one, str(one))}", is_drawn=True) for one in outcomes),
        "seconds",
        "ms each",
        "share  ",
    ]
    size = WIDE_BAR_WIDTH if width >= WIDE else BAR_WIDTH
    rows = [
        [
            Cell(name, "" if state.counts.get(Outcome.DONE) else "dim"),
            Cell(bar(state.counts, size), is_drawn=True),
            *(_count_cell(one, state.counts.get(one, 0)) for one in outcomes),
            *_time_cells(state, whole, is_slowest=has_slowest and name == slowest),
        ]
        for name, state in nodes.items()
    ]
    last = len(head) - 1
    fewer = [2 + place for place, one in enumerate(outcomes) if one not in (Outcome.DONE, Outcome.FAILED)]
    drop = (last - 1, *reversed(fewer), 1, last - 2, last)
    yield from table(head, rows, left=(0, 1), width=width, drop=drop)
    if more := len(every) - len(nodes):
        words = f"{counted(more, 'more step')}: nothing to do"
        yield f"  {painted(words, 'dim')}"


def _time_cells(state: NodeState, whole: float, *, is_slowest: bool) -> list[Cell]:
    ran = state.counts.get(Outcome.DONE, 0)
    seconds = state.seconds or 0.0
    if not ran and not seconds:
        return [Cell(""), Cell(""), Cell("")]
    style = "bold" if is_slowest else ""
    return [
        Cell(f"{seconds:.2f}", style),
        Cell(f"{1000 * seconds / ran:.1f}" if ran else "", style),
        Cell(f"{seconds / whole:.0%} {SLOWEST if is_slowest else ' '}" if whole else "", style),
    ]


def _count_cell(outcome: Outcome, number: int) -> Cell:
    return Cell(f"{number:,}", INKS[outcome].terminal if number else "dim")
