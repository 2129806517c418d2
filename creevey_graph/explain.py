"""
One item explained: what a run would do with it, step by step, and why. Runs no step, writes nothing.

The item is looked up by its file among those that were run before, since its key depends on how the
set was listed.
"""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache import Accepted, Cache, ItemState
from creevey_graph.changes import Change, node_changes
from creevey_graph.cutoff import decided
from creevey_graph.errors import CreeveyError, SourceError, SourceNotFound, UsageError
from creevey_graph.events import Outcome, Reason
from creevey_graph.evidence import Evidence
from creevey_graph.explanation import Explanation, NodeExplanation
from creevey_graph.finding import failed_for_good, find_by_key, find_state, known_keys, outcome_of
from creevey_graph.freeze import freeze
from creevey_graph.frozen import FrozenGraph, FrozenNode
from creevey_graph.graph import Graph
from creevey_graph.identity import files_in
from creevey_graph.ledger import Ledger
from creevey_graph.listing import Listing, list_items
from creevey_graph.look import Known
from creevey_graph.parts import address_of, is_there, part_at, shown
from creevey_graph.plan import Action, OutputState, accepted_text
from creevey_graph.policy import shown_policy
from creevey_graph.sources import Item
from creevey_graph.sources.base import is_url
from creevey_graph.sources.parts import PartSource
from creevey_graph.text import first_line, safe_text

_NAMES = 10_000
"""How many names are searched for one that is like a wrong one."""


def explain_item(
    graph: Graph,
    item: Any,
    out: Path | None,
    cache: Cache | None,
    accepted: Mapping[str, Accepted],
    *,
    among: Any = None,
) -> Explanation:
    """
    Say what a run would do with one item, and why.

    Args:
        graph: The graph.
        item: The item, as `run` takes it, or the key it was run under.
        out: Output folder.
        cache: The cache, None for none.
        accepted: Code part -> what it counts as.
        among: The items that it is one of, as `run` takes them; None to look it up.

    Raises:
        SourceError: There is no such item, or it cannot be read.
        UsageError: It is several.
        GraphError: The graph or its output paths cannot be used.
    """
    if among is not None:
        listing = list_items(graph, among, out, accepted)
        given = _one_of(listing, item)
        return _explained(listing, given, out, cache, is_listed=True)
    try:
        listing = list_items(graph, item, out, accepted)
    except SourceNotFound as exc:
        listing = list_items(graph, _known_item(graph, item, out, cache, exc), out, accepted)
    except SourceError as exc:  # a text or a table, which was an item itself and lists none
        if not (isinstance(item, str | os.PathLike) and Path(item).is_file()):
            raise
        listing = list_items(graph, _known_item(graph, item, out, cache, exc), out, accepted)
    given = _only(listing, item)
    return _explained(listing, given, out, cache, is_listed=False)


def _explained(
    listing: Listing, given: Item, out: Path | None, cache: Cache | None, *, is_listed: bool
) -> Explanation:
    """Explain an item; where it stands as no run listed it, as it was when it was run."""
    known = Known.open(cache, listing.frozen, out)
    try:
        found = None if is_listed else find_state(known, given.source) or find_by_key(known, given)
        if found is not None:
            given = _as_known(given, *found, listing.frozen)
        return _Case(listing.frozen, given, known, out, cache).explanation()
    except OSError as exc:
        raise SourceError(f"item '{safe_text(given.source)}' cannot be read ({exc.strerror or exc})") from exc
    finally:
        known.close()


def _one_of(listing: Listing, asked: Any) -> Item:
    """Return the item of a key, path or URL."""
    text = os.fspath(asked) if isinstance(asked, str | os.PathLike) else ""
    for item in listing:
        if text in (item.key, item.source):
            return item
    near = get_close_matches(text, [item.key for item in islice(listing, _NAMES)], n=3)
    names = ", ".join(f"'{safe_text(key)}'" for key in near)
    guess = f"; did you mean {names}?" if near else ""
    raise SourceNotFound(f"no item '{safe_text(text)}' among these {len(listing):,}{guess}")


def _only(listing: Listing, asked: Any) -> Item:
    items = list(islice(listing, 2))
    if len(items) == 1:
        return items[0]
    such = f", such as '{safe_text(items[0].source)}'" if items else ""
    shown = safe_text(str(asked)) if isinstance(asked, str | os.PathLike) else type(asked).__name__
    raise UsageError(f"explain takes one item ('{shown}' is {len(listing)}); name one of them{such}")


