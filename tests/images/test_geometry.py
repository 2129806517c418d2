"""Steps that change which pixels there are."""

import pytest
from PIL import Image

from creevey_graph.errors import UsageError
from creevey_graph.images import crop, flip, resize, rotate, trim

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"]


def numbered(width=4, height=3):
    """Draw a grey picture whose pixel (x, y) is 10 y + x."""
    return Image.frombytes(
        "L", (width, height), bytes(10 * y + x for y in range(height) for x in range(width))
    )


def halves(width, height):
    """Draw a picture that is red on the left and blue on the right."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (width // 2, 0, width, height))
    return picture


def rows(image):
    data = list(image.tobytes())
    return [data[start : start + image.width] for start in range(0, len(data), image.width)]


def test_trim_cuts_the_banner():
    """Creevey's step: the lowest 100 rows go."""
    image = Image.new("L", (20, 150))
    image.paste(255, (0, 50, 20, 150))

    trimmed = trim(image, bottom=100)

    assert trimmed.size == (20, 50)
    assert trimmed.getextrema() == (0, 0)


def test_trim_cuts_each_side():
    """Left, top, right and bottom are what they say."""
    assert rows(trim(numbered(), left=1, top=1, right=1, bottom=1)) == [[11, 12]]


@pytest.mark.parametrize("sides", [{"bottom": 3}, {"left": 2, "right": 2}, {"top": -1}])
def test_trim_leaves_something(sides):
    """Cutting all, or less than nothing, is an error that tells the sizes."""
    with pytest.raises(UsageError, match=r"step 'trim': .*"):
        trim(numbered(), **sides)


def test_trim_message_tells_sizes():
    """The message has the picture's size and what was asked."""
    with pytest.raises(ValueError, match=r"of 4 x 3 \(got left=0, top=0, right=0, bottom=3: 4 x 0\)"):
        trim(numbered(), bottom=3)


def test_crop_takes_x_y_width_height():
    """The box is a corner and a size."""
    assert rows(crop(numbered(), (1, 1, 2, 2))) == [[11, 12], [21, 22]]


@pytest.mark.parametrize("box", [(-1, 0, 2, 2), (0, 0, 5, 1), (3, 0, 2, 1), (0, 2, 1, 2), (0, 0, 0, 1)])
def test_crop_stays_inside(box):
    """A box beyond the picture is an error, not black pixels."""
    with pytest.raises(UsageError, match=r"inside the picture of 4 x 3 pixels"):
        crop(numbered(), box)


def test_cutting_giants_does_not_warn(monkeypatch):
    """Pixels that are decoded already are no bomb."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)

    assert trim(numbered(), bottom=1).size == (4, 2)


@pytest.mark.parametrize("filter_name", ["lanczos", "bicubic", "bilinear", "box", "hamming", "nearest"])
def test_fill_is_pillows_resize(filter_name):
    """`fit="fill"` is byte-identical to Pillow's own."""
    image = halves(50, 40)

    expected = image.resize((13, 27), Image.Resampling[filter_name.upper()])

    assert expected == resize(image, (13, 27), filter=filter_name)


def test_one_number_is_a_square():
    """An int is both width and height."""
    assert resize(numbered(), 7).size == (7, 7)


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ("fill", (100, 100)),
        ("cover", (100, 100)),
        ("contain", (100, 100)),
        ("inside", (100, 50)),
        ("outside", (200, 100)),
    ],
)
@pytest.mark.parametrize("size", [(400, 200), (40, 20)])
def test_sizes_of_fits(size, fit, expected):
    """The five fits have the sizes CSS and sharp give, larger or smaller."""
    assert expected == resize(Image.new("RGB", size), 100, fit=fit).size


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ("fill", (40, 20)),
        ("cover", (40, 20)),
        ("contain", (100, 100)),
        ("inside", (40, 20)),
        ("outside", (40, 20)),
    ],
)
def test_without_upscale_nothing_grows(fit, expected):
    """`upscale=False` returns at most what there is; "contain" pads instead."""
    assert expected == resize(Image.new("RGB", (40, 20)), 100, fit=fit, upscale=False).size


@pytest.mark.parametrize(
    ("position", "left", "right"),
    [
        ("center", (255, 0, 0), (0, 0, 255)),
        ("left", (255, 0, 0), (255, 0, 0)),
        ("right", (0, 0, 255), (0, 0, 255)),
    ],
)
def test_cover_keeps_the_position(position, left, right):
    """What is cut off lies away from the position."""
    image = resize(halves(400, 100), (100, 100), fit="cover", position=position)

    assert left == image.getpixel((5, 50))
    assert right == image.getpixel((94, 50))


@pytest.mark.parametrize(("position", "inner"), [("top", 10), ("center", 50), ("bottom", 90)])
def test_contain_pads_with_the_background(position, inner):
    """The picture stands at the position, the rest is background."""
    image = resize(
        Image.new("RGB", (400, 80), "red"), 100, fit="contain", background="lime", position=position
    )

    column = [image.getpixel((50, y)) for y in range(100)]
    assert column[inner] == (255, 0, 0)
    assert column.count((255, 0, 0)) == 20
    assert column.count((0, 255, 0)) == 80


