"""Functions to fingerprints: what counts, what does not, and what cannot be seen."""

# ruff: noqa: PTH123, A002, PLW0108, ARG005 - what users write is what the cases are about

import ast
import enum
import functools
import hashlib
import importlib
import itertools
import json
import linecache
import os
import socket
import subprocess
import sys
import textwrap
import threading
import types
from pathlib import Path

import numpy.linalg  # noqa: F401 - asked about below
import pytest
from PIL import Image

from creevey_graph.fingerprint.canonical import canonical_bytes
from creevey_graph.fingerprint.code import fingerprint_function
from creevey_graph.fingerprint.facts import MAX_FUNCTION, MAX_SOURCES, path_of, value_text
from creevey_graph.fingerprint.modules import is_user_module
from creevey_graph.fingerprint.paths import reads_path_text
from creevey_graph.fingerprint.references import chains_of, state_of
from creevey_graph.step import step


@pytest.fixture
def fingerprint(tmp_path, monkeypatch):
    """Return a function: texts of modules -> fingerprint of `f` in module `sample`."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    ticks = itertools.count(1_000_000_000, 10)

    def make(sample, **modules):
        for name, text in {"sample": sample, **modules}.items():
            path = tmp_path / f"{name}.py"
            path.write_text(textwrap.dedent(text).lstrip("\n"))
            os.utime(path, (tick := next(ticks), tick))
            monkeypatch.delitem(sys.modules, name, raising=False)
        linecache.clearcache()
        importlib.invalidate_caches()
        module = importlib.import_module("sample")
        for name in ("sample", *modules):
            monkeypatch.delitem(sys.modules, name, raising=False)
            sys.modules[name] = sys.modules.get(name, module)
        return fingerprint_function(module.f)

    yield make
    for name in [
        name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))
    ]:
        del sys.modules[name]


BASE = """
import functools
from pathlib import Path

from creevey_graph import step

SIZE = 3
TABLE = {"a": lambda x: x + 1, "b": lambda x: x + 2}
WAYS = [lambda x: x * 1, lambda x: x * 2]


def helper(x, by=2):
    return other(x) * by


def other(x):
    return x + 10


class Tool:
    rate = 5

    def __init__(self, width):
        self.width = width

    def use(self, x):
        return x * self.rate

    @property
    def half(self):
        return self.width / 2

    @staticmethod
    def plain(x):
        return -x


TOOL = Tool(7)
PART = functools.partial(other, x=4)


def even(x):
    return x == 0 or odd(x - 1)


def odd(x):
    return x != 0 and even(x - 1)


def maker(n):
    def inner(x):
        return x + n
    return inner


MADE = {"one": maker(1), "two": maker(2)}
pick = lambda x: x + 1, lambda x: x + 2


def f(x: int, y: int = 1) -> int:
    '''Do all.'''
    # a comment
    total: int = x + SIZE
    total += helper(x) + TOOL.use(x) + PART() + even(4) + MADE["one"](1) + pick[0](1)
    return TABLE["a"](total) + WAYS[0](y) + Tool.plain(x)
