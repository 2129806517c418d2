"""
What the index knows of a run's items, and whether it still holds.

The fast path stands here: an item whose files and outputs are as they were last seen needs
no worker, no key and no look-up.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache import Cache, FileState, Index, ItemState, encode_state, unsealed
from creevey_graph.cache.index import decode_state
from creevey_graph.errors import CreeveyError
from creevey_graph.events import Outcome, Row
from creevey_graph.fingerprint.files import Stat, digest_file, is_settled
from creevey_graph.frozen import FrozenGraph
from creevey_graph.identity import files_in, is_same, values_digest
from creevey_graph.plan import explain_change, first_reason
from creevey_graph.sources import Item

READ_HERE_BYTES = 2**20
"""Larger files that must be read again are left to a worker."""
SETTLED_AT_ONCE = 1000
FOLDER_DIGITS = 16
"""How many digits of a scope stand for the output folder."""


class Known:
    """
    The last known states of a graph's items in one output folder.

    State: states = item key -> state as the index keeps it, for items not met yet in this run;
    changes = key of an earlier graph -> how it differs; placed = output paths of this run;
    leftovers = files that items met in this run no longer stand behind.
    """

    def __init__(self, index: Index | None, frozen: FrozenGraph, out: Path | None) -> None:
        self._index = index
        self._frozen = frozen
        self._out = "" if out is None else str(out)
        self._states = index.load() if index else {}
        self._changes: dict[str, str] = {}
        self._moving = [
            node.output
            for node in frozen.writers
            if node.output and (callable(node.output.template) or "index" in node.output.fields)
        ]
        self._settled: list[tuple[str, str]] = []
        self._is_looked_at = False
        self._writes = True
        self.stale: list[str] = []
        self.placed: set[str] = set()
        self.leftovers: list[FileState] = []

    @classmethod
    def open(
        cls, cache: Cache | None, frozen: FrozenGraph, out: Path | None, *, write: bool = True
    ) -> "Known":
        """Load what is known; with *write*, keep what today's graph is made of."""
        if cache is None:
            return cls(None, frozen, out)
        index = Index(cache.folder, scope_of(frozen.name, out, frozen.home))
        known = cls(index, frozen, out)
        known._writes = write
        if write:
            index.put_graph(frozen.graph_key, graph_digits(frozen.name, frozen.home), frozen.ingredients)
        return known

    def check(self, item: Item, *, forced: bool) -> tuple[ItemState | None, str | None]:
        """Return an item's last known state, and why it must be looked at as far as that tells."""
        text = self._states.pop(item.key, None)
        state = None if text is None else unsealed(item.key, text)
        reason = first_reason(
            state, forced=forced, graph_change=self._graph_change, graph_key=self._frozen.graph_key
        )
        return state, reason

    def find(self, source: str) -> tuple[str, ItemState] | None:
        """
        Return key and state of the item whose file *source* is, or whose key.

        An item's key depends on how the set was listed: photos/sub/a.jpg is "sub/a.jpg" in the folder
        photos. Only states that name such a file are opened.
        """
        real = os.path.realpath(source)
        name = json.dumps(os.path.basename(source))[1:-1]  # noqa: PTH119 - as it stands in a state
        for key, text in self._states.items():
            state = unsealed(key, text) if name in text else None
            if state is not None and real in [os.path.realpath(file.path) for file in state.sources]:
                return key, state
        text = self._states.get(source, "")
        state = unsealed(source, text) if text else None
        return None if state is None else (source, state)

    def keys(self) -> Iterable[str]:
        """Return the keys of all items not met yet."""
        return self._states.keys()

    def made_of(self, graph_key: str) -> Mapping[str, Any] | None:
        """Return the ingredients of a graph that was run before, None where they are not known."""
        return self._index.ingredients(graph_key) if self._index else None

    def row_if_current(self, item: Item, state: ItemState | None) -> Row | None:
        """Return the row of an item that needs nothing, None where it must be looked at closely."""
        self._is_looked_at = False
        began_ns = time.time_ns()
        if state is None or self._frozen.always_runs or not self._holds(item, state):
            return None
        if self._is_looked_at:
            self._settle(item, state, began_ns)
        self.leftovers += state.leftovers
        paths = tuple(output.path for output in state.outputs)
        self.placed.update(paths)
        if state.outcome == Outcome.SKIPPED:
            return Row(item.key, item.source, Outcome.SKIPPED, state.step, state.error, fields=state.fields)
        return Row(item.key, item.source, Outcome.CACHED, outputs=paths, fields=state.fields)

    def _holds(self, item: Item, state: ItemState) -> bool:
        files = sum(1 for value in item.values for _ in files_in(value))
        if state.values != values_digest(item) or len(state.sources) != files:
            return False
        if not all(self._is_untouched("", source) for source in state.sources):
            return False
        if state.outcome == Outcome.SKIPPED:
            return True
        if len(state.outputs) != len(self._frozen.writers):
            return False
        if any(output.render(item) not in {o.path for o in state.outputs} for output in self._moving):
            return False
        return all(self._is_untouched(self._out, output) for output in state.outputs)

    def _is_untouched(self, folder: str, state: FileState) -> bool:
        path = os.path.join(folder, state.path) if folder else state.path  # noqa: PTH118 - per item
        try:
            stat = Stat.of(path)
            if not is_same(stat, state):
                return False
            if is_settled(stat, state.looked_ns):
                return True
            # Written just before it was last looked at, as every output is: it is read once more.
            if stat.size > READ_HERE_BYTES or digest_file(path)[0] != state.digest:
                return False
        except (OSError, CreeveyError):
            return False
        self._is_looked_at = True
        return True

    def _graph_change(self, graph_key: str) -> str:
        if graph_key not in self._changes:
            self._changes[graph_key] = explain_change(self.made_of(graph_key), self._frozen.ingredients)
        return self._changes[graph_key]

    def put(self, states: Iterable[tuple[str, str]]) -> None:
        """Keep new states."""
        if self._index is not None:
            self._index.put(states)

    def _settle(self, item: Item, state: ItemState, looked_ns: int) -> None:
        """Keep that an item's files were read again just now, so that the next run need not."""
        if not self._writes:
            return

        def seen(files: tuple[FileState, ...]) -> tuple[FileState, ...]:
            return tuple(attrs.evolve(file, looked_ns=looked_ns) for file in files)

        state = attrs.evolve(state, sources=seen(state.sources), outputs=seen(state.outputs))
        self._settled.append((item.key, encode_state(state)))
        if len(self._settled) >= SETTLED_AT_ONCE:
            self.put(self._settled)
            self._settled.clear()

    def note_failed(self, state: str) -> None:
        """Remember what an item that failed has in the output folder from an earlier run."""
        decoded = decode_state(state)
        self.stale += [file.path for file in decoded.outputs] if decoded is not None else []

    def stale_text(self) -> str:
        """Say which outputs of failed items are not of this run, "" where there are none."""
        found = [path for path in self.stale if os.path.lexists(os.path.join(self._out, path))]  # noqa: PTH118
        if not found:
            return ""
        names = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")  # noqa: PLR2004 - a line
        return f"{len(found)} outputs of failed items are left from an earlier run, and may be stale: {names}"

    def orphans(self) -> tuple[str, ...]:
        """
        Return files that this graph made earlier and that nothing stands behind now, sorted.

        Asked once every item was met. Files that were changed since are the user's: left out.
        """
        files = list(self.leftovers)
        for key, text in self._states.items():
            state = unsealed(key, text)
            if state is not None:
                files += (*state.outputs, *state.leftovers)
        seen = {file.path: file for file in files if file.path not in self.placed}
        if seen and self._index is not None:
            for key, text in self._index.others(FOLDER_DIGITS):
                state = unsealed(key, text)
                for file in state.outputs if state is not None else ():
                    seen.pop(file.path, None)  # another graph stands behind it
        return tuple(sorted(path for path, file in seen.items() if _is_ours(self._out, file)))

    def forget_gone(self) -> None:
        """Drop the states of items that were not met in this run."""
        if self._index is not None:
            self._index.delete(self._states)

    def problems(self) -> tuple[str, ...]:
        """Return what went wrong with the index."""
        return tuple(self._index.problems) if self._index else ()

    def close(self) -> None:
        """Keep what is not kept yet, and close the index."""
        self.put(self._settled)
        if self._index is not None:
            self._index.close()


