"""
The exception tree: every error creevey_graph raises on purpose.

```
CreeveyError
├── UsageError        (ValueError)         a public function was called wrongly
├── StepError         (TypeError)          a step cannot be declared as written
├── GraphError        (ValueError)         a graph cannot be declared as written
├── SourceError       (ValueError)         items cannot be listed
│   └── SourceNotFound (FileNotFoundError) the folder, glob or list is not there
├── Undigestible      (TypeError)          a value has no digest by content
├── CodecError        (ValueError)         bytes are not what the codec wrote
├── CacheError        (OSError)            a cache folder cannot be used
├── FetchError        (OSError)            a download failed
│   ├── BadURL         (ValueError)        the URL is none, or not http; permanent
│   ├── HTTPStatusError                    the server answered with an error status; 4xx are permanent
│   ├── DeadlineExceeded (TimeoutError)    the download took too long
│   ├── TooSlow        (TimeoutError)      the server sends fewer bytes a second than asked for
│   ├── TooLarge                           more bytes than allowed; permanent
│   ├── TooManyRedirects                   redirects lead on and on, or in a circle; permanent
│   ├── InsecureRedirect (PermissionError) https leads to http, which anybody on the way can read and change
│   ├── PrivateAddress (PermissionError)   the address is not of the public internet
│   ├── OptedOut       (PermissionError)   the site asks not to be used; permanent
│   ├── HostGivenUp    (ConnectionError)   the host was down or busy for others just now; not asked
│   ├── WrongContent   (ValueError)        the answer is of another kind than asked for
│   └── HashMismatch   (ValueError)        the bytes are not those that were promised; permanent
├── ImageError        (ValueError)         bytes are no picture that can be read
├── StepTimeout       (TimeoutError)       a step ran longer than its timeout_s
├── SourceChanged     (RuntimeError)       a file changed while it was read
├── WorkerDied        (RuntimeError)       a worker process ended while it ran one item
└── RunFailed         (RuntimeError)       items failed; holds the report
PictureWarning (UserWarning)               a picture is read, but a part of its file is broken
SkipItem (Exception)                       no error: a step leaves this item out
RunInterrupted (KeyboardInterrupt)         Ctrl-C during a run; holds the report
└── RunTerminated     (SystemExit)         SIGTERM or SIGHUP during a run; ends the program with 143 or 129
```

Messages say *where*, what was *expected*, what was *got*, and what to *do*.
Exceptions hold their arguments positionally, so that they survive a pickle.
"""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class CreeveyError(Exception):
    """The base of every error raised on purpose."""


class UsageError(CreeveyError, ValueError):
    """A public function was called with an argument it cannot use."""


class StepError(CreeveyError, TypeError):
    """A step cannot be declared as written."""


class GraphError(CreeveyError, ValueError):
    """A graph cannot be declared as written; nothing has run."""


class SourceError(CreeveyError, ValueError):
    """Items cannot be listed from what was given."""


class SourceNotFound(SourceError, FileNotFoundError):
    """The file, folder, glob or list of items is not there."""

    __str__ = Exception.__str__


class Undigestible(CreeveyError, TypeError):
    """A value cannot be told from others by its content."""


class CodecError(CreeveyError, ValueError):
    """A value cannot be turned into bytes, or bytes are not what the codec wrote."""


class CacheError(CreeveyError, OSError):
    """A cache folder cannot be used as asked."""


class FetchError(CreeveyError, OSError):
    """
    A download failed; the message names the URL and the cause.

    State:
        is_permanent: True where asking again would end the same, so that it may be remembered.
    """

    is_permanent: bool = False
    # Several subclasses are also OSErrors of Python's own, which show two arguments as an errno.
    __str__ = Exception.__str__


class BadURL(FetchError, ValueError):
    """What was to be downloaded is no URL, or not one of http or https."""

    is_permanent = True


_PASSING = frozenset({408, 425, 429})