"""


@pytest.fixture
def base(fingerprint):
    """Return the fingerprint of the module as it stands."""
    return fingerprint(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # a comment\n", ""),
        ("'''Do all.'''", "'''Do it all.'''"),
        ("    '''Do all.'''\n", ""),
        ("x: int, y: int = 1) -> int", "x, y=1)"),
        ("total: int = x", "total = x"),
        ("    total: int = x + SIZE", "    total: int = (x\n        + SIZE)"),
        ("    # a comment\n", "    rest: int\n"),
        ("def f(x", "\n\n@step\ndef f(x"),
        ("def f(x", "@step(retries=3)\ndef f(x"),
        ("def f(x", "UNUSED = 1\n\n\ndef unused():\n    return 1\n\n\ndef f(x"),
        ("def helper(x, by=2):", "def helper(x: int, by: int = 2) -> int:"),
        ("    return x + 10", "    '''Add.'''\n    return x + 10  # ten"),
        ('"a"](total)', "'a'](total)"),
        ("SIZE = 3", "SIZE = 1 + 2"),
        ("SIZE = 3", "SIZE: int = 3"),
        ("import functools\n", "import functools\nimport os\n"),
    ],
)
def test_what_does_not_change_the_result_does_not_count(fingerprint, base, old, new):
    """Comments, docstrings, annotations, formatting, our decorators and strangers do not count."""
    assert old in BASE

    assert base.digest == fingerprint(BASE.replace(old, new)).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x + SIZE", "x - SIZE"),
        ("x + SIZE", "SIZE + x"),
        ("SIZE = 3", "SIZE = 4"),
        ("SIZE = 3", "SIZE = 3.0"),
        ("SIZE = 3", "SIZE = True"),
        ("y: int = 1", "y: int = 2"),
        ("y: int = 1", "z: int = 1"),
        ("by=2", "by=3"),
        ("other(x) * by", "by * other(x)"),
        ("return x + 10", "return x + 11"),
        ("rate = 5", "rate = 6"),
        ("return x * self.rate", "return x / self.rate"),
        ("self.width / 2", "self.width // 2"),
        ("return -x", "return +x"),
        ("Tool(7)", "Tool(8)"),
        ("partial(other, x=4)", "partial(other, x=5)"),
        ("partial(other, x=4)", "partial(helper, x=4)"),
        ("even(x - 1)", "even(x - 2)"),
        ("odd(x - 1)", "odd(x - 3)"),
        ('"a": lambda x: x + 1', '"a": lambda x: x - 1'),
        ('"b": lambda x: x + 2', '"c": lambda x: x + 2'),
        ("x * 1, lambda x: x * 2", "x * 2, lambda x: x * 1"),
        ("maker(1)", "maker(3)"),
        ("maker(2)", "maker(3)"),
        ('"one": maker(1), "two": maker(2)', '"one": maker(2), "two": maker(1)'),
        ("x + 1, lambda x: x + 2", "x + 1, lambda x: x + 3"),
        ("def f(x", "def twice(g):\n    return lambda *a: g(g(*a))\n\n\n@twice\ndef f(x"),
    ],
)
def test_what_may_change_the_result_counts(fingerprint, base, old, new):
    """Body, defaults, constants, helpers, closures, classes, tables, partials and decorators count."""
    assert old in BASE

    assert base.digest != fingerprint(BASE.replace(old, new)).digest


def test_the_functions_own_defaults_can_be_left_out(fingerprint):
    """A step's parameters count by themselves, whether they come from a default or a call."""

    def digest(text):
        fingerprint(text)
        return fingerprint_function(sys.modules["sample"].f, with_defaults=False).digest

    one = digest("def f(x, y=1, *, z=1): return x")

    assert one == digest("def f(x, y=2, *, z=3): return x")
    assert one != digest("def f(x, y=1, *, z=1): return x + 1")
    assert one != digest("def f(x, z=1, *, y=1): return x")
    assert one != fingerprint_function(sys.modules["sample"].f).digest
    # Those of a function inside it count: nothing else says what they are.
    assert digest("def f(x):\n    def g(y=1): return y\n    return g") != digest(
        "def f(x):\n    def g(y=2): return y\n    return g"
    )


def test_everything_is_seen_in_the_base(base):
    """Nothing in ordinary code is listed as not tracked, and the parts name what counts."""
    assert () == base.untracked
    assert {"refers to sample.SIZE", "refers to sample.helper", "refers to sample.TOOL.width"} <= set(
        base.parts
    )
    assert base.source.startswith("def f(x: int")


def test_helpers_in_other_modules_count_through_any_import(fingerprint):
    """`from a import b`, `import a` and chains of helpers are followed."""
    sample = """
    import near
    from near import direct

    def f(x):
        return direct(x) + near.by_chain(x)
    """
    near = (
        "import far\ndef direct(x): return x\ndef by_chain(x): return far.deep(x)\ndef unused(): return 0\n"
    )
    far = "def deep(x): return x + 1\n"
    one = fingerprint(sample, near=near, far=far)

    assert one.digest == fingerprint(sample, near=near.replace("return 0", "return 1"), far=far).digest
    assert one.digest != fingerprint(sample, near=near, far=far.replace("1", "2")).digest
    assert (
        one.digest
        != fingerprint(
            sample, near=near.replace("direct(x): return x", "direct(x): return 0"), far=far
        ).digest
    )
    assert () == one.untracked


def test_a_module_used_as_a_whole_is_listed(fingerprint):
    """What `getattr(module, name)` finds cannot be known; the module is listed, also beside a chain."""
    found = fingerprint(
        "import near\ndef f(x): return getattr(near, x)() + near.direct(x)", near="def direct(x): return x"
    )

    assert any("module near as a whole" in text for text in found.untracked)
    assert "refers to sample.near.direct" in found.parts


