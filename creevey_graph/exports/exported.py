"""What an export did, in numbers."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from creevey_graph.exports.destination import Destination
from creevey_graph.exports.samples import Samples


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
