"""What hostile servers do: each behaviour a function of a connection, without a library in between."""

import functools
import gzip
import zlib
from collections.abc import Callable

from rude_server import NOT_FOUND, Peer, answer, head, raw

MEBIBYTE = 2**20


def replying(make: Callable[[Peer], bytes], *, closes: bool = False) -> Callable[[Peer], object]:
    """Answer each request with what *make* gives, and hang up after it where it *closes*; no robots.txt."""

    def act(peer: Peer) -> None:
        while (path := peer.request()) is not None:
            peer.send(NOT_FOUND if path == "/robots.txt" else make(peer))
            if closes and path != "/robots.txt":
                return

    return act


def sending(data: bytes, *, closes: bool = True) -> Callable[[Peer], object]:
    """Answer each request with these bytes."""
    return replying(lambda _: data, closes=closes)


def status(line: str, *lines: str) -> Callable[[Peer], object]:
    """Answer with a status and no body."""
    return replying(lambda _: answer(b"", *lines, status=line))


def redirect(location: str) -> Callable[[Peer], object]:
    """Lead elsewhere."""
    return status("302 Found", f"Location: {location}")


def picture(*lines: str, **options: str) -> Callable[[Peer], object]:
    """Answer with the right picture, and these header lines."""
    return replying(lambda peer: answer(peer.site.body, *lines, **options))


def of_body(make: Callable[[bytes], bytes], *, closes: bool = True) -> Callable[[Peer], object]:
    """Answer with something made of the right picture."""
    return replying(lambda peer: make(peer.site.body), closes=closes)


def body_of(data: bytes, *lines: str) -> Callable[[Peer], object]:
    """Answer with this in the picture's place."""
    return sending(answer(data, *lines), closes=False)


def repeating(begin: bytes, piece: bytes, pause_s: float = 0.0) -> Callable[[Peer], object]:
    """Answer with a begin, and then without an end."""

    def act(peer: Peer) -> None:
        peer.request()
        peer.send(begin)
        peer.repeat(piece, pause_s)

    return act


