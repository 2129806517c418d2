"""
Items checked against a graph before anything runs: values converted, output paths apart.

`Listing` walks the source each time it is asked, so that no list of items is held.
"""

import os
import types
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, Union, get_args, get_origin

import attrs

from creevey_graph.atomic import nearest_there
from creevey_graph.cache import Accepted
from creevey_graph.errors import SourceError, UsageError
from creevey_graph.fields import column_of
from creevey_graph.freeze import freeze
from creevey_graph.frozen import FrozenGraph
from creevey_graph.graph import Graph
from creevey_graph.sources import BulkSource, Item, Source, notices_of, open_source
from creevey_graph.sources.base import is_url
from creevey_graph.text import safe_text
from creevey_graph.unused import unused_texts
from creevey_graph.validate import (
    plain_annotation,
    validate_outputs_outside,
    validate_template_writers,
)


@attrs.frozen
class Listing:
    """
    A source seen through a graph.

    Args:
        source: Where the items come from.
        frozen: The graph, ready to run.
        notices: What its user should know: what listing the items came upon, what nothing is done with.
    """

    source: Source
    frozen: FrozenGraph
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.source)

    def __iter__(self) -> Iterator[Item]:
        """
        Yield the items, values converted to what the graph's inputs are annotated with.

        One that has no value in a column which its output path is made of is refused.

        Raises:
            SourceError: A value does not fit its input.
        """
        return self._fitted(self.source)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the fields of the rows, in order: the items' columns, then the graph's outputs."""
        own = (column_of(name, self.frozen.columns) for name in self.source.columns)
        return tuple(dict.fromkeys((*own, *self.frozen.columns)))

    @property
    def place(self) -> tuple[str, bool]:
        """The folder the items were listed from, absolute, "" where there is none; whether those below it were."""
        root = self.source.input_root
        is_recursive = bool(getattr(self.source, "is_recursive", True))
        return "" if root is None else os.path.abspath(root), is_recursive  # noqa: PTH100 - it is text

    def some(self, indexes: Iterable[int]) -> Iterator[Item]:
        """
        Yield the items at these positions, which ascend.

        Raises:
            SourceError: A value does not fit its input.
        """
        if isinstance(self.source, BulkSource):
            return self._fitted(map(self.source.item_at, indexes))
        return self._fitted(_chosen(self.source, indexes))

    def _fitted(self, items: Iterable[Item]) -> Iterator[Item]:
        wants = tuple((name, *_wanted(annotation)) for name, annotation in self.frozen.inputs)
        outputs = [node.output for node in self.frozen.writers if node.output and node.output.columns]
        for item in items:
            fitted = _fitted(item, wants)
            if outputs and fitted.refusal is None:
                problem = next(filter(None, (output.problem_of(item) for output in outputs)), "")
                yield attrs.evolve(fitted, refusal=UsageError(problem)) if problem else fitted
            else:
                yield fitted

    @property
    def bulk(self) -> BulkSource | None:
        """The source, where it tells of many items at once and the graph takes its values as they are."""
        if len(self.frozen.inputs) != 1 or not isinstance(self.source, BulkSource):
            return None
        takes_path, takes_text = _wanted(self.frozen.inputs[0][1])
        has_paths, has_texts = self.source.kinds
        return self.source if takes_path >= has_paths and takes_text >= has_texts else None


def list_items(
    graph: Graph, items: Any, out: Path | None, accepted: Mapping[str, Accepted] | None = None
) -> Listing:
    """
    Return the listing of *items* for *graph*; whether their outputs are apart is for `places` to check.

    Raises:
        SourceError: Items cannot be listed, or do not fit the graph's inputs.
        GraphError: The graph is not valid; writers have no `out`; outputs would land among the inputs.
        UsageError: *out*, or what it is to stand in, is a file, or not there any more.
    """
    graph.validate()
    if out is not None:
        _check_out(out)
    source = open_source(items, tuple(graph.inputs))
    frozen = freeze(graph, source.columns, accepted)
    listing = Listing(source, frozen, (*notices_of(source), *unused_texts(graph, frozen)))
    validate_template_writers({node.name: node.step for node in frozen.nodes}, out)
    if frozen.writers and out is not None:
        root = source.input_root
        recursive = getattr(source, "is_recursive", True)
        validate_outputs_outside(str(out), None if root is None else str(root), recursive=recursive)
    return listing


def _check_out(out: Path) -> None:
    place = nearest_there(out)
    try:
        is_folder = place.is_dir()
    except OSError as exc:
        raise UsageError(
            f"out '{safe_text(str(place))}': cannot be looked at ({exc.strerror or exc}); choose another folder"
        ) from exc
    if not is_folder:
        raise UsageError(f"out must be a folder ('{safe_text(str(place))}' is a file); choose another")
    try:
        out.absolute()
    except OSError as exc:
        raise UsageError(
            f"out '{safe_text(str(out))}' is relative, and the current folder is not there any more "
            f"({exc.strerror or exc}); choose an absolute path, or change to another folder"
        ) from exc


def _wanted(annotation: Any) -> tuple[bool, bool]:
    """Return (takes a path, takes text) of an input's annotation; unannotated takes both."""
    annotation = plain_annotation(annotation)
    if annotation is Any:
        return True, True
    is_union = get_origin(annotation) in (Union, types.UnionType)
    members = get_args(annotation) if is_union else (annotation,)
    kinds = [member for member in map(plain_annotation, members) if isinstance(member, type)]
    return any(issubclass(kind, PurePath) for kind in kinds), any(issubclass(kind, str) for kind in kinds)


def _chosen(items: Iterable[Item], indexes: Iterable[int]) -> Iterator[Item]:
    wanted = iter(indexes)
    sought = next(wanted, None)
    for item in items:
        if item.index == sought:
            yield item
            sought = next(wanted, None)


def _fitted(item: Item, wants: tuple[tuple[str, bool, bool], ...]) -> Item:
    values = tuple(_fit(item, value, *want) for value, want in zip(item.values, wants, strict=True))
    if all(new is old for new, old in zip(values, item.values, strict=True)):
        return item
    return attrs.evolve(item, values=values)


def _fit(item: Item, value: Any, name: str, takes_path: bool, takes_text: bool) -> Any:
    if isinstance(value, str) and takes_path and not takes_text:
        if is_url(value):
            raise SourceError(
                f"item '{safe_text(item.key)}' is a URL, but input '{name}' is annotated Path; "
                "annotate it str and begin the graph with download(url)"
            )
        return Path(value)
    if isinstance(value, Path) and takes_text and not takes_path:
        return str(value)
    return value
