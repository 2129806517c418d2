"""
WebDataset: tars of samples, whose files stand side by side under one key.

Same rows and bytes give the same tar: no time, no owner, fixed mode, PAX headers only where a name needs
them. Readers split a member's name at its first dot, so a key has none; keys are unique over all shards.
Appending items changes the last shard only; an item put before others moves them, and theirs.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from creevey_graph.errors import UsageError
from creevey_graph.exports.exported import Exported, begin, publish
from creevey_graph.exports.kinds import json_text
from creevey_graph.exports.placing import plain_duplicate
from creevey_graph.exports.samples import OutputFile, Sample, Samples
from creevey_graph.exports.shards import MAXCOUNT, MAXSIZE, Cutter, parse_limits
from creevey_graph.outputs import safe_name, safe_path
from creevey_graph.report import Report
from creevey_graph.text import safe_text

CLASSES = "classes.json"
_FORM = b"creevey_graph webdataset 1\0"
_MOST_KEY_BYTES = 200
_BLOCK, _RECORD = 512, 10_240
_MOST_PLAIN = 8**11
"""Bytes of a member whose size needs no PAX header."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")


@attrs.frozen
class Member:
    """
    One member of a tar.

    Args:
        name: Its name.
        size: Bytes.
        digest: Of its content.
        content: Its bytes, or the output they stand in.
    """

    name: str
    size: int
    digest: str
    content: bytes | OutputFile

    def info(self) -> tarfile.TarInfo:
        """Return its header."""
        info = tarfile.TarInfo(self.name)
        info.size, info.mode, info.mtime = self.size, 0o644, 0
        return info

    def data(self) -> bytes:
        """Return its bytes, checked."""
        return self.content if isinstance(self.content, bytes) else self.content.read()

    def tar_bytes(self) -> int:
        """Return how many bytes of the tar it takes."""
        is_short = self.name.isascii() and len(self.name) <= tarfile.LENGTH_NAME and self.size < _MOST_PLAIN
        header = _BLOCK if is_short else len(self.info().tobuf(tarfile.PAX_FORMAT))
        return header + -(-self.size // _BLOCK) * _BLOCK


def export_webdataset(
    report: Report,
    to: Path | str,
    *,
    out: Path | str | None = None,
    pattern: str = "{shard:05d}.tar",
    maxcount: int = MAXCOUNT,
    maxsize: int | str = MAXSIZE,
    image: str | None = None,
    text: str | None = None,
    cls: str | None = None,
    split: Mapping[str, float] | str | None = None,
    split_by: str | None = None,
    replace: bool = False,
) -> Exported:
    """
    Write the rows of a run as WebDataset tars, in input order.

    A sample has its output as `KEY.jpg` (or as `KEY.COLUMN.jpg` where there are several) and its fields,
    the item's own key among them, as
    `KEY.json`. There, column by column, whole numbers are text where one is beyond 64 bits (signed), since
    readers of JSON make that a fraction, and values of several kinds are JSON text; mappings and lists are JSON.

    Args:
        report: Of a finished run.
        to: Folder of the tars.
        out: The run's output folder, where the report does not tell or it was moved.
        pattern: Name of a tar; `shard` counts from 0, in each part of a split anew.
        maxcount: Most samples of a tar.
        maxsize: Most bytes of a tar, or a text such as "500MB"; a larger sample has a tar of its own.
        image: Column of the one output to export; all of them by default.
        text: Column that is written as `KEY.txt` too, such as a caption.
        cls: Column that is written as `KEY.cls` too. Whole numbers stay; of other labels the number is
            their place in `classes.json`, which has them sorted.
        split: Parts -> shares, such as {"train": 0.9, "val": 0.1}; a folder each.
        split_by: Column whose equal values stay in one part; the item's key by default.
        replace: Whether an export in the folder may be replaced by one that is of another graph or output
            folder, or of some items only, as the report of `only_failed` is (see `latest_set`).

    Raises:
        UsageError: An option does not fit the report, or the folder holds other files
            or is one of the run's own.
        SourceNotFound: An output is not there.
        SourceChanged: An output was changed since the run.
    """
    limits = parse_limits(maxcount, maxsize)
    samples = Samples(report, out, image=image, split=split, split_by=split_by)
    for option, column in (("text", text), ("cls", cls)):
        if column is not None:
            samples.check_field(column, option)
    _check_pattern(pattern)
    members_of = _Members(samples, text, cls)
    cutters: dict[str, Cutter[list[Member]]] = {part: Cutter(limits) for part in samples.parts}
    numbers = dict.fromkeys(samples.parts, 0)
    room = 2 * _BLOCK + _RECORD - 1  # a tar ends with two empty blocks, and is filled up to whole records
    with begin(samples, to, "webdataset", replace=replace) as destination:

        def write(part: str, shard: list[list[Member]]) -> None:
            name = pattern.format(shard=numbers[part])
            numbers[part] += 1
            members = [member for sample in shard for member in sample]
            recipe = _recipe_of(members)
            name = f"{part}/{name}" if part else name
            destination.add(name, recipe, len(shard), lambda path: _write_tar(path, members))

        for sample in samples:
            members = list(members_of.of(sample))
            size = sum(member.tar_bytes() for member in members)
            cutter = cutters[sample.part]
            if full := cutter.add(members, size if cutter.held else size + room):
                cutter.size += room
                write(sample.part, full)
        for part, cutter in cutters.items():
            if rest := cutter.rest():
                write(part, rest)
        if members_of.classes is not None:
            staged = destination.stage(".json")
            staged.write_text(
                json.dumps(list(members_of.classes), ensure_ascii=False) + "\n", encoding="utf-8"
            )
            destination.take(CLASSES, staged, 0)
        return publish(samples, destination)


class _Members:
    """
    Makes the members of samples.

    State: text, cls = columns that are members too; classes = label -> number, None where labels are numbers;
    taken = the keys given so far: two samples never have the same.
    """

    def __init__(self, samples: Samples, text: str | None, cls: str | None) -> None:
        self._samples = samples
        self._text = text
        self._cls = cls
        self.classes = None if cls is None else _classes_of(samples, cls)
        self._taken: set[str] = set()

    def of(self, sample: Sample) -> Iterator[Member]:
        key = self._key_of(sample.key)
        for file, suffix in _suffixes_of(sample):
            yield Member(f"{key}.{suffix}", file.size, file.digest, file)
        if self._cls is not None:
            yield _literal(f"{key}.cls", str(self._class_of(sample, self._cls)))
        yield _literal(f"{key}.json", json_text(self._samples.line_of(sample)))
        value = None if self._text is None else sample.fields[self._text]
        if value is not None:
            yield _literal(f"{key}.txt", value if isinstance(value, str) else json_text(value))

    def _key_of(self, key: str) -> str:
        safe = _SUFFIX.sub("", plain_duplicate(safe_path(key), key)).replace(".", "_") or "item"
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        if len(data := safe.encode()) > _MOST_KEY_BYTES:
            safe = f"{data[:_MOST_KEY_BYTES].decode('utf-8', 'ignore')}-{digest[:16]}"
        found, digits = safe, 8
        while found in self._taken:
            found, digits = f"{safe}-{digest[:digits]}", digits + 8
        self._taken.add(found)
        return found

    def _class_of(self, sample: Sample, cls: str) -> int:
        value = sample.fields[cls]
        if value is None:
            raise UsageError(f"cls: item '{safe_text(sample.key)}' has no '{cls}'")
        return int(value) if self.classes is None else self.classes[str(value)]


def _suffixes_of(sample: Sample) -> Iterator[tuple[OutputFile, str]]:
    """Yield the outputs with what follows their key and its dot."""
    taken = {"json", "txt", "cls"}
    for file in sample.files:
        suffix = file.suffix.lstrip(".") or "bin"
        if len(sample.files) > 1 or suffix in taken:
            suffix = f"{safe_name(file.column).replace('.', '_')}.{suffix}"
        if suffix in taken:
            raise UsageError(f"item '{safe_text(sample.key)}': two files would be called '.{suffix}'")
        taken.add(suffix)
        yield file, suffix


def _classes_of(samples: Samples, cls: str) -> dict[str, int] | None:
    """Return label -> number, None where the column has whole numbers alone."""
    if samples.kinds.get(cls) is None or samples.kinds[cls].name in ("int", "null"):
        return None
    if samples.kinds[cls].name not in ("text", "bool"):
        raise UsageError(f"cls: column '{cls}' must be whole numbers or text, all of one kind")
    labels = {str(value) for value in samples.values(cls) if value is not None}
    return {label: number for number, label in enumerate(sorted(labels))}


def _literal(name: str, text: str) -> Member:
    data = text.encode()
    return Member(name, len(data), hashlib.sha256(data).hexdigest(), data)


def _recipe_of(members: list[Member]) -> str:
    recipe = hashlib.sha256(_FORM)
    for member in members:
        recipe.update(f"{member.name}\0{member.size} {member.digest}\0".encode())
    return recipe.hexdigest()


def _write_tar(path: Path, members: list[Member]) -> None:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            tar.addfile(member.info(), io.BytesIO(member.data()))


def _check_pattern(pattern: str) -> None:
    try:
        names = {pattern.format(shard=number) for number in range(12)}
    except (KeyError, ValueError, IndexError, AttributeError) as exc:
        raise UsageError(f"pattern: {pattern!r} cannot be used ({exc}); try '{{shard:05d}}.tar'") from exc
    if len(names) < 12 or any(safe_path(name) != name or not name.endswith(".tar") for name in names):  # noqa: PLR2004
        raise UsageError(
            f"pattern: must name a .tar per {{shard}}, inside the folder, as '{{shard:05d}}.tar' (got {pattern!r})"
        )
