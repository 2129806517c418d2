"""
Edits that were said to be harmless: code that counts as the code before it.

One small JSON file in the cache's folder. What cannot be read is none: then the edited steps
run again, which costs time and is never wrong.

Layout: `{"version": 1, "accepted": {code part: {"part", "node", "at", "made_of", "graph"}}}`; a code part
is the text that `ingredients.code_part` gives, *made_of* the earlier code's ingredients.

What the edited code makes while it counts as the earlier one is kept as that one's. Where such an edit is
taken back, the earlier code is made anew when it comes back: it gets another part, noted under
`anew;` and its own, since its results are not to be told from those of the edit.
"""

import json
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.atomic import write_bytes
from creevey_graph.cache.made_of import is_of_node
from creevey_graph.errors import CacheError

NAME = "accepted.json"
VERSION = 1
_ANEW, _ANEW_MARK = "anew;", ";anew"


@attrs.frozen
class Accepted:
    """
    What an edited step's code counts as.

    Args:
        part: Code part of the earlier code.
        node: Name of the node it was accepted for.
        at: When, seconds since 1970.
        made_of: Ingredients of the earlier code, JSON-able.
        graph: Name of the graph; "" where an earlier version did not note it.
        ran: Whether the edited code has run while it counted so.
    """

    part: str
    node: str
    at: float
    made_of: Mapping[str, Any]
    graph: str = ""
    ran: bool = False


def part_now(part: str, accepted: Mapping[str, Accepted]) -> str:
    """Return what stands for a code part: itself, or another where its results are to be made anew."""
    entry = accepted.get(f"{_ANEW}{part}")
    return part if entry is None else entry.part


def taken_back(accepted: dict[str, Accepted], parts: Iterable[str]) -> None:
    """Take acceptances out of *accepted*; the code that such an edit ran as will be made anew."""
    for part in parts:
        entry = accepted.pop(part)
        if entry.ran:
            number = part_now(entry.part, accepted).count(_ANEW_MARK) + 1
            anew = f"{entry.part}{_ANEW_MARK * number}"
            accepted[f"{_ANEW}{entry.part}"] = Accepted(anew, "", entry.at, {"parts": {}, "depends": {}})


def mark_ran(folder: Path, parts: Collection[str]) -> None:
    """
    Note that edited code ran while it was accepted.

    Raises:
        CacheError: It cannot be written, or one is not accepted any more.
    """
    accepted, problem = read_accepted(folder)
    if problem or not accepted.keys() >= set(parts):
        raise CacheError(problem or "an acceptance was taken back while the run was going")
    changed = {part: accepted[part] for part in parts if part in accepted and not accepted[part].ran}
    if changed:
        ran = {part: attrs.evolve(entry, ran=True) for part, entry in changed.items()}
        write_accepted(folder, {**accepted, **ran})


def is_edit(part: str) -> bool:
    """True for an accepted edit's code part, False for what is noted of code to be made anew."""
    return not part.startswith(_ANEW)


def read_accepted(folder: Path) -> tuple[dict[str, Accepted], str]:
    """Return code part -> what it counts as, and what to tell where the file cannot be used ("" else)."""
    path = folder / NAME
    try:
        if os.path.lexists(path) and not path.is_file():  # a pipe would be waited for
            return {}, f"'{path}' cannot be read (it is no file); nothing counts as accepted"
        data = json.loads(path.read_bytes())
        if data["version"] != VERSION:
            return {}, f"'{path}' is of another version; nothing counts as accepted"
        return {part: _entry(facts) for part, facts in data["accepted"].items()}, ""
    except FileNotFoundError:
        return {}, ""
    except OSError as exc:
        return {}, f"'{path}' cannot be read ({exc.strerror or exc}); nothing counts as accepted"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return {}, f"'{path}' is damaged; nothing counts as accepted (accept again, or delete it)"


def _entry(facts: Mapping[str, Any]) -> Accepted:
    made_of = facts["made_of"]
    if not is_of_node(made_of, ("parts", "depends")):
        raise TypeError("there must be the ingredients of a node")
    return Accepted(
        str(facts["part"]),
        str(facts["node"]),
        float(facts["at"]),
        made_of,
        str(facts.get("graph", "")),
        facts.get("ran") is True,
    )


def write_accepted(folder: Path, accepted: Mapping[str, Accepted]) -> None:
    """
    Write all of *accepted*, whole or not at all.

    Raises:
        CacheError: It cannot be written.
    """
    data = {"version": VERSION, "accepted": {part: attrs.asdict(entry) for part, entry in accepted.items()}}
    try:
        write_bytes(folder / NAME, json.dumps(data, indent=1).encode())
    except OSError as exc:
        raise CacheError(f"'{folder / NAME}' cannot be written ({exc.strerror or exc})") from exc
