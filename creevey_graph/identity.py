"""
What an item is: digests of its input files and values, and the keys made of them.

A file counts by content, its path's text only for steps that use it. Where the last look
still holds (`is_settled`), nothing is read.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs

from creevey_graph.cache import FileState, ItemState
from creevey_graph.errors import SourceChanged, SourceError, Undigestible
from creevey_graph.fingerprint.files import Stat, is_file_value, is_settled
from creevey_graph.fingerprint.values import digest_value
from creevey_graph.frozen import FrozenGraph, FrozenNode
from creevey_graph.parts import Part, address_of, digest_of, shown, stat_of
from creevey_graph.sources import Item


@attrs.frozen
class Identity:
    """
    What stands for one item.

    Args:
        contents: Per input, what it is apart from its path: a digest; None where it has none.
        texts: Per input, the text of its path, "" where it is none.
        sources: Its files as they were looked at.
        values: Digest of all that is no file content, columns included.
    """

    contents: tuple[str | None, ...]
    texts: tuple[str, ...]
    sources: tuple[FileState, ...]
    values: str

    @property
    def digest(self) -> str:
        """Hex digest of all inputs' contents, for the `{digest}` of output paths."""
        return hashlib.sha256("\n".join(content or "" for content in self.contents).encode()).hexdigest()


def identify(item: Item, known: ItemState | None) -> Identity:
    """
    Look at an item's files and values.

    Args:
        item: The item.
        known: Its last known state; spares the reading of files that are unchanged.

    Raises:
        OSError: A file is missing or unreadable.
        SourceError: A path is no regular file.
        SourceChanged: A file changed while it was read.
    """
    seen = {state.path: state for state in known.sources} if known else {}
    contents: list[str | None] = []
    texts: list[str] = []
    sources: list[FileState] = []
    for value in item.values:
        if is_file_value(value):
            state = look(value, seen.get(str(value)))
            sources.append(state)
            contents.append(f"file {state.digest}" if isinstance(value, Path) else f"named {state.digest}")
            texts.append(str(value))
        elif isinstance(value, Part):
            state = look(value, seen.get(value.address))
            sources.append(state)
            contents.append(f"{value.kind} {state.digest}")
            texts.append(str(value))
        else:
            held = [look(path, seen.get(address_of(path))) for path in files_in(value)]
            sources += held
            content = _content(value)
            digests = "".join(f" file {state.digest}" for state in held)
            contents.append(None if content is None else content + digests)
            texts.append("")
    return Identity(tuple(contents), tuple(texts), tuple(sources), values_digest(item))


def files_in(value: Any) -> Iterator[Path | str | Part]:
    """
    Yield every file or part whose content counts: the value itself, or such inside lists, tuples, sets and dicts.

    >>> [str(path) for path in files_in({"photos": [Path("a.jpg"), Path("b.jpg")], "n": 2})]
    ['a.jpg', 'b.jpg']
    """
    if is_file_value(value) or isinstance(value, Part):
        yield value
    elif isinstance(value, list | tuple | set | frozenset | dict):
        parts = value.values() if isinstance(value, dict) else value
        for part in sorted(parts, key=str) if isinstance(value, set | frozenset) else parts:
            if not isinstance(part, str):  # text inside a list is text: it may name a file by chance
                yield from files_in(part)


def values_digest(item: Item) -> str:
    """Return what stands for an item's columns and its values' text: a digest, or one path or text as it is."""
    if not item.columns and len(item.values) == 1:
        if isinstance(item.values[0], Path):
            return str(item.values[0])
        if type(item.values[0]) is str:
            return f"text {item.values[0]}"
        if isinstance(item.values[0], Part):
            return f"part {item.values[0].address}"
    try:
        return digest_value((item.values, dict(item.columns)))
    except Undigestible:
        return f"undigestible {time.time_ns()}"


def _content(value: Any) -> str | None:
    try:
        return f"value {digest_value(value)}"
    except Undigestible:
        return None


