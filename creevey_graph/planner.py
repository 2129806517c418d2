"""Plans and previews: what a run would do, and what one item looks like after every step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from creevey_graph.cache import Cache
from creevey_graph.calls import call
from creevey_graph.cutoff import Cutoff
from creevey_graph.errors import CreeveyError
from creevey_graph.evidence import Evidence
from creevey_graph.frozen import FrozenGraph
from creevey_graph.ledger import Ledger
from creevey_graph.listing import Listing
from creevey_graph.look import Known
from creevey_graph.plan import Action, NodeCount, Plan, decide, validate_columns
from creevey_graph.policy import shown_policy
from creevey_graph.sources import Item


def make_plan(listing: Listing, out: Path | None, cache: Cache | None, *, refresh: bool = False) -> Plan:
    """
    Say what a run would do: reads files that changed, runs no step, writes nothing.

    Args:
        listing: The items.
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
    )
    known = Known.open(cache, frozen, out, write=False)
    for item in listing:
        state, reason = known.check(item, forced=refresh)
        row = None if reason is not None else known.row_if_current(item, state)
        if row is not None:
            plan.add_up_to_date()
            continue
        try:
            evidence = Evidence(frozen, item, state, out, None if refresh else cache, ledger=ledger)
        except (OSError, CreeveyError):
            plan.unreadable += 1
            continue
        if state is not None:
            known.leftovers += (*state.outputs, *state.leftovers)
        if evidence.is_still_skipped(state, reason):
            plan.add_up_to_date()
            continue
        actions = _decided(frozen, evidence, ledger)
        known.placed.update(evidence.paths.values())
        if any(action in (Action.RUN, Action.RESTORE) for action in actions):
            plan.add(frozen, actions, evidence.why(state, reason)[0])
        else:
            plan.add_up_to_date()
    plan.orphans = known.orphans()
    known.close()
    return plan


def _decided(frozen: FrozenGraph, evidence: Evidence, ledger: Ledger) -> list[Action]:
    """Decide, by content too where records tell it: no step runs, so that nothing else is known."""
    cutoff = Cutoff(frozen, evidence, ledger)
    while True:
        actions = decide(frozen, evidence.lookup, evidence.output_state)
        running = (place for place, action in enumerate(actions) if action is Action.RUN)
        if not any(cutoff.finds(place, {}) for place in running):
            return actions


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
