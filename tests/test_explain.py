"""`explain`: one item, step by step, with the reason and the old and new code of every step."""

import json
import sqlite3
import textwrap
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from projects import Project
from runs import failing, marking, save_text, thumbs

from creevey_graph import Explanation, SkipItem, UsageError, graph, step
from creevey_graph.errors import SourceNotFound
from creevey_graph.plan import Action


@pytest.fixture
def project(tmp_path):
    """A project that was run once, in a process of its own."""
    made = Project(tmp_path)
    assert {"load_image": 2, "sepia": 2, "resize": 2, "write_image": 2, "label": 2} == made.executed()
    return made


def whys(text):
    """Return node -> its reason, of the text of an explanation."""
    lines = text.splitlines()
    return {
        lines[place - 1].partition(":")[0]: line.removeprefix("  why: ")
        for place, line in enumerate(lines)
        if line.startswith("  why: ")
    }


def index_rows(folder):
    """Return all that the index holds."""
    with closing(sqlite3.connect(folder / ".creevey" / "index.db")) as connection:
        return [sorted(connection.execute(f"SELECT * FROM {table}")) for table in ("items", "graphs")]


# --- golden ----------------------------------------------------------------------------------------


def test_an_edited_helper_two_references_deep_is_named_with_its_diff(project):
    """The whole text: the path of references, the diff, a constant old -> new, and what follows of it."""
    project.edit("levels", "level + LIMIT, 255", "level + LIMIT, 254")
    project.edit("levels", "LIMIT = 3", "LIMIT = 4")
    project.edit("levels", "# to the middle", "# up")

    expected = """
        sub/b.jpg (photos/sub/b.jpg) in graph 'small': to do: code changed: step 'sepia' helper normalise (sepia -> tone -> normalise, levels.py)

        load_image: runs
          why: made again for 'sepia': its values are not in the cache
          its values are: undecided: measured on 2 of 3 items
        sepia: runs
          why: code changed: step 'sepia' helper normalise (sepia -> tone -> normalise, levels.py)
            --- levels.py (before)
            +++ levels.py (now)
            @@ -1,3 +1,3 @@
             def normalise(level):
            -    # to the middle
            -    return min(level + LIMIT, 255)
            +    # up
            +    return min(level + LIMIT, 254)
          also: code changed: step 'sepia' LIMIT 3 -> 4 (sepia -> tone -> normalise -> LIMIT)
          its values are: undecided: measured in the next run
        resize: runs
          why: input changed: by 'sepia' above
          its values are: undecided: measured on 2 of 3 items
        write_image: runs
          why: input changed: by 'sepia' above
          its values are: kept: final encoding
        label: up to date
    """
    assert textwrap.dedent(expected).strip() == project.explain().strip()


def test_it_is_right_about_what_runs(project):
    """The steps it says run are those that a run then executes."""
    project.edit("levels", "LIMIT = 3", "LIMIT = 4")
    nodes = json.loads(project.explain("photos/a.jpg", "--json"))["nodes"]

    runs = {node["node"] for node in nodes if node["action"] == "runs"}
    assert {"load_image", "sepia", "resize", "write_image"} == runs
    assert runs == set(project.executed())


def test_it_runs_nothing_and_writes_nothing(project):
    """No file appears or changes, and a run after it finds what a run before it would have."""
    project.edit("levels", "LIMIT = 3", "LIMIT = 4")
    before, rows = project.files(), index_rows(project.folder)
    project.explain()
    project.explain("photos/a.jpg", "--json")
    project.edit("levels", "LIMIT = 4", "LIMIT = 3")
    project.explain()  # up to date: a run would note that it looked
    project.edit("levels", "LIMIT = 3", "LIMIT = 4")

    assert (before, rows) == (project.files(), index_rows(project.folder))
    assert 2 == project.executed()["sepia"]


