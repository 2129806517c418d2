"""
A server on loopback that answers by raw bytes, a port for each behaviour, and a network that leads to it.

No library stands between a behaviour and the wire: what http.server would refuse to send can be sent.
"""

import contextlib
import selectors
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import attrs

from creevey_graph.fetch import NETWORK

CERTIFICATES = Path(__file__).parent / "certificates"
"""Made once, valid from 2020 to 2125, "expired" aside; "authority.pem" signed the good ones."""
DOMAIN = "hostile.example"


@attrs.define
class Site:
    """
    One behaviour on a port of its own.

    State:
        name: Its first label under `DOMAIN`.
        act: What is done with a connection.
        port: Where it listens.
        body: The right picture.
        certificate: Name of the file it shows, "" where it speaks plain HTTP.
        addresses: What its name is looked up as, a turn each, the last one for good; () is never answered.
        stays: It misbehaves where all others have become polite.
        connections: How many were made.
        asked: (path, headers) of each request that was read.
        looked_up: How often its name was.
    """

    name: str
    act: Callable[["Peer"], object]
    port: int
    body: bytes = b""
    certificate: str = ""
    addresses: tuple[tuple[str, ...], ...] = ()
    stays: bool = False
    connections: int = 0
    asked: list[tuple[str, dict[str, str]]] = attrs.field(factory=list)
    looked_up: int = 0

    @property
    def host(self) -> str:
        return f"{self.name}.{DOMAIN}"

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"

    def url(self, path: str = "/picture.png") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    @property
    def gets(self) -> int:
        """How many requests were read, those for robots.txt aside."""
        return sum(path != "/robots.txt" for path, _ in self.asked)


class Peer:
    """
    One connection, seen from the server.

    State:
        site: Whose it is.
        sock: The connection.
        number: Which connection of the site it is, from 1.
        path: Of the request that was read last.
    """

    def __init__(self, server: "RudeServer", site: Site, sock: socket.socket) -> None:
        self.server = server
        self.site = site
        self.sock = sock
        self.number = site.connections
        self.path = ""
        self._rest = b""

    def request(self) -> str | None:
        """Read a request; return its path, None where the client left."""
        data = self._rest
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                return None
            data += more
        head, _, self._rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
        self.path = path = first.split(" ")[1]
        self.site.asked.append((path, headers))
        return path

    @property
    def headers(self) -> dict[str, str]:
        """Those of the request that was read last."""
        return self.site.asked[-1][1]

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def repeat(self, piece: bytes, pause_s: float = 0.0) -> None:
        """Send *piece* over and over, until the client leaves or the server is closed."""
        while not self.server.closing.wait(pause_s):
            self.sock.sendall(piece)

    def wait(self) -> None:
        """Say nothing until the client leaves."""
        while self.sock.recv(65536):
            pass

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class RudeServer:
    """
    Sites on 127.0.0.1; use as a context manager.

    State:
        sites: Name -> site.
        polite: Set once all of them answer with the right picture.
        closing: Set at the end, so that a behaviour in hand stops.
    """

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.polite = threading.Event()
        self.closing = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def add(self, name: str, act: Callable[[Peer], object], body: bytes, **facts: object) -> Site:
        """Listen for a behaviour; return its site."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        listener.setblocking(False)
        number = len(self.sites)
        facts.setdefault("addresses", ((f"93.184.{number // 250}.{number % 250 + 1}",),))
        site = self.sites[name] = Site(name, act, listener.getsockname()[1], body, **facts)
        self._selector.register(listener, selectors.EVENT_READ, site)
        return site

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.polite.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()
        self.hang_up()

    def hang_up(self) -> None:
        """End all connections there are."""
        with self._lock:
            for sock in self._connections:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while not self.closing.is_set():
            for key, _ in self._selector.select(0.1):
                with contextlib.suppress(OSError):
                    sock, _ = key.fileobj.accept()
                    key.data.connections += 1
                    threading.Thread(target=self._talk, args=(key.data, sock), daemon=True).start()

    def _talk(self, site: Site, sock: socket.socket) -> None:
        with self._lock:
            self._connections.add(sock)
        peer = Peer(self, site, sock)
        try:
            is_polite = self.polite.is_set() and not site.stays
            act = politely if is_polite else site.act
            if site.certificate and not getattr(act, "is_raw", False):
                peer.sock = _tls("good" if is_polite else site.certificate, sock)
            act(peer)
        except (OSError, ssl.SSLError):
            pass  # the client may leave at any time
        finally:
            with self._lock:
                self._connections.discard(sock)
            for each in (peer.sock, sock):
                with contextlib.suppress(OSError):
                    each.close()


def _tls(certificate: str, sock: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    return context.wrap_socket(sock, server_side=True)


def raw(act: Callable[[Peer], object]) -> Callable[[Peer], object]:
    """Mark a behaviour that begins before TLS does."""
    act.is_raw = True
    return act


def answer(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    """Return an answer of the right length."""
    return head(f"Content-Length: {len(body)}", *lines, status=status) + body


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Return the head of an answer, with these header lines alone."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


NOT_FOUND = answer(b"", status="404 Not Found")


def politely(peer: Peer) -> None:
    """Answer every request with the site's picture; there is no robots.txt."""
    while (path := peer.request()) is not None:
        peer.send(NOT_FOUND if path == "/robots.txt" else answer(peer.site.body, 'ETag: "polite"'))


@contextlib.contextmanager
def leading_to(server: RudeServer) -> Iterator[list[str]]:
    """
    Let the network of the process lead to *server*; give the addresses that are connected to.

    Names under `DOMAIN` are looked up as their site says, others by the system, and a public address is
    reached at the site that listens at its port; a private one is none of ours, and refused. What is
    checked, and where it is checked, is the engine's own.
    """
    dialed: list[str] = []
    own = NETWORK.resolve, NETWORK.connect

    def resolve(host, port):
        site = server.sites.get(host.removesuffix(f".{DOMAIN}"))
        if site is None:
            return own[0](host, port)
        if not site.addresses:
            server.polite.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "nobody answered")
        turn = site.addresses[min(site.looked_up, len(site.addresses) - 1)]
        site.looked_up += 1
        return [(socket.AF_INET6 if ":" in text else socket.AF_INET, (text, port)) for text in turn]

    def connect(address, timeout_s, _options):
        dialed.append(address[1][0])
        return socket.create_connection(("127.0.0.1", address[1][1]), timeout_s)

    _set_network(resolve, connect)
    try:
        yield dialed
    finally:
        _set_network(*own)


def _set_network(resolve, connect) -> None:
    """Change the one network that all downloads of the process begin with."""
    object.__setattr__(NETWORK, "resolve", resolve)
    object.__setattr__(NETWORK, "connect", connect)
