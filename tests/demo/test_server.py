"""The loopback server: what it serves, what it does not, and that it counts."""

import http.client
import os
import threading

import pytest

from creevey_graph.demo.server import LoopbackServer
from creevey_graph.errors import UsageError


@pytest.fixture
def served(tmp_path):
    """A folder of two files, a subfolder, and a secret beside it."""
    folder = tmp_path / "served"
    (folder / "sub").mkdir(parents=True)
    (folder / "a b.jpg").write_bytes(b"picture")
    (folder / "empty.txt").write_bytes(b"")
    (folder / ".hidden").write_bytes(b"hidden")
    (folder / "sub" / "c.txt").write_bytes(b"below")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    with LoopbackServer(folder) as server:
        yield server


def ask(server, path, method="GET"):
    """Return the status, the content type and the body for *path*, sent as it is."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()
    finally:
        connection.close()


def test_a_file_of_the_folder_is_served(served):
    """A name is found quoted, with a query, and with its content type; an empty file is a file."""
    assert ask(served, "/a%20b.jpg") == (200, "image/jpeg", b"picture")
    assert ask(served, "/a%20b.jpg?size=big") == (200, "image/jpeg", b"picture")
    assert ask(served, "/empty.txt") == (200, "text/plain", b"")
    assert f"{served.url}/a%20b.jpg" == served.url_of("a b.jpg")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/missing.jpg",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/sub",
        "/sub/c.txt",
        "/sub%2fc.txt",
        "/.",
        "/..",
        "/.hidden",
        "/a%00b",
        "/%ff",
    ],
)
def test_anything_else_is_not_found(served, path):
    """Names that are missing, hidden, below or outside the folder are 404, and tell nothing."""
    status, _, body = ask(served, path)

    assert status == 404
    assert b"secret" not in body
    assert b"below" not in body


def test_an_absolute_path_is_not_followed(served, tmp_path):
    """A second slash does not make the name an absolute path."""
    assert ask(served, f"/{tmp_path}/secret.txt")[0] == 404
    assert ask(served, f"/%2f{str(tmp_path)[1:]}%2fsecret.txt")[0] == 404


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="needs symbolic links")
def test_a_symbolic_link_is_not_followed(served, tmp_path):
    """A link in the folder does not lead out of it."""
    (served.folder / "link.txt").symlink_to(tmp_path / "secret.txt")

    assert ask(served, "/link.txt")[0] == 404


def test_every_get_is_counted_once(served):
    """GETs of many threads are all counted, failed ones too; other methods are not."""
    threads = [threading.Thread(target=ask, args=(served, f"/{name}")) for name in ["a%20b.jpg", "no"] * 20]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(served, "/a%20b.jpg", method="POST")[0] == 501

    assert served.gets == 40


def test_a_connection_is_kept_alive(served):
    """Several requests go over one connection."""
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/a%20b.jpg")
    answer = connection.getresponse()
    answer.read()
    first = connection.sock
    connection.request("GET", "/empty.txt")
    connection.getresponse().read()

    assert answer.version == 11
    assert first is connection.sock
    connection.close()


def test_it_is_quiet(served, capfd):
    """Neither answers nor errors are printed."""
    ask(served, "/a%20b.jpg")
    ask(served, "/missing")

    assert capfd.readouterr() == ("", "")


def test_it_listens_on_loopback_only(served):
    """The address is 127.0.0.1, so that no other machine reaches it."""
    assert served.url.startswith("http://127.0.0.1:")


def test_closing_ends_kept_connections_and_frees_the_port(tmp_path):
    """After the block nothing answers, not even on a connection kept alive, and no thread is left."""
    (tmp_path / "a.txt").write_bytes(b"text")
    before = set(threading.enumerate())
    with LoopbackServer(tmp_path) as server:
        host = server.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("GET", "/a.txt")
        assert connection.getresponse().read() == b"text"
        assert connection.sock is not None, "the server keeps it alive"
    assert connection.sock.recv(1) == b"", "the server has hung up"
    connection.close()
    with pytest.raises(ConnectionError):
        http.client.HTTPConnection(host, timeout=10).connect()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
    assert set(threading.enumerate()) <= before


def test_it_says_when_it_does_not_run(tmp_path):
    """Outside its block it has no URL, and inside it cannot be entered again; it may run once more."""
    server = LoopbackServer(tmp_path)
    with pytest.raises(UsageError, match="while it runs"):
        _ = server.url
    with server, pytest.raises(UsageError, match="runs already"):
        server.__enter__()
    with server:
        assert ask(server, "/none")[0] == 404
    assert server.gets == 1
