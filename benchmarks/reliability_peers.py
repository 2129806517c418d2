"""
Kills, damage and hostile servers: creevey_graph beside what a user would pick instead.

    python benchmarks/reliability_peers.py --peer-python PYTHON [--kills 20] [--damages 40] [--pictures 60]

PYTHON is that of an environment with joblib, img2dataset, Pillow and requests. Each program is first run undisturbed;
what it wrote then is what its outputs are compared with. Counted are
  kills:   files under their final names that are not whole right after a kill -9, and wrong or missing after a rerun;
  damage:  cached values (where there is a cache) or outputs (where there is none) with one bit flipped, cut or
           emptied; outputs that are wrong or missing after a rerun, and whether it told of the damage;
  servers: good URLs that came out right, bad URLs that gave a picture all the same, bad URLs that were told, seconds, and
           the most memory, with one bad URL in four. A program that has not ended after the limit hangs.
"""

import argparse
import io
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs
import psutil
from PIL import Image
from reliability_programs import IMG2DATASET, JOBLIB, OURS, SCRIPT

LIMIT_S = 60
ROOT = Path(__file__).resolve().parents[1]


@attrs.frozen
class Program:
    """
    One of those that are compared.

    Args:
        name: What it is called.
        text: Its program.
        python: The interpreter that runs it.
        wants_urls: Whether it takes nothing else.
        kept: Pattern of the files that it reads again in a rerun: its cache, or its outputs where it has none.
    """

    name: str
    text: str
    python: str
    wants_urls: bool
    kept: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--damages", type=int, default=40)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--only", nargs="+", default=["kills", "damage", "servers"])
    asked = parser.parse_args()
    programs = (
        Program("creevey_graph", OURS, sys.executable, False, "cache/store/*/*.val"),
        Program("hand-written script", SCRIPT, asked.peer_python, False, "out/*.png"),
        Program("joblib.Memory", JOBLIB, asked.peer_python, False, "cache/joblib/**/output.pkl"),
        Program("img2dataset", IMG2DATASET, asked.peer_python, True, "out/*/*.png"),
    )
    with tempfile.TemporaryDirectory(prefix="creevey-peers-") as name, serving() as server:
        folder = Path(name)
        draw(folder / "photos", asked.pictures)
        server.pictures = {path.name: path.read_bytes() for path in sorted((folder / "photos").iterdir())}
        for what, trial in (("kills", try_kills), ("damage", try_damage), ("servers", try_servers)):
            if what in asked.only:
                print(f"\n{what}")
                for program in programs:
                    place = folder / f"{what}-{program.name.replace(' ', '-')}"
                    place.mkdir()
                    (place / "program.py").write_text(program.text)
                    print(
                        f"  {program.name:20} {trial(program, place, folder / 'photos', server, asked)}",
                        flush=True,
                    )
                    shutil.rmtree(place, ignore_errors=True)


