"""
R17: hostile names, of files, keys, columns, steps, parameters and labels, are text everywhere.

A seed draws a hundred names of pieces that move cursors, turn text round, begin markup, end strings or are
no text; they name files, rows, columns and nodes of whole runs. Nothing crashes, no item writes outside
`out` or over another, and what is shown has the structure that plain names give: as many elements, nodes, lines.
"""

import csv
import io
import json
import os
import random
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from trial import Trial

from creevey_graph import CreeveyError, Graph, GraphError, UsageError, graph, step
from creevey_graph.text import safe_text

PIECES = (
    *(
        "\x1b[31m",
        "\x1b]0;x\x07",
        "\x9b2J",
        "\r",
        "\n",
        "\t",
        "\x00",
        "\x7f",
        "\x08",
        "\x0b",
        "\x85",
        "\u2028",
        "\u202e",
    ),
    *("\u2066", "\u200b", "\u200f", "\ufeff", "\xad", "\U000e0041", "\ud800", "\udcff", "\uffff", "\ufffe"),
    *(
        "<img src=x onerror=alert(1)>",
        "</script><script>",
        "<!--",
        "]]>",
        "<<b>x</b>>",
        "&lt;",
        "&#x27;",
        "'",
        '"',
        "`",
    ),
    *(
        '"]; evil [URL="javascript:x"]',
        "\\N",
        "\\",
        "%%{init:{}}%%",
        "#quot;",
        "[/x]",
        "{stem}",
        "{0.__class__}",
        "{",
        "}",
    ),
    *(
        "%s",
        "%(x)s",
        "$HOME",
        "$(id)",
        "..",
        "../..",
        "/",
        "//",
        "\\\\host",
        "C:",
        "~",
        "-rf",
        "--out",
        "=1+1",
        "@x",
        "+x",
    ),
    *(
        "CON",
        "nul.png",
        "com1",
        ".",
        " ",
        "  ",
        "a" * 250,
        "é",
        "e\u0301",
        "İ",
        "ß",
        "七",
        "👩\u200d👩",
        "A",
        "a",
        "b",
        "1",
        "",
    ),
    *(
        "index.html",
        ".creevey",
        ".creevey-tmp-1",
        "__init__",
        "self",
        "class",
        "None",
        "True",
        "; DROP TABLE x",
        "\u0000",
    ),
)
MOST_BYTES = 255
MOST_OUTPUT_BYTES = 211
"""A name may have 215 in an output path (room for the temporary name), ".txt" included; longer ones are refused."""
EACH = 100
SHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


@step
def name_of(path: Path) -> int:
    return len(path.name)


@step
def told(text: str) -> str:
    if "1" in text:
        raise ValueError(text)
    return text


@step(writes="path")
def save(number: int, path: Path) -> Path:
    path.write_text(str(number))
    return path


@step(writes="path")
def save_text(text: str, path: Path) -> Path:
    path.write_bytes(os.fsencode(text) if "\ud800" not in text else b"?")
    return path


@graph
def of_files(photo: Path):
    number = name_of(photo)
    return {"number": number, "file": save(number, "{parent}/{name}.txt")}


@graph
def of_rows(text: str):
    return {"told": told(text), "file": save_text(told(text), "{key}.out")}


def draw_name(dice):
    """Return a name of one to five pieces."""
    return "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 5)))


def plain_names(count):
    return [f"name{number:03}" for number in range(count)]


def file_names(names):
    """Return those of *names* that a file can have here, each once, as bytes."""
    fit = {}
    for name in names:
        data = name.replace("/", "").replace("\x00", "").encode("utf-8", "surrogatepass")[: MOST_BYTES - 4]
        if data not in (b"", b".", b".."):
            fit[data] = None
    return list(fit)


# --- files ---------------------------------------------------------------------------------


def try_files(seed, folder):
    """Files of hostile names: each gives one row and one output of its own, inside `out`, and is told inertly."""
    dice = random.Random(seed)
    names = file_names(draw_name(dice) for _ in range(EACH))
    photos = folder / "photos"
    photos.mkdir()
    made = []
    for data in names:
        try:
            Path(os.fsdecode(os.fsencode(photos) + b"/" + data)).write_bytes(b"x")
        except OSError:  # a file system that takes UTF-8 only
            continue
        made.append(data)
    (folder / "victim").write_text("untouched")
    paths = sorted(photos.iterdir())
    assert len(made) == len(paths)
    if too_long := [path for path in paths if len(os.fsencode(path.name)) > MOST_OUTPUT_BYTES]:
        with pytest.raises(UsageError, match="has a name over 215 bytes"):
            of_files.run(paths, out=folder / "out", cache=folder / "cache", executor="serial", progress=False)
        assert not (folder / "out").exists()
        paths = [path for path in paths if path not in too_long]

    report = of_files.run(
        paths, out=folder / "out", cache=folder / "cache", executor="serial", progress=False
    )

    written = {
        os.fsencode(path.name)
        for path in (folder / "out").rglob("*")
        if path.is_file() and path.suffix == ".txt"
    }
    good = [row for row in report.rows if row.outcome == "done"]
    assert report.ok, [row.error for row in report.failed]
    assert {os.fsencode(path.name) + b".txt" for path in paths} == written
    assert len(paths) == len(report.rows) == len(good)
    assert sorted(["cache", "out", "photos", "victim"]) == sorted(path.name for path in folder.iterdir())
    again = of_files.run(paths, out=folder / "out", cache=folder / "cache", executor="serial", progress=False)
    assert {} == dict(again.executed)
    check_report(report, folder)
    return len(made)


# --- keys and columns ----------------------------------------------------------------------


