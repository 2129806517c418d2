"""Who is answered: whoever knows the token, on loopback, and nobody else's page."""

import contextlib
import json
import socket

import pytest
from exploring import PATIENCE_S, ask, said, serving

from creevey_graph.errors import UsageError
from creevey_graph.explore.access import HEADERS
from creevey_graph.explore.handling import MOST_CONNECTIONS
from creevey_graph.explore.items import Items
from creevey_graph.explore.previews import Previews
from creevey_graph.explore.server import Explorer
from creevey_graph.explore.watch import Watch


@pytest.fixture
def explorer(tmp_path):
    with serving(tmp_path) as served:
        yield served


def test_the_page_is_there_for_who_knows_the_token(explorer):
    """The URL that is printed gives the page."""
    status, headers, body = ask(
        explorer, explorer.url.removeprefix(f"http://127.0.0.1:{explorer.address[1]}"), token=False
    )

    assert 200 == status
    assert "text/html; charset=utf-8" == headers["Content-Type"]
    assert {"token": explorer.token, "events": "/events/0", "preview": "/preview/0"} == json.loads(body)[
        "live"
    ]


def test_it_listens_on_loopback_only(explorer):
    """The socket is bound to 127.0.0.1: no other machine can ask."""
    assert "127.0.0.1" == explorer.address[0]
    assert explorer.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("target", ["/", "/events/1", "/preview/1?row=0", "/nothing"])
@pytest.mark.parametrize(
    "token",
    ["", "?token=", "?token=wrong", "?token={0}x", "?token={1}", "?token={0}&token={0}", "?Token={0}"],
)
def test_nothing_is_told_without_the_token(explorer, target, token):
    """A missing, wrong, shortened or doubled token is refused in plain text, whatever is asked for."""
    given = token.format(explorer.token, explorer.token[:-1])
    joined = target + (given.replace("?", "&") if "?" in target else given)

    status, headers, body = ask(explorer, joined, token=False)

    assert 403 == status
    assert "text/plain; charset=utf-8" == headers["Content-Type"]
    assert b"the token is missing or wrong; use the URL that creevey-graph explore printed\n" == body


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "evil.example:{0}",
        "localhost.evil.example:{0}",
        "127.0.0.1:{0}@evil.example",
        "[::1]:{0}",
        "",
    ],
)
def test_another_host_is_refused(explorer, host):
    """A name that was made to point here (DNS rebinding) tells itself by Host."""
    assert 403 == ask(explorer, "/", Host=host.format(explorer.address[1]))[0]


def test_who_came_through_a_tunnel_of_another_port_is_told_the_remedy(explorer):
    """`ssh -L 9999:127.0.0.1:PORT` makes browsers ask localhost:9999, which cannot be told from a foreign name."""
    port = explorer.address[1]

    _, _, body = ask(explorer, "/", Host="localhost:9999")

    assert (
        f"this server answers to 127.0.0.1:{port} only; through a tunnel, keep the port: "
        f"ssh -L {port}:127.0.0.1:{port} HOST" == body.decode().strip()
    )


@pytest.mark.parametrize("host", ["127.0.0.1:{0}", "localhost:{0}", "LOCALHOST:{0}"])
def test_its_own_names_are_answered(explorer, host):
    """127.0.0.1 and localhost are one server."""
    assert 200 == ask(explorer, "/", Host=host.format(explorer.address[1]))[0]


@pytest.mark.parametrize("hosts", ["", "Host: 127.0.0.1:{0}\r\nHost: evil.example\r\n"])
def test_one_host_is_needed(explorer, hosts):
    """No Host, or two of them, is refused."""
    request = f"GET /?token={explorer.token} HTTP/1.1\r\n{hosts.format(explorer.address[1])}\r\n"

    assert said(explorer, request.encode()).startswith(b"HTTP/1.0 403")


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://127.0.0.1:{0}",
        "http://127.0.0.1:1",
        "http://127.0.0.1:{0}.evil.example",
    ],
)
def test_a_page_of_another_origin_is_refused(explorer, origin):
    """Even with the token, a page from elsewhere gets nothing."""
    assert 403 == ask(explorer, "/", Origin=origin.format(explorer.address[1]))[0]


