"""The graph that previews run: loaded from its file, and again where the code was edited, with parameters set."""

import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from string import Formatter
from typing import Any

import attrs

from creevey_graph.errors import CreeveyError, UsageError
from creevey_graph.facade import Graph
from creevey_graph.fingerprint.files import Stat
from creevey_graph.fingerprint.modules import is_user_file
from creevey_graph.freeze import freeze
from creevey_graph.frozen import FrozenGraph, looked_at
from creevey_graph.outputs import FIELDS
from creevey_graph.settings import read_settings, setting_text
from creevey_graph.shape import HIDDEN, shape_of
from creevey_graph.text import safe_text

MOST_BOUND = 8
"""Graphs with parameters set that are held ready."""


class NotLoaded(CreeveyError):
    """The graph cannot be had as it is asked for; the text says why, over several lines where there is a trace."""


@attrs.frozen
class Ready:
    """
    A graph with its parameters set.

    Args:
        graph: It.
        frozen: It, ready to run.
        parameters: Its parameters as the page takes them.
    """

    graph: Graph
    frozen: FrozenGraph
    parameters: tuple[dict[str, Any], ...]


class Loaded:
    """
    One graph, as its file has it now.

    Args:
        graph: The graph as it was loaded first, parameters set.
        load: Loads it again; None where that cannot be done. What it raises tells by its text, and by `details`.
        columns: Names of the items' columns, for output templates; by default those that the templates name.

    State: graph; watched = the files of its code, and of what stands beside them, with their stats when it was loaded; bound = settings -> the
    graph with them. Thread safety: none; the thread that makes previews has it.
    """

    def __init__(
        self, graph: Graph, load: Callable[[], Graph] | None = None, columns: Sequence[str] = ()
    ) -> None:
        self.graph = graph
        self._load = load
        self._columns = tuple(columns)
        self._bound: OrderedDict[tuple[str, ...], Ready] = OrderedDict()
        self._watched: dict[str, Stat] = {}
        self._is_broken = False
        self._watch()

    def _watch(self) -> None:
        frozen = self._frozen(self.graph)
        code = getattr(self.graph.origin, "__code__", None)
        files = [path for path, _ in frozen.code_files] + ([code.co_filename] if code is not None else [])
        self._watched = dict(looked_at(dict.fromkeys((*files, *modules_beside(files).values()))))
        self._is_broken = False

    def _frozen(self, graph: Graph) -> FrozenGraph:
        return freeze(graph, self._columns or template_columns(graph))

    def refresh(self) -> bool:
        """
        Load the graph again where its code was edited; return whether it was.

        Raises:
            NotLoaded: It cannot be loaded as it is now.
        """
        if self._load is None or not (self._is_broken or dict(looked_at(self._watched)) != self._watched):
            return False
        self._is_broken = True
        self._bound.clear()
        forget_modules(self._watched)
        try:
            self.graph = self._load()
            self._watch()
        except (Exception, SystemExit) as exc:
            raise NotLoaded(told(exc)) from exc
        return True

    def bound(self, settings: Sequence[str]) -> Ready:
        """
        Return the graph with parameters set.

        Args:
            settings: "name=value" each.

        Raises:
            NotLoaded: There is no such parameter, a value does not fit, or the graph cannot be made with it.
        """
        wanted = tuple(settings)
        if wanted not in self._bound:
            try:
                values = read_settings(self.graph, wanted, "parameter")
                graph = self.graph.bind(**values) if values else self.graph
                self._bound[wanted] = Ready(graph, self._frozen(graph), self._parameters(graph))
            except Exception as exc:  # tracing runs the user's function, which may raise anything
                raise NotLoaded(told(exc)) from exc
            if len(self._bound) > MOST_BOUND:
                self._bound.popitem(last=False)
        return self._bound[wanted]

    def parameters(self) -> tuple[dict[str, Any], ...]:
        """Return the parameters as the page takes them, none of them changed."""
        return self._parameters(self.graph)

    def _parameters(self, graph: Graph) -> tuple[dict[str, Any], ...]:
        """Return what can be read from text, save what is hidden; how it is typed, and whether it was changed."""
        hidden = {one.name for one in shape_of(graph).parameters if one.text == HIDDEN}
        return tuple(
            {
                "name": safe_text(name),
                "text": safe_text(text),
                "changed": text != setting_text(self.graph.parameters.get(name)),
            }
            for name, value in graph.parameters.items()
            if name not in hidden and (text := setting_text(value)) is not None
        )


def template_columns(graph: Graph) -> tuple[str, ...]:
    """Return the names in a graph's output templates that are no fields of every item, so must be columns."""
    named: dict[str, None] = {}
    for node in graph.nodes.values():
        path = node.output_path() if node.step.is_writer else None
        if isinstance(path, str):
            fields = (field for _, field, _, _ in Formatter().parse(path) if field)
            named.update(dict.fromkeys(re.split(r"[.\[]", field)[0] for field in fields))
    return tuple(name for name in named if name not in FIELDS)


def told(exc: BaseException) -> str:
    """Return what to tell of an error: its text, and the lines it brings."""
    text = str(exc) or type(exc).__name__
    if not isinstance(exc, UsageError | CreeveyError) and not hasattr(exc, "details"):
        text = f"{type(exc).__name__}: {text}" if str(exc) else text
    details = getattr(exc, "details", "")
    return safe_text(f"{text}\n{details}" if details else text, keep_newlines=True)


def modules_beside(files: Iterable[str]) -> dict[str, str]:
    """Return name -> file of the user's modules that stand where *files* do, or below."""
    folders = {Path(path).parent for path in files if is_user_file(path)}
    beside = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if name == "__main__" or name.partition(".")[0] == "creevey_graph" or not isinstance(path, str):
            continue
        if is_user_file(path) and not folders.isdisjoint(Path(path).parents):
            beside[name] = path
    return beside


def forget_modules(files: Iterable[str]) -> None:
    """
    Forget the user's modules that stand where *files* do, so that they are imported anew.

    What only imports an edited module holds the old one as well, so whole folders are forgotten.
    """
    for name in modules_beside(files):
        with suppress(KeyError):
            del sys.modules[name]
