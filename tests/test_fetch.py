"""Downloads: what arrives, what is refused, what is tried again, and when it ends."""

import functools
import gzip
import multiprocessing
import os
import pickle
import socket
import threading
import time
from concurrent.futures import ProcessPoolExecutor

import pytest
from servers import (
    FakeTime,
    PictureServer,
    drip,
    drip_headers,
    endless,
    redirect,
    reset,
    short_body,
    silent,
    status,
)

import creevey_graph.fetch as fetching
from creevey_graph.errors import (
    BadURL,
    DeadlineExceeded,
    FetchError,
    HTTPStatusError,
    TooLarge,
    TooManyRedirects,
)

fetch = functools.partial(fetching.fetch, allow_private=True)
BODY = bytes(range(256)) * 400


@pytest.fixture
def server():
    with PictureServer({"/a.jpg": BODY}) as running:
        yield running


@pytest.fixture
def fake():
    return FakeTime()


def test_returns_the_whole_body(server):
    """A GET returns the bytes as sent."""
    assert fetch(server.url("/a.jpg")) == BODY


def test_returns_an_empty_body(server):
    """No bytes are a body too."""
    server.files["/empty"] = b""
    assert fetch(server.url("/empty")) == b""


def test_says_who_it_is_and_asks_for_plain_bytes(server):
    """The User-Agent is honest, and no transfer encoding is asked for."""
    fetch(server.url("/a.jpg"), headers={"X-Key": "k"})
    sent = server.headers["/a.jpg"][0]
    assert sent["User-Agent"].startswith("creevey_graph/")
    assert (sent["Accept-Encoding"], sent["X-Key"]) == ("identity", "k")


def test_unpacks_a_body_packed_unasked(server):
    """A server that sends gzip in any case is understood."""
    packed = gzip.compress(BODY)

    def send(handler):
        status(200, Content_Length=str(len(packed)), Content_Encoding="gzip")(handler)
        handler.wfile.write(packed)

    server.behave("/a.jpg", send)
    assert fetch(server.url("/a.jpg")) == BODY


def test_caps_an_unpacked_bomb(server):
    """The cap counts the bytes after unpacking."""
    packed = gzip.compress(bytes(2**22))

    def send(handler):
        status(200, Content_Length=str(len(packed)), Content_Encoding="gzip")(handler)
        handler.wfile.write(packed)

    server.behave("/a.jpg", send)
    with pytest.raises(TooLarge):
        fetch(server.url("/a.jpg"), max_bytes=2**20)


def test_keeps_a_connection_but_no_cookies(server):
    """Two downloads in a thread share a connection, and nothing else."""

    def send(handler):
        status(200, Set_Cookie="seen=1")(handler)

    server.behave("/cookie", send, times=1)
    fetch(server.url("/cookie"))
    fetch(server.url("/a.jpg"))
    assert "Cookie" not in server.headers["/a.jpg"][0]
    assert server.connections == 1


def test_threads_do_not_share_a_connection(server):
    """Each thread has a session of its own."""
    fetch(server.url("/a.jpg"))
    thread = threading.Thread(target=fetch, args=(server.url("/a.jpg"),))
    thread.start()
    thread.join()
    assert (server.gets["/a.jpg"], server.connections) == (2, 2)


def test_a_404_is_told_as_such_and_final(server, fake):
    """A missing page is a status error, asked for once."""
    with pytest.raises(HTTPStatusError) as caught:
        fetch(server.url("/none"), clock=fake.clock)
    assert str(caught.value) == f"GET {server.url('/none')}: 404 Not Found"
    assert (caught.value.status, server.gets["/none"], fake.slept) == (404, 1, [])


def test_status_errors_survive_a_pickle(server):
    """A worker can send the error home."""
    with pytest.raises(HTTPStatusError) as caught:
        fetch(server.url("/none"))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.status) == (str(caught.value), 404)


def test_server_text_is_inert(server):
    """A reason phrase with escape codes cannot reach a terminal."""
    server.behave("/a.jpg", status(403, "No\x1b[31m"))
    with pytest.raises(HTTPStatusError, match=r"403 No\\x1b\[31m"):
        fetch(server.url("/a.jpg"))


def test_a_3xx_that_leads_nowhere_is_an_error(server):
    """No picture is made from the empty body of a 304."""
    server.behave("/a.jpg", status(304))
    with pytest.raises(HTTPStatusError, match="304 Not Modified"):
        fetch(server.url("/a.jpg"))