def test_of_steps_with_nothing_to_do_more_is_told_where_that_is_asked(project):
    """Why, and what becomes of their values; of the others all is told in any case."""
    project.edit("steps", "prefix + photo.stem", 'prefix + photo.stem + "!"')
    short, full = project.explain(), project.explain("photos/sub/b.jpg", "--verbose")

    lines = ["  why: nothing it is made of changed", "  its values are: kept: final encoding"]
    assert f"write_image: up to date\n{lines[0]}\n{lines[1]}\n" in full
    assert set(lines).isdisjoint(short.splitlines())
    assert "label: runs\n  why: code changed: step 'label'\n" in short
    assert set(short.splitlines()) < set(full.splitlines())


# --- items -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", ["photos/sub/b.jpg", "photos/../photos/sub/b.jpg", "sub/b.jpg"])
def test_an_item_is_found_by_its_file_or_its_key(project, item):
    """Its key depends on how the set was listed, and its state is found all the same."""
    assert project.explain(item).startswith(
        "sub/b.jpg (photos/sub/b.jpg) in graph 'small': up to date\n\nload_image: not needed\nsepia: not"
    )


@pytest.mark.parametrize(
    ("item", "code", "told"),
    [
        ("sub/c.jpg", 3, "no item 'sub/c.jpg'; among those run before are 'sub/b.jpg'"),
        ("photos/sub/bb.jpg", 3, "'photos/sub/bb.jpg'"),
        ("photos", 2, "explain takes one item ('photos' is 2); name one of them, such as 'photos/a.jpg'"),
    ],
)
def test_an_item_that_is_none_is_an_error_with_names(project, item, code, told):
    """A wrong name is met with those that are like it."""
    found, out, error = project.call("explain", "steps.py", item, "--out", "out")

    assert (code, "") == (found, out)
    assert told in error


def test_without_a_cache_everything_is_new(project):
    """And no cache is made."""
    code, text, _ = project.call("explain", "steps.py", "photos/a.jpg", "--out", "out", "--cache", "none")

    assert 0 == code
    assert "a.jpg (photos/a.jpg) in graph 'small': to do: new item" == text.splitlines()[0]
    assert {"new item"} == set(whys(text).values())
    assert not (project.folder / "none").exists()


# --- reasons ---------------------------------------------------------------------------------------


def test_a_parameter_is_told_old_and_new(go, photos, tmp_path):
    """The step that has it, and the others by it."""
    go(thumbs, photos)
    told = thumbs.bind(size=(8, 8)).explain(photos / "a.png", out=tmp_path / "out", cache=tmp_path / "cache")
    why = {node.name: node.why for node in told.nodes}

    assert "parameter changed: resize.size (16, 16) -> (8, 8)" == told.reason == why["resize"]
    assert "input changed: by 'resize' above" == why["write_image"]
    assert "made again for 'resize': its values are not kept" == why["trim"]
    assert ("load_image", "trim", "resize", "write_image") == told.runs
    assert isinstance(told, Explanation)


def test_a_step_put_in_anothers_place_is_told_as_a_change_of_code(go, photos, tmp_path):
    """A graph made of another by replace() goes on from what that has done: its items are not new."""

    @step
    def brightness(image: Image.Image) -> float:
        return 2.0 * image.convert("L").getpixel((0, 0))

    go(thumbs, photos)
    report = go(thumbs.replace("mean_brightness", brightness), photos)

    assert {"code changed: step 'mean_brightness'"} == {row.reason for row in report.rows}
    assert {"load_image": 3, "trim": 3, "mean_brightness": 3} == dict(report.executed)


def test_outputs_missing_and_modified_are_told(go, photos, tmp_path):
    """Both are written again from the cache, and nothing runs."""
    go(thumbs, photos)
    (tmp_path / "out" / "a.png").unlink()
    (tmp_path / "out" / "b.png").write_bytes(b"mine")

    for name, reason in (("a.png", "output missing: a.png"), ("b.png", "output modified: b.png")):
        told = thumbs.explain(photos / name, out=tmp_path / "out", cache=tmp_path / "cache")
        (writer,) = (node for node in told.nodes if node.action is Action.RESTORE)
        assert ("write_image", reason, ()) == (writer.name, writer.why, told.runs)


