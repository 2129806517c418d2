"""Steps that cut at a given place: shares, relative boxes, middles and tiles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from strategies import make_picture

from creevey_graph.errors import UsageError
from creevey_graph.images import center_crop, crop, flip, pad, rotate, tiles, trim

sides = st.integers(1, 40)
sizes = st.tuples(sides, sides)


def test_trim_takes_shares_of_each_side():
    """Text is a share of the width for left and right, of the height for top and bottom, rounded down."""
    image = make_picture("L", (50, 30))

    assert trim(image, left="10%", bottom="12.5%").tobytes() == crop(image, (5, 0, 45, 27)).tobytes()
    assert trim(image, top=np.int64(3), right=" 50 % ").size == (25, 27)


@pytest.mark.parametrize("share", ["33.3%", "66.6%", "0.1%", "1/3%"])
def test_shares_are_exact(share):
    """A share that is a whole number of pixels is that number: no float makes 332 of 33.3 % of 1000."""
    expected = {"33.3%": 333, "66.6%": 666, "0.1%": 1, "1/3%": 3}[share]

    assert trim(Image.new("L", (1000, 1)), left=share).width == 1000 - expected


@pytest.mark.parametrize("side", ["10", "ten%", "%", "", "-5%", 2.5, True, None, "nan%", "1/0%"])
def test_trim_refuses_what_is_no_length(side):
    """The error names the parameter and both forms."""
    with pytest.raises(
        UsageError, match=r"step 'trim': parameter 'top' must be 0 or more pixels, or text like"
    ):
        trim(make_picture("L", (9, 9)), top=side)


@given(sizes, st.data())
def test_trim_is_the_crop_of_the_same_box(size, data):
    """Cutting sides off and cutting the rest out are the same."""
    left = data.draw(st.integers(0, size[0] - 1))
    right = data.draw(st.integers(0, size[0] - 1 - left))
    top = data.draw(st.integers(0, size[1] - 1))
    bottom = data.draw(st.integers(0, size[1] - 1 - top))
    image = make_picture("RGB", size)

    trimmed = trim(image, left=left, top=top, right=right, bottom=bottom)

    assert crop(image, (left, top, size[0] - left - right, size[1] - top - bottom)) == trimmed


@given(sizes, st.sampled_from([2, 3, 4, 7]), st.integers(0, 6))
def test_relative_boxes_side_by_side_share_no_pixel(size, parts, seed):
    """Columns of 1/n of the width, put side by side, are the picture."""
    if size[0] < parts:
        return
    image = make_picture("RGB", size, seed)

    columns = [crop(image, (i / parts, 0, 1 / parts, 1), unit="rel") for i in range(parts)]

    assert np.array_equal(np.asarray(image), np.hstack([np.asarray(column) for column in columns]))


def test_a_relative_box_keeps_a_pixel():
    """A box thinner than a pixel is one pixel, at the lower right edge too."""
    image = make_picture("L", (10, 10))

    assert (
        crop(image, (0.41, 0.31, 0.001, 0.001), unit="rel").tobytes() == crop(image, (4, 3, 1, 1)).tobytes()
    )

    assert (
        crop(image, (0.999, 0.999, 0.001, 0.001), unit="rel").tobytes() == crop(image, (9, 9, 1, 1)).tobytes()
    )


@pytest.mark.parametrize(
    ("box", "unit"),
    [
        ((0, 0, 1.1, 1), "rel"),
        ((-0.1, 0, 0.5, 1), "rel"),
        ((0, 0, 0, 1), "rel"),
        ((0, 0, float("nan"), 1), "rel"),
        ((0.5, 0, 0.5, 1), "px"),
        ((0, 0, 5), "px"),
        ("0,0,5,5", "px"),
        (5, "px"),
    ],
)
def test_crop_refuses_boxes_outside_or_of_another_form(box, unit):
    """Beyond the picture, empty, not four numbers, or fractions of pixels: one clear error."""
    with pytest.raises(UsageError, match=r"step 'crop': (parameter 'box'|box) must be"):
        crop(make_picture("L", (9, 9)), box, unit=unit)


def test_crop_knows_its_units():
    """A mistyped unit is told."""
    with pytest.raises(UsageError, match="'unit' has no choice 'percent'"):
        crop(make_picture("L", (9, 9)), (0, 0, 1, 1), unit="percent")


@given(sizes, st.floats(0.05, 1))
def test_center_crop_by_ratio_is_creeveys(size, ratio):
    """The edges are those of Creevey's centercrop(reduction_factor); where it gave 0 pixels, an error."""
    image = make_picture("RGB", size)
    array = np.asarray(image)
    height, width = array.shape[:2]
    edges = [(int((side - side * ratio) // 2), int((side + side * ratio) // 2)) for side in (height, width)]
    expected = array[edges[0][0] : edges[0][1], edges[1][0] : edges[1][1]]

    if expected.size:
        assert np.array_equal(expected, np.asarray(center_crop(image, ratio=ratio)))
    else:
        with pytest.raises(UsageError, match="must leave at least 1 x 1 pixels"):
            center_crop(image, ratio=ratio)


@pytest.mark.parametrize(("size", "expected"), [((32, 32), (16, 16)), ((25, 34), (12, 17))])
def test_center_crop_of_creeveys_tests(size, expected):
    """Creevey's own figures: a half of 32 x 32, and of the tall grey one."""
    assert center_crop(Image.new("L", size), ratio=0.5).size == expected


def test_center_crop_of_creeveys_odd_factor():
    """Creevey's own figure: 0.6 of 32 is 19."""
    assert center_crop(Image.new("L", (32, 32)), ratio=0.6).size == (19, 19)


@given(sizes, st.integers(0, 20), st.integers(0, 20), st.sampled_from(["constant", "edge", "reflect"]))
def test_center_crop_undoes_pad(size, across, down, mode):
    """The middle of a padded picture is the picture."""
    image = make_picture("RGBA", size)

    padded = pad(image, (size[0] + across, size[1] + down), mode=mode)

    assert padded.size == (size[0] + across, size[1] + down)
    assert image == center_crop(padded, size)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "either size or ratio"),
        ({"size": 2, "ratio": 0.5}, "either size or ratio"),
        ({"size": (10, 9)}, r"at most the picture's 9 x 9 pixels \(got 10 x 9\); pad it first"),
        ({"ratio": 0}, "must leave at least 1 x 1"),
        ({"ratio": 1.5}, "'ratio' must be a number from 0 to 1"),
        ({"size": 0}, "of at least 1 pixel each"),
    ],
)
def test_center_crop_refuses(arguments, told):
    """Neither, both, too large or nothing left."""
    with pytest.raises(UsageError, match=rf"step 'center_crop': .*{told}"):
        center_crop(make_picture("L", (9, 9)), **arguments)