@pytest.mark.parametrize("size", [(1, 1), (3, 1), (999, 7), (7, 999), (224, 224)])
@pytest.mark.parametrize("target", [(1, 1), (5, 3), (224, 100)])
def test_fits_bound_their_sizes(size, target):
    """Inside never exceeds, outside never falls short, one side fits exactly."""
    image = Image.new("L", size)

    inside = resize(image, target, fit="inside").size
    outside = resize(image, target, fit="outside").size

    assert inside[0] <= target[0]
    assert inside[1] <= target[1]
    assert inside[0] == target[0] or inside[1] == target[1]
    assert outside[0] >= target[0]
    assert outside[1] >= target[1]
    assert outside[0] == target[0] or outside[1] == target[1]
    assert target == resize(image, target, fit="cover").size
    assert target == resize(image, target, fit="contain").size


def test_extreme_ratio_keeps_one_pixel():
    """A line 1000 times as wide as high does not vanish."""
    assert resize(Image.new("L", (1000, 1)), 10, fit="inside").size == (10, 1)


@pytest.mark.parametrize(("mode", "expected"), [("P", "RGB"), ("1", "L"), ("LA", "LA"), ("F", "F")])
def test_palettes_and_bits_are_converted(mode, expected):
    """Indexes and single bits are not averaged as they are."""
    assert expected == resize(Image.new("L", (8, 8)).convert(mode), 4).mode


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"size": 0}, r"size must be \(width, height\)"),
        ({"size": (5, 2.5)}, r"size must be \(width, height\)"),
        ({"size": 5, "fit": "covr"}, r"'fit' has no choice 'covr'; did you mean 'cover'\?"),
        ({"size": 5, "filter": "cubic"}, r"'filter' has no choice 'cubic'"),
        ({"size": 5, "position": "middle"}, r"'position' has no choice 'middle'"),
    ],
)
def test_resize_checks_its_choices(options, told):
    """A mistyped choice names the nearest one."""
    with pytest.raises(UsageError, match=told):
        resize(numbered(), **options)


def test_flip_mirrors():
    """Horizontal swaps left and right, vertical top and bottom."""
    assert rows(flip(numbered())) == [[3, 2, 1, 0], [13, 12, 11, 10], [23, 22, 21, 20]]
    assert rows(flip(numbered(), direction="vertical")) == [[20, 21, 22, 23], [10, 11, 12, 13], [0, 1, 2, 3]]
    with pytest.raises(UsageError, match="no choice 'up'"):
        flip(numbered(), direction="up")


@pytest.mark.parametrize("degrees", [90, -270, 450, 90.0])
def test_right_angles_turn_counter_clockwise_without_loss(degrees):
    """A quarter turn moves pixels and changes none."""
    assert rows(rotate(numbered(), degrees)) == [[3, 13, 23], [2, 12, 22], [1, 11, 21], [0, 10, 20]]


def test_four_quarters_are_the_picture():
    """Turning four times by 90, or once by 360, is nothing."""
    image = numbered()
    turned = image
    for _ in range(4):
        turned = rotate(turned, 90)

    assert image == turned
    assert rotate(image, -360) is image


def test_right_angle_that_keeps_the_size_cuts_and_pads():
    """Without expand a turned picture keeps its size, background beside it."""
    image = rotate(Image.new("RGB", (40, 20), "red"), 90, expand=False, background="lime")

    assert image.size == (40, 20)
    assert image.getpixel((5, 10)) == (0, 255, 0)
    assert image.getpixel((20, 10)) == (255, 0, 0)


def test_odd_angles_expand_and_fill():
    """Corners have the background; the picture grows to hold all of it, or keeps its size."""
    image = Image.new("RGB", (40, 40), "red")

    turned = rotate(image, 45, background="lime")

    assert turned.width > 55
    assert turned.getpixel((0, 0)) == (0, 255, 0)
    assert turned.getpixel((turned.width // 2, turned.height // 2)) == (255, 0, 0)
    assert rotate(image, 45, expand=False).size == (40, 40)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "change",
    [
        lambda image: trim(image, bottom=1),
        lambda image: crop(image, (1, 1, 3, 3)),
        lambda image: resize(image, (5, 5)),
        lambda image: resize(image, (5, 5), fit="cover"),
        lambda image: resize(image, (5, 5), fit="contain", background="white"),
        flip,
        lambda image: rotate(image, 90),
        lambda image: rotate(image, 90, expand=False, background="white"),
        lambda image: rotate(image, 30, background="white"),
    ],
)
def test_every_mode_works_and_the_argument_stays(mode, change):
    """Each step takes each mode, returns another picture and leaves its argument as it was."""
    image = Image.new("RGB", (9, 7), (10, 200, 30)).convert("L" if mode == "I;16" else mode).convert(mode)
    before, info = image.copy(), dict(image.info)

    changed = change(image)

    assert changed is not image
    assert before == image
    assert info == image.info


@pytest.mark.parametrize("transparency", [0, bytes([0, 128])])
def test_transparent_palette_of_the_argument_stays(transparency):
    """Pillow's convert writes the transparency into the argument's palette; the step does not."""
    image = Image.new("P", (8, 8))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.load()
    image.info["transparency"] = transparency
    before = image.getpalette("RGBA")

    resized = resize(image, 4)

    assert resized.getpixel((0, 0))[3] == 0
    assert before == image.getpalette("RGBA")
