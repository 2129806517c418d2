"""Where the reports of runs stand."""

import tempfile
import time
from pathlib import Path

from creevey_graph.cache import Cache

KEPT_REPORTS = 100
"""Report files in a cache's folder; the oldest go first."""


def new_report(cache: Cache | None) -> Path:
    """Return the path of a new report, and make room for it among those of earlier runs."""
    if cache is None:
        return Path(tempfile.mkdtemp(prefix="creevey-report-")) / "run.jsonl"
    runs = cache.folder / "runs"
    with_names = sorted(runs.glob("*.jsonl"))
    for old in with_names[: max(0, len(with_names) - KEPT_REPORTS + 1)]:
        old.unlink(missing_ok=True)
    seconds, rest = divmod(
        time.time_ns(), 10**9
    )  # asked once: at the turn of a second the latest was not the last
    return runs / f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(seconds))}-{rest:09d}.jsonl"
