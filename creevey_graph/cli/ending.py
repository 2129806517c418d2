"""How commands end: errors become one line and an exit code, signals an orderly stop."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from creevey_graph.cli.exits import ExitCode, code_of
from creevey_graph.errors import CreeveyError, RunInterrupted
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
    """Run a command: no traceback for errors of ours, Ctrl-C and SIGTERM end it with what is done kept."""
    with _sigterm_as_interrupt() as terminated:
        try:
            yield
            sys.stdout.flush()
        except BrokenPipeError:
            _silence_output()
            raise click.exceptions.Exit(ExitCode.BROKEN_PIPE) from None
        except (KeyboardInterrupt, click.Abort) as exc:
            if not isinstance(exc, RunInterrupted):  # the summary of the run has told it
                _complain("interrupted")
            code = ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED
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


@contextmanager
def _sigterm_as_interrupt() -> Iterator[list[bool]]:
    """Raise KeyboardInterrupt on SIGTERM; the list is not empty once it came."""
    terminated: list[bool] = []

    def interrupt(*_: Any) -> None:
        terminated.append(True)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield terminated
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield terminated
    finally:
        signal.signal(signal.SIGTERM, before)


def _hint(exc: click.ClickException) -> str:
    if not isinstance(exc, click.UsageError) or exc.ctx is None:
        return ""
    return f"try: {exc.ctx.command_path} --help"


def _complain(message: str, *more: str) -> None:
    click.echo(f"{click.style('error:', fg='red', bold=True)} {safe_text(message)}", err=True)
    for text in filter(None, more):
        click.echo(safe_text(text, keep_newlines=True), err=True)


def _silence_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter does not fail on it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
