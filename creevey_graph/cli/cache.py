"""`creevey-graph cache`: what the cache holds, whether it is whole, and how to be rid of it."""

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import click

from creevey_graph import Cache, UsageError
from creevey_graph.cache import Swept, Verified
from creevey_graph.cli.exits import ExitCode
from creevey_graph.cli.options import cache_folder, cache_option, json_option
from creevey_graph.cli.tables import echo_json, echo_lines, screen
from creevey_graph.columns import counted, listed, table
from creevey_graph.sizes import bytes_text, parse_age, parse_size, seconds_text
from creevey_graph.text import safe_text

_TAG = "CACHEDIR.TAG"
_UNNAMED = "(no step known)"


@click.group(short_help="Show, check, tidy or clear the cache.")
def cache() -> None:
    """Show, check, tidy or clear the cache; it may be deleted at any time, and costs only time."""


# --- info --------------------------------------------------------------------------------------


@cache.command(short_help="Show where it is and what it holds, per step.")
@cache_option
@json_option
def info(cache: Path | None, as_json: bool) -> None:
    """Show where the cache is and what it holds: per step values, bytes, and the seconds they save."""
    folder = cache_folder(cache)
    if not folder.is_dir():
        _tell_absent(folder, as_json=as_json)
        return
    with _opened(folder) as opened:
        facts = opened.info()
    if as_json:
        echo_json({"exists": True, **facts})
    else:
        echo_lines(_info_lines(folder, facts, screen().width))


def _info_lines(folder: Path, facts: Mapping[str, Any], width: int | None) -> Iterator[str]:
    yield f"cache '{safe_text(str(folder))}'"
    if facts["steps"]:
        head = ["step", "values", "size", "saves", "oldest", "newest"]
        yield from table(head, _step_rows(facts), width=width, drop=(4, 5))
        yield ""
    other = facts["other"]
    rows = [
        ["values", f"{facts['blobs']:,}", bytes_text(facts["bytes"])],
        ["records of how they were made", f"{facts['records']:,}", ""],
        ["index", "", bytes_text(facts["index_bytes"])],
        ["reports of runs", f"{facts['reports']:,}", ""],
        ["measurements", f"{other['rows']:,}", bytes_text(other["bytes"])],
        ["entries of an unknown form", f"{other['unknown']:,}", ""],
        ["files nothing points at", f"{facts['stray_files']:,}", bytes_text(facts["stray_bytes"])],
        ["on disk", "", bytes_text(facts["disk_bytes"])],
    ]
    yield from table(["", "", ""], [row for row in rows if row[1] != "0"], width=width)[1:]


def _step_rows(facts: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            step["step"] or _UNNAMED,
            f"{step['values']:,}",
            bytes_text(step["bytes"]),
            seconds_text(step["saves_s"]),
            _day(step["oldest"]),
            _day(step["newest"]),
        ]
        for step in facts["steps"]
    ]


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


# --- verify ------------------------------------------------------------------------------------


@cache.command(short_help="Read everything again and remove what is damaged.")
@cache_option
@json_option
def verify(cache: Path | None, as_json: bool) -> None:
    """
    Read every value again, and remove what is damaged: the next run makes it anew.

    Ends with 0 where all was whole, with 1 where something was not.
    """
    folder = cache_folder(cache)
    if not folder.is_dir():
        _tell_absent(folder, as_json=as_json)
        return
    with _opened(folder) as opened:
        begun_anew = () if opened.is_read_only else opened.take_troubles()[1]  # that is no damage
        found = opened.verify()
    found.problem = found.problem or "; ".join(begun_anew)
    if as_json:
        echo_json({"exists": True, "folder": str(folder), "ok": found.ok, **attrs.asdict(found)})
    else:
        echo_lines(_verify_lines(folder, found))
    if not found.ok:
        raise click.exceptions.Exit(ExitCode.ITEMS_FAILED)


def _verify_lines(folder: Path, found: Verified) -> Iterator[str]:
    values = f"{counted(found.values, 'value')} ({bytes_text(found.bytes)})"
    records = f"{counted(found.records, 'record')} of how they were made"
    yield f"read {values} and {records} in '{safe_text(str(folder))}'"
    if found.problem:
        yield f"  {safe_text(found.problem)}"
    lines = (
        (found.damaged_values, "value", "damaged: removed, a run makes it again"),
        (found.missing_files, "value", "without its file: removed, a run makes it again"),
        (found.damaged_records, "record", "damaged: removed, a run makes it again"),
        (found.unreadable, "value", "cannot be read: left alone; see the rights of its file"),
        (found.without_value, "record", "of a value that is gone: a run makes it again where it is needed"),
        (found.stray_files, "file", f"that nothing points at: removed ({bytes_text(found.stray_bytes)})"),
        (found.young_strays, "file", "that nothing points at yet: left, younger than an hour"),
        (found.unknown_rows, "entry", f"of an unknown form: left alone ({listed(found.unknown)})"),
    )
    for count, noun, what in lines:
        if count:
            yield f"  {counted(count, noun)} {what}"
    if not found.ok:
        yield "what was damaged is mended or told above"
    else:  # a value that was dropped is not there, and yet no damage
        yield "nothing of what is there is damaged" if found.without_value else "nothing is damaged"