def test_two_lambdas_of_one_line_are_told_apart():
    """Also where one stands in the other."""
    one, two = (lambda x: x + 1), (lambda x: x + 2)
    outer = lambda x: lambda y: y + x  # noqa: E731
    digests = {fingerprint_function(func).digest for func in (one, two, outer, outer(1))}

    assert 4 == len(digests)
    assert all(fingerprint_function(func).source for func in (one, two, outer, outer(1)))


def test_nested_lambdas_over_several_lines_are_told_apart():
    """The inner one is the one that begins last, however the lines run."""
    outer = lambda x: ((lambda y: y + 1),  # noqa: E731
        0)  # fmt: skip
    inner = outer(0)[0]
    same = lambda y: y + 1  # noqa: E731

    assert fingerprint_function(same).digest == fingerprint_function(inner).digest


def test_closures_count_by_value():
    """Two functions of one text differ by what they hold; an empty cell is no error."""

    def maker(n):
        return lambda x: x + n

    def recursive():
        def again(x):
            return late(x)

        found = fingerprint_function(again)
        late = abs
        return found

    assert fingerprint_function(maker(1)).digest == fingerprint_function(maker(1)).digest
    assert fingerprint_function(maker(1)).digest != fingerprint_function(maker(2)).digest
    assert fingerprint_function(maker(1)).digest != fingerprint_function(maker(True)).digest
    assert recursive().digest


def test_a_partial_bound_method_and_object_count_with_what_they_hold():
    """Arguments of partials and state of objects count, in `__dict__` and in `__slots__`."""

    class Brush:
        def __init__(self, width):
            self.width = width

        def __call__(self, x):
            return x * self.width

        def paint(self, x):
            return x + self.width

    class Slotted:
        __slots__ = ("width",)

        def __init__(self, width):
            self.width = width

        def __call__(self, x):
            return x * self.width

    def add(x, y):
        return x + y

    for make in (
        Brush,
        Slotted,
        lambda n: Brush(n).paint,
        lambda n: functools.partial(add, y=n),
        lambda n: functools.partial(add, n),
    ):
        assert fingerprint_function(make(1)).digest == fingerprint_function(make(1)).digest
        assert fingerprint_function(make(1)).digest != fingerprint_function(make(2)).digest
        assert () == fingerprint_function(make(1)).untracked


def test_a_step_counts_as_its_function_with_what_is_bound():
    """A step used as a helper counts with its bound values."""

    def shift(x, by=1):
        return x + by

    made = step(shift)

    assert fingerprint_function(made.bind(by=2)).digest != fingerprint_function(made.bind(by=3)).digest


def test_aliases_of_types_count_by_what_they_name(fingerprint):
    """Choices read off a Literal with `get_args` are no blind spot."""
    text = """
    from typing import Literal, get_args

    Fit = Literal["fill", "crop"]
    Both = list[Fit] | None

    def f(x):
        return get_args(Fit).index(x), Both
    """
    one = fingerprint(text)

    assert () == one.untracked
    assert one.digest != fingerprint(text.replace("crop", "pad")).digest


def test_simple_namespaces_count_by_content():
    """A configuration object of the standard library is no empty shell."""

    def maker(config):
        return lambda x: x + config.size

    one, two = (fingerprint_function(maker(types.SimpleNamespace(size=size))) for size in (1, 2))

    assert one.digest != two.digest
    assert () == one.untracked


def test_the_users_function_inside_an_installed_decorator_counts():
    """A wrapper from the standard library or a distribution does not hide what it wraps."""

    def wrapped(by):
        def work(x):
            return x + by

        return functools.singledispatch(functools.lru_cache(work))

    assert fingerprint_function(wrapped(1)).digest != fingerprint_function(wrapped(2)).digest


def test_the_users_function_inside_an_installed_closure_counts():
    """A decorator of a distribution that says nothing of what it wraps does not hide it."""

    def wrapped(by):
        def work(x):
            return x + by

        def wrapper(x):
            return work(x)

        wrapper.__module__ = "json"
        return wrapper

    assert fingerprint_function(wrapped(1)).digest != fingerprint_function(wrapped(2)).digest


