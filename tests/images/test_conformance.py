"""What holds for every ready-made step: any mode and size, nothing changed, the same in every process."""

import importlib
import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from steps_table import CALLS, name_of_call
from strategies import MODES, make_picture

import creevey_graph.images
from creevey_graph import graph, step
from creevey_graph.errors import ImageError, UsageError
from creevey_graph.fingerprint.values import digest_value
from creevey_graph.images import from_numpy, load_image, resize, to_numpy
from creevey_graph.step import Step

MODULES = (
    "arrays",
    "blur",
    "border",
    "color",
    "cutting",
    "geometry",
    "modes",
    "padding",
    "scaling",
    "tone",
    "turning",
)
SIZES = [(9, 7), (1, 1), (1, 40), (40, 1), (2, 2)]


def picture_of(mode, size):
    """Draw noise in any mode; 32-bit integers hold 16-bit values, as from PNG and TIFF."""
    if mode == "I":
        return make_picture("I;16", size).convert("I")
    image = make_picture(mode, size)
    image.info = {"note": "kept"}
    return image


def facts(image):
    palette = image.palette and (image.palette.mode, bytes(image.palette.palette))
    return (image.mode, image.size, image.tobytes(), dict(image.info), palette)


@pytest.mark.parametrize("call", CALLS, ids=name_of_call)
def test_a_step_takes_every_mode(call):
    """A picture of any mode works, without a warning, twice the same, and stays as it was."""
    change, options = call
    for mode in MODES:
        image = picture_of(mode, (9, 7))
        before = facts(image)

        first, again = change(image, **options), change(image, **options)

        assert before == facts(image)
        assert digest_value(first) == digest_value(again)


@pytest.mark.parametrize("call", CALLS, ids=name_of_call)
def test_a_step_takes_every_size(call):
    """The smallest and thinnest pictures work, or are refused by an error that says so."""
    change, options = call
    for size, mode in itertools.product(SIZES, ("RGB", "LA", "P", "I;16", "F")):
        try:
            change(picture_of(mode, size), **options)
        except (UsageError, ImageError) as exc:
            told = str(exc)
        else:
            continue
        assert size != (9, 7)
        assert told.startswith(f"step '{change.name}'")


@pytest.mark.parametrize("call", CALLS, ids=name_of_call)
def test_a_step_takes_pictures_with_transparency_keys(call):
    """One transparent colour, of a palette, of grey, of 16-bit grey or of RGB, neither warns nor changes."""
    change, options = call
    for mode, key in (
        ("P", 3),
        ("P", bytes([0, 128, 255])),
        ("L", 7),
        ("1", 0),
        ("I;16", 700),
        ("RGB", (1, 2, 3)),
    ):
        image = picture_of(mode, (9, 7))
        image.info = {"transparency": key}
        before = facts(image)

        change(image, **options)

        assert before == facts(image)


@pytest.mark.parametrize("call", CALLS, ids=name_of_call)
def test_a_step_takes_a_file_that_is_only_opened(call, tmp_path):
    """Pillow's lazily opened file is the same as its loaded pixels."""
    change, options = call
    picture_of("RGB", (9, 7)).save(tmp_path / "photo.png")
    with Image.open(tmp_path / "photo.png") as opened, Image.open(tmp_path / "photo.png") as loaded:
        expected = change(loaded.copy(), **options)
        found = change(opened, **options)

        if isinstance(expected, Image.Image):
            assert (expected.mode, expected.size) == (found.mode, found.size)
            assert expected.tobytes() == found.tobytes()
        else:
            assert digest_value(expected) == digest_value(found)


@pytest.mark.parametrize("call", CALLS, ids=name_of_call)
@pytest.mark.parametrize(
    ("image", "told"),
    [
        (np.zeros((4, 4, 3), np.uint8), r"must be a Pillow picture \(got ndarray\)"),
        ("photo.jpg", "must be "),
        (Image.new("RGB", (0, 5)), r"must have pixels \(got 0 x 5\)"),
    ],
    ids=["array", "text", "empty"],
)
def test_a_step_refuses_what_is_no_picture(call, image, told):
    """An array, a path or a picture without pixels is one clear error that names the step."""
    change, options = call
    if change.name in {"grayscale", "normalize_pixel_values"} and not isinstance(image, str):
        pytest.skip("takes it")

    with pytest.raises(UsageError, match=told) as caught:
        change(image, **options)

    assert str(caught.value).startswith(f"step '{change.name}'")


