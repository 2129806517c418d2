"""
Hostile servers, each tried by the real step in a real run: download, load, resize, write.

What must hold of each: it ends by its deadline, done with the right picture or failed with an error that names
the cause; as many requests come as should; nobody is told what is not theirs; no private address is connected
to; little memory is taken; and nothing is kept that is not the right picture: once the same server is polite,
the next run has it.
"""

import io
import os
import random
import re
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from rude_answers import gzip_bomb
from rude_server import CERTIFICATES, RudeServer, leading_to, politely
from servers_table import CAP, MEMORY, NONE, PRIVATE, SECRET, SILENCE_S, SLACK_S, Behaviour

from creevey_graph import download, graph
from creevey_graph.events import ItemFinished
from creevey_graph.fetch import HOSTS, deadline
from creevey_graph.images import load_image, resize, write_image


@graph
def thumbnails(
    url: str,
    robots_txt: bool,
    deadline_s: float,
    *,
    revalidate: str = "never",
    retries: int = 1,
):
    data = download(
        url,
        revalidate=revalidate,
        robots_txt=robots_txt,
        deadline_s=deadline_s,
        connect_timeout_s=SILENCE_S,
        read_timeout_s=SILENCE_S,
        retries=retries,
        max_bytes=CAP,
        verify_ssl=str(CERTIFICATES / "authority.pem"),
        secret_headers={"X-Token": SECRET},
    )
    return {"file": write_image(resize(load_image(data), (8, 8)), "{site}.png")}


def drawn(rng: random.Random) -> bytes:
    """Return a small picture of noise, as a PNG."""
    noise = np.random.default_rng(rng.getrandbits(32)).integers(0, 255, (20, 24, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()


def thumbnail_of(body: bytes, folder: Path) -> bytes:
    """Return the output that a picture must have, by plain calls."""
    path = folder / "expected.png"
    write_image(resize(load_image(body), (8, 8)), path)
    return path.read_bytes()


def peak_bytes() -> int:
    """Return the most memory that this process has had since `forget_peak`."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) * 1024


def forget_peak() -> int:
    """Begin to measure anew; return the memory of now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_bytes()


def is_inert(text: str) -> bool:
    """Return whether a text has nothing that a terminal would take for more than text."""
    return re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text) is None


@contextmanager
def strict_conditions(folder: Path):
    """Judge rates after a second, and let the environment offer a password and a proxy that are not to be used."""
    netrc = folder / "netrc"
    netrc.write_text("default login me password not-for-others\n", encoding="ascii")
    netrc.chmod(0o600)
    offered = {"NETRC": str(netrc), "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    before = {name: os.environ.get(name) for name in (*offered, "CREEVEY_ALLOW_PRIVATE_ADDRESSES")}
    window_s = deadline.RATE_WINDOW_S
    os.environ.pop("CREEVEY_ALLOW_PRIVATE_ADDRESSES", None)
    os.environ.update(offered)
    deadline.RATE_WINDOW_S = 1.0
    try:
        yield
    finally:
        deadline.RATE_WINDOW_S = window_s
        for name, text in before.items():
            os.environ.pop(name, None)
            if text is not None:
                os.environ[name] = text


def run_once(table, server: RudeServer, folder: Path) -> dict[str, tuple[object, float]]:
    """Run all of a table at once; return name -> (row, seconds until it was told)."""
    HOSTS.forget()  # each run is to begin as in a process of its own
    ended: dict[str, float] = {}
    rows = {}
    for revalidate in ("never", "conditional"):
        chosen = [behaviour for behaviour in table if behaviour.revalidate == revalidate]
        if not chosen:
            continue
        items = [
            {
                "url": server.sites[one.name].url(one.path).replace("://", f"://{one.user}"),
                "site": one.name,
                "robots_txt": one.robots,
                "deadline_s": one.deadline_s,
            }
            for one in chosen
        ]
        began = time.monotonic()

        def note(event, began=began):
            if isinstance(event, ItemFinished):
                ended[event.row.key] = time.monotonic() - began

        report = thumbnails.bind(revalidate=revalidate).run(
            items,
            out=folder / f"out-{revalidate}",
            cache=folder / f"cache-{revalidate}",
            executor="threads",
            jobs=len(items),
            progress=False,
            listeners=[note],
            retry_failed=True,
        )
        assert len(items) == report.total
        rows |= {one.name: row for one, row in zip(chosen, report.rows, strict=True)}
    return {name: (row, ended[row.key]) for name, row in rows.items()}


def check_first(one: Behaviour, row, seconds: float, server: RudeServer) -> None:
    """Check what came of a behaviour."""
    site = server.sites[one.name]
    limit_s = one.deadline_s + SLACK_S
    assert seconds <= limit_s, f"{seconds:.1f} s"
    least, most = one.gets
    assert least <= site.gets <= most, f"{site.gets} requests, {row.error}"
    assert site.connections <= 4
    if one.told:
        assert str(row.outcome) == "failed", row.outcome
        assert re.search(one.told, row.error), row.error
        assert is_inert(row.error), row.error
        assert SECRET not in row.error
        assert "secret" not in row.error
    else:
        assert str(row.outcome) == "done", row.error
    if one.told == PRIVATE and one.gets == NONE:
        assert site.connections == 0
    one.check(server, site)


def try_table(table: tuple[Behaviour, ...], seed: int, folder: Path) -> int:
    """Run a table against its servers, and again once they are polite; check all that must hold."""
    rng = random.Random(seed)
    gzip_bomb()
    order = rng.sample(table, len(table))
    with RudeServer() as server, leading_to(server) as dialed, strict_conditions(folder):
        for one in order:
            facts = {"certificate": one.certificate, "stays": one.stays}
            facts |= {} if one.addresses is None else {"addresses": one.addresses}
            server.add(one.name, one.act, drawn(rng), **facts)
        for name in ("plain", "other"):
            server.add(name, politely, drawn(rng))
        before = forget_peak()
        first = run_once(order, server, folder)
        rise = peak_bytes() - before
        problems = []
        for one in order:
            problems += _told(one, lambda one=one: check_first(one, *first[one.name], server))
        assert not problems, "\n".join(problems)
        assert {address.partition(".")[0] for address in dialed} <= {"93"}
        assert rise < MEMORY, f"{rise / 2**20:.0f} MiB more"
        _check_polite(order, server, folder)
    return len(table)


def _told(one: Behaviour, check: Callable[[], None]) -> list[str]:
    """Return what is wrong, so that all that is wrong is told at once."""
    try:
        check()
    except AssertionError as exc:
        return [f"{one.name}: {exc}"]
    return []


def _check_polite(order, server: RudeServer, folder: Path) -> None:
    """Check that nothing is left of what was wrong: from the same sites, now polite, comes the right picture."""
    server.hang_up()
    server.polite.set()
    for site in server.sites.values():
        site.addresses = (("93.184.216.34",),)
    second = run_once(order, server, folder)
    problems = [
        f"{one.name}: {second[one.name][0].error}" for one in order if not _is_good(second[one.name][0])
    ]
    for one in order:
        path = folder / f"out-{one.revalidate}" / f"{one.name}.png"
        if not path.exists() or path.read_bytes() != thumbnail_of(
            server.sites[one.body_of or one.name].body, folder
        ):
            problems.append(f"{one.name}: not the right picture")
    assert not problems, "\n".join(problems)
    outputs = {path.name for path in folder.glob("out-*/*")}
    assert outputs == {f"{one.name}.png" for one in order}


def _is_good(row) -> bool:
    return str(row.outcome) in {"done", "cached", "restored"}
