"""Lines as people read them at a terminal, and JSON as programs do."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from creevey_graph.screen import Screen, plainly, screen_of
from creevey_graph.text import safe_text
from creevey_graph.width import broken

SCHEMA = 1
"""Of everything that `--json` prints; it changes when a field is renamed or means something else."""


def short_path(path: Path) -> str:
    """Return *path* from the current folder where it lies below it, inert."""
    try:
        return safe_text(str(path.resolve().relative_to(Path.cwd())))
    except (ValueError, OSError):
        return safe_text(str(path))


def screen(*, err: bool = False) -> Screen:
    """Return what standard output, or standard error, can show now."""
    return screen_of(sys.stderr if err else sys.stdout)


def echo_lines(lines: Iterable[str], *, err: bool = False, is_code: bool = False) -> None:
    """
    Print lines, painted or not; at a terminal long ones are broken between words, elsewhere never.

    Args:
        lines: The lines, inert.
        err: Whether they go to standard error.
        is_code: Whether they are left whole at a terminal, too.
    """
    shown = screen(err=err)
    for line in lines:
        for part in [line] if shown.width is None or is_code else broken(line, shown.width):
            click.echo(plainly(part) if shown.is_ascii else part, err=err)


def echo_json(data: Mapping[str, Any]) -> None:
    """Print *data* for programs: one object, ASCII only, the schema's number first."""
    click.echo(json.dumps({"schema": SCHEMA, **data}, indent=2))