@pytest.mark.parametrize("code", [408, 425, 429, 500, 503])
def test_passing_troubles_are_tried_again(server, fake, code):
    """Statuses that pass are followed by another try."""
    server.behave("/a.jpg", status(code), times=2)
    assert fetch(server.url("/a.jpg"), clock=fake.clock) == BODY
    assert (server.gets["/a.jpg"], fake.slept) == (3, [1.0, 2.0])


def test_jitter_shortens_the_wait(server):
    """The wait is a random share of the longest."""
    fake = FakeTime(jitter=0.25)
    server.behave("/a.jpg", status(500), times=3)
    fetch(server.url("/a.jpg"), clock=fake.clock)
    assert fake.slept == [0.25, 0.5, 1.0]


def test_waits_grow_to_a_minute_at_most(server, fake):
    """The wait doubles up to 60 s."""
    server.behave("/a.jpg", status(500), times=8)
    fetch(server.url("/a.jpg"), clock=fake.clock, retries=8, deadline_s=1e4)
    assert fake.slept == [1, 2, 4, 8, 16, 32, 60, 60]


def test_gives_up_after_the_retries(server, fake):
    """The last error is the one that is raised, with the number of tries."""
    server.behave("/a.jpg", status(503))
    with pytest.raises(HTTPStatusError, match=r"503 Service Unavailable \(3 tries\)") as caught:
        fetch(server.url("/a.jpg"), retries=2, clock=fake.clock)
    assert (caught.value.status, server.gets["/a.jpg"]) == (503, 3)


def test_heeds_retry_after_in_seconds(server, fake):
    """A 429 says how long to wait."""
    server.behave("/a.jpg", status(429, Retry_After="7"), times=1)
    fetch(server.url("/a.jpg"), clock=fake.clock)
    assert fake.slept == [7.0]


def test_heeds_retry_after_as_a_date(server):
    """A date is read against the wall clock."""
    fake = FakeTime(wall=1_000_000_000.0)
    server.behave("/a.jpg", status(503, Retry_After="Sun, 09 Sep 2001 01:46:50 GMT"), times=1)
    fetch(server.url("/a.jpg"), clock=fake.clock)
    assert fake.slept == [10.0]


@pytest.mark.parametrize(
    ("text", "slept"), [("86400", 60.0), ("soon", 1.0), ("-5", 1.0), ("", 1.0), ("9\x1d", 9.0)]
)
def test_retry_after_is_capped_and_may_be_nonsense(server, fake, text, slept):
    """No server makes us wait a day."""
    server.behave("/a.jpg", status(429, Retry_After=text), times=1)
    fetch(server.url("/a.jpg"), clock=fake.clock)
    assert fake.slept == [slept]


def test_does_not_wait_past_the_deadline(server, fake):
    """Where the wait would outlast the deadline, the error comes at once."""
    server.behave("/a.jpg", status(429, Retry_After="30"))
    with pytest.raises(HTTPStatusError, match="429"):
        fetch(server.url("/a.jpg"), deadline_s=20, clock=fake.clock)
    assert (server.gets["/a.jpg"], fake.slept) == (1, [])


def test_a_short_body_is_broken_and_tried_again(server, fake):
    """Bytes that are missing are never taken for the picture."""
    server.behave("/a.jpg", short_body(BODY[:100], 10), times=1)
    assert fetch(server.url("/a.jpg"), clock=fake.clock) == BODY
    server.behave("/a.jpg", short_body(BODY[:100], 10))
    with pytest.raises(FetchError, match=r"100 bytes read, 10 more expected\) \(2 tries\)"):
        fetch(server.url("/a.jpg"), retries=1, clock=fake.clock)


def test_a_reset_is_tried_again(server, fake):
    """A dropped connection is followed by another try."""
    server.behave("/a.jpg", reset, times=1)
    assert fetch(server.url("/a.jpg"), clock=fake.clock) == BODY
    assert fake.slept == [1.0]


