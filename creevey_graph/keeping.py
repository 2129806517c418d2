"""What one item gives the cache: values encoded and framed, records of files, ready to be committed."""

import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import attrs

from creevey_graph.cache import Cache, Entry, Record
from creevey_graph.codecs import CODECS, Codec, find_codec
from creevey_graph.codecs.base import Parts
from creevey_graph.codecs.picture import PICTURE
from creevey_graph.codecs.raw import RAW
from creevey_graph.codecs.tree import TREE
from creevey_graph.contents import is_own_codec
from creevey_graph.errors import CodecError, Undigestible
from creevey_graph.fields import field_of
from creevey_graph.fingerprint.files import digest_file
from creevey_graph.fingerprint.values import digest_bytes, digest_of_sha256, digest_picture, digest_value
from creevey_graph.frozen import FrozenNode
from creevey_graph.ledger import Ledger
from creevey_graph.policy import (
    SMALL_BYTES,
    Measure,
    codec_to_keep,
    could_pay,
    is_ordered,
    is_picture,
    least_bytes,
    pays,
)
from creevey_graph.sharing import shares_parts


@attrs.frozen
class Made:
    """
    What a node gave just now, on its way into the cache.

    Args:
        node: The node.
        key: Lineage key of its value; None where it has none.
        content: Content keys of its value.
        seconds: What the node alone took.
        saves_s: What having the value saves: with the nodes above that would have to run again too.
        worth_s: What making it from nothing takes, a download counted as ten seconds at least.
    """

    node: FrozenNode
    key: str | None
    content: tuple[str, ...]
    seconds: float
    saves_s: float
    worth_s: float = 0.0

    def record(self, digest: str, codec: str, size: int, field: Any = None) -> Record:
        """Return the value's record."""
        return Record(digest, codec, size, self.seconds, field, self.saves_s, self.node.name, self.worth_s)


