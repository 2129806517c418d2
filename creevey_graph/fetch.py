"""
HTTP GET to bytes: the only place that imports requests.

A download ends: by its last byte, or by an error within about a second of its
deadline. requests' read timeout is per socket operation, so a server that drips one
byte a second would hold a worker for ever; here every socket read, header or body,
is given what is left of the deadline at most (`deadline.py`). Not bounded: the
system's name look-up, which offers no timeout.

What the bytes mean is not decided here; see `images/load.py`.
"""

import re
import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from creevey_graph.deadline import Clock, Limits, TimedSocket
from creevey_graph.errors import DeadlineExceeded, FetchError, HTTPStatusError, TooLarge
from creevey_graph.text import safe_text

MAX_REDIRECTS = 10
_TIMER_SLACK_S = 0.01  # a socket's wait for the deadline may end so much before it
_CHUNK_BYTES = 64 * 2**10
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_TRANSIENT = frozenset({408, 425, 429})
_REDIRECTION, _BAD_REQUEST, _SERVER_ERROR = 300, 400, 500
_PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


CLOCK = Clock()


class _Again(Exception):
    """A try failed in a way that another may not."""

    def __init__(self, error: FetchError, retry_after_s: float = 0.0) -> None:
        super().__init__(error, retry_after_s)
        self.error = error
        self.retry_after_s = retry_after_s


def fetch(
    url: str,
    *,
    deadline_s: float = 120.0,
    connect_timeout_s: float = 10.0,
    read_timeout_s: float = 20.0,
    retries: int = 3,
    max_bytes: int = 50 * 2**20,
    headers: Mapping[str, str] | None = None,
    clock: Clock = CLOCK,
) -> bytes:
    """
    Return the body that a GET of *url* answers with, whole.

    Connect errors, silent servers, broken bodies and the statuses 408, 425, 429 and
    5xx are tried again after a random wait of up to 1, 2, 4 … 60 s, or what
    Retry-After asks for (60 s at most); other statuses are final.

    Args:
        url: http or https; up to 10 redirects are followed, to the same two.
        deadline_s: Seconds for everything, waits and retries included.
        connect_timeout_s: Seconds for one connection.
        read_timeout_s: Seconds that the server may be silent.
        retries: Tries after the first.
        max_bytes: Longest body taken.
        headers: Sent with the request; credentials among them do not follow a redirect to another host.
        clock: Where time comes from.

    Raises:
        HTTPStatusError: The server answered with an error status.
        DeadlineExceeded: Not finished after *deadline_s*.
        TooLarge: The body is longer than *max_bytes*.
        FetchError: Anything else: no such host, connection refused, a broken body, not http.

    """
    limits = Limits(
        clock.monotonic() + deadline_s, deadline_s, connect_timeout_s, read_timeout_s, max_bytes, clock
    )
    attempt = 0
    while True:
        try:
            return _try(url, dict(headers or {}), limits)
        except _Again as again:
            longest_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(attempt, 10))
            wait_s = max(clock.jitter() * longest_s, again.retry_after_s)
            if attempt >= retries or wait_s >= limits.left_s():
                raise _told_tries(again.error, attempt + 1) from again.__cause__
        attempt += 1
        clock.sleep(wait_s)


def _try(url: str, headers: dict[str, str], limits: Limits) -> bytes:
    """Follow redirects from *url* and return the body at their end."""
    here = url
    for _ in range(MAX_REDIRECTS + 1):
        _check_scheme(here)
        try:
            with _open(here, headers, limits) as response:
                target = _THREAD.session.get_redirect_target(response)
                if target is None:
                    _check_status(here, response, limits)
                    return _read(here, response, limits)
        except (requests.RequestException, HTTPError, ValueError) as error:
            raise _translate(here, error, limits) from error
        there = urljoin(here, target)
        if _THREAD.session.should_strip_auth(here, there):  # type: ignore[no-untyped-call]
            headers = {name: text for name, text in headers.items() if name.lower() not in _PRIVATE_HEADERS}
        here = there
    raise FetchError(f"{_get(url)}: more than {MAX_REDIRECTS} redirects, the last to {_shown(here)}")


def _open(url: str, headers: Mapping[str, str], limits: Limits) -> requests.Response:
    if limits.left_s() <= 0:
        raise _too_late(url, limits)
    _THREAD.limits = limits
    timeout = (limits.timeout_s(limits.connect_timeout_s), limits.timeout_s(limits.read_timeout_s))
    return _THREAD.session.get(url, headers=headers, timeout=timeout, stream=True, allow_redirects=False)


