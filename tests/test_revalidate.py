"""Downloads that are asked again in every run: 304 is a hit, and what changed runs on."""

import io

import pytest
from PIL import Image
from servers import PictureServer, redirect, serve, status

from creevey_graph import download, graph, write_bytes
from creevey_graph.events import NOT_TRIED, Outcome
from creevey_graph.freeze import freeze
from creevey_graph.images import load_image, resize, write_image


def png(color):
    file = io.BytesIO()
    Image.new("RGB", (30, 20), color).save(file, "PNG")
    return file.getvalue()


@graph
def thumbs(url: str, *, revalidate: str = "conditional", edge: int = 8):
    data = download(url, revalidate=revalidate, allow_private=True, robots_txt=False)
    return {"file": write_image(resize(load_image(data), edge), "{stem}.png")}


def vouching(state, *, header="ETag", asked="If-None-Match"):
    """Answer as a server that knows versions: *state* has `tag` and `body`, and counts `sent`."""

    def behave(handler):
        tag = state["tag"]
        if handler.headers.get(asked) == tag:
            handler.send_response(304)
            handler.send_header(header, tag)
            handler.end_headers()
            return
        state["sent"] += 1
        handler.send_response(200)
        handler.send_header(header, tag)
        handler.send_header("Content-Length", str(len(state["body"])))
        handler.end_headers()
        handler.wfile.write(state["body"])

    return behave


@pytest.fixture
def server():
    with PictureServer() as running:
        yield running


def go(runs, server, folder, **options):
    settings = {"executor": "serial", "progress": False, "cache": folder / "cache", **options}
    return runs.run([server.url("/a.png")], out=folder / "out", **settings)


def color_of(folder):
    with Image.open(folder / "out" / "a.png") as image:
        return image.getpixel((0, 0))


@pytest.mark.parametrize(
    ("header", "asked", "tags"),
    [
        ("ETag", "If-None-Match", ('"1"', '"2"')),
        (
            "Last-Modified",
            "If-Modified-Since",
            ("Wed, 25 Nov 2026 10:00:00 GMT", "Wed, 25 Nov 2026 11:00:00 GMT"),
        ),
    ],
)
def test_not_modified_is_a_hit_and_a_change_is_taken(tmp_path, server, header, asked, tags):
    """Two runs ask, one body is sent; the picture changes on the server, and the third run has it."""
    state = {"tag": tags[0], "body": png("red"), "sent": 0}
    server.behave("/a.png", vouching(state, header=header, asked=asked))
    go(thumbs, server, tmp_path)

    again = go(thumbs, server, tmp_path)
    assert (again.counts, again.executed, state["sent"]) == ({Outcome.CACHED: 1}, {}, 1)
    state |= {"tag": tags[1], "body": png("blue")}
    changed = go(thumbs, server, tmp_path)

    assert (changed.counts[Outcome.DONE], state["sent"], server.gets["/a.png"]) == (1, 2, 3)
    assert color_of(tmp_path) == (0, 0, 255)


def test_another_size_sends_no_body(tmp_path, server):
    """An edit below asks whether the picture is the same, and makes the new size of what is kept."""
    state = {"tag": '"1"', "body": png("red"), "sent": 0}
    server.behave("/a.png", vouching(state))
    go(thumbs, server, tmp_path)

    report = go(thumbs.bind(edge=9), server, tmp_path)

    assert (report.counts[Outcome.DONE], state["sent"]) == (1, 1)
    assert "download" not in report.executed


def test_always_fetches_and_stops_where_the_bytes_are_the_same(tmp_path, server):
    """revalidate="always" needs no validators: equal bytes execute nothing below the download."""
    server.files["/a.png"] = png("red")
    always = thumbs.bind(revalidate="always")
    go(always, server, tmp_path)

    same = go(always, server, tmp_path)
    server.files["/a.png"] = png("blue")
    other = go(always, server, tmp_path)

    assert (same.executed, other.executed["write_image"]) == ({"download": 1}, 1)
    assert (server.gets["/a.png"], color_of(tmp_path)) == (3, (0, 0, 255))


def test_a_damaged_memory_costs_a_whole_download(tmp_path, server):
    """The kept body is gone from the cache: the server is asked for the whole, and nothing is stale."""
    state = {"tag": '"1"', "body": png("red"), "sent": 0}
    server.behave("/a.png", vouching(state))
    go(thumbs, server, tmp_path)
    state["body"] = state["body"] + b" " * 100_000  # large enough for a file of its own
    state["tag"] = '"2"'
    go(thumbs, server, tmp_path)
    large = [path for path in (tmp_path / "cache").rglob("*.val") if path.stat().st_size > 90_000]
    for path in large:
        path.write_bytes(path.read_bytes()[:-1])

    report = go(thumbs, server, tmp_path)

    assert large
    assert (report.ok, state["sent"]) == (True, 3)


