"""Pictures and numpy arrays."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from strategies import make_picture

from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images import convert, from_numpy, normalize, normalize_pixel_values, to_numpy

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@given(sizes)
def test_there_and_back_is_the_picture(mode, dtype, size):
    """Rows, columns, channels; values as they are, or divided by 255."""
    image = make_picture(mode, size)
    if dtype == "float32":
        image.putpixel((0, 0), (0,) * len(mode) if len(mode) > 1 else 0)

    array = to_numpy(image, dtype=dtype)

    expected = (
        np.asarray(image) if dtype == "uint8" else np.asarray(image).astype(np.float32) / np.float32(255)
    )
    assert np.array_equal(expected, array)
    assert dtype == array.dtype
    assert array.flags.writeable
    assert array.flags.owndata
    back = from_numpy(array)
    assert (image.mode, image.tobytes()) == (back.mode, back.tobytes())


def test_deep_pictures_keep_their_depth_as_floats():
    """16 bits are value / 65535 as floats, and scaled as bytes; floats stay floats."""
    deep = Image.new("I;16", (1, 1), 32767)

    assert to_numpy(deep, dtype="float32")[0, 0] == np.float32(32767) / np.float32(65535)
    assert to_numpy(deep)[0, 0] == 127
    assert to_numpy(Image.new("F", (1, 1), 0.3), dtype="float32")[0, 0] == np.float32(0.3)
    assert to_numpy(Image.new("F", (1, 1), 51), dtype="float32")[0, 0] == np.float32(0.2)
    assert to_numpy(Image.new("I;16", (1, 1), 5000), dtype="float32").dtype == np.float32


@pytest.mark.parametrize("mode", ["P", "1", "CMYK", "YCbCr", "LAB", "HSV", "PA"])
def test_other_modes_are_resolved(mode):
    """Never indexes, inks or hues: what is seen."""
    image = Image.new("RGB", (2, 2), "white").convert("L" if mode == "PA" else "RGB").convert(mode)

    array = to_numpy(image)

    assert array.ndim == (2 if mode == "1" else 3)
    assert array.min() >= 254


@pytest.mark.parametrize(
    ("array", "mode", "pixel"),
    [
        (np.full((1, 1), 0.5), "L", 128),
        (np.full((1, 1), 0.5, np.float16), "L", 128),
        (np.full((1, 1, 3), 1.0, np.float32), "RGB", (255, 255, 255)),
        (np.full((1, 1), 127.6), "L", 128),
        (np.full((1, 1), 32896, np.uint16), "L", 128),
        (np.full((1, 1), 32800, np.uint16), "L", 128),
        (np.full((1, 1), 65535, ">u2"), "L", 255),
        (np.full((1, 1), 200, np.int64), "L", 200),
        (np.full((1, 1), 1, np.int8), "L", 1),
        (np.full((1, 1), True), "L", 255),
        (np.full((1, 1, 1), 9, np.uint8), "L", 9),
        (np.full((1, 1, 2), 9, np.uint8), "LA", (9, 9)),
        (np.full((1, 1, 4), 9, np.uint8), "RGBA", (9, 9, 9, 9)),
    ],
    ids=lambda value: f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else "",
)
def test_values_are_scaled_by_their_type(array, mode, pixel):
    """Floats in 0-1 are not black (Creevey's were), 16 bits are not white."""
    image = from_numpy(array)

    assert mode == image.mode
    assert pixel == image.getpixel((0, 0))


@given(sizes, st.booleans(), st.booleans())
def test_strides_do_not_matter(size, flipped, fortran):
    """Views, flips and Fortran order are the pixels they show; the array stays as it was."""
    array = np.asarray(make_picture("RGB", size))[:, :: -1 if flipped else 1]
    array = np.asfortranarray(array) if fortran else array
    before = array.copy()

    assert np.array_equal(array, np.asarray(from_numpy(array)))
    assert np.array_equal(before, array)


@pytest.mark.parametrize(
    ("array", "error", "told"),
    [
        ([[1]], UsageError, r"must be given a numpy array \(got list\)"),
        (np.zeros(5), UsageError, r"\(height, width\) or .*\(got \(5,\)\)"),
        (np.zeros((3, 40, 50)), UsageError, r"channels come last: array.transpose\(1, 2, 0\)"),
        (np.zeros((2, 2, 5)), UsageError, r"\(got \(2, 2, 5\)\)"),
        (np.zeros((0, 4)), UsageError, r"and pixels \(got \(0, 4\)\)"),
        (np.zeros((2, 2), complex), UsageError, "must hold numbers .got dtype complex128"),
        (np.zeros((2, 2), object), UsageError, "must hold numbers .got dtype object"),
        (np.full((2, 2), -0.1), ImageError, r"must lie in 0-1 or 0-255 \(got -0.1 to -0.1\)"),
        (np.full((2, 2), np.nan), ImageError, "must lie in 0-1 or 0-255"),
        (np.full((2, 2), 256), ImageError, r"must lie in 0-255 \(got 256 to 256\)"),
        (np.broadcast_to(np.uint8(0), (2**15, 2**14)), UsageError, r"would make 16384 x 32768 pixels"),
    ],
    ids=str,
)
def test_from_numpy_refuses_what_it_cannot_tell(array, error, told):
    """Another shape, kind or range is one clear error."""
    with pytest.raises(error, match=rf"step 'from_numpy': .*{told}"):
        from_numpy(array)


@given(sizes)
def test_normalize_is_torchvisions_formula(size):
    """(pixel / 255 - mean) / std in float32, channels last."""
    image = make_picture("RGB", size)
    mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])

    found = normalize(image)

    assert np.array_equal((np.asarray(image).astype(np.float32) / np.float32(255) - mean) / std, found)
    assert found.dtype == np.float32
    assert np.array_equal(
        normalize(image, mean=(0.5,), std=(0.25,))[..., 0],
        (np.asarray(image.convert("L")).astype(np.float32) / np.float32(255) - np.float32(0.5))
        / np.float32(0.25),
    )


