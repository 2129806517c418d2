"""
Every way in which a function can refer to something, edited: the edit counts, or is listed.

Each case is the text of module `sample`, of further modules below it, and one edit: every 1
becomes a 7. Nothing but the edit differs.
"""

# ruff: noqa: F811 - a fixture of another module's

import importlib
import linecache
import sys
import types
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from test_code_fingerprint import fingerprint  # noqa: F401 - a fixture

from creevey_graph.fingerprint.code import fingerprint_function

SEEN = {
    "import as": ("import tools as t\ndef f(x): return t.h(x)", {"tools": "def h(x): return x+1"}),
    "from as": ("from tools import h as g\ndef f(x): return g(x)", {"tools": "def h(x): return x+1"}),
    "star": ("from tools import *\ndef f(x): return h(x)", {"tools": "def h(x): return x+1"}),
    "itemgetter": ("import operator\nP = operator.itemgetter(1)\ndef f(x): return P(x)", {}),
    "attrgetter": ("import operator\nP = operator.attrgetter('a1')\ndef f(x): return P(x)", {}),
    "methodcaller": ("import operator\nP = operator.methodcaller('a1')\ndef f(x): return P(x)", {}),
    "str.format": ("P = '{} 1'.format\ndef f(x): return P(x)", {}),
    "dict.get": ("P = {'a': 1}.get\ndef f(x): return P(x)", {}),
    "re.sub": ("import re\nP = re.compile('1').sub\ndef f(x): return P('', x)", {}),
    "list.index": ("P = [0, 1].index\ndef f(x): return P(x)", {}),
    "bound helper dict": ("def h(x): return x+1\nP = {'a': h}.get\ndef f(x): return P('a')(x)", {}),
    "int.from_bytes": ("P = (1).__add__\ndef f(x): return P(x)", {}),
    "import_module": (
        "import importlib\ndef f(x): return importlib.import_module('tools').h(x)",
        {"tools": "def h(x): return x+1"},
    ),
    "__import__": ("def f(x): return __import__('tools').h(x)", {"tools": "def h(x): return x+1"}),
    "inner import": (
        "def f(x):\n    from tools import h\n    return h(x)",
        {"tools": "def h(x): return x+1"},
    ),
    "deque": ("import collections\nP = collections.deque([1])\ndef f(x): return P", {}),
    "counter": ("import collections\nP = collections.Counter({'a':1})\ndef f(x): return P", {}),
    "chainmap": ("import collections\nP = collections.ChainMap({'a':1})\ndef f(x): return P", {}),
    "deque of funcs": (
        "import collections\ndef h(x): return x+1\nP = collections.deque([h])\ndef f(x): return P",
        {},
    ),
    "fraction": ("import fractions\nP = fractions.Fraction(1)\ndef f(x): return P", {}),
    "contextmanager": (
        "import contextlib\n@contextlib.contextmanager\ndef h(): yield 1\ndef f(x):\n    with h() as y: return y",
        {},
    ),
    "singledispatch": (
        "import functools\n@functools.singledispatch\ndef h(x): return 2\n@h.register\ndef _(x: int): return 1\ndef f(x): return h(x)",
        {},
    ),
    "singledispatchmethod": (
        "import functools\nclass T:\n    @functools.singledispatchmethod\n    def h(self, x): return 2\n    @h.register\n    def _(self, x: int): return 1\nTT=T()\ndef f(x): return TT.h(x)",
        {},
    ),
    "lru": ("import functools\n@functools.lru_cache\ndef h(x): return 1\ndef f(x): return h(x)", {}),
    "cache maxsize closure": (
        "import functools\n@functools.cache\ndef h(x): return 1\ndef f(x): return h(x)",
        {},
    ),
    "descriptor": (
        "class D:\n    def __get__(self, o, t=None): return 1\nclass T:\n    d = D()\ndef f(x): return T().d",
        {},
    ),
    "nested class": ("class T:\n    class I:\n        v = 1\ndef f(x): return T.I.v", {}),
    "init_subclass": (
        "class B:\n    def __init_subclass__(cls): cls.v = 1\nclass T(B): pass\ndef f(x): return T.v",
        {},
    ),
    "metaclass": (
        "class M(type):\n    def go(cls): return 1\nclass T(metaclass=M): pass\ndef f(x): return T.go()",
        {},
    ),
    "base elsewhere": (
        "from tools import B\nclass T(B): pass\ndef f(x): return T().go()",
        {"tools": "class B:\n    def go(self): return 1"},
    ),
    "classmethod bound": (
        "class T:\n    @classmethod\n    def go(cls): return 1\nP=T.go\ndef f(x): return P()",
        {},
    ),
    "namedtuple default": (
        "from typing import NamedTuple\nclass T(NamedTuple):\n    a: int = 1\ndef f(x): return T()",
        {},
    ),
    "namedtuple2": (
        "import collections\nT=collections.namedtuple('T','a',defaults=[1])\ndef f(x): return T()",
        {},
    ),
    "dataclass default": (
        "import dataclasses\n@dataclasses.dataclass\nclass T:\n    a: int = 1\ndef f(x): return T()",
        {},
    ),
    "dataclass factory": (
        "import dataclasses\n@dataclasses.dataclass\nclass T:\n    a: list = dataclasses.field(default_factory=lambda: [1])\ndef f(x): return T()",
        {},
    ),
    "dataclass post": (
        "import dataclasses\n@dataclasses.dataclass\nclass T:\n    a: int = 2\n    def __post_init__(self): self.b=1\ndef f(x): return T().b",
        {},
    ),
    "attrs converter": (
        "import attrs\n@attrs.define\nclass T:\n    a = attrs.field(converter=lambda v: v+1, default=2)\ndef f(x): return T()",
        {},
    ),
    "attrs default deco": (
        "import attrs\n@attrs.define\nclass T:\n    a = attrs.field()\n    @a.default\n    def _d(self): return 1\ndef f(x): return T()",
        {},
    ),
    "exception class": ("class E(Exception):\n    code = 1\ndef f(x): raise E", {}),
    "nested func default": ("K = 1\ndef f(x):\n    def g(y=K): return y\n    return g()", {}),
    "lambda default": ("K = 1\ndef f(x): return (lambda y=K: y)()", {}),
    "lambda kw default": ("h = lambda x, *, k=1: x+k\ndef f(x): return h(x)", {}),
    "class body const": ("K = 1\ndef f(x):\n    class A:\n        v = K\n    return A.v", {}),
    "match": (
        "class A:\n    __match_args__=('v',)\n    v=1\ndef f(x):\n    match x:\n        case A(v=3): return 2",
        {},
    ),
    "match value": ("class A:\n    v=1\ndef f(x):\n    match x:\n        case A.v: return 2", {}),
    "fn attr": ("def h(x): return h.k\nh.k = 1\ndef f(x): return h(x)", {}),
    "own attr": ("def f(x): return f.k\nf.k = 1", {}),
    "fn attr func": ("def g(x): return 1\ndef h(x): return x\nh.g = g\ndef f(x): return h.g(x)", {}),
    "deco noparam": ("def d(fn):\n    def w(x): return fn(x)+1\n    return w\n@d\ndef f(x): return x", {}),
    "deco param": (
        "def d(k):\n    def dd(fn):\n        def w(x): return fn(x)+k\n        return w\n    return dd\n@d(1)\ndef f(x): return x",
        {},
    ),
    "deco class": (
        "class d:\n    def __init__(self, fn): self.fn=fn\n    def __call__(self, x): return self.fn(x)+1\n@d\ndef f(x): return x",
        {},
    ),
    "deco class inner": (
        "class d:\n    def __init__(self, fn): self.fn=fn\n    def __call__(self, x): return self.fn(x)\n@d\ndef f(x): return x+1",
        {},
    ),
    "partialmethod": (
        "import functools\nclass T:\n    def h(self, k): return k\n    g = functools.partialmethod(h, 1)\ndef f(x): return T().g()",
        {},
    ),
    "property lambda": ("class T:\n    p = property(lambda self: 1)\ndef f(x): return T().p", {}),
    "slots inst": (
        "class T:\n    __slots__=('a',)\n    def __init__(self): self.a=1\nP=T()\ndef f(x): return P.a",
        {},
    ),
    "list of classes": ("class A:\n    def go(self): return 1\nL=[A]\ndef f(x): return L[0]().go()", {}),
    "dict of instances": (
        "class A:\n    def go(self): return 1\nL={'a':A()}\ndef f(x): return L['a'].go()",
        {},
    ),
    "dict nested funcs": ("def h(x): return 1\nL={'a':[(h,)]}\ndef f(x): return L['a'][0][0](x)", {}),
    "set of funcs": ("def h(x): return 1\nL={h}\ndef f(x): return [g(x) for g in L]", {}),
    "partial in dict": (
        "import functools\ndef h(x,k): return k\nL={'a':functools.partial(h,k=1)}\ndef f(x): return L['a'](x)",
        {},
    ),
    "method in dict": (
        "class A:\n    def __init__(self): self.v=1\n    def go(self): return self.v\nL={'a':A().go}\ndef f(x): return L['a']()",
        {},
    ),
    "closure of closure": (
        "def a(n):\n    def b():\n        def c(): return n\n        return c\n    return b()\nh=a(1)\ndef f(x): return h()",
        {},
    ),
    "generator fn": ("def h():\n    yield 1\ndef f(x): return list(h())", {}),
    "async": ("async def h(): return 1\ndef f(x): return h()", {}),
    "super": (
        "class B:\n    def go(self): return 1\nclass T(B):\n    def go(self): return super().go()\ndef f(x): return T().go()",
        {},
    ),
    "enum": ("import enum\nclass E(enum.Enum):\n    A=1\ndef f(x): return E.A.value", {}),
    "enum member": ("import enum\nclass E(enum.Enum):\n    A=1\nP=E.A\ndef f(x): return P.value", {}),
    "enum method via member": (
        "import enum\nclass E(enum.Enum):\n    A=2\n    def go(self): return 1\nP=E.A\ndef f(x): return P.go()",
        {},
    ),
    "simplenamespace fn": (
        "import types\ndef h(x): return 1\nN=types.SimpleNamespace(h=h)\ndef f(x): return N.h(x)",
        {},
    ),
    "tuple consts": ("P=(1,(2,3))\ndef f(x): return P", {}),
    "big int": ("P=10**5000+1\ndef f(x): return P", {}),
    "chained module attr": ("import tools\ndef f(x): return tools.T.v.real", {"tools": "class T:\n    v=1"}),
    "module table": (
        "import tools\ndef f(x): return tools.TAB['a'](x)",
        {"tools": "def h(x): return 1\nTAB={'a':h}"},
    ),
    "reexport": (
        "import tools\ndef f(x): return tools.h(x)",
        {"tools": "from deep import h", "deep": "def h(x): return 1"},
    ),
    "sub module attr": (
        "import tools\ndef f(x): return tools.deep.h(x)",
        {"tools": "import deep", "deep": "def h(x): return 1"},
    ),
    "global class inst callable": (
        "class A:\n    def __call__(self, x): return 1\nP=A()\ndef f(x): return P(x)",
        {},
    ),
    "callable base call": (
        "class B:\n    def __call__(self, x): return 1\nclass A(B): pass\nP=A()\ndef f(x): return P(x)",
        {},
    ),
    "newtype": ("from typing import NewType\nN=NewType('N',int)\ndef f(x): return N(x)+1", {}),
    "date": ("import datetime\nP=datetime.date(2001,1,1)\ndef f(x): return P", {}),
    "user subclass dict": (
        "class D(dict):\n    def go(self): return 1\nP=D(a=2)\ndef f(x): return P.go()",
        {},
    ),
    "user list subclass attr": ("class D(list): pass\nP=D([2])\nP.k=1\ndef f(x): return P.k", {}),
    "classattr set later": ("class A: pass\nA.k=1\ndef f(x): return A.k", {}),
    "type() made": ("A=type('A',(),{'k':1})\ndef f(x): return A.k", {}),
    "walrus comp": ("K=1\ndef f(x): return [y for z in x if (y:=z+K)]", {}),
    "global deco'd prop cached": (
        "import functools\nclass A:\n    @functools.cached_property\n    def p(self): return 1\nP=A()\ndef f(x): return P.p",
        {},
    ),
    "abstract": (
        "import abc\nclass B(abc.ABC):\n    @abc.abstractmethod\n    def go(self): ...\nclass A(B):\n    def go(self): return 1\nP=A()\ndef f(x): return P.go()",
        {},
    ),
    "del name builtins shadow": ("def min(a,b): return 1\ndef f(x): return min(x,2)", {}),
    "bytes": ("P=b'1'\ndef f(x): return P", {}),
    "types.MethodType": (
        "import types\ndef h(self): return 1\nP=types.MethodType(h, 3)\ndef f(x): return P()",
        {},
    ),
    "staticmethod obj": ("P=staticmethod(lambda: 1)\ndef f(x): return P()", {}),
}
"""What is seen through: the edit changes the digest, and nothing is listed."""

