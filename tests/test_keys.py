"""Keys: what differs by code, arguments or files never shares one, and what is equal does."""

import functools
import importlib
import sys
from collections.abc import Callable

import pytest
from PIL import Image, ImageOps

from creevey_graph import graph, step
from creevey_graph.codecs import Codec
from creevey_graph.fields import field_of
from creevey_graph.fingerprint.code import fingerprint_function
from creevey_graph.fingerprint.paths import reads_path_text
from creevey_graph.fingerprint.values import digest_value
from creevey_graph.freeze import freeze


def key_of(made, **arguments):
    """Return the fingerprint of a step in a graph of its own."""

    @graph
    def alone(x):
        return made(x, **arguments)

    return freeze(alone).nodes[0].fingerprint


def plain(x, value=None):
    return x, value


def other(x):
    return x


def another(x):
    return -x


def test_two_steps_of_one_version_differ():
    """A version stands for what a function does, not for which function it is."""
    assert key_of(step(another, version="1")) != key_of(step(other, version="1"))
    assert key_of(step(plain, version="1")) == key_of(step(plain, version="1", name="renamed"))
    assert key_of(step(functools.partial(other), version="1")) == key_of(step(other, version="1"))


ITEMS = [{"x": 1}]


@step
def one(x):
    return f"one{x}"


@step
def two(x):
    return f"two{x}"


@step
def by_name(**texts):
    return f"{texts['top']} {texts['bottom']}"


@step
def from_dict(texts):
    return f"{texts['top']} {texts['bottom']}"


@step
def joined(texts):
    return " ".join(texts)


@pytest.mark.parametrize(
    ("build", "swapped", "expected"),
    [
        (lambda a, b: by_name(top=a, bottom=b), lambda a, b: by_name(bottom=a, top=b), "two1 one1"),
        (
            lambda a, b: from_dict({"top": a, "bottom": b}),
            lambda a, b: from_dict({"bottom": a, "top": b}),
            "two1 one1",
        ),
        (lambda a, b: joined([a, b, "ref"]), lambda a, b: joined(["ref", a, b]), "ref one1 two1"),
    ],
)
def test_a_value_counts_by_the_name_and_place_it_is_given_at(go, build, swapped, expected):
    """Swapped keyword arguments, dict keys and places are other keys, and give their own result."""

    @graph(name="both")
    def first(x):
        return {"v": build(one(x), two(x))}

    @graph(name="both")
    def second(x):
        return {"v": swapped(one(x), two(x))}

    go(first, ITEMS)

    assert [expected] == [row.fields["v"] for row in go(second, ITEMS).rows]


def test_order_of_a_parameters_dict_counts():
    """A table of operations may be applied in order."""
    assert key_of(step(plain), value={"a": 1, "b": 2}) != key_of(step(plain), value={"b": 2, "a": 1})
    assert digest_value({1, "a"}) == digest_value({"a", 1})


@pytest.mark.parametrize("wrap", [lambda path: path, lambda path: [path], lambda path: {"a": (path,)}])
def test_the_content_of_a_constant_file_counts(tmp_path, wrap):
    """A logo painted anew is another parameter, also within containers; a missing file is no error."""
    path = tmp_path / "logo.png"
    missing = key_of(step(plain), value=wrap(path))
    path.write_bytes(b"old")
    old = key_of(step(plain), value=wrap(path))
    path.write_bytes(b"new")

    assert 3 == len({missing, old, key_of(step(plain), value=wrap(path))})


# --- code that went unseen ----------------------------------------------------------------------


@pytest.fixture
def digests(tmp_path, monkeypatch):
    """Return a function: text of module `mine` with V in it -> digests of what `probe` makes of it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(text, probe: Callable[..., str]):
        found = []
        for value in ("old", "newer"):
            (tmp_path / "mine.py").write_text(text.replace("VALUE", value))
            monkeypatch.delitem(sys.modules, "mine", raising=False)
            importlib.invalidate_caches()
            found.append(probe(importlib.import_module("mine")))
        return found

    yield make
    sys.modules.pop("mine", None)


CLASSES = """
import enum
from dataclasses import dataclass
from typing import NamedTuple
@dataclass
class F:
    n: int
    def apply(self): return "VALUE"
class E(enum.Enum):
    A = 1
    def apply(self): return "VALUE"
class P(NamedTuple):
    x: int
    def apply(self): return "VALUE"
class S(str):
    def apply(self): return "VALUE"
HELD = HOLD
def f(x): return HELD
"""


@pytest.mark.parametrize("hold", ["F(1)", "E.A", "P(1)", "S('a')", "F"])
@pytest.mark.parametrize("wrap", ["{}", "[{}]", "({},)", "dict(a={})"])
def test_methods_of_held_values_count(digests, hold, wrap):
    """A method of a value in a global or a parameter counts, however deep the value lies."""
    text = CLASSES.replace("HOLD", wrap.format(hold))

    old, new = digests(text, lambda mine: fingerprint_function(mine.f).digest)
    assert old != new
    old, new = digests(text, lambda mine: key_of(step(plain), value=mine.HELD))
    assert old != new


@pytest.mark.parametrize("hold", ["F(1)", "E.A", "[P(1)]", "(F(1), E.A)"])
def test_what_is_generated_is_no_blind_spot(digests, hold):
    """Methods that `dataclass` and `NamedTuple` write are not listed as not tracked."""
    text = CLASSES.replace("HOLD", hold)

    assert [(), ()] == digests(text, lambda mine: fingerprint_function(mine.f).untracked)


CACHED = """
import functools
class K:
    @functools.cached_property
    def b(self): return "VALUE"
