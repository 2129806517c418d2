"""One item after every step: still a dict, with seconds, and where it ended; two of them compared."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from runs import draw, thumbs

from creevey_graph import Preview, SkipItem, UsageError, graph, step
from creevey_graph.events import Outcome
from creevey_graph.freeze import freeze
from creevey_graph.planner import preview_item
from creevey_graph.preview import is_same_value
from creevey_graph.sources import Item


@step
def checked(number: int) -> int:
    if number == 1:
        raise ValueError("one")
    if number == 2:
        raise SkipItem("two is left out")
    return number


@step
def doubled(number: int) -> int:
    return 2 * number


@graph
def doubling(number: int):
    return {"doubled": doubled(checked(number))}


def test_a_preview_is_a_dict():
    """Node -> value in order, inputs first; equal to a plain dict, and copied and sent like one."""
    preview = doubling.preview({"number": 4})

    expected = {"number": 4, "checked": 4, "doubled": 8}
    assert expected == preview
    assert list(expected) == list(preview)
    assert repr(expected) == repr(preview)
    for twin in (copy.deepcopy(preview), pickle.loads(pickle.dumps(preview))):
        assert (expected, preview.seconds, preview.key) == (twin, twin.seconds, twin.key)


def test_a_preview_tells_of_its_item(tmp_path):
    """Where it came from, what the graph looks like, and what each step took; a path that is not written took none."""
    draw(tmp_path / "a.png", 1)

    preview = thumbs.preview(tmp_path / "a.png")

    assert ("a.png", str(tmp_path / "a.png")) == (preview.key, preview.source)
    assert "thumbs" == preview.shape.name
    assert set(preview) - {"photo", "write_image"} == set(preview.seconds)
    assert all(seconds >= 0 for seconds in preview.seconds.values())
    assert (Outcome.DONE, "", "") == (preview.outcome, preview.step, preview.error)


@pytest.mark.parametrize(("number", "raised"), [(1, ValueError), (2, SkipItem)])
def test_what_a_step_raises_is_raised(number, raised):
    """For a debugger, and by default."""
    with pytest.raises(raised):
        doubling.preview({"number": number})


@pytest.mark.parametrize(
    ("number", "outcome", "error"),
    [(1, Outcome.FAILED, "ValueError: one"), (2, Outcome.SKIPPED, "two is left out")],
)
def test_what_there_was_before_a_failure_is_kept_where_asked(number, outcome, error):
    """With the step it ended at, and what that said."""
    preview = doubling.preview({"number": number}, on_error="keep")

    assert {"number": number} == preview
    assert (outcome, "checked", error) == (preview.outcome, preview.step, preview.error)
    assert error in preview._repr_mimebundle_()["text/html"]


def test_an_item_that_its_source_refuses_is_kept_too():
    """It ends before the first step, with what the source says; where nothing is kept, that is raised."""
    refused = Item(0, "a", "a.png", (), refusal=ValueError("no such member"))
    frozen = freeze(doubling)

    preview = preview_item(frozen, refused, on_error="keep")

    assert ({}, "", "ValueError: no such member") == (preview, preview.step, preview.error)
    with pytest.raises(ValueError, match="no such member"):
        preview_item(frozen, refused)


def test_other_ways_to_end_are_refused():
    """Before anything runs."""
    with pytest.raises(
        UsageError, match=r"on_error of a preview must be 'raise' or 'keep' \(got 'continue'\)"
    ):
        doubling.preview({"number": 1}, on_error="continue")


# --- compared ----------------------------------------------------------------------------------


@step
def framed(image: Image.Image, *, border: int = 0) -> Image.Image:
    return image.resize((image.width + border, image.height))


@step
def width(image: Image.Image) -> int:
    return image.width


@step
def opened(photo: Path) -> Image.Image:
    with Image.open(photo) as image:
        image.load()
    return image


@graph
def framing(photo: Path, *, border: int = 0):
    image = opened(photo)
    return {"width": width(framed(image, border=border))}


def test_a_comparison_names_what_differs(tmp_path):
    """Of values that are no longer there, or new, too."""
    draw(tmp_path / "a.png", 1)
    before = framing.preview(tmp_path / "a.png")

    assert () == before.compare(framing.preview(tmp_path / "a.png")).differing
    wider = before.compare(framing.bind(border=4).preview(tmp_path / "a.png"))
    assert ("framed", "width") == wider.differing
    assert "<comparison of two previews of a.png: framed, width differ>" == repr(wider)
    other = Preview("b")
    other["photo"] = before["photo"]
    assert ("opened", "framed", "width", "new") == before.compare(with_new(other)).differing


def with_new(preview):
    preview["new"] = 1
    return preview


@given(st.binary(min_size=12, max_size=12), st.binary(min_size=12, max_size=12))
def test_pictures_are_the_same_by_their_pixels(one, other):
    """And by mode and size; arrays by content."""
    first, second = (Image.frombytes("RGB", (2, 2), data) for data in (one, other))

    assert (one == other) is is_same_value(first, second)
    assert (one == other) is is_same_value(np.asarray(first), np.asarray(second))
    assert not is_same_value(first, Image.frombytes("RGB", (4, 1), one))
    assert not is_same_value(first, Image.frombytes("YCbCr", (2, 2), one))


def test_palettes_count():
    """Two pictures of the same numbers are not the same where these stand for other colours."""
    first = Image.new("P", (2, 2), 0)
    second = first.copy()
    first.putpalette([255, 0, 0])
    second.putpalette([0, 255, 0])

    assert is_same_value(first, first.copy())
    assert not is_same_value(first, second)


def test_what_has_no_content_is_the_same_only_as_itself():
    """An open handle, say."""
    handle = object()

    assert is_same_value(handle, handle)
    assert not is_same_value(handle, object())
    assert not is_same_value(1, True)