LISTED = {
    "deque subclass": (
        "import collections\nclass D(collections.deque): pass\nP = D([1])\nP.k = 2\ndef f(x): return P[0]",
        {},
    ),
    "random": ("import random\nP = random.Random(1)\ndef f(x): return P.random()", {}),
    "array": ("import array\nP = array.array('b',[1])\ndef f(x): return P", {}),
    "memoryview": ("P = memoryview(b'1')\ndef f(x): return P", {}),
    "vectorize": ("import numpy as np\ndef h(x): return x+1\nP = np.vectorize(h)\ndef f(x): return P(x)", {}),
    "getattr const module": (
        "import tools\ndef f(x): return getattr(tools,'h')(x)",
        {"tools": "def h(x): return x+1"},
    ),
    "dict of modules": (
        "import tools\nM={'t':tools}\ndef f(x): return M['t'].h(x)",
        {"tools": "def h(x): return x+1"},
    ),
    "alias in fn": (
        "import tools\ndef f(x):\n    t = tools\n    return t.h(x)",
        {"tools": "def h(x): return 1"},
    ),
    "weakref": ("import weakref\ndef h(): return 1\nW=weakref.ref(h)\ndef f(x): return W()()", {}),
    "contextvar": (
        "import contextvars\nV=contextvars.ContextVar('v', default=1)\ndef f(x): return V.get()",
        {},
    ),
    "iter": ("I=iter([1])\ndef f(x): return next(I)", {}),
    "zip map": ("def h(x): return 1\nI=map(h,[1])\ndef f(x): return list(I)", {}),
    "getter method of helper obj": (
        "import string\nT=string.Template('1')\nP=T.substitute\ndef f(x): return P()",
        {},
    ),
    "ufunc": ("import numpy as np\nP=np.frompyfunc(lambda v: v+1,1,1)\ndef f(x): return P(x)", {}),
    "compile": ("P=compile('1','s','eval')\ndef f(x): return eval(P)", {}),
    "cm wrapped helper": (
        "from contextlib import ExitStack, suppress\nP=suppress(ValueError if 1 else KeyError)\ndef f(x):\n    with P: return 2",
        {},
    ),
}
"""What is not: it is named, and never taken for unchanged in silence."""


