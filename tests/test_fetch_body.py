"""Bodies: slow, packed, broken and resumed, of the wrong kind or hash, unchanged."""

import gzip
import hashlib
import random
import time
import tracemalloc
import zlib
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from servers import FakeTime, PictureServer, drip, drip_headers, ranged, reset, sends, short_body, status

from creevey_graph.errors import (
    DeadlineExceeded,
    FetchError,
    HashMismatch,
    HTTPStatusError,
    TooLarge,
    TooSlow,
    WrongContent,
)
from creevey_graph.fetch import Validators, fetch, fetch_answer
from creevey_graph.fetch import body as bodies
from creevey_graph.fetch.content import sniffed
from creevey_graph.fetch.deadline import Limits

BODY = bytes(range(256)) * 1000
OTHER = BODY[::-1]
PAGE = b"\xef\xbb\xbf\n<?xml version='1.0'?><!-- a > b -->\n<!DOCTYPE html><title>Not here</title>"


@pytest.fixture(scope="module")
def shared():
    with PictureServer() as running:
        yield running


@pytest.fixture
def server():
    with PictureServer({"/a.jpg": BODY, "/page.jpg": PAGE, "/page": PAGE}) as running:
        yield running


@pytest.fixture
def fake():
    return FakeTime()


def get(server, path="/a.jpg", **options):
    return fetch(server.url(path), **{"allow_private": True, "robots_txt": False, **options})


@pytest.mark.parametrize("behaviour", [drip(0.001), drip_headers(0.001)])
def test_a_dripping_server_is_too_slow(server, behaviour):
    """A byte now and then ends after ten seconds of it, long before the deadline, and is not tried again."""
    server.behave("/a.jpg", behaviour)
    fake = FakeTime(tick_s=0.2)
    with pytest.raises(
        TooSlow, match=r"GET .*: expected at least 1000 bytes a second \(got \d+ bytes in 1\d s\)"
    ) as caught:
        get(server, deadline_s=1e6, clock=fake.clock)
    assert (server.gets["/a.jpg"], fake.slept, caught.value.is_permanent) == (1, [], False)


def test_a_slow_server_may_be_borne(server):
    """Without a least rate only the deadline ends it."""
    server.behave("/a.jpg", drip(0.001))
    with pytest.raises(DeadlineExceeded):
        get(server, deadline_s=100, min_rate_bytes_s=0, clock=FakeTime(tick_s=0.2).clock)


