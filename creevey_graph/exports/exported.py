"""What an export did, in numbers."""

import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from creevey_graph.errors import UsageError
from creevey_graph.exports.destination import Destination, Origin
from creevey_graph.exports.samples import Samples
from creevey_graph.report import Report
from creevey_graph.text import safe_text


@attrs.frozen
class Exported:
    """
    What an export did.

    Args:
        format: Its name in the table `EXPORTS`.
        folder: Where it stands.
        rows: How many rows of the report are in it.
        left_out: Outcome -> how many rows are not: the skipped, failed and cancelled ones, and the
            "unfinished" ones of a run that was killed.
        files: How many files it has.
        size: Their bytes.
        written: How many of them were written.
        kept: How many were there already, from a former export.
        removed: How many files of a former export were deleted.
    """

    format: str
    folder: Path
    rows: int
    left_out: Mapping[str, int]
    files: int
    size: int
    written: int
    kept: int
    removed: int


def begin(samples: Samples, to: Path | str, form: str, *, replace: bool) -> Destination:
    """
    Return the folder an export of these samples is written to.

    Args:
        samples: What is exported.
        to: The folder.
        form: Name of the format.
        replace: Whether an export that stands there may be replaced by one of other items.

    Raises:
        UsageError: The folder is one the run reads or writes, or holds what is not to be replaced.
    """
    report = samples.report
    _check_apart(os.path.realpath(to), report, samples.out)
    destination = Destination(to, form, Origin(report.graph, report.scope, not report.is_whole))
    if not replace:
        destination.check_replaces(len(samples))
    return destination


def _check_apart(folder: str, report: Report, out: str) -> None:
    if out and folder == os.path.realpath(out):
        raise UsageError(
            f"the export would be written into the run's own output folder ('{safe_text(out)}'); "
            "choose another folder"
        )
    if report.input_root:
        root = os.path.realpath(report.input_root)
        if folder == root or (report.is_recursive and folder.startswith(root.rstrip(os.sep) + os.sep)):
            raise UsageError(
                f"the export would be written inside the input folder of the run ('{safe_text(report.input_root)}'), "
                "and the next run would take it for inputs; choose a folder beside it"
            )


def publish(samples: Samples, destination: Destination) -> Exported:
    """Move an export into its folder, and say what was done."""
    destination.publish(len(samples))
    pieces = destination.pieces.values()
    return Exported(
        destination.form,
        destination.folder,
        len(samples),
        dict(samples.left_out),
        len(pieces),
        sum(piece.size for piece in pieces),
        destination.written,
        destination.kept,
        destination.removed,
    )