class HTTPStatusError(FetchError):
    """
    The server answered with an error status.

    Args:
        message: What is shown.
        status: HTTP status code, 100-599; 4xx are permanent, but for 408, 425 and 429.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)
        self.status = status
        self.is_permanent = status // 100 == 4 and status not in _PASSING  # noqa: PLR2004 - 4xx

    def __str__(self) -> str:
        return str(self.args[0])


class DeadlineExceeded(FetchError, TimeoutError):
    """A download was not finished by its deadline."""


class TooSlow(FetchError, TimeoutError):
    """A server sends fewer bytes a second than asked for."""


class TooLarge(FetchError):
    """A download has more bytes than allowed."""

    is_permanent = True


class TooManyRedirects(FetchError):
    """A download was led from URL to URL, in a circle or without an end."""

    is_permanent = True


class InsecureRedirect(FetchError, PermissionError):
    """A download by https was led to http, where anybody on the way can read and change what comes."""


class PrivateAddress(FetchError, PermissionError):
    """
    A download led to an address that is not of the public internet.

    Not permanent: names move, the environment may allow it the next time, and nothing is sent to find out.
    """


class OptedOut(FetchError, PermissionError):
    """The site asks, by a header or its robots.txt, not to be used for this."""

    is_permanent = True


class HostGivenUp(FetchError, ConnectionError):
    """A host gave no connection, or asked for peace, several times in a row: this URL of it was not asked for."""


class WrongContent(FetchError, ValueError):
    """The answer is of another kind than asked for, such as a web page in place of a picture."""


class HashMismatch(FetchError, ValueError):
    """The bytes that came are not those whose hash was given."""

    is_permanent = True


class ImageError(CreeveyError, ValueError):
    """Bytes are no picture that can be read, or a picture beyond a limit."""


class PictureWarning(UserWarning):
    """
    A picture is read, but something beside its pixels is broken: its EXIF orientation, its colour profile.

    It comes through Python's `warnings`, once for each cause and picture, and names the picture.
    """


class StepTimeout(CreeveyError, TimeoutError):
    """A step ran longer than its `timeout_s`."""


class SourceChanged(CreeveyError, RuntimeError):
    """A source file changed while it was being read."""


class WorkerDied(CreeveyError, RuntimeError):
    """A worker process ended (out of memory, crash, kill) while it ran one item alone."""


class RunFailed(CreeveyError, RuntimeError):
    """
    Items of a run failed.

    Args:
        message: What is shown: how many failed, and the first of them.
        report: The run's report.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message, report)
        self.report = report

    def __str__(self) -> str:
        return str(self.args[0])


class RunInterrupted(KeyboardInterrupt):
    """
    Ctrl-C ended a run; what was done stays done, and the next run goes on from there.

    Args:
        report: The run's report.
    """

    def __init__(self, report: Any = None) -> None:
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        return "the run was interrupted; run again to go on"


class RunTerminated(RunInterrupted, SystemExit):
    """
    SIGTERM, or SIGHUP as the terminal was closed, ended a run as Ctrl-C does.

    Where nobody catches it the program ends, without a traceback, with what a shell tells of that signal.

    Args:
        number: The signal.
        report: The run's report.

    >>> RunTerminated(15).code
    143
    """

    def __init__(self, number: int, report: Any = None) -> None:
        super().__init__(report)
        self.args = (number, report)
        self.code = 128 + number


class SkipItem(Exception):
    """
    Raised by a step to leave the item out; the report names the step and *reason*.

    >>> raise SkipItem("smaller than 224 px")
    Traceback (most recent call last):
    creevey_graph.errors.SkipItem: smaller than 224 px
    """


def did_you_mean(name: str, known: "Iterable[str]") -> str:
    """
    Return the tail of a "no such name" message: the nearest name, and all there are.

    >>> did_you_mean("resise", ["crop", "load", "resize"])
    "; did you mean 'resize'? (has: crop, load, resize)"
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else ""
    return f"{guess} (has: {', '.join(names) if names else 'none'})"
