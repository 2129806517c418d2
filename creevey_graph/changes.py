"""
How two states of a graph differ, node by node, told from their ingredients.

Nodes are matched before they are compared, so that one that was merely renamed, or numbered
anew because another came before it, has not changed. Ingredients stand in `ingredients`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from creevey_graph.events import Reason
from creevey_graph.fingerprint.facts import path_of
from creevey_graph.shape import file_name

Ingredients = Mapping[str, Any]
"""Of one node: code, parts, sources, via, files, depends, params, reads, output."""
_OWN = "source"
_IN_TABLE = re.compile(r" [0-9a-f]{8}\]")


@attrs.frozen
class Change:
    """
    One difference between a node as it was and as it is.

    Args:
        reason: Which kind.
        text: What differs, in words, without the reason: "step 'sepia' LIMIT 3 -> 4".
        part: The part of the code, the parameter or the dependency.
        path: Names that lead from the step's function to *part*; empty for the function itself.
        file: The file a changed function stands in; "" for what is no function.
        before: Its text as it was; None where it was not there or is not known.
        after: Its text as it is.
    """

    reason: Reason
    text: str
    part: str = ""
    path: tuple[str, ...] = ()
    file: str = ""
    before: str | None = None
    after: str | None = None

    @property
    def is_code(self) -> bool:
        """True where *before* and *after* are the texts of a function."""
        return bool(self.file) and self.before is not None and self.after is not None

    @property
    def told(self) -> str:
        """The reason and what differs."""
        return f"{self.reason}: {self.text}"


def node_changes(
    old: Mapping[str, Ingredients], new: Mapping[str, Ingredients]
) -> dict[str, tuple[Change, ...]]:
    """
    Return node -> how it differs from what it was, the weightiest first; nodes that do not are left out.

    Args:
        old: Node -> ingredients of the graph that was run.
        new: The same of today's graph.
    """
    pairs = matched(old, new)
    now_called = {before: name for name, before in pairs.items()}
    changes: dict[str, tuple[Change, ...]] = {}
    for name, made_of in new.items():
        if name not in pairs:
            changes[name] = (Change(Reason.CODE_CHANGED, f"new node '{name}'"),)
        elif found := tuple(_changes_of(name, old[pairs[name]], made_of, now_called)):
            changes[name] = found
    return changes


def told_changes(
    olds: Iterable[Mapping[str, Ingredients] | None], new: Mapping[str, Ingredients]
) -> dict[str, str]:
    """
    Return node -> how it differs from what it was, in words, told once for all earlier graphs.

    Args:
        olds: Node -> ingredients, of graphs that were run; None where they are not known.
        new: The same of today's graph.
    """
    told: dict[str, str] = {}
    for old in olds:
        for name, changes in node_changes(old or {}, new).items() if old is not None else ():
            told.setdefault(name, changes[0].told)
    return told


def matched(old: Mapping[str, Ingredients], new: Mapping[str, Ingredients]) -> dict[str, str]:
    """
    Return node of *new* -> node of *old* that it was.

    Equal ones of one name first, then equal ones that were renamed, then those of one name.

    >>> node = {"code": "1", "depends": {}, "params": {}}
    >>> matched({"a": node}, {"b": node})
    {'b': 'a'}
    """
    pairs = {name: name for name in new if name in old and _identity(new[name]) == _identity(old[name])}
    taken = set(pairs)
    free: dict[str, list[str]] = {}
    for name in old:
        if name not in taken:
            free.setdefault(_identity(old[name]), []).append(name)
    for name in new:
        if name not in pairs and (alike := free.get(_identity(new[name]))):
            pairs[name] = alike.pop(0)
    left = set(old) - set(pairs.values())
    return pairs | {name: name for name in new if name not in pairs and name in left}


def _identity(made_of: Ingredients) -> str:
    params = sorted((name, digest) for name, (digest, _) in made_of.get("params", {}).items())
    return repr((made_of["code"], sorted(made_of["depends"].items()), params))


def _changes_of(
    name: str, before: Ingredients, now: Ingredients, now_called: Mapping[str, str]
) -> Iterator[Change]:
    yield from code_changes(name, before, now)
    yield from _parameter_changes(name, before, now)
    old_reads = before.get("reads", {})
    for parameter, names in now.get("reads", {}).items():
        renamed = [now_called.get(source, source) for source in old_reads.get(parameter, [])]
        if renamed != names:
            text = f"connection {name}.{parameter}: {_listed(renamed)} -> {_listed(names)}"
            yield Change(Reason.CODE_CHANGED, text, parameter)
    old_path, path = before.get("output", ""), now.get("output", "")
    if old_path != path:
        text = f"output path of '{name}': '{old_path}' -> '{path}'"
        yield Change(Reason.CODE_CHANGED, text, "output", before=old_path, after=path)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "a constant"


def _parameter_changes(name: str, before: Ingredients, now: Ingredients) -> Iterator[Change]:
    for parameter, (digest, text) in now.get("params", {}).items():
        old_digest, old_text = before.get("params", {}).get(parameter, (None, "unset"))
        if old_digest != digest:
            # A path names the same file, but another content; a long value differs behind its beginning.
            told = f"{old_text} -> {text}" if old_text != text else f"{text} (by content)"
            yield Change(
                Reason.PARAMETER_CHANGED,
                f"{name}.{parameter} {told}",
                parameter,
                before=old_text,
                after=text,
            )


# --- code --------------------------------------------------------------------------------------


def code_changes(name: str, before: Ingredients, now: Ingredients) -> list[Change]:
    """Return how a node's code and dependencies differ, functions first."""
    found: list[Change] = []
    before, now = _with_plain_names(before), _with_plain_names(now)
    if before["code"] != now["code"]:
        parts = [*now["parts"], *(part for part in before["parts"] if part not in now["parts"])]
        changed = [part for part in parts if before["parts"].get(part) != now["parts"].get(part)]
        changes = [_part_change(name, part, before, now) for part in changed]
        # What a function refers to now, or no more, its own diff shows; a part without a text says less
        # than one that has it.
        ranked = [
            [change for change in changes if change.is_code],
            [change for change in changes if not change.file and _differs_in_text(change)],
        ]
        found += [change for rank in ranked for change in rank] or changes
        if not found:
            found.append(Change(Reason.CODE_CHANGED, f"step '{name}'"))
    found += _dependency_changes(name, before, now)
    return sorted(found, key=lambda change: bool(change.path))  # the step's own function first


