"""How fast a run is, and when it will be there, by a clock of our own."""

import pytest

from creevey_graph.events import ItemFinished, ItemsCached, Outcome, Row, RunStarted
from creevey_graph.views.meter import WINDOW_ITEMS, Meter


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def meter(clock):
    made = Meter(clock)
    made.add(RunStarted("small", 10_000, (), "threads", "1"))
    return made


def finish(meter, clock, count, seconds, outcome=Outcome.DONE):
    for _ in range(count):
        clock.now += seconds
        meter.add(ItemFinished(0, Row("a", "a", outcome)))


def test_what_is_up_to_date_does_not_spoil_the_time_left(meter, clock):
    """9 000 of 10 000 in half a second, then one a second: the rest takes a thousand seconds, not one."""
    for _ in range(9):
        clock.now += 0.05
        meter.add(ItemsCached([], b"", 1_000))
    assert meter.seconds_left is None
    finish(meter, clock, 20, 1.0)

    assert 9_020 == meter.finished
    assert 1.0 == pytest.approx(meter.rate)
    assert 980 == pytest.approx(meter.seconds_left)


def test_items_found_up_to_date_one_by_one_do_not_either(meter, clock):
    """Rows of a table are compared one by one: what took no work is no rate, as long as nothing did."""
    finish(meter, clock, 5_000, 0.0001, Outcome.CACHED)
    assert meter.rate is None
    finish(meter, clock, 10, 2.0)

    assert 0.5 == pytest.approx(meter.rate)


def test_the_rate_follows_what_is_going_on(meter, clock):
    """Ten times as slow since a minute ago: the time left is that of now."""
    finish(meter, clock, 600, 0.1)
    assert 10 == pytest.approx(meter.rate, rel=0.1)
    finish(meter, clock, 60, 1.0)

    assert 1 == pytest.approx(meter.rate, rel=0.15)


def test_slow_items_are_averaged_over_several(meter, clock):
    """Where an item takes a minute, the rate is that of the last few, not of the last or none."""
    finish(meter, clock, 30, 60.0)

    assert 1 / 60 == pytest.approx(meter.rate)
    assert WINDOW_ITEMS < 30


def test_nothing_is_told_of_too_little(meter, clock):
    """One item is no rate; at the end nothing is left."""
    finish(meter, clock, 1, 1.0)
    assert (None, None) == (meter.rate, meter.seconds_left)
    meter.add(ItemsCached([], b"", 9_999))

    assert 0.0 == meter.seconds_left


def test_what_was_cancelled_is_not_finished(meter, clock):
    """Items whose turn never came are counted, and not as progress."""
    finish(meter, clock, 3, 1.0)
    finish(meter, clock, 5, 0.0, Outcome.CANCELLED)

    assert (3, 5) == (meter.finished, meter.counts[Outcome.CANCELLED])
