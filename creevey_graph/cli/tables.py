"""Lines as people read them at a terminal, and JSON as programs do."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from creevey_graph.text import safe_text

SCHEMA = 1
"""Of everything that `--json` prints; it changes when a field is renamed or means something else."""


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