def test_an_enum_counts_by_its_members_and_methods():
    """What `enum` keeps in the class for itself differs by Python version, and does not count."""

    class Fit(enum.Enum):
        FILL = "fill"
        CROP = "crop"

    found = fingerprint_function(lambda: Fit.FILL)

    assert any(name.endswith(".FILL") for name in found.parts)
    assert not [name for name in found.parts if "._" in name and "__" not in name]


EDITED = "def f(x):\n    return x + 1\n"


def test_a_file_edited_after_import_is_not_taken_for_what_runs(fingerprint, tmp_path):
    """The code object counts, and that its source is gone is listed."""
    first = fingerprint(EDITED)
    running = sys.modules["sample"].f
    (tmp_path / "sample.py").write_text(EDITED.replace("1", "2"))
    after = fingerprint_function(running)
    (tmp_path / "sample.py").write_text("")
    emptied = fingerprint_function(running)

    assert after.digest == emptied.digest
    assert after.digest not in {first.digest, fingerprint(EDITED.replace("1", "2")).digest}
    assert "" == after.source
    assert ("the source of f (its bytecode counts, with Python's version)",) == after.untracked


def test_an_edit_elsewhere_in_the_file_keeps_the_function(fingerprint, tmp_path):
    """What stands below the function may change; it still is what runs."""
    first = fingerprint(EDITED)
    running = sys.modules["sample"].f
    (tmp_path / "sample.py").write_text(EDITED + "\n\nprint('more')\n")

    assert first.digest == fingerprint_function(running).digest


@pytest.mark.parametrize("text", ["def f(x): return '\\d'", "def f(x): return x is 3"])
def test_warnings_of_the_users_code_are_shown_once(fingerprint, text):
    """Looking at a file does not repeat what its import warned of, nor fail where that is an error."""
    with pytest.warns((DeprecationWarning, SyntaxWarning)) as caught:
        found = fingerprint(text)

    assert 1 == len(caught)
    assert () == found.untracked