@given(sizes, sizes, st.integers(0, 5), st.booleans())
def test_tiles_lie_where_they_should(size, tile, overlap, drop):
    """Tiles are the crops of a grid; without dropping they cover every pixel, with it all are whole."""
    if overlap >= min(tile):
        return
    image = make_picture("RGB", size)
    array, covered = np.asarray(image), np.zeros((size[1], size[0]), int)
    across, down = ((side - overlap) for side in tile)

    found = iter(tiles(image, tile, overlap=overlap, drop_partial=drop))

    for y in range(0, size[1], down):
        for x in range(0, size[0], across):
            # Rows and columns that an earlier tile holds already are no tile of their own.
            if (x and x + overlap >= size[0]) or (y and y + overlap >= size[1]):
                continue
            part = array[y : y + tile[1], x : x + tile[0]]
            if drop and part.shape[:2] != (tile[1], tile[0]):
                continue
            assert np.array_equal(part, np.asarray(next(found)))
            covered[y : y + tile[1], x : x + tile[0]] += 1
    assert next(found, None) is None
    assert drop or covered.all()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"size": 4, "overlap": 4}, "'overlap' must be below the tile's 4 x 4 pixels"),
        ({"size": 4, "overlap": -1}, "'overlap' must be a whole number of at least 0"),
        ({"size": 4, "overlap": 0.5}, "'overlap' must be a whole number"),
        ({"size": 1}, r"would make 160000 tiles of 1 pixels; must be at most 131072"),
        ({"size": 300, "overlap": 299}, r"would make 10201 tiles of 90000 pixels"),
    ],
)
def test_tiles_refuse(arguments, told):
    """Overlaps beyond a tile, and more tiles or pixels than memory would bear."""
    with pytest.raises(UsageError, match=told):
        tiles(Image.new("L", (400, 400)), **arguments)


@given(st.sampled_from(["1", "P", "RGB", "LA", "I;16", "F", "CMYK"]), sizes)
def test_flips_and_turns_are_inverse(mode, size):
    """Two flips are nothing, a turn and its opposite are nothing, two flips are a half turn."""
    image = make_picture(mode, size)

    for direction in ("horizontal", "vertical"):
        assert image.tobytes() == flip(flip(image, direction=direction), direction=direction).tobytes()
    for degrees in (90, 180, 270):
        assert image.tobytes() == rotate(rotate(image, degrees), -degrees).tobytes()
    assert rotate(image, 180).tobytes() == flip(flip(image, direction="vertical")).tobytes()
