"""Where the reports of runs stand."""

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from creevey_graph.cache import Cache

KEPT_REPORTS = 100
"""Report files in a cache's folder; the oldest go first."""


def new_report(cache: Cache | None) -> Path:
    """
    Return the path of a new report, and make room for it among those of earlier runs.

    Without a cache that can be written to it is a folder of its own for temporary files; where there is none of
    these either, a path that cannot be written, so that the report is of this process alone.
    """
    if cache is None or cache.is_read_only:
        try:
            return Path(tempfile.mkdtemp(prefix="creevey-report-")) / "run.jsonl"
        except OSError:  # $TMPDIR is full, or not there, and so is every other place
            return Path(os.devnull) / "run.jsonl"
    runs = cache.folder / "runs"
    _make_room(runs)
    # The clock is asked once: at the turn of a second the latest report was not the last by name.
    seconds, rest = divmod(time.time_ns(), 10**9)
    return runs / f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(seconds))}-{rest:09d}.jsonl"


def _make_room(runs: Path) -> None:
    try:
        with_names = sorted(runs.glob("*.jsonl"))
    except OSError:  # too many open files: the next run makes room
        return
    for old in with_names[: max(0, len(with_names) - KEPT_REPORTS + 1)]:
        with suppress(OSError):  # gone, or a folder that somebody put there
            old.unlink()