class Hostile:
    """Raises whatever it is asked."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError("eq")

    def __hash__(self):
        raise RuntimeError("hash")

    def __repr__(self):
        raise RuntimeError("repr")

    def __bool__(self):
        raise RuntimeError("bool")


class Misled:
    @property
    def __class__(self):
        raise RuntimeError("class")


class LazyModule(types.ModuleType):
    def __getattr__(self, name):
        raise RuntimeError(name)


class Plain:
    def __init__(self, size):
        self.size = size


class Chain:
    def __init__(self, rest):
        self.rest = rest
        self.lock = threading.Lock()


def make_chain(length):
    chain = None
    for _ in range(length):
        chain = Chain(chain)
    return chain


RING = []
RING.append(RING)


@pytest.mark.parametrize(
    ("make", "listed"),
    [
        (threading.Lock, False),
        (threading.RLock, False),
        (lambda: (n for n in ()), True),
        (Hostile, True),
        (Misled, True),
        (lambda: LazyModule("lazy"), True),
        (lambda: make_chain(3000), True),
        (lambda: RING, False),
        (lambda: {"a": Hostile()}, True),
        (lambda: memoryview(b"x"), None),
        (lambda: iter([1]), True),
        (lambda: type("T", (), {"x": Hostile()}), True),
        (lambda: functools.partial(abs, Hostile()), True),
        (lambda: sys, False),
        (lambda: NotImplemented, None),
        (object, True),
    ],
)
def test_nothing_in_globals_makes_a_fingerprint_fail(make, listed):
    """What has no digest is listed as not tracked, and the rest still counts."""

    def build(value, number):
        return lambda x: (value, getattr(value, "part", 0), x + number)

    value = make()
    one, two = fingerprint_function(build(value, 1)), fingerprint_function(build(value, 2))

    assert one.digest != two.digest
    assert one.digest == fingerprint_function(build(value, 1)).digest
    if listed is not None:
        assert listed == bool(one.untracked)


def test_a_lazy_module_in_globals_is_no_error(fingerprint):
    """A chain through a module whose `__getattr__` fails is listed."""
    found = fingerprint(
        "import near\ndef f(x): return near.missing(x)", near="def __getattr__(n): raise RuntimeError(n)"
    )

    assert found.digest
    assert found.untracked


def test_open_files_and_sockets_are_listed(tmp_path):
    """Handles hold nothing that can be told by content."""
    with (tmp_path / "x").open("w") as file, socket.socket() as sock:
        for value in (file, sock):
            assert fingerprint_function(lambda value=value: value).untracked


def test_an_opaque_value_in_a_container_does_not_hide_the_rest():
    """A table with a generator in it is looked into: the generator is listed, the rest counts."""

    def build(size):
        table = {"opaque": (n for n in ()), "size": size, "tools": [Plain(size)]}
        return lambda x: table[x]

    one, two = fingerprint_function(build(3)), fingerprint_function(build(4))

    assert ["closure table['opaque'] (builtins.generator)"] == list(one.untracked)
    assert {"closure table['size']", "closure table['tools'][0].size"} == {
        part for part, digest in one.parts.items() if two.parts[part] != digest
    }


def test_what_an_instance_holds_is_read_without_running_its_code():
    """Slots and `__dict__` are read past `__getattribute__`."""

    class Both(Hostile):
        __slots__ = ("side",)

    both = Both()
    object.__setattr__(both, "side", 1)
    object.__setattr__(both, "other", 2)

    assert {"side": 1, "other": 2} == state_of(both)


# --- the canonical tree -------------------------------------------------------------------------

SAMPLE = '''
def f(a, /, b: int, *c, d=None, e, **g) -> int:
    """Do."""
    match a:
        case [1, *_] | {"k": v, **rest} if v: pass
        case None | True: pass
        case str(x) as y: pass
    with open(a) as h, (b): pass
    try: raise ValueError from None
    except* (OSError, TypeError) as exc: pass
    finally: del a
    s = f"{a!r:>{b}} {c=} {d:%Y} {{}}" f'{e:}' "t"
    n = [-1.5e300, 2j, b"x\\xff", ..., 10**3, 0xFFFFFFFFFFFFFFFFFFFF, 1e400, "\\U0001fae8\\ud800"]
    z = {**g, None: 1, "k": {*c}}
    w = (q := [i async for i in c if i]) and (lambda *, k=1, **kw: (yield))
    async def inner(): await b
    class Local(Base, key=1):
        x: int
    global G; nonlocal_ = a[1:2, ::3, ...] @ b
    assert a, "m"
    return not a < b <= c is not d
'''.replace(
    "    class Local[T] if False else Local: pass\n", "    class Local(Base, key=1):\n        x: int\n"
)


def canonical(text):
    """Return the canonical bytes of the first statement."""
    return canonical_bytes(ast.parse(textwrap.dedent(text).strip()).body[0])


PINNED = (
    "2846756e6374696f6e44656620617267733d28617267756d656e747320617267733d5b28617267206172673d7374723a31"
    "3a61292c28617267206172673d7374723a313a62292c5d2064656661756c74733d5b696e743a333a3078312c5d2920626f"
    "64793d5b2852657475726e2076616c75653d2842696e4f70206c6566743d284e616d652069643d7374723a313a6129206f"
    "703d28416464292072696768743d284e616d652069643d7374723a313a622929292c5d206e616d653d7374723a313a6629"
)


def test_canonical_bytes_never_change():
    """A literal, since stored keys rest on it: a change here discards every cache."""
    assert PINNED == canonical("def f(a, b=1):\n    '''Doc.'''\n    return a + b").hex()


@pytest.mark.parametrize("version", ["3.12.1", "3.13.0", "3.14.0"])
def test_canonical_bytes_are_equal_in_every_python(version, tmp_path):
    """Trees of one text are the same bytes from Python 3.11 on."""
    python = Path(f"/root/.pyenv/versions/{version}/bin/python")
    if not python.exists():
        pytest.skip(f"no Python {version} here")
    here = Path(importlib.import_module("creevey_graph").__file__).parent
    text = "\n".join(
        [SAMPLE, *((here / "fingerprint" / name).read_text() for name in ("code.py", "source.py"))]
    )
    (tmp_path / "sample.txt").write_text(text, "utf-8", "surrogatepass")
    source = (here / "fingerprint" / "canonical.py").read_text()
    # The other Python has no attrs: a stand-in that does what @frozen does here.
    (tmp_path / "attrs.py").write_text("from dataclasses import dataclass as d\nfrozen = d(frozen=True)\n")
    (tmp_path / "canonical.py").write_text(source)
    script = (
        "import ast, sys, hashlib, canonical; "
        "text = open('sample.txt', encoding='utf-8', errors='surrogatepass').read(); "
        "print(hashlib.sha256(canonical.canonical_bytes(ast.parse(text))).hexdigest())"
    )
    other = subprocess.run([python, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert hashlib.sha256(canonical_bytes(ast.parse(text))).hexdigest() == other.stdout.strip()


DIFFERENT = [
    ("{**d}", "{None: d}"),
    ("lambda *, a: a", "lambda *, a=None: a"),
    ("f(*a)", "f(**a)"),
    ("x = 'a'", "x = b'a'"),
    ("x = 1", "x = True"),
    ("x = 1", "x = 1.0"),
    ("x = 0.0", "x = -0.0"),
    ("a - (b - c)", "a - b - c"),
    ("a[1:2]", "a[1:2:None]"),
    ("x = 'ab'", "x = 'a', 'b'"),
    ("f'{a!r}'", "f'{a!s}'"),
    ("import a.b", "import a as b"),
    ("from . import a", "from .. import a"),
    ("class A:\n    x: int", "class A:\n    y: int"),
    ("def f():\n    'doc'\n    'code'", "def f():\n    'doc'"),
    ("for x in y: pass", "async def f():\n    async for x in y: pass"),
    ("match a:\n    case None: pass", "match a:\n    case _: pass"),
    ("x = ''", "x = ' '"),
    ("x: int = 1", "x: int = 2"),
]


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_trees_of_different_meaning_are_different_bytes(one, two):
    """Nothing that tells two meanings apart is left out."""
    assert canonical(one) != canonical(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("x = 'a' 'b'", "x = 'ab'"),
        ("x = 0x10", "x = 16"),
        ("x: int = 1", "x = 1"),
        ("def f(a: int) -> int: return a", "def f(a): return a"),
        ("def f():\n    'doc'\n    return 1", "def f(): return 1"),
        ("def f():\n    x: int\n    return 1", "def f(): return 1"),
        ("class A:\n    'doc'\n    x = 1", "class A:\n    x = 1"),
        ("(a)", "a"),
        ("f(a,)", "f(a)"),
    ],
)
def test_trees_of_equal_meaning_are_equal_bytes(one, two):
    """Spelling, annotations and docstrings are left out."""
    assert canonical(one) == canonical(two)


def test_deep_and_huge_trees_are_no_error():
    """A sum of 900 terms and a number of 20 000 bits have bytes."""
    assert canonical("x = " + " + ".join(["a"] * 900))
    assert canonical("x = 0x" + "f" * 5000)


def test_names_without_meaning_depend_on_no_unicode_table():
    """Text counts as it is: what `repr` escapes differs by Python version."""
    assert b"\xf0\x9f\xab\xa8" in canonical("x = '\U0001fae8'")


PROBE = """
import json, sys
sys.path.insert(0, {folder!r})
import sample
from creevey_graph.fingerprint.code import fingerprint_function
found = fingerprint_function(sample.f)
print(json.dumps([found.digest, found.parts]))
"""


def test_fingerprints_are_equal_in_every_process(tmp_path):
    """Hash seeds, and with them the order of sets, do not count."""
    extra = """
    def one(x): return x
    def two(x): return -x
    NAMES = {"a", "b", "c", "d", 1, None}
    FUNCS = {one, two, len}
    def g(x): return NAMES, FUNCS, {"x", "y", "z"}
    """
    text = f"{BASE}{textwrap.dedent(extra)}".replace("total += ", "total += g(x) + ")
    (tmp_path / "sample.py").write_text(text)
    outputs = set()
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        script = PROBE.format(folder=str(tmp_path))
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        outputs.add(done.stdout)

    assert 1 == len(outputs)
    assert "refers to sample.FUNCS" in json.loads(outputs.pop())[1]


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "chains"),
    [
        ("def f(x): return helper(x)", {("helper",), ("x",)}),
        ("def f(x): return a.b.c(x)", {("a", "b", "c"), ("x",)}),
        ("def f(x): return a, a.b", {("a",), ("a", "b")}),
        ("def f(x): return g(x).name", {("g",), ("x",)}),
        ("def f(x: Kind = default) -> Kind: y: Other = 1", {("y",)}),
        ("lambda x: a[x].b", {("a",), ("x",)}),
        ("def f():\n    @deco\n    def g(a=first): return last", {("deco",), ("first",), ("last",)}),
    ],
)
def test_the_names_a_function_refers_to_are_its_chains(text, chains):
    """Every dotted chain of the body, and none of the annotations and the function's own defaults."""
    node = ast.parse(text).body[0]

    assert chains == chains_of(node.value if isinstance(node, ast.Expr) else node)


