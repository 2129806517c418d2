"""`creevey-graph explore`: the address, what is refused, and how it ends."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from creevey_graph.cli.browser import shown_secretly
from creevey_graph.cli.explore import no_input

PATIENCE_S = 60


def tree(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


class Running:
    """`creevey-graph explore` in a process of its own; use as a context manager."""

    def __init__(self, folder, *args, piped=None):
        command = [sys.executable, "-m", "creevey_graph", "explore", *map(str, args)]
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen(command, cwd=folder, text=True, **streams)
        if piped is not None:
            self.process.stdin.write(piped)
            self.process.stdin.close()
            self.process.stdin = None
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def get(self, path="/", query=""):
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_S)
        connection.request("GET", f"{path}?{parts.query}{query}")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def data(self):
        """Return the data of the page, once there is a run in it."""
        until = time.monotonic() + PATIENCE_S
        while not (
            found := re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', self.get()[1], re.DOTALL)
        ):
            assert time.monotonic() < until
            time.sleep(0.01)
        return json.loads(found[1])

    def end(self, how=signal.SIGINT):
        """End it; return exit code, stdout and stderr."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


def test_a_run_is_shown_and_nothing_is_written(cli, folder):
    """The address has a token; the page has the run's rows and the graph's parameters; Ctrl-C is no error."""
    assert cli("run", "graph.py", "photos", "--out", "out").exit_code == 0
    before = tree(folder)
    with Running(folder, "graph.py") as running:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", running.url)
        data = running.data()
        preview = json.loads(running.get(data["live"]["preview"], "&row=1&set=size%3D4%2C4")[1])
        code, out, err = running.end()

    assert ["0.jpg", "1.jpg", "2.jpg"] == data["rows"]["key"]
    assert {"name": "size", "text": "8,8", "changed": False} in data["parameters"]
    assert ("1.jpg", "") == (preview["key"], preview["error"])
    assert (0, "") == (code, out)
    assert err.endswith("Ctrl-C ends it\nended\n")
    assert before == tree(folder)


def test_items_are_shown_before_any_run(folder):
    """No cache folder is made for it."""
    before = tree(folder)
    with Running(folder, "graph.py", "photos", "--set", "size=4,4") as running:
        data = running.data()
        assert "events" in data["live"]
        assert {"name": "size", "text": "4,4", "changed": False} in data["parameters"]
        assert 0 == running.end()[0]

    assert before == tree(folder)


def test_a_list_may_be_piped_in(folder):
    """It is read before steps are given no terminal to ask at."""
    with Running(folder, "graph.py", "-", piped="photos/0.jpg\nphotos/2.jpg\n") as running:
        assert 2 == running.data()["run"]["total"]


def test_a_run_that_begins_is_picked_up(cli, folder):
    """It says that it waits, and follows the first run there is."""
    with Running(folder) as running:
        assert "Waiting for a run" in running.get()[1]
        assert cli("run", "graph.py", "photos", "--out", "out").exit_code == 0
        assert "small" == running.data()["title"]
        _, _, err = running.end()

    assert err.startswith("There is no run in '.creevey' yet. The page waits for one.\n")
    assert "following run of 'small'" in err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_frees_the_port(cli, folder, how):
    """Also while a page listens and a step of a preview does not end."""
    text = (folder / "graph.py").read_text()
    text = text.replace("    return image.point", "    __import__('time').sleep(600)\n    return image.point")
    with Running(folder, "graph.py", "photos") as running:
        live = running.data()["live"]
        (folder / "graph.py").write_text(text)
        threads = [
            threading.Thread(target=quietly, args=(running, live["events"], "")),
            threading.Thread(target=quietly, args=(running, live["preview"], "&row=0")),
        ]
        for thread in threads:
            thread.start()
        running.get(live["preview"], "&row=99")
        port = urlsplit(running.url).port
        began = time.monotonic()
        code, _, _ = running.end(how)
        took_s = time.monotonic() - began
        for thread in threads:
            thread.join(PATIENCE_S)

    assert 0 == code
    assert took_s < PATIENCE_S / 2  # it is about 0.3 s; a step that is waited for would take 600
    with socket.create_server(("127.0.0.1", port)) as again:
        assert port == again.getsockname()[1]


def quietly(running, path, query):
    with contextlib.suppress(OSError, http.client.HTTPException):  # it ends in the middle
        running.get(path, query)


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["--set", "size=1,1"], 2, "--set is for the parameters of a graph"),
        (["graph.py:none"], 2, "no graph 'none'"),
        (["graph.py", "--set", "sise=1,1"], 2, "did you mean 'size'?"),
        (["graph.py", "none"], 3, "none"),
        (["--report", "none.jsonl"], 3, "no report"),
        (["--report", "graph.py"], 3, "'graph.py' is no report of a run"),
        (["--port", "99999"], 2, "99999"),
        (["broken.py"], 4, "broken.py cannot be imported"),
    ],
)
def test_what_cannot_be_explored_is_told(cli, folder, args, code, told):
    """Before anything is served, with the exit codes of the house."""
    (folder / "broken.py").write_text("1 / 0\n")

    result = cli("explore", *args)

    assert code == result.exit_code
    assert told in result.stderr
    assert "" == result.stdout


def test_a_port_that_is_taken_is_told(cli):
    """With the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = cli("explore", "--port", str(taken.getsockname()[1]))

    assert 2 == result.exit_code
    assert "choose another with --port" in result.stderr


def test_the_token_stands_on_no_command_line(monkeypatch):
    """A browser is started with a file of this account alone, which leads to the address and goes with the server."""
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda uri: bool(opened.append(uri)) or True)
    address = "http://127.0.0.1:8000/?token=secret"
    with shown_secretly(address):
        path = Path(unquote(urlsplit(opened[0]).path))
        assert 0o700 == path.parent.stat().st_mode & 0o777
        assert address in path.read_text(encoding="utf-8")

    assert not path.exists()
    assert "secret" not in opened[0]


def test_a_report_of_another_graph_is_told(cli, folder):
    """It is no report of the graph that was named, and said so."""
    cli("run", "graph.py", "photos", "--out", "out")
    (folder / "other.py").write_text(
        (folder / "graph.py").read_text(encoding="utf-8").replace("def small(", "def large("),
        encoding="utf-8",
    )
    [report] = (folder / ".creevey" / "runs").glob("*.jsonl")

    ran = cli("explore", "other.py", "--report", str(report))

    assert 2 == ran.exit_code
    assert "the report is of graph 'small', not of 'large'; name that graph, or none" in ran.stderr


def test_a_step_that_asks_at_the_terminal_gets_no_answer():
    """It would wait for one that nobody knows is wanted."""
    before = sys.stdin

    with no_input(), pytest.raises(EOFError):
        input()

    assert before is sys.stdin
