"""Plans and previews: what a run would do, and what one item looks like after every step."""

import functools
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from creevey_graph.cache import Cache
from creevey_graph.calls import call, check_returned
from creevey_graph.changes import told_changes
from creevey_graph.codecs import find_codec
from creevey_graph.cutoff import decided
from creevey_graph.errors import CreeveyError, SourceError, UsageError, did_you_mean
from creevey_graph.events import Row
from creevey_graph.evidence import Evidence
from creevey_graph.frozen import FrozenGraph
from creevey_graph.keeping import decoded
from creevey_graph.ledger import Ledger
from creevey_graph.listing import Listing
from creevey_graph.look import Known
from creevey_graph.plan import Action, NodeCount, Plan, validate_columns
from creevey_graph.policy import shown_policy
from creevey_graph.sources import Item
from creevey_graph.tasks import Bench
from creevey_graph.text import safe_text


def make_plan(
    listing: Listing, known: Known, out: Path | None, cache: Cache | None, *, refresh: bool = False
) -> Plan:
    """
    Say what a run would do: reads files that changed, runs no step, writes nothing.

    Args:
        listing: The items.
        known: Their last known states.
        out: Output folder.
        cache: The cache, None for none.
        refresh: Whether everything would run.
    """
    frozen = listing.frozen
    validate_columns(frozen)
    ledger = Ledger(cache, refresh=refresh)
    plan = Plan(
        frozen.name,
        len(listing),
        nodes={node.name: NodeCount() for node in frozen.nodes},
        policies={
            node.name: shown_policy(node.step, None if cache is None else ledger.measures(node.fingerprint))
            for node in frozen.nodes
        },
        untracked=frozen.untracked,
        accepted=frozen.accepted,
        notices=listing.notices,
        seconds={
            node.name: seconds
            for node in frozen.nodes
            if (seconds := ledger.seconds(node.fingerprint)) is not None
        },
    )
    items: Iterable[Item] = listing
    if (survey := known.survey(listing.bulk, forced=refresh)) is not None:
        for found in survey.found():
            plan.add_up_to_date(found.cached + found.skipped)
        items = listing.some(survey.unsure)
    bench = Bench(frozen, out, cache, refresh, ledger=ledger)
    for item in items:
        _plan_item(plan, bench, known, item)
    plan.orphans = known.orphans()
    plan.changes = told_changes(known.former_graphs, frozen.ingredients)
    known.close()
    return plan


def _plan_item(plan: Plan, bench: Bench, known: Known, item: Item) -> None:
    state, reason = known.check(item, forced=bench.refresh)
    if item.refusal is not None:
        plan.add_refused(item.refusal)
        return
    lasting = "" if state is None or bench.refresh else state.lasting
    if state and bench.frozen.may_last(state.step, lasting) and known.row_if_failed(item, state):
        plan.lasting += 1
        return
    if reason is None and known.row_if_current(item, state) is not None:
        plan.add_up_to_date()
        return
    frozen, cache = bench.frozen, None if bench.refresh else bench.cache
    try:
        evidence = Evidence(frozen, item, state, bench.out, cache, ledger=bench.ledger)
    except (OSError, CreeveyError):
        plan.unreadable += 1
        return
    if state is not None:
        known.leftovers += (*state.outputs, *state.leftovers)
    if evidence.failing(lasting) is not None:
        plan.lasting += 1
        return
    is_skipped = evidence.is_still_skipped(state, reason)
    actions = [] if is_skipped else decided(frozen, evidence, bench.ledger)
    if not is_skipped:
        known.placed.update(evidence.paths.values())
    if any(action in (Action.RUN, Action.RESTORE) for action in actions):
        plan.add(frozen, actions, evidence.why(state, reason)[0])
    else:
        plan.add_up_to_date()


def preview_item(frozen: FrozenGraph, item: Item) -> dict[str, Any]:
    """
    Run every step on one item in this process, and return node -> value.

    Nothing is written: a writer's value is the path it would write, relative to `out`; nodes
    that read it are left out.

    Raises:
        Exception: Whatever a step raises.
    """
    first = len(frozen.inputs)
    values: dict[int, Any] = dict(enumerate(item.values))
    shown: dict[str, Any] = {name: value for (name, _), value in zip(frozen.inputs, item.values, strict=True)}
    for node in frozen.nodes:
        if node.output is not None:
            shown[node.name] = node.output.render(item, "0" * 64)
        elif all(slot < first or slot in values for slot in node.reads):
            values[node.slot] = call(
                node, values, is_last_reader=lambda slot: isinstance(values[slot], Iterator)
            )
            shown[node.name] = values[node.slot]
    return shown


def reproduce_item(frozen: FrozenGraph, item: Item, step: str | None, cache: Cache | None) -> Any:
    """
    Run one item up to the node *step* in this process, and return that node's value.

    Values that the cache has are read; others are made. A writer writes into a temporary folder.

    Args:
        frozen: The graph.
        item: The item.
        step: The node's name; None where it failed before any node: then its files are looked at.
        cache: The cache, None for none.

    Raises:
        Exception: Whatever a step raises.
    """
    with tempfile.TemporaryDirectory(prefix="creevey-reproduce-") as folder:
        evidence = Evidence(frozen, item, None, Path(folder), cache)
        values: dict[int, Any] = dict(enumerate(item.values))
        for position, node in enumerate(frozen.nodes):
            if step is None:
                return None
            if node.name != step and (held := held_value(evidence, position, cache)) is not None:
                values[node.slot] = held[0]
                continue
            path = None if node.output is None else Path(folder) / evidence.paths[node.slot]
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            value = call(
                node,
                values,
                is_last_reader=lambda slot: isinstance(values[slot], Iterator),
                new_path=None if path is None else functools.partial(Path, path),
            )
            check_returned(node, value)
            values[node.slot] = value if path is None else path
            if node.name == step:
                return values[node.slot]
    raise UsageError(f"no node '{step}' in graph '{frozen.name}'{did_you_mean(str(step), _names(frozen))}")


def reproduce_row(listing: Listing, cache: Cache | None, row: Row) -> Any:
    """
    Run the step that failed for a row again.

    Raises:
        SourceError: The item is not among those of *listing*.
        Exception: What the step raises.
    """
    for item in listing:
        if item.key == row.key:
            return reproduce_item(listing.frozen, item, row.step, cache)
    raise SourceError(f"there is no item '{safe_text(row.key)}' among these items any more")


def _names(frozen: FrozenGraph) -> list[str]:
    return [node.name for node in frozen.nodes]


def held_value(evidence: Evidence, position: int, cache: Cache | None) -> tuple[Any] | None:
    """Return a node's value from the cache, in a tuple of its own; None where it is not there."""
    node = evidence.nodes[position]
    record = evidence.lookup(position) if node.keeps and node.output is None else None
    payload = cache.load(record) if record is not None and cache is not None else None
    if payload is None or record is None:
        return None
    return (decoded(node.step.options.codec or find_codec(record.codec), payload),)