def try_rows(seed, folder):
    """Rows whose keys, values and columns are hostile: refused by name before the run, or told apart and inside `out`."""
    dice = random.Random(seed + 10**6)
    names = list(dict.fromkeys(draw_name(dice) for _ in range(EACH)))
    tried = 0
    for name in names:
        rows = [
            {"text": name, "key": name},
            {"text": "b", "key": "b"},
            {draw_name(dice): name, "text": "c", "key": "c"},
        ]
        try:
            report = of_rows.run(rows, out=folder / "out", cache=False, executor="serial", progress=False)
        except CreeveyError as exc:
            assert not SHOWN.search(command_error(exc)), exc  # noqa: PT017 - either way is right
        else:
            assert len(rows) == len(report.rows)
        tried += 1
        outside = [path.name for path in folder.iterdir() if path.name not in ("out", ".creevey")]
        assert [] == outside, (name, outside)
        shutil.rmtree(folder / "out", ignore_errors=True)
    texts = [{"text": name, "key": f"k{number}"} for number, name in enumerate(names)]
    report = of_rows.run(texts, out=folder / "out", cache=folder / "cache", executor="serial", progress=False)
    assert len(names) == len(report.rows)
    assert all(row.outcome == "failed" for row in report.rows if "1" in names[int(row.key[1:])])
    check_report(report, folder)
    return tried


def command_error(exc):
    """Return an error as the command line shows it."""
    return safe_text(str(exc)).replace("\n", "")


# --- steps and graphs ----------------------------------------------------------------------


def try_nodes(seed, folder):
    """Functions, graphs, columns and constants of hostile names are drawn in every view with the structure of plain ones."""
    dice = random.Random(seed + 2 * 10**6)
    plain = chain_of(plain_names(8))
    for _ in range(5):
        names = [draw_name(dice) for _ in range(8)]
        check_views(chain_of(names), plain)
        for name in names:
            if not re.fullmatch(r"[\w-]+", name):
                with pytest.raises(GraphError):
                    plain.add(step(len), name)
    return 40


def chain_of(names):
    """Return a graph of functions one after the other; the first name is the graph's, the last a column's."""
    chain = Graph(names[0])
    node = chain.input("x")
    for name in names[1:-1]:
        node = chain.add(step(function_named(name)), x=node, y=name)
    chain.output({names[-1]: node})
    return chain


def function_named(name):
    def function(x, *, y=""):
        return x

    function.__name__ = function.__qualname__ = name
    return function


def check_views(made, plain):
    """Check that names add nothing to what is drawn: no node, no element, no attribute, no line, no character that acts."""
    for view in ("text", "mermaid", "dot", "svg", "html", "json"):
        shown, expected = made.draw(view), plain.draw(view)
        assert not SHOWN.search(shown), (view, SHOWN.search(shown))
        if view in ("mermaid", "dot"):
            assert expected.count("\n") == shown.count("\n"), view
            assert structure_of_dot(expected) == structure_of_dot(shown), view
        elif view == "svg":
            assert tags_of(ET.fromstring(expected)) == tags_of(ET.fromstring(shown)), view
        elif view == "html":
            assert only_known(shown, expected), view
        elif view == "json":
            assert len(json.loads(expected)["nodes"]) == len(json.loads(shown)["nodes"])


def structure_of_dot(text):
    """Return what is left of DOT or Mermaid when its quoted strings are emptied; raise where one does not end."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    assert bare.count('"') % 2 == 0
    return bare


def tags_of(root):
    return {element.tag for element in root.iter()} | {
        name for element in root.iter() for name in element.attrib
    }


class _Elements(HTMLParser):
    """Collects (element, its attributes' names)."""

    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found |= {(tag, name) for name, _ in attrs} | {(tag, "")}


def only_known(shown, expected):
    """True where a page has no element and no attribute that one of plain names has not."""
    more = _Elements(shown).found - _Elements(expected).found
    harmful = {
        pair for pair in more if pair[1].startswith("on") or pair[0] in ("script", "img", "iframe", "b", "a")
    }
    assert not harmful, harmful
    return True


# --- reports -------------------------------------------------------------------------------


def check_report(report, folder):
    """Check that a report's CSV and JSON lines give keys back, and that page, notebook and terminal show inert text."""
    keys = [row.key for row in report.rows]
    table = io.BytesIO()
    report.to_csv(table)
    read = list(csv.DictReader(io.StringIO(table.getvalue().decode("utf-8"), newline="")))
    assert len(keys) == len(read)
    lines = io.BytesIO()
    report.to_jsonl(lines)
    assert keys == [json.loads(line)["key"] for line in lines.getvalue().decode().splitlines()]
    page = report.to_html(folder / "page.html", sample=0, most_failures=0).read_text(encoding="utf-8")
    assert not SHOWN.search(page), SHOWN.search(page)
    elements = _Elements(page).found
    harmful = {pair for pair in elements if pair[1].startswith("on") or pair[0] in ("iframe", "img")}
    assert not harmful, harmful
    for text in (str(report), repr(report), *(report._repr_mimebundle_().values())):
        assert not SHOWN.search(text if isinstance(text, str) else json.dumps(text)), text
        assert "<img src=x" not in text
        assert "<script>" not in text
    (folder / "page.html").unlink()


_LIMIT_S = 60.0
TRIALS = (
    Trial("R17", "files", "files of hostile names", "names", 1000, 50_000, try_files, limit_s=_LIMIT_S),
    Trial(
        "R17",
        "rows",
        "keys, values and columns of hostile names",
        "names",
        600,
        30_000,
        try_rows,
        limit_s=_LIMIT_S,
    ),
    Trial(
        "R17",
        "nodes",
        "graphs, nodes and parameters of hostile names",
        "names",
        400,
        20_000,
        try_nodes,
        limit_s=_LIMIT_S,
    ),
)
