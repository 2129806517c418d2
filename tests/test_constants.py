"""Constants that no item could be made with are refused while the graph is declared."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from PIL import Image

from creevey_graph import Graph, StepError, graph, step
from creevey_graph.constants import choices_of
from creevey_graph.errors import GraphError, UsageError
from creevey_graph.images import (
    crop,
    encode_image,
    letterbox,
    load_image,
    pad,
    resize,
    tiles,
    trim,
    write_animation,
    write_image,
)
from creevey_graph.step import Step

Side = Literal["left", "right"]


class Sides(StrEnum):
    """What a Literal's texts may be given as."""

    LEFT = "left"


@step
def cut(
    photo: Path,
    side: Annotated[Side, "an edge"] = "left",
    *more: Side,
    order: tuple[Side, ...] = (),
    pair: tuple[Side, int] | None = None,
    maybe: Side | None = None,
    either: Side | int = 0,
    **others: Side,
) -> int:
    """Take choices in every place."""
    return 0


def graph_of(placed: Step[..., Any], *args: Any, **kwargs: Any) -> Graph:
    """Return a graph that calls a step on its item."""

    @graph
    def sample(photo: Any) -> Any:
        return placed(photo, *args, **kwargs)

    return sample


@pytest.mark.parametrize(
    ("args", "kwargs", "parameter"),
    [
        (("lft",), {}, "side"),
        (("left", "lft"), {}, "more"),
        ((), {"order": ("left", "lft")}, "order"),
        ((), {"order": ["lft"]}, "order"),
        ((), {"pair": ("lft", 1)}, "pair"),
        ((), {"maybe": "lft"}, "maybe"),
        ((), {"extra": "lft"}, "others"),
    ],
)
def test_a_constant_that_is_none_of_its_literals_is_refused(args, kwargs, parameter):
    """The error names node, parameter, value and the nearest choice."""
    with pytest.raises(GraphError) as told:
        graph_of(cut.named("cutter"), *args, **kwargs)

    assert str(told.value).startswith(
        f"node 'cutter': parameter '{parameter}' has no choice 'lft'; did you mean 'left'? (has: "
    )


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (("right", "left"), {"order": ("left",), "pair": ("left", 7), "maybe": None, "either": 7}),
        ((Sides.LEFT,), {"extra": "right"}),
        ((), {"pair": None, "either": "anything"}),
        ((), {"order": ()}),
    ],
)
def test_constants_that_are_choices_pass(args, kwargs):
    """Choices pass in every place, and whatever an annotation leaves open."""
    assert ["cut"] == list(graph_of(cut, *args, **kwargs).nodes)


def test_true_is_not_the_choice_one():
    """Choices are told apart by type, though True equals 1."""

    @step
    def scale(photo: Path, factor: Literal[1, 2] = 1) -> int:
        return factor

    with pytest.raises(GraphError, match="has no choice True"):
        graph_of(scale, True)


def test_choices_are_checked_of_steps_bound_and_of_graphs_bound():
    """A step's `bind` and a graph's parameter are found out like a call's argument."""

    @graph
    def sample(photo: Path, *, side: str = "left") -> Any:
        return cut(photo, side)

    with pytest.raises(GraphError, match="no choice 'lft'"):
        sample.bind(side="lft")
    with pytest.raises(GraphError, match="no choice 'lft'"):
        graph_of(cut.bind(maybe="lft"))


def test_a_value_that_comes_from_an_item_is_left_to_the_step():
    """What is known only when items run is not judged."""

    @graph
    def sample(photo: Path, side: str) -> Any:
        return cut(photo, side, order=(side, "left"))

    assert ["cut"] == list(sample.nodes)


def test_choices_are_known_where_an_annotation_has_nothing_else():
    """Optional, unions and Annotated of Literals list their choices; anything else is open."""
    assert choices_of(Annotated[Literal[1, 2, "a"], "x"] | None) == [1, 2, "a", None]
    assert choices_of(Literal["a"] | int) is None
    assert choices_of(Any) is None


# --- a step's own check ------------------------------------------------------------------------


def below(low: int, high: int) -> None:
    """Check an order."""
    if low > high:
        raise ValueError(f"low must not be above high (got {low} and {high})")


@step(check=below)
def clip(photo: Path, *, low: int = 0, high: int = 9) -> int:
    """Take two bounds."""
    return low


def test_a_steps_check_is_asked_with_its_constants():
    """Defaults count; the message names the node; a graph that is bound anew is checked anew."""

    @graph
    def sample(photo: Path, *, low: int = 1) -> Any:
        return clip(photo, low=low)

    with pytest.raises(GraphError, match=r"^node 'clip': low must not be above high \(got 10 and 9\)$"):
        sample.bind(low=10)


def test_a_check_is_not_asked_where_a_value_comes_from_an_item():
    """Nothing can be said of it yet."""

    @graph
    def sample(photo: Path, low: int) -> Any:
        return clip(photo, low=low, high=-1)

    assert ["clip"] == list(sample.nodes)


