"""
A web server for one folder, on loopback, that counts what is asked of it.

The demo downloads from it and shows by its count that a rerun asks for nothing.
"""

import mimetypes
import socket
import socketserver
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

from creevey_graph.errors import UsageError

_HOST = "127.0.0.1"


class LoopbackServer:
    """
    Serve the files directly in a folder at a free port of 127.0.0.1, while in a `with` block.

    Only plain names are served: nothing in a subfolder, no hidden file, no symbolic link.

    Args:
        folder: What to serve; files that come later are served too.

    State:
        _server: The listening server, None outside the `with` block.
        _gets: How many GETs came, known to `_lock`.

    Thread safety: a thread a connection; `gets` and `url` may be read from any thread.

    >>> import tempfile, urllib.request
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.txt").write_text("hello")
    ...     with LoopbackServer(Path(folder)) as server:
    ...         with urllib.request.urlopen(server.url_of("a.txt")) as answer:
    ...             print(answer.read(), server.gets)
    b'hello' 1
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: _Server | None = None
        self._lock = threading.Lock()
        self._gets = 0

    @property
    def gets(self) -> int:
        """How many GETs came so far, those answered with an error included."""
        with self._lock:
            return self._gets

    @property
    def url(self) -> str:
        """
        Scheme, host and port, without a closing slash.

        Raises:
            UsageError: The server is not running.
        """
        if self._server is None:
            raise UsageError("LoopbackServer: 'url' is known only while it runs; use it in a `with` block")
        return f"http://{_HOST}:{self._server.server_address[1]}"

    def url_of(self, name: str) -> str:
        """Return the URL of the file *name*."""
        return f"{self.url}/{quote(name, safe='')}"

    def find(self, name: str) -> Path | None:
        """Return the path of the file that *name* may be served as, None for any other name."""
        if not name or name.startswith(".") or "\0" in name or "\\" in name or Path(name).name != name:
            return None
        path = self.folder / name
        return path if path.is_file() and not path.is_symlink() else None

    def count_get(self) -> None:
        """Add one to `gets`."""
        with self._lock:
            self._gets += 1

    def __enter__(self) -> Self:
        if self._server is not None:
            raise UsageError("LoopbackServer: it runs already; make another one")
        self._server = _Server((_HOST, 0), _Handler)
        self._server.owner = self
        # Asked every 20 ms whether to stop; the default of 0.5 s is felt at the end of each use.
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.hang_up()


class _Server(ThreadingHTTPServer):
    """State: connections: sockets with a thread of their own, closed by `hang_up`; known to its lock."""

    owner: LoopbackServer
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        self._connections: set[Any] = set()
        self._connections_lock = threading.Lock()
        super().__init__(*args)

    def server_bind(self) -> None:
        # HTTPServer's own would look up the host's name, which takes seconds where DNS is slow.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = _HOST, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep alive, so that their threads end."""
        with self._connections_lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client may leave at any time
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept alive
    # Headers and body leave in one piece and at once: two small ones cost 40 ms of delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.owner.count_get()
        path = self.server.owner.find(unquote(urlsplit(self.path).path).removeprefix("/"))
        try:
            data = None if path is None else path.read_bytes()
        except OSError:
            data = None
        if path is None or data is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", mimetypes.guess_type(path.name)[0] or "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server gives it
        """Say nothing."""
