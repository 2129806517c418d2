"""
The cache: records and blobs in one diskcache, and the index beside them.

A cache problem makes a run slower, never wrong and never failed: whatever SQLite, the
file system or a damaged entry raises here is a miss, counted in `problems`; damage is
kept in `damaged` until the writer has removed the entries.

Thread safety: reading and `prepare` from any thread; `commit` and `heal` by the
coordinator alone, so that SQLite has one writer.
"""

import hashlib
import shutil
import sqlite3
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import attrs
import diskcache

from creevey_graph.cache.disk import INLINE_BYTES, SafeDisk, Stored, write_value
from creevey_graph.cache.folder import default_folder, open_folder
from creevey_graph.cache.frames import frame, unframe
from creevey_graph.cache.records import Record, decode_record, encode_record
from creevey_graph.errors import CacheError, CodecError

_PROBLEMS = (sqlite3.Error, OSError, diskcache.Timeout, ValueError, TypeError)
_SETTINGS: dict[str, Any] = {
    "eviction_policy": "none",  # the default drops entries from 1 GiB on, without a word
    "cull_limit": 0,
    "size_limit": 2**62,
    "statistics": 0,
    "sqlite_mmap_size": 2**26,
}
TIMEOUT_S = 5.0


@attrs.frozen
class Entry:
    """
    A value ready to be committed.

    Args:
        key: Hex lineage key of the node's value.
        record: Its record.
        blob: Its framed bytes, the file they were written to, or None where only the record is kept.
    """

    key: str
    record: Record
    blob: bytes | Stored | None