def test_a_refused_connection_is_told_plainly(fake):
    """Nobody listens: the system's own words, tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/a.jpg"
        with pytest.raises(FetchError) as caught:
            fetch(url, retries=1, clock=fake.clock)
    assert "Connection refused (2 tries)" in str(caught.value).replace("[Errno 111] ", "")
    assert (str(caught.value).startswith(f"GET {url}: "), fake.slept) == (True, [1.0])


def test_the_cause_is_never_that_of_the_caller(server):
    """An error that the caller is handling does not get into the message."""
    server.behave("/a.jpg", reset)
    try:
        {}["the caller's"]
    except KeyError:
        with pytest.raises(FetchError) as caught:
            fetch(server.url("/a.jpg"), retries=0)
    assert "the caller's" not in str(caught.value)


def test_a_silent_server_is_tried_again(server, fake):
    """Silence for the read timeout ends a try."""
    server.behave("/a.jpg", silent, times=1)
    assert fetch(server.url("/a.jpg"), read_timeout_s=0.05, clock=fake.clock) == BODY
    server.behave("/a.jpg", silent, times=1)
    with pytest.raises(FetchError, match=r"silent for 0\.05 s"):
        fetch(server.url("/a.jpg"), read_timeout_s=0.05, retries=0)


@pytest.mark.parametrize("behaviour", [drip(0.02), drip_headers(0.02), silent])
def test_a_slow_server_ends_at_the_deadline(server, behaviour):
    """Neither dripped headers, nor a dripped body, nor silence outlast the deadline."""
    server.behave("/a.jpg", behaviour)
    begin = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"not finished after 0\.2 s"):
        fetch(server.url("/a.jpg"), deadline_s=0.2)
    assert 0.19 < time.monotonic() - begin < 1.2
    assert server.gets["/a.jpg"] == 1


def test_a_deadline_that_has_passed_asks_nothing(server):
    """Without time there is no request."""
    with pytest.raises(DeadlineExceeded):
        fetch(server.url("/a.jpg"), deadline_s=0)
    assert server.gets["/a.jpg"] == 0


def test_refuses_a_length_over_the_cap(server, fake):
    """Content-Length alone suffices to refuse, once."""
    with pytest.raises(TooLarge, match=f"Content-Length is {len(BODY)}"):
        fetch(server.url("/a.jpg"), max_bytes=len(BODY) - 1, clock=fake.clock)
    assert (fetch(server.url("/a.jpg"), max_bytes=len(BODY)), fake.slept) == (BODY, [])


def test_ends_an_endless_body_at_the_cap(server):
    """A server without a Content-Length is cut off."""
    server.behave("/a.jpg", endless)
    with pytest.raises(TooLarge, match="at most 100000 bytes"):
        fetch(server.url("/a.jpg"), max_bytes=100_000)


def test_follows_redirects(server):
    """Relative and absolute targets lead to the picture."""
    server.behave("/one", redirect("two?x=1"))
    server.behave("/two?x=1", redirect(server.url("/a.jpg")))
    assert fetch(server.url("/one")) == BODY


def test_ends_a_redirect_loop(server, fake):
    """A URL that leads back to one before is told as a circle, once."""
    server.behave("/loop", redirect("/other"))
    server.behave("/other", redirect("/loop"))
    with pytest.raises(TooManyRedirects, match=r"redirects lead in a circle, back to .*/loop"):
        fetch(server.url("/loop"), clock=fake.clock)
    assert server.gets["/loop"] == server.gets["/other"] == 1


@pytest.mark.parametrize("most", [0, 3, 10])
def test_ends_redirects_without_an_end(server, fake, most):
    """A URL that always leads to a new one is followed so many times."""
    for number in range(12):
        server.behave(f"/{number}", redirect(f"/{number + 1}"))
    with pytest.raises(TooManyRedirects, match=f"more than {most} redirects, the last to .*/{most + 1}"):
        fetch(server.url("/0"), clock=fake.clock, max_redirects=most)
    assert [server.gets[f"/{number}"] for number in (most, most + 1)] == [1, 0]


def test_does_not_follow_a_redirect_out_of_http(server):
    """No server leads to a local file."""
    server.behave("/a.jpg", redirect("file:///etc/passwd"))
    with pytest.raises(FetchError, match=r"expected http or https \(got 'file'\)"):
        fetch(server.url("/a.jpg"))


def test_credentials_stay_with_their_host(server):
    """A redirect to another port carries no Authorization; one on the same host does."""
    with PictureServer({"/b.jpg": BODY}) as other:
        server.behave("/away", redirect(other.url("/b.jpg")))
        server.behave("/near", redirect("/a.jpg"))
        for path in ("/away", "/near"):
            fetch(server.url(path), headers={"Authorization": "secret", "X-Key": "k"})
        away, near = other.headers["/b.jpg"][0], server.headers["/a.jpg"][0]
    assert (away.get("Authorization"), away["X-Key"]) == (None, "k")
    assert near["Authorization"] == "secret"


@pytest.mark.parametrize("url", ["ftp://host/a.jpg", "a.jpg", "file:///a.jpg", ""])
def test_only_http_is_fetched(url):
    """Other schemes are refused by name."""
    with pytest.raises(FetchError, match="expected http or https"):
        fetch(url)


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "http://a b\x1b/", "http://x:99999/", "http://\udcff/"]
)
def test_what_is_no_url_is_a_fetch_error(url, fake):
    """Nothing but FetchError comes from a bad URL, with an inert text, and no retry."""
    with pytest.raises(FetchError) as caught:
        fetch(url, clock=fake.clock)
    assert "\x1b" not in str(caught.value)
    assert fake.slept == []


def test_passwords_in_urls_are_not_shown(server, fake):
    """The message names the URL without its user and password."""
    url = server.url("/none").replace("//", "//me:secret@")
    with pytest.raises(HTTPStatusError) as caught:
        fetch(url, clock=fake.clock)
    assert "secret" not in str(caught.value)


def test_takes_nothing_from_the_environment(server, monkeypatch):
    """A proxy variable does not divert a download."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert fetch(server.url("/a.jpg"), retries=0) == BODY