PROJECTS = {
    "rel": (
        "pkgx/b.py",
        {
            "pkgx/__init__.py": "from .a import h",
            "pkgx/a.py": "from .b import g\ndef h(x): return g(x)",
            "pkgx/b.py": "def g(x): return 1",
            "samplex.py": "import pkgx\ndef f(x): return pkgx.h(x)",
        },
    ),
    "sub attr": (
        "pkgx/a.py",
        {
            "pkgx/__init__.py": "",
            "pkgx/a.py": "def h(x): return 1",
            "samplex.py": "import pkgx.a\ndef f(x): return pkgx.a.h(x)",
        },
    ),
    "from pkg import mod": (
        "pkgx/a.py",
        {
            "pkgx/__init__.py": "",
            "pkgx/a.py": "def h(x): return 1",
            "samplex.py": "from pkgx import a\ndef f(x): return a.h(x)",
        },
    ),
    "rel mod": (
        "pkgx/b.py",
        {
            "pkgx/__init__.py": "",
            "pkgx/a.py": "from . import b\ndef h(x): return b.g(x)",
            "pkgx/b.py": "def g(x): return 1",
            "samplex.py": "from pkgx.a import h\ndef f(x): return h(x)",
        },
    ),
    "inner rel": (
        "pkgx/b.py",
        {
            "pkgx/__init__.py": "",
            "pkgx/a.py": "def h(x):\n    from . import b\n    return b.g(x)",
            "pkgx/b.py": "def g(x): return 1",
            "samplex.py": "from pkgx.a import h\ndef f(x): return h(x)",
        },
    ),
    "wraps elsewhere": (
        "otherx.py",
        {
            "otherx.py": "import functools\ndef d(fn):\n    @functools.wraps(fn)\n    def w(*a): return fn(*a)+1\n    return w",
            "samplex.py": "from otherx import d\n@d\ndef f(x): return x",
        },
    ),
    "inst attr chain": (
        "otherx.py",
        {
            "otherx.py": "class T:\n    def go(self): return 1\nclass C:\n    def __init__(self): self.t=T()\nCFG=C()",
            "samplex.py": "from otherx import CFG\ndef f(x): return CFG.t.go()",
        },
    ),
    "module getattr": (
        "otherx.py",
        {
            "otherx.py": "def __getattr__(n): return 1",
            "samplex.py": "import otherx\ndef f(x): return otherx.zz",
        },
    ),
    "const elsewhere": (
        "otherx.py",
        {"otherx.py": "K=1", "samplex.py": "from otherx import K\ndef f(x): return K"},
    ),
    "const via module": (
        "otherx.py",
        {"otherx.py": "K={'a':[1]}", "samplex.py": "import otherx\ndef f(x): return otherx.K['a']"},
    ),
    "class attr via module": (
        "otherx.py",
        {"otherx.py": "class T:\n    k=1", "samplex.py": "import otherx\ndef f(x): return otherx.T.k"},
    ),
    "subclass hook": (
        "samplex.py",
        {
            "otherx.py": "R={}\nclass B:\n    def __init_subclass__(cls): R[cls.__name__]=cls",
            "samplex.py": "from otherx import R,B\nclass A(B):\n    def go(self): return 1\ndef f(x): return R['A']().go()",
        },
    ),
    "registry deco": (
        "samplex.py",
        {
            "otherx.py": "R={}\ndef reg(fn):\n    R[fn.__name__]=fn\n    return fn",
            "samplex.py": "from otherx import R,reg\n@reg\ndef g(x): return 1\ndef f(x): return R['g'](x)",
        },
    ),
    "nested mod import": (
        "pkgx/a.py",
        {
            "otherx.py": "import pkgx.a",
            "pkgx/__init__.py": "",
            "pkgx/a.py": "def h(x): return 1",
            "samplex.py": "import otherx\ndef f(x): return otherx.pkgx.a.h(x)",
        },
    ),
    "operator overload": (
        "otherx.py",
        {
            "otherx.py": "class V:\n    def __add__(self, o): return 1\nA=V()",
            "samplex.py": "from otherx import A\ndef f(x): return A+x",
        },
    ),
    "lazy global": (
        "samplex.py",
        {"otherx.py": "", "samplex.py": "def g():\n    global Z\n    Z=1\ndef f(x):\n    g()\n    return Z"},
    ),
    "cond import": (
        "otherx.py",
        {
            "otherx.py": "def h(x): return 1",
            "samplex.py": "try:\n    from otherx import h\nexcept ImportError:\n    h=None\ndef f(x): return h(x)",
        },
    ),
    "method alias": (
        "otherx.py",
        {
            "otherx.py": "class T:\n    def a(self): return 1\n    b=a",
            "samplex.py": "from otherx import T\ndef f(x): return T().b()",
        },
    ),
    "protected prop setter": (
        "otherx.py",
        {
            "otherx.py": "class T:\n    @property\n    def p(self): return 2\n    @p.setter\n    def p(self,v): self.q=1\nI=T()",
            "samplex.py": "from otherx import I\ndef f(x):\n    I.p=x\n    return I.q",
        },
    ),
}
"""Name of the edited file, and the files; `f` stands in samplex.py."""


