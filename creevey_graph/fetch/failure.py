"""What failed, in our own errors: the cause without the wrappings of requests and urllib3."""

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
)
from urllib3.exceptions import (
    TimeoutError as PoolTimeout,
)

from creevey_graph.errors import BadURL, DeadlineExceeded, FetchError, HTTPStatusError, PrivateAddress
from creevey_graph.fetch.body import BrokenBody
from creevey_graph.fetch.clock import Clock
from creevey_graph.fetch.deadline import Limits
from creevey_graph.fetch.hosts import LONGEST_PAUSE_S
from creevey_graph.fetch.shown import get_of
from creevey_graph.text import safe_text

TIMER_SLACK_S = 0.01
"""A socket's wait for the deadline may end so much before it."""
_REDIRECTION, _SERVER_ERROR = 300, 500
_TRANSIENT = frozenset({408, 425, 429})
_PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    ProtocolError,
    PoolTimeout,
    BrokenBody,
)
_UNASKABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    LocationValueError,
    UnicodeError,
)


class Again(Exception):
    """
    A try failed in a way that another may not.

    Args:
        error: What to raise where there is no other.
        retry_after_s: What the server asks to wait, 0 where it asks nothing.
    """

    def __init__(self, error: FetchError, retry_after_s: float = 0.0) -> None:
        super().__init__(error, retry_after_s)
        self.error = error
        self.retry_after_s = retry_after_s


def check_status(url: str, response: requests.Response, limits: Limits) -> None:
    """Raise where the answer is no success: an error, or a 3xx that leads nowhere."""
    status = response.status_code
    if status < _REDIRECTION:
        return
    error = HTTPStatusError(
        f"{get_of(url)}: {status} {safe_text(response.reason or '')[:100]}".rstrip(), status
    )
    if status in _TRANSIENT or status >= _SERVER_ERROR:
        raise Again(error, retry_after_s(response.headers.get("Retry-After", ""), limits.clock))
    raise error


def retry_after_s(text: str, clock: Clock) -> float:
    """Read a Retry-After header, seconds or a date; 0 where it is neither, 60 at most."""
    text = text.strip()  # of more than `float` takes for space
    if re.fullmatch(r"[0-9]{1,9}", text):
        wait_s = float(text)
    else:
        try:
            wait_s = parsedate_to_datetime(text).timestamp() - clock.wall()
        except (ValueError, OverflowError):
            return 0.0
    return min(max(wait_s, 0.0), LONGEST_PAUSE_S)


def translate(url: str, error: Exception, limits: Limits) -> Exception:
    """Return what to raise for an error of requests or urllib3: final, or `Again`."""
    chain = list(chain_of(error))
    ours = next((each for each in chain if isinstance(each, FetchError)), None)
    if ours is not None:  # raised below urllib3, where the URL is not known
        return type(ours)(f"{get_of(url)}: {ours}")
    if limits.left_s() <= TIMER_SLACK_S:
        return too_late(url, limits)
    message = f"{get_of(url)}: {cause_of(error, limits)}"
    if isinstance(error, _UNASKABLE):
        return BadURL(message)
    # a bad certificate is bad the next time
    is_final = any(isinstance(each, requests.exceptions.SSLError) for each in chain)
    told = FetchError(message)
    return Again(told) if isinstance(error, _PASSING) and not is_final else told


def is_unreachable(error: Exception) -> bool:
    """Return whether *error* says that the host (not a proxy on the way) gave no connection."""
    chain = list(chain_of(error))
    return any(isinstance(each, NewConnectionError | ConnectTimeoutError) for each in chain) and not any(
        isinstance(each, ProxyError | requests.exceptions.ProxyError) for each in chain
    )


def is_of_host(error: Exception) -> bool:
    """Return whether *error* would meet anything that is asked of the host: no way to it, or none allowed."""
    wrong = (*_UNASKABLE, ProxyError, requests.exceptions.SSLError, PrivateAddress)
    return is_unreachable(error) or any(isinstance(each, wrong) for each in chain_of(error))


def cause_of(error: Exception, limits: Limits) -> str:
    """Say what is at the bottom of *error*."""
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {limits.connect_timeout_s:g} s"
    if isinstance(error, BrokenBody):
        return str(error)
    bottom = list(chain_of(error))[-1]
    if isinstance(bottom, TimeoutError):
        return f"the server was silent for {limits.read_timeout_s:g} s"
    text = re.sub(r"(?<=//)[^/\s]*@", "", str(bottom))  # some name the URL, with its password
    return safe_text(text or type(bottom).__name__)[:300]


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and what it wraps, down to the bottom."""
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        inner = _inner(inner)


def _inner(error: BaseException) -> BaseException | None:
    # not __context__: at the bottom it is whatever the caller was handling
    candidates: list[Any] = [getattr(error, "reason", None), error.__cause__, *reversed(error.args)]
    return next((each for each in candidates if isinstance(each, BaseException)), None)


def too_late(url: str, limits: Limits) -> DeadlineExceeded:
    """Return the error of a download that its deadline ended."""
    return DeadlineExceeded(f"{get_of(url)}: not finished after {limits.deadline_s:g} s; raise deadline_s")


def told_tries(error: FetchError, tries: int) -> FetchError:
    """Return *error* with the number of tries, where it was more than one."""
    if tries == 1:
        return error
    return type(error)(f"{error.args[0]} ({tries} tries)", *error.args[1:])


HTTP_ERRORS = (requests.RequestException, HTTPError, ValueError)
"""All that asking and reading raise, but for our own."""
