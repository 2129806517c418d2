"""Creevey's functions by their behaviour: its own tests of load, report, measures, transforms, paths and listing."""

import operator
from functools import partial
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

from creevey_fixtures import LOCAL, drawn, encoded, load_local  # noqa: E402
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from servers import PictureServer, status  # noqa: E402

from creevey_graph.creevey import (  # noqa: E402
    calculate_dhash,
    calculate_mean_brightness,
    centercrop,
    convert_to_grayscale,
    download_bytes,
    find_files_with_extensions,
    find_image_files,
    flip_horiz,
    flip_vert,
    get_report_output_decorator,
    get_response,
    join_outdir_filename_extension,
    join_outdir_hashed_path_extension,
    load_image_from_bytes,
    load_image_from_disk,
    normalize_pixel_values,
    record_mean_brightness,
    replace_dir,
    report_dhash,
    report_mean_brightness,
    report_output,
    resize,
    rotate_90,
    rotate_180,
    rotate_270,
    trim_padding,
    write_image,
    write_png,
)
from creevey_graph.errors import HTTPStatusError, ImageError, UsageError  # noqa: E402

KINDS = ("gray", "rgb", "rgba")
REPORTING = {"inpath": "a.png", "log_dict": {"a.png": {}}}


@pytest.fixture
def served():
    with PictureServer({f"/{kind}.png": encoded(drawn(kind)) for kind in KINDS}) as server:
        yield server


# --- load ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "shape"), [("gray", (34, 25)), ("rgb", (34, 25, 3)), ("rgba", (34, 25, 4))])
def test_a_file_gives_the_array_it_was_made_of(tmp_path, kind, shape):
    """Gray has two dimensions, RGB three channels, RGBA four, in that order; the array may be changed."""
    (tmp_path / "a.png").write_bytes(encoded(drawn(kind)))

    for path in (tmp_path / "a.png", str(tmp_path / "a.png")):
        image = load_image_from_disk(path)
        assert shape == image.shape
        assert (drawn(kind) == image).all()
        image[0] = 0


@pytest.mark.parametrize(("channel", "colour"), [(0, "red"), (1, "green"), (2, "blue")])
def test_channels_stand_in_the_order_red_green_blue(tmp_path, channel, colour):
    """A picture of one colour has its value in that channel alone."""
    image = np.zeros((4, 4, 3), np.uint8)
    image[:, :, channel] = 255
    (tmp_path / f"{colour}.png").write_bytes(encoded(image))

    assert (image == load_image_from_disk(tmp_path / f"{colour}.png")).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_url_gives_what_its_file_gives(served, kind):
    """Loading from a server and from bytes is loading from disk."""
    assert (drawn(kind) == load_local(served.url(f"/{kind}.png"))).all()
    assert (drawn(kind) == load_image_from_bytes(encoded(drawn(kind)))).all()


def test_an_error_status_is_an_error(served):
    """406 was an HTTPError there, which is an OSError here and there."""
    served.behave("/a.png", status(406))

    with pytest.raises(HTTPStatusError, match="406"):
        get_response(served.url("/a.png"), **LOCAL)
    with pytest.raises(OSError, match="406"):
        load_local(served.url("/a.png"))


def test_a_response_has_the_names_that_requests_has(served):
    """Content, text, JSON and status of an answer."""
    served.files["/a.json"] = b'{"title": "A"}'

    response = get_response(served.url("/a.json"), timeout=3, **LOCAL)
    response.raise_for_status()

    assert (b'{"title": "A"}', '{"title": "A"}', {"title": "A"}, 200, True) == (
        response.content,
        response.text,
        response.json(),
        response.status_code,
        response.ok,
    )
    assert b'{"title": "A"}' == download_bytes(served.url("/a.json"), **LOCAL)


@pytest.mark.parametrize("url", [Path("a.png"), "a.png", "ftp://host/a.png", None])
def test_what_is_no_url_of_a_server_is_a_value_error(url):
    """As requests has it for a missing scheme."""
    with pytest.raises(ValueError, match="http or https"):
        load_local(url)


# --- report -------------------------------------------------------------------------------------


def test_report_output_passes_on_its_input_and_stores_what_the_function_gives():
    """Under log_dict[inpath][key]; options go on to the function."""
    log = {"a": {}}

    assert "abc" == report_output("abc", len, "a", log, "length")
    assert "abc" == report_output("abc", sorted, "a", log, "turned", reverse=True)
    assert {"a": {"length": 3, "turned": ["c", "b", "a"]}} == log


