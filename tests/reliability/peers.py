"""Runs of several processes on one cache: at once, and with one of them stopped at the worst place (R6)."""

import os
import random
import signal
import sqlite3
import time

import reference
from nursery import call
from places import about_cache, check_equal, check_whole, facts_of
from trial import Trial

from creevey_graph import Cache, delivery, runner
from creevey_graph.cache import Index, care, disk, index, index_file, opening, store
from creevey_graph.errors import CacheError
from creevey_graph.events import ItemFinished

PHOTOS = 12
WAIT_S = 0.5
"""How long peers of most trials wait for a lock; what it is by default is tried too, but takes that long."""
SLACK_S = 10.0
"""For a loaded machine, beside what a run waits; a wait for each item would be 6 s more at the least."""


# --- in a child --------------------------------------------------------------------------------


def stop_here():
    """Stop this process, as Ctrl-Z would."""
    os.kill(os.getpid(), signal.SIGSTOP)


def stopping(work, at=1, *, after=False):
    """Return *work*, which stops this process when it is called for the *at*-th time; see `stop_here`."""
    calls = []

    def wrapped(*arguments, **options):
        calls.append(1)
        if len(calls) == at and not after:
            stop_here()
        result = work(*arguments, **options)
        if len(calls) == at and after:
            stop_here()
        return result

    return wrapped


def stop_in_store(at):
    """In a transaction of the store, in which something is written already."""
    Cache._commit_one = stopping(Cache._commit_one, at, after=True)


def stop_in_index(at):
    """In a transaction of the index, in which something is written already."""
    attempt = Index._attempt
    # The first only says that the outputs' paths were checked, before the run has its lock.
    inside = stopping(lambda work, connection: work(connection), at + 1, after=True)
    Index._attempt = lambda self, work: attempt(self, lambda connection: inside(work, connection))


def stop_in_merge(at):
    """While the index is merged at the end of the run."""
    index.merge = stopping(index.merge, 1, after=True)


def stop_with_lease(at):
    """With the lock that runs share, before anything is done."""
    runner._Run._begin = stopping(runner._Run._begin)


def stop_in_value(at):
    """In the midst of a value's file."""
    disk.INLINE_BYTES = store.INLINE_BYTES = 64
    disk._write_all = stopping(disk._write_all, at)


def stop_before_output(at):
    """With an output under its temporary name, just before it is put in place."""
    delivery.Delivery.place = stopping(delivery.Delivery.place, at)


def stop_between(at):
    """With an output in place, before its record is committed."""
    Cache.commit = stopping(Cache.commit, at)


STOPS = {
    "store": (stop_in_store, 9),
    "index": (stop_in_index, 4),
    "merge": (stop_in_merge, 1),
    "lease": (stop_with_lease, 1),
    "value": (stop_in_value, 9),
    "output": (stop_before_output, 9),
    "commit": (stop_between, 3),
}
"""Name -> what stops a run there, and up to which time it comes there for sure."""


def run_peer(tell, photos, out, cache, *, executor="serial", stop=None, wait_s=WAIT_S, pause_s=0.0, by=2):
    """
    Run the reference graph as soon as the parent lets it.

    Args:
        tell: Takes words for the parent.
        photos: The items.
        out: The output folder.
        cache: The cache's folder.
        executor: Its name.
        stop: (name in `STOPS`, at which time), None to run through.
        wait_s: How long is waited for a lock.
        pause_s: What a step takes besides.
        by: Parameter of the graph.
    """
    opening.TIMEOUT_S = index_file.TIMEOUT_S = wait_s
    if stop is not None:
        STOPS[stop[0]][0](stop[1])
    times = []

    def note(event):
        if isinstance(event, ItemFinished):
            times.append((event.row.outputs[0], time.monotonic(), "darken" in event.executed))

    began = time.monotonic()
    report = reference.small_set.bind(by=by, delay_s=pause_s).run(
        photos, out=out, cache=cache, executor=executor, jobs=2, progress=False, listeners=[note]
    )
    return {**facts_of(report), "seconds": time.monotonic() - began, "began": began, "times": times}


def gc_stopped(_tell, cache):
    """Collect a cache, and stop with its lock in hand, in a transaction."""
    care.sweep = stopping(care.sweep)
    Cache(cache).gc()


def sweep_stopped(_tell, cache):
    """Collect a cache, and stop in the midst of it."""
    care.forget_lost = stopping(care.forget_lost)
    Cache(cache).gc(max_bytes=0)


def tend(_tell, cache, action):
    """Do what its owner does with a cache; return what came of it."""
    opened = Cache(cache)
    try:
        if action == "verify":
            found = opened.verify()
            return "whole" if found.ok else str(found)
        return str(getattr(opened, action)())
    except CacheError as exc:
        return f"refused: {exc}"


