"""
Exports: a finished run as a data set in a folder of its own, in the table `EXPORTS`.

- webdataset: `export_webdataset` (tars of samples)
- parquet: `export_parquet` (as Hugging Face `datasets` reads it; an extra)
- folders: `export_image_folder` (a folder per label, and a list)
- links: `export_links` (a tree of links by a template)

Each takes a report and a folder, and exports the rows that are done, cached or restored. The same rows and
bytes give the same files; a second export writes what has changed, and nothing else. `latest_set` gives the
report of all that the runs of a cache folder know of a graph's items.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.exports.exported import Exported
from creevey_graph.exports.folders import export_image_folder
from creevey_graph.exports.latest import latest_set
from creevey_graph.exports.links import export_links
from creevey_graph.exports.parquet import export_parquet
from creevey_graph.exports.webdataset import export_webdataset
from creevey_graph.report import Report

__all__ = [
    "EXPORTS",
    "Exported",
    "export",
    "export_image_folder",
    "export_links",
    "export_parquet",
    "export_webdataset",
    "latest_set",
]

EXPORTS: Mapping[str, Callable[..., Exported]] = {
    "webdataset": export_webdataset,
    "parquet": export_parquet,
    "imagefolder": export_image_folder,
    "links": export_links,
}
"""Name of a format -> what writes it."""


def export(form: str, report: Report, to: Path | str, **options: Any) -> Exported:
    """
    Write the rows of a run as a data set.

    Args:
        form: Name of a format, as in `EXPORTS`.
        report: Of a finished run.
        to: The folder to write.
        options: Those of the format's function.

    Raises:
        UsageError: There is no such format.
    """
    if form not in EXPORTS:
        raise UsageError(f"no export format '{form}'{did_you_mean(form, EXPORTS)}")
    return EXPORTS[form](report, to, **options)