def test_a_module_of_the_users_may_have_a_name_of_the_library(tmp_path, monkeypatch):
    """`test.py` or `token.py` in the user's folder is the user's, by where it lies."""
    module = types.ModuleType("token")
    module.__file__ = str(tmp_path / "token.py")
    monkeypatch.setitem(sys.modules, "token", module)

    assert is_user_module("token")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("json", False),
        ("os.path", False),
        ("_io", False),
        ("builtins", False),
        ("PIL.Image", False),
        ("numpy.linalg", False),
        ("__main__", True),
        ("__mp_main__", True),
        (None, True),
        ("not_imported", True),
        ("creevey_graph.step", False),
        ("creevey_graph.images.load", True),
        ("creevey_graph.images_of_mine", False),
        (__name__, True),
    ],
)
def test_user_code_is_what_is_neither_library_nor_installed_nor_ours(name, expected):
    """Our ready-made steps count as code, so that a mended step runs again."""
    assert expected == is_user_module(name)


@pytest.mark.parametrize("folder", ["dist-packages", "site-packages"])
def test_code_in_any_folder_of_packages_is_installed(folder):
    """Debian's folders, user folders and other environments are known by name."""
    assert not is_user_module("thing", {"__file__": f"/usr/lib/python3/{folder}/thing.py"})
    assert is_user_module("thing", {"__file__": f"/home/me/{folder}-of-mine/thing.py"})


