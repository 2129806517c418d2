"""
R13, the last row of its table: of a thousand URLs 20 % hostile at random, in one run.

What is wrong stands at the same hosts as what is right, two hosts aside: one that is down, and one that does
nothing but ask to be left in peace. The good four fifths must come out equal to plain calls, each of
the others be told with its reason, and the whole take no longer than it may: twice what the same URLs take
where all are polite, and what the limits of a download grant the hostile ones, of which so many wait at once.
"""

import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import attrs
import psutil
from rude_answers import chunked, gzip_bomb
from rude_server import NOT_FOUND, Peer, RudeServer, answer, head
from servers_table import LATE, UNREADABLE
from servers_tried import drawn, forget_peak, is_inert, peak_bytes, thumbnail_of

from creevey_graph import download, graph
from creevey_graph.fetch import HOSTS
from creevey_graph.images import load_image, resize, write_image

CAP = 2**18
JOBS = 32
SITES = 40
DEADLINE_S, SILENCE_S, BACKOFF_S = 4.0, 1.5, 1.0
SLACK_S = 5.0
"""Starting workers, and a busy machine."""
WORKER_BYTES = 150 * 2**20
"""Of a worker process that has imported what it needs, at the most."""
MEMORY = 50 * 2**20 + JOBS * CAP
"""In one process: what 32 downloads of the longest body may have in hand, and 50 MiB."""


@attrs.frozen
class Kind:
    """
    What becomes of a picture.

    Args:
        name: Stands in the URL.
        send: Sends it, or something else; True where the connection may go on.
        told: What the row's error says.
        limit_s: Seconds that it may take, by the limits of the download.
        where: The site it stands at, "" for that of its neighbours.
    """

    name: str
    send: Callable[[Peer, bytes], object]
    told: str
    limit_s: float = 0.0
    where: str = ""


def _sends(make: Callable[[bytes], bytes], *, closes: bool = True) -> Callable[[Peer, bytes], bool]:
    def send(peer: Peer, body: bytes) -> bool:
        peer.send(make(body))
        return not closes

    return send


def _status(line: str, *lines: str) -> Callable[[Peer, bytes], bool]:
    return _sends(lambda _: answer(b"", *lines, status=line), closes=False)


def _loops(peer: Peer, _body: bytes) -> bool:
    peer.send(answer(b"", f"Location: {peer.path}", status="302 Found"))
    return True


def _drips(peer: Peer, _body: bytes) -> None:
    peer.send(head("Content-Length: 100000"))
    peer.repeat(b"x", 0.1)


def _never_ends(peer: Peer, _body: bytes) -> None:
    peer.send(head())
    peer.repeat(b"x" * 65536)


AGAIN_S = BACKOFF_S
"""What is tried once more waits so long before at the most."""

