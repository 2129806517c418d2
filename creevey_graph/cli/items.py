"""ITEMS on the command line, and the options that say how a list of them is read."""

import functools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from creevey_graph import Graph, UsageError
from creevey_graph.errors import SourceNotFound, did_you_mean
from creevey_graph.sources import image_folder, open_list, video
from creevey_graph.sources.base import is_url
from creevey_graph.sources.lists import is_table
from creevey_graph.sources.remarks import BadLines, Duplicates

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--url-column",
        metavar="COLUMN",
        help="Column of the URLs or paths, where ITEMS is a table and GRAPH has one input.",
    ),
    click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="INPUT=COLUMN",
        help="Column of an input's values, where ITEMS is a table; may be given again.",
    ),
    click.option("--id-column", metavar="COLUMN", help="Column of the items' keys, where ITEMS is a table."),
    click.option(
        "--duplicates",
        type=click.Choice(["keep", "drop"]),
        default="keep",
        show_default=True,
        help="What becomes of pictures that a list has already.",
    ),
    click.option(
        "--bad-lines",
        type=click.Choice(["error", "skip"]),
        default="error",
        show_default=True,
        help="What becomes of a list's lines that cannot be used.",
    ),
    click.option(
        "--labels",
        is_flag=True,
        help="Label the pictures of a folder by sub-folder, and join metadata.csv or .jsonl.",
    ),
    click.option(
        "--frames",
        metavar="WHICH",
        help="Take the frames of videos: every=SECONDS, fps=NUMBER, keyframes or all. Needs the extra video.",
    ),
)

_WAYS: Mapping[str, dict[str, Any]] = {"all": {"fps": math.inf}, "keyframes": {"keyframes": True}}
_NUMBERED = {"every": "every_s", "fps": "fps"}


@attrs.frozen
class Asked:
    """
    ITEMS as they were typed, with the options beside them.

    Args:
        items: Files, folders, globs, URLs, or "-".
        url_column: Column of the only input; None where nothing was said.
        columns: INPUT=COLUMN texts.
        id_column: Column of the keys; None where nothing was said.
        duplicates: What becomes of duplicates.
        bad_lines: What becomes of bad lines.
        labels: Whether a folder is read with its labels.
        frames: Which frames of videos are taken; None where ITEMS are no videos.
    """

    items: tuple[str, ...]
    url_column: str | None = None
    columns: tuple[str, ...] = ()
    id_column: str | None = None
    duplicates: Duplicates = "keep"
    bad_lines: BadLines = "error"
    labels: bool = False
    frames: str | None = None

    @property
    def _is_plain(self) -> bool:
        return attrs.evolve(self, items=()) == Asked(())

    def chosen(self, graph: Graph) -> Any:
        """
        Return what `graph.run` takes, None where no items were typed.

        Args:
            graph: The graph, whose inputs columns are named for.

        Raises:
            UsageError: ITEMS and options do not fit each other, or the graph.
            SourceError: The list cannot be read.
        """
        if not self.items:
            if not self._is_plain:
                raise UsageError("options of a list need the list; name the items they are for")
            return None
        items = chosen_items(self.items)
        if self._is_plain and not (isinstance(items, list) and all(map(is_table, items))):
            return items
        if self.frames is not None:
            if attrs.evolve(self, frames=None) != Asked(self.items):
                raise UsageError(
                    "--frames is for videos, which are no list and no folder of labels; leave those options out"
                )
            return video(items, **_ways_of(self.frames))
        if self.labels:
            return self._labelled(items)
        return open_list(
            items,
            tuple(graph.inputs),
            columns=self._named(graph),
            id_col=self.id_column,
            duplicates=self.duplicates,
            bad_lines=self.bad_lines,
        )

    def _labelled(self, items: Any) -> Any:
        if self.url_column or self.columns or self.id_column or self.duplicates != "keep":
            raise UsageError(
                "--labels is for a folder, which has no columns and no duplicates; leave those options out"
            )
        if not isinstance(items, str) or (os.path.lexists(items) and not Path(items).is_dir()):
            raise UsageError("--labels is for one folder, with a sub-folder for each label")
        return image_folder(items, bad_lines=self.bad_lines)

    def _named(self, graph: Graph) -> Mapping[str, str]:
        """Return input -> column."""
        named: dict[str, str] = {}
        for text in self.columns:
            name, equals, column = text.partition("=")
            if not (name and equals and column):
                raise UsageError(f"--column must be INPUT=COLUMN (got '{text}')")
            if name not in graph.inputs:
                raise UsageError(
                    f"--column: graph '{graph.name}' has no input '{name}'{did_you_mean(name, graph.inputs)}"
                )
            if named.setdefault(name, column) != column:
                raise UsageError(
                    f"--column: two columns for input '{name}' ('{named[name]}', '{column}'); choose one"
                )
        if self.url_column is None:
            return named
        if len(graph.inputs) != 1:
            raise UsageError(
                f"--url-column: graph '{graph.name}' has {len(graph.inputs)} inputs ({', '.join(graph.inputs)}); "
                "say --column INPUT=COLUMN for each"
            )
        if named:
            raise UsageError("--url-column and --column exclude each other; leave one out")
        return dict.fromkeys(graph.inputs, self.url_column)


def _ways_of(frames: str) -> dict[str, Any]:
    """
    Return what `--frames` stands for.

    Raises:
        UsageError: It is none of its forms.

    >>> _ways_of("every=2.5"), _ways_of("all"), _ways_of("keyframes")
    ({'every_s': 2.5}, {'fps': inf}, {'keyframes': True})
    """
    way, _, number = frames.partition("=")
    try:
        return _WAYS[frames] if frames in _WAYS else {_NUMBERED[way]: float(number)}
    except (KeyError, ValueError):
        raise UsageError(
            f"--frames must be every=SECONDS, fps=NUMBER, keyframes or all (got '{frames}')"
        ) from None


def list_options(command: F) -> F:
    """Add the options of lists, and gather them with the parameter `items` as one `asked`."""

    @functools.wraps(command)
    def gathered(**options: Any) -> Any:
        items = options.pop("items")
        typed = {field.name: options.pop(field.name) for field in attrs.fields(Asked)[1:]}
        asked = Asked((items,) if isinstance(items, str) else tuple(items or ()), **typed)
        return command(asked=asked, **options)

    made: Any = gathered
    for option in reversed(_OPTIONS):
        made = option(made)
    added: F = made
    return added


def items_argument(command: F) -> F:
    """Add ITEMS with the options of lists, as one `asked`, and `--out` and `--refresh`."""
    made = list_options(command)
    made = click.option("--refresh", is_flag=True, help="Run everything, whatever the cache has.")(made)
    made = click.option(
        "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder the outputs are written to."
    )(made)
    return click.argument("items", nargs=-1, required=True, metavar="ITEMS...")(made)


def chosen_items(items: Sequence[str]) -> Any:
    """
    Return what ITEMS stands for: one of anything that `graph.run` takes, or a list of files and URLs.

    Raises:
        UsageError: One of several is a folder.
        SourceNotFound: One of several is not there.
    """
    if len(items) == 1:
        return items[0]
    for item in items:
        if is_url(item):
            continue
        if not os.path.lexists(item):
            raise SourceNotFound(f"ITEMS: no file '{item}'; of several, each must be a file or a URL")
        if Path(item).is_dir():
            raise UsageError(
                f"ITEMS: '{item}' is a folder; name one folder or one glob in quotes, or files only"
            )
    return list(items)