def test_the_decorator_does_the_same():
    """The decorated function takes inpath and log_dict, and returns its input."""

    @get_report_output_decorator(key="length")
    def report_length(text):
        return len(text)

    log = {"a": {}}

    assert "abc" == report_length("abc", inpath="a", log_dict=log)
    assert {"a": {"length": 3}} == log


# --- measures -----------------------------------------------------------------------------------


def test_mean_brightness_of_known_values():
    """Half of the pixels at 0 and half at 1 are 0.5."""
    assert 0.5 == calculate_mean_brightness(np.array([[0, 0, 0], [1, 1, 1]]))
    assert 76 == calculate_mean_brightness(np.array([[[255, 0, 0]]], np.uint8))


@pytest.mark.parametrize("kind", KINDS)
def test_mean_brightness_is_a_float_and_is_reported(kind):
    """Of every kind of picture; the ops that report it pass the picture through."""
    image = drawn(kind)
    brightness = calculate_mean_brightness(image)

    assert float is type(brightness)
    for report in (report_mean_brightness, record_mean_brightness):
        log = {"a": {}}
        assert report(image, inpath="a", log_dict=log) is image
        assert {"a": {"mean_brightness": brightness}} == log


@pytest.mark.parametrize("kind", KINDS)
def test_the_difference_hash_has_64_bits_and_survives_a_resize(kind):
    """Duplicates differ in less than 10 bits, other pictures in more; a Python int, as large as it is."""
    image, other = drawn(kind, 64, 64), drawn(kind, 64, 64, seed=5)
    hashed = calculate_dhash(image)

    assert int is type(hashed)
    assert 0 <= hashed < 2**64
    assert 10 > (hashed ^ calculate_dhash(resize(image, (24, 24)))).bit_count()
    assert 10 < (hashed ^ calculate_dhash(other)).bit_count()
    log = {"a": {}}
    assert report_dhash(image, inpath="a", log_dict=log) is image
    assert {"a": {"dhash": hashed}} == log


def test_the_first_bit_of_the_hash_is_the_least_significant_one():
    """Creevey's order: a step up in the first place of the first row alone is 1."""
    image = np.array([[0, 255, 255], [9, 9, 9]], np.uint8)

    assert 1 == calculate_dhash(image, sqrt_hash_size=2)


@pytest.mark.parametrize("size", [1, 0, -3, 2.5, True])
def test_a_hash_of_no_size_is_an_error(size):
    """One column has no neighbours."""
    with pytest.raises(UsageError, match="sqrt_hash_size must be 2 or more"):
        calculate_dhash(drawn("gray"), size)


# --- transforms ---------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"shape": (5, 8), "min_dim": 5}])
def test_resize_needs_one_of_shape_and_min_dim(options):
    """Neither and both are errors, as there."""
    with pytest.raises(ValueError, match="exactly one of shape and min_dim"):
        resize(drawn("rgb"), **options)


@pytest.mark.parametrize("kind", KINDS)
def test_resize_to_a_shape(kind):
    """Height, then width; width and height by name are another way to say it."""
    assert (5, 8) == resize(drawn(kind), (5, 8)).shape[:2]
    assert (5, 8) == resize(drawn(kind), width=8, height=5).shape[:2]
    assert drawn(kind).shape[2:] == resize(drawn(kind), (5, 8), **REPORTING).shape[2:]


@pytest.mark.parametrize(
    ("height", "width", "min_dim", "shape"),
    [
        (32, 32, 50, (50, 50)),
        (34, 25, 50, (68, 50)),
        (25, 34, 50, (50, 68)),
        (480, 640, 1000, (1000, 1333)),
        (34, 25, 10, (13, 10)),
    ],
)
def test_resize_to_a_least_side(height, width, min_dim, shape):
    """Of square, tall and wide pictures the other side is rounded down from one decimal, as there."""
    assert shape == resize(drawn("gray", height, width), min_dim=min_dim).shape


@pytest.mark.parametrize(
    "bad", [{"shape": (0, 5)}, {"shape": (5,)}, {"shape": ("5", 5)}, {"min_dim": 0}, {"min_dim": 2.5}]
)
def test_resize_to_no_size_is_an_error(bad):
    """Sides are whole numbers from 1."""
    with pytest.raises(UsageError, match="must be"):
        resize(drawn("rgb"), **bad)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64", "bool"])
def test_resize_keeps_the_type_and_a_plain_picture_plain(dtype):
    """A picture of one value stays one, whatever its numbers are."""
    image = np.full((9, 7, 3), 1, dtype)

    resized = resize(image, (4, 11))

    assert image.dtype == resized.dtype
    assert np.allclose(np.ones((4, 11, 3)), resized)