KINDS = (
    Kind("missing", _status("404 Not Found"), "HTTPStatusError: .* 404 "),
    Kind("broken", _status("500 Broken"), "HTTPStatusError: .* 500 ", AGAIN_S),
    Kind("cut", _sends(lambda body: head() + body[: len(body) // 2]), UNREADABLE),
    Kind(
        "short",
        _sends(lambda body: head(f"Content-Length: {len(body) + 9}") + body),
        "9 more expected",
        AGAIN_S,
    ),
    Kind(
        "chunks",
        _sends(lambda body: head("Transfer-Encoding: chunked") + chunked(body, end=b"")),
        "FetchError: ",
        AGAIN_S,
    ),
    Kind(
        "bomb",
        _sends(lambda _: answer(gzip_bomb()[:60_000], "Content-Encoding: gzip")),
        "unpacked it is more",
    ),
    Kind("page", _sends(lambda _: answer(b"<!doctype html><p>Busy")), "WrongContent: "),
    Kind("text", _sends(lambda _: answer(b"busy"), closes=False), UNREADABLE),
    Kind("loop", _loops, "TooManyRedirects: "),
    Kind("file", _status("302 Found", "Location: file:///etc/passwd"), "BadURL: "),
    Kind("headers", _sends(lambda body: answer(body, *["X-A: b"] * 2000)), "headers", AGAIN_S),
    Kind("garbage", _sends(lambda _: b"\x1b[2J\xff\r\n\r\n"), "FetchError: ", AGAIN_S),
    Kind("silent", lambda peer, _: peer.wait(), "the server was silent", AGAIN_S + 2 * SILENCE_S),
    Kind("drips", _drips, LATE, DEADLINE_S),
    Kind("reset", lambda peer, _: peer.reset(), "reset", AGAIN_S),
    Kind("endless", _never_ends, "TooLarge: "),
    Kind("down", _status("200 OK"), "refused|gave no connection", DEADLINE_S + 2 * SILENCE_S, "down"),
    Kind(
        "peace",
        _status("429 Too Many Requests", "Retry-After: 1"),
        " 429 |asked for peace|not finished",
        DEADLINE_S,
        "peace",
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}


@graph
def mixed(url: str):
    data = download(
        url,
        allow_private=True,
        deadline_s=DEADLINE_S,
        connect_timeout_s=SILENCE_S,
        read_timeout_s=SILENCE_S,
        retries=1,
        max_bytes=CAP,
    )
    return {"file": write_image(resize(load_image(data), (8, 8)), "{stem}.png")}


@attrs.frozen
class Mix:
    """
    Which URL is what.

    Args:
        bodies: The right picture of each.
        kinds: What becomes of each; None for nothing.
        closed_port: Where nobody listens.
        expected: Outputs by plain calls, as they come to be known.
    """

    bodies: list[bytes]
    kinds: list[Kind | None]
    closed_port: int
    expected: dict[int, bytes] = attrs.field(factory=dict)

    def path(self, number: int) -> str:
        kind = self.kinds[number]
        return f"/{number}-{'good' if kind is None else kind.name}.png"

    def url(self, server: RudeServer, number: int, *, is_polite: bool) -> str:
        kind = self.kinds[number]
        name = f"site-{number % SITES}" if kind is None or not kind.where or is_polite else kind.where
        port = self.closed_port if name == "down" else server.sites[name].port
        return f"http://127.0.0.1:{port}{self.path(number)}"

    def talk(self, peer: Peer) -> None:
        """Answer requests, each as its path says."""
        while (path := peer.request()) is not None:
            if path == "/robots.txt":
                peer.send(NOT_FOUND)
                continue
            number, _, name = path[1:].removesuffix(".png").partition("-")
            body = self.bodies[int(number)]
            if name == "good" or peer.server.polite.is_set():
                peer.send(answer(body))
            elif not BY_NAME[name].send(peer, body):
                return


@contextmanager
def largest_children():
    """Watch the processes below this one; yield a list whose last number is the largest of their sizes, in bytes."""
    most, ended = [0], threading.Event()

    def watch():
        me = psutil.Process()
        while not ended.wait(0.05):
            for child in me.children(recursive=True):
                try:
                    most[0] = max(most[0], child.memory_info().rss)
                except psutil.Error:
                    continue

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def try_mix(seed: int, folder: Path, *, executor: str, count: int) -> int:
    """
    Run a mix as it is, and politely again; check what came of each URL, the memory and, in threads, the time.

    In processes a chunk that threads share takes as long as its slowest item, so that time is not held there.
    """
    rng = random.Random(seed)
    hostile = set(rng.sample(range(count), count // 5))
    bodies = [drawn(rng) for _ in range(count)]
    kinds = [rng.choice(KINDS) if number in hostile else None for number in range(count)]
    with RudeServer() as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and not listened at: connections are refused, and nobody else gets it
        mix = Mix(bodies, kinds, closed.getsockname()[1])
        for name in (*[f"site-{number}" for number in range(SITES)], "peace"):
            server.add(name, mix.talk, b"", stays=True)
        granted_s = SLACK_S + max(kind.limit_s for kind in KINDS)
        granted_s += sum(kind.limit_s for kind in kinds if kind) / JOBS
        if executor == "threads":
            server.polite.set()
            granted_s += 2 * run_mix(mix, server, folder / "polite", executor)[1]
            server.polite.clear()
        before = forget_peak()
        with largest_children() as largest:
            report, took_s = run_mix(mix, server, folder / "mixed", executor)
        rise = peak_bytes() - before
        check_rows(mix, report, folder)
        assert executor != "threads" or took_s < granted_s, f"{took_s:.1f} s"
        assert rise < MEMORY, f"{rise / 2**20:.0f} MiB more"
        assert largest[0] < WORKER_BYTES + MEMORY, f"a worker of {largest[0] / 2**20:.0f} MiB"
        server.polite.set()
        check_again(mix, run_mix(mix, server, folder / "mixed", executor)[0], folder)
    return 1


def run_mix(mix: Mix, server: RudeServer, folder: Path, executor: str):
    """Run the graph over all URLs; return the report and the seconds it took."""
    HOSTS.forget()
    is_polite = server.polite.is_set() and folder.name == "polite"
    urls = [mix.url(server, number, is_polite=is_polite) for number in range(len(mix.bodies))]
    began = time.monotonic()
    report = mixed.run(
        urls,
        out=folder / "out",
        cache=folder / "cache",
        executor=executor,
        jobs=JOBS,
        progress=False,
        retry_failed=True,
    )
    return report, time.monotonic() - began


def check_rows(mix: Mix, report, folder: Path) -> None:
    """Check that the good ones are equal to plain calls, and each other one is told with its reason."""
    problems = []
    for number, (kind, row) in enumerate(zip(mix.kinds, report.rows, strict=True)):
        if kind is None:
            problems += [] if is_right(mix, number, folder) else [f"{number}: {row.outcome} {row.error}"]
        elif (
            str(row.outcome) != "failed" or not re.search(told_by(kind), row.error) or not is_inert(row.error)
        ):
            problems.append(f"{number} {kind.name}: {row.outcome} {row.error}")
    assert not problems, "\n".join(problems)
    good = Counter(kind is None for kind in mix.kinds)
    assert (good[True], good[False]) == (report.counts["done"], report.counts["failed"])
    outputs = [path for path in (folder / "mixed" / "out").iterdir() if not path.name.startswith(".")]
    assert good[True] == len(outputs)


def told_by(kind: Kind) -> str:
    """Return what may be told; what takes time may be late on a busy machine."""
    return f"{kind.told}|{LATE}" if kind.limit_s else kind.told


def is_right(mix: Mix, number: int, folder: Path) -> bool:
    """Return whether an output is there, and is what plain calls give."""
    path = folder / "mixed" / "out" / mix.path(number)[1:]
    if number not in mix.expected:
        mix.expected[number] = thumbnail_of(mix.bodies[number], folder)
    return path.exists() and path.read_bytes() == mix.expected[number]


def check_again(mix: Mix, report, folder: Path) -> None:
    """Check that all is right once the servers are polite, what stands at a host that is down aside."""
    wrong = [
        f"{number}: {row.outcome} {row.error}"
        for number, (kind, row) in enumerate(zip(mix.kinds, report.rows, strict=True))
        if (kind is None or kind.where != "down") and not is_right(mix, number, folder)
    ]
    assert not wrong, "\n".join(wrong)
