"""
Connections that keep to our limits: on addresses, on every single read, and on where an answer ends.

They belong to one thread and are kept alive from one download to the next, in an adapter of requests. There
are two a thread: one that may connect to private addresses, and one that may not and so never finds such a
connection among its own.
"""

import os
import re
import socket
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any

import attrs
import requests
from requests.adapters import HTTPAdapter
from requests.sessions import SessionRedirectMixin
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from creevey_graph.errors import FetchError
from creevey_graph.fetch.addresses import Network, dial
from creevey_graph.fetch.deadline import Limits, TimedSocket
from creevey_graph.fetch.shown import get_of
from creevey_graph.text import safe_text

_FINAL = 200
"""Statuses below it announce an answer that is still to come."""


@attrs.frozen
class Wire:
    """What the connections of a download keep to."""

    limits: Limits
    network: Network
    allow_private: bool
    verify_ssl: bool | str
    proxies: Mapping[str, str] | None


def ask(url: str, headers: Mapping[str, str], wire: Wire) -> requests.Response:
    """
    Send a GET and return the answer once its headers are there, whatever its status.

    Raises:
        FetchError: It cannot be told where the answer ends.
        requests.RequestException: No connection, or no answer; at the bottom of it may be a `FetchError`.
    """
    _THREAD.wire = wire
    limits = wire.limits
    response = _adapter_of(wire).send(
        _prepared(url, headers),
        stream=True,
        timeout=(limits.timeout_s(limits.connect_timeout_s), limits.timeout_s(limits.read_timeout_s)),
        verify=wire.verify_ssl,
        proxies=wire.proxies,
    )
    try:
        _check_framing(url, response)
    except FetchError:
        response.close()  # with all that may still come on its connection
        raise
    return response


def _check_framing(url: str, response: requests.Response) -> None:
    """
    Check that http.client can tell where the answer ends.

    Where it cannot, it hands out the marks between the chunks as bytes of the body, or what is left of
    this answer as the next one on the connection.
    """
    if response.status_code < _FINAL:
        raise FetchError(f"{get_of(url)}: expected an answer (got status {response.status_code} alone)")
    codings = response.raw.headers.getlist("Transfer-Encoding")
    if codings and {coding.lower() for coding in codings} not in ({"chunked"}, {"identity"}):
        told = safe_text(", ".join(codings))[:50]
        raise FetchError(f"{get_of(url)}: expected a plain or chunked body (got Transfer-Encoding {told!r})")
    told = ",".join(response.raw.headers.getlist("Content-Length"))
    if told and not codings and not re.fullmatch(r"[0-9]{1,18}( *, *[0-9]{1,18})*", told.strip()):
        raise FetchError(f"{get_of(url)}: expected a length (got Content-Length {safe_text(told)[:50]!r})")


def _prepared(url: str, headers: Mapping[str, str]) -> requests.PreparedRequest:
    """
    Return the request, with nothing from the environment and no cookies.

    As a session would prepare it, but for what it merges: that is a fifth of a small download's time.
    """
    request = requests.PreparedRequest()
    request.prepare_method("GET")
    request.prepare_url(url, None)
    request.prepare_headers(headers)
    request.prepare_auth(None, url)  # the user and password of the URL, if it has them
    return request


def redirect_target(response: requests.Response) -> str | None:
    """Return where *response* leads, relative to its URL; None where it leads nowhere."""
    return _REDIRECTS.get_redirect_target(response)


def is_same_place(here: str, there: str) -> bool:
    """Return whether credentials for *here* may be sent to *there*: the same host and port, or its https."""
    return not _REDIRECTS.should_strip_auth(here, there)  # type: ignore[no-untyped-call]


_REDIRECTS = SessionRedirectMixin()  # holds nothing


def _adapter_of(wire: Wire) -> "_Adapter":
    """Return this thread's connections for such a download."""
    adapter = _THREAD.adapters.get(wire.allow_private)
    if adapter is None:
        adapter = _THREAD.adapters[wire.allow_private] = _Adapter(max_retries=0)
    return adapter


class _PerThread(threading.local):
    """
    What each thread holds for itself.

    State:
        adapters: By whether private addresses are allowed.
        wire: That of the download in hand; read where a connection or a response begins.

    Thread safety: an adapter belongs to one thread; nothing is shared.
    """

    wire: Wire

    def __init__(self) -> None:
        self.adapters: dict[bool, _Adapter] = {}


_THREAD = _PerThread()


def _forget_connections() -> None:
    """In a forked child: two processes on one connection would read each other's answers."""
    _THREAD.adapters = {}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections)


class _Response(HTTPResponse):
    """An answer, without those that come before it: http.client itself passes over 100 alone, not over 103."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(TimedSocket(sock, _THREAD.wire.limits), *args, **kwargs)  # type: ignore[arg-type]

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        is_early = HTTPStatus.CONTINUE < status < _FINAL and status != HTTPStatus.SWITCHING_PROTOCOLS
        return version, HTTPStatus.CONTINUE if is_early else status, reason


class _Dialing(HTTPConnection):
    """Connects to an address that was checked; to a proxy's without a check, since the user named it."""

    response_class = _Response
    is_to_proxy = False

    def _new_conn(self) -> socket.socket:
        wire = _THREAD.wire
        try:
            sock = dial(
                wire.network,
                self._dns_host,
                self.port or self.default_port,
                timeout_s=wire.limits.timeout_s(wire.limits.connect_timeout_s),
                allow_private=wire.allow_private or self.is_to_proxy,
                options=self.socket_options or (),
            )
        except FetchError:
            raise
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error
        sys.audit("http.client.connect", self, self.host, self.port)
        return sock


class _Connection(_Dialing):
    pass


class _TLSConnection(_Dialing, HTTPSConnection):
    pass


class _ToProxy(_Connection):
    is_to_proxy = True


class _TLSToProxy(_TLSConnection):
    is_to_proxy = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection

    def _validate_conn(self, conn: Any) -> None:
        """Connect, without urllib3's warning at each request where *verify_ssl* is False: it was asked for."""
        if conn.is_closed:
            conn.connect()


class _ProxyPool(_Pool):
    ConnectionCls = _ToProxy


class _TLSProxyPool(_TLSPool):
    ConnectionCls = _TLSToProxy


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"http": _ProxyPool, "https": _TLSProxyPool}
        return manager
