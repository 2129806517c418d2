"""
The cache: records and blobs in one diskcache, and the index beside them.

A cache problem makes a run slower, never wrong and never failed: whatever SQLite, the file system or a damaged
entry raises here is a miss, counted in `problems`; damage is kept in `damaged` until the writer has removed it.

Thread safety: reading and `prepare` from any thread; `commit` and `heal` by the coordinator alone: one SQLite writer.
"""

import functools
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from creevey_graph.cache.disk import INLINE_BYTES, Stored, insert_new, put, put_all, write_value
from creevey_graph.cache.folder import default_folder, open_folder
from creevey_graph.cache.frames import OtherFormatError, frame, frame_head, unframe
from creevey_graph.cache.lock import Lock
from creevey_graph.cache.opening import (
    PROBLEMS,
    begin_anew,
    care,
    is_lost,
    is_told_enough,
    open_or_begin_anew,
    open_store,
    told,
)
from creevey_graph.cache.records import Entry, Record, decode_record, encode_facts, facts_of
from creevey_graph.cache.rows import delete_key_if_damaged
from creevey_graph.cache.sqlite_files import is_damage
from creevey_graph.codecs.base import Parts
from creevey_graph.display import mimebundle
from creevey_graph.errors import CacheError, CodecError

if TYPE_CHECKING:
    from creevey_graph.cache.sweep import Swept
    from creevey_graph.cache.verify import Verified

FAILED_COMMITS = 3
"""After so many in a row nothing more is written: a full disk or a hung peer is not asked for every chunk."""


