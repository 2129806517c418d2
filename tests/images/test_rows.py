"""Duplicates and counts over the rows of a report."""

import json

import pytest
from drawn import noise
from hypothesis import given, settings
from hypothesis import strategies as st

from creevey_graph import graph, images
from creevey_graph.errors import UsageError
from creevey_graph.events import Outcome, Row
from creevey_graph.images import (
    count_by,
    difference_hash,
    exact_duplicates,
    load_image,
    near_duplicates,
    sha256,
)


def by_hand(hashes, most):
    """Hold every hash against every kept one, in order."""
    kept, groups = [], {}
    for number, value in enumerate(hashes):
        near = (other for other in kept if (hashes[other] ^ value).bit_count() <= most)
        keeper = next(near, number)
        if keeper == number:
            kept.append(number)
        groups.setdefault(keeper, []).append(str(number))
    return [keys for keys in groups.values() if len(keys) > 1]


@st.composite
def clustered(draw):
    """Draw hashes of which many are a few bits from each other."""
    width = draw(st.sampled_from([1, 4, 16, 64, 100]))
    centres = draw(st.lists(st.integers(0, 2**width - 1), min_size=1, max_size=4))
    flips = st.lists(st.integers(0, width - 1), max_size=6)
    found = []
    for centre, bits in draw(st.lists(st.tuples(st.sampled_from(centres), flips), max_size=40)):
        value = centre
        for bit in bits:
            value ^= 1 << bit
        found.append(value)
    return found


@settings(deadline=None)
@given(clustered(), st.integers(0, 20))
def test_near_duplicates_are_those_found_by_hand(hashes, most):
    """The bands find exactly what comparing all with all finds."""
    rows = [{"key": str(number), "dhash": value} for number, value in enumerate(hashes)]

    assert by_hand(hashes, most) == near_duplicates(rows, max_distance=most)


@pytest.mark.parametrize("most", [0, 3, 8, 13, 20])
def test_near_duplicates_of_many_are_those_found_by_hand(most):
    """Also with so many that bits of the bands are turned, in hexadecimal as in numbers."""
    import random

    draw = random.Random(most)
    centres = [draw.getrandbits(64) for _ in range(300)]
    hashes = []
    for _ in range(1500):
        value = draw.choice(centres)
        for _ in range(draw.randint(0, most + 2)):
            value ^= 1 << draw.randrange(64)
        hashes.append(value)
    rows = [{"key": str(number), "of": f"{value:016x}"} for number, value in enumerate(hashes)]

    assert by_hand(hashes, most) == near_duplicates(rows, "of", most)


def test_rows_without_a_hash_are_in_no_group():
    """Failed items have no columns; a value that is no hash names its row."""
    rows = [
        Row("a", "", Outcome.DONE, fields={"dhash": 1}),
        Row("b", "", Outcome.FAILED),
        {"key": "c", "dhash": 3},
    ]

    assert [["a", "c"]] == near_duplicates(iter(rows))
    with pytest.raises(UsageError, match=r"column 'dhash' of row 'd': a hash must be .* \(got 1.5\)"):
        near_duplicates([{"key": "d", "dhash": 1.5}])
    with pytest.raises(UsageError, match="parameter 'max_distance' must be at least 0"):
        near_duplicates(rows, max_distance=-1)
    with pytest.raises(UsageError, match="a row must have a 'key'"):
        near_duplicates([{"dhash": 1}])
    with pytest.raises(UsageError, match=r"rows must be those of a report, or mappings \(got int\)"):
        near_duplicates([1])


def test_a_report_and_its_file_give_the_same(go, tmp_path):
    """Rows of a run, and what was written of them, name the same duplicates and counts."""

    @graph
    def hashed(photo: bytes):
        return {"dhash": difference_hash(load_image(photo)), "sha256": sha256(photo)}

    pictures = [noise(), noise(), noise().resize((36, 27)), noise(seed=2)]
    photos = [{"photo": images.encode_image(picture, "png")} for picture in pictures] + [{"photo": b"none"}]
    report = go(hashed, photos)
    report.to_jsonl(tmp_path / "report.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text("utf-8").splitlines()]
    keys = [row.key for row in report.rows]

    for rows in (report.rows, lines):
        assert [keys[:2]] == exact_duplicates(rows)
        assert [keys[:3]] == near_duplicates(rows)
        assert {"done": 3, "cached": 1, "failed": 1} == count_by(rows, "outcome")
        assert {None: 4, "load_image": 1} == count_by(rows, "step")


def test_values_are_counted_most_frequent_first():
    """Equal counts are in order of text; what is missing counts as None, lists as JSON."""
    labels = ["b", "a", None, ["x", 1], "c", "c", ["x", 1], 7]
    rows = [{"key": str(number), "label": label} for number, label in enumerate(labels)]

    assert [('["x", 1]', 2), ("c", 2), (7, 1), (None, 1), ("a", 1), ("b", 1)] == list(
        count_by(rows, "label").items()
    )


def test_equal_values_of_other_types_are_no_duplicates():
    """The number 1 and the text "1" differ."""
    rows = [
        {"key": key, "of": value} for key, value in (("a", 1), ("b", "1"), ("c", {"x": 1}), ("d", {"x": 1}))
    ]

    assert [["c", "d"]] == exact_duplicates(rows, "of")
