"""
Outputs on their way: written under temporary names, put in place when the whole item is done.

An output whose bytes are in place already is left alone, its time included. Where a later
step reads an output it is put in place before that, and taken away again should the item fail.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from creevey_graph.atomic import temporary_beside
from creevey_graph.cache import FileState, ItemState, Record
from creevey_graph.errors import CreeveyError
from creevey_graph.fingerprint.files import Stat, digest_file, is_settled
from creevey_graph.identity import is_same


class Delivery:
    """
    The outputs of one item.

    State: written = position of a writer -> its temporary file; placed = position -> the file
    in place; known = output path -> its last known state; fresh = files put in place by this try.
    """

    def __init__(self, out: Path | None, known: ItemState | None) -> None:
        self._out = out
        self.written: dict[int, Path] = {}
        self.placed: dict[int, FileState] = {}
        self.known = {state.path: state for state in known.outputs} if known else {}
        self._leftovers = known.leftovers if known else ()
        self._fresh: list[Path] = []

    def target(self, path: str) -> Path:
        """Return where an output belongs."""
        assert self._out is not None
        return self._out / path

    def begin(self, position: int, path: str) -> Path:
        """Return a temporary file that the writer is to write; an earlier one of its is removed."""
        if position in self.written:
            with suppress(OSError):
                self.written[position].unlink(missing_ok=True)
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
        temporary = self.written[position]
        target = self.target(path)
        if record is not None and self._is_in_place(target, path, record.digest):
            temporary.unlink()
            self.placed[position] = self.known[path]
        else:
            temporary.replace(target)
            self._fresh.append(target)
            if record is not None:
                stat = Stat.of(target)
                # Looked at within a tick of its own time: the next run reads it before it trusts the stat.
                self.placed[position] = FileState.seen(path, stat, record.digest, stat.mtime_ns)
        del self.written[position]

    def _is_in_place(self, target: Path, path: str, digest: str) -> bool:
        known = self.known.get(path)
        if known is None or known.digest != digest or target.is_symlink():
            return False
        with suppress(OSError, CreeveyError):
            stat = Stat.of(target)
            # An edit within a tick of the look may bear the same stat: such a file is read.
            return is_same(stat, known) and (
                is_settled(stat, known.looked_ns) or digest_file(target)[0] == digest
            )
        return False

    def leftovers(self, current: Iterable[str]) -> tuple[FileState, ...]:
        """Return files that were made for this item earlier and are none of its *current* outputs."""
        paths = set(current)
        older = (*self.known.values(), *self._leftovers)
        return tuple(state for state in older if state.path not in paths and self._is_there(state.path))

    def _is_there(self, path: str) -> bool:
        return self._out is not None and (self._out / path).is_file()

    def discard(self) -> None:
        """Remove what was written and not put in place."""
        for path in self.written.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)
        self.written.clear()

    def withdraw(self) -> None:
        """Remove all that this try wrote, what is in place too: its item has not come to its end."""
        self.discard()
        for path in self._fresh:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        self._fresh.clear()
