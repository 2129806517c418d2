"""
What is known of one item, as text: `ItemState`, and the files it holds.

Layout: a JSON list in the order of `ItemState`'s fields (`lasting` only where it is not ""), files as lists in the order of `FileState`'s.
On its own it is kept sealed: behind 8 hex digits, the CRC-32 of key and text, since SQLite has no
checksum and a report shows what stands here.
"""

import json
import os
import zlib
from collections.abc import Mapping
from types import NoneType
from typing import Any

import attrs

from creevey_graph.fingerprint.files import Stat

_CHECK_DIGITS = 8
_FILES = (2, 3, 8)
"""Places of sources, outputs and leftovers in a state."""
_TEXT, _NUMBER = {str}, {int}
_TEXT_OR_NONE = {str, NoneType}


@attrs.frozen
class FileState:
    """
    A file as it was last seen.

    Args:
        path: As the item or the output template gives it.
        size: Bytes.
        mtime_ns: Modification time.
        ctime_ns: Change time.
        inode: Inode number.
        digest: Hex digest of the content.
        looked_ns: When it was looked at, nanoseconds since the epoch.
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    digest: str
    looked_ns: int

    @classmethod
    def seen(cls, path: str, stat: Stat, digest: str, looked_ns: int) -> "FileState":
        """Return the state of a file whose stat and digest were just taken."""
        return cls(path, stat.size, stat.mtime_ns, stat.ctime_ns, stat.inode, digest, looked_ns)


@attrs.frozen
class ItemState:
    """
    The last known state of an item.

    Args:
        graph_key: Digest of the graph that was run.
        values: What stands for the item's values that are no files, and for its columns.
        sources: Its input files.
        outputs: Its output files, paths relative to `out`.
        outcome: "done", "skipped" or "failed".
        step: Node that failed or skipped.
        error: Error or skip text.
        fields: The row's fields, JSON-able.
        leftovers: Files made for it earlier that it no longer stands behind.
        source: What a report shows as the item's source.
        traceback: Text of the traceback of a failure.
        lasting: What the failure is remembered by where it will not pass by itself (404, say): the node's
            key, and how it was tried; "" for others.
    """

    graph_key: str
    values: str
    sources: tuple[FileState, ...] = ()
    outputs: tuple[FileState, ...] = ()
    outcome: str = "done"
    step: str | None = None
    error: str | None = None
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    leftovers: tuple[FileState, ...] = ()
    source: str = ""
    traceback: str | None = None
    lasting: str = ""


def encode_state(state: ItemState) -> str:
    """Return *state* as one line of text."""
    parts = [
        state.graph_key,
        state.values,
        [_plain(file) for file in state.sources],
        [_plain(file) for file in state.outputs],
        state.outcome,
        state.step,
        state.error,
        dict(state.fields),
        [_plain(file) for file in state.leftovers],
        state.source,
        state.traceback,
    ]
    if state.lasting:
        parts.append(state.lasting)
    return json.dumps(parts, separators=(",", ":"))


def _plain(file: FileState) -> list[Any]:
    return [
        file.path,
        file.size,
        file.mtime_ns,
        file.ctime_ns,
        file.inode,
        file.digest,
        file.looked_ns,
    ]


def state_parts(text: str) -> list[Any] | None:
    """Return the parts of an encoded state, a list in the order of `ItemState`'s fields, or None where it is none."""
    try:
        parts = json.loads(text)
        return parts if _is_sound(*parts) else None
    except (ValueError, TypeError, RecursionError):
        return None


def decode_state(text: str) -> ItemState | None:
    """Return the state that *text* holds, or None where it is none."""
    parts = state_parts(text)
    if parts is None:
        return None
    for place in _FILES:
        parts[place] = tuple([FileState(*file) for file in parts[place]])
    return ItemState(*parts)


def _is_sound(  # noqa: PLR0917 - a state's parts, in their order
    graph_key: Any,
    values: Any,
    sources: Any,
    outputs: Any,
    outcome: Any,
    step: Any,
    error: Any,
    fields: Any,
    leftovers: Any,
    source: Any,
    traceback: Any,
    lasting: Any = "",
) -> bool:
    """True where every part is of its kind, and every output below its folder: who wrote them is not known."""
    return (
        {*map(type, (graph_key, values, outcome, source, lasting))} == _TEXT
        and {*map(type, (step, error, traceback))} <= _TEXT_OR_NONE
        and type(fields) is dict
        and all(_is_sound_file(*file) for file in sources)
        and all(
            _is_sound_file(*file) and is_below(file[0]) for files in (outputs, leftovers) for file in files
        )
    )


def _is_sound_file(path: Any, *rest: Any) -> bool:
    size, mtime_ns, ctime_ns, inode, digest, looked_ns = rest
    numbers = {*map(type, (size, mtime_ns, ctime_ns, inode, looked_ns))}
    return type(path) is type(digest) is str and numbers == _NUMBER


def is_below(path: str) -> bool:
    """
    True where a path relative to a folder does not lead out of it, links aside.

    >>> is_below("a/b..c.png"), is_below("../a"), is_below("/a"), is_below("a/../../b")
    (True, False, False, False)
    """
    if "\0" in path:  # in a source's it parts an archive from its member
        return False
    return not (".." in path and ".." in path.replace("\\", "/").split("/")) and not os.path.isabs(path)  # noqa: PTH117


def sealed(key: str, state: str) -> str:
    """Return an encoded state as it is kept: with a check that it is whole, and this key's."""
    return f"{zlib.crc32(state.encode(), zlib.crc32(encoded_key(key))):08x}{state}"


def opened(key: str, kept: str) -> str | None:
    """Return the encoded state of what `sealed` made for *key*, or None where it is damaged."""
    state = kept[_CHECK_DIGITS:]
    return state if sealed(key, state) == kept else None


def unsealed(key: str, kept: str) -> ItemState | None:
    """
    Return the state that is kept for *key*, or None where it is damaged.

    >>> state = encode_state(ItemState("graph", "values"))
    >>> unsealed("a", sealed("a", state)) == decode_state(state)
    True
    >>> unsealed("b", sealed("a", state))
    """
    state = opened(key, kept)
    return None if state is None else decode_state(state)


def encoded_key(key: str) -> bytes:
    """Return an item's key as bytes; a file's name may be no UTF-8."""
    return key.encode("utf-8", "surrogatepass")