def _known_item(graph: Graph, item: Any, out: Path | None, cache: Cache | None, exc: SourceError) -> Any:
    """Return what lists the item that was run under a key; else say which names are like it."""
    text = os.fspath(item) if isinstance(item, str | os.PathLike) else ""
    try:
        frozen = freeze(graph)
    except CreeveyError:  # output templates of columns, which only a table has
        raise exc from None
    known = Known.open(cache, frozen, out)
    try:
        found = find_state(known, text) if text else None
        if found is not None and len(found[1].sources) == 1 and is_there(found[1].sources[0].path):
            path = found[1].sources[0].path
            part = part_at(path)
            return [path] if part is None else PartSource([(part,)], [found[0]])
        if found is not None and not found[1].sources and is_url(found[1].source):
            return found[1].source
        near = get_close_matches(text, islice(known_keys(known), _NAMES), n=3)
    finally:
        known.close()
    if not near or not isinstance(exc, SourceNotFound):
        raise exc
    if text in near:
        raise SourceNotFound(
            f"item '{safe_text(text)}' was run as one of a list; name the list with among= (--among)"
        ) from exc
    names = ", ".join(f"'{safe_text(name)}'" for name in near)
    raise SourceNotFound(f"no item '{safe_text(text)}'; among those run before are {names}") from exc


def _as_known(item: Item, key: str, state: ItemState, frozen: FrozenGraph) -> Item:
    """Return the item as it was listed when it was run: its key, and its path as it was spelt."""
    if len(item.values) == 1 and len(state.sources) == 1 and isinstance(item.values[0], Path | str):
        path = state.sources[0].path
        if os.path.realpath(path) == os.path.realpath(item.source):
            item = attrs.evolve(item, source=path, values=(type(item.values[0])(path),))
    item = attrs.evolve(item, key=key)
    numbered = [node.output for node in frozen.writers if node.output and "index" in node.output.fields]
    paths = {file.path for file in state.outputs}
    if not numbered or not paths or any(output.needs_digest for output in numbered):
        return item
    tries = (attrs.evolve(item, index=index) for index in range(_NAMES))
    return next((one for one in tries if numbered[0].render(one) in paths), item)