def f(x): return K().b
"""
DISPATCHED = """
import functools
@functools.singledispatch
def h(x): return 0
@h.register
def _(x: int): return "VALUE"
def f(x): return h(1)
"""


@pytest.mark.parametrize(
    "text",
    [
        DISPATCHED,
        CACHED,
        "class M(type):\n    def hi(cls): return 'VALUE'\nclass K(metaclass=M): pass\ndef f(x): return K.hi()",
        "def h(): pass\nh.level = 'VALUE'\ndef f(x): return h.level",
        "from dataclasses import dataclass\n@dataclass\nclass K:\n    n: str = 'VALUE'\ndef f(x): return K()",
    ],
)
def test_code_beside_the_tree_counts(digests, text):
    """Tables of `singledispatch`, metaclasses, attributes of functions and defaults of fields count."""
    old, new = digests(text, lambda mine: fingerprint_function(mine.f).digest)

    assert old != new


def test_what_an_installed_decorator_holds_counts(tmp_path, monkeypatch):
    """A decorator of a distribution that wraps without `wraps` counts with its arguments."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "decolib.py").write_text(
        "def times(n):\n    def deco(f):\n        def w(x): return f(x) * n\n        return w\n    return deco\n"
    )
    monkeypatch.syspath_prepend(folder)
    times = importlib.import_module("decolib").times
    try:
        assert fingerprint_function(times(2)(other)).digest != fingerprint_function(times(3)(other)).digest
    finally:
        del sys.modules["decolib"]


def test_imports_inside_a_function_count(tmp_path, monkeypatch):
    """By the text of the files, whether they are loaded or not, with what they import in their turn."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def f(x):
        import not_there_at_all
        from near_mine.inner import g

        return g(x), not_there_at_all

    (tmp_path / "near_mine").mkdir()
    (tmp_path / "near_mine/__init__.py").write_text("")
    (tmp_path / "near_mine/inner.py").write_text("from . import far\ndef g(x): return far.h(x)\n")
    (tmp_path / "near_mine/far.py").write_text("def h(x): return 1\n")
    importlib.invalidate_caches()
    first = fingerprint_function(f)
    assert "near_mine" not in sys.modules
    importlib.import_module("near_mine.inner")
    loaded = fingerprint_function(f).digest
    for name in ("near_mine.inner", "near_mine.far", "near_mine"):
        del sys.modules[name]
    (tmp_path / "near_mine/far.py").write_text("def h(x): return 2\n")

    assert first.digest == loaded
    assert () == first.untracked
    assert first.digest != fingerprint_function(f).digest


def test_dependencies_of_one_name_both_count(digests):
    """Two functions of one name that a step depends on are told apart."""

    def other_helper():
        return 1

    other_helper.__qualname__ = "helper"

    def probe(mine):
        return key_of(step(plain, depends_on=[mine.helper, other_helper]))

    old, new = digests("def helper(): return 'VALUE'", probe)

    assert old != new


# --- paths --------------------------------------------------------------------------------------


def describe(file):
    return file.name if hasattr(file, "name") else ""


def hands_on(photo):
    with photo.open("rb") as file:
        return describe(file)


def hands_on_at_once(photo):
    return describe(Image.open(photo))


def hands_on_later(photo):
    image = Image.open(photo)
    return describe(image)


def shows(photo):
    with photo.open() as file:
        return f"{file}"


def keeps(photo):
    with Image.open(photo) as image:
        turned = ImageOps.exif_transpose(image)
        return turned.convert("RGB")


def converts(photo):
    with Image.open(photo) as image:
        return describe(image.convert("RGB"))


@pytest.mark.parametrize(
    ("func", "expected"),
    [
        (hands_on, True),
        (hands_on_at_once, True),
        (hands_on_later, True),
        (shows, True),
        (lambda photo: repr(Image.open(photo)), True),
        (keeps, False),
        (converts, False),
        (lambda photo: Image.open(photo).convert("RGB"), False),
        (lambda photo: describe(photo.read_bytes()), False),
    ],
)
def test_a_paths_text_counts_where_what_was_opened_may_tell_it(func, expected):
    """An open file tells its name to whom it is handed."""
    assert expected == reads_path_text(func, "photo")


# --- what fails ---------------------------------------------------------------------------------


def first(x, value):
    return x if value else None


class Odd:
    def __repr__(self):
        raise RuntimeError("no repr")


def test_a_parameter_without_a_repr_is_no_error(go):
    """It cannot be kept, and the step runs."""

    @graph
    def with_odd(x):
        return {"v": step(first, name="kept")(x, value=Odd())}

    assert [1] == [row.fields["v"] for row in go(with_odd, ITEMS).rows]


def test_a_field_that_cannot_be_shown_is_named():
    """Sets of what has no repr, and lists that hold themselves, have a field."""
    ring: list[object] = []
    ring.append(ring)

    assert ["<Odd>"] == field_of({Odd()})
    assert "<list>" == field_of(ring)


@pytest.mark.parametrize("encode", [lambda _: 1 / 0, lambda _: "no bytes"])
def test_a_codec_that_fails_to_encode_costs_the_keeping_only(go, encode):
    """The value is not kept and the report says so; the item is done."""
    codec = Codec("broken", lambda _: True, encode, lambda data: data)

    @step(codec=codec, cache="always")
    def text(x):
        return "a"

    @graph
    def kept(x):
        return {"v": text(x)}

    report = go(kept, ITEMS)

    assert [("done", "a")] == [(str(row.outcome.value), row.fields["v"]) for row in report.rows]
