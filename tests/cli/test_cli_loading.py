"""GRAPH: which graph a text names, and what is said where it names none."""

import sys

import pytest

from creevey_graph import Graph, UsageError
from creevey_graph.cli.ending import Failure
from creevey_graph.cli.loading import load_graph

TWO = """
from pathlib import Path
from creevey_graph import graph, step

@step
def measure(photo: Path) -> int:
    return len(photo.name)

@graph
def lengths(photo: Path):
    return {"length": measure(photo)}

@graph
def others(photo: Path):
    return {"length": measure(photo)}

limit = 3

def plain(photo):
    return photo
"""


@pytest.fixture
def two(folder):
    """A file with two graphs, a step, a number and a function."""
    (folder / "two.py").write_text(TWO, encoding="utf-8")
    return "two.py"


@pytest.mark.parametrize("text", ["graph.py", "graph.py:small", "./graph.py:small", "graph:small", "graph"])
def test_a_graph_is_found_by_file_and_by_module(folder, text):
    """The name may be left out where there is one graph only; the current folder's modules are found."""
    found = load_graph(text)

    assert isinstance(found, Graph)
    assert found.name == "small"


def test_a_module_of_a_package_is_found(folder):
    """package.module:name, with relative imports in it."""
    (folder / "project").mkdir()
    (folder / "project" / "__init__.py").touch()
    (folder / "project" / "two.py").write_text(TWO, encoding="utf-8")
    (folder / "project" / "graphs.py").write_text("from .two import lengths\n", encoding="utf-8")

    assert load_graph("project.graphs:lengths").name == "lengths"
    assert load_graph("project.graphs").name == "lengths"


def test_a_file_finds_the_modules_beside_it(folder, monkeypatch):
    """The file's folder comes first, wherever the command is called."""
    (folder / "deep").mkdir()
    (folder / "deep" / "beside_it.py").write_text(TWO, encoding="utf-8")
    (folder / "deep" / "uses.py").write_text("from beside_it import lengths\n", encoding="utf-8")

    assert load_graph("deep/uses.py").name == "lengths"


@pytest.mark.parametrize("stem", ["queue", "requests", "a.b", "my-graph", "creevey_graph"])
def test_a_file_may_be_called_like_a_library(folder, two, stem):
    """It neither hides the library nor is taken for it."""
    before = sys.modules.get(stem)
    (folder / f"{stem}.py").write_text(TWO, encoding="utf-8")
    found = load_graph(f"{stem}.py:lengths")

    assert sys.modules.get(stem) is before
    assert sys.modules[found.function.__module__].lengths is found


def test_an_edit_within_the_same_second_is_seen(folder):
    """The file's text counts, not byte code of the same length and second."""
    path = folder / "edited.py"
    for name in ("first_", "second"):
        path.write_text(TWO.replace("lengths", name), encoding="utf-8")
        assert load_graph(f"edited.py:{name}").name == name
    assert not (folder / "__pycache__").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("grpah.py", "no file 'grpah.py'; did you mean 'graph.py'?"),
        ("photos/", "'photos' is a folder, not a graph's file"),
        ("graph.py:smal", "no graph 'smal' in 'graph.py'; did you mean 'small'? (has: small)"),
        ("two.py", "'two.py' has 2 graphs; name one: two.py:lengths, two.py:others"),
        ("two.py:measure", "'two.py:measure' is a step, not a graph; call it in a function with @graph"),
        ("two.py:limit", "'two.py:limit' is no graph but of type int (has: lengths, others)"),
        ("two.py:plain", "'two.py:plain' is no graph but of type function; put @graph above it"),
        ("empty.py", "'empty.py' has no graph; put @graph above a function that calls steps"),
        ("nowhere.graphs:a", "no module 'nowhere.graphs' here or installed (no 'nowhere'); for a file"),
        ("", "a graph is named file.py:name or package.module:name (got '')"),
    ],
)
def test_a_wrong_name_is_told_with_the_remedy(folder, two, text, told):
    """What was asked for, what there is, and what to write."""
    (folder / "empty.py").touch()
    with pytest.raises(UsageError) as caught:
        load_graph(text)

    assert told in str(caught.value)


