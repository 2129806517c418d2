"""
Steps between pictures and numpy arrays: `to_numpy`, `from_numpy`, `normalize`, `normalize_pixel_values`.

An array has rows first, then columns, then channels (grey, alpha; or red, green, blue, alpha). numpy is no
dependency: it is imported when one of these steps runs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args

from PIL import Image

from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images.checks import Color, bounded, checked_choice, checked_number, checked_picture
from creevey_graph.images.modes import convert, joined, parted
from creevey_graph.step import step

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
else:
    Array = Any

Dtype = Literal["uint8", "float32"]

_MODES = {2: "LA", 3: "RGB", 4: "RGBA"}
_DIMENSIONS = (2, 3)
_BRIGHTEST, _DEEPEST = 255, 65535


@step(borrows=True)
def to_numpy(image: Image.Image, *, dtype: Dtype = "uint8") -> Array:
    """
    Return the pixels of *image* as a numpy array.

    Args:
        image: Any mode, any size; palettes are resolved, "CMYK", "YCbCr", "LAB" and "HSV" become "RGB".
        dtype: "uint8" for 0-255, 16 bits scaled; "float32" for 0-1: value / 255, of 16 bits value / 65535.

    Returns:
        A new array of (height, width) for grey, (height, width, channels) for 2 (grey, alpha), 3 (RGB) or
        4 channels (RGBA).

    Raises:
        UsageError: *dtype* is none of these, or numpy is not installed. (A ValueError.)
        ImageError: Pixels outside the ranges of `scaled_to_8_bit`.

    >>> to_numpy(Image.new("RGB", (4, 3))).shape
    (3, 4, 3)
    >>> float(to_numpy(Image.new("L", (1, 1), 255), dtype="float32")[0, 0])
    1.0

    """
    np = _numpy("to_numpy")
    checked_choice("to_numpy", "dtype", dtype, get_args(Dtype))
    shallow = joined(*parted(checked_picture("to_numpy", image)))
    pixels: Array
    if dtype == "uint8":
        pixels = np.array(shallow, np.uint8)
        return pixels
    deep = shallow.mode == "L" and image.mode.startswith(("I", "F"))
    pixels = np.array(image.convert("F") if deep else shallow, np.float32)
    pixels /= np.float32(_white(image, float(pixels.max())) if deep else _BRIGHTEST)
    return pixels


def _white(image: Image.Image, highest: float) -> int:
    if image.mode.startswith("I"):
        return _DEEPEST
    return 1 if highest <= 1 else _BRIGHTEST


@step(borrows=True)
def from_numpy(array: Array) -> Image.Image:
    """
    Return a numpy array as a picture, 8 bits a sample; scaled, never black by its type.

    Args:
        array: (height, width) or (height, width, channels), channels as `to_numpy` gives them, or one.
            Truth values are 0 and 255; "uint16" is 0-65535; other whole numbers are 0-255; floats are
            0-1 where all of them lie there, else 0-255. Values are rounded to the nearest.

    Returns:
        Mode "L", "LA", "RGB" or "RGBA".

    Raises:
        UsageError: It is no array, has another shape or kind, or numpy is not installed. (A ValueError.)
        ImageError: A value lies outside these ranges: what is white cannot be known. (A ValueError.)

    >>> import numpy as np
    >>> from_numpy(np.full((1, 1), 0.5)).getpixel((0, 0))
    128

    """
    np = _numpy("from_numpy")
    if not isinstance(array, np.ndarray):
        raise UsageError(f"step 'from_numpy': must be given a numpy array (got {type(array).__name__})")
    channels = array.shape[2] if array.ndim == _DIMENSIONS[1] else 1
    if array.ndim not in _DIMENSIONS or not 1 <= channels <= max(_MODES) or not array.size:
        raise UsageError(
            "step 'from_numpy': array must have the shape (height, width) or (height, width, 1 to 4 channels) "
            f"and pixels (got {array.shape}{_hint(array.shape)})"
        )
    bounded("from_numpy", (array.shape[1], array.shape[0]), Image.new("L", (1, 1)))
    pixels = _eight_bits(array if channels > 1 else array.reshape(array.shape[:2]), np)
    mode = _MODES.get(channels, "L")
    return Image.frombytes(mode, (array.shape[1], array.shape[0]), np.ascontiguousarray(pixels).tobytes())


def _hint(shape: tuple[int, ...]) -> str:
    if len(shape) == _DIMENSIONS[1] and 1 <= shape[0] <= max(_MODES) < min(shape[1:]):
        return "; channels come last: array.transpose(1, 2, 0)"
    return ""


def _eight_bits(array: Array, np: Any) -> Array:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
        array *= np.uint8(_BRIGHTEST)
        return array
    if array.dtype.kind not in "uif":
        raise UsageError(f"step 'from_numpy': array must hold numbers (got dtype {array.dtype})")
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:  # noqa: PLR2004 - bytes: uint16 of either order
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= _BRIGHTEST):  # also true of NaN
        ranges = "0-1 or 0-255" if array.dtype.kind == "f" else "0-255"
        raise ImageError(
            f"step 'from_numpy': values of dtype {array.dtype} must lie in {ranges} (got {low} to {high}); "
            "scale them first"
        )
    if array.dtype.kind != "f":
        return array.astype(np.uint8)
    factor = _BRIGHTEST if high <= 1 else 1
    scaled: Array = array.astype(np.float64) * factor + 0.5
    return scaled.astype(np.uint8)


@step(borrows=True)
def normalize(
    image: Image.Image,
    *,
    mean: tuple[float, ...] = (0.485, 0.456, 0.406),
    std: tuple[float, ...] = (0.229, 0.224, 0.225),
    background: Color = "white",
) -> Array:
    """
    Return `(pixel / 255 - mean) / std` of *image*, as models are fed; to be written as .npy.

    Args:
        image: Any mode, any size; converted to "RGB", or to "L" for one mean.
        mean: A mean for each of 3 channels, or one, in 0-1; the default is ImageNet's.
        std: As many deviations, above 0.
        background: The colour behind transparent parts.

    Returns:
        A new array of float32, (height, width, channels).

    Raises:
        UsageError: *mean* or *std* is none of these, or numpy is not installed. (A ValueError.)
        ImageError: Pixels outside the ranges of `scaled_to_8_bit`.

    Source: torchvision's `ToTensor` and `Normalize`, channels last; computed in float32.

    >>> normalize(Image.new("L", (2, 1), 255), mean=(0.5,), std=(0.5,)).tolist()
    [[[1.0], [1.0]]]

    """
    np = _numpy("normalize")
    if not isinstance(mean, tuple | list) or not isinstance(std, tuple | list):
        raise UsageError(f"step 'normalize': mean and std must be tuples (got {mean!r} and {std!r})")
    if len(mean) not in {1, 3} or len(std) != len(mean):
        raise UsageError(
            f"step 'normalize': mean and std must have 3 numbers each, or 1 (got {mean!r} and {std!r})"
        )
    means = [checked_number("normalize", "mean", value) for value in mean]
    deviations = [checked_number("normalize", "std", value) for value in std]
    if min(deviations) <= 0:
        raise UsageError(f"step 'normalize': parameter 'std' must be above 0 (got {std!r})")
    mode: Literal["L", "RGB"] = "L" if len(means) == 1 else "RGB"
    seen = convert(checked_picture("normalize", image), mode, background=background)
    pixels: Array = np.array(seen, np.float32).reshape(seen.height, seen.width, len(means))
    pixels /= np.float32(_BRIGHTEST)
    pixels -= np.array(means, np.float32)
    pixels /= np.array(deviations, np.float32)
    return pixels


@step(borrows=True)
def normalize_pixel_values(image: Image.Image | Array) -> Array:
    """
    Return the pixels of *image* in 0-1: divided by 255 where one of them is above 1.

    Args:
        image: A picture of any mode, taken as `to_numpy` gives it; or an array.

    Returns:
        An array of floats in the shape of `to_numpy`; a float array that lies in 0-1 is returned as it is.

    Raises:
        UsageError: It is neither, has no values, or numpy is not installed. (A ValueError.)
        ImageError: Pixels outside the ranges of `scaled_to_8_bit`.

    Source: Creevey's `normalize_pixel_values`.

    >>> float(normalize_pixel_values(Image.new("L", (1, 1), 51))[0, 0])
    0.2

    """
    np = _numpy("normalize_pixel_values")
    array: Array = to_numpy(image) if isinstance(image, Image.Image) else image
    if not isinstance(array, np.ndarray):
        raise UsageError(
            "step 'normalize_pixel_values': must be given a picture or an array of numbers "
            f"(got {type(array).__name__})"
        )
    if not array.size or array.dtype.kind not in "buif":
        raise UsageError(
            "step 'normalize_pixel_values': must be given a picture or an array of numbers "
            f"(got dtype {array.dtype}, shape {array.shape})"
        )
    floats: Array = array if array.dtype.kind == "f" else array.astype(np.float64)
    if array.max() > 1:
        floats = floats / _BRIGHTEST
    return floats


def _numpy(name: str) -> Any:
    try:
        return import_module("numpy")
    except ImportError as exc:
        raise UsageError(f"step '{name}': needs numpy, which is not installed; pip install numpy") from exc
