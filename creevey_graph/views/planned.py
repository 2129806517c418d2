"""A plan at a terminal: per node a bar of what would happen, what changed, and why."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from creevey_graph.columns import Cell, table
from creevey_graph.events import Outcome
from creevey_graph.paint import painted
from creevey_graph.plan import NodeCount, Plan, reasons_table
from creevey_graph.screen import Screen
from creevey_graph.state import GraphState, NodeState, state_of_plan
from creevey_graph.text import safe_text
from creevey_graph.views.bars import BAR_WIDTH, WIDE, WIDE_BAR_WIDTH, bar, mark
from creevey_graph.views.palette import CHANGED, INKS, STALE
from creevey_graph.width import broken, width_of

BEHIND = "·"
"""Stands before a node that runs since one above it changed."""
LEAST_POLICY = 24
"""Columns for what becomes of values, beside why."""
_COUNTS: tuple[tuple[Outcome, str, Callable[[NodeCount], int]], ...] = (
    (Outcome.DONE, "to run", lambda count: count.runs),
    (Outcome.RESTORED, "restored", lambda count: count.restores),
    (Outcome.CACHED, "read", lambda count: count.loads),
    (Outcome.CACHED, "cached", lambda count: count.kept),
)


def plan_lines(plan: Plan, screen: Screen, accept: str) -> Iterator[str]:
    """
    Yield what a terminal shows of *plan*, painted.

    Args:
        plan: The plan.
        screen: The terminal.
        accept: The command that accepts an edit, up to the step's name.
    """
    state = state_of_plan(plan)
    name = safe_text(plan.graph)
    yield painted(name, "bold") + plan.heading.removeprefix(name)
    yield from node_lines(plan, state, screen)
    if plan.estimate:
        yield f"{painted('estimate:', 'bold')} {plan.estimate}"
    if plan.reasons:
        yield painted("why:", "bold")
        for line in reasons_table(plan.reasons):
            number = len(line) - len(line.lstrip()) + len(line.split()[0])
            yield from broken(line, screen.width or WIDE, hang=number + 2)
    yield from plan.remarks(accept)


def node_lines(plan: Plan, state: GraphState, screen: Screen) -> Iterator[str]:
    """Yield the table of nodes: a bar, counts, what becomes of values, and why, beside or below."""
    width = screen.width or WIDE
    wide = width >= WIDE
    whys = _whys(plan, state)
    shown = [
        one for one in _COUNTS if one[1] in ("to run", "cached") or any(map(one[2], plan.nodes.values()))
    ]
    head: list[str | Cell] = [
        "  step",
        "",
        *(Cell(f"{mark(outcome)} {title}", is_drawn=True) for outcome, title, _ in shown),
        "values",
    ]
    size = WIDE_BAR_WIDTH if wide else BAR_WIDTH
    rows = [
        [
            _name_cell(name, state.nodes[name]),
            Cell(bar(state.nodes[name].counts, size), is_drawn=True),
            *(_count_cell(outcome, of(count)) for outcome, _, of in shown),
            Cell(plan.policies[name], "" if count.runs else "dim"),
        ]
        for name, count in plan.nodes.items()
    ]
    policy = len(head) - 1
    beside = _beside(head, rows, whys, width) if wide else None
    if beside is not None:
        yield from beside
        return
    drop = [2 + place for place, (_, title, _) in enumerate(shown) if title in ("read", "restored")][::-1]
    first, *lines = table(
        head, rows, left=(0, 1, policy), width=width, shrink=(policy,), drop=(policy, 1, *drop)
    )
    yield first
    before = ""
    for line, name in zip(lines, plan.nodes, strict=True):
        yield line
        if (why := whys[name]) and why != before:
            yield f"      {_why(state.nodes[name], why)}"
        before = why or before


def _beside(
    head: Sequence[str | Cell], rows: Sequence[Sequence[str | Cell]], whys: Mapping[str, str], width: int
) -> list[str] | None:
    """Return the table with a last column for why; None where that leaves too little for the rest."""
    if not any(whys.values()):
        return None
    why = len(head)
    told = [[*row, Cell(text)] for row, text in zip(rows, whys.values(), strict=True)]
    left = (0, 1, why - 1, why)
    without = max(map(width_of, table(head, [[*row[:-1], ""] for row in rows], left=left)))
    if without + LEAST_POLICY + 4 + max(map(width_of, whys.values())) > width:
        return None
    return table([*head, "why"], told, left=left, width=width, shrink=(why - 1,))


def _whys(plan: Plan, state: GraphState) -> dict[str, str]:
    """Return node -> why it would run, "" where the reasons below say all there is to say of it."""
    whys = {name: safe_text(state.nodes[name].why) for name in plan.nodes}
    told = {why for why in whys.values() if why}
    if told <= {safe_text(reason) for reason in plan.reasons} and len(told) == 1 and not plan.changes:
        return dict.fromkeys(whys, "")
    return whys


def _name_cell(name: str, state: NodeState) -> Cell:
    if state.is_changed:
        return Cell(f"{CHANGED} {name}", f"bold {STALE.terminal}")
    if state.is_stale:
        return Cell(f"{BEHIND} {name}", STALE.terminal)
    return Cell(f"  {name}", "" if state.counts.get(Outcome.DONE) else "dim")


def _why(state: NodeState, why: str) -> str:
    return painted(why, STALE.terminal if state.is_changed else "dim")


def _count_cell(outcome: Outcome, number: int) -> Cell:
    return Cell(f"{number:,}", INKS[outcome].terminal if number else "dim")