class Cache:
    """
    One cache folder.

    Args:
        folder: Where it is; `CREEVEY_CACHE_DIR` or `.creevey` by default.

    Raises:
        CacheError: The folder cannot be used.

    State: folder; problems = texts of what went wrong, in order; damaged = keys of entries found damaged and not removed
    yet, by thread; failed_commits = how many of the last ones; marked = fingerprints with records by content.
    """

    _repr_mimebundle_ = mimebundle

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = open_folder(Path(folder) if folder is not None else default_folder())
        self._directory = str(self.folder / "store")
        self._forget()
        self._store: Any = open_or_begin_anew(self.folder, self._directory, self.problems)
        self.failed_commits = FAILED_COMMITS if self._store.is_read_only else 0

    def _forget(self) -> None:
        self.problems: list[str] = []
        self.failed_commits = 0
        self._marked: set[str] = set()
        self._local = threading.local()

    @property
    def damaged(self) -> list[str]:
        """Keys that this thread found damaged: told by another's result, what it brings seemed a second copy."""
        return cast("list[str]", self._local.__dict__.setdefault("damaged", []))

    @property
    def is_read_only(self) -> bool:
        """True where its folder cannot be written to: what it has is used, and nothing is added."""
        return getattr(self._store, "is_read_only", False)

    # --- reading ---------------------------------------------------------------------------

    def lookup(self, key: str) -> Record | None:
        """Return the record of a key, by lineage or by content, or None."""
        if (data := self._get(f"r{key}")) is None:
            return None
        try:
            return decode_record(key, data)
        except CodecError as exc:
            self._find_damaged(f"r{key}", exc)
            return None

    def has_content(self, fingerprint: str) -> bool:
        """True where records by content were ever kept of nodes of this fingerprint."""
        return self._get(f"c{fingerprint}") is not None

    def measures(self, fingerprint: str) -> bytes | None:
        """Return what `put_measures` stored for nodes of this fingerprint, or None."""
        return bytes(found[1]) if (found := self._unframed(f"m{fingerprint}", fingerprint)) else None

    def load(self, record: Record) -> bytes | memoryview | None:
        """Return the encoded value of a record, verified; None where it is gone or damaged."""
        if (found := self._unframed(record.blob_key, record.digest)) is None:
            return None
        if found[0] == record.codec:
            return found[1]
        self.damaged.append(record.blob_key)
        return None

    def _unframed(self, key: str, digest: str) -> tuple[str, bytes | memoryview] | None:
        data = self._get(key)
        if data is not None:
            try:
                return unframe(data, digest)
            except CodecError as exc:
                self._find_damaged(key, exc)
        return None

    def _find_damaged(self, key: str, exc: CodecError) -> None:
        self.damaged.append(key)
        if isinstance(exc, OtherFormatError):
            self.problems.append("values in a format of another version of creevey_graph are made again")

    def _get(self, key: str) -> bytes | None:
        try:
            data = self._store.get(key)
        except (*PROBLEMS, MemoryError) as exc:
            if is_damage(exc):  # a row or a file that we did not write so, or the whole database: `heal` sees
                self.damaged.append(key)
            else:
                self._note(exc)
            return None
        return data if isinstance(data, bytes) else None

    # --- writing ---------------------------------------------------------------------------

    def prepare(self, key: str, record: Record, payload: bytes | Parts, **facts: Any) -> Entry:
        """
        Frame a value; a large one is written to its file at once, in the worker that made it.

        The row that points at it is written by `commit`; until then nothing sees it. *facts* are `Entry`'s.
        """
        parts = payload if isinstance(payload, Parts) else Parts(b"", payload)
        head = frame_head(record.codec, record.digest, parts)
        if len(head) + len(parts.rest) < INLINE_BYTES:
            return Entry(key, record, b"".join((head, parts.rest)), **facts)
        try:
            stored = write_value(self._directory, record.blob_key, head, parts.rest)
        except OSError as exc:
            self._note(exc)
            stored = None
        return Entry(key, record, stored, **facts)

    def reread(self, entry: Entry) -> bytes | memoryview:
        """
        Read a value that was prepared and not committed as `load` will, to measure what that takes.

        Raises:
            OSError: Its file cannot be read.
            CodecError: It is damaged.
        """
        data = entry.blob
        if isinstance(data, Stored):
            data = (Path(self._directory) / data.filename).read_bytes()
        return unframe(data or b"", entry.record.digest)[1]

    def put_measures(self, measures: Mapping[str, bytes]) -> None:
        """Store what keeping the values of nodes takes, by their fingerprints."""
        framed = {f"m{key}": frame("measures", key, data) for key, data in measures.items()}
        if framed:
            self._write(functools.partial(put_all, self._store, framed))

    def commit(self, entries: Iterable[Entry]) -> None:
        """Make entries visible, all in one transaction; a problem is noted and they are left out."""
        entries = list(entries)

        def work() -> None:
            with self._store.transact(retry=False):
                for entry in entries:
                    self._commit_one(entry)

        if not self._write(work):
            self._marked.clear()
            self.discard(entries)

    def _write(self, work: Callable[[], None]) -> bool:
        """Write something; False where it came to nothing, or is not tried any more."""
        if self.failed_commits >= FAILED_COMMITS:
            return False
        try:
            work()
        except PROBLEMS as exc:
            self.failed_commits += 1
            if is_lost(exc, self._directory):  # as a whole: told by the setting aside
                self._replace_store()
                return False
            text = self._note(exc)
            self._store.step_back(exc)
            if self.failed_commits == FAILED_COMMITS and not is_told_enough(text):
                self.problems.append("nothing more is written to it in this run")
            return False
        self.failed_commits = 0
        return True

    def _replace_store(self) -> None:
        self.close()
        self._marked.clear()
        try:
            self._store = begin_anew(self.folder, self._directory, self.problems)
        except CacheError as exc:
            self._store, self.failed_commits = {}, FAILED_COMMITS
            self._note(exc)

    def _commit_one(self, entry: Entry) -> None:
        if entry.blob is not None and not insert_new(self._store, key := entry.record.blob_key, entry.blob):
            if key not in self._store:
                self._store.set(key, entry.blob, retry=False)
            else:  # somebody stored the same content before us
                self.discard([entry])
        facts = facts_of(entry.record)
        for key in filter(None, (entry.key, *entry.content)):
            put(self._store, f"r{key}", encode_facts(key, facts))
        if entry.marks and entry.marks not in self._marked:
            put(self._store, f"c{entry.marks}", b"")
            self._marked.add(entry.marks)

    def discard(self, entries: Iterable[Entry]) -> None:
        """Remove the files of entries that will not be committed."""
        for entry in entries:
            if isinstance(entry.blob, Stored):
                with suppress(OSError):
                    (Path(self._directory) / entry.blob.filename).unlink(missing_ok=True)

    def heal(self, keys: Iterable[str]) -> None:
        """Remove damaged entries, so that what is made anew takes their place."""
        for key in dict.fromkeys(keys):
            self._write(functools.partial(delete_key_if_damaged, self._store, key))

    # --- care ------------------------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        """
        Count what is in it; see `summed_up` for the totals and `steps`, and `folder_facts` for the files.

        Raises:
            CacheError: It cannot be read.
        """
        return dict(care().count(self.folder, self._store))

    def verify(self) -> "Verified":
        """
        Read every value and record again; remove what is damaged, so that a run makes it anew.

        Raises:
            CacheError: It cannot be read or written, or `gc` is at work in it.
        """
        found, is_whole = care().check(self.folder, self._store)
        if not is_whole:
            self._replace_store()
            found.problem = self.problems.pop()
        return cast("Verified", found)

    def gc(
        self,
        max_bytes: int | None = None,
        older_than_s: float | None = None,
        dry_run: bool = False,
        lock: Lock | None = None,
    ) -> "Swept":
        """
        Drop what nothing points at, and values beyond the limits: the fewest seconds saved per byte first.

        Args:
            max_bytes: Values are dropped until they have no more bytes than this; None for any.
            older_than_s: Values that were stored longer ago are dropped; None for any age.
            dry_run: Only tell what would go.
            lock: Held alone by the caller; taken here where it is None.

        Raises:
            CacheError: A run is using it; or it cannot be read or written.
        """
        limits = (max_bytes, older_than_s)
        swept: Swept = care().collect(self.folder, self._store, limits, dry_run=dry_run, lock=lock)
        return swept

    def may_exceed(self, max_bytes: int) -> bool:
        """False where the values have no more bytes than *max_bytes* for sure; costs no look at any."""
        return bool(care().may_exceed(self.folder, self._store, max_bytes))

    def clear(self) -> int:
        """
        Delete every record, blob, index row and accepted edit; run reports stay, and so does what is not ours.

        Returns:
            How many records there were.

        Raises:
            CacheError: A run is using it, or something could not be deleted.
        """
        with care().emptied(self.folder, self._store) as records:
            self.close()
            care().remove_ours(self.folder)
            self._store = open_store(self._directory)
        return int(records)

    # --- facts -----------------------------------------------------------------------------

    def take_troubles(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return (damaged keys, problems) met since the last call, and forget them."""
        damaged, problems = tuple(self.damaged), tuple(self.problems)
        self.damaged.clear()
        self.problems = []
        return damaged, problems

    def _note(self, exc: BaseException) -> str:
        text = told(exc, self.folder)
        self.problems.append(text)
        return text  # not to be read back: a worker's thread may take it at once

    def close(self) -> None:
        """Close this thread's connection; the cache opens it again where needed."""
        with suppress(*PROBLEMS, AttributeError):  # where it could not be opened, a dict stands in
            self._store.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the cache again in another process; a worker that cannot goes on without."""
        self.folder = state["folder"]
        self._directory = str(self.folder / "store")
        self._forget()
        try:
            self._store = open_store(self._directory)
        except PROBLEMS as exc:
            self._store, self.failed_commits = {}, FAILED_COMMITS
            self._note(exc)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<cache '{self.folder}'>"
