"""
Blocks: up to 512 items of the index side by side, so that a run compares them all at once.

A no-op run needs of an item its key, its paths and four numbers of each file's stat; decoding its whole
state took 80 us. A block holds these as columns for its *plain* items, those that can be found up to
date by a comparison alone; the states of all its items stand behind them, compressed, for the
others, for what has changed, and to be merged with newer states.

Layout, one SQLite row: `head`, JSON of the columns; `looks`, 32 bytes for each file of the plain items,
first their sources, then their outputs; `rows`, the report's rows of the plain items, JSON lines,
zlib; `states`, JSON of keys and encoded states, zlib; `checks`, CRC-32 of the first three
and of the last. zlib at level 1: 512 states take 30 KB instead of 250.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from creevey_graph.cache.states import state_parts
from creevey_graph.fingerprint.files import is_left_alone

SIZE = 512
"""Items in a block, at the most."""
MOST_BYTES = 2**28
"""Of states, or of rows, unpacked; a thousandth of it may unpack to it."""
_LEVEL = 1
_CHECKS = struct.Struct("<II")
_LOOK = struct.Struct("<qqqQ")
LOOK_BYTES = _LOOK.size
_GOOD = ("done", "skipped")
TEXT = "text "
"""What `ItemState.values` begins with where the item is one text."""

RowText = Callable[[str, Sequence[Any]], str]
"""(key, parts of a state) -> the line of a report for an item that is up to date."""


@attrs.frozen
class Columns:
    """
    What a comparison needs of a block's plain items, which stand in the order of their keys.

    Args:
        graph_key: The graph they were made by.
        keys: Their keys.
        values: Their `ItemState.values`.
        has_file: One byte an item: 1 where its value is the path of its one source file.
        outputs: Paths of their outputs, relative to `out`, item after item.
        counts: One byte an item: how many outputs it has.
        looks: 32 bytes a file: the sources of those that have one, then the outputs.
        rows: Their report rows, JSON lines, compressed.
        skipped: How many of them a step left out.
        others: Keys of the block's items that are not plain.
    """

    graph_key: str
    keys: list[str]
    values: list[str]
    has_file: bytes
    outputs: list[str]
    counts: bytes
    looks: bytes
    rows: bytes
    skipped: int
    others: list[str]


def pack_block(members: Sequence[tuple[str, str]], graph_key: str, row_text: RowText) -> tuple[Any, ...]:
    """
    Return the row of a block: head, looks, rows, checks, states.

    Args:
        members: (key, encoded state), sorted by key.
        graph_key: The graph whose items can be plain.
        row_text: Makes the lines of a report.
    """
    plain: list[tuple[str, list[Any]]] = []
    others = []
    whole = []
    for key, text in members:
        parts = state_parts(text)
        if parts is None:  # somebody else wrote it: its item is looked at closely
            continue
        whole.append((key, text))
        if _is_plain(parts, graph_key):
            plain.append((key, parts))
        else:
            others.append(key)
    keys = [key for key, _ in plain]
    values = [parts[1] for _, parts in plain]
    prefix = _prefix_of(keys, values)
    head = {
        "graph": graph_key,
        "keys": keys,
        "values": values if prefix is None else prefix,
        "has_file": [len(parts[2]) for _, parts in plain],
        "outputs": [file[0] for _, parts in plain for file in parts[3]],
        "counts": [len(parts[3]) for _, parts in plain],
        "skipped": sum(parts[4] == "skipped" for _, parts in plain),
        "others": others,
    }
    files = [file for place in (2, 3) for _, parts in plain for file in parts[place]]
    looks = b"".join([_LOOK.pack(file[1], file[2], file[3], file[4]) for file in files])
    lines = "\n".join([row_text(key, parts) for key, parts in plain])
    rows = zlib.compress(lines.encode(), _LEVEL)
    states = zlib.compress(_joined([[key for key, _ in whole], [text for _, text in whole]]), _LEVEL)
    packed = _joined(head)
    return packed, looks, rows, _CHECKS.pack(_check(packed, looks, rows), zlib.crc32(states)), states


def _joined(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _check(*parts: bytes) -> int:
    check = 0
    for part in parts:
        check = zlib.crc32(part, check)
    return check


def _is_plain(parts: Sequence[Any], graph_key: str) -> bool:
    key, values, sources, outputs, outcome, _, _, _, leftovers, *_ = parts
    if key != graph_key or outcome not in _GOOD or leftovers or len(outputs) > 255:  # noqa: PLR2004 - a byte
        return False
    is_file = len(sources) == 1 and sources[0][0] == values
    if not is_file and not (not sources and values.startswith(TEXT)):
        return False
    return all(
        is_left_alone(file[2], file[3], file[6]) and _is_packable(file) for file in (*sources, *outputs)
    )


def _is_packable(file: Sequence[Any]) -> bool:
    return 0 <= file[4] < 2**64 and all(abs(number) < 2**63 for number in file[1:4])


def _prefix_of(keys: list[str], values: list[str]) -> str | None:
    """Return what every value has before its key, None where that is not all it has."""
    if not keys or not values[0].endswith(keys[0]):
        return None
    prefix = values[0][: len(values[0]) - len(keys[0])]
    return prefix if values == [prefix + key for key in keys] else None


def unpack_columns(head: Any, looks: Any, rows: Any, checks: Any) -> Columns | None:
    """Return a block's columns, or None where they are damaged."""
    try:
        if _CHECKS.unpack(checks)[0] != _check(head, looks, rows):
            return None
        parts = json.loads(head)
        keys, values = parts["keys"], parts["values"]
        columns = Columns(
            parts["graph"],
            keys,
            [values + key for key in keys] if isinstance(values, str) else values,
            bytes([*parts["has_file"]]),  # of a number it would be that many bytes
            parts["outputs"],
            bytes([*parts["counts"]]),
            looks,
            rows,
            parts["skipped"],
            parts["others"],
        )
    except (ValueError, TypeError, KeyError, struct.error, RecursionError):
        return None
    return columns if _is_sound(columns) else None


