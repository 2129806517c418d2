"""`creevey-graph export`: what a run made, as a data set in a folder of its own."""

import inspect
from pathlib import Path
from typing import Any

import attrs
import click

from creevey_graph import UsageError
from creevey_graph.cli.options import cache_folder, cache_option, json_option
from creevey_graph.cli.report import latest_report, load_report
from creevey_graph.cli.tables import echo_json, short_path
from creevey_graph.columns import counted
from creevey_graph.exports import EXPORTS, Exported
from creevey_graph.exports import export as export_as
from creevey_graph.exports.folders import METADATA
from creevey_graph.exports.placing import WAYS
from creevey_graph.text import safe_text


@click.command(short_help="Write what a run made as a data set: tars, Parquet, folders, links.")
@click.argument("form", metavar="FORMAT", type=click.Choice(list(EXPORTS)))
@click.option("--to", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder to write.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Report of the run; the latest one of the cache folder by default.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Output folder of the run, where it was moved.",
)
@cache_option
@click.option("--image", metavar="COLUMN", help="Export this one output only.")
@click.option("--split", metavar="NAME=SHARE,…", help="Parts of the set, such as train=0.8,val=0.1,test=0.1.")
@click.option("--split-by", metavar="COLUMN", help="Keep rows of equal value in one part.")
@click.option("--maxcount", type=int, metavar="N", help="Most rows of a shard; by default 10000.")
@click.option("--maxsize", metavar="SIZE", help="Most bytes of a shard, such as 500MB; by default 1GB.")
@click.option("--pattern", metavar="NAME", help="Name of a tar; by default {shard:05d}.tar.")
@click.option("--text", metavar="COLUMN", help="Write this column as KEY.txt too.")
@click.option("--cls", metavar="COLUMN", help="Write this column as KEY.cls too, labels as numbers.")
@click.option("--label", metavar="COLUMN", help="Place pictures in a folder per value of this column.")
@click.option("--metadata", type=click.Choice(METADATA), help="Form of the list; by default jsonl.")
@click.option("--template", metavar="PATH", help="Place of a link, such as {label}/{stem}{suffix}.")
@click.option("--link", type=click.Choice(list(WAYS)), help="By default hardlink; of links, symlink.")
@json_option
def export(
    *,
    form: str,
    to: Path,
    report_file: Path | None,
    cache: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """
    Write what a run made as a data set of FORMAT in a folder of its own.

    \b
    webdataset   tars of samples: --pattern --maxcount --maxsize --text --cls
    parquet      as Hugging Face datasets reads it: --maxcount --maxsize
    imagefolder  a folder per label, and a list: --label --metadata --link
    links        a tree of links: --template --link

    \b
    creevey-graph export webdataset --to shards --text caption --maxsize 500MB
    creevey-graph export imagefolder --to set --label label --split train=0.9,val=0.1

    Rows that are done, cached or restored are exported. A second export writes only what has changed.
    """  # noqa: D301 - click wants the character
    given = {name: value for name, value in options.items() if value is not None}
    known = inspect.signature(EXPORTS[form]).parameters
    if foreign := sorted(set(given) - set(known)):
        shown = foreign[0].replace("_", "-")
        takers = ", ".join(
            name for name in EXPORTS if foreign[0] in inspect.signature(EXPORTS[name]).parameters
        )
        raise UsageError(f"--{shown} is no option of format '{form}' (of: {takers})")
    report = load_report(report_file or latest_report(cache_folder(cache)))
    exported = export_as(form, report, to, **given)
    if as_json:
        echo_json({**attrs.asdict(exported), "folder": str(exported.folder), "report": str(report.path)})
    else:
        click.echo(told(exported), err=True)


def told(exported: Exported) -> str:
    """Return what an export did, in a line."""
    left = ", ".join(f"{count:,} {safe_text(outcome)}" for outcome, count in exported.left_out.items())
    parts = [
        f"{exported.written:,} written",
        f"{exported.kept:,} unchanged",
        *([f"{exported.removed:,} removed"] if exported.removed else []),
    ]
    return (
        f"wrote {counted(exported.rows, 'row')} to {short_path(exported.folder)} as {exported.format}: "
        f"{counted(exported.files, 'file')} ({', '.join(parts)})" + (f"; left out: {left}" if left else "")
    )
