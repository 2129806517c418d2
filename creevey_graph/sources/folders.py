"""
Items from a folder of pictures, with labels from folder names and facts from metadata files.

The layout is that of Hugging Face's `imagefolder`: `root/LABEL/picture`, and in any folder a
`metadata.csv`, `.jsonl` or `.parquet` with a column `file_name`, relative to the folder it stands in.
"""

import os
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.columns import counted
from creevey_graph.errors import SourceError, UsageError
from creevey_graph.sources.base import ColumnSource
from creevey_graph.sources.documents import Document
from creevey_graph.sources.files import FileSource, pictures_of
from creevey_graph.sources.packing import pack_rows
from creevey_graph.sources.remarks import BadLines, Remarks, brief, check_choices
from creevey_graph.sources.rows import read_rows
from creevey_graph.sources.walk import walk

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
"""What metadata files are called, in any folder."""
FILE_NAME = "file_name"
"""Their column of paths."""


def image_folder(
    root: str | os.PathLike[str],
    *,
    label_col: str | None = "label",
    suffixes: Iterable[str] | None = None,
    bad_lines: BadLines = "error",
) -> ColumnSource:
    """
    List the pictures of a folder and its sub-folders, each with its label and its metadata.

    Args:
        root: A folder.
        label_col: Column of the label: the name of the first folder below *root*, None for a picture that
            stands in *root* itself. A metadata column of that name goes before. None for no labels.
        suffixes: As for `files`.
        bad_lines: "error", or "skip": metadata rows that name no picture of the folder, and those that
            cannot be read, are left out, and told. Pictures without a row are items all the same, and told.

    Returns:
        One item per picture, sorted by path, under the path below *root*; columns: the label, then those
        of the metadata files.

    Raises:
        SourceNotFound: There is no such folder, or no picture in it.
        SourceError: A metadata file cannot be read, names a picture that is not there, or one twice.
        UsageError: *root* is no folder, or an option has a value it cannot have.

    """
    check_choices("image_folder", duplicates="keep", bad_lines=bad_lines)
    if label_col is not None and (not isinstance(label_col, str) or not label_col):
        raise UsageError(f"image_folder: label_col must be the name of a column, or None (got {label_col!r})")
    if os.path.lexists(root) and not Path(root).is_dir():
        raise UsageError(f"image_folder: expected a folder (got '{brief(os.fspath(root))}')")
    listed = pictures_of(root, suffixes, METADATA)
    described = _Described(listed, dict.fromkeys(listed.names))
    try:
        found = sorted(name for name in walk(str(root), ("**", "*")) if posixpath.basename(name) in METADATA)
    except OSError as error:
        raise SourceError(
            f"folder '{brief(str(error.filename))}': cannot be listed ({error.strerror})"
        ) from error
    for name in found:
        described.add(name, bad_lines)
    return described.source(label_col, has_metadata=bool(found))


@attrs.define
class _Described:
    """
    Pictures and what metadata files say of them.

    State: rows = picture -> its metadata; columns = names met so far; notices = what was come upon.
    """

    listed: FileSource
    rows: dict[str, Mapping[str, Any] | None]
    columns: dict[str, None] = attrs.field(factory=dict, init=False)
    notices: list[str] = attrs.field(factory=list, init=False)
    places: dict[str, str] = attrs.field(factory=dict, init=False)

    def add(self, name: str, bad_lines: BadLines) -> None:
        """Read the metadata file *name*, relative to the root."""
        folder = posixpath.dirname(name)
        document = Document.of_file(Path(self.listed.input_root, name))
        remarks = Remarks(document.shown, "line", bad_lines)
        header, rows = read_rows(document, remarks)
        packed = pack_rows(header, rows, [FILE_NAME], id_col=FILE_NAME, remarks=remarks)
        for number, (given, *cells) in zip(packed.numbers, packed.rows, strict=True):
            path = (
                posixpath.normpath(posixpath.join(folder, given)) if isinstance(given, str) and given else ""
            )
            if problem := self._problem_of(path, given):
                remarks.add_bad(number, problem)
                continue
            self.rows[path] = dict(zip(packed.columns, cells, strict=True))
            self.places[path] = remarks.at(number)
        remarks.check(has_entries=True)
        self.columns.update(dict.fromkeys(packed.columns))
        self.notices += remarks.notices()

    def _problem_of(self, path: str, given: Any) -> str:
        if not path:
            return f"no value in column '{FILE_NAME}'"
        if path in self.places:
            return f"'{brief(path)}' is described already, by {self.places[path]}"
        if path in self.rows:
            return ""
        if "\0" not in path and Path(self.listed.input_root, path).is_file():
            return f"'{brief(str(given))}' is no picture of this folder by its name"
        return f"there is no file '{brief(str(given))}'"

    def source(self, label_col: str | None, *, has_metadata: bool) -> ColumnSource:
        """Return the pictures with what was found."""
        if has_metadata and (bare := [name for name, row in self.rows.items() if row is None]):
            verb = "has" if len(bare) == 1 else "have"
            count = counted(len(bare), "picture")
            self.notices.append(f"{count} {verb} no row in a metadata file ('{brief(bare[0])}' first)")
        names = list(self.columns)
        if label_col is not None and label_col not in self.columns:
            names.insert(0, label_col)
        cells = [
            tuple(_cell(name, row or {}, column, label_col) for column in names)
            for name, row in self.rows.items()
        ]
        if label_col is not None:
            place = names.index(label_col)
            bare = [name for name, row in zip(self.rows, cells, strict=True) if row[place] is None]
            if len(bare) < len(cells) or not has_metadata:  # a flat folder of captions is no folder of labels
                self._tell_unlabelled(bare)
        return ColumnSource(self.listed, tuple(names), cells, (*self.listed.notices, *self.notices))

    def _tell_unlabelled(self, names: list[str]) -> None:
        if not names:
            return
        is_one = len(names) == 1
        lie, have = ("lies", "has") if is_one else ("lie", "have")
        root = brief(str(self.listed.input_root))
        first = f"'{brief(names[0])}'" + ("" if is_one else " first")
        self.notices.append(
            f"{counted(len(names), 'picture')} {lie} directly in '{root}' and {have} no label ({first})"
        )


def _cell(name: str, row: Mapping[str, Any], column: str, label_col: str | None) -> Any:
    """Return a picture's value of a column; its label is its folder's name where no row says otherwise."""
    if column == label_col and row.get(column) in (None, ""):
        return name.partition("/")[0] if "/" in name else None
    return row.get(column)
