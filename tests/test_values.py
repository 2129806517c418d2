"""Values to digests."""

import dataclasses
import datetime as dt
import enum
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import types
import uuid
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, namedtuple
from decimal import Decimal
from fractions import Fraction

import attrs
import numpy as np
import pytest
from hypothesis import given
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from strategies import MODES, check_digests, make_picture, plain_values, values

from creevey_graph.codecs import codec_for
from creevey_graph.errors import Undigestible
from creevey_graph.fingerprint.values import (
    digest_bytes,
    digest_of_sha256,
    digest_value,
    is_frozen,
)

PINNED = {
    "None": "cee4f836cc1f33988c7f40eb6acf4a372661075dd309af083d1da0b02a799f87",
    "1": "9f65833cde094f60d11744624afad8c341b26e7cf84e4b18d79e706776501cb9",
    "-0.0": "e6476c1f85e75090d38ab6d8b519928f8a59222354ac81af24722fe7bb39c7ae",
    "'a\\udc80'": "6c7aa11e4a9471541e1d49dcb837ced0669666ebd455eb07e6c795ed8f7eede8",
    "b'x'": "cd0846b70a4424e6d1a2710c70e71a35ed58c9a6145ac3bf7a879b4ecc97967b",
    "{'size': (224, 224), 'fit': ['fill'], 3: {1, 2, 'x'}}": "f4e5eff82d1d08d02969174ac2c0a29b5b65a491fc59504f33d3f8eaccb45889",
    "2 ** 300": "5e214e6f59fb6413c602399c0965f5fd577bebde9d9ce0d23b6ff8f36a3d11f0",
    "float('nan')": "50b182fa3fad297a5ef9f440a3fbbf8182bebef4bc366b1b0e23e0b1860db228",
}
"""Literals, since stored keys rest on them: a change here discards every cache."""


@pytest.mark.parametrize("text", PINNED)
def test_digests_never_change(text):
    """Digests of plain values are what they were in every release."""
    assert PINNED[text] == digest_value(eval(text))


