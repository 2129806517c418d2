"""The system's browser, for pages and drawings."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from creevey_graph.text import safe_text
from creevey_graph.views.quoting import quoted

_ELSEWHERE = '<!DOCTYPE html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={}">'


def show(address: str | Path) -> None:
    """Open a file or an address in the browser; where none can be started, say what to do."""
    import webbrowser  # noqa: PLC0415 - 3 ms that only those pay who open something

    uri = address.resolve().as_uri() if isinstance(address, Path) else address
    try:
        is_open = webbrowser.open(uri)
    except (webbrowser.Error, OSError):
        is_open = False
    if not is_open:
        shown = str(address.resolve()) if isinstance(address, Path) else "the address"
        click.echo(f"note: no browser could be started; open {safe_text(shown)} yourself", err=True)


@contextmanager
def shown_secretly(address: str) -> Iterator[None]:
    """
    Open an address that nobody else may know in the browser.

    Everybody on this machine can read the command line that a browser is started with: there stands a file instead, for
    this account only, which leads to the address and is there as long as the context.
    """
    with tempfile.TemporaryDirectory(prefix="creevey-explore-") as folder:  # mode 0700
        file = Path(folder, "explore.html")
        file.write_text(_ELSEWHERE.format(quoted(address)), encoding="utf-8")
        show(file)
        yield