def test_its_own_page_is_answered(explorer):
    """What the page itself asks for is given."""
    origin = f"http://127.0.0.1:{explorer.address[1]}"

    assert 200 == ask(explorer, "/", Origin=origin, Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors")[0]


@pytest.mark.parametrize(
    ("site", "mode", "dest", "status"),
    [
        ("none", "navigate", "document", 200),
        ("same-origin", "cors", "empty", 200),
        ("cross-site", "navigate", "document", 200),  # a link in a chat or a web terminal that is clicked
        ("cross-site", "navigate", "iframe", 403),
        ("cross-site", "no-cors", "image", 403),
        ("same-site", "cors", "empty", 403),  # another server of this machine
        ("made up", "", "", 403),
    ],
)
def test_what_a_browser_says_of_the_asking_page_counts(explorer, site, mode, dest, status):
    """Sec-Fetch-Site of another site is refused, unless somebody followed a link to the page itself."""
    assert status == ask(explorer, "/", Sec_Fetch_Site=site, Sec_Fetch_Mode=mode, Sec_Fetch_Dest=dest)[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"])
def test_only_reading_is_answered(explorer, method):
    """Every other method is refused alike, with the headers of every answer."""
    status, headers, body = ask(explorer, "/", method=method)

    assert (405, "GET, HEAD") == (status, headers["Allow"])
    assert b"only GET and HEAD are answered here\n" == body
    assert set(HEADERS) <= set(headers.keys())


def test_head_has_no_body(explorer):
    """HEAD tells what GET would, without it; a stream of messages does not begin."""
    status, headers, body = ask(explorer, "/", method="HEAD")

    assert (200, b"") == (status, body)
    assert int(headers["Content-Length"]) > 0
    raw = said(
        explorer,
        f"HEAD /?token={explorer.token} HTTP/1.1\r\nHost: localhost:{explorer.address[1]}\r\n\r\n".encode(),
    )
    assert raw.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "target",
    [
        "/etc/passwd",
        "/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/",
        "/events/../preview/1",
        "/events/",
        "/events/1/2",
        "/preview/1/../../x",
        "/index.html",
        "/.git/config",
        "/events/0x1",
        "/events/-1",
        "/events/99999999999",
        "/EVENTS/1",
        "/%00",
        "/preview/1;x",
        "/events/1%0d%0aX:1",
        "/%D9%A1",
    ],
)
def test_a_path_names_no_file(explorer, target):
    """There is a table of what can be asked for; everything else is not there."""
    status, _, body = ask(explorer, target)

    assert 404 == status
    assert body in (b"there is nothing here\n", b"this run is not shown any more; load the page again\n")


@pytest.mark.parametrize(
    "target", ["http://evil.example/", "//evil.example/", "*", "evil", "/" + "a" * 20_000]
)
def test_what_is_no_path_is_refused(explorer, target):
    """Absolute URLs, as proxies are asked, and endless ones are not for this server."""
    port = explorer.address[1]
    sent = f"GET {target}?token={explorer.token} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"

    answer = said(explorer, sent.encode())

    assert answer.split(b" ")[1] in (b"400", b"403", b"404")
    assert b"evil" not in answer


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\xff\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"A" * 70_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"",
    ],
)
def test_what_is_no_request_ends_quietly(explorer, data, capsys):
    """Garbage is refused in words that repeat nothing of it, and the next request is answered."""
    answer = said(explorer, data)

    assert not answer or b"not a request" in answer or b"only GET" in answer
    assert b"AAAA" not in answer
    assert 200 == ask(explorer, "/")[0]
    assert ("", "") == capsys.readouterr()


@pytest.mark.parametrize("target", ["/", "/nothing", "/events/9", "/preview/9?row=1%0d%0aSet-Cookie:%20a=b"])
def test_every_answer_has_the_headers(explorer, target):
    """No store, no sniffing, no referrer, no framing, no reading by other origins; and nothing of the request."""
    _, headers, body = ask(explorer, target)

    assert HEADERS.items() <= dict(headers).items()
    assert "no-store" == headers["Cache-Control"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers
    assert b"Set-Cookie" not in body
    assert "Python" not in headers["Server"]


def test_two_servers_at_once(tmp_path):
    """Each has its own port and token; one's token is wrong for the other."""
    with serving(tmp_path) as one, serving(tmp_path) as other:
        assert one.url != other.url
        assert 200 == ask(one, "/")[0]
        assert 403 == ask(other, f"/?token={one.token}", token=False)[0]


def test_the_end_frees_the_port(tmp_path):
    """Once it is closed, the same port can be had again."""
    with serving(tmp_path) as served:
        port = served.address[1]

    again = Explorer(Watch(None, folder=tmp_path), Previews(None, Items(None)), None, port=port)
    try:
        assert port == again.address[1]
    finally:
        again.close()


def test_a_port_that_is_taken_is_told(tmp_path):
    """The error says which port, why, and what to do."""
    with (
        serving(tmp_path) as served,
        pytest.raises(UsageError, match=r"port \d+ of 127.0.0.1 cannot be had .* --port"),
    ):
        Explorer(Watch(None, folder=tmp_path), Previews(None, Items(None)), None, port=served.address[1])


def test_who_never_ends_its_request_is_hung_up_on(explorer):
    """However busily it sends: others of this machine may connect, and shall not hold a place for long."""
    explorer._http.request_s = 0.0
    with socket.create_connection(explorer.address, timeout=PATIENCE_S) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: 1")

        assert b"" == connection.recv(1)


def test_strangers_do_not_keep_others_out(explorer):
    """With every place taken by connections that say nothing, who knows the token is answered."""
    with contextlib.ExitStack() as strangers:
        for _ in range(2 * MOST_CONNECTIONS):
            strangers.enter_context(socket.create_connection(explorer.address, timeout=PATIENCE_S))

        assert 200 == ask(explorer, "/")[0]
