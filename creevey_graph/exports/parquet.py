"""
Parquet (an extra): pictures as `struct<bytes, path>`, which Hugging Face `datasets` reads as `Image`.

Row groups are small, since a reader holds one in memory. The bytes of a file depend on pyarrow's version and
on nothing else but the rows.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from creevey_graph.errors import UsageError
from creevey_graph.exports.exported import Exported, begin, publish
from creevey_graph.exports.kinds import INT64, NULL, UINT64, Kind, cell_of, is_wide, json_text
from creevey_graph.exports.samples import IMAGE, Sample, Samples
from creevey_graph.exports.shards import MAXCOUNT, MAXSIZE, Cutter, Limits, parse_limits
from creevey_graph.report import Report
from creevey_graph.sources.files import PICTURE_SUFFIXES

DEFAULT_PART = "train"
ROW_GROUP_ROWS = 1_000
ROW_GROUP_BYTES = 32 * 10**6
"""Whichever comes first; `datasets` wants row groups of pictures no larger than this."""
_FORM = "creevey_graph parquet 1"


def export_parquet(
    report: Report,
    to: Path | str,
    *,
    out: Path | str | None = None,
    maxcount: int = MAXCOUNT,
    maxsize: int | str = MAXSIZE,
    image: str | None = None,
    split: Mapping[str, float] | str | None = None,
    split_by: str | None = None,
    replace: bool = False,
) -> Exported:
    """
    Write the rows of a run as Parquet files, in input order, as Hugging Face `datasets` reads them.

    The files are called as on the Hub, `train-00000-of-00003.parquet`. An output is a column `image` (under
    its own column's name where there are several), of type Image where every file of it is a picture, else of
    bytes. Whole numbers are int64 or uint64, and a column that has one beyond both is text. A column of values
    of several kinds, or of mappings, holds JSON text.

    Args:
        report: Of a finished run.
        to: Folder of the files.
        out: The run's output folder, where the report does not tell or it was moved.
        maxcount: Most rows of a file.
        maxsize: Most bytes of pictures and fields in a file, or a text such as "500MB"; a larger row has a
            file of its own.
        image: Column of the one output to export; all of them by default.
        split: Parts -> shares, such as {"train": 0.9, "val": 0.1}; "train" alone by default.
        split_by: Column whose equal values stay in one part; the item's key by default.
        replace: Whether an export in the folder may be replaced by one that is of another graph or output
            folder, or of some items only, as the report of `only_failed` is (see `latest_set`).

    Raises:
        UsageError: pyarrow is not installed, an option does not fit the report, or the folder holds other files
            or is one of the run's own.
        SourceNotFound: An output is not there.
        SourceChanged: An output was changed since the run.
    """
    limits = parse_limits(maxcount, maxsize)
    arrow = _pyarrow()
    samples = Samples(report, out, image=image, split=split, split_by=split_by)
    with begin(samples, to, "parquet", replace=replace) as destination:
        counts, pictures = _survey(samples, limits)
        table = _Table(arrow, samples, pictures)
        numbers = dict.fromkeys(samples.parts, 0)

        def write(part: str, shard: list[Sample]) -> None:
            name = f"{part or DEFAULT_PART}-{numbers[part]:05d}-of-{counts[part]:05d}.parquet"
            numbers[part] += 1
            destination.add(name, table.recipe_of(shard), len(shard), lambda path: table.write(path, shard))

        for part, shard in _cut(samples, limits):
            write(part, shard)
        return publish(samples, destination)


def _cut(samples: Samples, limits: Limits) -> Iterator[tuple[str, list[Sample]]]:
    cutters: dict[str, Cutter[Sample]] = {part: Cutter(limits) for part in samples.parts}
    for sample in samples:
        size = sum(file.size for file in sample.files) + len(json_text(sample.fields))
        if full := cutters[sample.part].add(sample, size):
            yield sample.part, full
    for part, cutter in cutters.items():
        if rest := cutter.rest():
            yield part, rest


def _survey(samples: Samples, limits: Limits) -> tuple[dict[str, int], set[str]]:
    """Return part -> how many files it has, and the columns whose files are all pictures."""
    counts = dict.fromkeys(samples.parts, 0)
    others: set[str] = set()
    for part, shard in _cut(samples, limits):
        counts[part] += 1
        for sample in shard:
            others.update(file.column for file in sample.files if file.suffix not in PICTURE_SUFFIXES)
    return counts, set(samples.outputs) - others


class _Table:
    """The columns of the files, and how rows come to stand in them."""

    def __init__(self, arrow: Any, samples: Samples, pictures: set[str]) -> None:
        self._arrow = arrow
        self._pictures = pictures
        single = len(samples.outputs) == 1 and IMAGE not in samples.kinds
        self._names = {column: IMAGE if single else column for column in samples.outputs}
        self._kinds = {"key": Kind("text"), **{name: samples.kinds[name] for name in samples.columns}}
        self._schema = self._made_schema()

    def _made_schema(self) -> Any:
        arrow = self._arrow
        struct = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
        fields, features = [], {}
        for column, name in self._names.items():
            is_picture = column in self._pictures
            fields.append(arrow.field(name, struct if is_picture else arrow.binary()))
            features[name] = {"_type": "Image"} if is_picture else _value_feature("binary")
        for name, kind in self._kinds.items():
            fields.append(arrow.field(name, _type_of(arrow, kind)))
            features[name] = _feature_of(kind)
        info = json.dumps({"info": {"features": features}}, separators=(",", ":"))
        return arrow.schema(fields, metadata={"huggingface": info})

    def recipe_of(self, shard: list[Sample]) -> str:
        """Return a digest of all that a file of these rows is made of."""
        head = f"{_FORM} {self._arrow.__version__}\0{self._schema.to_string(show_schema_metadata=True)}\0"
        recipe = hashlib.sha256(head.encode())
        for sample in shard:
            files = [[file.column, file.path, file.digest] for file in sample.files]
            recipe.update(f"{json_text([files, sample.fields])}\n".encode("utf-8", "backslashreplace"))
        return recipe.hexdigest()

    def write(self, path: Path, shard: list[Sample]) -> None:
        """Write a file."""
        from pyarrow import parquet  # noqa: PLC0415 - an extra

        named = list(self._kinds)
        cutter: Cutter[Sample] = Cutter(Limits(ROW_GROUP_ROWS, ROW_GROUP_BYTES))
        with parquet.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            use_dictionary=named,  # pictures are never the same twice
            write_statistics=named,
        ) as writer:
            for sample in shard:
                if full := cutter.add(sample, sum(file.size for file in sample.files)):
                    writer.write_table(self._rows(full), row_group_size=len(full))
            rest = cutter.rest()
            writer.write_table(self._rows(rest), row_group_size=len(rest))

    def _rows(self, samples: list[Sample]) -> Any:
        rows = [self._row(sample) for sample in samples]
        return self._arrow.Table.from_pylist(rows, schema=self._schema)

    def _row(self, sample: Sample) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for file in sample.files:
            data = file.read()
            path = file.path.encode("utf-8", "backslashreplace").decode()
            is_picture = file.column in self._pictures
            row[self._names[file.column]] = {"bytes": data, "path": path} if is_picture else data
        return {
            **row,
            **{name: cell_of(sample.fields[name], kind, UINT64) for name, kind in self._kinds.items()},
        }


def _type_of(arrow: Any, kind: Kind) -> Any:
    if kind.name == "list":
        return arrow.list_(_type_of(arrow, kind.part or NULL))
    return arrow.type_for_alias(_dtype_of(kind))


def _dtype_of(kind: Kind) -> str:
    """
    Return the name of a column's type.

    >>> _dtype_of(Kind("int", -1, 5)), _dtype_of(Kind("int", 0, 2**64 - 1)), _dtype_of(Kind("int", -1, 2**63))
    ('int64', 'uint64', 'string')
    """
    if kind.name == "int" and not is_wide(kind, UINT64):
        return "uint64" if is_wide(kind, INT64) else "int64"
    return {"bool": "bool", "float": "float64"}.get(kind.name, "string")


def _feature_of(kind: Kind) -> dict[str, Any]:
    if kind.name == "list":
        return {"feature": _feature_of(kind.part or NULL), "_type": "Sequence"}
    return _value_feature(_dtype_of(kind))


def _value_feature(dtype: str) -> dict[str, Any]:
    return {"dtype": dtype, "_type": "Value"}


def _pyarrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
    except ImportError as exc:
        raise UsageError("parquet needs pyarrow; pip install 'creevey_graph[parquet]'") from exc
    return pa
