"""
Records: key -> digest and facts.

Stored as JSON text in a frame of its own, bound to its key: one flipped bit of a database
otherwise changed a number that a report shows.
"""

import hashlib
import json
from typing import Any

import attrs

from creevey_graph.cache.disk import Stored
from creevey_graph.cache.frames import frame, unframe
from creevey_graph.errors import CodecError

_CODEC = "record"


@attrs.frozen
class Record:
    """
    What is known of one node's value for one item.

    Args:
        digest: Hex digest of the value; names its blob.
        codec: Name of the codec of its blob; "raw" for the bytes of an output.
        size: Bytes of the encoded value.
        seconds: What the node alone took to make it.
        field: What a report shows of it: JSON-able.
        saves_s: Seconds that having it saves: the node's own, and those of the nodes above it whose
            values are not kept.
        step: Name of the node that made it, to be shown; no key holds it.
        worth_s: What decides which values stay where there is not room for all: seconds to make it from
            nothing, with all nodes above it; a download counts as ten at least, as it may be gone.
    """

    digest: str
    codec: str
    size: int
    seconds: float
    field: Any = None
    saves_s: float = 0.0
    step: str = ""
    worth_s: float = 0.0

    @property
    def blob_key(self) -> str:
        """Key of its blob."""
        return blob_key_of(self.codec, self.digest)


@attrs.frozen
class Entry:
    """
    A value ready to be committed.

    Args:
        key: Hex lineage key of the node's value.
        record: Its record.
        blob: Its framed bytes, the file they were written to, or None where only the record is kept.
        content: Its content keys, under which the record stands too.
        marks: The node's fingerprint where it has one: that there are such is noted under it.
    """

    key: str
    record: Record
    blob: bytes | Stored | None
    content: tuple[str, ...] = ()
    marks: str = ""


def blob_key_of(codec: str, digest: str) -> str:
    """Return the key of a value's blob: one value may be there in the forms of two codecs."""
    return f"b{hashlib.sha256(f'{codec} {digest}'.encode()).hexdigest()}"


def encode_record(key: str, record: Record) -> bytes:
    """Return *record* as bytes that hold for *key* alone."""
    return encode_facts(key, facts_of(record))


def encode_facts(key: str, facts: bytes) -> bytes:
    """Return what `facts_of` a record gave as bytes that hold for *key* alone."""
    return frame(_CODEC, key, facts)


def facts_of(record: Record) -> bytes:
    """Return *record* as JSON text, to be stored under one key or two."""
    facts = (
        record.digest,
        record.codec,
        record.size,
        record.seconds,
        record.field,
        record.saves_s,
        record.step,
        record.worth_s,
    )
    return json.dumps(facts, separators=(",", ":")).encode()


def decode_record(key: str, data: bytes) -> Record:
    """
    Return the record that *data* holds for *key*.

    Raises:
        CodecError: It is no record, damaged, or another key's.
    """
    codec, payload = unframe(data, key)
    try:
        digest, codec, size, seconds, field, saves_s, step, worth_s = json.loads(bytes(payload))
        if len(digest) == 64 and int(digest, 16) >= 0 and isinstance(codec, str):  # noqa: PLR2004 - hex sha256
            rest = float(saves_s), str(step), float(worth_s)
            return Record(digest, codec, int(size), float(seconds), field, *rest)
    except (ValueError, TypeError, OverflowError, RecursionError) as exc:
        raise CodecError("cache record: damaged") from exc
    raise CodecError("cache record: damaged")
