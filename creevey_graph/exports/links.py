"""A tree of links to the outputs, laid out by a template: another order of the same files, taking no room."""

import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.exports.exported import Exported, begin, publish
from creevey_graph.exports.placing import check_way, name_of, place_file
from creevey_graph.exports.samples import OutputFile, Sample, Samples
from creevey_graph.outputs import MAX_NAME_BYTES, safe_name, safe_path
from creevey_graph.report import Report
from creevey_graph.text import safe_text

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
FIELDS = ("path", "parent", "name", "stem", "suffix", "key", "column", "index", "split")


def export_links(
    report: Report,
    to: Path | str,
    *,
    out: Path | str | None = None,
    template: str = "{path}",
    link: str = "symlink",
    image: str | None = None,
    split: Mapping[str, float] | str | None = None,
    split_by: str | None = None,
    replace: bool = False,
) -> Exported:
    """
    Lay out the outputs of a run in folders by a template, as links.

    Args:
        report: Of a finished run.
        to: Folder of the tree.
        out: The run's output folder, where the report does not tell or it was moved.
        template: Path of a link, such as `{label}/{key}{suffix}`: columns of the report, and of the output its
            `path`, `parent`, `name`, `stem`, `suffix` and `column`; the item's `key`; `index`, from 0;
            `split`, the part, which goes in front where it is not named.
        link: "symlink" (relative, so that both folders may move together), "hardlink" or "copy".
        image: Column of the one output to export; all of them by default.
        split: Parts -> shares, such as {"train": 0.9, "val": 0.1}.
        split_by: Column whose equal values stay in one part; the item's key by default.
        replace: Whether an export in the folder may be replaced by one that is of another graph or output
            folder, or of some items only, as the report of `only_failed` is (see `latest_set`).

    Raises:
        UsageError: An option does not fit the report, two links have one path, or the folder holds other files
            or is one of the run's own.
        SourceNotFound: An output is not there.
        SourceChanged: An output was changed since the run.
    """
    check_way(link)
    samples = Samples(report, out, image=image, split=split, split_by=split_by)
    template = _checked(template, report.columns, has_split=split is not None)
    taken: dict[str, str] = {}
    with begin(samples, to, "links", replace=replace) as destination:
        for index, sample in enumerate(samples):
            for file in sample.files:
                name = _place_of(template, index, sample, file)
                other = taken.setdefault(name.casefold(), sample.key)
                if name in destination.pieces or other != sample.key:
                    raise UsageError(
                        f"template: items '{safe_text(other)}' and '{safe_text(sample.key)}' would both be "
                        f"'{safe_text(name)}'; add {{key}}, {{column}} or {{index}} to {template!r}"
                    )
                place_file(destination, file, name, link)
        return publish(samples, destination)


def _checked(template: str, columns: tuple[str, ...], *, has_split: bool) -> str:
    known = (*FIELDS, *columns)
    try:
        named = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except (ValueError, TypeError) as exc:
        raise UsageError(f"template: {template!r} cannot be read ({exc})") from exc
    for name in sorted(named):
        if name not in known:
            raise UsageError(f"template: no field '{name}' for {template!r}{did_you_mean(name, known)}")
    if "split" in named and not has_split:
        raise UsageError("template: {split} needs a split, as in train=0.9,val=0.1")
    return f"{{split}}/{template}" if has_split and "split" not in named else template


def _place_of(template: str, index: int, sample: Sample, file: OutputFile) -> str:
    (stem, suffix), parent = name_of(file.path), safe_path(file.path.rpartition("/")[0])
    own: dict[str, Any] = {
        "path": f"{parent}/{stem}{suffix}".lstrip("/"),
        "parent": parent,
        "name": f"{stem}{suffix}",
        "stem": stem,
        "suffix": suffix,
        "key": safe_path(sample.key),
        "column": safe_name(file.column),
        "index": index,
        "split": sample.part,
    }
    columns = {name: _shown(value) for name, value in sample.fields.items()}
    where = f"template: {template!r} does not fit item '{safe_text(sample.key)}'"
    try:
        text = template.format_map({**columns, **own})
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as exc:
        raise UsageError(f"{where} ({exc})") from exc
    parts = [part for part in text.split("/") if part]
    if not parts or any(_is_unfit(part) for part in parts):
        raise UsageError(f"{where}: it gives no usable path inside the folder (got '{safe_text(text)}')")
    return "/".join(parts)


def _is_unfit(part: str) -> bool:
    return part in (".", "..") or bool(_UNSAFE.search(part)) or len(part.encode()) > MAX_NAME_BYTES


def _shown(value: Any) -> Any:
    return value if isinstance(value, int | float) else safe_name("none" if value is None else str(value))
