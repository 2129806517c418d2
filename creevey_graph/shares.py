"""What is bounded for a whole run, such as downloads of one host at once: each worker process has its share."""

import os

WORKERS_VARIABLE = "CREEVEY_WORKERS"
"""Set in a worker process: how many of its kind there are."""
LIMIT_VARIABLE = "CREEVEY_WORKER_BYTES"
"""Set in a worker process: the bytes it may take, where there is a limit."""


def share_of(limit: int) -> int:
    """
    Return what this process may take of *limit*, 1 at least.

    >>> share_of(8)
    8
    """
    workers = os.environ.get(WORKERS_VARIABLE, "")
    return max(1, limit // int(workers)) if workers.isdecimal() and int(workers) else limit