def test_where_the_server_is_gone_the_row_says_so(tmp_path, server):
    """A picture that cannot be asked for is a failed row, not a picture that may be stale."""
    state = {"tag": '"1"', "body": png("red"), "sent": 0}
    server.behave("/a.png", vouching(state), times=1)
    server.files.clear()
    go(thumbs, server, tmp_path)

    report = go(thumbs, server, tmp_path)

    assert report.counts == {Outcome.FAILED: 1}
    assert "404" in report.failed[0].error


def test_a_404_is_remembered_over_an_edit(tmp_path, server):
    """What the server does not have is asked for once, and again where that is asked for."""
    never = thumbs.bind(revalidate="never")
    for edge in (8, 8, 9):
        report = go(never.bind(edge=edge), server, tmp_path)

    assert (server.gets["/a.png"], report.failed[0].reason) == (1, NOT_TRIED)
    assert go(never, server, tmp_path, retry_failed=True).failed[0].reason != NOT_TRIED
    assert server.gets["/a.png"] == 2


@graph
def kept(
    url: str,
    *,
    max_bytes: int = 50,
    max_redirects: int = 0,
    secret: dict | None = None,
    agent: str | None = None,
):
    data = download(
        url,
        max_bytes=max_bytes,
        max_redirects=max_redirects,
        secret_headers=secret,
        user_agent=agent,
        allow_private=True,
        robots_txt=False,
    )
    return {"file": write_bytes(data, "{stem}.bin")}


def only_for(name, text):
    """Serve the file to who sends this header, and 403 to others."""

    def behave(handler):
        (serve if handler.headers.get(name) == text else status(403))(handler)

    return behave


@pytest.mark.parametrize(
    ("behaviour", "first", "remedy"),
    [
        (serve, {}, {"max_bytes": 5000}),
        (only_for("Authorization", "new"), {"max_bytes": 5000, "secret": {"Authorization": "old"}}, None),
        (only_for("User-Agent", "me"), {"max_bytes": 5000}, {"max_bytes": 5000, "agent": "me"}),
        (redirect("/b.png"), {"max_bytes": 5000}, {"max_bytes": 5000, "max_redirects": 1}),
    ],
)
def test_a_failure_for_good_is_over_where_it_is_tried_in_another_way(
    tmp_path, server, behaviour, first, remedy
):
    """A larger cap and a new token do not change the bytes, but whether they come: it is tried, and planned."""
    remedy = remedy or {**first, "secret": {"Authorization": "new"}}
    server.files |= {"/a.png": bytes(1000), "/b.png": bytes(1000)}
    server.behave("/a.png", behaviour)
    places = {"out": tmp_path / "out", "cache": tmp_path / "cache"}
    for _ in range(2):
        report = go(kept.bind(**first), server, tmp_path)
    assert (server.gets["/a.png"], report.failed[0].reason) == (1, NOT_TRIED)
    plans = [kept.bind(**how).plan([server.url("/a.png")], **places) for how in (first, remedy)]

    assert [(plan.to_do, plan.lasting) for plan in plans] == [(0, 1), (1, 0)]
    assert go(kept.bind(**remedy), server, tmp_path).counts == {Outcome.DONE: 1}


def test_of_a_secret_few_digits_are_kept():
    """With what a failure is remembered by, nobody can tell the token among others that it may be."""
    states = []
    for token in range(600):
        node = freeze(kept.bind(secret={"Authorization": f"{token}"})).nodes[0]
        states.append(node.lasting_key("key"))
    assert {len(state) for state in states} == {len("key-0000")}
    assert len(set(states)) < len(states)


def test_a_private_address_is_asked_once_the_environment_allows_it(tmp_path, server, monkeypatch):
    """Its refusal is not remembered."""

    @graph
    def public(url: str):
        return {"file": write_bytes(download(url, robots_txt=False), "{stem}.bin")}

    monkeypatch.delenv("CREEVEY_ALLOW_PRIVATE_ADDRESSES", raising=False)
    server.files["/a.png"] = b"a"
    assert go(public, server, tmp_path).counts == {Outcome.FAILED: 1}
    monkeypatch.setenv("CREEVEY_ALLOW_PRIVATE_ADDRESSES", "1")
    assert go(public, server, tmp_path).counts == {Outcome.DONE: 1}
