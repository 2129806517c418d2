"""Values to bytes and back."""

import collections
import enum
import io
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from strategies import (
    MODES,
    arrays,
    check_codec,
    check_refuses,
    make_picture,
    pictures,
    plain_values,
    same,
)

from creevey_graph.codecs import CODECS, Codec, codec_for, find_codec
from creevey_graph.errors import CodecError
from creevey_graph.images import load_image


def deferred_sample():
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "orange").save(file, "JPEG", icc_profile=b"profile")
    return load_image(file.getvalue(), shrink="fast")


SAMPLES = {
    "raw": b"abc",
    "text": "a\udc80b",
    "tree": {"a": [1, -(2**70), None, True], (1, 2): {1.5, b"x"}, frozenset(): "text", 2: (1j, "", b"")},
    "array": np.arange(6, dtype=">i2").reshape(2, 3),
    "scalar": np.float32(1),
    "picture": make_picture("P"),
    "deferred": deferred_sample(),
}


@given(plain_values | arrays | pictures)
def test_round_trip(value):
    """The codec of a value gives back its type and content."""
    check_codec(codec_for(value), value)


@given(plain_values)
def test_tree_holds_every_plain_value(value):
    """The codec 'tree' takes text and bytes too, as parts of others."""
    check_codec(CODECS["tree"], value)


@pytest.mark.parametrize("codec", [Codec("bad", bool, lambda v: repr(v).encode(), lambda d: d.decode())])
def test_the_law_fails_for_a_codec_that_loses_the_type(codec):
    """A codec that gives back text for a number breaks the law."""
    with pytest.raises(AssertionError, match="came back as '1'"):
        check_codec(codec, 1)


@pytest.mark.parametrize("name", CODECS)
def test_table_names_its_codecs(name):
    """Each codec stands under its own name, survives a pickle by reference, and handles its sample."""
    assert name == CODECS[name].name
    assert find_codec(name) is CODECS[name]
    assert pickle.loads(pickle.dumps(CODECS[name])) == CODECS[name]
    assert codec_for(SAMPLES[name]) is CODECS[name]


@pytest.mark.parametrize("name", CODECS)
def test_codec_refuses_foreign_values(name):
    """A codec raises CodecError for a value that is not its own."""
    with pytest.raises(CodecError, match=r"must be"):
        CODECS[name].encode(object())


@pytest.mark.parametrize("name", CODECS)
def test_every_truncation_is_refused(name):
    """Bytes cut short at any place are refused by each codec whose format has an end."""
    codec, data = CODECS[name], CODECS[name].encode(SAMPLES[name])
    refused = [check_refuses(codec, data[:length]) for length in range(len(data))]
    if name not in {"raw", "text"}:
        assert all(refused)
        assert check_refuses(codec, data + b"\0")


@pytest.mark.filterwarnings("default")
@given(st.sampled_from(sorted(CODECS)), st.data())
def test_damage_is_a_codec_error_or_a_value(name, draw):
    """Damaged bytes raise CodecError or decode to some value, and raise nothing else."""
    data = bytearray(CODECS[name].encode(SAMPLES[name]))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    check_refuses(CODECS[name], bytes(data))


@given(st.sampled_from(sorted(CODECS)), st.binary(max_size=64))
def test_noise_is_a_codec_error_or_a_value(name, data):
    """Any bytes raise CodecError or decode to some value, and raise nothing else."""
    check_refuses(CODECS[name], data)
    check_refuses(CODECS["tree"], b"\x01" + data)


class Text(str):
    __slots__ = ()


class Level(enum.IntEnum):
    LOW = 1


Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 - the untyped kind is meant


@pytest.mark.parametrize(
    "value", [Text("a"), Level.LOW, Point(1, 2), collections.OrderedDict(a=1), bytearray(b"a"), object()]
)
def test_subclasses_have_no_codec(value):
    """A subclass is never flattened to its base, alone or in a container."""
    assert codec_for(value) is None
    with pytest.raises(CodecError, match="value must be made of"):
        CODECS["tree"].encode([value])


