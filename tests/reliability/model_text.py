"""
The module that the stateful model edits, and what its graphs give by plain calls.

`PARTS` are the places of the text that edits change; the first variant of each is what an example begins
with. `Oracle` runs the very text with decorators that do nothing: no engine, no cache, one function after another.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

import attrs

from creevey_graph.fingerprint.values import digest_bytes

MODULE = "stateful_steps"
IMPORTS = "from pathlib import Path\n\nfrom creevey_graph import SkipItem, graph, step\n"
TEXT = """
OFFSET = {offset}


class Gone(Exception):
    is_permanent = True


def helper(x):
    return {helper}


def twice(x):
    return {twice}


def thrice(x):
    return 3 * x


TABLE = {table}


class Scale:
    by = {attribute}

    def apply(self, x, more={default}):
        return {method}


@step
def load(path: Path) -> int:
    return int(path.read_text())


@step
def guard(number: int) -> int:
    if {refuse}:
        raise ValueError(f"refused {{number}}")
    if {gone}:
        raise Gone(f"gone {{number}}")
    if {leave}:
        raise SkipItem(f"left out {{number}}")
    return number


@step(cache="{policy}")
def mix(number: int, *, by: int = 1) -> int:
    return {mix}


@step(cache="{table_policy}")
def pick(number: int) -> int:
    return TABLE["odd" if number % 2 else "even"](number)


@step(cache="never")
def scaled(number: int, *, factor: int = {factor}) -> int:
    return Scale().apply(number) * factor


@step(version="{stamp[0]}")
def stamp(number: int) -> int:
    return {stamp[1]}


@step
def widen(number: int, *, size: int = 40_000) -> bytes:
    return bytes([{wide} % 256]) * size


@step
def add(number: int, others: list[Path]) -> int:
    return {add}


@step(writes="path")
def save(number: int, path: Path) -> Path:
    path.write_text({save})
    return path


@step(writes="path")
def save_bytes(data: bytes, path: Path) -> Path:
    path.write_bytes(data[:{length}])
    return path


@graph
def inner(number: int, *, by: int = 1):
    return pick(mix(number, by=by))


@graph
def numbers(path: Path, *, by: int = 1):
    number = guard(load(path))
    mixed = inner(number, by=by)
    after = stamp(scaled(number))
    data = widen(mixed)
    return {{
        "file": save(mixed, "{{stem}}.a"),
        "other": save(after, "sub/{{stem}}.c"),
        "wide": save_bytes(data, "wide/{{stem}}.w"),
        "mixed": mixed,
        "after": after,
    }}


@graph
def pairs(path: Path, others: list[Path], *, by: int = 1):
    total = add(guard(load(path)), others)
    return {{"file": save(inner(total, by=by), "{{stem}}.p"), "total": total}}


@graph
def hashed(path: Path, *, by: int = 1):
    number = load(path)
    return {{"file": save(mix(number, by=by), "{{digest}}.d"), "number": guard(number)}}
"""
PARTS = {
    "offset": ["0", "7", "3 + 4", "0  # nought"],
    "helper": ["x * 2", "x + x", "x * 3  # threefold", "x * 3", "OFFSET + x"],
    "twice": ["2 * x", "helper(x)", "2 * x + 1"],
    "table": [
        '{"even": twice, "odd": thrice}',
        '{"odd": thrice, "even": twice}',
        '{"even": thrice, "odd": twice}',
    ],
    "attribute": ["2", "5", "len('ab')"],
    "default": ["1", "4", "OFFSET"],
    "method": ["self.by * x + more", "more + x * self.by", "self.by * x - more"],
    "refuse": ["number % 10 == 9", "number % 10 == 7", "False"],
    "gone": ["number % 10 == 6", "False"],
    "leave": ["number % 10 == 8", "number % 10 == 5", "False"],
    "policy": ["auto", "always", "never"],
    "table_policy": ["always", "auto", "never"],
    "mix": [
        "helper(number) + by + OFFSET",
        "by + OFFSET + helper(number)",
        "helper(number) - by",
        "number + by",
    ],
    "factor": ["1", "2", "1 + 1"],
    "stamp": [("v1", "number"), ("v2", "number + 100"), ("v1", "number + 0"), ("v2", "100 + number")],
    "wide": ["number", "number + 1", "1 + number"],
    "add": [
        "number + sum(int(path.read_text()) for path in others)",
        "sum((int(path.read_text()) for path in others), number)",
        "number - sum(int(path.read_text()) for path in others)",
    ],
    "save": ['f"{number}"', "str(number)", 'f"<{number}>"'],
    "length": ["64", "32 * 2", "65"],
}
"""Part -> its variants; of `stamp` the version and the code, which must go together by contract."""
GRAPHS = {"numbers": (".a", ".c", ".w"), "pairs": (".p",), "hashed": (".d",)}
"""Graph -> suffixes of its outputs, its own among those of all."""
NODES = ("guard", "mix", "pick", "scaled", "widen", "add", "save", "load")
"""Nodes whose edits may be accepted."""


def body_of(parts):
    """Return the module's text without its imports."""
    return TEXT.format(**parts)