def open_first(_tell, cache, at):
    """Open a cache and its index, which may not be there yet, at a moment; return what is told of trouble."""
    time.sleep(max(0.0, at - time.monotonic()))
    opened = Cache(cache)
    known = Index(opened.folder, "scope")
    known.put([(str(os.getpid()), "state")])
    known.close()
    opened.put_measures({f"{os.getpid():064x}": b"measured"})
    opened.close()
    return [*opened.problems, *known.problems]


# --- trials ------------------------------------------------------------------------------------


def try_beside(seed, folder):
    """Two or four runs at once, of the same and of other items, into one folder or several: all equal, no warning."""
    draw = random.Random(seed)
    count = 2 if seed % 2 == 0 else 4
    photos = sorted(reference.draw_photos(folder, PHOTOS).iterdir())
    outs = [folder / f"out{number if draw.random() < 0.6 else 0}" for number in range(count)]
    sets = [draw_items(draw, photos) for _ in range(count)]
    executors = [draw.choice(["serial", "serial", "threads"]) for _ in range(count)]
    pause_s = draw.choice([0.0, 0.004])
    facts = zip(sets, outs, executors, strict=True)
    peers = [
        call(
            run_peer,
            items,
            out,
            folder / "cache",
            executor=executor,
            wait_s=opening.TIMEOUT_S,
            pause_s=pause_s,
        )
        for items, out, executor in facts
    ]
    told = [peer.result() for peer in peers]
    for items, out, its in zip(sets, outs, told, strict=True):
        check_peer(folder, items, out, its)
        assert its["notices"] == [], its["notices"]
        assert its["damaged"] == 0
    check_not_twice(
        [its for its, executor in zip(told, executors, strict=True) if executor == "serial"], told
    )
    for out in set(outs):
        check_whole(folder, out)
    check_nothing_to_do(folder, photos)
    return 1