@pytest.mark.parametrize(
    "data",
    [
        b"\x01i" + (2).to_bytes(8, "big") + b"\x00\x01",
        b"\x01S" + (2).to_bytes(8, "big") + b"TT",
        b"\x01S" + (2).to_bytes(8, "big") + b"TF",
        b"\x01S" + (1).to_bytes(8, "big") + b"l" + (0).to_bytes(8, "big"),
        b"\x01d" + (1).to_bytes(8, "big") + b"l" + (0).to_bytes(8, "big") + b"N",
        b"\x01d" + (2).to_bytes(8, "big") + b"TNTN",
        b"\x01l" + (2**63).to_bytes(8, "big"),
        b"\x02N",
        b"\x01NN",
        b"\x01?",
        b"",
    ],
)
def test_tree_refuses_what_it_never_writes(data):
    """Wide ints, disordered sets, double keys, unhashable members, long lengths and tails are refused."""
    assert check_refuses(CODECS["tree"], data)


def test_tree_is_bounded_in_depth():
    """Nesting beyond the limit, cycles included, is refused both ways and never exhausts the stack."""
    cycle = []
    cycle.append(cycle)
    for value in (cycle, nest(101), nest(100_000)):
        with pytest.raises(CodecError, match="at most 100 deep"):
            CODECS["tree"].encode(value)
    check_codec(CODECS["tree"], nest(100))
    data = b"\x01" + (b"l" + (1).to_bytes(8, "big")) * 100_000 + b"N"
    assert check_refuses(CODECS["tree"], data)


def nest(depth):
    value = None
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_round_trips(mode):
    """A picture of any mode comes back with its pixels, palette, info and format."""
    picture = make_picture(mode)
    picture.format = "PNG"
    check_codec(CODECS["picture"], picture)
    again = CODECS["picture"].decode(CODECS["picture"].encode(picture))
    assert type(again) is Image.Image
    assert picture == again


def test_every_mode_of_pillow_is_known():
    """The table of modes misses none that Pillow lists."""
    from creevey_graph.codecs.picture import BITS

    assert set(Image.MODES) == set(BITS) == set(MODES)


def test_palette_with_alpha_and_cmyk_palette_round_trip():
    """Palettes of other modes than RGB come back as they were."""
    for mode, channels in (("RGBA", 4), ("CMYK", 4)):
        picture = Image.new("P", (2, 2), 1)
        picture.putpalette(bytes(range(channels * 3)), mode)
        picture.load()
        again = CODECS["picture"].decode(CODECS["picture"].encode(picture))
        assert mode == again.palette.mode
        assert picture.im.getpalette(mode, mode) == again.im.getpalette(mode, mode)
        assert picture.convert("RGB").tobytes() == again.convert("RGB").tobytes()


def opened(format_name, **options):
    stream = io.BytesIO()
    make_picture("RGB", (8, 8)).save(stream, format_name, **options)
    return Image.open(io.BytesIO(stream.getvalue()))


def test_opened_file_comes_back_as_a_plain_image():
    """A picture that Pillow opened comes back plain, with its format, info and exif."""
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = opened("JPEG", exif=exif)
    again = CODECS["picture"].decode(CODECS["picture"].encode(picture))
    assert type(again) is Image.Image
    assert again.format == "JPEG"
    assert again.getexif()[0x0112] == 6
    assert same(picture.info, again.info)


def test_resolution_of_a_photo_round_trips():
    """A resolution as Pillow's rational numbers comes back as such."""
    picture = make_picture("RGB")
    picture.info["dpi"] = (IFDRational(72, 1), IFDRational(1, 3))
    again = CODECS["picture"].decode(CODECS["picture"].encode(picture))
    assert picture.info["dpi"] == again.info["dpi"]
    assert {type(part) for part in again.info["dpi"]} == {IFDRational}


def test_pictures_with_more_than_pixels_are_refused():
    """Several frames, tags outside info, and info of unknown types raise CodecError."""
    frames = opened("GIF", save_all=True, append_images=[make_picture("RGB", (8, 8), seed=1)])
    strange = make_picture("L")
    strange.info["x"] = object()
    for picture in (frames, opened("TIFF"), strange):
        with pytest.raises(CodecError):
            CODECS["picture"].encode(picture)


