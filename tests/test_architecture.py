"""
The house of DESIGN section 5: imports point down, and each third-party library has one home.

Every module is parsed, never imported; imports inside functions and below
`if TYPE_CHECKING` count like any other. The checker itself is tried on modules that
break each rule, so that it is known to be able to fail.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

import creevey_graph

PACKAGE = Path(creevey_graph.__file__).parent

# From the ground up; a name with "/" is a folder with all that is in it. A module imports from rows
# above its own in this table, or from its own folder.
FLOORS = (
    ("errors", "text", "fields", "memory", "shares", "stopping", "spoilt", "arena", "display", "paint"),
    ("decoding", "width", "screen", "checked"),
    ("deferred",),
    ("events", "sizes", "columns", "atomic", "fetch/", "fingerprint/", "codecs/"),
    ("signature", "options", "interrupts", "symbolic", "parts/", "journal_checks"),
    ("step", "cache/", "executors/", "sources/"),
    ("node", "stages", "validate", "telling", "images/", "journal", "outputs", "policy", "values", "apart"),
    ("manifest", "frame", "rows", "versions", "verdict", "timeline", "likeness"),
    ("troubles", "thumbnails"),
    ("summary",),
    ("symbols", "compose", "wiring", "constants", "arrays/"),
    ("tracing",),
    ("graph", "report"),
    ("quiet", "settings"),
    ("graph_parameters",),
    ("shape",),
    ("ingredients", "frozen", "pictures"),
    ("freeze", "changes", "identity", "sharing", "unused", "allowance"),
    ("contents",),
    ("ledger", "estimate"),
    ("tasks", "plan", "preview", "calls", "listing", "choices", "pace", "survey", "tally", "archive"),
    ("backlog", "evidence", "delivery", "look", "keeping", "claims", "places", "lease", "state"),
    ("cutoff", "recovery"),
    ("execution",),
    ("worker", "planner", "ending", "agenda", "explanation", "finding"),
    ("explain", "accept", "held", "previews"),
    ("runner", "views/", "exports/"),
    ("facade", "inpaths"),
    ("explore/",),
    ("assembly", "arguments"),
    ("run_report",),
    ("pipeline", "testing"),
    ("creevey/",),
    ("__init__",),  # the public names; what stands below uses the package as its users do
    ("demo/",),
    ("cli/",),
    ("__main__",),
)
FLOOR_OF = {row: floor for floor, rows in enumerate(FLOORS) for row in rows}

LAZY = {"__init__.py", "images/__init__.py", "facade.py", "cache/__init__.py", "cache/opening.py"} | {
    "codecs/deferred.py",
    "display.py",
    "views/__init__.py",
    "views/progress.py",
}
"""These load what is dear when it is first asked for: `--help` in 100 ms, no requests without downloads."""

HOMES = {
    "av": {"parts/"},
    "cairosvg": {"views/"},
    "click": {"cli/"},
    "cloudpickle": {"executors/"},
    "diskcache": {"cache/"},
    "fsspec": {"sources/"},
    "loky": {"executors/"},
    "networkx": {"validate", "graph", "wiring", "views/"},
    "pyarrow": {"exports/", "sources/"},
    "pickle": {"executors/"},  # SECURITY.md: no pickle on any read from disk
    "requests": {"fetch/"},
    "urllib3": {"fetch/"},
}
MOST_LINES = 350


@attrs.frozen
class Import:
    """One imported name: *target* is a dotted module, or a dotted module and a name in it."""

    target: str
    line: int
    in_function: bool


def find_problems(source: str, path: str) -> list[str]:
    """Return what is wrong with the module at *path* (relative to the package), a line each."""
    row = row_of_path(path)
    if row not in FLOOR_OF:
        return [f"{path}: stands on no floor; give it a row in FLOORS (tests/test_architecture.py)"]
    problems = []
    lines = len(source.splitlines())
    if lines > MOST_LINES:
        problems.append(f"{path}: must be at most {MOST_LINES} lines (got {lines}); split it by noun")
    for found in find_imports(ast.parse(source), path):
        problem = "" if path in LAZY and found.in_function else problem_of_import(found, row)
        if problem:
            problems.append(f"{path}:{found.line}: {problem}")
    return list(dict.fromkeys(problems))  # one line may import several names


def problem_of_import(found: Import, row: str) -> str:
    """Return what is wrong with an import by a module of *row*, "" where nothing is."""
    top = found.target.partition(".")[0]
    if top != PACKAGE.name:
        return "" if row in HOMES.get(top, {row}) else f"only {sorted(HOMES[top])} may import {top}"
    target = row_of_target(found.target)
    if found.in_function:
        return f"imports '{target}' inside a function; import it at the top, or move what needs it up"
    if target == row and row.endswith("/"):
        return ""
    if target not in FLOOR_OF:
        return f"imports '{target}', which stands on no floor"
    if FLOOR_OF[target] >= FLOOR_OF[row]:
        return f"'{row}' (floor {FLOOR_OF[row]}) imports '{target}' (floor {FLOOR_OF[target]}): not downwards"
    return ""


def row_of_path(path: str) -> str:
    """Return the row of a file: "cache/disk.py" is in "cache/", "errors.py" in "errors"."""
    first, slash, _ = path.partition("/")
    return first + slash if slash else first.removesuffix(".py")


def row_of_target(target: str) -> str:
    """Return the row of what is imported; a name that is no module comes from `__init__`."""
    _, _, rest = target.partition(".")
    first, dot, _ = rest.partition(".")
    return next((row for row in (f"{first}/", first) if row in FLOOR_OF), first if dot else "__init__")


def find_imports(tree: ast.Module, path: str) -> Iterator[Import]:
    """Yield every import of a module, one for each imported name."""
    package = [PACKAGE.name, *path.split("/")[:-1]]
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, in_function = waiting.pop()
        for target in targets_of(node, package):
            yield Import(target, getattr(node, "lineno", 0), in_function)
        inside = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting += [(child, inside) for child in ast.iter_child_nodes(node)]


def targets_of(node: ast.AST, package: list[str]) -> list[str]:
    """Return the dotted names that one node of a module in *package* imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        start = package[: len(package) + 1 - node.level] if node.level else []
        module = ".".join([*start, *([node.module] if node.module else [])])
        return [f"{module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and node.args:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        name = getattr(node.args[0], "value", None)
        if called in {"import_module", "__import__"} and isinstance(name, str):
            return [name]
    return []


MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def test_there_are_modules_to_hold():
    """The package is found: a law over an empty list would hold always."""
    assert {"__init__.py", "errors.py", "step.py"} <= set(MODULES)


@pytest.mark.parametrize("path", MODULES)
def test_a_module_keeps_to_its_floor(path):
    """Imports point down, libraries stay at home, own imports stand at the top, and modules stay short."""
    source = (PACKAGE / path).read_text(encoding="utf-8")

    assert find_problems(source, path) == []


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        ("utils.py", "", "stands on no floor"),
        ("helpers/text.py", "", "stands on no floor"),
        ("step.py", "from creevey_graph.runner import run", "imports 'runner'"),
        ("step.py", "from creevey_graph import runner", "imports 'runner'"),
        ("step.py", "import creevey_graph.runner", "imports 'runner'"),
        ("step.py", "from .runner import run", "imports 'runner'"),
        ("step.py", "from . import runner", "imports 'runner'"),
        ("cache/disk.py", "from ..runner import run", "imports 'runner'"),
        (
            "cache/disk.py",
            "from creevey_graph.step import Step",
            "imports 'step'",
        ),
        ("events.py", "from creevey_graph.codecs.png import PNG", "imports 'codecs/'"),
        ("report.py", "from creevey_graph import Report", "imports '__init__'"),
        ("report.py", "import creevey_graph", "imports '__init__'"),
        ("report.py", "from creevey_graph.utils import merge", "imports 'utils', which stands on no floor"),
        ("cli/run.py", "from creevey_graph.__main__ import main", "imports '__main__'"),
        ("plan.py", "if TYPE_CHECKING:\n    from creevey_graph.worker import Chunk", "plan.py:2: 'plan'"),
        ("plan.py", "try:\n    import creevey_graph.worker\nexcept ImportError: ...", "imports 'worker'"),
        ("plan.py", "importlib.import_module('creevey_graph.worker')", "imports 'worker'"),
        ("plan.py", "def plan():\n    from creevey_graph.errors import GraphError", "inside a function"),
        ("plan.py", "class A:\n  async def b(self):\n    import creevey_graph.text", "inside a function"),
        ("cli/run.py", "def main():\n    from creevey_graph.cli import other", "inside a function"),
        ("step.py", "import diskcache", "only ['cache/'] may import diskcache"),
        ("sources/urls.py", "from requests.adapters import HTTPAdapter", "may import requests"),
        ("sources/urls.py", "import urllib3.util", "may import urllib3"),
        ("worker.py", "def send():\n    import cloudpickle", "may import cloudpickle"),
        ("runner.py", "from loky import get_reusable_executor", "may import loky"),
        ("report.py", "import click", "may import click"),
        ("plan.py", "import networkx as nx", "may import networkx"),
        ("cache/disk.py", "import pickle", "only ['executors/'] may import pickle"),
        ("step.py", "x = 1\n" * 351, "must be at most 350 lines (got 351)"),
    ],
)
def test_the_checker_finds_what_breaks_a_rule(path, source, problem):
    """One made-up module for each way to break the house is found out."""
    found = find_problems(source, path)

    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("step.py", "from creevey_graph.codecs import Codec\nfrom creevey_graph import errors, text"),
        ("step.py", "from .errors import StepError\nimport creevey_graph.text as t"),
        (
            "cache/disk.py",
            "import diskcache\nfrom creevey_graph.cache.blobs import Blob\nfrom . import records",
        ),
        ("cache/disk.py", "from ..errors import CacheError"),
        ("graph.py", "import networkx as nx\nfrom creevey_graph.validate import validate_cycles"),
        ("executors/processes.py", "import pickle\ndef start():\n    import loky"),
        ("__init__.py", "def __getattr__(name):\n    from creevey_graph.facade import graph"),
        ("demo/graphs.py", "from creevey_graph import Report, graph, step"),
        ("cli/demo.py", "import click\nfrom creevey_graph.demo import run_demo"),
        ("__main__.py", "from creevey_graph.cli import main"),
        ("plan.py", "from picklejar import jar\nimport creevey_graph_extras\nx = 1\n" + "\n" * 347),
    ],
)
def test_the_checker_lets_pass_what_keeps_the_rules(path, source):
    """Imports downwards, within a folder, and of a library at home are no problem."""
    assert find_problems(source, path) == []
