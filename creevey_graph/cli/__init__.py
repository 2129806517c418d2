"""
The command line: `creevey-graph`, or `python -m creevey_graph`.

One command a file, imported when it is called for: `--help` must answer at once, so the
one-line helps stand in the table here, and this module imports click and nothing heavier.
"""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click

from creevey_graph import __version__
from creevey_graph.cli.ending import orderly
from creevey_graph.errors import did_you_mean
from creevey_graph.paint import color_wish

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "init": ("init", "Write a small starter file, graph.py, into this folder."),
        "run": ("run", "Run a graph over items, as far as they are not up to date."),
        "status": ("status", "Show what a run would do and why, running nothing."),
        "explain": ("explain", "Show what a run would do with one item, step by step, and why."),
        "accept": ("accept", "Keep the results of a step whose edit is harmless; or undo that."),
        "draw": ("draw", "Draw a graph, and what a run would do or did, as text, picture or page."),
        "report": ("report", "Show what happened in the latest run, or export it."),
        "explore": (
            "explore",
            "Show a run in the browser while it runs, and try parameters on its pictures.",
        ),
        "export": (
            "export",
            "Write what a run made as a data set: tars, Parquet, folders, links.",
        ),
        "cache": ("cache", "Show, check, tidy or clear the cache."),
        "demo": ("demo", "See it work: download, change things, count what runs again."),
    }
)
"""Name of a command -> module it stands in, under its own name, and the help shown in the overview."""


class LazyGroup(click.Group):
    """The commands of `COMMANDS`, each imported when it is invoked."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        with orderly():  # Ctrl-C has its exit code here, too
            return super().make_context(*args, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"{__name__}.{COMMANDS[cmd_name][0]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"no command '{args[0]}'{did_you_mean(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # a terminal or file that is not UTF-8 gets escapes
                stream.reconfigure(errors="backslashreplace")
        if (wish := color_wish(os.environ)) is not None:
            ctx.color = wish
        with orderly():
            return super().invoke(ctx)


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A graph is named file.py:name or package.module:name; ':name' may be left out where the "
    "file has only one. Exit codes: 0 done, 1 items failed, 2 usage, 3 source not found, "
    "4 graph invalid, 130 interrupted.",
)
@click.version_option(__version__, prog_name="creevey-graph", message="%(prog)s %(version)s")
def main() -> None:
    """
    Make, for image sets: run a graph of steps over every picture of a set.

    A rerun does only what an edit, a new file or a lost output really changed.
    """
