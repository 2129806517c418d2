"""Records: key -> digest and facts. Stored as JSON text, one a key."""

import json
from typing import Any

import attrs

from creevey_graph.errors import CodecError


@attrs.frozen
class Record:
    """
    What is known of one node's value for one item.

    Args:
        digest: Hex digest of the value; names its blob.
        codec: Name of the codec of its blob; "file" for the bytes of an output.
        size: Bytes of the encoded value.
        seconds: What the value cost to make.
        field: What a report shows of it: JSON-able.
    """

    digest: str
    codec: str
    size: int
    seconds: float
    field: Any = None


def encode_record(record: Record) -> bytes:
    """Return *record* as bytes."""
    return json.dumps(attrs.astuple(record), separators=(",", ":")).encode()


def decode_record(data: bytes) -> Record:
    """
    Return the record that *data* holds.

    Raises:
        CodecError: It is no record.
    """
    try:
        digest, codec, size, seconds, field = json.loads(data)
        if len(digest) == 64 and int(digest, 16) >= 0 and isinstance(codec, str):  # noqa: PLR2004 - hex sha256
            return Record(digest, codec, int(size), float(seconds), field)
    except (ValueError, TypeError) as exc:
        raise CodecError("cache record: damaged") from exc
    raise CodecError("cache record: damaged")
