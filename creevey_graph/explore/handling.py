"""HTTP of the standard library, kept small: one request a connection, every answer with the same headers."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs

from creevey_graph.explore.access import HEADERS, ICON, NO_METHOD, SHUT, Refused, Request, checked

IDLE_S = 30.0
"""Seconds a connection may be silent, or not take what it is sent."""
REQUEST_S = 10.0
"""Seconds a connection may take until it has sent its request, token and all, however busily it sends."""
ROOM_S = 5.0
"""For one that was hung up on to be gone."""
MOST_CONNECTIONS = 64


@attrs.frozen
class Answer:
    """
    What is sent.

    Args:
        body: The bytes; or what gives them one by one, without end, given what the client has already.
        kind: Their media type.
        status: The HTTP status.
        policy: The Content-Security-Policy.
    """

    body: bytes | Callable[[str], Iterator[bytes]]
    kind: str = "text/plain; charset=utf-8"
    status: int = 200
    policy: str = SHUT


class Server(ThreadingHTTPServer):
    """
    Listens on one address.

    Args:
        address: Host and port; port 0 is any that is free.
        token: What a request must know.
        answer: Answers those that may be answered.

    State: places = connections that there is room for; strangers = connections that have not shown the token yet ->
    when they are hung up on, oldest first: others of this machine can connect, and hold up nobody. Thread safety: each
    connection has a thread, which does not keep the process alive.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, address: tuple[str, int], token: str, answer: Callable[[Request], Answer]) -> None:
        self.token = token
        self.answer = answer
        self.places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self.request_s = REQUEST_S
        self.strangers: dict[socket.socket, float] = {}
        super().__init__(address, Handler)

    def service_actions(self) -> None:
        """Hang up on those that took too long to say what they want; called several times a second."""
        for connection, until_s in self.strangers.copy().items():
            if time.monotonic() >= until_s:
                self.hang_up(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, where there is room; else the stranger that waits longest makes some."""
        if not self.places.acquire(blocking=False) and not self.make_room():
            self.shutdown_request(request)
            return
        self.strangers[request] = time.monotonic() + self.request_s
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread can be had
            self.let_go(request)
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, in the connection's own thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.let_go(request)

    def make_room(self) -> bool:
        """Hang up on the stranger that waits longest; return whether there is room now."""
        if (oldest := next(iter(self.strangers.copy()), None)) is None:
            return False
        self.hang_up(oldest)
        return self.places.acquire(timeout=ROOM_S)

    def let_go(self, connection: socket.socket) -> None:
        """Give the place of a connection back."""
        self.strangers.pop(connection, None)
        self.places.release()

    def hang_up(self, connection: socket.socket) -> None:
        """End a stranger's connection; its thread then lets go of it."""
        self.strangers.pop(connection, None)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client may leave at any time."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    timeout = IDLE_S
    server_version = "creevey-graph"
    sys_version = ""

    def handle(self) -> None:
        """Answer one request."""
        with suppress(OSError):  # the client may leave, or never send what it began
            super().handle()

    def do_GET(self) -> None:
        """Answer with a body."""
        self._send(self._answered())

    def do_HEAD(self) -> None:
        """Answer without one."""
        self._send(self._answered())

    def _answered(self) -> Answer:
        server = self.server
        try:
            port = int(server.server_address[1])
            request = checked(self.command, self.path, self.headers, port=port, token=server.token)
            if request.path != ICON:
                server.strangers.pop(self.connection, None)
            return server.answer(request)
        except Refused as exc:
            return refusal(exc)
        except Exception as exc:  # noqa: BLE001 - one request's failure, told to the one who asked
            return refusal(Refused(500, f"this cannot be shown ({type(exc).__name__})"))

    def _send(self, answer: Answer) -> None:
        self.close_connection = True
        self.send_response(answer.status)
        for name, text in HEADERS.items():
            self.send_header(name, text)
        self.send_header("Content-Security-Policy", answer.policy)
        self.send_header("Content-Type", answer.kind)
        if answer.status == NO_METHOD:
            self.send_header("Allow", "GET, HEAD")
        if isinstance(answer.body, bytes):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if isinstance(answer.body, bytes):
            self.wfile.write(answer.body)
            return
        for message in answer.body(self.headers.get("Last-Event-ID", "")):
            self.wfile.write(message)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request of ours, in plain words that repeat nothing of it."""
        del message, explain
        if code == 501:  # noqa: PLR2004 - the library's word for a method that it has no function for
            self._send(refusal(Refused(NO_METHOD, "only GET and HEAD are answered here")))
        else:
            self._send(refusal(Refused(code, "not a request for this server")))

    def log_message(self, *_: object) -> None:
        """Say nothing: the token stands in the URL."""


def refusal(exc: Refused) -> Answer:
    """Return a refusal as an answer."""
    return Answer(f"{exc.text}\n".encode(), status=exc.status)