@pytest.mark.parametrize(
    ("kind", "height", "width", "factor", "shape"),
    [
        ("rgb", 32, 32, 0.5, (16, 16, 3)),
        ("gray", 34, 25, 0.5, (17, 12)),
        ("rgba", 32, 32, 0.5, (16, 16, 4)),
        ("rgb", 32, 32, 0.6, (19, 19, 3)),
        ("rgb", 32, 32, 1, (32, 32, 3)),
    ],
)
def test_centercrop_cuts_out_the_middle(kind, height, width, factor, shape):
    """Edges are rounded as there."""
    assert shape == centercrop(drawn(kind, height, width), factor, **REPORTING).shape


@pytest.mark.parametrize("factor", [0, -0.5, 1.5])
def test_centercrop_takes_a_factor_to_1(factor):
    """There it gave an empty or a wrong picture."""
    with pytest.raises(UsageError, match="above 0, to 1"):
        centercrop(drawn("rgb"), factor)


@pytest.mark.parametrize("kind", KINDS)
@given(sides=st.tuples(*[st.integers(0, 100)] * 4))
def test_trim_padding_finds_the_picture_in_white_padding(kind, sides):
    """Any padding comes off, and nothing else does."""
    image = drawn(kind) // 2
    top, bottom, left, right = sides
    around = [(top, bottom), (left, right), (0, 0)][: image.ndim]

    padded = np.pad(image, around, constant_values=255)

    assert (image == trim_padding(padded, operator.gt, 0.95, **REPORTING)).all()


def test_trim_padding_finds_the_picture_in_black_padding_and_in_floats():
    """By the comparison that is given; values may lie in 0-1."""
    image = drawn("rgb") // 2 + 100

    padded = np.pad(image, [(3, 4), (5, 6), (0, 0)])

    assert (image == trim_padding(padded, operator.lt, 0.05)).all()
    assert image.shape == trim_padding(padded / 255, operator.lt, 0.05).shape


@pytest.mark.parametrize("kind", ["gray", "rgb"])
def test_trim_padding_knows_the_range_of_16_bits(kind):
    """`load_image_from_disk` keeps 16 bits; over 255 all of such a picture was brighter than white, and cut off."""
    image = drawn(kind) // 2
    padded = np.pad(image, [(3, 4), (5, 6), (0, 0)][: image.ndim], constant_values=255)

    deep = trim_padding(padded.astype(np.uint16) * 257, operator.gt, 0.95)

    assert (image.astype(np.uint16) * 257 == deep).all()
    assert 1 == normalize_pixel_values(np.full((2, 2), 65535, np.uint16)).max()


def test_trim_padding_of_nothing_but_padding_is_empty():
    """0 x 0 px, as there."""
    assert (0, 0, 3) == trim_padding(np.full((5, 6, 3), 255, np.uint8), operator.gt, 0.95).shape


@pytest.mark.parametrize("kind", KINDS)
def test_flips_and_turns_move_pixels_alone(kind):
    """Flips are their own inverse, turns are counter-clockwise and add up to a full one; no view of the input."""
    image = drawn(kind)

    assert (image[:, ::-1] == flip_horiz(image)).all()
    assert (image[::-1] == flip_vert(image)).all()
    assert (image[:, -1] == rotate_90(image)[0]).all()
    assert (rotate_90(rotate_90(image)) == rotate_180(image)).all()
    assert (rotate_90(rotate_180(image)) == rotate_270(image)).all()
    assert (image == rotate_90(rotate_270(image))).all()
    for change in (flip_horiz, flip_vert, rotate_90, rotate_180, rotate_270):
        assert not np.shares_memory(image, change(image))
        assert change(image).flags.c_contiguous


@pytest.mark.parametrize("kind", KINDS)
def test_grayscale_is_pillows(kind):
    """0.299 R + 0.587 G + 0.114 B; alpha is left out, and gray stays as it is."""
    from PIL import Image

    image = drawn(kind)
    expected = image if kind == "gray" else np.array(Image.fromarray(image[:, :, :3]).convert("L"))

    assert (expected == convert_to_grayscale(image)).all()
    assert np.allclose(convert_to_grayscale(image / 255.0) * 255, expected, atol=0.51)


def test_normalising_scales_255_to_1_once():
    """A second time changes nothing."""
    image = np.array([[0, 51, 255]], np.uint8)

    assert [0, 0.2, 1] == normalize_pixel_values(image)[0].tolist()
    assert normalize_pixel_values(image / 255.0).max() == 1


