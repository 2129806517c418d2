"""`run --html` and `report --html`: a page of the run, with its steps where the graph is named."""

import json
import re

import pytest


def data_in(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(
        re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[1]
    )


def labels(data, number=0):
    return [picture["label"] for picture in data["details"][str(number)]["pictures"]]


STEPS = ["photo", "load_image", "inverted", "resize", "write_image", "mean_brightness"]


def test_run_writes_a_page(cli, folder):
    """With pictures after every step, and commands that name the graph as it was typed."""
    ran = cli("run", "graph.py", "photos", "--out", "out", "--html", "run.html", "--set", "size=4,4")

    assert (0, True) == (ran.exit_code, "page: run.html" in ran.stderr)
    data = data_in(folder / "run.html")
    assert STEPS == labels(data)
    told = data["details"]["0"]["reproduce"]
    assert told.startswith("creevey-graph explain --set size=4,4 --out ")
    assert " graph.py photos/0.jpg" in told


def test_a_run_with_failures_has_a_page_and_its_exit_code(cli, folder):
    """The failed item is in it, and how to try it again."""
    (folder / "photos" / "3.jpg").write_bytes(b"no picture")

    ran = cli("run", "graph.py", "photos", "--out", "out", "--html", "run.html")

    assert 1 == ran.exit_code
    data = data_in(folder / "run.html")
    assert [3] == data["sheets"]["failed"]
    assert "creevey-graph run --failed --out" in data["details"]["3"]["reproduce"]
    assert "load_image" in data["details"]["3"]["traceback"]


def test_report_writes_a_page_of_the_latest_run(cli, folder):
    """Without the graph it shows files; with it, and its parameters, every step."""
    cli("run", "graph.py", "photos", "--out", "out", "--set", "label=plain")

    assert 0 == cli("report", "--html", "run.html").exit_code
    assert ["source", "0.png"] == labels(data_in(folder / "run.html"))
    again = ("report", "--html", "run.html", "--graph", "graph.py", "--set", "label=plain")
    assert 0 == cli(*again).exit_code
    assert [name for name in STEPS if name != "inverted"] == labels(data_in(folder / "run.html"))
    assert 0 == cli(*again, "--among", "photos").exit_code
    assert [name for name in STEPS if name != "inverted"] == labels(data_in(folder / "run.html"))


def test_other_parameters_than_the_runs_are_told(cli, folder):
    """The page is written, since its steps are still those; what differs is named with the remedy."""
    cli("run", "graph.py", "photos", "--out", "out", "--set", "size=4,4")

    other = cli("report", "--html", "run.html", "--graph", "graph.py")
    same = cli("report", "--html", "run.html", "--graph", "graph.py", "--set", "size=4,4")

    assert "note: pictures are made with size=(8, 8), but the run had (4, 4); say --set" in other.stderr
    assert "note" not in same.stderr
    assert [0, 0] == [other.exit_code, same.exit_code]


def test_a_page_is_not_made_with_another_graph(cli, folder):
    """Pictures of its steps would stand for those of the run."""
    cli("run", "graph.py", "photos", "--out", "out")
    (folder / "other.py").write_text(
        (folder / "graph.py").read_text(encoding="utf-8").replace("def small(", "def large("),
        encoding="utf-8",
    )

    ran = cli("report", "--html", "run.html", "--graph", "other.py")

    assert 2 == ran.exit_code
    assert "the report is of graph 'small', not of 'large'; name that graph, or none" in ran.stderr
    assert not (folder / "run.html").exists()


def test_data_on_stdout_stays_data(cli, folder):
    """`--json` with a page beside it is still one object."""
    ran = cli("run", "graph.py", "photos", "--out", "out", "--json", "--html", "run.html")

    assert 3 == json.loads(ran.stdout)["total"]
    assert json.loads(cli("report", "--json", "--html", "run.html").stdout)


def test_open_shows_the_page(cli, folder, monkeypatch):
    """As a file; where there is no browser it says so."""
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: bool(opened.append(url)))

    ran = cli("run", "graph.py", "photos", "--out", "out", "--html", "run.html", "--open")

    assert [(folder / "run.html").as_uri()] == opened
    assert "no browser could be started" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "graph.py", "photos", "--out", "out", "--html", "gone/run.html"], "no folder 'gone'"),
        (["run", "graph.py", "photos", "--out", "out", "--html", "photos"], "is a directory"),
        (["run", "graph.py", "photos", "--out", "out", "--html", "graph.py"], "ends in .html or .htm"),
        (["report", "--html", "graph.py"], "ends in .html or .htm"),
        (["report", "--html", "--graph", "graph.py"], "ends in .html or .htm"),
        (["run", "graph.py", "photos", "--out", "out", "--open"], "--open shows the page of --html"),
        (["report", "--html", "gone/run.html"], "no folder 'gone'"),
        (["report", "--graph", "graph.py"], "say --html FILE too"),
        (["report", "--html", "run.html", "--among", "photos"], "say --graph GRAPH too"),
        (["report", "--html", "run.html", "--set", "size=3,3"], "say --graph GRAPH too"),
        (["report", "--html", "run.html", "--graph", "gone.py"], "gone.py"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(cli, folder, arguments, words):
    """A usage error, and no run, no page."""
    ran = cli(*arguments)

    assert 2 == ran.exit_code
    assert words in ran.stderr
    assert not (folder / "out").exists()
    assert not (folder / "run.html").exists()