SCRIPT = "import json, sys; from creevey_graph.fingerprint.values import digest_value as d; \
print(json.dumps([d(eval(text)) for text in json.loads(sys.argv[1])]))"


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_digests_are_equal_over_processes_and_hash_seeds(seed):
    """Another process with another PYTHONHASHSEED gives the same digests."""
    texts = [*PINNED, "{'a', 'b', 'c', None}", "frozenset({('a',), 'b', 2.5})", "{x: {x} for x in 'abcdef'}"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(texts)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=pathlib.Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [digest_value(eval(text)) for text in texts] == json.loads(done.stdout)


@given(values, values)
def test_equal_digests_mean_equal_values(one, other):
    """Two values have one digest exactly where type and content are the same."""
    check_digests(one, other)
    check_digests([one, other], [other, one])


@given(values)
def test_a_stored_value_keeps_its_digest(value):
    """What a codec gives back has the digest of what it was given."""
    codec = codec_for(value)
    if codec is not None:
        assert digest_value(value) == digest_value(codec.decode(codec.encode(value)))


@given(plain_values)
def test_order_of_a_dict_counts(value):
    """Code may go by the order of keys: a dict has one digest for each."""
    pairs = [("a", value), ("b", 1)]
    assert digest_value(dict(pairs)) == digest_value(dict(pairs))
    assert digest_value(dict(pairs)) != digest_value(dict(reversed(pairs)))


def test_the_law_fails_for_a_constant():
    """A digest that is the same for all breaks the law."""
    with pytest.raises(AssertionError, match="1 and 2"):
        check_digests(1, 2, digest=lambda _: "same")


class Text(str):
    __slots__ = ()


class Scaled(float):
    def __new__(cls, value, unit):
        self = super().__new__(cls, value)
        self.unit = unit
        return self


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    RED = 1


class Flags(enum.Flag):
    A = 1
    B = 2


Point = namedtuple("Point", "x y")  # noqa: PYI024 - the untyped kind is meant
Pixel = namedtuple("Pixel", "x y")  # noqa: PYI024


@dataclasses.dataclass
class Size:
    width: int
    height: int = 0
    kind: dataclasses.InitVar[int] = 0

    @functools.cached_property
    def area(self):
        return self.width * self.height


@dataclasses.dataclass(frozen=True, slots=True)
class Box:
    width: int
    height: int = 0


@attrs.frozen
class Crop:
    width: int
    height: int = 0


class Wide(Size):
    pass


class Loose(dict):
    def items(self):
        return []


UTC = dt.UTC
ALL_DIFFERENT = [
    *(None, 1, True, "1", 1.0, b"1", bytearray(b"1"), 1 + 0j, ..., 0, False, 0.0, -0.0, "", b""),
    *(float("nan"), float("inf"), -float("inf"), -1, 2**64, 2**300, complex(0.0, -0.0), complex(0, 0)),
    *(
        [1],
        (1,),
        {1},
        frozenset({1}),
        {1: None},
        [],
        (),
        set(),
        frozenset(),
        {},
        [[1]],
        [1, [2]],
        [[1], 2],
        [[1, 2]],
    ),
    *(range(1), range(0, 1, 2), slice(1), slice(0, 1), "a\udc80", "ab", ["a", "b"], ["ab"], ("a", "b")),
    *(Color.RED, Color.BLUE, Level.RED, Flags.A, Flags.A | Flags.B),
    *(pathlib.Path("a"), pathlib.Path("a/b"), pathlib.Path("/a")),
    *(dt.date(2020, 1, 1), dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=UTC), dt.time(1)),  # noqa: DTZ001
    dt.datetime(2020, 1, 1, fold=1),  # noqa: DTZ001
    dt.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
    *(
        dt.time(1, tzinfo=UTC),
        dt.timedelta(1),
        dt.timedelta(seconds=1),
        UTC,
        dt.timezone(dt.timedelta(hours=1)),
    ),
    *(Decimal(1), Decimal("1.0"), Decimal("NaN"), Fraction(1), Fraction(1, 2), uuid.UUID(int=1)),
    *(re.compile("a"), re.compile("a", re.IGNORECASE), re.compile(b"a")),
    *(Point(1, 2), Pixel(1, 2), (1, 2), Size(1, 2), Wide(1, 2), Box(1, 2), Crop(1, 2), Crop(2, 1), Box(2, 1)),
    *(Text("1"), Scaled(1.0, "m"), Scaled(1.0, "km"), Loose(a=1), Loose(), Counter("a"), Counter("b")),
    *(
        OrderedDict(a=1, b=2),
        OrderedDict(b=2, a=1),
        defaultdict(list, a=1),
        defaultdict(set, a=1),
        {"a": 1, "b": 2},
    ),
    *(types.MappingProxyType({}), types.MappingProxyType({1: 1}), int, Size, Color),
    *(np.float32(1), np.float64(1), np.int64(1), np.bool_(1), np.str_("1"), np.str_("1\0"), np.bytes_(b"1")),
    *(
        np.dtype("f4"),
        np.dtype(">f4"),
        np.array(1),
        np.array([1]),
        np.array([[1]]),
        np.array([1, 2]),
        np.array([2, 1]),
    ),
    *(np.zeros(4, "u1"), np.zeros((2, 2), "u1"), np.zeros(2, "u2"), np.zeros(2, ">u2"), np.zeros(1, "u4")),
    *(np.zeros(1, "f4"), np.zeros(1, "M8[s]"), np.zeros(1, "M8[ms]"), np.array([[1, 2], [3, 4]])),
    *(
        np.array([[1, 3], [2, 4]]),
        np.array([[1, 2], [3, 4]], object),
        np.array(["1", 2], object),
        np.zeros((0, 2)),
    ),
    *(
        np.zeros((2, 0)),
        np.zeros(1, [("a", "i4")]),
        np.zeros(1, [("b", "i4")]),
        np.zeros(1, [("a", "i4", (1,))]),
    ),
    *(IFDRational(1, 2), IFDRational(2, 4)),
    *(make_picture(mode) for mode in MODES),
    *(make_picture(mode, seed=1) for mode in MODES),
    *(make_picture("RGB", seed=2), make_picture("RGB", (3, 5))),
]


def test_different_values_have_different_digests():
    """Values of different type or content never share a digest."""
    digests = {}
    for value in ALL_DIFFERENT:
        twin = digests.setdefault(digest_value(value), value)
        assert twin is value, f"{twin!r} and {value!r}"


