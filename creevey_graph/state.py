"""
What a plan or a run says of each node of a graph: what views show beside its shape.

A plan tells what would become of it, a report what became of it; both come to the same counts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

import attrs

from creevey_graph.columns import counted, listed
from creevey_graph.errors import UsageError
from creevey_graph.events import Outcome, Reason
from creevey_graph.plan import NodeCount, Plan
from creevey_graph.report import Report
from creevey_graph.shape import Shape, shape_from_json

_CHANGED = (Reason.CODE_CHANGED, Reason.PARAMETER_CHANGED, Reason.DEPENDENCY_CHANGED)


@attrs.frozen
class Stored:
    """
    What the cache holds of a step.

    Args:
        values: How many.
        bytes: Their size.
        saves_s: Seconds that having them saves.
    """

    values: int
    bytes: int
    saves_s: float = 0.0


@attrs.frozen
class NodeState:
    """
    One node.

    Args:
        counts: Outcome -> items: done (ran, or would run), cached (up to date, or read), restored (written from
            the cache), failed and skipped (here), cancelled (the item ended before it). Those that are 0 are left out.
        seconds: What it took, or would take as far as earlier runs tell; None where that is not known.
        why: Why it ran, or would; text that begins with a `Reason` where something changed.
        is_stale: Whether it would run since it, or one above it, changed.
        is_changed: Whether it differs itself from what it was.
        policy: What becomes of its values, in words.
        stored: What the cache holds of it; None where nobody asked.
    """

    counts: Mapping[Outcome, int] = attrs.field(factory=dict)
    seconds: float | None = None
    why: str = ""
    is_stale: bool = False
    is_changed: bool = False
    policy: str = ""
    stored: Stored | None = None


@attrs.frozen
class GraphState:
    """
    A graph.

    Args:
        kind: "plan" or "run".
        title: What there is to be done, or was done, in a line.
        total: How many items there are.
        counts: Outcome -> items.
        nodes: Node -> its state.
        reasons: Reason -> items, most frequent first.
    """

    kind: str
    title: str
    total: int
    counts: Mapping[Outcome, int]
    nodes: Mapping[str, NodeState]
    reasons: Mapping[str, int] = attrs.field(factory=dict)


def state_of(source: Plan | Report, stored: Mapping[str, Stored] | None = None) -> GraphState:
    """Return what a plan or a report says; *stored*: step -> what the cache holds of it, None for not known."""
    return state_of_plan(source, stored) if isinstance(source, Plan) else state_of_report(source, stored)


def shape_in(source: Plan | Report) -> Shape | None:
    """Return the shape of the graph that a plan or report is of, None where it has none (an older report)."""
    if isinstance(source, Plan):
        return source.shape
    try:
        return shape_from_json(source.shape) if source.shape else None
    except ValueError:  # a damaged line
        return None


def stored_of(facts: Mapping[str, object]) -> dict[str, Stored]:
    """Return step -> what the cache holds, of what `Cache.info` tells."""
    steps = facts["steps"]
    assert isinstance(steps, list)
    return {step["step"]: Stored(step["values"], step["bytes"], step["saves_s"]) for step in steps}


# --- a plan ------------------------------------------------------------------------------------


def state_of_plan(plan: Plan, stored: Mapping[str, Stored] | None = None) -> GraphState:
    """Return what *plan* says."""
    whys = dict(_whys(plan))
    behind = _behind(plan)
    nodes = {}
    for name, count in plan.nodes.items():
        each = plan.seconds.get(name)
        is_changed = name in plan.changes and count.runs > 0
        nodes[name] = NodeState(
            _counts_of(count),
            None if each is None else each * count.runs,
            whys.get(name, ""),
            is_stale=is_changed or (count.runs > 0 and name in behind),
            is_changed=is_changed,
            policy=plan.policies.get(name, ""),
            stored=None if stored is None else stored.get(name, Stored(0, 0)),
        )
    counts = {
        Outcome.DONE: plan.to_do - plan.unreadable,
        Outcome.CACHED: plan.up_to_date,
        Outcome.FAILED: plan.unreadable + plan.lasting,
    }
    title = f"{counted(plan.total, 'item')}: {plan.up_to_date:,} up to date, {plan.to_do:,} to do"
    reasons = dict(sorted(plan.reasons.items(), key=lambda reason: -reason[1]))
    return GraphState("plan", title, plan.total, _present(counts), nodes, reasons)


def _counts_of(count: NodeCount) -> Mapping[Outcome, int]:
    return _present(
        {
            Outcome.DONE: count.runs,
            Outcome.CACHED: count.kept + count.loads,
            Outcome.RESTORED: count.restores,
        }
    )


def _present(counts: Mapping[Outcome, int]) -> dict[Outcome, int]:
    return {outcome: count for outcome, count in counts.items() if count > 0}


def _behind(plan: Plan) -> dict[str, str]:
    """Return node -> the changed node above it that stands last."""
    if plan.shape is None:
        return {}
    changed = [name for name in plan.nodes if name in plan.changes]
    return {below: name for name in changed for below in plan.shape.below(name)}


def _whys(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield (node, why it would run): itself, a node above, one below that is made anew, or its items."""
    behind = _behind(plan)
    readers = {} if plan.shape is None else plan.shape.readers()
    feeding = set[str]()
    for name in reversed(plan.nodes):
        below = [reader for reader in readers.get(name, ()) if plan.nodes[reader].runs]
        if _has_changed(plan, name) and any(
            one in plan.changes or one in behind or one in feeding for one in below
        ):
            feeding.add(name)
    for name, count in plan.nodes.items():
        if not count.runs:
            continue
        running = [reader for reader in readers.get(name, ()) if plan.nodes[reader].runs]
        others = _others(plan, name)
        if name in plan.changes:
            yield name, plan.changes[name]
        elif name in behind:
            yield name, f"{Reason.INPUT_CHANGED}: by '{behind[name]}' above"
        elif others and name not in feeding:
            ranked = sorted(others, key=lambda reason: -others[reason])
            yield name, listed(ranked if name in plan.node_reasons else ranked[:1])
        elif running:
            yield name, f"made again for {', '.join(running)}: its values are not kept"


