"""
Whether the outputs of a set land apart: from each other, and from the inputs.

Both need every item's output path, 5 us each. A set whose keys, sources and templates are those
of the last check is not checked again; only whether folders have become the same by a link is.
"""

import functools
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from creevey_graph.apart import Claim, validate_outputs_apart
from creevey_graph.cache import Index
from creevey_graph.errors import GraphError
from creevey_graph.listing import Listing
from creevey_graph.outputs import OutputTemplate
from creevey_graph.sources import Item
from creevey_graph.sources.base import place_of
from creevey_graph.sources.duplicates import value_mark
from creevey_graph.text import safe_text

_AT_ONCE = 10_000
MOST_FOLDERS = 10_000
"""A set with more folders is checked every time."""


def check_places(listing: Listing, out: Path | None, index: Index | None = None) -> None:
    """
    Check the output paths that are known before content is read.

    Args:
        listing: The items.
        out: The output folder.
        index: Remembers which listing was checked.

    Raises:
        GraphError: Two items have one output path, or one would replace an item's file.
        UsageError: A path leaves *out*.
        SourceError: An item does not fit the graph's inputs.
    """
    stamp = "" if index is None else _stamp(listing, out)
    if stamp and index is not None:
        known, folders = index.checked()
        if known == stamp and _are_apart(out, folders):
            return
    walk = _Walk(listing)
    validate_outputs_apart(
        walk.claims, functools.partial(place_of, listing.source), functools.partial(_is_again, listing)
    )
    folders = sorted(walk.inputs), sorted(walk.outputs)
    if out is not None and not _are_apart(out, folders):
        validate_inputs_kept(listing, out)
    if stamp and index is not None and max(map(len, folders)) <= MOST_FOLDERS:
        index.put_checked(stamp, folders)


class _Walk:
    """
    One walk through a listing, for all that is asked of every item.

    State: inputs = folders of the items' files; outputs = folders of the outputs, relative to `out`.
    """

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self.inputs: set[str] = set()
        self.outputs: set[str] = set()

    def claims(self) -> Iterator[Claim]:
        """Yield every output path that is known before content is read."""
        outputs = _known_outputs(self._listing)
        for item in self._listing:
            self.inputs.update(map(os.path.dirname, _files(item)))
            for claim in _claims_of(item, outputs):
                self.outputs.add(claim[0].rpartition("/")[0])
                yield claim


def _is_again(listing: Listing, first: int, second: int) -> bool:
    """True where two items are one: all their values are equal."""
    one, other = (value_mark(item.values) for item in listing.some(sorted((first, second))))
    return bool(one == other)


def _stamp(listing: Listing, out: Path | None) -> str:
    """Return a digest of all that output paths are made of, "" where that cannot be told in bulk."""
    source = listing.bulk
    if source is None:
        return ""
    stamp = hashlib.sha256(f"{listing.frozen.graph_key}\0{out}".encode("utf-8", "surrogatepass"))
    keys = source.keys
    for begins in range(0, len(keys), _AT_ONCE):
        part = range(begins, min(begins + _AT_ONCE, len(keys)))
        text = "\0".join(("", *keys[part.start : part.stop], *source.texts(part)))
        stamp.update(text.encode("utf-8", "surrogatepass"))
    return stamp.hexdigest()


def _are_apart(out: Path | None, folders: Any) -> bool:
    """True where no folder of outputs is one of inputs, now that links may lead elsewhere."""
    inputs, outputs = folders
    written = {os.path.realpath(f"{out}/{folder}") for folder in outputs}
    return written.isdisjoint(map(os.path.realpath, inputs))


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
    for output, key, node, _ in _claims(listing) if folders else ():
        folder, _, name = f"{out}/{output}".rpartition("/")
        if real(folder) in folders:
            writers[os.path.normcase(f"{real(folder)}/{name}")] = (output, f"{key} ({node})" if node else key)
    for item in listing if writers else ():
        for path in _files(item):
            folder, name = os.path.split(path)
            place = os.path.normcase(f"{real(folder)}/{name}")
            if place in writers:
                output, key = writers[place]
                raise GraphError(
                    f"item '{safe_text(item.key)}': its file '{safe_text(path)}' would be replaced by output "
                    f"'{safe_text(output)}' of item '{safe_text(key)}'; choose another output folder or template"
                )


def _files(item: Item) -> Iterator[str]:
    """Yield the names of an item's files."""
    for value in item.values:
        if isinstance(value, Path) or (isinstance(value, str) and os.path.isfile(value)):  # noqa: PTH113 - per item
            yield str(value)


def _known_outputs(listing: Listing) -> list[OutputTemplate]:
    outputs = [node.output for node in listing.frozen.writers if node.output is not None]
    return [output for output in outputs if not output.needs_digest]


def _claims(listing: Listing) -> Iterator[Claim]:
    """Yield every output path that is known before content is read."""
    outputs = _known_outputs(listing)
    for item in listing:
        yield from _claims_of(item, outputs)


def _claims_of(item: Item, outputs: Sequence[OutputTemplate]) -> Iterator[Claim]:
    for output in outputs if item.refusal is None else ():
        yield output.render(item), item.key, output.node if len(outputs) > 1 else "", item.index
