"""Image folder: a folder per label, and `metadata.jsonl` or `.csv` with a line per picture."""

import csv
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.exports.exported import Exported, begin, publish
from creevey_graph.exports.kinds import json_text
from creevey_graph.exports.placing import check_way, name_of, place_file, plain_duplicate
from creevey_graph.exports.samples import OutputFile, Sample, Samples
from creevey_graph.outputs import safe_name
from creevey_graph.report import Report
from creevey_graph.text import safe_text

METADATA = ("jsonl", "csv")
_LISTS = tuple(f"metadata.{form}" for form in METADATA)
FILE_NAME = "file_name"
"""The column by which loaders find the picture of a line."""


def export_image_folder(
    report: Report,
    to: Path | str,
    *,
    out: Path | str | None = None,
    label: str | None = None,
    metadata: str = "jsonl",
    link: str = "hardlink",
    image: str | None = None,
    split: Mapping[str, float] | str | None = None,
    split_by: str | None = None,
    replace: bool = False,
) -> Exported:
    """
    Place the outputs of a run into a folder per label, with a list of them and their fields.

    The list has `file_name`, and `COLUMN_file_name` for each further output, which stands in `COLUMN/`; this is
    what `datasets.load_dataset("imagefolder")` reads. A picture keeps the name of its output, but one of a second
    item of a key (`a.jpg#2.png`) is called `a_2.png`; a later one
    of the same name in the same folder has a few digits of its key's hash added. A column with a whole number
    beyond 64 bits (signed) is text, since readers of JSON make it a fraction; one of values of several kinds is
    JSON text. Mappings and lists are JSON in `metadata.jsonl`, and JSON text in `metadata.csv`.

    Args:
        report: Of a finished run.
        to: The folder.
        out: The run's output folder, where the report does not tell or it was moved.
        label: Column that names the folder; none by default, and all stand in one.
        metadata: "jsonl" or "csv".
        link: "hardlink" (takes no room; a copy where the file system cannot), "copy" or "symlink".
        image: Column of the one output to export; all of them by default.
        split: Parts -> shares, such as {"train": 0.9, "val": 0.1}; a folder each, with a list each.
        split_by: Column whose equal values stay in one part; the item's key by default.
        replace: Whether an export in the folder may be replaced by one that is of another graph or output
            folder, or of some items only, as the report of `only_failed` is (see `latest_set`).

    Raises:
        UsageError: An option does not fit the report, or the folder holds other files
            or is one of the run's own.
        SourceNotFound: An output is not there.
        SourceChanged: An output was changed since the run.
    """
    check_way(link)
    if metadata not in METADATA:
        raise UsageError(f"metadata: no form '{metadata}'{did_you_mean(metadata, METADATA)}")
    samples = Samples(report, out, image=image, split=split, split_by=split_by)
    if label is not None:
        samples.check_field(label, "label")
    names = [_listed_as(column, number) for number, column in enumerate(samples.outputs)]
    columns = [*names, "key", *samples.columns]
    if clash := {column for column in columns if columns.count(column) > 1}:
        raise UsageError(
            f"column '{min(clash)}' of the report is called like one of the list's own; rename it"
        )
    with begin(samples, to, "imagefolder", replace=replace) as destination:
        staged = {part: destination.stage(f".{metadata}") for part in samples.parts}
        counts = dict.fromkeys(samples.parts, 0)
        files = {part: path.open("w", newline="", encoding="utf-8") for part, path in staged.items()}
        try:
            lists = {part: _List(file, metadata, columns) for part, file in files.items()}
            places = _Places(label)
            for sample in samples:
                counts[sample.part] += 1
                line = {}
                for column, file in _files_of(sample, samples.outputs):
                    name = places.name_of(sample, file, "" if column == samples.outputs[0] else column)
                    place_file(destination, file, f"{sample.part}/{name}".lstrip("/"), link)
                    line[names[samples.outputs.index(column)]] = name
                lists[sample.part].add({**line, **samples.line_of(sample)})
        finally:
            for opened in files.values():
                opened.close()
        for part, path in staged.items():
            destination.take(f"{part}/metadata.{metadata}".lstrip("/"), path, counts[part])
        return publish(samples, destination)


class _Places:
    """
    Gives every output its place, relative to the folder of its part.

    State: taken = places, in one case, since some file systems know no other; labels = folder -> label.
    """

    def __init__(self, label: str | None) -> None:
        self._label = label
        self._taken: set[str] = set()
        self._labels: dict[str, str] = {}

    def name_of(self, sample: Sample, file: OutputFile, column: str) -> str:
        folders = [part for part in (column and safe_name(column), self._folder_of(sample)) if part]
        stem, suffix = name_of(file.path)
        stem = plain_duplicate(stem, sample.key)
        if not folders and f"{stem}{suffix}" in _LISTS:
            stem = f"picture-{stem}"
        digest = hashlib.sha256(sample.key.encode("utf-8", "surrogatepass")).hexdigest()
        found, digits = "/".join([*folders, f"{stem}{suffix}"]), 8
        while f"{sample.part}/{found}".casefold() in self._taken:
            found, digits = "/".join([*folders, f"{stem}-{digest[:digits]}{suffix}"]), digits + 8
        self._taken.add(f"{sample.part}/{found}".casefold())
        return found

    def _folder_of(self, sample: Sample) -> str:
        if self._label is None:
            return ""
        value = sample.fields[self._label]
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        folder = safe_name(text)
        if not folder:
            raise UsageError(f"label: item '{safe_text(sample.key)}' has no '{self._label}'")
        if self._labels.setdefault(folder.casefold(), text) != text:
            raise UsageError(
                f"label: '{safe_text(text)}' and '{safe_text(self._labels[folder.casefold()])}' would have "
                f"one folder, '{folder}'; make the labels differ in more than case and signs"
            )
        return folder


class _List:
    """The list of a folder's pictures, written line by line."""

    def __init__(self, file: TextIO, form: str, columns: list[str]) -> None:
        self._file = file
        self._columns = columns
        self._csv = csv.writer(file, lineterminator="\n") if form == "csv" else None
        if self._csv is not None:
            self._csv.writerow(columns)

    def add(self, line: Mapping[str, Any]) -> None:
        if self._csv is None:
            ordered = {column: line.get(column) for column in self._columns}
            self._file.write(json.dumps(ordered, ensure_ascii=False) + "\n")
        else:
            self._csv.writerow([_cell(line.get(column)) for column in self._columns])


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return json_text(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | bool) else value


def _listed_as(column: str, number: int) -> str:
    return FILE_NAME if number == 0 else f"{column}_{FILE_NAME}"


def _files_of(sample: Sample, outputs: tuple[str, ...]) -> list[tuple[str, OutputFile]]:
    files = {file.column: file for file in sample.files}
    if not outputs or outputs[0] not in files:
        raise UsageError(
            f"item '{safe_text(sample.key)}' has no output file; an image folder is made of files that the "
            "graph writes, as with write_image"
        )
    return [(column, files[column]) for column in outputs if column in files]
