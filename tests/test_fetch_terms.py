"""Options of a download, its errors, and who it says it is."""

import pickle
import shutil
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import metadata

import pytest
from servers import FakeTime, PictureServer, redirect, reset, sends

from creevey_graph import errors
from creevey_graph.errors import BadURL, FetchError, HTTPStatusError, UsageError
from creevey_graph.fetch import agent as agents
from creevey_graph.fetch import fetch

BODY = b"a picture"


@pytest.fixture
def server():
    with PictureServer({"/a.jpg": BODY}) as running:
        yield running


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("deadline_s", -1, "'deadline_s' must be a number of seconds, 0 or more (got -1)"),
        ("deadline_s", float("nan"), "'deadline_s' must be a number of seconds, 0 or more (got nan)"),
        ("connect_timeout_s", 0, "'connect_timeout_s' must be a number of seconds above 0 (got 0)"),
        ("read_timeout_s", "20", "'read_timeout_s' must be a number of seconds above 0 (got '20')"),
        ("min_rate_bytes_s", True, "'min_rate_bytes_s' must be a number, 0 or more (got True)"),
        ("retries", -1, "'retries' must be a whole number, 0 or more (got -1)"),
        ("retries", 1.0, "'retries' must be a whole number, 0 or more (got 1.0)"),
        ("max_bytes", None, "'max_bytes' must be a whole number, 0 or more (got None)"),
        ("max_redirects", -1, "'max_redirects' must be a whole number, 0 or more (got -1)"),
        ("per_host", 0, "'per_host' must be a whole number, 1 or more (got 0)"),
        (
            "headers",
            {"X-Key": "secret\n"},
            "'headers' must be a mapping of header names to texts of one line in Latin-1 (got dict)",
        ),
        (
            "headers",
            "X-Key: secret",
            "'headers' must be a mapping of header names to texts of one line in Latin-1 (got str)",
        ),
        (
            "secret_headers",
            {"": "secret"},
            "'secret_headers' must be a mapping of header names to texts of one line in Latin-1",
        ),
        *(
            (
                "secret_headers",
                given,
                "'secret_headers' must be a mapping of header names to texts of one line in Latin-1",
            )
            for given in ({"A": " secret"}, {"A": "secret\u65e5"}, {"A:": "secret"}, {"A B": "secret"})
        ),
        ("user_agent", " ", "'user_agent' must be a text of one line in Latin-1, or None (got ' ')"),
        (
            "user_agent",
            "me\r\nX: y",
            "'user_agent' must be a text of one line in Latin-1, or None (got 'me\\r\\nX: y')",
        ),
        (
            "proxies",
            {"http": "socks5://x"},
            "'proxies' must be a mapping of schemes to http or https URLs (got dict)",
        ),
        ("verify_ssl", "", "'verify_ssl' must be True, False or the path of a file of certificates (got '')"),
        ("allow_private", 1, "'allow_private' must be True or False (got 1)"),
        ("robots_txt", "no", "'robots_txt' must be True or False (got 'no')"),
        ("accept", "image/*", "'accept' must be a tuple of content types such as 'image/*', or None"),
        ("accept", (), "'accept' must be a tuple of content types such as 'image/*', or None (got ())"),
        (
            "accept",
            ("jpg",),
            "'accept' must be a tuple of content types such as 'image/*', or None (got ('jpg',))",
        ),
        ("sha256", "abc", "'sha256' must be 64 hexadecimal digits, or None (got 'abc')"),
        ("md5", float("nan"), "'md5' must be 32 hexadecimal digits, or None (got nan)"),
    ],
)
def test_an_option_of_a_wrong_value_is_told(option, value, told):
    """Before anything is asked, with the name of the parameter, and no secret in the message."""
    with pytest.raises(UsageError) as caught:
        fetch("http://127.0.0.1:9/", **{option: value})
    assert f"fetch: parameter {told}" in str(caught.value)
    assert "secret" not in str(caught.value).replace("secret_headers", "")


def test_an_unknown_option_is_told():
    """With the nearest one that there is."""
    with pytest.raises(UsageError, match="fetch: no parameter 'retry'; did you mean 'retries'"):
        fetch("http://127.0.0.1:9/", retry=1)


@pytest.mark.parametrize("url", [None, float("nan"), b"http://host/", 5])
def test_a_url_is_a_text(url):
    """A hole in a column is told as such."""
    with pytest.raises(UsageError, match="fetch: url must be a text"):
        fetch(url)


