"""
Outputs on their way: written under temporary names, put in place when the whole item is done.

An output whose bytes are in place already is left alone, its time included. Where a later
step reads an output it is put in place before that, and taken away again should the item fail:
what was there before comes back.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import attrs

from creevey_graph.atomic import Scratch, remove_temporary, temporary_beside
from creevey_graph.cache import FileState, ItemState, Record
from creevey_graph.errors import CreeveyError, StepError, UsageError
from creevey_graph.fingerprint.files import Stat, digest_file, is_settled
from creevey_graph.identity import is_same
from creevey_graph.parts import file_of


class Delivery:
    """
    The outputs of one item.

    State: written = position of a writer -> its temporary file; placed = position -> the file
    in place; known = output path -> its last known state; fresh = files put in place by this try;
    older = such a file -> what it replaced, under a temporary name; early = position -> path and
    stat of what later steps read; abandoned = temporary files of earlier tries of a writer; sources =
    the item's files.
    """

    def __init__(self, out: Path | None, known: ItemState | None, scratch: Scratch) -> None:
        self._out = out
        self._scratch = scratch
        self.written: dict[int, Path] = {}
        self.placed: dict[int, FileState] = {}
        self.known = {state.path: state for state in known.outputs} if known else {}
        self._leftovers = known.leftovers if known else ()
        self.sources: Sequence[FileState] = ()
        self._fresh: list[Path] = []
        self._older: dict[Path, Path] = {}
        self._abandoned: list[Path] = []
        self._early: dict[int, tuple[str, Stat]] = {}

    def target(self, path: str) -> Path:
        """Return where an output belongs."""
        assert self._out is not None
        return self._out / path

    def begin(self, position: int, path: str) -> Path:
        """
        Return a temporary file that the writer is to write; an earlier one of its counts no more.

        It has a folder of its own, which shows whether the writer made any other file.
        """
        if position in self.written:
            self._abandoned.append(self.written[position])  # a try that ran out of time may still write to it
        self.written[position] = self._scratch.take(self.target(path))
        return self.written[position]

    def check_written(self, position: int, step: str) -> Path:
        """
        Return the file that a writer has written.

        Raises:
            FileNotFoundError: It wrote none.
            StepError: It wrote further files.
        """
        path = self.written[position]
        if path.is_symlink() or not path.is_file():
            raise FileNotFoundError(f"step '{step}' wrote nothing at the path it was given")
        if more := sorted(name for name in os.listdir(path.parent) if name != path.name):  # noqa: PTH208 - per output
            shown = ", ".join(name.replace(path.stem, "…") for name in more)
            raise StepError(
                f"step '{step}' wrote more than its path: {shown}; give each file a writer of its own"
            )
        return path

    def place(
        self, position: int, path: str, record: Record | None, *, early: bool = False, keeps: bool = False
    ) -> None:
        """
        Put an output in place.

        Args:
            position: The writer's position.
            path: Its output path, relative to `out`.
            record: Its record, where its content's digest is known.
            early: Whether a later step of the item reads it.
            keeps: Whether the item may yet fail, so that the file it replaces must be able to come back.

        Raises:
            OSError: It cannot be put there, such as over a folder.
            UsageError: One of the item's own files is there.
        """
        temporary = self.written[position]
        target = self.target(path)
        if record is not None and self._is_in_place(target, path, record.digest):
            self.placed[position] = self.known[path]
        else:
            self._check_no_source(target, path)
            if early or keeps:
                self._keep_older(target)
            temporary.replace(target)
            self._fresh.append(target)
            if record is not None:
                stat = _stat_of_placed(target)
                # Looked at within a tick of its own time: the next run reads it before it trusts the stat.
                self.placed[position] = FileState.seen(path, stat, record.digest, stat.mtime_ns)
        self._scratch.give_back(temporary)
        del self.written[position]
        if early:
            self._early[position] = (path, Stat.of(target))

    def _check_no_source(self, target: Path, path: str) -> None:
        with suppress(OSError):
            there = os.lstat(target)
            for source in self.sources:
                for look in (os.stat, os.lstat):
                    if os.path.samestat(look(file_of(source.path)), there):
                        raise UsageError(
                            f"output '{path}' would replace the item's own file '{file_of(source.path)}'; "
                            "choose another output folder or template"
                        )

    def _keep_older(self, target: Path) -> None:
        """Keep what is at *target* under a temporary name; it stays there too until it is replaced."""
        if not os.path.lexists(target) or (target.is_dir() and not target.is_symlink()):
            return
        older = temporary_beside(target)
        try:
            os.link(target, older, follow_symlinks=False)
        except (OSError, NotImplementedError):  # no links on this file system
            shutil.copy2(target, older, follow_symlinks=False)
        self._older[target] = older

    def check_untouched(self) -> None:
        """
        Check that later steps have only read what was put in place for them.

        Raises:
            StepError: One changed it: the next run would take it for modified by hand.
            OSError: It cannot be looked at.
        """
        for position, (path, before) in self._early.items():
            target = self.target(path)
            try:
                now = Stat.of(target)
                is_left_alone = now == before
                if (
                    not is_left_alone and position in self.placed
                ):  # a link or another mode changes the stat too
                    is_left_alone = digest_file(target)[0] == self.placed[position].digest
                elif not is_left_alone:
                    is_left_alone = attrs.evolve(now, ctime_ns=before.ctime_ns) == before
            except (FileNotFoundError, CreeveyError):
                is_left_alone = False
            if not is_left_alone:
                raise StepError(f"a later step changed '{path}'; do it in the writer")

    def settle(self) -> None:
        """Say that the item has come to its good end: what was replaced is not needed any more."""
        self._fresh.clear()
        while self._older:
            remove_temporary(self._older.popitem()[1])

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
            self._scratch.give_back(path)
        for path in self._abandoned:
            remove_temporary(path)
        self.written.clear()
        self._abandoned.clear()

    def withdraw(self) -> None:
        """Remove all that this try wrote, what is in place too; what it replaced comes back."""
        self.discard()
        for path in self._fresh:
            with suppress(OSError):
                if path in self._older:
                    self._older.pop(path).replace(path)
                else:
                    path.unlink(missing_ok=True)
        self._fresh.clear()
        self.settle()


def _stat_of_placed(target: Path) -> Stat:
    """
    Return the stat of a file that was just put in place; one that no file has where it cannot be looked at.

    It is whole and in place: for a look that failed the item failed, and withdrew it with what it had replaced.
    Without a stat the next run reads it.
    """
    try:
        return Stat.of(target)
    except OSError:
        return Stat(-1, 0, 0, 0)
