"""What one item gives the cache: values encoded and framed, records of files, ready to be committed."""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from creevey_graph.cache import Cache, Entry, Record
from creevey_graph.codecs.raw import RAW
from creevey_graph.errors import CodecError, Undigestible
from creevey_graph.fields import field_of
from creevey_graph.fingerprint.files import digest_file
from creevey_graph.fingerprint.values import digest_bytes, digest_value
from creevey_graph.frozen import FrozenNode
from creevey_graph.policy import codec_to_keep, is_worth_keeping


class Keeping:
    """
    What one try at one item gives the cache.

    State: entries = what is to be committed; problems = why values that should be kept are not.
    """

    def __init__(self, cache: Cache | None) -> None:
        self._cache = cache
        self.entries: list[Entry] = []
        self.problems: list[str] = []

    def keep(self, node: FrozenNode, key: str | None, value: Any, seconds: float) -> None:
        """
        Keep a node's value, where it may and is worth it.

        Args:
            node: The node.
            key: Lineage key of the value; None where it has none.
            value: What the step returned.
            seconds: What it cost.
        """
        if self._cache is None or key is None or not node.keeps:
            return
        try:
            codec = codec_to_keep(node.step, value)
            if codec is None:
                return
            payload = codec.encode(value)
            memoryview(payload)  # raises for what is no bytes
            if not is_worth_keeping(node.step, value, len(payload)):
                return
            digest = digest_bytes(payload) if value is payload else digest_value(value)
        except (Undigestible, CodecError) as exc:
            self.problems.append(f"step '{node.name}': its value is not kept ({exc})")
            return
        except Exception as exc:  # noqa: BLE001 - codecs are the user's too, and the value is good without
            why = f"{type(exc).__name__}: {exc}"
            self.problems.append(f"step '{node.name}': its value is not kept ({why})")
            return
        record = Record(
            digest, codec.name, len(payload), seconds, field_of(value), saves_s=seconds, step=node.name
        )
        self.entries.append(self._cache.prepare(key, record, payload))

    def keep_file(self, node: FrozenNode, key: str | None, path: Path, seconds: float) -> Record | None:
        """Keep the bytes of a file that a writer wrote; return its record, None where there is no cache."""
        if self._cache is None:
            return None
        if key is None or not node.keeps:
            return Record(digest_file(path)[0], RAW.name, 0, seconds)
        payload = path.read_bytes()
        record = Record(
            digest_bytes(payload), RAW.name, len(payload), seconds, saves_s=seconds, step=node.name
        )
        self.entries.append(self._cache.prepare(key, record, payload))
        return record

    def undo(self) -> None:
        """Remove what was written and will not be committed."""
        if self._cache is not None:
            self._cache.discard(self.entries)
        self.entries.clear()


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