def test_a_checks_default_stands_in_for_what_an_item_gives():
    """The rest is checked, and `**` takes all constants."""
    seen = []

    def look(high: int, low: int = 0, **rest: Any) -> None:
        seen.append((high, low, sorted(rest)))

    probe = Step(clip.func, name="probe", options=step(check=look)(clip.func).options)

    @graph
    def sample(photo: Path, low: int) -> Any:
        return probe(photo, low=low, high=-1)

    assert ["probe"] == list(sample.nodes)
    assert (-1, 0, []) == seen[0]


@pytest.mark.parametrize("check", ["size", 3])
def test_a_check_must_be_a_function(check):
    """The error stands where the step is declared."""
    with pytest.raises(StepError, match="check must be a function"):
        step(check=check)


def test_a_check_asks_for_parameters_that_there_are():
    """A mistyped name is found where the step is declared."""

    def check(hihg: int) -> None:
        raise ValueError(hihg)

    with pytest.raises(StepError, match="check= names no parameter 'hihg'; did you mean 'high'"):
        step(check=check)(clip.func)


def test_a_check_is_no_part_of_the_work(tmp_path):
    """It neither travels to workers nor counts as code: a lambda in it is no hindrance."""
    photo = tmp_path / "a.png"
    photo.write_bytes(b"")
    checked = step(check=lambda low: low)(clip.func)  # type: ignore[arg-type]
    before = graph_of(step(clip.func)).run([photo], cache=tmp_path / "cache", progress=False)
    after = graph_of(checked).run([photo], cache=tmp_path / "cache", progress=False, executor="processes")

    assert (1, 0) == (before.executed["clip"], after.executed["clip"])


# --- the steps for pictures --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("placed", "arguments", "told"),
    [
        (resize, {"size": 8, "fit": "letterbox"}, "parameter 'fit' has no choice 'letterbox'"),
        (resize, {"size": -5}, r"size must be \(width, height\) of at least 1 pixel each \(got -5\)"),
        (resize, {"size": (8, 8), "background": "blakc"}, "parameter 'background' must be a colour"),
        (letterbox, {"size": (8, 0)}, "size must be"),
        (pad, {"size": "8"}, "size must be"),
        (tiles, {"size": 8, "overlap": -1}, "overlap"),
        (crop, {"box": (1, 2, 3)}, "box"),
        (trim, {"bottom": -1}, "parameter 'bottom' must be 0 or more pixels"),
        (trim, {"left": "10"}, "parameter 'left' must be 0 or more pixels"),
        (load_image, {"mode": "BGR"}, "parameter 'mode' has no choice 'BGR'"),
        (load_image, {"formats": ("JEPG",)}, "no format 'JEPG'; did you mean 'JPEG'"),
        (load_image, {"formats": "JPEG"}, "parameter 'formats' must be names"),
        (load_image, {"max_pixels": 0}, "max_pixels"),
        (load_image, {"frame": -1}, "frame"),
        (load_image, {"bit_depth": "keep16"}, "needs mode='L'"),
        (load_image, {"background": "whiet"}, "background must be a colour"),
        (encode_image, {"format": "jgp"}, "format must end in"),
        (encode_image, {"format": "png", "lossless": True}, "'lossless' must be left out for .png"),
        (write_image, {"path": "{stem}.jgp"}, r"path must end in .* \(got '{stem}.jgp'\)"),
        (write_image, {"path": Path("{stem}")}, None),
        (write_image, {"path": "photo"}, "path must end in"),
        (write_image, {"path": "{stem}.webp", "optimize": True}, "'optimize' must be left out for .webp"),
        (write_image, {"path": "{stem}{suffix}", "optimize": True}, None),
        (write_image, {"path": "{stem}{suffix}", "quality": 0}, "'quality' must be 1 to 100"),
        (write_image, {"path": lambda _: "a.jpg", "quality": 0}, "'quality' must be 1 to 100"),
        (write_image, {"path": "{stem}.JPG", "progressive": True}, None),
        (write_animation, {"path": "{stem}.jpg"}, "path must end in .gif, .png or .webp"),
        (write_animation, {"path": "{stem}.gif", "duration_ms": 0}, "duration_ms"),
    ],
)
def test_the_steps_for_pictures_check_their_constants(placed, arguments, told):
    """A typo costs no decoding: it is told while the graph is declared."""
    if told is None:
        assert [placed.name] == list(graph_of(placed, **arguments).nodes)
        return
    with pytest.raises(GraphError, match=f"^node '{placed.name}': .*{told}"):
        graph_of(placed, **arguments)


def test_a_bound_size_is_checked_when_it_is_bound():
    """`--set size=-5` ends before anything runs."""

    @graph
    def small(photo: Path, *, size: int = 8) -> None:
        write_image(resize(load_image(photo), size), "{stem}.png")

    with pytest.raises(GraphError, match=r"^node 'resize': size must be .*got -5"):
        small.bind(size=-5)


def test_values_of_items_are_still_checked_by_the_steps():
    """The check before the run does not stand in for the one in the step."""
    with pytest.raises(UsageError, match="size must be"):
        resize(Image.new("L", (4, 4)), -5)