def _differs_in_text(change: Change) -> bool:
    return None not in (change.before, change.after) and change.before != change.after


def _with_plain_names(made_of: Ingredients) -> Ingredients:
    """
    Return ingredients whose parts have no digest in their names, so that an edited one is found again.

    A function in a table is named by its content, as in "refers to m.TABLE[tone 1a2b3c4d]".
    """
    plain = {part: _IN_TABLE.sub("]", part) for part in made_of["parts"]}
    count = Counter(plain.values())
    named = {part: name for part, name in plain.items() if count[name] == 1 and name != part}
    if not named:
        return made_of
    renamed: dict[str, Any] = {
        table: {named.get(part, part): fact for part, fact in made_of.get(table, {}).items()}
        for table in ("parts", "sources", "via", "files")
    }
    renamed["via"] = {part: named.get(parent, parent) for part, parent in renamed["via"].items()}
    return {**made_of, **renamed}


def _part_change(name: str, part: str, before: Ingredients, now: Ingredients) -> Change:
    made_of = now if part in now["parts"] else before
    own = part == _OWN or set(part.removeprefix(_OWN).split()) == {"wrapped"}
    path = () if own else path_of(part, made_of.get("via", {}))
    file = made_of.get("files", {}).get(part, "")
    old_text, text = (side.get("sources", {}).get(part) for side in (before, now))
    change = Change(Reason.CODE_CHANGED, f"step '{name}'", part, path, file, old_text, text)
    if own:
        return change
    verb = "" if part in before["parts"] and part in now["parts"] else "no longer"
    verb = "now" if verb and part in now["parts"] else verb
    return attrs.evolve(change, text=f"{change.text} {_told(name, change, verb)}")


def _told(name: str, change: Change, verb: str) -> str:
    """Say which part it is, and how it is reached where that is not plain."""
    label = change.path[-1] if change.path else change.part
    steps = " -> ".join((name, *change.path))
    if verb:
        return f"{verb} {'refers to' if change.part.startswith('refers to') else 'has'} {label} ({steps})"
    if change.file:
        return f"helper {label} ({steps}, {file_name(change.file)})"
    if None not in (change.before, change.after) and change.before != change.after:
        label = f"{label} {change.before} -> {change.after}"
    return f"{label} ({steps})" if len(change.path) > 1 else label


def _dependency_changes(name: str, before: Ingredients, now: Ingredients) -> Iterator[Change]:
    for dependency in dict.fromkeys([*now["depends"], *before["depends"]]):
        if before["depends"].get(dependency) != now["depends"].get(dependency):
            verb = "depends on" if dependency in now["depends"] else "no longer depends on"
            part = f"depends on {dependency}"
            file = now.get("files", {}).get(part, "")
            old_text, text = (side.get("sources", {}).get(part) for side in (before, now))
            yield Change(
                Reason.DEPENDENCY_CHANGED,
                f"{name} {verb} {dependency}",
                dependency,
                (dependency,),
                file,
                old_text,
                text,
            )