def test_one_value_has_one_digest():
    """What has the same content has one digest, however it came about."""
    size = Size(1, 2)
    assert size.area == 2
    strided = np.arange(12).reshape(3, 4)[:, ::2]
    for one, other in [
        (size, Size(1, 2)),
        (float("nan"), -float("nan")),
        (pathlib.PurePosixPath("a/b"), pathlib.PureWindowsPath("a\\b")),
        (pathlib.Path("a"), pathlib.PurePosixPath("a")),
        (strided, strided.copy()),
        (np.asfortranarray(strided), np.asfortranarray(strided.copy())),
        (np.arange(2, dtype="=i4"), np.arange(2, dtype="i4")),
        (np.array([1, [2]], object), np.array([1, [2]], object)),
        (np.longdouble(1) / 3, np.longdouble(1) / 3),
        (make_picture("P"), make_picture("P").copy()),
        (Counter("ab"), Counter("ab")),
    ]:
        assert digest_value(one) == digest_value(other), f"{one!r} and {other!r}"


def test_the_order_of_an_array_in_memory_counts():
    """The codec keeps it and code may go by it: arrays of two orders that share a blob came back in one."""
    array = np.arange(6).reshape(2, 3)
    assert digest_value(np.asfortranarray(array)) != digest_value(array)
    assert digest_value(np.asfortranarray(array)) == digest_value(array.T.copy().T)


def test_gaps_between_fields_do_not_count():
    """Whatever was in memory between the fields of a structured array is left out."""
    dtype = np.dtype([("a", "u1"), ("b", "i4")], align=True)
    one = np.frombuffer(b"\x01\x00\x00\x00\x02\x00\x00\x00", dtype)
    other = np.frombuffer(b"\x01\xff\xff\xff\x02\x00\x00\x00", dtype)
    assert digest_value(one) == digest_value(other)
    assert digest_value(one) != digest_value(np.frombuffer(b"\x02\x00\x00\x00\x02\x00\x00\x00", dtype))


def test_facts_of_a_picture_count():
    """Palette, info and format of a picture each change its digest."""
    plain = make_picture("P")
    palette, info, format_name = plain.copy(), plain.copy(), plain.copy()
    palette.putpalette([7] * 768)
    info.info["dpi"] = (300, 300)
    format_name.format = "PNG"
    assert len({digest_value(picture) for picture in (plain, palette, info, format_name)}) == 4


def test_bytes_have_the_digest_of_their_sha256():
    """A file's plain sha256 gives the digest of its bytes."""
    assert digest_value(b"abc") == digest_bytes(b"abc") == digest_bytes(bytearray(b"abc"))
    with pytest.raises(ValueError, match="must have 64 hex digits"):
        digest_of_sha256("ab")


class Opaque:
    def __repr__(self):
        raise AssertionError("never asked")


@dataclasses.dataclass
class Holder:
    part: object


@attrs.define
class Unset:
    part: object = attrs.field(init=False)


class Masked(np.ndarray):
    pass


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Opaque(), "value: "),
        ({"a": [Opaque()]}, r"value\['a'\]\[0\]: "),
        ((1, {(1, 2): Opaque()}), r"value\[1\]\['builtins.tuple'\]: "),
        ({Opaque(): 1}, r"value \(a key\): "),
        ({Opaque()}, r"value \(a member\): "),
        (Holder([Opaque()]), r"value.part\[0\]: "),
        (Point(1, Opaque()), "value.y: "),
        (np.array([1, Opaque()], object), r"value\[1\]: "),
        (defaultdict(lambda: 1), "value.default_factory: "),
        (Unset(), "value: .* without its field 'part'"),
        (len, "value: builtins.builtin_function_or_method 'len'"),
        (lambda: 1, "value: builtins.function"),
        (iter([]), "value: "),
        (memoryview(b""), "value: "),
        (sys, "value: "),
        (np.ma.masked_array([1]), "value: numpy.ma"),
        (np.zeros(1).view(Masked), "value: "),
        (np.zeros(1, np.dtypes.StringDType()), "value: numpy dtype"),
        (pathlib.Path("/").stat(), "value: os.stat_result"),
        (type("Local", (), {"__qualname__": "f.<locals>.Local"}), "value: local class"),
    ],
)
def test_what_has_no_content_is_refused_by_place(value, path):
    """A value without a digest is an error that says where it stands and what to do."""
    with pytest.raises(Undigestible, match=f"^{path}.*has no digest by content; pass it as"):
        digest_value(value)