def look(path: Any, known: FileState | None) -> FileState:
    """Return the state of a file or a part now; it is read only where *known* does not hold any more."""
    if known is not None:
        stat = stat_of(path)
        if is_same(stat, known) and is_settled(stat, known.looked_ns):
            return known
    looked_ns = time.time_ns()
    digest, stat = digest_of(path)
    return FileState.seen(address_of(path), stat, digest, looked_ns)


def is_same(stat: Stat, known: FileState) -> bool:
    """True where a file's stat is what it was."""
    return (
        stat.size == known.size
        and stat.mtime_ns == known.mtime_ns
        and stat.ctime_ns == known.ctime_ns
        and stat.inode == known.inode
    )


def check_unchanged(sources: Sequence[FileState]) -> None:
    """
    Check, after an item's steps have read them, that its files are what was digested.

    A file that was changed just before the look could have changed again within one tick of
    the clock, so it is read again.

    Raises:
        SourceChanged: One is not, or cannot be looked at; nothing that was made of it may be kept.
    """
    for state in sources:
        try:
            stat = stat_of(state.path)
            same = is_same(stat, state) and (
                is_settled(stat, state.looked_ns) or digest_of(state.path)[0] == state.digest
            )
        except FileNotFoundError:
            same = False
        except OSError as exc:  # a failing disk, or too many open files: nobody changed it
            raise SourceChanged(
                f"'{shown(state.path)}' cannot be looked at again after it was read ({exc.strerror or exc})"
            ) from exc
        except SourceError:
            same = False
        if not same:
            raise SourceChanged(
                f"'{shown(state.path)}' changed while it was read; run again once it is left alone"
            )


def lineage_keys(
    frozen: FrozenGraph,
    identity: Identity,
    outputs: Mapping[int, str],
    answers: Mapping[int, str] = MappingProxyType({}),
) -> list[str | None]:
    """
    Return each node's lineage key, by position.

    None where an ingredient has no digest, and for steps that are not pure: what is below them
    must be made of what they give this time.

    Args:
        frozen: The graph.
        identity: What the item is.
        outputs: Slot of a writer -> where its output belongs, `out` included; the suffix chooses the encoder.
        answers: Position of a node that was asked in this run -> what stands for its value.
    """
    first = len(frozen.inputs)
    keys: list[str | None] = []

    def key_above(slot: int) -> str | None:
        return keys[slot - first]

    for position, node in enumerate(frozen.nodes):  # no comprehension: each key is made of those before it
        answer = answers.get(position)
        keys.append(
            _key_of(node, identity, outputs, key_above, [_own_part(node)])
            if answer is None
            else _hashed(answer)
        )
    return keys


def content_key(
    node: FrozenNode, identity: Identity, outputs: Mapping[int, str], content_of: Callable[[int], str | None]
) -> str | None:
    """
    Return a node's content key: what it is made of, whatever made that; None where a part has no digest.

    Args:
        node: The node.
        identity: What the item is.
        outputs: Slot of a writer -> where its output belongs.
        content_of: Slot of a node -> what stands for its value.
    """
    return _key_of(node, identity, outputs, content_of, ["content", _own_part(node)])


def memory_key(node: FrozenNode, identity: Identity) -> str | None:
    """Return the key of what a node that is asked anew kept last time; None where a part has no digest."""
    return _key_of(node, identity, {}, lambda _: None, ["memory", node.fingerprint])


def _own_part(node: FrozenNode) -> str | None:
    """Return what stands for a node in keys of its value; None where equal inputs may give different ones."""
    return node.fingerprint if node.step.options.pure else None


def _key_of(
    node: FrozenNode,
    identity: Identity,
    outputs: Mapping[int, str],
    part_of: Callable[[int], str | None],
    parts: list[str | None],
) -> str | None:
    first = len(identity.contents)
    for slot, text_counts in zip(node.reads, node.text_counts, strict=True):
        part = identity.contents[slot] if slot < first else part_of(slot)
        text = identity.texts[slot] if slot < first else outputs.get(slot, "")
        parts.append(f"{part} {text}" if part is not None and text_counts and text else part)
    if node.output is not None:
        parts.append(os.path.splitext(outputs[node.slot])[1])  # noqa: PTH122 - per item and node
    if None in parts:
        return None
    return _hashed("\n".join(part or "" for part in parts))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
