"""`creevey-graph run`: run a graph over items."""

import sys
from pathlib import Path

import click

from creevey_graph import Report, RunFailed, RunInterrupted, UsageError
from creevey_graph.cli.exits import ExitCode
from creevey_graph.cli.items import Asked, items_argument
from creevey_graph.cli.options import (
    accept_command,
    check_out,
    chosen_cache,
    graph_argument,
    json_option,
    no_cache_option,
    opened_graph,
)
from creevey_graph.cli.page import check_html, html_options, typed, write_html
from creevey_graph.cli.planned import show_plan
from creevey_graph.cli.summary import next_lines, report_data, summary_lines, where_line
from creevey_graph.cli.tables import echo_json, echo_lines, screen
from creevey_graph.events import Event, Listener, Noticed
from creevey_graph.executors import EXECUTORS
from creevey_graph.sizes import parse_size
from creevey_graph.views.progress import Progress, open_progress


@click.command(short_help="Run a graph over items, as far as they are not up to date.")
@graph_argument
@items_argument
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Items in hand at once.")
@click.option("--executor", type=click.Choice(["auto", *EXECUTORS]), default="auto", show_default=True)
@no_cache_option
@click.option(
    "--on-error",
    type=click.Choice(["continue", "stop", "raise"]),
    default="continue",
    show_default=True,
    help="What a failed item does to the run.",
)
@click.option("--max-failures", type=click.IntRange(1), metavar="N", help="Stop after so many failed items.")
@click.option(
    "--cache-size",
    metavar="SIZE",
    help="What the cache may keep after the run, such as 20GB; by default $CREEVEY_CACHE_SIZE, or any size.",
)
@click.option(
    "--worker-memory",
    metavar="SIZE",
    help="What a worker process may take, such as 4GB, or none (Linux; by default half of the memory shared out, 4GB at "
    "least; or CREEVEY_WORKER_MEMORY); an item that wants more fails.",
)
@click.option(
    "--item-timeout",
    "item_timeout_s",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="End an item that takes longer, with its worker process; it fails. Takes processes where nothing else is asked for.",
)
@click.option("--prune", is_flag=True, help="Delete outputs of items that are gone.")
@click.option("--failed", "only_failed", is_flag=True, help="Look only at items that failed last time.")
@click.option(
    "--retry-failed/--no-retry-failed",
    default=None,
    help="Try all items again that failed last time, or none, where nothing of them has changed; by default "
    "those whose failure may pass by itself (a 404 does not).",
)
@click.option("--dry-run", is_flag=True, help="Only show what would run and why, as `status` does.")
@click.option("--progress/--no-progress", default=None, help="Show progress; by default as suits the screen.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a row per item to a .csv or .jsonl file.",
)
@html_options
@json_option
def run(
    *,
    graph: str,
    asked: Asked,
    settings: tuple[str, ...],
    out: Path | None,
    jobs: int | None,
    executor: str,
    cache: Path | None,
    no_cache: bool,
    cache_size: str | None,
    worker_memory: str | None,
    item_timeout_s: float | None,
    on_error: str,
    max_failures: int | None,
    refresh: bool,
    prune: bool,
    only_failed: bool,
    retry_failed: bool | None,
    dry_run: bool,
    progress: bool | None,
    report_file: Path | None,
    html_file: Path | None,
    opens: bool,
    as_json: bool,
) -> None:
    """
    Run GRAPH over ITEMS, as far as they are not up to date.

    ITEMS is a file, a folder, a glob in quotes, a URL, a .txt file of URLs or paths, a table
    (.csv, .tsv, .jsonl, .parquet) with a column for each input of GRAPH, "-" for a list that is piped
    in, or several files and URLs. Lists may be .gz.

    \b
    creevey-graph run graph.py photos --out train
    creevey-graph run graph.py:small "photos/*.jpg" --out small --set size=96,96
    creevey-graph run graph.py my_images.csv --url-column image_url --id-column image_id --out train
    """  # noqa: D301 - click wants the character
    _check_report_file(report_file)
    check_html(html_file, opens=opens)
    opened = opened_graph(graph, settings)
    if dry_run:
        show_plan(
            opened,
            asked,
            out=out,
            cache=cache,
            no_cache=no_cache,
            refresh=refresh,
            as_json=as_json,
            accept=accept_command(graph, settings, cache),
        )
        return
    check_out(opened, out)
    chosen = chosen_cache(cache, no_cache=no_cache)
    size = None if cache_size is None else parse_size(cache_size, "--cache-size")
    shown = open_progress("auto" if progress is None else progress, sys.stderr, stays=False)
    interrupted: RunInterrupted | None = None
    try:
        report = opened.run(
            asked.chosen(opened),
            out=out,
            jobs=jobs,
            executor=executor,
            cache=chosen,
            cache_size=size,
            worker_memory=worker_memory,
            item_timeout_s=item_timeout_s,
            on_error=on_error,
            max_failures=max_failures,
            progress=False,
            refresh=refresh,
            prune=prune,
            retry_failed=retry_failed,
            only_failed=only_failed,
            listeners=[] if shown is None else [without_notices(shown)],
        )
    except RunFailed as exc:
        report = exc.report
    except RunInterrupted as exc:
        report, interrupted = exc.report, exc
    finally:
        if shown is not None:
            shown.close()
    _tell(report, report_file, as_json=as_json, is_latest=chosen is None)
    write_html(
        report,
        html_file,
        opens=opens,
        graph_argument=graph,
        settings=settings,
        items_argument=typed(asked.items),
    )
    if interrupted is not None:
        raise interrupted
    if not report.ok:
        raise click.exceptions.Exit(ExitCode.ITEMS_FAILED)


def without_notices(shown: Progress) -> Listener:
    """Return *shown* without notices, which stand in the summary."""

    def listen(event: Event) -> None:
        if not isinstance(event, Noticed):
            shown(event)

    return listen


def _check_report_file(path: Path | None) -> None:
    if path is None:
        return
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise UsageError(f"--report: the file must end in .csv or .jsonl (got '{path}')")
    if not path.parent.is_dir():
        raise UsageError(f"--report: there is no folder '{path.parent}'; make it first")


def _tell(report: Report, path: Path | None, *, as_json: bool, is_latest: bool) -> None:
    """Write the summary to stderr, the rows to *path*, and data to stdout where it is wanted."""
    if path is not None:
        _write_rows(report, path)
    shown = screen(err=True)
    hints = [] if shown.width is None else next_lines(report)
    lines = [*summary_lines(report, shown), where_line(report, is_latest=is_latest), *hints]
    echo_lines(lines, err=True)
    if as_json:
        echo_json(report_data(report))


def _write_rows(report: Report, path: Path) -> None:
    if path.suffix.lower() == ".csv":
        report.to_csv(path)
    else:
        report.to_jsonl(path)
