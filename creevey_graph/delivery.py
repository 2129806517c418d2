"""
Outputs on their way: written under temporary names, put in place when the whole item is done.

An output whose bytes are in place already is left alone, its time included.
"""

from contextlib import suppress
from pathlib import Path

from creevey_graph.atomic import temporary_beside
from creevey_graph.cache import FileState, ItemState, Record
from creevey_graph.fingerprint.files import Stat
from creevey_graph.identity import is_same


class Delivery:
    """
    The outputs of one item.

    State: written = position of a writer -> its temporary file; placed = position -> the file
    in place; known = output path -> its last known state.
    """

    def __init__(self, out: Path | None, known: ItemState | None) -> None:
        self._out = out
        self.written: dict[int, Path] = {}
        self.placed: dict[int, FileState] = {}
        self.known = {state.path: state for state in known.outputs} if known else {}

    def target(self, path: str) -> Path:
        """Return where an output belongs."""
        assert self._out is not None
        return self._out / path

    def begin(self, position: int, path: str) -> Path:
        """Return the temporary file that a writer is to write."""
        self.written[position] = temporary_beside(self.target(path))
        return self.written[position]

    def place(self, position: int, path: str, record: Record | None) -> None:
        """
        Put an output in place.

        Args:
            position: The writer's position.
            path: Its output path, relative to `out`.
            record: Its record, where its content's digest is known.

        Raises:
            OSError: It cannot be put there, such as over a folder.
        """
        temporary = self.written.pop(position)
        target = self.target(path)
        if record is not None and self._is_in_place(target, path, record.digest):
            temporary.unlink()
            self.placed[position] = self.known[path]
            return
        temporary.replace(target)
        if record is not None:
            stat = Stat.of(target)
            # Looked at within a tick of its own time: the next run reads it once before it trusts the stat.
            self.placed[position] = FileState.seen(path, stat, record.digest, stat.mtime_ns)

    def _is_in_place(self, target: Path, path: str, digest: str) -> bool:
        known = self.known.get(path)
        if known is None or known.digest != digest or target.is_symlink():
            return False
        with suppress(OSError):
            return is_same(Stat.of(target), known)
        return False

    def discard(self) -> None:
        """Remove what was written and not put in place."""
        for path in self.written.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)
        self.written.clear()
