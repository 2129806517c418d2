"""A loopback server of pictures that can misbehave, and a clock that does not wait."""

import itertools
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from creevey_graph.fetch import Clock, Network


class PictureServer:
    """
    Serves bytes by path on 127.0.0.1; use as a context manager.

    State:
        files: Path -> body.
        gets: Path -> how many GETs came for it.
        headers: Path -> the request headers of each GET.
        behaviours: Path -> what to do instead of serving, each with how many times.
        closing: Set at the end, so that a misbehaviour in hand stops waiting.
    """

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.gets: Counter[str] = Counter()
        self.headers: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
        self.behaviours: defaultdict[str, list[list]] = defaultdict(list)
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self._http.handle_error = lambda *_: None  # a client may leave at any time
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def url(self, path: str) -> str:
        """Return the URL of *path*, which begins with "/"."""
        return f"http://127.0.0.1:{self._http.server_port}{path}"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return "127.0.0.1", self._http.server_port

    @property
    def connections(self) -> int:
        """How many connections were made so far."""
        return len(self._connections)

    def behave(self, path: str, behaviour: Callable, *, times: int = 10**9) -> None:
        """Do *behaviour* for the next so many GETs of *path*; then what was added next, then serve the file."""
        self.behaviours[path].append([behaviour, times])

    def _next(self, path: str) -> Callable:
        with self._lock:
            queue = self.behaviours[path]
            if not queue:
                return serve
            behaviour = queue[0][0]
            queue[0][1] -= 1
            if queue[0][1] == 0:
                queue.pop(0)
            return behaviour

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        pictures = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_of_pictures = pictures

            def setup(self) -> None:
                super().setup()
                with pictures._lock:
                    pictures._connections.add(self.connection)

            def do_GET(self) -> None:
                with pictures._lock:
                    pictures.gets[self.path] += 1
                    pictures.headers[self.path].append(dict(self.headers))
                with suppress(ConnectionError):  # the client may leave in the middle
                    pictures._next(self.path)(self)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def serve(handler) -> None:
    """Send the file of the path, or 404."""
    body = handler.server_of_pictures.files.get(handler.path)
    if body is None:
        status(404)(handler)
        return
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def sends(body: bytes, code: int = 200, **headers: str) -> Callable:
    """Answer with a body and headers ("Content_Type" is sent as Content-Type)."""

    def behave(handler) -> None:
        status(code, Content_Length=str(len(body)), **headers)(handler)
        handler.wfile.write(body)

    return behave


def ranged(body: bytes, etag: str, *, stop: int | None = None, keeps_to_if_range: bool = True) -> Callable:
    """Serve ranges of a body that has an ETag; hang up before byte *stop* of it."""

    def behave(handler) -> None:
        wanted = handler.headers.get("Range", "")
        same = handler.headers.get("If-Range", etag) == etag or not keeps_to_if_range
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and same else 0
        handler.send_response(206 if begin else 200)
        handler.send_header("ETag", etag)
        handler.send_header("Content-Length", str(len(body) - begin))
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        handler.end_headers()
        handler.wfile.write(body[begin:stop])
        handler.close_connection = stop is not None

    return behave


def status(code: int, reason: str | None = None, **headers: str) -> Callable:
    """Answer with a status, no body, and headers ("Retry_After" is sent as Retry-After)."""

    def behave(handler) -> None:
        handler.send_response(code, reason)
        for name, text in ({"Content_Length": "0"} | headers).items():
            handler.send_header(name.replace("_", "-"), text)
        handler.end_headers()

    return behave


def redirect(location: str) -> Callable:
    """Answer 302; a redirect to its own path is a loop."""
    return status(302, Location=location)


def short_body(body: bytes, missing: int) -> Callable:
    """Announce *missing* bytes more than are sent, and hang up."""

    def behave(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) + missing))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    return behave


def drip(interval_s: float) -> Callable:
    """Send a body of a million bytes one by one."""

    def behave(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        _drip(handler, interval_s)

    return behave


def drip_headers(interval_s: float) -> Callable:
    """Send a header line that does not end, byte by byte."""

    def behave(handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        _drip(handler, interval_s)

    return behave


def _drip(handler, interval_s: float) -> None:
    while not handler.server_of_pictures.closing.wait(interval_s):
        handler.wfile.write(b"x")
    handler.close_connection = True


def silent(handler) -> None:
    """Accept the request and say nothing."""
    handler.server_of_pictures.closing.wait()
    handler.close_connection = True


def endless(handler) -> None:
    """Send a body without a length and without an end."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server_of_pictures.closing.is_set():
        handler.wfile.write(b"x" * 65536)


def reset(handler) -> None:
    """Drop the connection with a TCP reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


class FakeNetwork:
    """
    A network with names of its own, whose addresses all lead to one server, or nowhere.

    Args:
        names: Host to addresses; another host is no such host.
        server: Where connections lead; None refuses them.

    State:
        asked: The hosts that were looked up, in order.
        dialed: The addresses that were connected to, in order.
        down: Addresses that refuse.
    """

    def __init__(self, names: Mapping[str, Sequence[str]], server: PictureServer | None = None) -> None:
        self.names = dict(names)
        self.server = server
        self.asked: list[str] = []
        self.dialed: list[str] = []
        self.down: set[str] = set()
        self.network = Network(resolve=self._resolve, connect=self._connect)

    def _resolve(self, host: str, port: int) -> list:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, (address, port)) for address in self.names[host]]

    def _connect(self, address, timeout_s, _options) -> socket.socket:
        self.dialed.append(address[1][0])
        if self.server is None or address[1][0] in self.down:
            raise ConnectionRefusedError("Connection refused")
        return socket.create_connection(self.server.address, timeout_s)


class FakeTime:
    """
    A clock whose sleep moves it instead of waiting; each look at it moves it by *tick_s*.

    State:
        slept: Seconds of each sleep, in order.
    """

    def __init__(self, *, jitter: float = 1.0, wall: float = 0.0, tick_s: float = 0.0) -> None:
        self.slept: list[float] = []
        ticks = itertools.count()
        self.clock = Clock(
            monotonic=lambda: time.monotonic() + sum(self.slept) + tick_s * next(ticks),
            wall=lambda: wall,
            sleep=self.slept.append,
            jitter=lambda: jitter,
        )