def test_a_file_that_the_tool_itself_wrote_last_is_not_told_as_modified(go, photos, tmp_path):
    """It is of the other parameter, which was put back; what somebody else wrote is told as modified."""
    for graph_of_run in (thumbs, thumbs.bind(size=(8, 8))):
        go(graph_of_run, photos)
    (tmp_path / "out" / "b.png").write_bytes(b"mine")

    def explain(name):
        told = thumbs.explain(photos / name, out=tmp_path / "out", cache=tmp_path / "cache")
        (writer,) = (node for node in told.nodes if node.action is Action.RESTORE)
        assert "parameter changed: resize.size (8, 8) -> (16, 16)" == told.reason
        return writer.why

    assert (
        "input changed: by 'resize' above; the file there is as it was written before that: a.png"
        == explain("a.png")
    )
    assert "output modified: b.png" == explain("b.png")


def test_an_edited_input_and_a_new_one_are_told(go, photos, tmp_path):
    """The file by its name."""
    go(thumbs, photos)
    (photos / "a.png").write_bytes((photos / "b.png").read_bytes())
    (photos / "new.png").write_bytes((photos / "c.png").read_bytes() + b"x")

    def explain(name):
        return thumbs.explain(photos / name, out=tmp_path / "out", cache=tmp_path / "cache")

    changed, new = explain("a.png"), explain("new.png")
    assert "input changed" == changed.reason
    # The other photo's records hold for it: nothing runs, its output is written anew.
    assert [Action.RESTORE] == [n.action for n in changed.nodes if n.name == "write_image"]
    assert ("new item", {"new item"}) == (new.reason, {node.why for node in new.nodes})


def test_a_failure_is_told_with_its_error(go, tmp_path):
    """At the step that failed."""
    rows = [{"number": 3}]
    go(failing, rows)
    told = failing.explain(rows, out=tmp_path / "out", cache=tmp_path / "cache")

    assert "failed last time" == told.reason
    assert "failed last time: ValueError: 3 is 3 or more" == told.nodes[0].why


def test_the_steps_of_a_failed_item_are_told_by_what_the_failure_left_undone(project):
    """None is merely 'not cached': those above are made again, those behind were not come to."""
    Image.new("RGB", (16, 12)).save(project.folder / "photos" / "torn.jpg")
    project.edit(
        "steps", "return image.point(", "assert image.getpixel((0, 0)) != (0, 0, 0)\n    return image.point("
    )
    project.executed(code=1)
    nodes = json.loads(project.explain("photos/torn.jpg", "--json"))["nodes"]
    why = {node["node"]: node["why"] for node in nodes}

    assert "made again for 'sepia': its values are not kept" == why["load_image"]
    assert "failed last time: AssertionError" == why["sepia"]
    assert {"not made last time, since 'sepia' failed"} == {
        why[name] for name in ("resize", "write_image", "label")
    }


def test_a_new_item_that_is_a_copy_is_told_by_what_the_cache_has(go, photos, tmp_path):
    """There is nothing of it that could have changed or gone."""
    go(thumbs, photos)
    (photos / "copy.png").write_bytes((photos / "a.png").read_bytes())
    told = thumbs.explain(photos / "copy.png", out=tmp_path / "out", cache=tmp_path / "cache")
    why = {node.name: node.why for node in told.nodes}

    assert ("new item", ()) == (told.reason, told.runs)
    assert "new item: its result is in the cache" == why["write_image"]
    assert "its result is in the cache" == why["mean_brightness"]


def test_a_step_that_leaves_an_item_out_is_told(go, tmp_path):
    """It is not asked again while nothing changed."""

    @step
    def picky(number: int) -> int:
        raise SkipItem(f"{number} is small")

    @graph
    def picking(number: int):
        return {"number": picky(number)}

    go(picking, [{"number": 1}])
    told = picking.explain([{"number": 1}], out=tmp_path / "out", cache=tmp_path / "cache")

    assert ("", "left out by 'picky': 1 is small", ()) == (told.reason, told.outcome, told.runs)


