"""`graph.draw`, `plan.draw` and `report.draw`: a view as text, or a file by its suffix."""

import shutil
from pathlib import Path

import pytest
from PIL import Image
from samples import masked, numbers

from creevey_graph import Report, UsageError
from creevey_graph.shape import shape_of
from creevey_graph.views import SUFFIXES, VIEWS, converters
from creevey_graph.views.drawing import draw_file, size_of
from creevey_graph.views.svg import draw_plain_svg


@pytest.fixture
def report(tmp_path):
    items = [{"number": number} for number in (2, 4, 5)]
    return numbers.run(items, cache=tmp_path / "cache", progress=False, executor="serial")


@pytest.mark.parametrize("view", VIEWS)
def test_the_name_of_a_view_gives_text(view):
    """With a state or without."""
    assert VIEWS[view](shape_of(masked), None) == masked.draw(view)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_path_is_written_by_its_suffix(tmp_path, suffix):
    """As text or as a path; in either case of letters; and nothing else is left in the folder."""
    path = masked.draw(tmp_path / f"graph{suffix.upper()}")
    again = masked.draw(str(tmp_path / f"again{suffix}"))

    assert tmp_path / f"graph{suffix.upper()}" == path
    assert (
        masked.draw(SUFFIXES[suffix]) + "\n"
        == path.read_text(encoding="utf-8")
        == again.read_text(encoding="utf-8")
    )
    assert 2 == len(list(tmp_path.iterdir()))


def test_a_report_is_drawn_with_its_state(report, tmp_path):
    """By itself, also when it is read from its file, and by its graph."""
    for drawn in (
        report.draw("svg"),
        Report.load(report.path).draw("svg"),
        numbers.draw("svg", state=report),
    ):
        assert "1 failed" in drawn
    assert tmp_path / "run.svg" == report.draw(tmp_path / "run.svg")


def test_a_plan_is_drawn_with_its_state(report, tmp_path):
    """What would run, and that nothing would."""
    plan = numbers.bind(power=4).plan([{"number": 2}], cache=tmp_path / "cache")

    assert "power 3 → 4" in plan.draw("svg")
    assert "1 to run" in plan.draw()


def test_an_old_report_does_not_tell_its_graph(report):
    """It is said, with what to do instead."""
    report.shape = {}

    with pytest.raises(UsageError, match=r"does not tell its graph's shape.*state=report"):
        report.draw()
    assert "1 failed" in numbers.draw("svg", state=report)


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("mermade", r"no view 'mermade'; did you mean 'mermaid'\? .*; or give a path"),
        ("graph.svgg", r"'graph.svgg': no view has the suffix '.svgg'; did you mean '.svg'\?"),
        ("none/graph.svg", "no folder 'none' for 'none/graph.svg'; make it first"),
        ("folder", "no view 'folder'"),
        ("./folder", "the suffix tells how to draw"),
        ("folder.svg", "'folder.svg' is a folder; name a file in it"),
        (Path("graph"), "the suffix tells how to draw"),
        ("a\x1b[31m.b", r"a\\x1b\[31m.b"),
        (7, r"give the name of a view, or a path \(got int\)"),
        ("", "no view ''"),
    ],
)
def test_what_cannot_be_drawn_to_is_said(tmp_path, monkeypatch, to, message):
    """Where, what was expected, and what to do; and nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.svg").mkdir()

    with pytest.raises(UsageError, match=message):
        masked.draw(to)
    assert ["folder.svg"] == [path.name for path in tmp_path.iterdir()]


def test_a_state_is_a_plan_or_a_report():
    """Anything else is refused."""
    with pytest.raises(UsageError, match=r"'state' must be a plan or a report \(got dict\)"):
        masked.draw(state={})


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(tmp_path, monkeypatch):
    """A drawing that fails leaves the old one, and no temporary file."""
    path = tmp_path / "graph.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(converters, "_attempts", lambda *_: iter(()))

    with pytest.raises(UsageError, match=r"install rsvg-convert .*; or draw to .svg or .html"):
        masked.draw(path)
    assert b"old" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


# --- png -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cairosvg", *converters.CONVERTERS])
def test_each_converter_makes_a_png(tmp_path, monkeypatch, name):
    """Of twice the drawing's size, white where there is nothing, with something on it."""
    every = converters._attempts

    def only(*given):
        return (attempt for attempt in every(*given) if attempt[0] == name)

    if not list(only("", tmp_path / "graph.png", (1, 1))):
        pytest.skip(f"{name} is not installed")
    monkeypatch.setattr(converters, "_attempts", only)
    size = size_of(draw_plain_svg(shape_of(masked)))

    draw_file(tmp_path / "graph.png", shape_of(masked))

    with Image.open(tmp_path / "graph.png") as image:
        assert "PNG" == image.format
        assert (2 * size[0], 2 * size[1]) == image.size
        colours = {colour for _, colour in image.convert("RGB").getcolors(10**7)}
    assert (255, 255, 255) in colours
    assert (0x44, 0x50, 0xA8) in colours  # the border of inputs


def test_the_next_converter_is_tried_where_one_fails(tmp_path, monkeypatch):
    """And where all fail, what each said is told."""

    def fail():
        raise ValueError("no fonts\nat all")

    def write():
        (tmp_path / "graph.png").write_bytes(b"png")

    monkeypatch.setattr(converters, "_attempts", lambda *_: iter([("one", fail), ("two", write)]))
    converters.convert("<svg/>", tmp_path / "graph.png", (1, 1))
    assert b"png" == (tmp_path / "graph.png").read_bytes()

    monkeypatch.setattr(converters, "_attempts", lambda *_: iter([("one", fail), ("two", lambda: None)]))
    with pytest.raises(UsageError, match=r"failed \(one: no fonts …; two: wrote nothing\)"):
        converters.convert("<svg/>", tmp_path / "other.png", (1, 1))


def test_no_converter_is_there_where_none_is_installed(tmp_path, monkeypatch):
    """Neither a module nor a program."""
    monkeypatch.setattr(converters, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    monkeypatch.setattr(shutil, "which", lambda _: None)

    assert [] == list(converters._attempts("<svg/>", tmp_path / "graph.png", (1, 1)))
