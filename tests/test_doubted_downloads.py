"""Downloads that no picture could be made of: not kept, so that the next run asks for them again."""

import io
import json

import pytest
from PIL import Image
from runs import outcomes
from servers import PictureServer, sends

from creevey_graph import download, graph, step
from creevey_graph.images import load_image, resize, write_image


def png(color):
    file = io.BytesIO()
    Image.effect_noise((30, 20), 50).convert("RGB").save(file, "PNG")
    return file.getvalue()


PICTURE = png("red")
ASKED = {"allow_private": True, "robots_txt": False, "retries": 0}


@graph
def thumbs(url: str, *, revalidate: str = "never"):
    data = download(url, revalidate=revalidate, **ASKED)
    return {"file": write_image(resize(load_image(data), 8), "{stem}.png")}


@step(cache="always")
def without_tail(data: bytes) -> bytes:
    return data.removesuffix(b"tail")


@graph
def thumbs_of_made(url: str):
    return {"file": write_image(resize(load_image(without_tail(download(url, **ASKED))), 8), "{stem}.png")}


@step
def parsed(data: bytes) -> int:
    return json.loads(data)["number"]


@graph
def numbers(url: str):
    return {"number": parsed(download(url, **ASKED))}


@graph
def two(url: str, mask: str):
    image, other = load_image(download(url, **ASKED)), load_image(download(mask, **ASKED), mode="L")
    return {"file": write_image(image, "{stem}.png"), "mask": write_image(other, "{stem}-mask.png")}


def cut(handler):
    """Send half of the picture, and no length by which that could be told."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(PICTURE[: len(PICTURE) // 2])
    handler.close_connection = True


@pytest.fixture
def server():
    with PictureServer({"/a.png": PICTURE, "/b.png": PICTURE}) as running:
        yield running


ERROR, CONDITIONAL = sends(b'{"error": "busy"}'), thumbs.bind(revalidate="conditional")


@pytest.mark.parametrize(
    ("behaviour", "made", "options"),
    [
        pytest.param(cut, thumbs, {}, id="cut"),
        pytest.param(ERROR, thumbs, {}, id="error"),
        pytest.param(sends(b""), thumbs, {}, id="empty"),
        pytest.param(cut, thumbs, {"executor": "processes", "jobs": 2}, id="processes"),
        pytest.param(cut, CONDITIONAL, {}, id="conditional"),
        pytest.param(cut, thumbs_of_made, {}, id="with a step between"),
    ],
)
def test_what_is_no_picture_is_asked_for_again(go, server, behaviour, made, options):
    """It was kept for good: the item failed in every run to come, though the server had long been mended."""
    server.behave("/a.png", behaviour, times=1)
    first = go(made, [server.url("/a.png")], **options)
    assert ["failed"] == outcomes(first)
    assert "ImageError" in first.rows[0].error

    second = go(made, [server.url("/a.png")], **options)

    assert ["done"] == outcomes(second)
    assert "If-None-Match" not in server.headers["/a.png"][1]


def test_what_fails_otherwise_is_kept(go, server):
    """An error in a step of the user's says nothing of the bytes: they are not asked for again."""
    server.files["/a.json"] = b'{"nummer": 1}'
    for _ in range(2):
        assert "KeyError" in go(numbers, [server.url("/a.json")]).rows[0].error
    assert 1 == server.gets["/a.json"]


def test_only_what_the_picture_was_made_of_is_asked_for_again(go, server):
    """Another download of the same item stays."""
    server.behave("/b.png", cut, times=1)
    rows = [{"url": server.url("/a.png"), "mask": server.url("/b.png")}]
    assert ["failed"] == outcomes(go(two, rows))
    assert ["done"] == outcomes(go(two, rows))
    assert (1, 2) == (server.gets["/a.png"], server.gets["/b.png"])