def text_of(parts):
    """Return the module's text."""
    return IMPORTS + body_of(parts)


@attrs.frozen
class Expected:
    """What an item must come to: outcome "done", "failed" or "skipped", step and error, fields, output -> bytes."""

    outcome: str
    step: str | None = None
    error: str = ""
    fields: dict = attrs.Factory(dict)
    outputs: dict = attrs.Factory(dict)


class Left(Exception):
    """Stands for `SkipItem`."""


class _Captured:
    """Stands for the path a writer writes to: keeps what is written."""

    def __init__(self, name, outputs):
        self.name, self._outputs = name, outputs

    def write_text(self, text):
        self._outputs[self.name] = text.encode()

    def write_bytes(self, data):
        self._outputs[self.name] = data


class Oracle:
    """
    The text's functions as they stand.

    State: at = step in hand; outputs = what the writers of the item in hand wrote; names = field -> value of the
    templates.
    """

    def __init__(self, parts):
        self.at, self.outputs, self.names = None, {}, {}
        self._namespace = {
            "Path": Path,
            "SkipItem": Left,
            "graph": lambda function: function,
            "step": self._step,
        }
        exec(compile(body_of(parts), "oracle", "exec"), self._namespace)

    def _step(self, function=None, **options):
        if function is None:
            return lambda function: self._step(function, **options)
        is_writer = "writes" in options

        def called(*values, **given):
            self.at = function.__name__
            if not is_writer:
                return function(*values, **given)
            name = values[-1].format(**self.names)
            function(*values[:-1], _Captured(name, self.outputs))
            return name

        return called

    def expected(self, graph, values, by):
        """Return what a graph gives for an item's values, the first of which is its path."""
        self.at, self.outputs = None, {}
        self.names = {"stem": values[0].stem, "digest": _digest(values[0])}
        try:
            fields = self._namespace[graph](*values, by=by)
        except Left as exc:
            return Expected("skipped", self.at, str(exc))
        except Exception as exc:  # noqa: BLE001 - as the item boundary does
            return Expected("failed", self.at, f"{type(exc).__name__}: {exc}")
        return Expected("done", None, "", fields, self.outputs)

    def table(self, node):
        """Return what a step gives for many numbers, to see whether an edit changes it."""
        return [self._outcome(node, number) for number in range(-20, 400)]

    def _outcome(self, node, number):
        outputs = {}
        values = {
            "add": (number, [_Number(3), _Number(40)]),
            "load": (_Number(number),),
            "save": (number, "x"),
        }
        self.outputs = outputs
        try:
            given = self._namespace[node](*values.get(node, (number,)))
        except Exception as exc:  # noqa: BLE001 - as the item boundary does
            return type(exc).__name__, str(exc)
        return given, outputs


class _Number:
    """Stands for a path to a number."""

    def __init__(self, number):
        self._number = number

    def read_text(self):
        return str(self._number)


def _digest(path):
    """Return what `{digest}` of an item of one file is, "" where it is gone."""
    with suppress(OSError):
        return digest_of(path.read_bytes())
    return ""


def digest_of(data):
    """Return what `{digest}` of an item of one file with this content is."""
    return hashlib.sha256(f"file {digest_bytes(data)}".encode()).hexdigest()


def names_of(graph, stem, data):
    """Return the outputs an item has, whatever it comes to."""
    if graph == "numbers":
        return {f"{stem}.a", f"sub/{stem}.c", f"wide/{stem}.w"}
    return {f"{stem}.p"} if graph == "pairs" else {f"{digest_of(data)}.d"}
