"""
Items checked against a graph before anything runs: values converted, output paths apart.

`Listing` walks the source each time it is asked, so that no list of items is held.
"""

import functools
import os
import types
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, Union, get_args, get_origin

import attrs

from creevey_graph.cache import Accepted
from creevey_graph.errors import GraphError, SourceError, UsageError
from creevey_graph.freeze import freeze
from creevey_graph.frozen import FrozenGraph
from creevey_graph.graph import Graph
from creevey_graph.sources import Item, Source, open_source
from creevey_graph.sources.base import is_url
from creevey_graph.text import safe_text
from creevey_graph.validate import (
    plain_annotation,
    validate_outputs_apart,
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
    """

    source: Source
    frozen: FrozenGraph

    def __len__(self) -> int:
        return len(self.source)

    def __iter__(self) -> Iterator[Item]:
        """
        Yield the items, values converted to what the graph's inputs are annotated with.

        Raises:
            SourceError: A value does not fit its input.
        """
        wants = tuple((name, *_wanted(annotation)) for name, annotation in self.frozen.inputs)
        for item in self.source:
            yield _fitted(item, wants)


def list_items(
    graph: Graph, items: Any, out: Path | None, accepted: Mapping[str, Accepted] | None = None
) -> Listing:
    """
    Return the listing of *items* for *graph*, everything checked that can be before a run.

    Raises:
        SourceError: Items cannot be listed, or do not fit the graph's inputs.
        GraphError: The graph is not valid; writers have no `out`; two items have one output
            path; outputs would land among the inputs, or over one.
        UsageError: An output path leaves `out`.
    """
    graph.validate()
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"out must be a folder ('{out}' is a file); choose another")
    source = open_source(items, tuple(graph.inputs))
    frozen = freeze(graph, source.columns, accepted)
    listing = Listing(source, frozen)
    validate_template_writers({node.name: node.step for node in frozen.nodes}, out)
    if frozen.writers and out is not None:
        root = source.input_root
        recursive = getattr(source, "is_recursive", True)
        validate_outputs_outside(str(out), None if root is None else str(root), recursive=recursive)
    validate_outputs_apart(functools.partial(_claims, listing))
    if out is not None and out != Path():  # the working folder: a preview has it too, and writes nothing
        validate_inputs_kept(listing, out)
    return listing


def validate_inputs_kept(listing: Listing, out: Path) -> None:
    """
    Check that no output that is known before content is read would replace an item's file.

    Raises:
        GraphError: One would.
    """
    real = functools.lru_cache(maxsize=1024)(os.path.realpath)
    if not any(node.output is not None for node in listing.frozen.writers):
        return
    folders = {real(os.path.dirname(path)) for item in listing for path in _files(item)}  # noqa: PTH120
    writers: dict[str, tuple[str, str]] = {}
    for output, key in _claims(listing) if folders else ():
        folder, _, name = f"{out}/{output}".rpartition("/")
        if real(folder) in folders:
            writers[os.path.normcase(f"{real(folder)}/{name}")] = (output, key)
    for item in listing if writers else ():
        for path in _files(item):
            folder, name = os.path.split(path)
            place = os.path.normcase(f"{real(folder)}/{name}")
            if place in writers:
                output, key = writers[place]
                raise GraphError(
                    f"item '{safe_text(item.key)}': its file '{safe_text(path)}' would be replaced by output "
                    f"'{safe_text(output)}' of item '{safe_text(key)}'; choose another out= or template"
                )


def _files(item: Item) -> Iterator[str]:
    """Yield the names of an item's files."""
    for value in item.values:
        if isinstance(value, Path) or (isinstance(value, str) and os.path.isfile(value)):  # noqa: PTH113 - per item
            yield str(value)


def _claims(listing: Listing) -> Iterator[tuple[str, str]]:
    """Yield every output path that is known before content is read, with its item's key."""
    outputs = [node.output for node in listing.frozen.writers if node.output is not None]
    known = [output for output in outputs if not output.needs_digest]
    for item in listing:
        for output in known:
            yield output.render(item), f"{item.key}" if len(known) == 1 else f"{item.key} ({output.node})"


def _wanted(annotation: Any) -> tuple[bool, bool]:
    """Return (takes a path, takes text) of an input's annotation; unannotated takes both."""
    annotation = plain_annotation(annotation)
    if annotation is Any:
        return True, True
    is_union = get_origin(annotation) in (Union, types.UnionType)
    members = get_args(annotation) if is_union else (annotation,)
    kinds = [member for member in map(plain_annotation, members) if isinstance(member, type)]
    return any(issubclass(kind, PurePath) for kind in kinds), any(issubclass(kind, str) for kind in kinds)


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