def test_cycles_and_deep_nesting_are_refused():
    """A value that holds itself, or is nested very deep, raises Undigestible."""
    cycle = {"a": []}
    cycle["a"].append(cycle)
    with pytest.raises(Undigestible, match=r"value\['a'\]\[0\]: builtins.dict holds itself"):
        digest_value(cycle)
    holder = Holder(None)
    holder.part = holder
    with pytest.raises(Undigestible, match="holds itself"):
        digest_value(holder)
    deep = None
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Undigestible, match="nested over 100 deep"):
        digest_value(deep)
    shared = [1]
    assert digest_value([shared, shared]) == digest_value([[1], [1]])


def test_a_stack_that_is_nearly_full_is_no_crash():
    """Deep within a program's own recursion a nested value raises Undigestible, not RecursionError."""
    deep = None
    for _ in range(99):
        deep = [deep]

    def within(frames):
        return digest_value(deep) if frames == 0 else within(frames - 1)

    assert digest_value(deep)
    with pytest.raises(Undigestible, match="nested too deep"):
        within(sys.getrecursionlimit() - 200)


def test_functions_go_through_digest_callable():
    """Functions, partials and callable objects have the digest that the caller gives them."""

    def digest(by):
        return digest_value({"f": [len]}, digest_callable=by)

    assert digest(lambda func: func.__name__) == digest(lambda _func: "len")
    assert digest(lambda _func: "one") != digest(lambda _func: "two")
    assert digest_value(functools.partial(len), digest_callable=lambda _func: "x")


@dataclasses.dataclass
class Blur:
    radius: int

    def __call__(self, image):
        return image


def test_code_of_callable_instances_counts():
    """An instance that can be called counts by its fields and its class's code, and by neither alone."""
    with pytest.raises(Undigestible, match="Blur has no digest"):
        digest_value(Blur(1))
    digests = {
        digest_value(Blur(radius), digest_callable=lambda _func, code=code: code)
        for radius in (1, 2)
        for code in ("old", "new")
    }
    assert len(digests) == 4


def test_local_classes_need_their_code():
    """Classes made by a function share a name, so they have no digest without their code."""

    class Local:
        pass

    assert digest_value(Local, digest_callable=lambda _: "one") != digest_value(
        Local, digest_callable=lambda _: "two"
    )
    with pytest.raises(Undigestible, match="local class"):
        digest_value(Local)


def test_open_file_of_several_frames_is_refused(tmp_path):
    """An opened animation is more than its current frame and has no digest; nor has a broken file."""
    make_picture("L").save(tmp_path / "a.gif", save_all=True, append_images=[make_picture("L", seed=1)])
    with Image.open(tmp_path / "a.gif") as picture, pytest.raises(Undigestible, match="2 frames"):
        digest_value(picture)
    make_picture("L", (64, 64)).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:2000])
    with Image.open(tmp_path / "a.png") as picture, pytest.raises(Undigestible, match="cannot be read"):
        digest_value(picture)


def test_neither_numpy_nor_pillow_is_imported():
    """Digests and codecs of plain values import neither numpy nor Pillow."""
    code = (
        "import sys; from creevey_graph.codecs import codec_for; from creevey_graph.fingerprint.values import \
digest_value; digest_value([1]); codec_for(object()); sys.exit(bool({'numpy', 'PIL'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=pathlib.Path(__file__).parent.parent, check=True)


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "a",
        b"a",
        (1, ("a", frozenset({1}))),
        pathlib.Path("a"),
        Color.RED,
        Decimal(1),
        dt.date(2020, 1, 1),
    ],
)
def test_immutable_values_are_frozen(value):
    """What nothing can change may be shared."""
    assert is_frozen(value)


@pytest.mark.parametrize(
    "value",
    [[], {}, set(), bytearray(), (1, []), ((1, ({},)),), Text("a"), Point(1, 2), np.zeros(1), Opaque()],
)
def test_other_values_are_not_frozen(value):
    """What can change, or may for all that is known, is not shared."""
    assert not is_frozen(value)
