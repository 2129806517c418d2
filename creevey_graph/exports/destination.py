"""
The folder an export writes: whole files only, and nothing that is not its own is touched.

Files are made in a staging folder and moved in at the end, so that an interrupted export leaves the former
set; what has not changed is not written again. Layout of `INDEX`, which is written last: JSON lines, first
`{"creevey_graph_export": 1, "format": …, "rows": …, "graph": …, "scope": …}` (and `"partial": true` where it is
of some items only; an earlier version wrote none of these three), then a line per file: its name, its recipe (a digest
of all it is made of), how many rows are in it, its bytes, and its sha256 where it holds more than
one output. While files are moved in, the first line says `"publishing": true`: a file whose sha256 is not its
line's is then the former one. The name begins with a dot, so that loaders of data sets do not read it.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

import attrs

from creevey_graph.atomic import remove_stale, temporary_beside
from creevey_graph.columns import counted
from creevey_graph.errors import UsageError
from creevey_graph.text import safe_text

INDEX = ".creevey-export.jsonl"
SCHEMA = 1


@attrs.frozen
class Piece:
    """
    One file of an export.

    Args:
        name: Relative to the folder, with "/" between folders.
        recipe: Digest of all that it is made of.
        rows: How many rows are in it.
        size: Bytes, of a link those of its target.
        sha256: Of its content, "" where the recipe is compared instead.
    """

    name: str
    recipe: str
    rows: int
    size: int
    sha256: str = ""


@attrs.frozen
class Origin:
    """
    What an export is made of.

    Args:
        graph: Name of the graph, "" where it is not known.
        scope: As in its report: stands for the graph and the output folder, "" where it is not known.
        is_partial: True where some items of the set have no row in the report.
    """

    graph: str = ""
    scope: str = ""
    is_partial: bool = False

    def is_other(self, former: "Origin") -> bool:
        """
        True where a former export is known to be of another graph or output folder.

        >>> Origin("a", "1").is_other(Origin("a")), Origin("a", "1").is_other(Origin("a", "2"))
        (False, True)
        """
        pairs = ((self.graph, former.graph), (self.scope, former.scope))
        return any(mine and its and mine != its for mine, its in pairs)


class Destination:
    """
    A folder on its way to hold an export.

    Args:
        folder: Made where it is not there.
        form: Name of the format; a folder holds one.
        origin: What the export is made of.

    State: pieces = name -> what will be there; kept, written, removed = how many files were left as they were,
    written, and deleted as leftovers of the former export. Thread safety: none.

    Raises:
        UsageError: It is no folder, or holds an export of another format.
    """

    def __init__(self, folder: Path | str, form: str, origin: Origin | None = None) -> None:
        self.folder = Path(folder)
        self.form = form
        self.origin = Origin() if origin is None else origin
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"'{safe_text(str(folder))}' is no folder; an export needs one of its own")
        remove_stale(self.folder)
        self.pieces: dict[str, Piece] = {}
        self.kept = self.written = self.removed = 0
        self._former, self._former_head = _read_index(self.folder, form)
        self._named = {piece.recipe: piece for piece in self._former.values() if piece.sha256}
        self._staging: Path | None = None
        self._count = 0
        self._staged: dict[str, Path] = {}
        self._folders: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._staging is not None:
            shutil.rmtree(self._staging, ignore_errors=True)

    def check_replaces(self, rows: int) -> None:
        """
        Check that an export of so many rows may take the place of the former one.

        Raises:
            UsageError: That is of another graph or output folder, or this one lacks items that it may have.
        """
        head, former = self._former_head, _origin_of(self._former_head)
        where = f"'{safe_text(str(self.folder))}' holds an export of "
        remedy = "choose another folder, or replace it with --replace (replace=True)"
        if self.origin.is_other(former):
            what = f"graph '{safe_text(former.graph)}'"
            if former.graph == self.origin.graph:
                what += ", made of another output folder"
            else:
                what += f", not '{safe_text(self.origin.graph)}'"
            raise UsageError(f"{where}{what}; {remedy}")
        held = head.get("rows") or 0
        if held and self.origin.is_partial and (rows < held or not former.is_partial):
            raise UsageError(
                f"{where}{counted(held, 'row')}, and this report has {rows:,}, of some items only "
                f"(the run left the others out, or did not come to them); run the graph again over all items, {remedy}"
            )

    def stage(self, suffix: str = "") -> Path:
        """Return a path to write a file at, for `take`."""
        if self._staging is None:
            self._staging = temporary_beside(self.folder / "export").with_suffix("")
            self._staging.mkdir()
        self._count += 1
        return self._staging / f"{self._count:08d}{suffix}"

    def add(self, name: str, recipe: str, rows: int, make: Callable[[Path], None]) -> None:
        """
        Add a file that holds several outputs; it is made only where the former one does not hold the same.

        Args:
            name: Relative to the folder.
            recipe: Digest of all it is made of.
            rows: How many rows are in it.
            make: Writes it at the path it is given.

        Raises:
            UsageError: A file is in the way that is not of a former export.
        """
        former = self._named.get(recipe)
        if former is not None and _sha256_of(self.folder / former.name) == former.sha256:
            if former.name == name:
                self._keep(former)
                return
            staged = self.stage()
            link_or_copy(self.folder / former.name, staged)
        else:
            staged = self.stage(PurePosixPath(name).suffix)
            make(staged)
        sha256 = _sha256_of(staged)
        self._put(Piece(name, recipe, rows, staged.stat().st_size, sha256), staged)

    def take(self, name: str, staged: Path, rows: int) -> None:
        """Add a file that was written at a staged path, such as a list of the others."""
        sha256 = _sha256_of(staged)
        piece = Piece(name, sha256, rows, staged.stat().st_size, sha256)
        if self._former.get(name) == piece and _sha256_of(self.folder / name) == sha256:
            staged.unlink()
            self._keep(piece)
        else:
            self._put(piece, staged)

    def place(self, piece: Piece, make: Callable[[Path], None], is_there: Callable[[Path], bool]) -> None:
        """
        Add a file that holds or leads to one output.

        Args:
            piece: What is to be there.
            make: Makes it at the path it is given.
            is_there: True where what is at the path it is given is that already.
        """
        if self._former.get(piece.name) == piece and is_there(self.folder / piece.name):
            self._keep(piece)
            return
        staged = self.stage(PurePosixPath(piece.name).suffix)
        make(staged)
        self._put(piece, staged)

    def _keep(self, piece: Piece) -> None:
        self.pieces[piece.name] = piece
        self.kept += 1

    def _put(self, piece: Piece, staged: Path) -> None:
        target = self.folder / piece.name
        if piece.name not in self._former and os.path.lexists(target):
            raise UsageError(
                f"'{safe_text(str(target))}' is there already and is not of an earlier export; "
                "choose another folder"
            )
        if piece.name.casefold() == INDEX:
            raise UsageError(f"'{INDEX}' is the export's own list; choose another name for an output")
        self._check_folder(PurePosixPath(piece.name).parent)
        self.pieces[piece.name] = piece
        self._staged[piece.name] = staged
        self.written += 1

    def _check_folder(self, parent: PurePosixPath) -> None:
        if str(parent) in self._folders:
            return
        self._folders.add(str(parent))
        for name in (parent, *parent.parents):
            if os.path.lexists(self.folder / name) and not (self.folder / name).is_dir():
                raise UsageError(
                    f"'{safe_text(str(self.folder / name))}' is a file where a folder is needed; "
                    "choose another folder"
                )

    def publish(self, rows: int) -> None:
        """
        Move what was made into the folder, replace the index, and remove what the former export left over.

        All that takes room comes before the first file is moved: on a full disk the former export stays.
        """
        gone = [name for name in self._former if name not in self.pieces]
        if not (self._staged or gone or self._head(rows) != self._former_head):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        index = self._staged_index(self.pieces, rows, publishing=False)
        if self._staged:
            left = {name: self._former[name] for name in gone}
            begun = self._staged_index({**left, **self.pieces}, rows, publishing=True)
            for name in self._staged:
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            begun.replace(self.folder / INDEX)
        for name, staged in self._staged.items():
            staged.replace(self.folder / name)
        for name in gone:
            self._remove(name)
        index.replace(self.folder / INDEX)

    def _remove(self, name: str) -> None:
        target = self.folder / name
        if os.path.lexists(target):
            target.unlink()
            self.removed += 1
        for parent in PurePosixPath(name).parents:
            if parent == PurePosixPath():
                break
            try:
                (self.folder / parent).rmdir()
            except OSError:  # there is more in it
                break

    def _head(self, rows: int) -> dict[str, Any]:
        head: dict[str, Any] = {"creevey_graph_export": SCHEMA, "format": self.form, "rows": rows}
        head |= {"graph": self.origin.graph, "scope": self.origin.scope}
        return {**head, "partial": True} if self.origin.is_partial else head

    def _staged_index(self, pieces: dict[str, Piece], rows: int, *, publishing: bool) -> Path:
        head = self._head(rows)
        staged = self.stage()
        with staged.open("w", encoding="utf-8") as file:
            file.write(json.dumps({**head, "publishing": True} if publishing else head) + "\n")
            file.writelines(json.dumps(attrs.asdict(piece)) + "\n" for piece in pieces.values())
        return staged


def link_or_copy(source: Path | str, target: Path) -> None:
    """Make *target* the same file as *source*, a copy of it where the file system cannot."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _sha256_of(path: Path) -> str:
    """Return the sha256 of a file's content, "" where it is none that can be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _origin_of(head: Mapping[str, Any]) -> Origin:
    graph, scope = (str(head.get(name) or "") for name in ("graph", "scope"))
    return Origin(graph, scope, bool(head.get("partial")))


def _read_index(folder: Path, form: str) -> tuple[dict[str, Piece], dict[str, Any]]:
    """Return what a former export wrote, and the first line of its list."""
    path = folder / INDEX
    try:
        with path.open(encoding="utf-8") as file:
            head = json.loads(next(file))
            pieces = [Piece(**json.loads(line)) for line in file]
            is_ours = head["creevey_graph_export"] == SCHEMA and all(map(_is_inside, pieces))
            is_ours = is_ours and isinstance(head.get("rows", 0), int)
    except FileNotFoundError:
        return {}, {}
    except (ValueError, TypeError, KeyError, StopIteration):
        is_ours, head, pieces = False, {}, []
    if not is_ours:
        raise UsageError(
            f"'{safe_text(str(path))}' is no list of an export that this version reads; "
            "choose another folder, or delete this one"
        )
    if head["format"] != form:
        raise UsageError(
            f"'{safe_text(str(folder))}' holds an export of format '{safe_text(str(head['format']))}', "
            f"not '{form}'; choose another folder"
        )
    return {piece.name: piece for piece in pieces}, head


def _is_inside(piece: Piece) -> bool:
    parts = piece.name.split("/")
    return "\\" not in piece.name and not {"", ".", ".."} & set(parts)
