"""Parts of a set: by hash, so that what is there stays where it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creevey_graph import UsageError
from creevey_graph.exports.split import parse_split


def test_shares_are_about_what_was_asked():
    """Of ten thousand keys."""
    split = parse_split({"train": 0.8, "val": 0.1, "test": 0.1})
    parts = [split.part_of(str(number)) for number in range(10_000)]

    assert all(
        abs(parts.count(name) / 10_000 - share) < 0.02
        for name, share in (("train", 0.8), ("val", 0.1), ("test", 0.1))
    )


def test_a_key_has_its_part_for_ever():
    """Pinned: another hash would move pictures from test to train."""
    split = parse_split("train=0.5,val=0.5")

    assert ["val", "val", "val", "train", "train", "val"] == [
        split.part_of(key) for key in ("a.jpg", "d.jpg", "e.jpg", "f.jpg", "g.jpg", "é\udcff")
    ]


@given(key=st.text(), share=st.floats(0.1, 0.8))
def test_a_larger_first_part_only_takes_in(key, share):
    """What was in it stays in it."""
    before = parse_split({"train": share, "val": 1 - share}).part_of(key)
    after = parse_split({"train": share + 0.1, "val": 0.9 - share}).part_of(key)

    assert "train" in (after, {"train": "lost"}.get(before, "train"))


def test_text_and_mapping_are_one():
    """As the command line and a program give it."""
    assert parse_split({"train": 0.9, "val": 0.1}) == parse_split(" train = 0.9 , val=.1")


@pytest.mark.parametrize(
    "split",
    [
        {}, {"a": 0.5}, {"a": 0.5, "b": 0.6}, {"a": 0.0, "b": 1.0}, {"a": -1, "b": 2}, {"a/b": 1}, {"": 1},
        {"a": True}, {"a": "1"}, {"a": float("nan")}, {1: 1.0}, "", "a", "a=", "a=x", "a=0.5,a=0.5", "a=nan",
    ],
)  # fmt: skip
def test_a_split_that_is_none_is_an_error(split):
    """It says what was expected."""
    with pytest.raises(UsageError, match="split: "):
        parse_split(split)
