"""What a run leaves behind when it ends: orphans found or pruned, the index made ready, troubles told."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from creevey_graph.atomic import remove_stale
from creevey_graph.cache import Cache, mark_ran
from creevey_graph.cache.index import FAILED_WRITES
from creevey_graph.cache.store import FAILED_COMMITS
from creevey_graph.changes import told_changes
from creevey_graph.choices import Options
from creevey_graph.columns import listed
from creevey_graph.errors import CacheError, RunFailed
from creevey_graph.events import GraphCompared, Outcome, Row
from creevey_graph.frozen import FrozenGraph, edited_in_run
from creevey_graph.look import Known
from creevey_graph.telling import Teller
from creevey_graph.text import first_line, safe_text


class AcceptedRuns:
    """
    Notes of accepted edits whether their code ran while it counted as the code before: an undo must know.

    It is noted before anything that such code made is kept. A run killed in between kept what an undo did not know
    of, and the earlier code, put back, was given it. Where it cannot be noted, nothing more is kept in this run.

    State: left = nodes with an accepted edit that have not run in this run.
    """

    def __init__(self, frozen: FrozenGraph, cache: Cache | None, known: Known) -> None:
        self._frozen = frozen
        self._cache = cache
        self._known = known
        self._left = set(frozen.accepted)

    def note(self, executed: Iterable[str]) -> None:
        """Take in nodes that ran, before what they made is kept."""
        if not self._left or self._cache is None:
            return
        if ran := self._left.intersection(executed):
            self._left -= ran
            parts = {self._frozen.ingredients[name]["accepted"]["part"] for name in ran}
            try:
                mark_ran(self._cache.folder, parts)
            except CacheError as exc:
                self._cache.failed_commits = FAILED_COMMITS
                self._cache.problems.append(f"{exc}; nothing more is written to it in this run")
                if self._known.index is not None:
                    self._known.index.failed_writes = FAILED_WRITES


class WrittenFolders:
    """
    Where a run wrote something: what a killed run left there is removed in the end.

    State: folders = their paths as text.
    """

    def __init__(self, out: Path | None) -> None:
        self._out = out
        self._folders: set[str] = set()

    def note(self, row: Row) -> None:
        """Remember where an item's outputs are."""
        if self._out is not None and row.outcome in (Outcome.DONE, Outcome.RESTORED):
            self._folders.update(os.path.dirname(self._out / path) for path in row.outputs)  # noqa: PTH120 - per item

    def tidy(self) -> None:
        """Remove temporary files that an earlier run left."""
        for folder in self._folders:
            remove_stale(Path(folder))


def end_known(known: Known, options: Options, *, is_whole: bool) -> tuple[tuple[str, ...], int]:
    """
    Close the index.

    Args:
        known: The items' states.
        options: How the run went.
        is_whole: Whether every item was met; only then it is known which are gone.

    Returns:
        The orphans that are left, and how many were deleted.
    """
    orphans: tuple[str, ...] = ()
    pruned = 0
    if is_whole:
        orphans = known.orphans()
        if options.prune and options.out is not None:
            pruned = prune_files(options.out, orphans)
            orphans = known.orphans()
            if not orphans:
                known.forget_gone()
    known.close()
    return orphans, pruned


def spared_text(known: Known, options: Options) -> str:
    """Say which outputs were not deleted though no item of this run stands behind them, "" where there are none."""
    if not (options.prune and known.spared):
        return ""
    count = len(known.spared)
    outputs = "1 output is" if count == 1 else f"{count:,} outputs are"
    return (
        f"{outputs} not pruned ({listed(known.spared, 3)}): this run has no item of that key, but the picture is "
        "still there; so it is after a run of fewer items, and after another --id-column. "
        "What is not wanted any more is yours to delete, or take a new --out folder"
    )


def tell_troubles(
    tell: Teller, known: Known, frozen: FrozenGraph, options: Options, workers: str = ""
) -> None:
    """Tell how the graph changed, of stale outputs, code edited in mid-run, workers, and what went wrong with the index."""
    if changes := told_changes(known.former_graphs, frozen.ingredients):
        tell.emit(GraphCompared(changes))
    for text in filter(
        None, (known.stale_text(), edited_in_run(frozen), spared_text(known, options), workers)
    ):
        tell.notice(text)
    for text in known.problems():
        tell.notice(f"cache: {text}")


def run_failed(row: Row) -> RunFailed:
    """Return the error that tells of the failed item that ended a run."""
    where = f" in step '{row.step}'" if row.step else ""
    return RunFailed(f"item '{safe_text(row.key)}' failed{where}: {first_line(row.error or '')}")


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