def edited(text, modules):
    """Return both with the edit made: in the last module where there are several."""
    if not modules:
        return text.replace("1", "7"), {}
    last = list(modules)[-1]
    return text, {**modules, last: modules[last].replace("1", "7")}


@pytest.mark.parametrize("name", SEEN)
def test_an_edit_counts_through_every_kind_of_reference(fingerprint, name):
    """Another digest for the edit, the same one for the text it was before, and no blind spot."""
    text, modules = SEEN[name]
    before = fingerprint(text, **modules)
    text_now, modules_now = edited(text, modules)
    after = fingerprint(text_now, **modules_now)

    assert before.digest != after.digest
    assert before.digest == fingerprint(text, **modules).digest
    assert () == before.untracked


@pytest.mark.parametrize("how", ["def f(x): return P(x)", "import functools\nf = functools.partial(P)"])
def test_an_installed_callable_is_known_by_its_name(fingerprint, how):
    """`ops=[np.invert]` became `ops=[np.absolute]`, and the pictures stayed inverted."""
    pytest.importorskip("numpy")
    before, after = (
        fingerprint(f"import numpy as np\nP=np.{name}\n{how}") for name in ("invert", "absolute")
    )

    assert before.digest != after.digest
    assert () == before.untracked


def test_what_an_installed_callable_calls_counts(fingerprint):
    """An edit of what `np.vectorize` was given counts; the rest of it is listed."""
    pytest.importorskip("numpy")
    text = "import numpy as np\nP=np.vectorize(lambda v: v + 1)\ndef f(x): return P(x)"
    before, after = fingerprint(text), fingerprint(edited(text, {})[0])

    assert before.digest != after.digest
    assert before.digest == fingerprint(text).digest
    assert before.untracked


