"""How commands end: errors become one line and an exit code, signals an orderly stop."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO

import click

from creevey_graph.cli.exits import ExitCode, code_of
from creevey_graph.errors import CreeveyError, RunInterrupted
from creevey_graph.interrupts import stops_guarded
from creevey_graph.text import safe_text


class Failure(click.ClickException):
    """
    An error of the command line's own.

    Args:
        message: One line.
        code: What the command ends with.
        details: Lines shown below it, such as the end of a traceback.
    """

    def __init__(self, message: str, code: ExitCode, details: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.details = details


@contextmanager
def orderly() -> Iterator[None]:
    """Run a command: no traceback for errors of ours; Ctrl-C, SIGTERM and SIGHUP end it with what is done kept."""
    with stops_guarded() as guard:
        guard.when_hung_up = partial(_silence, _at_terminals())
        try:
            yield
            sys.stdout.flush()
        except BrokenPipeError:
            _silence((sys.stdout, sys.stderr))
            raise click.exceptions.Exit(ExitCode.BROKEN_PIPE) from None
        except (KeyboardInterrupt, click.Abort) as exc:
            if not isinstance(exc, RunInterrupted):  # the summary of the run has told it
                _complain("interrupted")
            code = ExitCode.INTERRUPTED if guard.number is None else 128 + guard.number
            raise click.exceptions.Exit(code) from None
        except Failure as exc:
            _complain(exc.message, exc.details)
            raise click.exceptions.Exit(exc.code) from None
        except click.ClickException as exc:
            _complain(exc.format_message(), _hint(exc))
            raise click.exceptions.Exit(exc.exit_code) from None
        except CreeveyError as exc:
            _complain(str(exc))
            raise click.exceptions.Exit(code_of(exc)) from None
        except OSError as exc:
            what = f"'{exc.filename}': " if exc.filename else ""
            _complain(f"{what}{exc.strerror or exc}")
            raise click.exceptions.Exit(ExitCode.USAGE) from None


def _hint(exc: click.ClickException) -> str:
    if not isinstance(exc, click.UsageError) or exc.ctx is None:
        return ""
    return f"try: {exc.ctx.command_path} --help"


def _complain(message: str, *more: str) -> None:
    click.echo(f"{click.style('error:', fg='red', bold=True)} {safe_text(message)}", err=True)
    for text in filter(None, more):
        click.echo(safe_text(text, keep_newlines=True), err=True)


def _at_terminals() -> tuple[IO[str], ...]:
    """Return the outputs that stand at a terminal."""
    return tuple(stream for stream in (sys.stdout, sys.stderr) if stream.isatty())


def _silence(streams: Iterable[IO[str]]) -> None:
    """Send what is written nowhere from now on: who read it went away, and the interpreter would fail on it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
