"""What a cache holds of the nodes of a graph, for those who look at it."""

from collections.abc import Mapping
from pathlib import Path

from creevey_graph.cache import Cache
from creevey_graph.cache.care import glance
from creevey_graph.errors import CacheError
from creevey_graph.report import Report
from creevey_graph.state import Stored, stored_of

MOST_RECORDS = 200_000
"""Counting takes some 10 us each; of a larger cache nothing is told."""
_TAG = "CACHEDIR.TAG"


def stored_in(folder: Path) -> Mapping[str, Stored] | None:
    """
    Return node -> what the cache in *folder* holds under its name; None where that is no cache, or not told quickly.

    Names are all that tells whose a value is: nodes of one name in several graphs are counted together.
    """
    if not (folder / _TAG).is_file():
        return None
    try:
        with Cache(folder) as cache:
            facts = glance(cache, MOST_RECORDS)
    except CacheError:
        return None
    return stored_of(facts) if "steps" in facts else None


def stored_beside(report: Report) -> Mapping[str, Stored] | None:
    """Return the same of the cache whose run it is; None where its file stands in none."""
    folder = report.path.parent
    return stored_in(folder.parent) if folder.name == "runs" else None