def test_a_rate_is_judged_over_the_last_seconds(server):
    """A quick begin does not excuse a body that then drips."""

    def send(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(bytes(100_000))
        while not handler.server_of_pictures.closing.wait(0.001):
            handler.wfile.write(b"x")

    server.behave("/a.jpg", send)
    with pytest.raises(TooSlow):
        get(server, deadline_s=60, clock=FakeTime(tick_s=0.2).clock)


@pytest.mark.parametrize(
    ("packed", "name"),
    [
        (gzip.compress(BODY), "gzip"),
        (gzip.compress(BODY), "X-GZIP"),
        (gzip.compress(BODY[:100]) + gzip.compress(BODY[100:]), "gzip"),
        (gzip.compress(BODY) + bytes(512), "gzip"),
        (zlib.compress(BODY), "deflate"),
        (zlib.compress(BODY)[2:-4], "deflate"),
        (gzip.compress(gzip.compress(BODY)), "gzip, gzip"),
        (BODY, "identity"),
        (BODY, "utf-8"),
    ],
)
def test_bodies_packed_unasked_are_unpacked(server, packed, name):
    """In all the ways that servers pack, and wrong names that mean nothing."""
    server.behave("/a.jpg", sends(packed, Content_Encoding=name))
    assert get(server) == BODY


@pytest.mark.parametrize(("name", "times"), [("br", 1), ("zstd", 1), ("gzip, gzip, gzip, gzip", 4)])
def test_what_is_packed_otherwise_is_refused(server, name, times):
    """There is no reading bytes that were not asked for so."""
    packed = BODY
    for _ in range(times):
        packed = gzip.compress(packed)
    server.behave("/a.jpg", sends(packed, Content_Encoding=name))
    with pytest.raises(FetchError, match="expected plain bytes"):
        get(server)


@pytest.mark.parametrize(
    "packed", [gzip.compress(BODY)[:-5], gzip.compress(BODY)[:50], BODY, b"\x1f\x8b\x08" + bytes(9)]
)
def test_a_packed_body_that_is_cut_is_broken(server, fake, packed):
    """Without a Content-Length nothing else would tell; it is tried again."""

    def send(handler):
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(packed)
        handler.close_connection = True

    server.behave("/a.jpg", send, times=1)
    assert get(server, clock=fake.clock) == BODY
    server.behave("/a.jpg", send)
    with pytest.raises(FetchError, match=r"the packed body is (cut|damaged)"):
        get(server, retries=0)


def test_a_bomb_in_a_bomb_is_refused_in_little_memory(server):
    """A thousand to one, twice: the inner one is not even begun beyond the cap."""
    bomb = gzip.compress(gzip.compress(bytes(2**28)))
    server.behave("/a.jpg", sends(bomb, Content_Encoding="gzip, gzip"))
    tracemalloc.start()
    with pytest.raises(TooLarge, match=r"at most 1000000 bytes \(unpacked it is more\)"):
        get(server, max_bytes=10**6)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 8e6


@settings(deadline=None, max_examples=30)
@given(st.integers(0, len(BODY) - 1))
@example(0)
@example(1)
@example(len(BODY) - 1)
def test_wherever_a_body_breaks_the_result_is_whole(shared, stop):
    """The rest alone is asked for, with the ETag of the begin."""
    shared.behaviours.clear()
    shared.headers.clear()
    shared.behave("/a.jpg", ranged(BODY, '"1"', stop=stop), times=1)
    shared.behave("/a.jpg", ranged(BODY, '"1"'), times=1)
    assert get(shared, clock=FakeTime().clock) == BODY
    sent = shared.headers["/a.jpg"][1]
    wanted = (f"bytes={stop}-", '"1"') if stop else (None, None)
    assert wanted == (sent.get("Range"), sent.get("If-Range"))


def test_a_body_may_break_again_and_again(server, fake):
    """Each try adds to what came, and the cap counts all of it."""
    for stop in (50_000, 100_000, 150_000):
        server.behave("/a.jpg", ranged(BODY, '"1"', stop=stop), times=1)
    server.behave("/a.jpg", ranged(BODY, '"1"'))
    assert get(server, clock=fake.clock, max_bytes=len(BODY)) == BODY
    asked = [sent.get("Range") for sent in server.headers["/a.jpg"]]
    assert asked == [None, "bytes=50000-", "bytes=100000-", "bytes=150000-"]


def test_the_cap_counts_what_came_before(server, fake):
    """A rest that fits by itself does not fit behind the begin."""
    server.behave("/a.jpg", ranged(BODY[:1000], '"1"', stop=600), times=1)
    server.behave("/a.jpg", ranged(BODY[:1500], '"1"'))
    with pytest.raises(TooLarge):
        get(server, clock=fake.clock, max_bytes=1200)


@pytest.mark.parametrize(
    "second",
    [
        ranged(OTHER, '"2"'),  # 200: If-Range held it back
        ranged(OTHER, '"2"', keeps_to_if_range=False),  # 206 of another thing
        status(416),
        sends(OTHER[100:], 206, Content_Range="bytes 100-255999/256000"),
        sends(OTHER[50_000:], 206, Content_Range="bytes 50000-255998/256000"),
        sends(OTHER[50_000:], 206),
        sends(OTHER[50_000:], 206, Content_Range="bytes 50000-255999/256000", ETag='W/"1"'),
    ],
)
def test_bytes_of_two_bodies_are_never_mixed(server, fake, second):
    """A rest of something else, or of something unclear, is let go, and all is asked for."""
    server.behave("/a.jpg", ranged(BODY, '"1"', stop=50_000), times=1)
    server.behave("/a.jpg", second, times=1)
    server.behave("/a.jpg", ranged(OTHER, '"2"'))
    assert get(server, clock=fake.clock, retries=1) == OTHER


@pytest.mark.parametrize(
    ("headers", "if_range"),
    [
        ({"ETag": 'W/"1"'}, None),
        ({}, None),
        ({"ETag": '"1"', "Accept-Ranges": "none"}, None),
        ({"ETag": '"1"', "Content-Encoding": "gzip"}, None),
        ({"ETag": '"1"', "Accept-Ranges": "bytes"}, '"1"'),
        ({"Last-Modified": "Sun, 09 Sep 2001 01:46:40 GMT"}, "Sun, 09 Sep 2001 01:46:40 GMT"),
        ({"Last-Modified": "Sun, 09 Sep 2101 01:46:40 GMT"}, None),
        ({"Last-Modified": "yesterday"}, None),
    ],
)
def test_the_rest_is_asked_for_only_by_a_strong_validator(server, fake, headers, if_range):
    """Neither a weak ETag nor a date that may be of this very second will do."""

    def send(handler):
        handler.send_response(200)
        for name, text in headers.items():
            handler.send_header(name, text)
        handler.send_header("Content-Length", str(len(BODY)))
        handler.end_headers()
        handler.wfile.write(BODY[:1000])
        handler.close_connection = True

    server.behave("/a.jpg", send, times=1)
    assert get(server, clock=fake.clock) == BODY
    sent = server.headers["/a.jpg"][1]
    assert (sent.get("If-Range"), "Range" in sent) == (if_range, if_range is not None)


def test_the_rest_is_asked_only_of_the_url_that_broke_off(server, fake):
    """A redirect that leads elsewhere the second time, to the same ETag of another thing, starts over."""
    server.behave("/old", status(302, Location="/a.jpg"), times=1)
    server.behave("/old", status(302, Location="/b.jpg"))
    server.behave("/a.jpg", ranged(BODY, '"1"', stop=50_000))
    server.behave("/b.jpg", ranged(OTHER, '"1"'))
    assert get(server, "/old", clock=fake.clock) == OTHER


def test_a_part_that_was_not_asked_for_is_no_picture(server):
    """A 206 to a plain request is refused."""
    server.behave("/a.jpg", sends(BODY[:10], 206, Content_Range="bytes 0-9/256000"))
    with pytest.raises(FetchError, match="a part that was not asked for"):
        get(server)


def test_a_reset_in_the_middle_is_resumed(server, fake):
    """What came before the reset is not asked for again."""

    def send(handler):
        short_body(BODY[:50_000], 10)(handler)
        reset(handler)

    server.behave("/a.jpg", send, times=1)
    assert get(server, clock=fake.clock) == BODY


def test_an_answer_tells_what_was_said_of_it(server):
    """Kind, validators, and the URL at the end of the redirects."""
    server.behave("/a.jpg", sends(BODY, Content_Type="image/jpeg", ETag='W/"1"', Last_Modified="x"), times=1)
    server.behave("/old", status(301, Location="/a.jpg"))
    answer = fetch_answer(server.url("/old"), allow_private=True)
    assert (answer.body, answer.not_modified, answer.url) == (BODY, False, server.url("/a.jpg"))
    assert (answer.content_type, answer.etag, answer.last_modified) == ("image/jpeg", 'W/"1"', "x")


def test_an_unchanged_body_is_not_sent_again(server):
    """The server is asked by ETag and date, and its 304 is an answer."""
    server.behave("/a.jpg", status(304, ETag='"1"'))
    known = Validators('"1"', "Sun, 09 Sep 2001 01:46:40 GMT", server.url("/a.jpg"))
    answer = fetch_answer(server.url("/a.jpg"), validators=known, allow_private=True)
    sent = server.headers["/a.jpg"][0]
    assert (answer.not_modified, answer.body) == (True, b"")
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == (known.etag, known.last_modified)


def test_validators_are_for_the_url_that_gave_them(server):
    """Where a redirect leads elsewhere than before, the new place's dates say nothing of the old body."""
    server.behave("/new", status(302, Location="/a.jpg"))
    known = Validators("", "Sun, 09 Sep 2001 01:46:40 GMT", server.url("/before.jpg"))
    assert fetch_answer(server.url("/new"), validators=known, allow_private=True).body == BODY
    assert all("If-Modified-Since" not in sent for sent in server.headers["/a.jpg"] + server.headers["/new"])


def test_a_304_that_was_not_asked_for_is_an_error(server):
    """No picture is made from it."""
    server.behave("/a.jpg", status(304))
    with pytest.raises(HTTPStatusError, match="304"):
        get(server)


@pytest.mark.parametrize("name", ["sha256", "md5"])
def test_the_hash_of_a_list_is_checked(server, fake, name):
    """The right one passes in any case of letters; another is an error that stays."""
    digest = hashlib.new(name, BODY).hexdigest()
    assert get(server, **{name: digest}) == get(server, **{name: digest.upper()}) == BODY
    with pytest.raises(HashMismatch, match=f"expected bytes with {name} 0+ .*{digest}") as caught:
        get(server, clock=fake.clock, **{name: "0" * len(digest)})
    assert (caught.value.is_permanent, server.gets["/a.jpg"], fake.slept) == (True, 3, [])


def test_a_web_page_in_place_of_a_picture_is_told(server):
    """By the name of the URL, whatever the server calls it; a URL that promises no picture may be a page."""
    server.behave("/page.jpg?big=1", sends(PAGE, Content_Type="image/jpeg"))
    for path in ("/page.jpg", "/page.jpg?big=1"):
        with pytest.raises(
            WrongContent, match=r"page\.jpg.*: the server answered with a web page, not a picture"
        ):
            get(server, path)
    assert get(server, "/page") == PAGE


def test_a_picture_behind_a_redirect_is_judged_by_the_first_name(server):
    """A missing picture that redirects to a start page is no picture."""
    server.behave("/gone.png", status(302, Location="/page"))
    with pytest.raises(WrongContent):
        get(server, "/gone.png")


@pytest.mark.parametrize(
    ("accept", "content_type", "body", "got"),
    [
        (("image/*",), "image/jpeg", b"\xff\xd8\xff\xe0", ""),
        (("image/*",), "application/octet-stream", b"\xff\xd8\xff\xe0", ""),
        (("image/*",), "text/html", b"\x89PNG\r\n\x1a\n", ""),
        (("image/*",), "Image/X-Rare; q=1", b"????", ""),
        (("image/*",), "image/jpeg", PAGE, "text/html"),
        (("image/*",), "image/jpeg", b"%PDF-1.7", "application/pdf"),
        (("image/*",), "text/plain", b"sorry", "text/plain"),
        (("image/*",), "", b"????", "an unknown kind of bytes"),
        (("image/png", "image/webp"), "image/png", b"GIF89a", "image/gif"),
        (("image/png", "image/webp"), "", b"RIFF????WEBPVP8 ", ""),
        (("application/json",), "application/json", b"{}", ""),
        (("application/json",), "application/json", PAGE, "text/html"),
    ],
)
def test_only_what_is_accepted_is_taken(server, accept, content_type, body, got):
    """The first bytes count before the header does."""
    server.behave("/x", sends(body, Content_Type=content_type))
    if not got:
        assert get(server, "/x", accept=accept) == body
        return
    with pytest.raises(
        WrongContent, match=f"expected {' or '.join(accept)} \\(got {got}\\)".replace("*", r"\*")
    ):
        get(server, "/x", accept=accept)


@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (b"\0\0\0\x20ftypavif", "image/avif"),
        (b"\0\0\0\x20ftypheic", "image/heic"),
        (b"\0\0\0\x20ftypmif1", "image/heif"),
        (b"\0\0\0\x20ftypisom", ""),
        (b"<svg xmlns=", "image/svg+xml"),
        (b"<?xml version='1.0'?>\n<!-- x --><svg>", "image/svg+xml"),
        (b"<html lang=en>", "text/html"),
        (b"<htmlx>", ""),
        (b"<!--" + b"-->" * 600, ""),
        (b"<!---->" * 290 + b"x", ""),
        (b"", ""),
    ],
)
def test_first_bytes_tell_the_kind(begin, kind):
    """Also behind comments, of which many take no time."""
    assert kind == sniffed(begin)