@pytest.mark.parametrize("name", LISTED)
def test_what_is_not_seen_through_is_listed(fingerprint, name):
    """One name at least, and no random digest."""
    text, modules = LISTED[name]
    found = fingerprint(text, **modules)

    assert found.untracked
    assert found.digest == fingerprint(text, **modules).digest


@pytest.fixture
def project_fingerprint(tmp_path, monkeypatch):
    """Return a function: path -> text of files -> fingerprint of `samplex.f`, imported anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] in {"pkgx", "otherx", "samplex"}]:
            del sys.modules[name]

    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        forget()
        linecache.clearcache()
        importlib.invalidate_caches()
        return fingerprint_function(importlib.import_module("samplex").f)

    yield make
    forget()


@pytest.mark.parametrize("name", PROJECTS)
def test_an_edit_counts_through_packages_and_modules(project_fingerprint, name):
    """However a project of several files is put together."""
    path, files = PROJECTS[name]
    before = project_fingerprint(files)
    after = project_fingerprint({**files, path: files[path].replace("1", "7")})

    assert before.digest != after.digest
    assert before.digest == project_fingerprint(files).digest
    assert () == before.untracked


def test_a_compiled_module_of_the_users_is_listed(tmp_path, monkeypatch):
    """Its functions have no source, and no version stands for them."""
    compiled = pytest.importorskip("_bisect")
    if not getattr(compiled, "__file__", None):
        pytest.skip("_bisect is part of this Python's binary")
    path = tmp_path / Path(compiled.__file__).name
    path.write_bytes(Path(compiled.__file__).read_bytes())
    spec = spec_from_file_location("_bisect", path, loader=ExtensionFileLoader("_bisect", str(path)))
    mine = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "_bisect", mine)
    scope = {"bisect": mine.bisect_left, "__name__": "__main__"}
    exec("def f(x): return bisect([1], x)", scope)
    found = fingerprint_function(scope["f"])

    assert isinstance(mine.bisect_left, types.BuiltinFunctionType)
    assert "refers to __main__.bisect (compiled module _bisect)" in found.untracked
