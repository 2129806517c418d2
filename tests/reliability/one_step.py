"""A graph of one step over numbers, run in two processes."""

import pytest

from creevey_graph import graph, step
from creevey_graph.executors import IS_KEPT_TO

needs_ceiling = pytest.mark.skipif(not IS_KEPT_TO, reason="this system keeps no process to a limit of memory")


def run(function, count=12, *, values=None, **options):
    """Run a graph of one step over numbers in two processes; return its report."""
    act = step(function, name="act", cache="never")

    @graph
    def acting(number: int, value: object):
        return {"made": act(number, value)}

    rows = [{"number": n, "value": (values or {}).get(n, n)} for n in range(count)]
    chosen = {"executor": "processes", "jobs": 2, "cache": False, "progress": False, **options}
    return acting.run(rows, **chosen)
