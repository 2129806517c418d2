"""Errors in the user's own code, shown without the frames of what called it."""

import traceback
from pathlib import Path

from creevey_graph import CreeveyError
from creevey_graph.cli.ending import Failure
from creevey_graph.cli.exits import ExitCode
from creevey_graph.fingerprint.modules import is_user_file

_FRAMES = 4
"""How much of a traceback is shown: the last frames."""
_CLI = str(Path(__file__).parent)
_PACKAGE = str(Path(__file__).parent.parent)


def failure_of(what: str, exc: BaseException) -> Failure:
    """
    Return what to tell of an error that the user's file raised.

    Args:
        what: What could not be done, such as "graph.py cannot be imported".
        exc: The error. One of ours speaks for itself: its message, and the user's line behind it.
    """
    if isinstance(exc, CreeveyError):
        frames = _frames_outside(exc, _PACKAGE)
        own = [frame for frame in frames if is_user_file(frame.filename)]
        lines = traceback.format_list((own or frames)[-1:])
        return Failure(str(exc), ExitCode.GRAPH_INVALID, "".join(lines).rstrip())
    text = f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__
    lines = traceback.format_list(_frames_outside(exc, _CLI)[-_FRAMES:])
    if isinstance(exc, SyntaxError):
        lines = traceback.format_exception_only(exc)[:-1]
    remedy = ""
    if isinstance(exc, ImportError) and "relative import" in str(exc):
        remedy = "; name a graph in a package as package.module:name"
    return Failure(f"{what}: {text}{remedy}", ExitCode.GRAPH_INVALID, "".join(lines).rstrip())


def _frames_outside(exc: BaseException, folder: str) -> list[traceback.FrameSummary]:
    """Return the frames of *exc* but those of *folder* and of the import system."""
    return [
        frame
        for frame in traceback.extract_tb(exc.__traceback__)
        if not frame.filename.startswith((folder, "<frozen importlib"))
        and Path(frame.filename).parent.name != "importlib"
    ]