def test_every_public_step_of_these_modules_is_in_the_table():
    """A step that is added is tried, and stands under its name in creevey_graph.images."""
    for name in MODULES:
        module = importlib.import_module(f"creevey_graph.images.{name}")
        for step_name, value in vars(module).items():
            if isinstance(value, Step) and value.func.__module__ == module.__name__:
                assert getattr(creevey_graph.images, step_name) is value
                assert step_name in creevey_graph.images.__all__
                assert value.options.borrows
                assert step_name in {called.name for called, _ in CALLS} | {"from_numpy"}


HUGE = 10**9


@pytest.mark.parametrize(
    "call",
    [call for call in CALLS if "size" in call[1] and call[0].name not in {"center_crop", "tiles"}],
    ids=name_of_call,
)
@pytest.mark.parametrize("size", [(9, 7), (1, 1), (10**6, 1)], ids=str)
def test_huge_targets_are_refused(call, size):
    """Sizes beyond 2**28 pixels are an error that names the limit, before memory is spent."""
    change, options = call
    thin = size[1] == 1 and size[0] > 1
    if options.get("mode") == "no" or (options.get("fit") == "inside" and thin):
        pytest.skip("makes nothing larger")
    if change.name == "longest_max_size" and thin:
        pytest.skip("10**9 x 1000 is tried by others")

    with pytest.raises(UsageError, match=r"step '\w+': would make .* must be at most 268435456 \(2\*\*28\)"):
        change(Image.new("L", size), **{**options, "size": HUGE})


def test_sizes_may_be_numpys():
    """Whole numbers of numpy and lists count like ints and tuples."""
    image = Image.new("L", (40, 30))

    assert resize(image, np.array([8, 9])).size == (8, 9)
    assert resize(image, [np.int16(8), np.uint8(9)]).size == (8, 9)
    assert resize(image, np.int64(8)).size == (8, 8)


@step
def content_of(value) -> str:
    return digest_value(value)


@graph
def all_steps(photo: Path):
    image = load_image(photo, mode="RGBA")
    contents = {
        f"{index} {change.name}": content_of(change(image, **options))
        for index, (change, options) in enumerate(CALLS)
    }
    return {**contents, "from_numpy": content_of(from_numpy(to_numpy(image)))}


def test_every_step_gives_the_same_in_processes(tmp_path):
    """One graph of all steps, run in other processes and here, and called directly: equal contents."""
    picture_of("RGBA", (19, 14)).save(tmp_path / "a.png")
    picture_of("I;16", (15, 15)).save(tmp_path / "b.png")
    reports = [
        all_steps.run(tmp_path, executor=executor, jobs=2, cache=False, progress=False)
        for executor in ("serial", "processes")
    ]

    here, there = ([row.fields for row in sorted(report.rows, key=lambda row: row.key)] for report in reports)
    assert here == there
    for report in reports:
        report.raise_for_failures()
    for row, name in zip(here, ("a.png", "b.png"), strict=True):
        image = load_image(tmp_path / name, mode="RGBA")
        for index, (change, options) in enumerate(CALLS):
            assert content_of(change(image, **options)) == row[f"{index} {change.name}"]


def test_a_second_run_makes_nothing(tmp_path):
    """Values of every step, arrays and lists of pictures among them, are found again by content."""
    (tmp_path / "photos").mkdir()
    picture_of("RGBA", (19, 14)).save(tmp_path / "photos" / "a.png")

    def run():
        return all_steps.run(
            tmp_path / "photos",
            executor="serial",
            cache=tmp_path / "cache",
            out=tmp_path / "out",
            progress=False,
        )

    first, second = run(), run()

    first.raise_for_failures()
    assert not second.executed
    assert first.rows[0].fields == second.rows[0].fields