KINDS = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FetchError)),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", KINDS)
def test_each_error_survives_a_pickle(kind):
    """Message, kind and permanence come home from a worker."""
    error = kind("GET x: y", 404) if kind is HTTPStatusError else kind("GET x: y")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.is_permanent) == (kind, "GET x: y", error.is_permanent)
    assert isinstance(copy, OSError)


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        *((status, True) for status in (400, 401, 403, 404, 410, 451)),
        *((status, False) for status in (304, 408, 425, 429, 500, 501, 503)),
    ],
)
def test_a_status_says_whether_it_stays(status, permanent):
    """4xx stay, but for those that say "later"; the server's own troubles pass."""
    assert permanent == HTTPStatusError("GET x: y", status).is_permanent


def test_which_errors_stay():
    """Another run would end the same for these."""
    permanent = {kind.__name__ for kind in KINDS if kind.is_permanent}
    assert permanent == {
        "BadURL",
        "TooLarge",
        "TooManyRedirects",
        "OptedOut",
        "HashMismatch",
    }


@pytest.mark.parametrize(
    "url", ["ftp://host/a.jpg", "http://[::1", "http://a b/", "http://x:99999/", "http://\udcff/"]
)
def test_what_is_no_url_stays_none(url):
    """A line of a list that is no URL is not asked for again."""
    with pytest.raises(BadURL):
        fetch(url)


def test_the_user_agent_may_be_changed(server):
    """Also for robots.txt."""
    fetch(server.url("/a.jpg"), allow_private=True, user_agent="Survey/1 (+https://university.example)")
    sent = [server.headers[path][0]["User-Agent"] for path in ("/a.jpg", "/robots.txt")]
    assert sent == ["Survey/1 (+https://university.example)"] * 2


def test_the_user_agent_names_the_page_of_the_project(monkeypatch):
    """Where the package has one; it is looked up once."""
    facts = metadata("creevey_graph")
    facts["Project-URL"] = "Homepage, https://project.example/"
    monkeypatch.setattr(agents, "metadata", lambda _name: facts)
    agents.default_agent.cache_clear()
    try:
        assert agents.default_agent() == f"creevey_graph/{facts['Version']} (+https://project.example/)"
    finally:
        agents.default_agent.cache_clear()


def test_secret_headers_stay_with_their_host(server):
    """They are sent with redirects on the host, and to no other, whatever they are called."""
    with PictureServer({"/b.jpg": BODY}) as other:
        server.behave("/away", redirect(other.url("/b.jpg")))
        server.behave("/near", redirect("/a.jpg"))
        for path in ("/away", "/near"):
            fetch(
                server.url(path), allow_private=True, secret_headers={"X-Token": "t"}, headers={"X-Key": "k"}
            )
        away, near = other.headers["/b.jpg"][0], server.headers["/a.jpg"][0]
    assert (away.get("X-Token"), away["X-Key"], near["X-Token"]) == (None, "k", "t")


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """A server with a certificate that nobody signed; yields its URL and the certificate's path."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            sends(BODY)(self)

        def log_message(self, *_args):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True, do_handshake_on_connect=False)
        running.handle_error = lambda *_: None
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"https://localhost:{running.server_port}/a.jpg", folder / "cert.pem"
        running.shutdown()
        thread.join()


def test_a_bad_certificate_is_refused_at_once(secure):
    """It will be bad the next time."""
    fake = FakeTime()
    with pytest.raises(FetchError, match="certificate verify failed"):
        fetch(secure[0], allow_private=True, clock=fake.clock)
    assert fake.slept == []


@pytest.mark.parametrize("robots_txt", [True, False])
def test_a_certificate_may_be_trusted_or_not_looked_at(secure, robots_txt):
    """A file of certificates, or none at all, and without a warning at each request."""
    url, path = secure
    options = {"allow_private": True, "robots_txt": robots_txt}
    assert fetch(url, verify_ssl=str(path), **options) == BODY
    assert fetch(url, verify_ssl=False, **options) == BODY


def test_a_connection_without_a_check_is_not_lent_to_who_checks(secure):
    """Certificates are looked at although an unchecked connection is open."""
    assert fetch(secure[0], allow_private=True, verify_ssl=False) == BODY
    with pytest.raises(FetchError, match="certificate verify failed"):
        fetch(secure[0], allow_private=True)


def test_a_stalled_handshake_ends_at_the_deadline(server):
    """A server that speaks no TLS, or nothing, is a failed connection."""
    server.behave("/a.jpg", reset)
    with pytest.raises(FetchError):
        fetch(server.url("/a.jpg").replace("http:", "https:"), allow_private=True, retries=0, deadline_s=5)