class _Case:
    """
    One item in question.

    State: state, reason = what is known of it and why it must be looked at; made_of = ingredients it
    was made of; changes = node -> what differs; evidence = what was found out, None where nothing had
    to be; lasting = the node that failed for good; actions = what would become of each node.
    """

    def __init__(
        self, frozen: FrozenGraph, item: Item, known: Known, out: Path | None, cache: Cache | None
    ) -> None:
        self.frozen, self.item, self.out = frozen, item, out
        self._ledger = Ledger(cache)
        self._has_cache = cache is not None
        self.state, self.reason = known.check(item, forced=False)
        self.made_of = None if self.state is None else known.made_of(self.state.graph_key)
        self.changes: Mapping[str, tuple[Change, ...]] = {}
        if self.made_of is not None:
            self.changes = node_changes(self.made_of, frozen.ingredients)
        self.evidence: Evidence | None = None
        self.lasting = ""
        self.actions = [Action.KEEP if node.slot in frozen.sinks else Action.NONE for node in frozen.nodes]
        row = known.row_if_current(item, self.state) if self.reason is None else None
        if row is None:
            self.evidence = Evidence(frozen, item, self.state, out, cache, ledger=self._ledger)
            self.lasting = failed_for_good(frozen, known, item, self.state, self.evidence)
            if self.lasting:
                self.actions = [Action.NONE] * len(frozen.nodes)
            elif not self.evidence.is_still_skipped(self.state, self.reason):
                self.actions = decided(frozen, self.evidence, self._ledger)

    def explanation(self) -> Explanation:
        to_do = any(action in (Action.RUN, Action.RESTORE) for action in self.actions)
        reason = self.evidence.why(self.state, self.reason)[0] if to_do and self.evidence else ""
        outcome = "up to date" if to_do else outcome_of(self.state, self.lasting)
        nodes = tuple(
            self._node(node, action) for node, action in zip(self.frozen.nodes, self.actions, strict=True)
        )
        return Explanation(self.frozen.name, self.item.key, self.item.source, reason, outcome, nodes)

    def _node(self, node: FrozenNode, action: Action) -> NodeExplanation:
        made_of = self.frozen.ingredients[node.name]
        accepted = ""
        if node.name in self.frozen.accepted:
            accepted = accepted_text(node.name)
        return NodeExplanation(
            node.name,
            action,
            "; ".join(self._whys(node, action)),
            shown_policy(node.step, self._ledger.measures(node.fingerprint) if self._has_cache else None),
            self.changes.get(node.name, ()),
            tuple(made_of["untracked"]),
            accepted,
        )

    # --- why -------------------------------------------------------------------------------

    def _whys(self, node: FrozenNode, action: Action) -> list[str]:
        whys = list(_WHYS[action](self, node))
        if action is Action.RUN and self.state is not None and self._failed_at() == node.name:
            whys.append(f"{Reason.FAILED_LAST_TIME}: {first_line(self.state.error or '')}")
        return whys or [str(Reason.NOT_CACHED)]

    def _failed_at(self) -> str | None:
        failed = self.state is not None and self.state.outcome == Outcome.FAILED
        return self.state.step if failed and self.state is not None else None

    def _is_behind_failure(self, node: FrozenNode) -> bool:
        failed = next((other for other in self.frozen.nodes if other.name == self._failed_at()), None)
        return failed is not None and node.slot > failed.slot

    def why_runs(self, node: FrozenNode) -> Iterator[str]:
        if node.is_asked(len(self.frozen.inputs)):
            yield f"{Reason.ASKED_AGAIN}: in every run; what is below runs where the answer is another one"
        elif not node.step.options.pure:
            yield "runs every time: the step is not pure"
        elif node.fingerprint is None:
            yield "runs every time: a parameter has no digest; give the step ignore= or pass plain values"
        elif self.state is None:
            yield str(Reason.NEW_ITEM)
        elif changed := list(self._why_changed(node)):
            yield from changed
        elif self.made_of is None:
            yield f"{Reason.CODE_CHANGED}, as it seems: what it was made of is not known any more"
        elif self._is_behind_failure(node):
            yield f"not made last time, since '{self._failed_at()}' failed"
        elif self._failed_at() != node.name:  # of that one the error tells
            yield from self._why_again(node)

    def _why_changed(self, node: FrozenNode) -> Iterator[str]:
        """Yield what changed in a node, or else above it."""
        if own := self.changes.get(node.name):
            yield own[0].told
        elif causes := list(self._causes(node)):
            yield f"{Reason.INPUT_CHANGED}: {', '.join(causes)}"

    def _why_again(self, node: FrozenNode) -> Iterator[str]:
        """Yield why a node runs that would give what it gave last time."""
        path = self.evidence.paths.get(node.slot) if self.evidence else None
        if path is not None and self.out is not None and not (self.out / path).exists():
            yield f"{Reason.OUTPUT_MISSING}: {path}, and it is not in the cache"
        elif readers := self._readers(node):
            kept = "are not in the cache" if self._ledger.is_looked_up(node) else "are not kept"
            yield f"made again for {readers}: its values {kept}"

    def why_restored(self, node: FrozenNode) -> Iterator[str]:
        assert self.evidence is not None
        position, path = node.slot - len(self.frozen.inputs), self.evidence.paths[node.slot]
        if position in self.evidence.former:
            cause = next(self._why_changed(node), f"{Reason.CODE_CHANGED}, as it seems")
            yield f"{cause}; the file there is as it was written before that: {path}"
            return
        modified = self.evidence.states.get(position) is OutputState.MODIFIED
        if self.state is None and not modified:
            yield f"{Reason.NEW_ITEM}: its result is in the cache"
            return
        yield f"{Reason.OUTPUT_MODIFIED if modified else Reason.OUTPUT_MISSING}: {path}"

    def why_loaded(self, node: FrozenNode) -> Iterator[str]:
        yield f"{self._readers(node)} reads it"

    def why_kept(self, node: FrozenNode) -> Iterator[str]:
        if self.evidence is not None and (self.state is None or self.made_of is None):
            yield "its result is in the cache"
        elif self.evidence is None or not (self.changes.get(node.name) or any(self._causes(node))):
            yield "nothing it is made of changed"
        else:
            yield "what it is made of changed, but its result is in the cache"

    def why_not_needed(self, node: FrozenNode) -> Iterator[str]:
        if self.lasting == node.name and self.state is not None:
            yield f"failed for good, and is not tried again: {first_line(self.state.error or '')}"
        elif self.lasting and self._is_behind_failure(node):
            yield f"cannot be made, since '{self.lasting}' failed for good"
        else:
            yield "nothing that has to be made reads it"

    def _readers(self, node: FrozenNode) -> str:
        """Return the nodes that run and read this one."""
        pairs = zip(self.frozen.nodes, self.actions, strict=True)
        return ", ".join(
            f"'{reader.name}'"
            for reader, action in pairs
            if node.slot in reader.reads and action is Action.RUN
        )

    def _causes(self, node: FrozenNode) -> Iterator[str]:
        """Yield what changed above a node: files of the item, and nodes by themselves."""
        first = len(self.frozen.inputs)
        waiting, seen = list(node.reads), set()
        while waiting:
            slot = waiting.pop(0)
            if slot in seen:
                continue
            seen.add(slot)
            if slot < first:
                yield from self._changed_input(slot)
                continue
            above = self.frozen.nodes[slot - first]
            if above.name in self.changes:
                yield f"by '{above.name}' above"
            waiting += above.reads

    def _changed_input(self, slot: int) -> Iterator[str]:
        if self.evidence is None or self.state is None:
            return
        before = {file.path: file.digest for file in self.state.sources}
        now = {file.path: file.digest for file in self.evidence.identity.sources}
        paths = [address_of(path) for path in files_in(self.item.values[slot])]
        for path in paths:
            if before.get(path) != now.get(path):
                yield f"the file '{shown(path)}'"
        if not paths and self.state.values != self.evidence.identity.values:
            yield f"the value of '{self.frozen.inputs[slot][0]}'"


_WHYS = {
    Action.RUN: _Case.why_runs,
    Action.RESTORE: _Case.why_restored,
    Action.LOAD: _Case.why_loaded,
    Action.KEEP: _Case.why_kept,
    Action.NONE: _Case.why_not_needed,
}
