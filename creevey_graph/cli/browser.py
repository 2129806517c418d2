"""The system's browser, for pages and drawings."""

from pathlib import Path

import click


def show(address: str | Path) -> None:
    """Open a file or an address in the browser; where none can be started, say what to do."""
    import webbrowser  # noqa: PLC0415 - 3 ms that only those pay who open something

    uri = address.resolve().as_uri() if isinstance(address, Path) else address
    try:
        is_open = webbrowser.open(uri)
    except (webbrowser.Error, OSError):
        is_open = False
    if not is_open:
        shown = address.resolve() if isinstance(address, Path) else "the address"
        click.echo(f"note: no browser could be started; open {shown} yourself", err=True)