# --- gc ----------------------------------------------------------------------------------------


@cache.command(short_help="Drop what saves least for its size, and what was left behind.")
@cache_option
@click.option("--max-size", metavar="SIZE", help="Keep values up to this size, such as 500MB or 20GB.")
@click.option("--older-than", metavar="AGE", help="Drop values stored longer ago, such as 30d or 12h.")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@json_option
def gc(
    cache: Path | None, max_size: str | None, older_than: str | None, dry_run: bool, as_json: bool
) -> None:
    """
    Drop values that save the fewest seconds for their bytes, and files that nothing points at.

    Without --max-size and --older-than no value is dropped. Not while a run uses the cache.
    """
    max_bytes = None if max_size is None else parse_size(max_size, "--max-size")
    older_than_s = None if older_than is None else parse_age(older_than, "--older-than")
    folder = cache_folder(cache)
    if not folder.is_dir():
        _tell_absent(folder, as_json=as_json)
        return
    with _opened(folder) as opened:
        swept = opened.gc(max_bytes, older_than_s, dry_run)
    if as_json:
        echo_json({"exists": True, "folder": str(folder), **_swept_data(swept)})
    else:
        echo_lines(_swept_lines(folder, swept))


def _swept_data(swept: Swept) -> dict[str, Any]:
    totals = {"values": swept.values, "bytes": swept.bytes, "seconds": swept.seconds}
    return {**totals, **attrs.asdict(swept)}


def _swept_lines(folder: Path, swept: Swept) -> Iterator[str]:
    if swept.dropped:
        rows = [
            [part.step or _UNNAMED, f"{part.values:,}", bytes_text(part.bytes), seconds_text(part.seconds)]
            for part in swept.dropped
        ]
        yield from table(["step", "values", "size", "saved"], rows)
    values = (
        f"{counted(swept.values, 'value')} ({bytes_text(swept.bytes)}, worth {seconds_text(swept.seconds)})"
    )
    told = f"{'would drop' if swept.dry_run else 'dropped'} {values}"
    if swept.records and not swept.values:  # with values go those of theirs, of which --json tells
        told = f"{told}, and {counted(swept.records, 'record')} of values that were gone"
    if swept.stray_files:
        strays = (
            f"{counted(swept.stray_files, 'file')} ({bytes_text(swept.stray_bytes)}) that nothing points at"
        )
        told = f"{told}, and {strays}"
    yield told
    if swept.shrunk_bytes:
        yield f"the database is {bytes_text(swept.shrunk_bytes)} smaller"
    left = f"{counted(swept.kept_values, 'value')} ({bytes_text(swept.kept_bytes)})"
    yield f"{'would be left' if swept.dry_run else 'left'}: {left} in '{safe_text(str(folder))}'"


# --- clear -------------------------------------------------------------------------------------


@cache.command(short_help="Delete everything in it but the reports.")
@cache_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def clear(cache: Path | None, yes: bool, as_json: bool) -> None:
    """
    Delete every value in the cache; outputs and the reports of runs stay. Not while a run uses it.

    The next run makes everything anew, downloads included.
    """
    folder = cache_folder(cache)
    if not folder.is_dir():
        _tell_absent(folder, as_json=as_json)
        return
    with _opened(folder) as opened:
        facts = opened.info()
        held = f"{counted(facts['blobs'], 'value')} ({bytes_text(facts['bytes'])}) in '{folder}'"
        if not yes and not _confirmed(safe_text(held)):
            click.echo("left as it was", err=True)
            return
        count = opened.clear()
    cleared = {"values": facts["blobs"], "bytes": facts["bytes"]}
    if as_json:
        echo_json({"exists": True, "folder": str(folder), "cleared": count, **cleared})
    else:
        click.echo(f"cleared {safe_text(held)}")


def _confirmed(held: str) -> bool:
    if not _is_terminal():
        raise UsageError(f"this would delete {held}; nobody can be asked here, so say --yes")
    return click.confirm(f"Delete {held}?", err=True)


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _opened(folder: Path) -> Cache:
    """Open a cache that is one: a folder of somebody's pictures is left alone."""
    if not (folder / _TAG).is_file():
        raise UsageError(f"'{folder}' is no cache of creevey_graph (it has no {_TAG}); see --cache")
    return Cache(folder)


def _tell_absent(folder: Path, *, as_json: bool) -> None:
    if as_json:
        echo_json({"exists": False, "folder": str(folder)})
    else:
        click.echo(f"no cache at '{safe_text(str(folder))}': nothing has been kept there yet")