@pytest.mark.parametrize("most", [0, 65_535, 65_536, len(BODY) - 1])
def test_the_cap_is_exact(server, most):
    """One byte over it is refused, with a Content-Length and without."""

    def unannounced(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(BODY[: most + 1])
        handler.close_connection = True

    server.behave("/b.jpg", unannounced)
    for path in ("/a.jpg", "/b.jpg"):
        with pytest.raises(TooLarge) as caught:
            get(server, path, max_bytes=most)
    assert caught.value.is_permanent
    assert get(server, "/b.jpg", max_bytes=most + 1) == BODY[: most + 1]


def test_a_body_of_many_members_is_unpacked_in_time(monkeypatch):
    """Each end of a member copied all that was left: 50 MB of empty members would have taken an hour."""
    fed, begun = [], zlib.decompressobj

    class Counted:
        def __init__(self, bits):
            self.inner = begun(bits)

        def decompress(self, piece, most):
            fed.append(len(piece))
            return self.inner.decompress(piece, most)

        def __getattr__(self, name):
            return getattr(self.inner, name)

    monkeypatch.setattr(bodies.zlib, "decompressobj", Counted)
    members = 2_000
    response = SimpleNamespace(headers={"Content-Encoding": "gzip"})
    limits = Limits(time.monotonic() + 60, 60.0, 1.0, 1.0, 0.0, 100, FakeTime().clock)
    assert b"" == bodies.unpacked(gzip.compress(b"") * members, "http://host/", response, limits)
    assert len(fed) < 2.1 * members
    assert sum(fed) < members * 5000


def test_unpacking_ends_at_the_deadline(server):
    """A body that came in time may take long to unpack."""
    packed = gzip.compress(b"") * 50_000
    server.behave("/a.jpg", sends(packed, Content_Encoding="gzip"))
    late = FakeTime(tick_s=0.001)
    with pytest.raises(DeadlineExceeded, match="not finished after 3 s"):
        get(server, clock=late.clock, deadline_s=3)


@pytest.mark.parametrize("cuts", [1, 4096, 8192, 10_000])
def test_members_and_padding_may_be_cut_anywhere(server, cuts):
    """They are read in pieces of 4 KiB."""
    noise = random.Random(0).randbytes(30_000)
    packed = gzip.compress(noise[:cuts]) + bytes(cuts) + gzip.compress(noise[cuts:]) + bytes(70_000)
    server.behave("/a.jpg", sends(packed, Content_Encoding="gzip"))
    assert get(server) == noise