class Cache:
    """
    One cache folder.

    Args:
        folder: Where it is; `CREEVEY_CACHE_DIR` or `.creevey` by default.

    Raises:
        CacheError: The folder cannot be used.

    State: folder = its folder; problems = texts of what went wrong, in order; damaged = keys
    of entries found damaged and not removed yet.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = open_folder(Path(folder) if folder is not None else default_folder())
        self.problems: list[str] = []
        self.damaged: list[str] = []
        self._directory = str(self.folder / "store")
        self._store = self._open()

    def _open(self) -> Any:
        try:
            return _open_store(self._directory)
        except sqlite3.DatabaseError as exc:
            if isinstance(exc, sqlite3.OperationalError) and "disk i/o" not in str(exc).lower():
                raise CacheError(f"cache '{self.folder}' cannot be opened ({exc})") from exc
            aside = f"{self._directory}.bad-{time.time_ns()}"
            self.problems.append(
                f"the cache's database is damaged; set aside as {Path(aside).name} and begun anew"
            )
            shutil.move(self._directory, aside)
            return _open_store(self._directory)
        except (OSError, diskcache.Timeout) as exc:
            raise CacheError(f"cache '{self.folder}' cannot be opened ({exc})") from exc

    # --- reading ---------------------------------------------------------------------------

    def lookup(self, key: str) -> Record | None:
        """Return the record of a lineage key, or None."""
        data = self._get(f"r{key}")
        if data is None:
            return None
        try:
            return decode_record(data)
        except CodecError:
            self.damaged.append(f"r{key}")
            return None

    def load(self, record: Record) -> bytes | None:
        """Return the encoded value of a record, verified; None where it is gone or damaged."""
        data = self._get(f"b{record.digest}")
        if data is None:
            return None
        try:
            codec, payload = unframe(data, record.digest)
        except CodecError:
            self.damaged.append(f"b{record.digest}")
            return None
        return payload if codec == record.codec else None

    def has_blob(self, digest: str) -> bool:
        """True where a blob of this digest is listed (it is verified when it is read)."""
        try:
            return f"b{digest}" in self._store
        except _PROBLEMS as exc:
            self._note(exc)
            return False

    def _get(self, key: str) -> bytes | None:
        try:
            data = self._store.get(key)
        except FileNotFoundError:
            self.damaged.append(key)
            return None
        except (ValueError, OSError) as exc:
            self.damaged.append(key)
            self._note(exc)
            return None
        except _PROBLEMS as exc:
            self._note(exc)
            return None
        return data if isinstance(data, bytes) else None

    # --- writing ---------------------------------------------------------------------------

    def prepare(self, key: str, record: Record, payload: bytes) -> Entry:
        """
        Frame a value; a large one is written to its file at once, in the worker that made it.

        The row that points at it is written by `commit`; until then nothing sees it.
        """
        framed = frame(record.codec, record.digest, payload)
        if len(framed) < INLINE_BYTES:
            return Entry(key, record, framed)
        try:
            return Entry(key, record, write_value(self._directory, f"b{record.digest}", framed))
        except OSError as exc:
            self._note(exc)
            return Entry(key, record, None)

    def commit(self, entries: Iterable[Entry]) -> None:
        """Make entries visible, all in one transaction; a problem is noted and they are left out."""
        try:
            with self._store.transact(retry=False):
                for entry in entries:
                    self._commit_one(entry)
        except _PROBLEMS as exc:
            self._note(exc)

    def _commit_one(self, entry: Entry) -> None:
        if entry.blob is not None:
            key = f"b{entry.record.digest}"
            if key not in self._store:
                self._store.set(key, entry.blob, retry=False)
            elif isinstance(entry.blob, Stored):  # somebody stored the same content before us
                (Path(self._directory) / entry.blob.filename).unlink(missing_ok=True)
        self._store.set(f"r{entry.key}", encode_record(entry.record), retry=False)

    def heal(self, keys: Iterable[str]) -> None:
        """Remove damaged entries, so that what is made anew takes their place."""
        for key in keys:
            try:
                self._store.delete(key, retry=False)
            except _PROBLEMS as exc:
                self._note(exc)

    def clear(self) -> int:
        """
        Delete every record, blob and index row; run reports stay.

        Returns:
            How many records there were.

        Raises:
            CacheError: Something could not be deleted.
        """
        count = self.info()["records"]
        self.close()
        try:
            for path in self.folder.iterdir():
                if path.name.startswith("store"):
                    shutil.rmtree(path)
                elif path.name.startswith("index.db"):
                    path.unlink()
            self._store = _open_store(self._directory)
        except OSError as exc:
            raise CacheError(f"cache '{self.folder}' cannot be cleared ({exc})") from exc
        return int(count)

    # --- facts -----------------------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        """
        Count what is in it.

        Returns:
            `folder`, `records`, `blobs`, `bytes` (of encoded values) and `disk_bytes` (of files).
        """
        records, blobs, size = 0, 0, 0
        for key in self._keys():
            if key.startswith("r"):
                records += 1
                record = self.lookup(key[1:])
                size += record.size if record else 0
            else:
                blobs += 1
        files = (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        return {
            "folder": str(self.folder),
            "records": records,
            "blobs": blobs,
            "bytes": size,
            "disk_bytes": sum(path.stat().st_size for path in files),
        }

    def _keys(self) -> list[str]:
        # Cache.iterkeys would unpickle keys that somebody planted; plain iteration asks our Disk.
        try:
            return [key for key in self._store if isinstance(key, str)]
        except _PROBLEMS as exc:
            self._note(exc)
            return []

    def take_troubles(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return (damaged keys, problems) met since the last call, and forget them."""
        damaged, self.damaged = self.damaged, []
        problems, self.problems = self.problems, []
        return tuple(damaged), tuple(problems)

    def _note(self, exc: BaseException) -> None:
        self.problems.append(f"{type(exc).__name__}: {exc}")

    def close(self) -> None:
        """Close this thread's connection; the cache opens it again where needed."""
        with suppress(*_PROBLEMS):
            self._store.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the cache again in another process; a worker that cannot goes on without."""
        self.folder = state["folder"]
        self.problems, self.damaged = [], []
        self._directory = str(self.folder / "store")
        try:
            self._store = _open_store(self._directory)
        except _PROBLEMS as exc:
            self._store = {}
            self._note(exc)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<cache '{self.folder}'>"


def _open_store(directory: str) -> Any:
    path = Path(directory)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return diskcache.Cache(directory, timeout=TIMEOUT_S, disk=SafeDisk, **_SETTINGS)


def payload_digest(payload: bytes) -> str:
    """Return the hex sha256 of encoded bytes."""
    return hashlib.sha256(payload).hexdigest()