def draw(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        noise = random.Random(number).randbytes(600 * 400 * 3)
        Image.frombytes("RGB", (600, 400), noise).save(folder / f"{number:04}.png")


# --- the three trials ----------------------------------------------------------------------


def try_kills(
    program: Program, place: Path, photos: Path, server: "Server", asked: argparse.Namespace
) -> str:
    items = listed(program, place, photos, server)
    seconds, _, _ = run(program, place, items, place / "whole")
    expected = outputs(place / "whole")
    torn, wrong, missing = 0, 0, 0
    dice = random.Random(7)
    for number in range(asked.kills):
        target = place / f"killed{number}"
        started = start(program, place, items, target)
        time.sleep(seconds * dice.uniform(0.2, 1.0))
        kill(started)
        torn += len(differing(outputs(target), expected))
        run(program, place, items, target)
        found = outputs(target)
        wrong += len(differing(found, expected))
        missing += len(expected.keys() - found.keys())
        shutil.rmtree(target, ignore_errors=True)
    told = f"{asked.kills} kills: {torn} torn files under final names; after a rerun {wrong} wrong, {missing} missing"
    return f"{told} of {asked.kills * len(expected)}"


def try_damage(
    program: Program, place: Path, photos: Path, server: "Server", asked: argparse.Namespace
) -> str:
    items = listed(program, place, photos, server)
    run(program, place, items, place / "whole")
    expected = outputs(place / "whole")
    dice = random.Random(11)
    kept = sorted((place / "whole").glob(program.kept))
    chosen = dice.sample(kept, min(asked.damages, len(kept)))
    for number, path in enumerate(chosen):
        data = bytearray(path.read_bytes())
        if number % 4 == 3:
            data = bytearray() if number % 8 == 3 else data[: len(data) // 2]
        else:
            data[dice.randrange(len(data) // 2, len(data))] ^= 1 << dice.randrange(8)
        path.write_bytes(data)
    if program.kept.startswith("cache"):
        shutil.rmtree(place / "whole" / "out")  # so that they are read again
    _, printed, _ = run(program, place, items, place / "whole")
    found = outputs(place / "whole")
    crashed = "Traceback" in printed
    told = f"{len(chosen)} of {len(kept)} kept files damaged: {len(differing(found, expected))} outputs wrong"
    return f"{told}, {len(expected.keys() - found.keys())} missing" + (", and a traceback" if crashed else "")


def try_servers(
    program: Program, place: Path, photos: Path, server: "Server", asked: argparse.Namespace
) -> str:
    del asked, photos
    good = sorted(server.pictures)
    run(program, place, server.list_in(place / "good.txt", good), place / "whole")
    expected = outputs(place / "whole")
    bad = [f"{name}-{number}.png" for number in range(len(good) // 3 // len(RUDE) + 1) for name in RUDE]
    names = [*good, *bad]
    random.Random(3).shuffle(names)
    items = server.list_in(place / "mixed.txt", names)
    seconds, printed, peak_mb = run(program, place, items, place / "mixed", limit_s=LIMIT_S)
    found = outputs(place / "mixed")
    right = len([name for name, data in expected.items() if found.get(name) == data])
    stems = {Path(name).stem for name in bad}
    pictures = [name for name in found if Path(name).stem.removeprefix("url:") in stems]
    told = sum(any(stem in line for line in printed.splitlines()) for stem in stems)
    ended = "hangs: ended by its limit" if seconds >= LIMIT_S else "ended"
    if program.wants_urls:
        told = told_in_json(place / "mixed", stems)
    return (
        f"{right} of {len(expected)} good right; {len(pictures)} of {len(bad)} bad gave a picture, {told} told; "
        f"{ended} after {seconds:.0f} s, {peak_mb:.0f} MB"
    )


def told_in_json(place: Path, stems: set[str]) -> int:
    """Return how many bad URLs the shards' facts, a JSON file each failed picture, say are failed."""
    texts = [path.read_text() for path in (place / "out").glob("*.parquet")]
    return sum(any(stem in text for text in texts) for stem in stems)


# --- programs ------------------------------------------------------------------------------


def listed(program: Program, place: Path, photos: Path, server: "Server") -> Path:
    if program.wants_urls:
        return server.list_in(place / "list.txt", sorted(server.pictures))
    path = place / "list.txt"
    path.write_text("\n".join(map(str, sorted(photos.iterdir()))))
    return path


def start(program: Program, place: Path, items: Path, target: Path) -> "subprocess.Popen[str]":
    target.mkdir(exist_ok=True)
    path = str(ROOT) if program.text is OURS else ""
    environ = {**os.environ, "PYTHONPATH": path, "NO_ALBUMENTATIONS_UPDATE": "1", "CREEVEY_CACHE_DIR": ""}
    return subprocess.Popen(
        [program.python, str(place / "program.py"), str(items), str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environ,
        cwd=place,
        start_new_session=True,
    )


def run(
    program: Program, place: Path, items: Path, target: Path, limit_s: float = 600
) -> tuple[float, str, float]:
    """Run a program to its end, or its limit; return (seconds, what it printed, MB of resident memory at the most)."""
    began = time.monotonic()
    started = start(program, place, items, target)
    peak, is_over = [0.0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.05):
            try:
                whole = psutil.Process(started.pid)
                group = [whole, *whole.children(recursive=True)]
                peak[0] = max(peak[0], sum(process.memory_info().rss for process in group) / 1e6)
            except psutil.Error:
                continue

    threading.Thread(target=watch, daemon=True).start()
    try:
        printed, _ = started.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        kill(started)
        printed = ""
    is_over.set()
    return time.monotonic() - began, printed, peak[0]


def kill(started: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.communicate()


def outputs(place: Path) -> dict[str, bytes]:
    """Return name -> bytes of the pictures under final names; img2dataset's are named by their URL's."""
    found = {}
    for path in sorted((place / "out").rglob("*.png")):
        if path.name.startswith("."):
            continue
        facts = path.with_suffix(".json")
        name = path.name
        if facts.exists() and '"url"' in (text := facts.read_text()):
            name = text.partition('"url": "')[2].partition('"')[0].rpartition("/")[2]
        elif path.parent.name != "out":
            name = f"{path.parent.name}/{path.name}"  # its facts are not there (yet): counted as it is
        found[name] = path.read_bytes()
    return found


def differing(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    return [name for name, data in found.items() if name in expected and data != expected[name]] + [
        name for name, data in found.items() if name not in expected and not is_whole(data)
    ]


def is_whole(data: bytes) -> bool:
    try:
        Image.open(io.BytesIO(data)).load()
    except Exception:  # noqa: BLE001 - whatever a decoder says
        return False
    return True


# --- servers -------------------------------------------------------------------------------


class Server:
    """Serves pictures, politely or not, on loopback. State: pictures = name -> bytes; port."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def list_in(self, path: Path, names: list[str]) -> Path:
        path.write_text("\n".join(f"http://127.0.0.1:{self.port}/{name}" for name in names))
        return path

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(sock,), daemon=True).start()

    def _answer(self, sock: socket.socket) -> None:
        with sock:
            try:
                request = b""
                while b"\r\n\r\n" not in request and (data := sock.recv(4096)):
                    request += data
                name = request.split(b" ")[1].decode().lstrip("/")
                rude = RUDE.get(name.rpartition("-")[0])
                if rude is not None:
                    rude(sock, next(iter(self.pictures.values())))
                elif name in self.pictures:
                    time.sleep(0.01)
                    sock.sendall(head(len(self.pictures[name])) + self.pictures[name])
                else:
                    sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            except OSError:
                return

    def close(self) -> None:
        self._socket.close()


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.close()


def head(length: int | None, *more: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: image/png", "Connection: close", *more]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def _endless(sock: socket.socket, picture: bytes) -> None:
    sock.sendall(head(None) + picture)
    for _ in range(3_000):  # bounded all the same: 3 GB
        sock.sendall(b"\0" * 2**20)


def _drip(sock: socket.socket, picture: bytes) -> None:
    sock.sendall(head(len(picture)))
    for byte in picture[:600]:
        sock.sendall(bytes([byte]))
        time.sleep(0.5)


def _silent(sock: socket.socket, picture: bytes) -> None:
    del picture
    sock.recv(1)


def _cut(sock: socket.socket, picture: bytes) -> None:
    sock.sendall(head(None) + picture[: len(picture) * 9 // 10])


def _short(sock: socket.socket, picture: bytes) -> None:
    sock.sendall(head(len(picture)) + picture[: len(picture) // 2])


def _bomb(sock: socket.socket, picture: bytes) -> None:
    del picture
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join(packer.compress(b"\0" * 2**20) for _ in range(600)) + packer.flush()
    sock.sendall(head(len(data), "Content-Encoding: gzip") + data)


def _page(sock: socket.socket, picture: bytes) -> None:
    del picture
    text = b"<html><body>sign in first</body></html>"
    sock.sendall(head(len(text)) + text)


RUDE: dict[str, Callable[[socket.socket, bytes], None]] = {
    "endless": _endless,
    "drip": _drip,
    "silent": _silent,
    "cut": _cut,
    "short": _short,
    "gzip-bomb": _bomb,
    "page": _page,
}


if __name__ == "__main__":
    main()