class Keeping:
    """
    What one try at one item gives the cache, and takes from it.

    State: entries = what is to be committed; problems = why values that should be kept are not;
    fresh = slot -> entry of a value that was made just now; measured = what keeping values of undecided
    nodes takes.
    """

    def __init__(
        self, cache: Cache | None, ledger: Ledger, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._cache = cache
        self._ledger = ledger
        self._clock = clock
        self.entries: list[Entry] = []
        self.fresh: dict[int, Entry] = {}
        self.problems: list[str] = []
        self.measured: list[tuple[str, Measure]] = []

    def keep(self, made: Made, value: Any) -> Record | None:
        """
        Keep a node's value, where it may and is worth it; return its record, None where it is not kept.

        Args:
            made: What is known of it.
            value: What the step returned.
        """
        node = made.node
        if self._cache is None or self._cache.is_read_only or made.key is None or not node.keeps:
            return None
        if self._ledger.is_closed(node):
            return None
        try:
            return self._weighed(made, value)
        except (Undigestible, CodecError) as exc:
            self.problems.append(f"step '{node.name}': its value is not kept ({exc})")
        except Exception as exc:  # noqa: BLE001 - codecs are the user's too, and the value is good without
            why = f"{type(exc).__name__}: {exc}"
            self.problems.append(f"step '{node.name}': its value is not kept ({why})")
        return None

    def _weighed(self, made: Made, value: Any) -> Record | None:
        codec, verdict = codec_to_keep(made.node.step, value), self._ledger.verdict(made.node.fingerprint)
        if codec is None:
            return None
        if is_ordered(made.node.step, value) or verdict:
            return self._store(made, value, codec, encoded(codec, value))
        payload = None
        began, size = self._clock(), least_bytes(value)
        if not is_picture(value) and size <= SMALL_BYTES:
            payload = encoded(codec, value)
            size = len(payload)
            if size <= SMALL_BYTES:
                return self._store(made, value, codec, payload)
        if verdict is False:
            return None
        if not could_pay(made.saves_s, size):
            self._note(made, Measure(made.saves_s, 0.0, 0.0, 0.0, size, is_picture(value)))
            return None
        return self._measured(made, value, codec, payload or encoded(codec, value), began)

    def _measured(self, made: Made, value: Any, codec: Codec, payload: Parts, began: float) -> Record | None:
        """Keep the value of an undecided node where it pays by itself; tell what that takes."""
        assert self._cache is not None
        record = self._record(made, value, codec, payload)
        times = [began, self._clock()]
        entry = self._prepared(made, record, payload)
        if entry.blob is None:  # its file could not be written, which the cache tells
            return None
        times.append(self._clock())
        is_kept = False
        try:
            decoded(codec, self._cache.reread(entry))
            times.append(self._clock())
            encode_s, write_s, read_s = (after - before for before, after in pairwise(times))
            measure = Measure(made.saves_s, encode_s, write_s, read_s, len(payload), is_picture(value))
            self._note(made, measure)
            is_kept = pays(measure)
        finally:
            if not is_kept:
                self._cache.discard([entry])
        if is_kept:
            self._add(made, entry)
        return record if is_kept else None

    def _note(self, made: Made, measure: Measure) -> None:
        fingerprint = made.node.fingerprint
        if fingerprint is not None and self._ledger.add(fingerprint, measure):
            self.measured.append((fingerprint, measure))

    def _store(self, made: Made, value: Any, codec: Codec, payload: Parts) -> Record:
        record = self._record(made, value, codec, payload)
        self._add(made, self._prepared(made, record, payload))
        return record

    def _record(self, made: Made, value: Any, codec: Codec, payload: Parts) -> Record:
        if codec is TREE and shares_parts(value):
            raise CodecError("a list, dict or set stands in it twice, and would come back as two; copy it")
        by_bulk = _DIGESTS.get(codec.name) if CODECS.get(codec.name) is codec else None
        if by_bulk is not None:
            digest = by_bulk(value, payload.rest_sha256)
        elif is_own_codec(made.node.step.options.codec):
            # A codec that a step brings is for values that nothing else can tell: its bytes stand for them.
            digest = digest_bytes(bytes(payload))
        else:
            digest = digest_value(value)
        return made.record(digest, codec.name, len(payload), field_of(value))

    def _add(self, made: Made, entry: Entry) -> None:
        self.entries.append(entry)
        self.fresh[made.node.slot] = entry

    def _prepared(self, made: Made, record: Record, payload: Parts) -> Entry:
        assert self._cache is not None
        marks = (made.node.fingerprint or "") if made.content else ""
        return self._cache.prepare(made.key or "", record, payload, content=made.content, marks=marks)

    def keep_file(self, made: Made, path: Path) -> Record | None:
        """Keep the bytes of a file that a writer wrote; return its record, None where there is no cache."""
        if self._cache is None:
            return None
        if made.key is None or not made.node.keeps or self._cache.is_read_only:
            return Record(digest_file(path)[0], RAW.name, 0, made.seconds)
        payload = Parts(b"", path.read_bytes())
        record = made.record(digest_of_sha256(payload.rest_sha256.hex()), RAW.name, len(payload))
        self.entries.append(self._prepared(made, record, payload))
        return record

    def keep_alias(self, key: str, record: Record) -> None:
        """Keep the record of a value that was found by content under the node's lineage key too."""
        self.entries.append(Entry(key, record, None))

    def keep_facts(self, made: Made, facts: Mapping[str, Any], field: Any) -> None:
        """
        Keep what a step that is asked anew wants to find next time.

        Args:
            made: What is known of it; its key is that of the memory.
            facts: What the step kept.
            field: What stands in the record for all to see.
        """
        if self._cache is None or self._cache.is_read_only or made.key is None:
            return
        try:
            payload = encoded(TREE, dict(facts))
            record = made.record(digest_value(dict(facts)), TREE.name, len(payload), field)
        except (Undigestible, CodecError) as exc:
            self.problems.append(f"step '{made.node.name}': what it remembers is not kept ({exc})")
            return
        self.entries.append(self._prepared(made, record, payload))

    def load_facts(self, record: Record) -> Mapping[str, Any] | None:
        """Return what `keep_facts` kept; None where it is gone or damaged."""
        with suppress(CodecError, OSError):
            payload = self.load_file(record)
            facts = None if payload is None else decoded(TREE, payload)
            return facts if isinstance(facts, dict) else None
        return None

    def load(self, node: FrozenNode, record: Record | None) -> tuple[bool, Any]:
        """
        Return (True, a value that is kept), (False, None) where it is gone or damaged.

        Args:
            node: The node.
            record: Its record; None for what was kept just now.
        """
        fresh = self.fresh.get(node.slot)
        with suppress(CodecError, OSError):
            if fresh is not None and self._cache is not None:
                return True, decoded(self._codec(node, fresh.record), self._cache.reread(fresh))
            payload = None if record is None else self.load_file(record)
            if record is not None and payload is not None:
                return True, decoded(self._codec(node, record), payload)
        return False, None

    @staticmethod
    def _codec(node: FrozenNode, record: Record) -> Codec:
        return node.step.options.codec or find_codec(record.codec)

    def load_file(self, record: Record) -> bytes | memoryview | None:
        """Return the bytes of a record, None where they are gone or damaged."""
        return None if self._cache is None else self._cache.load(record)

    def withdraw(self, names: Collection[str]) -> None:
        """Let go of what these nodes gave, before it is committed."""
        withdrawn = [entry for entry in self.entries if entry.record.step in names]
        self.entries = [entry for entry in self.entries if entry.record.step not in names]
        self.fresh = {slot: entry for slot, entry in self.fresh.items() if entry.record.step not in names}
        if self._cache is not None:
            self._cache.discard(withdrawn)

    def undo(self) -> None:
        """Remove what was written and will not be committed."""
        if self._cache is not None:
            self._cache.discard(self.entries)
        self.entries.clear()
        self.fresh.clear()


_DIGESTS: Mapping[str, Callable[[Any, bytes], str]] = {
    "raw": lambda _, sha256: digest_of_sha256(sha256.hex()),
    "picture": digest_picture,
    "deferred": digest_picture,
}
"""Codec of ours -> digest of a value, of the sha256 of its bulk; of others the value is digested by itself."""


def encoded(codec: Codec, value: Any) -> Parts:
    """
    Return *value* encoded.

    Raises:
        TypeError: The codec, which may be the user's, gave something else than bytes.
        Exception: Whatever it raises.
    """
    split: Callable[[Any], Parts] | None = getattr(codec, "parts", None)  # a user's may have less than ours
    return split(value) if split is not None else Parts(b"", memoryview(codec.encode(value)))


def decoded(codec: Codec, payload: bytes | memoryview) -> Any:
    """
    Return the value of *payload*; only our codec of pictures is handed a view.

    Raises:
        CodecError: The codec cannot.
        Exception: Whatever a codec of the user's raises.
    """
    return codec.decode(payload if codec is PICTURE else bytes(payload))  # type: ignore[arg-type]  # it takes both


def tells_path(value: Any, paths: Collection[str]) -> bool:
    """
    True where what a step opened tells later steps which file it was.

    Its key holds the file's content alone, so that a label made of `image.filename` was given to every
    file of equal content. Pictures are read in full and their name becomes "", since those from the
    cache have none; of other things (an open file, a data set) and what is made of them nothing is kept.
    """
    if isinstance(value, list | tuple):
        return any(tells_path(part, paths) for part in value)
    if isinstance(value, dict):
        return any(tells_path(part, paths) for part in value.values())
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(value, pillow.Image):
        if str(getattr(value, "filename", "")) not in paths:
            return False
        value.load()
        if getattr(value, "n_frames", 1) > 1:  # its file stays open, and is asked for by name
            return True
        value.filename = ""  # not deleted: `Image.save` asks for it
        return False
    return any(str(getattr(value, name, "")) in paths for name in ("name", "filename", "path"))