def test_a_result_made_before_is_told_as_such(go, tmp_path):
    """Where an edit is reverted, what it is made of changed and nothing runs."""
    rows = [{"number": 3}]
    for mark in ("a", "b"):
        go(marking.bind(mark=mark), rows)
    told = marking.bind(mark="a").explain(rows, out=tmp_path / "out", cache=tmp_path / "cache")

    assert "what it is made of changed, but its result is in the cache" == told.nodes[0].why
    assert ["parameter changed: as_text.mark 'b' -> 'a'"] == [c.told for c in told.nodes[0].changes]
    assert ("", "up to date") == (told.reason, told.outcome)


def test_what_always_runs_and_what_is_not_tracked_is_told(tmp_path):
    """With the remedy."""

    @step(pure=False)
    def drawn(number: int) -> float:
        return number * float(open("/dev/null").read() or 1)  # noqa: PTH123 - not tracked

    @step
    def marked(number: float, *, mark: object) -> str:
        return f"{number} {mark}"

    @graph
    def odd(number: int):
        return {"drawn": drawn(number), "text": marked(number, mark=object())}

    told = odd.explain([{"number": 1}], cache=tmp_path / "cache")

    assert "runs every time: the step is not pure" == told.nodes[0].why
    assert "a parameter has no digest; give the step ignore= or pass plain values" in told.nodes[1].why
    assert "  not tracked: the file of open('/dev/null')" in str(told)
    assert "name it with depends_on= or version=" in str(told)


def test_an_output_named_by_place_is_found_again(go, tmp_path):
    """An item alone has another place in the list than in the whole set."""

    @step
    def named(photo: Path) -> str:
        return photo.name

    @graph
    def indexed(photo: Path):
        return save_text(named(photo), "{index}.txt")

    (tmp_path / "texts").mkdir()
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / "texts" / name).write_text(name)
    go(indexed, tmp_path / "texts")
    told = indexed.explain(tmp_path / "texts" / "c.png", out=tmp_path / "out", cache=tmp_path / "cache")

    assert ("c.png", "up to date") == (told.key, told.outcome)


# --- forms -----------------------------------------------------------------------------------------


def test_the_data_is_the_text_for_programs(project):
    """Changes with old and new text, path and diff; the schema's number first."""
    project.edit("levels", "LIMIT, 255", "LIMIT, 254")
    data = json.loads(project.explain("photos/a.jpg", "--json"))
    (sepia,) = (node for node in data["nodes"] if node["node"] == "sepia")
    (change,) = sepia["changes"]

    assert (1, "small", "a.jpg", "photos/a.jpg") == tuple(
        data[name] for name in ("schema", "graph", "key", "source")
    )
    assert ["tone", "normalise"] == change["path"]
    assert "return min(level + LIMIT, 255)" in change["before"]
    assert "+    return min(level + LIMIT, 254)" in change["diff"]
    assert str(project.folder / "levels.py") == change["file"]


def test_to_json_is_the_same_data(go, photos, tmp_path):
    """As text, with the schema's number."""
    go(thumbs, photos)
    told = thumbs.explain(photos / "a.png", out=tmp_path / "out", cache=tmp_path / "cache")

    assert {"schema": 1, **told.data} == json.loads(told.to_json())


def test_what_comes_from_outside_is_inert(tmp_path):
    """A file name's escape codes reach no terminal."""
    path = tmp_path / "a\x1b[31m.png"
    path.write_text("x")

    @step
    def named(photo: Path) -> str:
        return photo.name

    @graph
    def naming(photo: Path):
        return {"name": named(photo)}

    assert "\x1b" not in str(naming.explain(path, cache=False))


def test_several_items_are_refused_in_python_too(photos):
    """With one to name instead."""
    with pytest.raises(UsageError, match=r"explain takes one item .* is 3\); name one of them, such as"):
        thumbs.explain(photos, out="out", cache=False)
    with pytest.raises(SourceNotFound, match=r"no file or folder"):
        thumbs.explain(photos / "none.png", out="out", cache=False)
