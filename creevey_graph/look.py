"""
What the index knows of a run's items, and whether it still holds.

An item whose files and outputs are as they were last seen needs no worker, no key and no look-up; of
files and URLs most are found so in bulk (`survey`), the others here, one by one.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache import Cache, FileState, Index, ItemState, decode_state, encode_state
from creevey_graph.errors import CreeveyError
from creevey_graph.events import NOT_TRIED, Outcome, Row
from creevey_graph.fingerprint.files import Stat, digest_file, is_settled
from creevey_graph.frozen import FrozenGraph
from creevey_graph.identity import files_in, is_same, values_digest
from creevey_graph.journal import row_line
from creevey_graph.parts import digest_of, is_there, stat_of
from creevey_graph.plan import explain_change, first_reason
from creevey_graph.sources import BulkSource, Item
from creevey_graph.survey import Survey

READ_HERE_BYTES = 2**20
"""Larger files that must be read again are left to a worker."""
SETTLED_AT_ONCE = 1000
_FAILED = f'"{Outcome.FAILED}"'
FOLDER_DIGITS = 16
"""How many digits of a scope stand for the output folder."""


class Known:
    """
    The last known states of a graph's items in one output folder.

    State: states = item key -> encoded state, for items not met yet in this run, None where items are
    compared in bulk (then `survey` knows which were not met); changes = key of an earlier graph ->
    how it differs; former_graphs = the ingredients of each, None where not known; placed = output paths of this run, save of what was found up to date in bulk;
    leftovers = files that items met in this run no longer stand behind; spared = outputs of items that
    were not met, whose files are still there.
    """

    def __init__(self, index: Index | None, frozen: FrozenGraph, out: Path | None) -> None:
        self.index = index
        self._frozen = frozen
        self._out = "" if out is None else str(out)
        self._states: dict[str, str] | None = None
        self._survey: Survey | None = None
        self._changes: dict[str, str] = {}
        self.former_graphs: list[Mapping[str, Any] | None] = []
        self._moving = [
            node.output
            for node in frozen.writers
            if node.output and (callable(node.output.template) or "index" in node.output.fields)
        ]
        self._settled: list[tuple[str, str]] = []
        self._is_looked_at = False
        self._writes = False
        self.stale: list[str] = []
        self.placed: set[str] = set()
        self.spared: list[str] = []
        self._forgettable: list[str] = []
        self.leftovers: list[FileState] = []

    @classmethod
    def open(cls, cache: Cache | None, frozen: FrozenGraph, out: Path | None) -> "Known":
        """Open the index of a graph and an output folder; nothing is known where there is no cache."""
        index = None if cache is None else Index(cache.folder, scope_of(frozen.name, out, frozen.home))
        return cls(index, frozen, out)

    @property
    def place(self) -> tuple[str, str]:
        """The output folder as an absolute path, and the scope of the index; each "" where there is none."""
        out = os.path.abspath(self._out) if self._out else ""  # noqa: PTH100 - it is text
        return out, "" if self.index is None else self.index.scope

    def note_graph(self) -> None:
        """Keep what today's graph is made of, for the reasons of later runs; from now on the index is written."""
        self._writes = True
        if self.index is not None:
            frozen = self._frozen
            self.index.put_scope(os.path.realpath(self._out) if self._out else "")
            self.index.put_graph(frozen.graph_key, graph_digits(frozen.name, frozen.home), frozen.ingredients)

    def survey(self, source: BulkSource | None, *, forced: bool) -> Survey | None:
        """
        Return the comparison of *source* with the index, None where items must be met one by one.

        They must where all are to run, where an output's path depends on more than key and source, and
        where the digests of outputs must be compared (`claims`).
        """
        writers = self._frozen.writers
        needs_items = self._moving or any(node.output and node.output.needs_digest for node in writers)
        if source is None or self.index is None or forced or needs_items or self._frozen.always_runs:
            return None
        self._survey = Survey(self.index, source, self._frozen.graph_key, self._out)
        return self._survey

    def check(self, item: Item, *, forced: bool) -> tuple[ItemState | None, str | None]:
        """Return an item's last known state, and why it must be looked at as far as that tells."""
        text = self._take(item.key)
        state = None if text is None else decode_state(text)
        reason = first_reason(
            state, forced=forced, graph_change=self._graph_change, graph_key=self._frozen.graph_key
        )
        return state, reason

    def _take(self, key: str) -> str | None:
        if self.index is None:
            return None
        if self._survey is not None:
            return self.index.get(key)
        if self._states is None:
            self._states = self.index.load()
        return self._states.pop(key, None)

    def failed_keys(self) -> set[str]:
        """Return the keys of the items that failed when they were last run."""
        if self.index is None:
            return set()
        marked = ((key, text) for key, text in self.index.load().items() if _FAILED in text)
        states = ((key, decode_state(text)) for key, text in marked)
        return {key for key, state in states if state is not None and state.outcome == Outcome.FAILED}

    def row_if_failed(self, item: Item, state: ItemState | None) -> Row | None:
        """Return the row of an item that failed last time, of which nothing has changed; else None."""
        if state is None or state.outcome != Outcome.FAILED or state.graph_key != self._frozen.graph_key:
            return None
        if not self._are_inputs_untouched(item, state):
            return None
        self.stale += [file.path for file in state.outputs]
        facts = (Outcome.FAILED, state.step, state.error, NOT_TRIED)
        return Row(item.key, item.source, *facts, fields=state.fields, traceback=state.traceback)

    def _gone(self) -> Iterator[tuple[str, str]]:
        """Yield (key, encoded state) of the items that were not met in this run."""
        if self.index is None:
            return
        if self._survey is None:
            yield from (self.index.load() if self._states is None else self._states).items()
            return
        for key in self._survey.gone:
            if (text := self.index.get(key)) is not None:
                yield key, text

    def made_of(self, graph_key: str) -> Mapping[str, Any] | None:
        """Return the ingredients of a graph that was run before, None where they are not known."""
        return self.index.ingredients(graph_key) if self.index else None

    def row_if_current(self, item: Item, state: ItemState | None) -> Row | None:
        """Return the row of an item that needs nothing, None where it must be looked at closely."""
        self._is_looked_at = False
        began_ns = time.time_ns()
        if state is None or self._frozen.always_runs or not self._holds(item, state):
            return None
        if self._is_looked_at:
            self._settle(item, state, began_ns)
        self.leftovers += state.leftovers
        self.placed.update(output.path for output in state.outputs)
        return current_row(item.key, item.source, state)

    def _are_inputs_untouched(self, item: Item, state: ItemState) -> bool:
        files = sum(1 for value in item.values for _ in files_in(value))
        if state.values != values_digest(item) or len(state.sources) != files:
            return False
        return all(self._is_untouched("", source) for source in state.sources)

    def _holds(self, item: Item, state: ItemState) -> bool:
        if not self._are_inputs_untouched(item, state):
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
            stat = stat_of(path)
            if not is_same(stat, state):
                return False
            if is_settled(stat, state.looked_ns):
                return True
            # Written just before it was last looked at, as every output is: it is read once more.
            if stat.size > READ_HERE_BYTES or digest_of(path)[0] != state.digest:
                return False
        except (OSError, CreeveyError):
            return False
        self._is_looked_at = True
        return True

    def _graph_change(self, graph_key: str) -> str:
        if graph_key not in self._changes:
            self.former_graphs.append(self.made_of(graph_key))
            self._changes[graph_key] = explain_change(self.former_graphs[-1], self._frozen.ingredients)
        return self._changes[graph_key]

    def put(self, states: Iterable[tuple[str, str]]) -> None:
        """Keep new states."""
        if self.index is not None:
            self.index.put(states)

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
        what = "1 output" if len(found) == 1 else f"{len(found)} outputs"
        verb = "is" if len(found) == 1 else "are"
        return f"{what} of failed items {verb} left from an earlier run, and may be stale: {names}"

    def orphans(self) -> tuple[str, ...]:
        """
        Return files that this graph made earlier and that nothing stands behind now, sorted.

        Asked once every item was met. Files that were changed since are the user's: left out. So are
        outputs of items whose own files are still there: a narrower glob, or one file, is no deletion.
        """
        files = list(self.leftovers)
        self.spared = []
        self._forgettable = []
        for key, text in self._gone():
            state = decode_state(text)
            if state is not None and any(is_there(file.path) for file in state.sources):
                self.spared += [file.path for file in state.outputs if file.path not in self.placed]
                continue
            self._forgettable.append(key)
            files += (*state.outputs, *state.leftovers) if state is not None else ()
        seen = {file.path: file for file in files if file.path not in self.placed}
        if seen and self.index is not None:
            self._drop_current(seen)
            for _, text in self.index.others(FOLDER_DIGITS):
                state = decode_state(text)
                for file in state.outputs if state is not None else ():
                    seen.pop(file.path, None)  # another graph stands behind it
        return tuple(sorted(path for path, file in seen.items() if _is_ours(self._out, file)))

    def _drop_current(self, seen: dict[str, FileState]) -> None:
        """Leave out of *seen* what an item that was found up to date in bulk stands behind."""
        if self._survey is None or self.index is None:
            return
        not_current = self._survey.not_current()
        for _, columns in self.index.columns():
            if columns is not None and not seen.keys().isdisjoint(columns.outputs):
                names = iter(columns.outputs)
                for key, count in zip(columns.keys, columns.counts, strict=True):
                    for path in islice(names, count):
                        if key not in not_current:
                            seen.pop(path, None)

    def forget_gone(self) -> None:
        """Drop the states of items that are gone, as `orphans` found."""
        if self.index is not None:
            self.index.delete(self._forgettable)

    def problems(self) -> tuple[str, ...]:
        """Return what went wrong with the index."""
        return tuple(self.index.problems) if self.index else ()

    def close(self) -> None:
        """Keep what is not kept yet, make it ready to be compared in bulk, and close the index."""
        if self.index is None:
            return
        if self._writes:
            self.put(self._settled)
            self.index.compact(self._frozen.graph_key, line_if_current)
        self.index.close()


def current_row(key: str, source: str, state: ItemState) -> Row:
    """Return the row of an item that needs nothing."""
    if state.outcome == Outcome.SKIPPED:
        return Row(key, source, Outcome.SKIPPED, state.step, state.error, fields=state.fields)
    paths = tuple(output.path for output in state.outputs)
    return Row(key, source, Outcome.CACHED, outputs=paths, fields=state.fields)


def line_if_current(key: str, parts: Sequence[Any]) -> str:
    """Return the line a report has for an item that needs nothing, of the parts of its encoded state."""
    graph_key, values, _, outputs, outcome, step, error, fields, _, source, _ = parts
    files = tuple(FileState(*file) for file in outputs)
    state = ItemState(graph_key, values, (), files, outcome, step, error, fields)
    return row_line(current_row(key, source, state))


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