def test_the_cause_names_no_password_either():
    """What requests itself says of a URL is shown without it."""
    with pytest.raises(BadURL) as caught:
        fetch("http://me:secret@/a.jpg", robots_txt=False)
    assert str(caught.value) == "GET http:///a.jpg: Invalid URL 'http:///a.jpg': No host supplied"


def test_a_redirect_to_a_port_that_is_none_is_a_bad_url(server):
    """On the same host, where its port is compared with ours."""
    server.behave("/b.jpg", redirect("http://127.0.0.1:99999/a.jpg"))
    with pytest.raises(BadURL, match="Port out of range"):
        fetch(server.url("/b.jpg"))


def sends_lines(*lines, then=b""):
    """Answer with just these lines, and keep the connection."""

    def behave(handler):
        handler.wfile.write(b"".join(line + b"\r\n" for line in lines) + b"\r\n" + then)

    return behave


@pytest.mark.parametrize("status_line", [b"HTTP/1.1 103 Early Hints", b"HTTP/1.1 102 Processing"])
def test_an_answer_that_announces_another_is_passed_over(server, status_line):
    """It was taken for the picture, empty, and the picture then for the next URL's on that connection."""
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    server.behave("/early.jpg", sends_lines(status_line, b"Link: </x.css>", then=final))
    bodies = [fetch(server.url(path), robots_txt=False) for path in ("/early.jpg", "/a.jpg", "/early.jpg")]
    assert (bodies, server.connections) == ([b"abc", BODY, b"abc"], 1)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((b"HTTP/1.1 101 Switching Protocols", b"Upgrade: x"), "status 101 alone"),
        ((b"HTTP/1.1 200 OK", b"Transfer-Encoding: gzip, chunked"), "Transfer-Encoding 'gzip, chunked'"),
        ((b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked "), "Transfer-Encoding 'chunked '"),
        ((b"HTTP/1.1 200 OK", b"Content-Length: -5"), "Content-Length '-5'"),
        ((b"HTTP/1.1 302 Found", b"Location: /a.jpg", b"Content-Length: " + b"9" * 5000), "'99999"),
    ],
)
def test_an_answer_whose_end_cannot_be_told_is_refused(server, lines, told):
    """The marks of its chunks are no bytes of a picture, nor is its rest the next URL's answer."""
    server.behave("/odd.jpg", sends_lines(*lines, then=b"3\r\nabc\r\n0\r\n\r\n"))
    with pytest.raises(FetchError) as caught:
        fetch(server.url("/odd.jpg"), robots_txt=False)
    assert told in str(caught.value)
    assert (server.gets["/odd.jpg"], fetch(server.url("/a.jpg"), robots_txt=False)) == (1, BODY)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 on: of threads
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_process_has_connections_of_its_own(server):
    """Two processes on one connection would read each other's answers."""
    url = server.url("/a.jpg")
    fetch(url, robots_txt=False)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert pool.submit(fetch, url, robots_txt=False).result() == BODY
    assert server.connections == 2


def test_a_url_without_an_end_is_cut_in_messages(server):
    """A server redirects to one of 60 000 characters; the row of a report does not hold them all."""
    server.behave("/a.jpg", redirect("/" + "x" * 60_000))
    server.behave("/" + "x" * 60_000, redirect("/" + "x" * 60_000))
    with pytest.raises(TooManyRedirects) as caught:
        fetch(server.url("/a.jpg"))
    assert len(str(caught.value)) < 2300
