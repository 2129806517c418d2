"""Hypothesis strategies for values, and laws that every codec and digest keeps."""

import math
from pathlib import PurePosixPath

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from creevey_graph.errors import CodecError
from creevey_graph.fingerprint.values import digest_value

texts = st.text(st.characters(), max_size=8)  # lone surrogates included
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.complex_numbers()
    | texts
    | st.binary(max_size=8)
)
hashables = st.recursive(
    scalars,
    lambda parts: st.lists(parts, max_size=3).map(tuple) | st.frozensets(parts, max_size=3),
    max_leaves=6,
)
plain_values = st.recursive(
    hashables | st.sets(hashables, max_size=3),
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.lists(parts, max_size=4).map(tuple)
        | st.dictionaries(hashables, parts, max_size=4)
    ),
    max_leaves=12,
)
arrays = st.builds(
    lambda dtype, shape, seed: np.random.default_rng(seed).integers(0, 100, shape).astype(dtype),
    st.sampled_from(["u1", "<i2", ">i2", "<f4", ">f8", "c8", "?", "<U3", "S2", "<M8[ns]", "<m8[s]"]),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.integers(0, 9),
)

MODES = (
    "1 L P LA La PA RGB YCbCr LAB HSV RGBA RGBa RGBX CMYK I F I;16 I;16L I;16B I;16N".split()  # noqa: SIM905
)


def make_picture(mode, size=(5, 3), seed=0):
    """Return a picture of noise, with a palette where the mode has one."""
    blank = Image.new(mode, size)
    noise = np.random.default_rng(seed).bytes(len(blank.tobytes()))
    if mode == "F":
        noise = np.random.default_rng(seed).random(size[0] * size[1], "f4").tobytes()
    image = Image.frombytes(mode, size, noise)
    if mode in {"P", "PA"}:
        image.putpalette([(seed + value) % 256 for value in range(768)])
    image.info = {"dpi": (72, 72), "note": f"seed {seed}"}
    return image


pictures = st.builds(
    make_picture, st.sampled_from(MODES), st.tuples(st.integers(0, 6), st.integers(0, 6)), st.integers(0, 9)
)
values = plain_values | arrays | pictures | st.builds(PurePosixPath, st.sampled_from(["a", "a/b", "/c"]))


def same(one, other):  # noqa: C901, PLR0911 - one case a kind of value  # noqa: PLR0911 - one for each kind of value
    """Return True where type and content are the same: slow, and written without the package."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, set | frozenset):
        return _matches(list(one), list(other))
    if isinstance(one, dict):
        return _matches(list(one.items()), list(other.items()))
    if isinstance(one, np.ndarray | np.generic):
        if (one.dtype, one.shape) != (other.dtype, other.shape):
            return False
        if one.dtype.names:  # the padding between fields is no value
            return all(same(one[name], other[name]) for name in one.dtype.names)
        return one.tobytes() == other.tobytes()
    if isinstance(one, Image.Image):
        return _picture_facts(one) == _picture_facts(other) and same(one.info, other.info)
    return one == other


def _matches(ones, others):
    """Return True where each of *ones* has a partner of its own among *others*."""
    for one in ones:
        partner = next((index for index, other in enumerate(others) if same(one, other)), None)
        if partner is None:
            return False
        del others[partner]
    return not others


def _picture_facts(image):
    palette = image.getpalette("RGBA") if image.mode in {"P", "PA"} else None
    return image.mode, image.size, image.format, palette, image.tobytes()


def check_codec(codec, value):
    """Check that a codec gives back what it was given, as bytes of its own, the same each time."""
    data = codec.encode(value)
    assert type(data) is bytes
    again = codec.decode(data)
    assert same(value, again), f"{codec.name}: {value!r} came back as {again!r}"
    assert data == codec.encode(value)
    assert data == codec.encode(again)


def check_refuses(codec, data):
    """Check that a codec reads *data*, or raises CodecError and nothing else."""
    try:
        codec.decode(data)
    except CodecError:
        return True
    return False


def check_digests(one, other, digest=digest_value):
    """Check that two values have one digest exactly where they are the same."""
    assert (digest(one) == digest(other)) == same(one, other), f"{one!r} and {other!r}"
