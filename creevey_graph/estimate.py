"""How much work a plan is, from what its steps took in earlier runs."""

from collections.abc import Mapping

from creevey_graph.columns import counted, listed
from creevey_graph.executors import default_jobs
from creevey_graph.sizes import seconds_text

LEAST_S = 0.01
"""Less is not worth a word."""


def estimate_text(runs: Mapping[str, int], seconds: Mapping[str, float], jobs: int | None = None) -> str:
    """
    Return what is to be expected, in words; "" where nothing is known or it is next to nothing.

    Args:
        runs: Node -> items it would run for.
        seconds: Node -> what it took an item; those that are known.
        jobs: How many items are in hand at once; by default as many as a run would choose for work
            that does not wait for servers.

    >>> estimate_text({"load": 20, "tone": 20}, {"load": 0.01, "tone": 0.6}, jobs=2)
    'about 12 s of work, mostly tone (20 items at 600 ms each); with 2 jobs about 6.1 s'
    """
    known = {name: count * seconds[name] for name, count in runs.items() if name in seconds}
    whole = sum(known.values())
    if whole < LEAST_S:
        return ""
    jobs = min(default_jobs() if jobs is None else jobs, max(runs.values()))
    dearest = max(known, key=lambda name: known[name])
    each = f"{counted(runs[dearest], 'item')} at {seconds_text(seconds[dearest])} each"
    told = f"about {seconds_text(whole)} of work, mostly {listed([dearest])} ({each})"
    if len(known) == 1:
        told = f"about {seconds_text(whole)} of work: {listed([dearest])} ({each})"
    if jobs > 1:
        told += f"; with {jobs} jobs about {seconds_text(whole / jobs)}"
    if unknown := [name for name in runs if name not in known]:
        told += f"; not measured yet: {listed(unknown)}"
    return told
