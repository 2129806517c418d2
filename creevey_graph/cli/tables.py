"""Columns of text, numbers and sizes as people read them, and JSON as programs do."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from creevey_graph.text import safe_text

SCHEMA = 1
"""Of everything that `--json` prints; it changes when a field is renamed or means something else."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[int] = (0,)) -> list[str]:
    """
    Return lines of aligned columns, two spaces between and before.

    Args:
        head: Titles.
        rows: Cells; what comes from outside is made inert.
        left: Columns that are text; the others are numbers, aligned on the right.

    >>> table(["step", "ran"], [["load", "12"], ["resize", "3"]])
    ['  step    ran', '  load     12', '  resize    3']
    """
    cells = [[safe_text(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"  {'  '.join(padded)}".rstrip()

    return [line(row) for row in cells]


def counted(count: int, noun: str) -> str:
    """
    Return a number and its noun.

    >>> counted(1, "item"), counted(2000, "item"), counted(2, "entry")
    ('1 item', '2,000 items', '2 entries')
    """
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else several}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """
    Return the first names, and how many more there are.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return safe_text(", ".join(names[:most])) + more


def short_path(path: Path) -> str:
    """Return *path* from the current folder where it lies below it, inert."""
    try:
        return safe_text(str(path.resolve().relative_to(Path.cwd())))
    except (ValueError, OSError):
        return safe_text(str(path))


def echo_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines; at a terminal long ones are broken between words, elsewhere never."""
    stream = sys.stderr if err else sys.stdout
    columns = shutil.get_terminal_size().columns if stream.isatty() else None
    for line in lines:
        click.echo(line if columns is None else broken(line, columns), err=err)


def broken(line: str, columns: int) -> str:
    """
    Return *line* broken between words where it is longer than *columns*.

    >>> broken("note: the cache is full", 16).splitlines()
    ['note: the cache', '    is full']
    """
    if len(click.unstyle(line)) <= columns:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.fill(
        line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def echo_json(data: Mapping[str, Any]) -> None:
    """Print *data* for programs: one object, ASCII only, the schema's number first."""
    click.echo(json.dumps({"schema": SCHEMA, **data}, indent=2))
