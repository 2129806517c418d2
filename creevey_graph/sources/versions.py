"""
What a listing tells of a file's content: its version, and whether that can be relied on.

Rejected: CRC-32, as a zip lists it; one edit in four thousand million would be missed.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from creevey_graph.fingerprint.files import SETTLED_NS

_OF_CONTENT = (
    *("ETag", "etag", "e_tag", "content_md5", "md5Hash", "md5", "sha1", "sha256", "checksum", "blob_id"),
    *("generation", "VersionId", "version_id"),
)
"""What file systems call that which changes with the content, whenever that happens."""
_TIMES = ("LastModified", "last_modified", "mtime", "modified", "updated")

Version = tuple[tuple[str, str], ...]


class Untold:
    """Stands where a listing tells no version. It has no digest, so that nothing made of it is kept."""

    def __repr__(self) -> str:
        return "untold"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Untold)

    __hash__ = None  # type: ignore[assignment]


def version_of(info: Mapping[str, Any]) -> Version:
    """Return what a listing tells of a file's content, as text."""
    facts = {name: info[name] for name in (*_OF_CONTENT, *_TIMES, "size") if info.get(name) is not None}
    return tuple(sorted((name, _fact(value)) for name, value in facts.items()))


def _fact(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def told(info: Mapping[str, Any], listed_ns: int) -> Version | Untold:
    """Return the version of a file; a time tells of a change only where it lies back a while."""
    version = version_of(info)
    names = {name for name, _ in version}
    if names.intersection(_OF_CONTENT):
        return version
    moments = [_moment_ns(info[name]) for name in _TIMES if name in names]
    if "size" in names and any(moment is not None and moment + SETTLED_NS < listed_ns for moment in moments):
        return version
    return Untold()


def _moment_ns(value: Any) -> int | None:
    """Return a time in nanoseconds since 1970, None where it cannot be read."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            # One without a zone is in UTC, as file systems give it.
            zoned = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
            value = zoned.timestamp()
        return int(float(value) * 1e9)
    except (ValueError, TypeError, OverflowError):
        return None


def is_same(listed: Version, now: Version) -> bool:
    """True where what both tell is the same; times are told differently by a listing and for one file."""
    before, after = dict(listed), dict(now)
    common = before.keys() & after.keys()
    strong = common.intersection(_OF_CONTENT)
    counted = (strong or common) - {"size"} | ({"size"} & common)
    return all(before[name] == after[name] for name in counted)
