"""`creevey-graph draw`: to a file by its suffix, in the browser, and with what a run would do or did."""

import json
import webbrowser
from pathlib import Path

import pytest
from cli_fixtures import GRAPH

RUN = ("run", "graph.py", "photos", "--out", "out", "--executor", "serial")
PLANNED = ("--items", "photos", "--out", "out")


@pytest.fixture
def opened(monkeypatch):
    """Gather what the browser is told to open."""
    addresses = []
    monkeypatch.setattr(webbrowser, "open", lambda address: addresses.append(address) or True)
    return addresses


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.svg", "<svg "),
        ("a.HTML", "<!DOCTYPE html>"),
        ("a.mmd", "flowchart TD"),
        ("a.gv", 'digraph "small"'),
    ],
)
def test_the_suffix_tells_how_to_draw(cli, folder, name, begins):
    """And the file is named."""
    result = cli("draw", "graph.py", "-o", name)

    assert (0, f"wrote {name}\n") == (result.exit_code, result.stderr)
    assert (folder / name).read_text(encoding="utf-8").startswith(begins)


def test_a_form_that_is_named_wins_over_the_suffix(cli, folder):
    """Also where there is no suffix."""
    cli("draw", "graph.py", "--format", "svg", "-o", "drawing")

    assert (folder / "drawing").read_text(encoding="utf-8").startswith("<svg ")


def test_what_a_run_would_do_is_drawn(cli, folder):
    """Counts, and after an edit what changed; nothing runs, and no cache is made."""
    assert "3 to run" in cli("draw", "graph.py", *PLANNED).stdout
    assert not (folder / ".creevey").exists()
    cli(*RUN)
    assert "3 cached" in cli("draw", "graph.py", *PLANNED).stdout

    (folder / "graph.py").write_text(GRAPH.replace("255 - level", "254 - level"), encoding="utf-8")

    drawn = cli("draw", "graph.py", *PLANNED, "--format", "svg").stdout
    assert "card-changed" in drawn
    assert "code changed: step &#x27;inverted&#x27;" in drawn
    assert "why:\n      3  code changed: step 'inverted'" in cli("draw", "graph.py", *PLANNED).stdout


def test_what_the_latest_run_did_is_drawn(cli, folder):
    """Of its own shape, without the graph; of a report that is named; and as data."""
    (folder / "photos" / "torn.jpg").write_bytes(b"no picture")
    cli(*RUN)
    (report,) = (folder / ".creevey" / "runs").iterdir()
    (folder / "graph.py").rename(folder / "other.py")

    assert "3 ran, 1 failed" in cli("draw", "--report").stdout
    assert "3 ran, 1 failed" in cli("draw", "--report", str(report)).stdout
    assert "3 ran, 1 failed" in cli("draw", "other.py", "--report").stdout
    data = json.loads(cli("draw", "--report", "--json").stdout)
    assert ("run", {"done": 3, "failed": 1}) == (data["state"]["kind"], data["state"]["counts"])


def test_a_drawing_is_opened_in_the_browser(cli, folder, opened):
    """A page in a temporary folder, or the file that is named; the path is said."""
    result = cli("draw", "graph.py", "--open")
    cli("draw", "graph.py", "--open", "-o", "graph.svg")

    path = Path(result.stderr.removeprefix("wrote ").strip())
    assert [path.as_uri(), (folder / "graph.svg").as_uri()] == opened
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_no_browser_is_no_failure(cli, monkeypatch):
    """The path is said, to be opened by hand; also where looking for one raises."""

    def fail(address):
        raise webbrowser.Error("could not locate runnable browser")

    for attempt in (fail, lambda _: False):
        monkeypatch.setattr(webbrowser, "open", attempt)
        result = cli("draw", "graph.py", "--open")

        assert 0 == result.exit_code
        assert "no browser could be started; open " in result.stderr


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ((), 2, "name a GRAPH (file.py:name), or draw the latest run with --report"),
        (("graph.py", "-o", "graph.pgn"), 2, "no view has the suffix '.pgn'; did you mean '.png'?"),
        (("graph.py", "-o", "photos"), 2, "'photos' is a folder; name a file in it"),
        (("graph.py", "-o", "photos", "--format", "svg"), 2, "'photos' is a folder"),
        (("graph.py", "--out", "out"), 2, "name them with --items"),
        (("graph.py", "--labels"), 2, "name them with --items"),
        (("graph.py", "--items", "photos"), 2, "say where with --out DIR"),
        (("graph.py", "--items", "none", "--out", "out"), 3, "none"),
        (("graph.py", *PLANNED, "--report"), 2, "leave one out"),
        (("graph.py", "--report"), 3, "no report in '.creevey'"),
        (("--report", "graph.py"), 2, "draw graph.py --report"),
        (("graph.py", "--report", "photos/0.jpg"), 3, "is no report"),
        (("graph.py", "--json", "--open"), 2, "--json prints data"),
        (("photos",), 2, "'photos' is a folder, not a graph's file"),
        (("nothing.py",), 2, "no file 'nothing.py'"),
    ],
)
def test_a_mistake_is_said(cli, opened, args, code, message):
    """With an exit code, as by every command, and nothing is opened."""
    result = cli("draw", *args)

    assert (code, []) == (result.exit_code, opened)
    assert message in result.stderr


def test_a_report_of_another_graph_is_not_drawn_over_this_one(cli, folder):
    """Their nodes have nothing to do with each other."""
    cli(*RUN)
    (folder / "other.py").write_text(GRAPH.replace("def small", "def large"), encoding="utf-8")

    result = cli("draw", "other.py", "--report")

    assert 2 == result.exit_code
    assert "the report is of graph 'small', not of 'large'" in result.stderr
