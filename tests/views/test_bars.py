"""Bars: as wide as asked for, and nothing that is there goes missing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creevey_graph.events import Outcome
from creevey_graph.paint import unpainted
from creevey_graph.screen import can_show, plainly
from creevey_graph.views.bars import PATTERNS, REST, bar, shares
from creevey_graph.width import width_of

COUNTS = st.dictionaries(st.sampled_from(Outcome), st.integers(0, 10**7))


@settings(deadline=None)
@given(COUNTS, st.integers(1, 60), st.integers(0, 10**7))
def test_a_bar_is_as_wide_as_asked_for(counts, width, more):
    """Whatever the counts, and however much is still to come."""
    assert width == width_of(bar(counts, width))
    assert width == width_of(bar(counts, width, total=sum(counts.values()) + more))


@settings(deadline=None)
@given(COUNTS, st.integers(7, 60))
def test_a_single_failure_is_seen_among_millions(counts, width):
    """Each outcome that there is has a column, in the order of outcomes; none has one that there is not."""
    shown = unpainted(bar(counts, width))
    there = [outcome for outcome in Outcome if counts.get(outcome)]

    assert [PATTERNS[outcome] for outcome in there] == list(dict.fromkeys(shown.replace(REST, "")))


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=7), st.integers(7, 80))
def test_columns_are_as_the_parts_are(parts, width):
    """The whole is shared out; a larger part never has fewer columns than a smaller one, but for ties."""
    columns = shares(parts, width)

    assert sum(columns) == (width if sum(parts) else 0)
    for part, size in zip(parts, columns, strict=True):
        assert (size > 0) == (part > 0)
        for other, other_size in zip(parts, columns, strict=True):
            assert part <= other or size >= other_size - 1


def test_outcomes_stay_apart_in_ascii():
    """Where a stream takes ASCII only, each has a character of its own."""
    shown = [plainly(pattern) for pattern in (*PATTERNS.values(), REST)]

    assert "".join(shown).isascii()
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    ("encoding", "can"),
    [("utf-8", True), ("ascii", False), ("latin-1", False), ("no such", False), (None, True)],
)
def test_a_stream_is_asked_what_it_takes(encoding, can):
    """By its encoding."""

    class Stream:
        pass

    Stream.encoding = encoding
    assert can == can_show(Stream())