def _read(url: str, response: requests.Response, limits: Limits) -> bytes:
    """Return the body; urllib3 raises where it is short of Content-Length, `TimedReader` at the deadline."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > limits.max_bytes:
        raise _too_large(url, limits, f"Content-Length is {int(announced)}")
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > limits.max_bytes:
            raise _too_large(url, limits, "the server sends more")
    return bytes(body)


def _check_scheme(url: str) -> None:
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise FetchError(f"{_get(url)}: not a URL ({safe_text(str(error))})") from error
    if scheme not in {"http", "https"}:
        raise FetchError(f"{_get(url)}: expected http or https (got {safe_text(scheme)!r})")


def _check_status(url: str, response: requests.Response, limits: Limits) -> None:
    """Raise where the answer is no success: an error, or a 3xx that leads nowhere."""
    status = response.status_code
    if status < _REDIRECTION:
        return
    error = HTTPStatusError(
        f"{_get(url)}: {status} {safe_text(response.reason or '')[:100]}".rstrip(), status
    )
    if status in _TRANSIENT or status >= _SERVER_ERROR:
        raise _Again(error, _retry_after_s(response.headers.get("Retry-After", ""), limits.clock))
    raise error


def _retry_after_s(text: str, clock: Clock) -> float:
    """Read a Retry-After header, seconds or a date; 0 where it is neither, 60 at most."""
    if re.fullmatch(r"[0-9]{1,9}", text.strip()):
        wait_s = float(text)
    else:
        try:
            wait_s = parsedate_to_datetime(text).timestamp() - clock.wall()
        except (ValueError, OverflowError):
            return 0.0
    return min(max(wait_s, 0.0), _LONGEST_WAIT_S)


def _translate(url: str, error: Exception, limits: Limits) -> Exception:
    """Return what to raise for an error of requests: final, or `_Again`."""
    if limits.left_s() <= _TIMER_SLACK_S:
        return _too_late(url, limits)
    told = FetchError(f"{_get(url)}: {_cause(error, limits)}")
    broken = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    decoding = requests.exceptions.ContentDecodingError
    final = isinstance(error, requests.exceptions.SSLError)  # a bad certificate is bad the next time
    return _Again(told) if isinstance(error, (*broken, decoding)) and not final else told


def _cause(error: BaseException, limits: Limits) -> str:
    """Say what is at the bottom of *error*, without the wrappings of requests and urllib3."""
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {limits.connect_timeout_s:g} s"
    inner: BaseException | None = error
    while inner is not None:
        error, inner = inner, _inner(inner)
    if isinstance(error, TimeoutError):
        return f"the server was silent for {limits.read_timeout_s:g} s"
    return safe_text(str(error) or type(error).__name__)[:300]


def _inner(error: BaseException) -> BaseException | None:
    # not __context__: at the bottom it is whatever the caller was handling
    candidates: list[Any] = [getattr(error, "reason", None), error.__cause__, *reversed(error.args)]
    return next((each for each in candidates if isinstance(each, BaseException)), None)


def _told_tries(error: FetchError, tries: int) -> FetchError:
    if tries == 1:
        return error
    message = f"{error.args[0]} ({tries} tries)"
    return (
        HTTPStatusError(message, error.status) if isinstance(error, HTTPStatusError) else FetchError(message)
    )


def _too_late(url: str, limits: Limits) -> DeadlineExceeded:
    return DeadlineExceeded(f"{_get(url)}: not finished after {limits.deadline_s:g} s; raise deadline_s")


def _too_large(url: str, limits: Limits, got: str) -> TooLarge:
    return TooLarge(f"{_get(url)}: expected at most {limits.max_bytes} bytes ({got}); raise max_bytes")


def _get(url: str) -> str:
    return f"GET {_shown(url)}"


def _shown(url: str) -> str:
    """Return *url* inert, and without the password it may hold."""
    try:
        parts = urlsplit(url)
        if "@" in parts.netloc:
            url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        url = re.sub(r"//[^/]*@", "//", url)
    return safe_text(url)


class _Response(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(TimedSocket(sock, _THREAD.limits), *args, **kwargs)  # type: ignore[arg-type]


class _Connection(HTTPConnection):
    response_class = _Response


class _TLSConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


class _PerThread(threading.local):
    """
    What each thread holds for itself.

    State:
        session: Keeps connections alive from one download to the next.
        limits: Those of the download in hand; read where a response begins.

    Thread safety: a session belongs to one thread; nothing is shared.
    """

    limits: Limits

    def __init__(self) -> None:
        self.session = _new_session()


def _new_session() -> requests.Session:
    """Return a session that takes nothing from the environment and keeps no cookies."""
    session = requests.Session()
    session.trust_env = False  # no .netrc passwords, no proxies unasked
    session.headers.update({"User-Agent": f"creevey_graph/{_version()}", "Accept-Encoding": "identity"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for prefix in ("http://", "https://"):
        session.mount(prefix, _Adapter(max_retries=0))
    return session


@cache
def _version() -> str:
    try:
        return version("creevey_graph")
    except PackageNotFoundError:  # run from a checkout
        return "0"


_THREAD = _PerThread()