def scope_of(graph: str, out: Path | None, home: str = "") -> str:
    """
    Return the name the index knows a graph and an output folder by.

    Its first half stands for the folder alone, so that the other graphs that write there are found.
    """
    place = "" if out is None else os.path.realpath(out)
    return _short_digest(place) + graph_digits(graph, home)


def graph_digits(graph: str, home: str) -> str:
    """Return the half of a scope that stands for the graph."""
    return _short_digest(f"{len(graph)}:{graph}{home}")


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:FOLDER_DIGITS]


def _is_ours(folder: str, file: FileState) -> bool:
    """True where a file below the output folder is as we made it."""
    parts = Path(file.path).parts
    if not folder or os.path.isabs(file.path) or ".." in parts:  # noqa: PTH117 - never from us
        return False
    path = Path(folder, *parts)
    if path.is_symlink():
        return False
    try:
        return is_same(Stat.of(path), file) or digest_file(path)[0] == file.digest
    except (OSError, CreeveyError):
        return False


def prune_files(out: Path, paths: Iterable[str]) -> int:
    """Delete outputs, and folders that are empty then; return how many files went."""
    count = 0
    for path in paths:
        target = out / path
        with suppress(OSError):
            target.unlink()
            count += 1
        for folder in target.parents:
            if folder == out or out not in folder.parents:
                break
            with suppress(OSError):
                folder.rmdir()
    return count