# --- paths --------------------------------------------------------------------------------------


def load(photo: Path):
    return Image.open(photo)


def load_within(photo):
    with photo.open("rb") as file, open(photo) as again:
        return file.read(), again.read(), photo.read_bytes(), photo.read_text()


def load_either(photo):
    return photo if isinstance(photo, bytes) else b""


def load_kind(photo):
    return isinstance(photo, bytes)


def label(photo: Path):
    return photo.parent.name


def as_text(photo):
    return str(photo)


def shown(photo):
    return f"{photo}"


def opened_name(photo):
    with open(photo) as file:
        return file.name


def picture_name(photo):
    return Image.open(photo).filename


def handed_on(photo):
    return load(photo)


def renamed(photo):
    path = photo
    return Image.open(path)


def by_locals(photo):
    Image.open(photo)
    return locals()


def unused(photo):
    return 1


def imread(path):
    """Look like a reader, and tell the path."""
    return path.name


def by_own_reader(photo):
    return imread(photo)


class Registry:
    def open(self, path):
        return path.name


REGISTRY = Registry()


def by_own_method(photo):
    return REGISTRY.open(photo)


def by_local_open(photo, open):
    return open(photo)


def by_keyword(photo):
    return open(file=photo)


def second(size, photo):
    return Image.open(photo).resize(size)


@pytest.mark.parametrize(
    ("func", "expected"),
    [
        (load, False),
        (load_within, False),
        (load_kind, False),
        (unused, False),
        (second, False),
        (lambda photo: Image.open(photo), False),
        (functools.partial(second, (1, 1)), False),
        (load_either, True),
        (label, True),
        (as_text, True),
        (shown, True),
        (opened_name, True),
        (picture_name, True),
        (handed_on, True),
        (renamed, True),
        (by_locals, True),
        (by_own_reader, True),
        (by_own_method, True),
        (by_local_open, True),
        (by_keyword, True),
        (lambda photo: photo.name, True),
        (len, True),
        (functools.lru_cache(load), True),
        (eval("lambda photo: Image.open(photo)"), True),
    ],
)
def test_a_paths_text_counts_unless_every_use_opens_the_file(func, expected):
    """`Image.open(photo)` reads the content only; `photo.parent.name` tells two equal pictures apart."""
    assert expected == reads_path_text(func, "photo")