def _reasons_of(plan: Plan, name: str) -> Mapping[str, int]:
    """Return reason -> items that a node would run for; of a plan that does not tell, those of all items."""
    return plan.node_reasons.get(name, plan.reasons)


def _others(plan: Plan, name: str) -> dict[str, int]:
    """Return the reasons that are the items' own, no change of the graph."""
    reasons = _reasons_of(plan, name)
    return {reason: count for reason, count in reasons.items() if not reason.startswith(_CHANGED)}


def _has_changed(plan: Plan, name: str) -> bool:
    """Return whether a node would run for the graph's changes at least as often as for any other reason."""
    others = _others(plan, name)
    changed = sum(_reasons_of(plan, name).values()) - sum(others.values())
    return changed >= max(others.values(), default=0)


# --- a run -------------------------------------------------------------------------------------


def state_of_report(
    report: Report, stored: Mapping[str, Stored] | None = None, *, reads_rows: bool = True
) -> GraphState:
    """
    Return what *report* says.

    Args:
        report: The report.
        stored: As for `state_of`.
        reads_rows: Whether its rows are read for where items were left out, of which it was told in bulk; without,
            these count as up to date.

    Raises:
        UsageError: It joins several runs, of which only the rows are joined.
    """
    if report.updates:
        raise UsageError(
            f"this report joins {report.updates + 1} runs, which have no state of nodes in common; "
            "show that of one of them: Report.load(path)"
        )
    ended, unreached = Counter(report.ended_at), Counter(report.unreached)
    if reads_rows:
        _add_left_out(report, ended, unreached)
    shape = shape_in(report)
    policies = {} if shape is None else {node.name: node.policy for node in shape.nodes}
    names = dict.fromkeys((*report.nodes, *report.executed))
    nodes = {
        name: NodeState(
            _run_counts(report, name, ended, unreached),
            report.node_seconds[name],
            report.changes.get(name, ""),
            is_changed=name in report.changes,
            policy=policies.get(name, ""),
            stored=None if stored is None else stored.get(name, Stored(0, 0)),
        )
        for name in names
    }
    return GraphState("run", _title(report), report.total, _present(dict(report.counts)), nodes)


def _add_left_out(report: Report, ended: Counter[tuple[str, Outcome]], unreached: Counter[str]) -> None:
    """Count where items were left out of which the report was told in bulk; its rows tell."""
    known = Counter({step: count for (step, how), count in ended.items() if how is Outcome.SKIPPED})
    if report.counts[Outcome.SKIPPED] <= known.total():
        return
    steps = Counter(row.step for row in report.rows if row.outcome is Outcome.SKIPPED)
    for step, count in steps.items():
        if step is not None and (more := count - known[step]) > 0:
            ended[step, Outcome.SKIPPED] += more
            unreached.update(dict.fromkeys(report.behind(step), more))


def _run_counts(
    report: Report, name: str, ended: Mapping[tuple[str, Outcome], int], unreached: Mapping[str, int]
) -> Mapping[Outcome, int]:
    counts = {
        Outcome.DONE: report.executed[name],
        Outcome.RESTORED: report.restored[name],
        Outcome.SKIPPED: ended.get((name, Outcome.SKIPPED), 0),
        Outcome.FAILED: ended.get((name, Outcome.FAILED), 0),
        Outcome.CANCELLED: unreached.get(name, 0) + report.counts[Outcome.CANCELLED],
    }
    finished = report.counts.total()
    return _present({**counts, Outcome.CACHED: finished - sum(counts.values())})


def _title(report: Report) -> str:
    told = ", ".join(f"{report.counts[outcome]:,} {outcome}" for outcome in Outcome if report.counts[outcome])
    took = f" in {report.seconds:.1f} s" if report.finished else ""
    return f"{counted(report.total, 'item')}{took}: {told or 'none finished'}"
