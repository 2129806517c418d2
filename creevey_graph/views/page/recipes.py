"""How an item is run again: commands to be typed, of what its report tells."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import attrs

from creevey_graph.cache import default_folder
from creevey_graph.events import Outcome, Row
from creevey_graph.report import Report
from creevey_graph.shape import HIDDEN, Shape
from creevey_graph.state import shape_in
from creevey_graph.text import safe_text
from creevey_graph.views.page.cells import MOST_NAME

GRAPH, ITEMS = "GRAPH", "ITEMS"
"""What stands for those that a report does not tell."""


@attrs.frozen
class Recipes:
    """
    What the commands for all items of a run have in common.

    Args:
        graph: The graph as it is typed, "graph.py:name"; `GRAPH` where nobody knows.
        name: Its name.
        settings: NAME=VALUE of its parameters.
        items: The items as they are typed; `ITEMS` where nobody knows.
        is_table: Whether an item is more than its source, so that it must be found among the others.
        out: The output folder, "" for none.
        cache: The cache folder, "" where it is the one that is taken anyway.
        report: The report's file.
    """

    graph: str
    name: str
    settings: tuple[str, ...]
    items: str
    is_table: bool
    out: str
    cache: str
    report: str

    def of(self, row: Row, number: int) -> str:
        """
        Return commands for an item, one a line.

        Args:
            row: Its row.
            number: Which of the failed ones it is, where it failed.
        """
        if max(len(row.key), len(row.source)) > MOST_NAME:
            return "# this item's name is too long to be typed"
        among = ["--among", self.items] if self.is_table else []
        lines = [self._command("explain", among, row.key if self.is_table else row.source)]
        if row.outcome is Outcome.FAILED:
            lines.append(self._command("run", ["--failed"], self.items))
            lines += [
                "# in Python, for a debugger:",
                f"report = Report.load({self.report!r})",
                f"{_identifier(self.name)}.reproduce(report.failed[{number}], {_python(self.items)})",
            ]
        if self.graph == GRAPH:
            lines.append(f"# {GRAPH}: where the graph '{self.name}' is, such as graph.py:{self.name}")
        if self.items == ITEMS and (self.is_table or row.outcome is Outcome.FAILED):
            lines.append(f"# {ITEMS}: what it was run over")
        shown = [safe_text(line) for line in lines]
        if shown != lines:
            shown.append(
                "# some characters of these names are shown as escapes, and must be typed as they are"
            )
        return "\n".join(shown)

    def _command(self, verb: str, options: list[str], subject: str) -> str:
        words = ["creevey-graph", verb, *options]
        words += [word for setting in self.settings for word in ("--set", setting)]
        words += ["--out", self.out] if self.out else []
        words += ["--cache", self.cache] if self.cache else []
        words += ["--"] if any(word.startswith("-") for word in (self.graph, subject)) else []
        return shlex.join([*words, self.graph, subject])


def recipes_of(report: Report, *, graph: str = "", settings: Sequence[str] = (), items: str = "") -> Recipes:
    """
    Return what is known of how to run items of *report* again.

    Args:
        report: The report.
        graph: The graph as it is typed; the report itself does not tell.
        settings: NAME=VALUE of its parameters.
        items: The items as they are typed; by default the folder that the report tells, if any.
    """
    shape = shape_in(report)
    named = {column for node in shape.nodes for column in node.columns} if shape else set(report.columns)
    is_table = bool(set(report.columns) - named) or (shape is not None and len(shape.inputs) > 1)
    folder = report.path.parent.parent if report.path.parent.name == "runs" else None
    is_default = folder is None or _is_same(folder, default_folder())
    return Recipes(
        graph or GRAPH,
        report.graph,
        tuple(_told(setting, shape) for setting in settings),
        items or report.input_root or ITEMS,
        is_table,
        report.out,
        "" if is_default else os.path.abspath(str(folder)),  # noqa: PTH100 - text
        os.path.abspath(report.path),  # noqa: PTH100 - text
    )


def _told(setting: str, shape: Shape | None) -> str:
    """Return NAME=VALUE, the value hidden where it is not recorded either."""
    name = setting.partition("=")[0]
    parameters = () if shape is None else shape.parameters
    is_open = any(parameter.name == name and parameter.text != HIDDEN for parameter in parameters)
    return setting if is_open else f"{name}={HIDDEN}"


def _is_same(one: Path, other: Path) -> bool:
    return os.path.abspath(one) == os.path.abspath(other)  # noqa: PTH100 - links are kept


def _identifier(name: str) -> str:
    return name if name.isidentifier() else "graph"


def _python(items: str) -> str:
    return ITEMS if items == ITEMS else repr(items)