def test_a_parameter_called_like_a_global_is_not_that_global(fingerprint):
    """`def saved(toned)` beside a step `toned` does not refer to it; a nested use of the global does."""
    text = """
    def toned(x):
        return x + 1


    def f(toned):
        return {use}
    """
    edited = text.replace("x + 1", "x + 2")
    for use, counts in [
        ("toned * 2", False),
        ("[toned for part in (1, 2)]", False),
        ("(lambda: toned)()", False),
    ]:
        before = fingerprint(text.replace("{use}", use)).digest
        assert counts == (before != fingerprint(edited.replace("{use}", use)).digest), use
    used = text.replace("def f(toned)", "def f(x)").replace("{use}", "[toned for toned in (x,)], toned(x)")
    assert fingerprint(used).digest != fingerprint(used.replace("x + 1", "x + 2")).digest


# --- what explains it ---------------------------------------------------------------------------

DEEP = """
import tools

TABLE = {"a": tools.tone}

def f(image):
    return tools.tone(image), TABLE["a"](image)
"""
TOOLS = """
LIMIT = 3

class Curve:
    gain = 2

    def bend(self, level):
        return level * self.gain

def normalise(level):
    # to the middle
    return Curve().bend(level) + LIMIT

def tone(level):
    return normalise(level)
"""


def test_a_fingerprint_keeps_the_text_and_the_way_to_every_part(fingerprint, tmp_path):
    """Functions as they stand in their file, values as short text, and what refers to what."""
    found = fingerprint(DEEP, tools=TOOLS)

    assert 'def f(image):\n    return tools.tone(image), TABLE["a"](image)\n' == found.sources["source"]
    assert (
        "def normalise(level):\n    # to the middle\n    return Curve().bend(level) + LIMIT\n"
        == found.sources["refers to tools.normalise"]
    )
    assert (
        "def bend(self, level):\n    return level * self.gain\n"
        == found.sources["refers to tools.Curve.bend"]
    )
    assert ("3", "2") == (found.sources["refers to tools.LIMIT"], found.sources["refers to tools.Curve.gain"])
    assert ("tone", "normalise", "LIMIT") == path_of("refers to tools.LIMIT", found.via)
    assert ("tone", "normalise", "Curve", "bend") == path_of("refers to tools.Curve.bend", found.via)
    assert str(tmp_path / "tools.py") == found.files["refers to tools.normalise"]
    assert set(found.sources) <= set(found.parts)


def test_what_explains_a_fingerprint_does_not_count(fingerprint):
    """A comment changes the text that is kept, and no digest."""
    before = fingerprint(DEEP, tools=TOOLS)
    after = fingerprint(DEEP, tools=TOOLS.replace("to the middle", "to the mean"))

    assert before.sources != after.sources
    assert before.digest == after.digest


def test_the_texts_of_a_fingerprint_are_bounded(fingerprint):
    """A huge function and a huge constant are cut; all of them together are too."""
    body = "\n".join(f"    x = x + {number}" for number in range(1500))
    helpers = "\n".join(f"def h{number}(x):\n{body}\n    return x" for number in range(12))
    calls = " + ".join(f"h{number}(x)" for number in range(12))
    found = fingerprint(f"BIG = list(range(10000))\n{helpers}\ndef f(x):\n    return {calls} + len(BIG)")

    assert MAX_FUNCTION == len(found.sources["refers to sample.h0"])
    assert MAX_SOURCES >= sum(map(len, found.sources.values()))
    assert 80 >= len(found.sources["refers to sample.BIG"])


def test_a_values_text_runs_no_code_of_the_users():
    """Neither `__repr__` nor `__str__` is called, however deep the value stands; no address is shown."""
    shown = value_text({"a": [Plain(1), len, Hostile, None]})

    assert "{'a': [<Plain>, len, Hostile, None]}" == shown


def test_a_function_redefined_in_a_notebook_counts_as_it_is_now():
    """Cells are code without a file: the helper of the latest cell is what runs."""
    scope = {"__name__": "__main__"}

    def run_cell(number, text):
        name = f"<ipython-input-{number}-cafe>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec"), scope)

    run_cell(1, "def helper(x):\n    return x + 1\n")
    run_cell(2, "def f(x):\n    return helper(x)\n")
    one = fingerprint_function(scope["f"])
    run_cell(3, "def helper(x):\n    return x + 2\n")
    two = fingerprint_function(scope["f"])
    run_cell(4, "\n\ndef helper(x):\n    # as at first\n    return x + 1\n")
    three = fingerprint_function(scope["f"])

    assert one.digest != two.digest
    assert one.digest == three.digest
    assert () == two.untracked
    assert "<ipython-input-3-cafe>" == two.files["refers to __main__.helper"]