def test_truncated_file_is_refused():
    """A picture whose file cannot be read to its end raises CodecError."""
    stream = io.BytesIO()
    make_picture("RGB", (64, 64)).save(stream, "PNG")
    with pytest.raises(CodecError, match="cannot be read"):
        CODECS["picture"].encode(Image.open(io.BytesIO(stream.getvalue()[:2000])))


def test_huge_picture_is_refused_before_it_is_allocated():
    """A header that claims 4 billion pixels over no data is refused."""
    from creevey_graph.codecs.tree import encode_tree

    facts = {"version": 1, "mode": "L", "size": (2**16, 2**16), "format": None, "palette": None, "info": {}}
    header = encode_tree(facts)
    with pytest.raises(CodecError, match="must have 4294967296 bytes"):
        CODECS["picture"].decode(len(header).to_bytes(8, "big") + header)


STRUCT = np.dtype([("a", "<i4"), ("b", "S3", (2,))], align=True)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3), STRUCT),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(10)[::2],
        np.array(5),
        np.zeros((0, 4), "<f4"),
        np.array(["a", "bcd"]),
    ],
)
def test_arrays_of_every_layout_round_trip(array):
    """Structured, Fortran, strided, empty and zero-dimensional arrays come back writable."""
    check_codec(CODECS["array"], array)
    again = CODECS["array"].decode(CODECS["array"].encode(array))
    assert again.flags.writeable
    assert array.flags.c_contiguous <= again.flags.c_contiguous
    assert np.array_equal(array, np.load(io.BytesIO(CODECS["array"].encode(array)), allow_pickle=False))


@pytest.mark.parametrize(
    "array",
    [
        np.array([object()], object),
        np.zeros(2, np.dtype([("a", object)])),
        np.zeros(2, np.dtype("i4", metadata={"a": 1})),
        np.ma.masked_array([1]),
        np.zeros(2, np.dtypes.StringDType()),
        np.zeros(2, "V0"),
    ],
)
def test_arrays_that_need_a_pickle_are_refused(array):
    """Objects, metadata, masks and custom dtypes raise CodecError."""
    with pytest.raises(CodecError, match="must be"):
        CODECS["array"].encode(array)


def test_pickled_array_is_not_read():
    """A .npy file that holds a pickle is refused unread."""
    stream = io.BytesIO()
    np.save(stream, np.array([{}], object), allow_pickle=True)
    with pytest.raises(CodecError, match="cannot be read"):
        CODECS["array"].decode(stream.getvalue())


@pytest.mark.parametrize(
    "scalar",
    [
        np.float32(1),
        np.uint8(3),
        np.bool_(1),
        np.datetime64("2020-01-01"),
        np.str_("é"),
        np.float64(1),
        np.str_(""),
    ],
)
def test_numpy_scalars_keep_their_type(scalar):
    """A numpy scalar comes back as one, of the same type."""
    assert codec_for(scalar) is CODECS["scalar"]
    check_codec(CODECS["scalar"], scalar)


def test_numpy_text_that_would_lose_a_nul_is_refused():
    """Text that numpy would shorten raises CodecError."""
    with pytest.raises(CodecError, match="NUL"):
        CODECS["scalar"].encode(np.str_("a\0"))
    with pytest.raises(CodecError, match="shape must be"):
        CODECS["scalar"].decode(CODECS["array"].encode(np.zeros(2)))


@pytest.mark.parametrize(
    "dtype",
    [
        np.dtype([("a", "<i4"), ("b", "S3", (2,))], align=True),
        np.dtype([("a", "i1"), ("b", "<i4")], align=True),
        np.dtype([("a", "i1"), ("b", np.dtype([("c", "i1"), ("d", "<i4")], align=True))]),
    ],
)
def test_padding_between_fields_never_reaches_the_encoding(dtype):
    """Equal records give equal bytes, whatever the heap held before."""
    array = np.zeros((2, 3), dtype)
    seen = set()
    for filler in range(50):
        dirt = [np.full(array.nbytes, filler, np.uint8) for _ in range(20)]
        del dirt
        seen.add(CODECS["array"].encode(array))

    assert 1 == len(seen)
    assert same(array, CODECS["array"].decode(seen.pop()))
