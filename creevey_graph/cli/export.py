"""`creevey-graph export`: what a run made, as a data set in a folder of its own."""

import inspect
import time
from pathlib import Path
from typing import Any

import attrs
import click

from creevey_graph import Report, UsageError
from creevey_graph.cli.options import cache_folder, cache_option, json_option
from creevey_graph.cli.report import load_report
from creevey_graph.cli.tables import echo_json, short_path
from creevey_graph.columns import counted
from creevey_graph.exports import EXPORTS, Exported, latest_set
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
    help="Report of one run, taken as it is; by default, see above.",
)
@click.option(
    "--graph", metavar="NAME", help="Graph whose runs are meant; by default that of the latest run."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Output folder of the runs, where there are several, or it was moved.",
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
@click.option("--replace", is_flag=True, help="Replace an export of other items, or lose some of its rows.")
@click.option("--link", type=click.Choice(list(WAYS)), help="By default hardlink; of links, symlink.")
@json_option
def export(
    *,
    form: str,
    to: Path,
    report_file: Path | None,
    graph: str | None,
    replace: bool,
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

    The latest run of all items is exported, with the rows of runs of some items after it (`--failed`, or
    interrupted) in place of its own. Rows that are done, cached or restored are taken. A second export writes
    only what has changed; one of another graph or output folder, or of fewer rows since its report has some items
    only, needs --replace.

    Whole numbers keep their value in every format: Parquet holds them as int64 or uint64; in the JSON of
    webdataset and imagefolder, a column with one beyond int64, such as a 64-bit hash, is text, since readers would
    make it a fraction. Nested values are JSON in JSON, and JSON text in Parquet and CSV; so are columns of
    values of several kinds, everywhere.
    """  # noqa: D301 - click wants the character
    given = {name: value for name, value in options.items() if value is not None}
    known = inspect.signature(EXPORTS[form]).parameters
    if foreign := sorted(set(given) - set(known)):
        shown = foreign[0].replace("_", "-")
        takers = ", ".join(
            name for name in EXPORTS if foreign[0] in inspect.signature(EXPORTS[name]).parameters
        )
        raise UsageError(f"--{shown} is no option of format '{form}' (of: {takers})")
    if report_file is None:
        report = latest_set(cache_folder(cache), graph=graph, out=given.get("out"))
    elif graph is None:
        report = load_report(report_file)
    else:
        raise UsageError("--report and --graph exclude each other; leave one out")
    exported = export_as(form, report, to, replace=replace, **given)
    if as_json:
        facts = {"graph": report.graph, "run": report.run_id, "out": report.out, "whole": report.is_whole}
        echo_json(
            {**attrs.asdict(exported), "folder": str(exported.folder), "report": str(report.path), **facts}
        )
    else:
        click.echo(f"{told(exported)}; {origin_of(report)}", err=True)


def origin_of(report: Report) -> str:
    """Return which run was exported: of graph 'thumbs', run of 2026-01-31 12:00:00, from out."""
    out = f", from {short_path(Path(report.out))}" if report.out else ""
    after = f" and {counted(report.updates, 'run')} after it" if report.updates else ""
    some = "" if report.is_whole else " (some items only)"
    return f"of graph '{safe_text(report.graph)}', run of {_time_of(report.run_id)}{after}{some}{out}"


def _time_of(run_id: str) -> str:
    try:
        began = time.strptime(run_id[:15], "%Y%m%d-%H%M%S")
    except ValueError:
        return safe_text(run_id)
    return time.strftime("%Y-%m-%d %H:%M:%S", began)


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
