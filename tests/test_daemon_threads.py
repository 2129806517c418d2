"""Threads that nobody has to wait for: what they return, raise, cancel, and leave in hand."""

import threading
from concurrent.futures import CancelledError

import pytest

from creevey_graph.executors.daemons import DaemonThreads


def test_calls_return_and_raise_through_their_futures():
    """A thread goes on after a call that raised, SystemExit too."""
    pool = DaemonThreads(2)
    futures = [pool.submit(divmod, 7, by) for by in (2, 0, 3)]
    left = pool.submit(exit, 3)

    assert (3, 1) == futures[0].result(10)
    with pytest.raises(ZeroDivisionError):
        futures[1].result(10)
    assert (2, 1) == futures[2].result(10)
    with pytest.raises(SystemExit):
        left.result(10)
    pool.shutdown()


def test_no_more_threads_are_started_than_are_needed():
    """One call after the other takes one thread; four at once take the three there are."""
    pool = DaemonThreads(3)
    for _ in range(5):
        pool.submit(int).result(10)
        while pool._idle < 1:
            pass
    assert 1 == len(pool._threads)
    release = threading.Event()
    futures = [pool.submit(release.wait, 10) for _ in range(4)]

    assert 3 == len(pool._threads)
    release.set()
    assert all(future.result(10) for future in futures)
    pool.shutdown()


def test_an_end_without_waiting_leaves_what_is_in_hand_and_drops_the_rest():
    """The threads are daemons: the interpreter does not wait for them either."""
    pool = DaemonThreads(1)
    begun, release = threading.Event(), threading.Event()

    def hold():
        begun.set()
        return release.wait(10)

    held = pool.submit(hold)
    dropped = pool.submit(int)
    assert begun.wait(10)
    pool.shutdown(wait=False, cancel_futures=True)

    assert not held.done()
    with pytest.raises(CancelledError):
        dropped.result(10)
    assert all(thread.daemon for thread in pool._threads)
    release.set()
    assert held.result(10)
    pool.shutdown(wait=True)
    assert not any(thread.is_alive() for thread in pool._threads)
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(int)
