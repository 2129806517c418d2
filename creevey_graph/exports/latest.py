"""Which runs of a cache folder a data set is made of: the latest whole one, and what came after it."""

import os
from collections.abc import Iterator
from pathlib import Path

from creevey_graph.errors import SourceNotFound, UsageError, did_you_mean
from creevey_graph.events import RunStarted
from creevey_graph.journal import read_journal
from creevey_graph.report import Report
from creevey_graph.text import safe_text


def latest_set(folder: Path | str, *, graph: str | None = None, out: Path | str | None = None) -> Report:
    """
    Return the report of all that is known of a graph's items: its latest whole run, brought up to date.

    A run that looked at some items only (`only_failed`), or was interrupted, is no set: its rows take the place
    of those of the latest whole run before it, by key. Where no run was whole, the latest that began with all
    items is taken, else the first there is; `is_whole` of the report then tells.

    Args:
        folder: The cache folder.
        graph: Name of the graph; by default that of the latest run.
        out: The output folder, of several runs of one graph; where none of them wrote there it was moved, and
            tells nothing.

    Raises:
        SourceNotFound: There is no report.
        UsageError: There is none of that graph.
    """
    found = list(_started(Path(folder)))
    if not found:
        raise SourceNotFound(
            f"no report in '{safe_text(str(folder))}'; run a graph first, or name the cache folder with --cache"
        )
    if graph is not None:
        names = {started.graph for _, started in found}
        if graph not in names:
            where = f"no report of a graph '{safe_text(graph)}' in '{safe_text(str(folder))}'"
            raise UsageError(f"{where}{did_you_mean(graph, sorted(names))}")
        found = [(path, started) for path, started in found if started.graph == graph]
    if out is not None:
        place = os.path.realpath(out)
        found = [pair for pair in found if os.path.realpath(pair[1].out) == place] or found
    latest = found[-1][1]
    runs = [(path, started) for path, started in found if _place_of(started) == _place_of(latest)]
    return _merged(runs)


def _started(folder: Path) -> Iterator[tuple[Path, RunStarted]]:
    for path in sorted((folder / "runs").glob("*.jsonl")):
        try:
            started = (event for _, event in read_journal(path) if isinstance(event, RunStarted))
            event = next(started, None)  # notices may stand before it
        except FileNotFoundError:
            continue
        if event is not None:
            yield path, event


def _place_of(started: RunStarted) -> tuple[str, str, str]:
    """Return what the runs of one graph into one folder have in common."""
    return started.graph, started.scope, "" if started.scope else started.out


def _merged(runs: list[tuple[Path, RunStarted]]) -> Report:
    later: list[Report] = []
    begun = [number for number, (_, started) in enumerate(runs) if not started.left_out] or [0]
    for number in reversed(range(len(runs))):
        report = Report.load(runs[number][0])
        if report.is_whole:
            break
        later.insert(0, report)
    else:
        number = begun[-1]
        later, report = later[number + 1 :], later[number]
    if later:
        report.update(later)
    return report
