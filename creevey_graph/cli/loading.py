"""
From "file.py:name" or "package.module:name" to a graph.

A file is compiled from its text, never read from `__pycache__`: byte code is told from an edit
within the same second by the file's length alone, and stale code would be cached as fresh.
"""

import importlib
import re
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType

from creevey_graph import Graph, UsageError
from creevey_graph.cli.tracebacks import failure_of
from creevey_graph.errors import did_you_mean
from creevey_graph.step import Step

_SPEC = re.compile(r"(?P<where>.+?)(?::(?P<name>[^\W\d]\w*))?")


def load_graph(text: str) -> Graph:
    """
    Return the graph that *text* names.

    Args:
        text: "file.py:name" or "package.module:name"; ":name" may be left out where there is one
            graph only. The file's folder, or the current one, goes on `sys.path`.

    Raises:
        UsageError: There is no such file, module or name, or it is no graph.
        Failure: The file cannot be imported.
    """
    found = _SPEC.fullmatch(text)
    if found is None:
        raise UsageError(f"a graph is named file.py:name or package.module:name (got '{text}')")
    where, name = found["where"], found["name"]
    module = _import_file(Path(where)) if _is_path(where) else _import_module(where)
    graphs = _graphs_of(module)
    if name is not None:
        return _named(module, where, name, graphs)
    if len(graphs) != 1:
        raise UsageError(_which(where, graphs))
    return next(iter(graphs.values()))


def _is_path(where: str) -> bool:
    return where.endswith(".py") or "/" in where or "\\" in where


def _graphs_of(module: ModuleType) -> dict[str, Graph]:
    """Return name -> graph: those declared in *module*, or where there are none all it can see."""
    graphs = {name: value for name, value in vars(module).items() if isinstance(value, Graph)}
    own = {name: graph for name, graph in graphs.items() if _home_of(graph) == module.__name__}
    return own or graphs


def _home_of(graph: Graph) -> str:
    return getattr(graph.function, "__module__", "")


def _which(where: str, graphs: dict[str, Graph]) -> str:
    if not graphs and Path(where).is_dir():
        return f"'{where}' is a folder, not a graph's file; name one, such as graph.py"
    if not graphs:
        return f"'{where}' has no graph; put @graph above a function that calls steps"
    named = ", ".join(f"{where}:{name}" for name in sorted(graphs))
    return f"'{where}' has {len(graphs)} graphs; name one: {named}"


def _named(module: ModuleType, where: str, name: str, graphs: dict[str, Graph]) -> Graph:
    if not hasattr(module, name):
        raise UsageError(f"no graph '{name}' in '{where}'{did_you_mean(name, graphs)}")
    value = getattr(module, name)
    if isinstance(value, Graph):
        return value
    if isinstance(value, Step):
        raise UsageError(
            f"'{where}:{name}' is a step, not a graph; call it in a function with @graph above it"
        )
    remedy = "; put @graph above it" if callable(value) else did_you_mean(name, graphs)
    raise UsageError(f"'{where}:{name}' is no graph but of type {type(value).__name__}{remedy}")


# --- importing ---------------------------------------------------------------------------------


class _TextLoader(SourceFileLoader):
    """Compiles the file's text each time."""

    def get_code(self, fullname: str) -> CodeType | None:
        del fullname
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
        if path.is_dir():
            raise UsageError(f"'{path}' is a folder, not a graph's file{did_you_mean(path.name, beside)}")
        raise UsageError(f"no file '{path}'{did_you_mean(path.name, beside)}")
    path = path.resolve()
    shadows = _shadows(path)
    # A file that is called like a library must neither hide it nor be taken for it: the code of
    # `queue` counts as Python's own, so that an edit of it would not be seen.
    name = re.sub(r"\W", "_", path.stem) + "_py" if shadows else path.stem
    _put_on_path(path.parent, first=not shadows)
    spec = spec_from_loader(name, _TextLoader(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    spec.has_location = True
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as exc:
        del sys.modules[name]
        raise failure_of(f"{path.name} cannot be imported", exc) from exc
    return module


def _shadows(path: Path) -> bool:
    """True where a module of the file's name stands elsewhere, or the name can be none."""
    if not path.stem.isidentifier() or path.stem in sys.stdlib_module_names:
        return True
    elsewhere = [entry for entry in sys.path if Path(entry).resolve() != path.parent]
    return PathFinder.find_spec(path.stem, elsewhere) is not None


def _put_on_path(folder: Path, *, first: bool) -> None:
    text = str(folder)
    if text not in sys.path:
        sys.path.insert(0 if first else len(sys.path), text)


def _import_module(name: str) -> ModuleType:
    _put_on_path(Path.cwd(), first=True)
    if Path(f"{name}.py").is_file():
        return _import_file(Path(f"{name}.py"))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if exc.name is None or not f"{name}.".startswith(f"{exc.name}."):
            raise failure_of(f"{name} cannot be imported", exc) from exc
        raise UsageError(
            f"no module '{name}' here or installed (no '{exc.name}'); for a file, write its path: "
            f"{name.replace('.', '/')}.py"
        ) from None
    except (Exception, SystemExit) as exc:
        raise failure_of(f"{name} cannot be imported", exc) from exc