def test_normalize_takes_any_mode_to_three_channels():
    """Grey has three equal channels, alpha lies on the background."""
    gray = normalize(Image.new("L", (1, 1), 255))
    hidden = normalize(Image.new("RGBA", (1, 1), (0, 0, 0, 0)))

    assert gray.shape == (1, 1, 3)
    assert np.array_equal(gray, hidden)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mean": 0.5}, "must be tuples"),
        ({"mean": (0.5,)}, "3 numbers each, or 1"),
        ({"mean": (0.5, 0.5), "std": (0.5, 0.5)}, "3 numbers each, or 1"),
        ({"std": (0.2, 0, 0.2)}, "'std' must be above 0"),
        ({"mean": (0.2, "a", 0.2)}, "'mean' must be a number"),
        ({"background": "wite"}, "'background' must be a colour"),
    ],
)
def test_normalize_checks_its_options(options, told):
    """Channels that do not fit, and deviations of 0."""
    with pytest.raises(UsageError, match=told):
        normalize(Image.new("RGB", (2, 2)), **options)


def test_to_numpy_checks_its_dtype():
    """Only what it can scale."""
    with pytest.raises(UsageError, match="'dtype' has no choice 'int8'"):
        to_numpy(Image.new("RGB", (2, 2)), dtype="int8")


@given(sizes, st.sampled_from(["L", "RGB", "RGBA"]), st.sampled_from([1, 2, 255]))
def test_pixel_values_are_creeveys(size, mode, most):
    """The picture by 255 where a pixel is above 1, else as it is; of pictures and of arrays."""
    array = np.asarray(make_picture(mode, size)) // (256 // (most + 1))
    expected = array / 255 if array.max() > 1 else array

    for given_values in (from_numpy(array), array, array.astype(np.float32), array.astype(np.int64)):
        found = normalize_pixel_values(given_values)
        assert np.allclose(expected, found, rtol=1e-6, atol=0)
        assert found.dtype.kind == "f"
    assert np.array_equal(expected, normalize_pixel_values(from_numpy(array)))


@pytest.mark.parametrize("value", ["text", None, np.array([], float), np.array(["a"])], ids=str)
def test_pixel_values_refuse_what_has_none(value):
    """Neither picture nor numbers."""
    with pytest.raises(UsageError, match="must be given a picture or an array of numbers"):
        normalize_pixel_values(value)


@pytest.mark.parametrize(
    "change", [to_numpy, from_numpy, normalize, normalize_pixel_values], ids=lambda s: s.name
)
def test_without_numpy_the_error_names_the_remedy(change, monkeypatch):
    """The library is no dependency; the step says what to install."""
    monkeypatch.setitem(sys.modules, "numpy", None)

    with pytest.raises(UsageError, match=rf"step '{change.name}': needs numpy.*pip install numpy"):
        change(Image.new("L", (1, 1)))


def test_importing_the_steps_imports_no_numpy():
    """Neither do the steps for pictures run by it."""
    import subprocess

    code = (
        "import sys, creevey_graph, creevey_graph.images as i; from PIL import Image;"
        "p = i.trim_border(i.rotate(i.pad(Image.new('RGB', (9, 9)), 12), 30)); i.convert(p, 'LAB');"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_a_black_picture_is_black_and_a_white_one_white():
    """From any mode, over an array, to any mode."""
    for value in (0, 255):
        image = Image.new("L", (2, 2), value)
        for mode in ("L", "RGB", "RGBA", "CMYK", "LAB"):
            for dtype in ("uint8", "float32"):
                back = from_numpy(to_numpy(convert(image, mode), dtype=dtype))
                assert abs(convert(back, "L").getpixel((0, 0)) - value) <= 1
