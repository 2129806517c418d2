"""
"My edit is harmless, keep the results": an edited step's code counts as the code before.

Its keys are then those from before the edit, so that nothing runs again; undone, the edit runs.
What was before is what the latest run of the graph with this cache was made of, which is itself
the accepted code where an edit was accepted then: edits on edits count as the first code.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from creevey_graph.cache import Accepted, Cache, Index, is_edit, read_accepted, taken_back, write_accepted
from creevey_graph.changes import Change, code_changes
from creevey_graph.errors import CacheError, UsageError, did_you_mean
from creevey_graph.explanation import Line, diff_lines
from creevey_graph.freeze import home_of
from creevey_graph.graph import Graph
from creevey_graph.ingredients import code_part, part_of
from creevey_graph.look import graph_digits, scope_of
from creevey_graph.text import safe_text

_OF_CODE = ("code", "parts", "sources", "via", "files", "depends")


@attrs.frozen
class Acceptance:
    """
    What was accepted, or undone; `str` of it is a text for people.

    Args:
        graph: The graph's name.
        step: The node.
        changes: How its code differs from the code it counts as.
        undone: True where an earlier acceptance was taken back.
        covers: Further nodes with the same code: they are accepted with it.
        left: Nodes whose code changed too, and is not accepted.
        removed: How many acceptances were taken back.
        is_former: True where those were of earlier edits, not of the code as it is now.
    """

    graph: str
    step: str
    changes: tuple[Change, ...]
    undone: bool = False
    covers: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    removed: int = 0
    is_former: bool = False

    def __str__(self) -> str:
        return "\n".join(text for _, text in self.lines())

    def lines(self, undo: str = "") -> Iterator[tuple[Line, str]]:
        """
        Yield the lines of the text, each with what it is; what comes from outside is inert.

        Args:
            undo: How it is taken back; by default as in Python.
        """
        if self.undone:
            yield Line.TITLE, safe_text(self._undone())
            return
        yield Line.TITLE, safe_text(f"accepted as before: step '{self.step}'")
        for change in self.changes:
            yield Line.FACT, safe_text(f"  {change.told}")
            yield from diff_lines(change)
        if self.covers:
            yield Line.FACT, safe_text(f"this covers {_listed(self.covers)} too, with the same code")
        if self.left:
            yield Line.FACT, safe_text(f"not accepted: {_listed(self.left)} changed too, and will run")
        yield Line.FACT, safe_text(f"undo: {undo or f'graph.accept({self.step!r}, undo=True)'}")

    def _undone(self) -> str:
        if self.is_former:
            count = "1 acceptance" if self.removed == 1 else f"{self.removed} acceptances"
            return f"step '{self.step}': {count} of earlier edits taken back; its code as it is now was not accepted"
        return f"step '{self.step}': its edit is not accepted any more and runs with the next run"


@attrs.frozen
class Standing:
    """
    An edit that is accepted.

    Args:
        step: The node it was accepted for.
        at: When, seconds since 1970.
        covers: Nodes whose code as it is now counts as the code before by it; none where the code was
            edited further, or put back.
        changes: How that code differs from the code it counts as.
    """

    step: str
    at: float
    covers: tuple[str, ...]
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.at))
        told = f"covers {_listed(self.covers)}" if self.covers else "covers no code as it is now"
        more = f" ({'; '.join(change.told for change in self.changes)})" if self.changes else ""
        return safe_text(f"step '{self.step}', accepted {day}: {told}{more}")


def list_accepted(graph: Graph, cache: Cache) -> tuple[Standing, ...]:
    """
    Return the edits that are accepted for a graph, in the order of acceptance.

    Raises:
        CacheError: What is accepted cannot be read.
    """
    made_of = {name: code_part(name, placed.step) for name, placed in graph.nodes.items()}
    found = []
    for part, entry in _read(cache).items():
        covers = tuple(name for name, parts in made_of.items() if part_of(parts) == part)
        if is_edit(part) and (covers or _is_of(entry, graph)):
            changes = code_changes(covers[0], entry.made_of, made_of[covers[0]]) if covers else ()
            found.append(Standing(entry.node, entry.at, covers, tuple(changes)))
    return tuple(sorted(found, key=lambda standing: standing.at))


def _read(cache: Cache) -> dict[str, Accepted]:
    accepted, problem = read_accepted(cache.folder)
    if problem:
        raise CacheError(f"{problem}; delete it and accept again")
    return accepted


def _is_of(entry: Accepted, graph: Graph) -> bool:
    return entry.graph == graph.name or (not entry.graph and entry.node in graph.nodes)


def accept_edit(graph: Graph, node: str, cache: Cache, *, undo: bool = False) -> Acceptance:
    """
    Let the code of *node* count as the code of the latest run, or undo that.

    Raises:
        UsageError: There is no such node, it was never run, or nothing is there to accept or undo.
        CacheError: What is accepted cannot be read or written.
    """
    if node not in graph.nodes:
        raise UsageError(f"no step '{node}' in graph '{graph.name}'{did_you_mean(node, graph.nodes)}")
    accepted = _read(cache)
    made_of = {name: code_part(name, placed.step) for name, placed in graph.nodes.items()}
    part = part_of(made_of[node])
    if undo:
        return _undo(graph, node, part, accepted, cache)
    before = _latest(graph, node, cache)
    if part in accepted and accepted[part].part == part_of(before[node]):
        raise UsageError(
            f"step '{node}': its edit is accepted already; undo it with accept('{node}', undo=True) or --undo"
        )
    changes = code_changes(node, before[node], made_of[node])
    if not changes:
        raise UsageError(
            f"step '{node}': its code is as it was in the latest run, so there is nothing to accept "
            "(parameters are no code: set them back, or let the step run)"
        )
    kept = {name: before[node][name] for name in _OF_CODE}
    accepted[part] = Accepted(part_of(before[node]), node, time.time(), kept, graph.name)
    write_accepted(cache.folder, accepted)
    left = [name for name in made_of if _is_edited(name, made_of, before, accepted)]
    covers = [name for name in made_of if name != node and part_of(made_of[name]) == part]
    return Acceptance(graph.name, node, tuple(changes), covers=tuple(covers), left=tuple(left))


def _undo(graph: Graph, node: str, part: str, accepted: dict[str, Accepted], cache: Cache) -> Acceptance:
    """Take back the acceptance of the code as it is; of code that is none of those accepted, all of the step."""
    of_step = [old for old, entry in accepted.items() if entry.node == node and _is_of(entry, graph)]
    gone = [part] if part in accepted else of_step
    if not gone:
        others = sorted({entry.node for entry in accepted.values() if _is_of(entry, graph)})
        held = f"accepted are edits of {_listed(others)}" if others else "nor of any other"
        raise UsageError(f"step '{node}': no edit of it is accepted, so there is nothing to undo ({held})")
    taken_back(accepted, gone)
    write_accepted(cache.folder, accepted)
    return Acceptance(graph.name, node, (), undone=True, removed=len(gone), is_former=part not in gone)


def _latest(graph: Graph, node: str, cache: Cache) -> Mapping[str, Any]:
    """Return what the latest run of the graph that had the node was made of."""
    home = home_of(graph)
    index = Index(cache.folder, scope_of(graph.name, None, home))
    try:
        found = next((old for old in index.history(graph_digits(graph.name, home)) if node in old), None)
    finally:
        index.close()
    if found is None:
        raise UsageError(
            f"step '{node}': graph '{graph.name}' has not run it with the cache '{cache.folder}', so there are "
            "no results to keep; run it first, or name the cache with cache= or --cache"
        )
    return found


def _is_edited(
    name: str,
    made_of: Mapping[str, Any],
    before: Mapping[str, Any],
    accepted: Mapping[str, Accepted],
) -> bool:
    part = part_of(made_of[name])
    counts_as = accepted[part].part if part in accepted else part
    return name in before and counts_as != part_of(before[name])


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