@pytest.mark.parametrize(
    "bad", ["no array", np.zeros(5), np.zeros((2, 2, 2)), np.zeros((0, 4)), np.zeros((2, 2, 3, 1))]
)
def test_what_is_no_picture_is_told(bad):
    """Every function says what it was given."""
    whole = [rotate_90, rotate_180, flip_vert, flip_horiz, convert_to_grayscale, calculate_dhash]
    given_options = [partial(resize, shape=(2, 2)), partial(centercrop, reduction_factor=0.5)]
    for change in (*whole, *given_options, partial(write_image, path="a.png")):
        with pytest.raises(UsageError, match="image must be"):
            change(bad)


# --- write --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_comes_back_as_it_was_written(tmp_path, kind):
    """PNG is lossless; folders are made; the suffix may be of either case; JPEG has no alpha."""
    path = tmp_path / "deep" / "er" / "a.PNG"

    write_image(drawn(kind), path, **REPORTING)
    write_png(drawn(kind), str(tmp_path / "b.png"))
    write_image(drawn(kind), tmp_path / "a.jpg", quality=90)

    assert (drawn(kind) == load_image_from_disk(path)).all()
    assert (drawn(kind) == load_image_from_disk(tmp_path / "b.png")).all()
    assert drawn(kind).shape[:2] == load_image_from_disk(tmp_path / "a.jpg").shape[:2]


def test_16_bits_of_gray_stay_in_png_and_are_scaled_in_jpeg(tmp_path):
    """Nothing is clipped to white."""
    deep = np.linspace(0, 65535, 60).reshape(6, 10).astype(np.uint16)

    for name in ("a.png", "a.tif", "a.jpg"):
        write_image(deep, tmp_path / name)

    assert (deep == load_image_from_disk(tmp_path / "a.png")).all()
    assert (deep == load_image_from_disk(tmp_path / "a.tif")).all()
    assert np.allclose(deep / 257, load_image_from_disk(tmp_path / "a.jpg"), atol=6)


@pytest.mark.parametrize("values", [[[-1.0, 0]], [[0, 300]], [[float("nan"), 0]], [[-1, 5]]])
def test_values_out_of_range_are_told(tmp_path, values):
    """What is white cannot be guessed."""
    with pytest.raises(ImageError, match="must lie in 0-255"):
        write_image(np.array(values), tmp_path / "a.png")


# --- paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, Path])
def test_join_outdir_filename_extension(kind):
    """The folder is exchanged, and the extension where one is given, with or without its dot."""
    path, outdir = kind("some/folder/a.b.jpg"), kind("out")

    assert Path("out/a.b.jpg") == join_outdir_filename_extension(path, outdir)
    assert Path("out/a.b.png") == join_outdir_filename_extension(path, outdir, ".png")
    assert Path("out/a.b.png") == join_outdir_filename_extension(path, outdir, "png")
    assert Path("out/a.b.jpg") == replace_dir(path, outdir)


@pytest.mark.parametrize("kind", [str, Path])
def test_join_outdir_hashed_path_extension(kind):
    """Parent and suffix are right, the stem is another one, and the same each time: the name Creevey gave."""
    path = kind("some/folder/a.jpg")

    hashed = join_outdir_hashed_path_extension(path, "out")

    assert (Path("out"), ".jpg") == (hashed.parent, hashed.suffix)
    assert "a0a2d9c7cdd85dcaac0c09502d78b682" == hashed.stem
    assert hashed == join_outdir_hashed_path_extension(path, "out")
    assert hashed.with_suffix(".png") == join_outdir_hashed_path_extension(path, "out", "png")
    assert hashed != join_outdir_hashed_path_extension("other/folder/a.jpg", "out")


# --- listing ------------------------------------------------------------------------------------


@pytest.fixture
def mixed(tmp_path):
    for name in ("a.jpg", "b/c.JPG", "b/d.BMP", "e.txt", "b/f.csv", "g"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize("extensions", [["jpg"], [".jpg"], ("JPG",), "jpg", ".JPG"])
@pytest.mark.parametrize("kind", [str, Path])
def test_find_files_with_extensions(mixed, extensions, kind):
    """In either case, with or without dot, one or several; the folder as text or path."""
    found = find_files_with_extensions(kind(mixed), extensions)

    assert [mixed / "a.jpg", mixed / "b/c.JPG"] == found


def test_find_image_files(mixed):
    """Three of the six, the upper-case ones too."""
    assert [mixed / "a.jpg", mixed / "b/c.JPG", mixed / "b/d.BMP"] == find_image_files(mixed)