def test_an_error_in_the_file_shows_where(folder):
    """The user's own frames are shown, not the importer's."""
    (folder / "broken.py").write_text("def f():\n    return 1 / 0\n\nf()\n", encoding="utf-8")
    with pytest.raises(Failure) as caught:
        load_graph("broken.py")

    assert caught.value.message == "broken.py cannot be imported: ZeroDivisionError: division by zero"
    assert 'broken.py", line 4, in <module>' in caught.value.details
    assert 'broken.py", line 2, in f' in caught.value.details
    assert "creevey_graph" not in caught.value.details
    assert "broken" not in sys.modules


def test_a_syntax_error_shows_the_line(folder):
    """The line that is no Python is shown."""
    (folder / "broken.py").write_text("from pathlib import Path\ndef (:\n", encoding="utf-8")
    with pytest.raises(Failure) as caught:
        load_graph("broken.py")

    assert "SyntaxError" in caught.value.message
    assert 'broken.py", line 2' in caught.value.details
    assert "def (:" in caught.value.details


def test_a_missing_library_is_no_missing_module_of_ours(folder):
    """An import in the user's file that fails is the file's trouble."""
    (folder / "broken.py").write_text("import nowhere_at_all\n", encoding="utf-8")
    for text in ("broken.py", "broken"):
        with pytest.raises(Failure) as caught:
            load_graph(text)
        assert "No module named 'nowhere_at_all'" in caught.value.message


def test_a_script_that_exits_is_no_end_of_ours(folder):
    """sys.exit at the top of a file is an error of the file."""
    (folder / "broken.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    with pytest.raises(Failure) as caught:
        load_graph("broken.py")

    assert "SystemExit" in caught.value.message


def test_an_invalid_graph_is_told_by_its_own_words(cli, folder):
    """A GraphError at import keeps its message, names the line, and exits 4."""
    source = TWO + "\n@graph\ndef wrong(photo: Path):\n    return measure(photo, size=3)\n"
    (folder / "two.py").write_text(source, encoding="utf-8")
    result = cli("draw", "two.py:lengths")

    assert result.exit_code == 4
    assert result.stderr.startswith("error: ")
    assert "size" in result.stderr.splitlines()[0]
    assert f"line {len(source.splitlines())}, in wrong" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_cycle_is_a_graph_error(cli, folder):
    """A graph built by hand that goes round in a circle exits 4 and prints the circle."""
    (folder / "round.py").write_text(
        TWO + "\nfrom creevey_graph import Graph\n"
        "g = Graph('round')\ng.input('photo')\n"
        "@step\ndef a(x: int) -> int: return x\n"
        "@step\ndef b(x: int) -> int: return x\n"
        "g.add(a); g.add(b); g.connect('a', 'b.x'); g.connect('b', 'a.x')\n",
        encoding="utf-8",
    )
    result = cli("status", "round.py:g", "photos")

    assert result.exit_code == 4
    assert "a -> b -> a" in result.stderr


def test_an_error_within_a_library_points_to_the_users_own_line(cli, folder):
    """Not into Pillow: the helper without `@step` is named, and its line is shown."""
    text = (folder / "graph.py").read_text().replace("@step\ndef inverted", "def inverted")
    text = text.replace(
        "return image.point(lambda level: 255 - level)", "return Image.blend(image, image, 0.5)"
    )
    (folder / "graph.py").write_text(text)
    result = cli("status", "graph.py", "photos", "--out", "out")

    assert 4 == result.exit_code
    assert "do it inside a step (or is '@step' missing above 'inverted'?)" in result.stderr
    assert 'graph.py", line 8, in inverted\n    return Image.blend(' in result.stderr
    assert "PIL" not in result.stderr