def chunked(body: bytes, *, end: bytes = b"0\r\n\r\n") -> bytes:
    """Return a body in chunks of 500 bytes."""
    pieces = [body[at : at + 500] for at in range(0, len(body), 500)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + end


# --- connections ---------------------------------------------------------------------------------


def never_answers(peer: Peer) -> None:
    peer.request()
    peer.wait()


def closes_at_once(_peer: Peer) -> None:
    pass


def resets_before(peer: Peer) -> None:
    peer.request()
    peer.reset()


def resets_within(peer: Peer) -> None:
    peer.request()
    peer.send(head("Content-Length: 100000") + bytes(5000))
    peer.reset()


@raw
def stalls_in_handshake(peer: Peer) -> None:
    peer.wait()


def greets(text: bytes) -> Callable[[Peer], object]:
    """Speak first, another protocol."""

    def act(peer: Peer) -> None:
        peer.send(text)
        peer.request()
        peer.wait()

    return act


# --- packed bodies -------------------------------------------------------------------------------


@functools.cache
def gzip_bomb() -> bytes:
    """Return 600 MiB of zeros, packed into 0.6 MB; without its checksum, which nobody gets to."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(MEBIBYTE)
    first = pack.compress(zeros) + pack.flush(zlib.Z_FULL_FLUSH)
    return first + (pack.compress(zeros) + pack.flush(zlib.Z_FULL_FLUSH)) * 599


def packed(times: int) -> Callable[[bytes], bytes]:
    """Return how a picture is packed so many times over, and says so."""

    def make(body: bytes) -> bytes:
        for _ in range(times):
            body = gzip.compress(body)
        return answer(body, "Content-Encoding: " + ", ".join(["gzip"] * times))

    return make


def packed_and(change: Callable[[bytes], bytes], *lines: str) -> Callable[[bytes], bytes]:
    """Return how a packed picture is sent changed, in a body of unknown length."""
    return lambda body: head("Connection: close", *lines) + change(gzip.compress(body))


# --- answers that depend on the request ----------------------------------------------------------


def wanders(peer: Peer) -> bytes:
    """Lead from /0 to /1 to /2 ... to /31, and there to the picture."""
    at = int(peer.path.rpartition("/")[2]) if peer.path[1:].isdecimal() else 0
    if at >= 31:
        return answer(peer.site.body)
    return answer(b"", f"Location: /{at + 1}", status="302 Found")


def rebinds(peer: Peer) -> None:
    """Lead to another path by a new connection, for which the name is looked up again."""
    peer.request()
    peer.send(answer(b"", "Location: /inside.png", "Connection: close", status="302 Found"))


def downgrades(peer: Peer) -> bytes:
    return answer(b"", f"Location: {peer.server.sites['plain'].url()}", status="302 Found")


def leads_to_other(peer: Peer) -> bytes:
    return answer(b"", f"Location: {peer.server.sites['other'].url()}", status="302 Found")


def leads_without_body(peer: Peer) -> bytes:
    """Lead elsewhere, with a body that never comes."""
    if peer.path == "/2":
        return answer(peer.site.body)
    return head("Location: /2", "Content-Length: 100", status="302 Found")


def sets_cookie(peer: Peer) -> bytes:
    if peer.path == "/2":
        return answer(peer.site.body)
    return answer(b"", "Set-Cookie: seen=1; Path=/", "Location: /2", status="302 Found")


def busy_once(peer: Peer) -> bytes:
    """Ask for a second of peace, and keep to it."""
    if peer.site.gets == 1:
        return answer(b"", "Retry-After: 1", status="429 Too Many Requests")
    return answer(peer.site.body)


def differs(peer: Peer) -> bytes:
    """Answer with another picture at each GET."""
    return answer(peer.site.body if peer.site.gets == 1 else b"", f'ETag: "{peer.site.gets}"')


def vouches_falsely(peer: Peer) -> bytes:
    """Say that nothing changed, whatever is asked, and whatever has."""
    if "if-none-match" in peer.headers:
        return answer(b"", status="304 Not Modified")
    return answer(peer.site.body, 'ETag: "1"')


def smuggles(peer: Peer) -> bytes:
    """Send a second answer behind the first, to be taken for that of the next request."""
    if peer.path == "/real.png":
        return answer(peer.site.body)
    evil = peer.server.sites["other"].body
    return answer(b"", "Location: /real.png", status="302 Found") + answer(evil) * 3


def trailing_forever(peer: Peer) -> None:
    """Send the picture at the length that was told, and then more without an end."""
    while peer.request() is not None:
        peer.send(answer(peer.site.body))
        peer.repeat(b"x" * 65536)


def resumes(second: Callable[[bytes, int], bytes]) -> Callable[[Peer], object]:
    """Break off in the middle, and answer a request for the rest with what *second* gives."""

    def act(peer: Peer) -> None:
        body = peer.site.body
        middle = len(body) // 2
        while peer.request() is not None:
            if "range" in peer.headers:
                peer.send(second(body, middle))
            elif peer.site.gets == 1:
                peer.send(head('ETag: "1"', f"Content-Length: {len(body)}") + body[:middle])
                return
            else:
                peer.send(answer(body, 'ETag: "1"'))

    return act


def part(body: bytes, first: int, *, told: int | None = None, tag: str = '"1"') -> bytes:
    """Return an answer with the rest of a body from *first* on, *told* to begin elsewhere perhaps."""
    begins = first if told is None else told
    lines = f"Content-Range: bytes {begins}-{len(body) - 1}/{len(body)}", f"ETag: {tag}"
    return answer(body[first:], *lines, status="206 Partial Content")


# --- robots.txt ----------------------------------------------------------------------------------


def robots(act: Callable[[Peer], object]) -> Callable[[Peer], object]:
    """Do something for robots.txt, and be polite otherwise."""

    def both(peer: Peer) -> None:
        while (path := peer.request()) is not None:
            if path == "/picture.png":
                peer.send(answer(peer.site.body))
            else:
                act(peer)

    return both


def robots_endless(*lines: str) -> Callable[[Peer], object]:
    """Send a robots.txt that forbids nothing of ours, and goes on and on."""

    def act(peer: Peer) -> None:
        peer.send(head(*lines))
        peer.repeat(b"User-agent: somebot\nDisallow: /nothing\n" * 500)

    return robots(act)


def robots_slow(peer: Peer) -> None:
    peer.send(head("Content-Length: 100000"))
    peer.repeat(b"#", 0.2)