def _is_sound(columns: Columns) -> bool:
    """True where the columns fit together: a check-sum tells no more than that nothing broke."""
    count = len(columns.keys)
    lists = (columns.keys, columns.values, columns.outputs, columns.others)
    return (
        all(map(_is_texts, lists))
        and count == len(columns.values) == len(columns.has_file) == len(columns.counts)
        and not columns.has_file.strip(b"\0\1")
        and sum(columns.counts) == len(columns.outputs)
        and len(columns.looks) == LOOK_BYTES * (sum(columns.has_file) + len(columns.outputs))
        and type(columns.skipped) is int
    )


def _is_texts(texts: Any) -> bool:
    try:
        return type(texts) is list and type("".join(texts)) is str  # half the time of looking at each
    except TypeError:
        return False


def unpack_states(states: Any, checks: Any) -> dict[str, str] | None:
    """Return key -> encoded state of a block's items, or None where they are damaged."""
    try:
        if _CHECKS.unpack(checks)[1] != zlib.crc32(states):
            return None
        keys, texts = json.loads(unpacked(states))
        if _is_texts(keys) and _is_texts(texts):
            return dict(zip(keys, texts, strict=True))
    except (ValueError, TypeError, struct.error, RecursionError):
        pass
    return None


def unpacked(data: bytes) -> bytes:
    """
    Return what zlib packed into *data*.

    Raises:
        ValueError: It is damaged, or unpacks to more than a block has.
    """
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(data, MOST_BYTES)
    except zlib.error as exc:
        raise ValueError("a block of the index is damaged") from exc
    if not unpacking.eof:
        raise ValueError("a block of the index unpacks to too much, or is cut short")
    return found


def pack_looks(stats: Iterable[Any]) -> bytes:
    """
    Return 32 bytes for each `os.stat_result`, as a block holds them.

    Raises:
        struct.error: A number does not fit.
    """
    pack = _LOOK.pack
    return b"".join([pack(s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino) for s in stats])