def draw_items(draw, photos):
    """Return some of the pictures, half of them at least, in some order."""
    items = draw.sample(photos, draw.randrange(PHOTOS // 2, PHOTOS + 1))
    return draw.choice([items, sorted(items), sorted(items, reverse=True)])


def check_peer(folder, items, out, told):
    """Check that a run's rows are those of plain calls, each and no other."""
    assert told["ok"], told["rows"]
    expected = reference.expected_outputs(folder)
    names = [item.name for item in items]
    assert [row[3] for row in told["rows"]] == names
    assert told["fields"] == {name: expected[name][1] for name in names}
    for name in names:
        assert (out / name).read_bytes() == expected[name][0]


def check_not_twice(ones, others):
    """
    Check that no work was done again that another run had told to be done before it was begun.

    One that takes one item after the other begins an item when the one before it has ended.
    """
    for one in ones:
        begins = one["began"]
        for key, ends, ran in one["times"]:
            earlier = [
                other for other in others for its, end, _ in other["times"] if its == key and end < begins
            ]
            assert not (ran and earlier), f"'{key}' was made again, which another run had kept"
            begins = ends


def check_nothing_to_do(folder, photos):
    """Check that a run over all items is equal, and another one after it executes nothing."""
    for _ in range(2):
        told = call(run_peer, photos, folder / "last", folder / "cache").result()
        check_equal(folder, folder / "last", told)
        assert told["notices"] == []
    assert told["executed"] == {}


def try_stopped(seed, folder):
    """A run is stopped at the worst place: others beside it are equal and wait once; continued, it ends well."""
    draw = random.Random(seed)
    photos = sorted(reference.draw_photos(folder, PHOTOS).iterdir())
    name = list(STOPS)[seed % len(STOPS)]
    one_out = draw.random() < 0.5
    outs = [folder / "out0", folder / ("out0" if one_out else "out1")]
    stop = (name, draw.randint(1, STOPS[name][1]))
    if draw.random() < 0.3:  # what is stopped is in a cache that is filled already, for another parameter
        call(run_peer, photos, folder / "before", folder / "cache", by=3).result()
    stopped = call(
        run_peer, photos, outs[0], folder / "cache", executor=draw.choice(["serial", "threads"]), stop=stop
    )
    try:
        stopped.wait_until_stopped()
        told = call(
            run_peer, photos, outs[1], folder / "cache", executor=draw.choice(["serial", "threads"])
        ).result()
        check_peer(folder, photos, outs[1], told)
        assert len(about_cache(told)) <= 1, told["notices"]
        assert told["seconds"] < 2 * WAIT_S + SLACK_S
        assert call(tend, folder / "cache", "gc").result().startswith("refused: a run is using")
        assert call(tend, folder / "cache", "clear").result().startswith("refused: a run is using")
        stopped.go_on()
        its = stopped.result()
        check_peer(folder, photos, outs[0], its)
        assert its["notices"] == []
    finally:
        stopped.end()
    check_nothing_to_do(folder, photos)
    return 1


def try_default_wait(seed, folder):
    """A peer stopped in a transaction costs 5 s in all, not for each item, each value or each opening."""
    photos = sorted(reference.draw_photos(folder, PHOTOS).iterdir())
    stopped = call(run_peer, photos, folder / "out0", folder / "cache", stop=("store", 3))
    try:
        stopped.wait_until_stopped()
        executor = ["serial", "threads"][seed % 2]
        told = call(
            run_peer, photos, folder / "out1", folder / "cache", executor=executor, wait_s=5.0
        ).result()
        check_peer(folder, photos, folder / "out1", told)
        assert len(about_cache(told)) == 1
        assert told["seconds"] < 5.0 + SLACK_S, "the cache was waited for more than once"
        stopped.go_on()
        check_peer(folder, photos, folder / "out0", stopped.result())
    finally:
        stopped.end()
    return 1


def try_gc_stopped(seed, folder):
    """`cache gc` is stopped with the lock in hand: a run goes on beside it and is equal; continued, gc harms none."""
    photos = sorted(reference.draw_photos(folder, PHOTOS).iterdir())
    call(run_peer, photos, folder / "out0", folder / "cache").result()
    stopped = call([gc_stopped, sweep_stopped][seed % 2], folder / "cache")
    try:
        stopped.wait_until_stopped()
        told = call(run_peer_hurried, photos, folder / "out1", folder / "cache").result()
        check_peer(folder, photos, folder / "out1", told)
        assert len(about_cache(told)) <= 2, told["notices"]
        assert told["seconds"] < 3 * WAIT_S + SLACK_S
        stopped.go_on()
        stopped.result()
    finally:
        stopped.end()
    check_nothing_to_do(folder, photos)
    return 1


def run_peer_hurried(tell, *arguments):
    """Run a peer that waits for gc no longer than for another run."""
    from creevey_graph import lease

    lease.WAIT_S = WAIT_S
    return run_peer(tell, *arguments)


def try_tended(seed, folder):
    """`verify` beside two runs finds nothing wrong and takes nothing away; `gc` and `clear` are refused."""
    draw = random.Random(seed)
    photos = sorted(reference.draw_photos(folder, PHOTOS).iterdir())
    peers = [
        call(
            run_peer,
            photos,
            folder / f"out{number}",
            folder / "cache",
            wait_s=opening.TIMEOUT_S,
            pause_s=0.01,
        )
        for number in range(2)
    ]
    held = call(run_peer, photos, folder / "held", folder / "cache", stop=("lease", 1))
    try:
        held.wait_until_stopped()
        for _ in range(3):
            assert call(tend, folder / "cache", "verify").result() == "whole"
        action = draw.choice(["gc", "clear"])
        assert call(tend, folder / "cache", action).result().startswith("refused: a run is using")
        told = [peer.result() for peer in peers]
        held.go_on()
        check_peer(folder, photos, folder / "held", held.result())
    finally:
        held.end()
    for number, its in enumerate(told):
        check_peer(folder, photos, folder / f"out{number}", its)
        assert (its["notices"], its["damaged"]) == ([], 0)
    check_nothing_to_do(folder, photos)
    return 1


OPENERS = 30


def try_first_opens(seed, folder):
    """Thirty processes open one cache that is not there yet, at once: no error, no warning, and nothing is lost."""
    at = time.monotonic() + 0.4
    openers = [call(open_first, folder / "cache", at) for _ in range(OPENERS)]
    assert [opener.result() for opener in openers] == [[]] * OPENERS
    with sqlite3.connect(folder / "cache" / "index.db") as database:
        assert database.execute("SELECT count(*) FROM items").fetchone() == (OPENERS,)
    assert call(tend, folder / "cache", "verify").result() == "whole"
    return OPENERS


TRIALS = (
    Trial("R6", "beside", "2 and 4 runs at once on one cache", "repeats", 6, 50, try_beside),
    Trial("R6", "stopped", "a peer stopped at the worst place", "repeats", 7, 70, try_stopped),
    Trial("R6", "default-wait", "a stopped peer costs 5 s in all", "repeats", 1, 10, try_default_wait),
    Trial("R6", "gc-stopped", "a stopped gc beside a run", "repeats", 2, 50, try_gc_stopped),
    Trial("R6", "tended", "verify, gc and clear beside runs", "repeats", 2, 50, try_tended),
    Trial("R6", "first-opens", "first opens of one cache at once", "opens", OPENERS, 240, try_first_opens),
)
