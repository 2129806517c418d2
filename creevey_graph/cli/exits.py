"""Exit codes: what each ending of a command tells the shell."""

from enum import IntEnum

from creevey_graph.errors import (
    CacheError,
    CreeveyError,
    GraphError,
    SourceError,
    StepError,
    UsageError,
)


class ExitCode(IntEnum):
    """What a command ends with."""

    DONE = 0
    ITEMS_FAILED = 1
    USAGE = 2
    SOURCE_NOT_FOUND = 3
    GRAPH_INVALID = 4
    HUNG_UP = 129
    """128 + SIGHUP: the terminal was closed; as Ctrl-C."""
    INTERRUPTED = 130
    """128 + SIGINT: Ctrl-C; what was done stays done."""
    BROKEN_PIPE = 141
    """128 + SIGPIPE: the reader of our output went away."""
    TERMINATED = 143
    """128 + SIGTERM: as Ctrl-C."""


_CODES: tuple[tuple[type[CreeveyError], ExitCode], ...] = (
    (SourceError, ExitCode.SOURCE_NOT_FOUND),
    (GraphError, ExitCode.GRAPH_INVALID),
    (StepError, ExitCode.GRAPH_INVALID),
    (UsageError, ExitCode.USAGE),
    (CacheError, ExitCode.USAGE),
)


def code_of(error: CreeveyError) -> ExitCode:
    """
    Return the exit code that an error of ours ends a command with.

    >>> code_of(GraphError("crop -> resize -> crop"))
    <ExitCode.GRAPH_INVALID: 4>
    """
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.ITEMS_FAILED)
