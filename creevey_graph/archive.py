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

    Where no file can be made anywhere (a full disk), it is one that cannot be written: that costs the file, not the run.
    """
    if cache is None:
        try:
            return Path(tempfile.mkdtemp(prefix="creevey-report-")) / "run.jsonl"
        except OSError:
            return Path(os.devnull) / "run.jsonl"
    runs = cache.folder / "runs"
    with_names = sorted(runs.glob("*.jsonl"))
    for old in with_names[: max(0, len(with_names) - KEPT_REPORTS + 1)]:
        with suppress(OSError):
            old.unlink(missing_ok=True)
    return runs / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}.jsonl"
