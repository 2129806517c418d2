"""What holds for every export: which rows, which files, written once, and never over what is not its own."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import attrs
import pytest
from squares import LABELS, pairs, rows_of, squares

from creevey_graph import UsageError
from creevey_graph.errors import SourceChanged, SourceNotFound
from creevey_graph.exports import EXPORTS, export
from creevey_graph.exports.destination import INDEX, Destination
from creevey_graph.exports.samples import Samples
from creevey_graph.report import Report

FORMS = sorted(EXPORTS)


def needs(form):
    if form == "parquet":
        pytest.importorskip("pyarrow")


def tree_of(folder):
    """Every file below a folder -> the digest of what it holds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


@pytest.fixture(params=FORMS)
def form(request):
    needs(request.param)
    return request.param


def test_good_rows_are_exported_and_the_others_counted(made, tmp_path, form):
    """Failed and skipped items are in no file; the summary says how many there were."""
    report = made([*rows_of(3), {"key": "unhappy", "number": 90}, {"key": "left", "number": 91}])

    exported = export(form, report, tmp_path / "set")

    assert (3, {"failed": 1, "skipped": 1}) == (exported.rows, dict(exported.left_out))
    assert exported.files == exported.written == len(tree_of(tmp_path / "set")) - 1
    assert not any(
        b"unhappy" in path.read_bytes() for path in (tmp_path / "set").rglob("*") if path.is_file()
    )


def test_the_same_rows_give_the_same_bytes(made, tmp_path, form):
    """Two exports into two folders are alike, files and index, whatever the clock says; a cached run is too."""
    first = made(4)
    export(form, first, tmp_path / "a")
    for path in (tmp_path / "out").rglob("*.png"):
        os.utime(path, (1, 1))
    export(form, made(4), tmp_path / "b")

    assert tree_of(tmp_path / "a") == tree_of(tmp_path / "b")


def test_a_second_export_writes_nothing(made, tmp_path, form):
    """Every file is as it was, the very same one."""
    report = made(4)
    export(form, report, tmp_path / "set")
    before = {path: path.lstat().st_ino for path in (tmp_path / "set").rglob("*")}

    again = export(form, report, tmp_path / "set")

    assert (0, again.files, 0) == (again.written, again.kept, again.removed)
    assert before == {path: path.lstat().st_ino for path in (tmp_path / "set").rglob("*")}


def test_an_export_brought_up_to_date_equals_a_fresh_one(made, tmp_path, form):
    """Fewer rows, other pictures: what is left over goes, what changed is written, nothing else stays."""
    export(form, made(7), tmp_path / "set")
    report = made(rows_of(4)[1:], graph=squares.bind(level=1))

    exported = export(form, report, tmp_path / "set")
    export(form, report, tmp_path / "fresh")

    assert tree_of(tmp_path / "fresh") == tree_of(tmp_path / "set")
    assert not list((tmp_path / "set").rglob(".creevey-tmp-*"))
    assert exported.rows == 3


def test_a_damaged_file_is_written_again(made, tmp_path, form):
    """The index is no proof: what it names is looked at."""
    report = made(3)
    export(form, report, tmp_path / "set")
    expected = tree_of(tmp_path / "set")
    victim = next(path for path in (tmp_path / "set").rglob("*") if path.is_file() and path.name != INDEX)
    victim.unlink()
    victim.write_bytes(b"torn")

    assert 1 == export(form, report, tmp_path / "set").written
    assert expected == tree_of(tmp_path / "set")


def test_an_output_that_is_gone_is_named(made, tmp_path, form):
    """With the remedy, and without a half-made set."""
    report = made(3)
    (tmp_path / "out" / report.rows[1].outputs[0]).unlink()

    with pytest.raises(
        SourceNotFound, match=r"'dog/001.jpg.png' of item 'dog/001.jpg': not there.*run the graph"
    ):
        export(form, report, tmp_path / "set")

    assert not [path for path in tree_of(tmp_path) if path.startswith("set/")]


def test_an_output_that_was_edited_is_named(made, tmp_path, form):
    """Even where it has the size and time it had; after a run it is as it was."""
    report = made(3)
    path = tmp_path / "out" / report.rows[1].outputs[0]
    stat, data = path.stat(), bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    with pytest.raises(
        SourceChanged, match=r"'dog/001.jpg.png' of item 'dog/001.jpg': was changed since the run"
    ):
        export(form, report, tmp_path / "set")

    assert 3 == export(form, made(3), tmp_path / "set").rows


def test_rows_that_a_later_run_made_anew_are_refused(made, tmp_path, form):
    """The file is that of the later run, the fields are not."""
    report = made(2)
    later = [{**row, "caption": "another"} for row in rows_of(2)]
    made(later)

    with pytest.raises(SourceChanged, match="a later run made it anew"):
        export(form, report, tmp_path / "set")


def test_a_run_without_a_cache_is_exported(made, tmp_path, form):
    """There is no index to compare with; files are taken as they are."""
    assert 2 == export(form, made(2, cache=False), tmp_path / "set").rows


def test_no_rows_are_an_empty_set(made, tmp_path, form):
    """No empty tar, no empty file of pictures; and what an earlier export left goes."""
    export(form, made(2), tmp_path / "set")

    exported = export(form, made([]), tmp_path / "set")

    assert 0 == exported.rows
    assert {INDEX, "metadata.jsonl"} >= set(tree_of(tmp_path / "set"))


def test_what_is_not_ours_is_left_alone(made, tmp_path, form):
    """A file in the way is an error; others in the folder stay."""
    report = made(2)
    names = {name for name in _files_of(form, report, tmp_path / "try") if name != INDEX}
    target = tmp_path / "set"
    (target / "notes").mkdir(parents=True)
    (target / "notes" / "mine.txt").write_text("mine")
    export(form, report, target)
    assert (target / "notes" / "mine.txt").exists()
    shutil.rmtree(target)
    blocked = target / min(names)
    blocked.parent.mkdir(parents=True)
    blocked.write_text("mine")

    with pytest.raises(UsageError, match="is not of an earlier export; choose another folder"):
        export(form, report, target)

    assert "mine" == blocked.read_text()


def _files_of(form, report, folder):
    export(form, report, folder)
    return list(tree_of(folder))


def test_a_folder_holds_one_format(made, tmp_path):
    """Two would remove each other's files."""
    report = made(1)
    export("links", report, tmp_path / "set")

    with pytest.raises(UsageError, match="holds an export of format 'links', not 'webdataset'"):
        export("webdataset", report, tmp_path / "set")


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "a//b", "a\\b"])
def test_an_index_that_leads_elsewhere_is_refused(tmp_path, name):
    """It may have been planted: nothing outside the folder is deleted."""
    head = {"creevey_graph_export": 1, "format": "links", "rows": 1}
    piece = {"name": name, "recipe": "r", "rows": 1, "size": 1, "sha256": ""}
    (tmp_path / INDEX).write_text(f"{json.dumps(head)}\n{json.dumps(piece)}\n")

    with pytest.raises(UsageError, match="is no list of an export that this version reads"):
        Destination(tmp_path, "links")


@pytest.mark.parametrize("text", ["", "{}\n", "not json\n", '{"creevey_graph_export": 9}\n'])
def test_an_index_that_cannot_be_read_is_named(tmp_path, text):
    """It is not taken for an empty one: that would orphan what it lists."""
    (tmp_path / INDEX).write_text(text)

    with pytest.raises(UsageError, match="delete this one"):
        Destination(tmp_path, "links")


class Killed(BaseException):
    """Stands for a kill: no handler of errors sees it."""


@pytest.fixture
def dying(monkeypatch):
    """Gives a function that makes the process die, as far as that can be seen here, at the n-th rename."""

    def arm(at):
        renames, real = iter(range(at)), os.replace

        def replace(source, goal):
            if next(renames, None) is None:
                raise Killed
            return real(source, goal)

        monkeypatch.setattr(os, "replace", replace)
        monkeypatch.setattr(Path, "replace", replace)

    return arm


@pytest.mark.parametrize("at", range(5))
def test_a_first_export_that_was_interrupted_goes_on(made, tmp_path, monkeypatch, dying, at):
    """What it had put in place is known as its own."""
    report = made(3)
    options = {"maxcount": 1}
    export("webdataset", report, tmp_path / "fresh", **options)
    dying(at)
    with pytest.raises(Killed):
        export("webdataset", report, tmp_path / "set", **options)
    monkeypatch.undo()

    export("webdataset", report, tmp_path / "set", **options)

    assert tree_of(tmp_path / "fresh") == tree_of(tmp_path / "set")


@pytest.mark.parametrize("at", range(8))
def test_an_interrupted_export_leaves_whole_files_and_heals(made, tmp_path, monkeypatch, dying, at):
    """Killed at any rename: each file is the former or the new one, and the next export puts all right."""
    target = tmp_path / "set"
    options = {"maxcount": 1, "text": "caption"}
    export("webdataset", made(4), target, **options)
    former = tree_of(target)
    report = made(rows_of(3), graph=squares.bind(level=1))
    export("webdataset", report, tmp_path / "fresh", **options)
    new = tree_of(tmp_path / "fresh")
    dying(at)
    try:
        export("webdataset", report, target, **options)
    except Killed:
        tars = {name: digest for name, digest in tree_of(target).items() if name.endswith(".tar")}
        assert all(digest in (former.get(name), new.get(name)) for name, digest in tars.items())
        if at == 0:
            assert former == tree_of(target)
    monkeypatch.undo()

    export("webdataset", report, target, **options)

    assert new == tree_of(target)


def test_a_report_read_from_its_file_is_exported(made, tmp_path, form):
    """It knows its output folder; where that was moved, it is told."""
    path = made(2).path
    export(form, Report.load(path), tmp_path / "a")
    (tmp_path / "out").rename(tmp_path / "moved")

    with pytest.raises(SourceNotFound):
        export(form, Report.load(path), tmp_path / "b")
    assert 2 == export(form, Report.load(path), tmp_path / "b", out=tmp_path / "moved").rows


def test_a_report_of_an_earlier_version_needs_the_folder(made, tmp_path):
    """Its journal does not tell it."""
    report = made(2, cache=False)
    _, *lines = report.path.read_text().splitlines()
    head = json.loads(lines[0])
    del head["run"]["out"], head["run"]["scope"]
    (tmp_path / "old.jsonl").write_text("\n".join([json.dumps(head), *lines[1:]]) + "\n")
    old = Report.load(tmp_path / "old.jsonl")

    with pytest.raises(UsageError, match="name it with out="):
        export("links", old, tmp_path / "set")
    assert 2 == export("links", old, tmp_path / "set", out=tmp_path / "out").rows


def test_one_of_several_outputs_is_chosen(made, tmp_path, form):
    """By its column; another name is an error that says which there are."""
    report = made(2, graph=pairs)

    export(form, report, tmp_path / "set", image="mask")

    with pytest.raises(
        UsageError, match=r"image: no output 'musk'; did you mean 'mask'\? \(has: mask, photo\)"
    ):
        export(form, report, tmp_path / "other", image="musk")


def test_a_split_is_told_by_the_files(made, tmp_path, form):
    """Every part has files of its own, and together they have every row."""
    report = made(12)

    exported = export(form, report, tmp_path / "set", split="train=0.5,val=0.5")

    names = [name for name in tree_of(tmp_path / "set") if name != INDEX]
    assert 12 == exported.rows
    assert {"train", "val"} == {name.split("/")[0].split("-")[0] for name in names}


def test_rows_of_one_group_stay_in_one_part(made, tmp_path):
    """Split by a column, the items of a label are never on both sides."""
    export(
        "links",
        made(20),
        tmp_path / "set",
        split={"a": 0.5, "b": 0.5},
        split_by="label",
        template="{label}/{key}",
    )

    places = [path.relative_to(tmp_path / "set").parts[:2] for path in (tmp_path / "set").rglob("*.jpg")]
    assert 20 == len(places)
    assert len(LABELS) == len(set(places))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"split_by": "label"}, "there is no split"),
        ({"split": "a=1", "split_by": "lable"}, "did you mean 'label'"),
        ({"split": "a=0.5"}, "sum to 1"),
    ],
)
def test_a_split_that_cannot_be_made_is_an_error(made, tmp_path, form, options, problem):
    """Before anything is written."""
    with pytest.raises(UsageError, match=problem):
        export(form, made(1), tmp_path / "set", **options)
    assert not (tmp_path / "set").exists()


def test_an_unknown_format_is_named(made, tmp_path):
    """With the nearest one."""
    with pytest.raises(UsageError, match=r"no export format 'tars'"):
        export("tars", made(1), tmp_path / "set")


def test_what_an_export_did_is_plain_data(made, tmp_path):
    """It can be written as JSON."""
    exported = export("links", made(1), tmp_path / "set")

    assert 1 == json.loads(json.dumps(attrs.asdict(exported), default=str))["rows"]


def test_a_file_that_changes_during_the_export_is_an_error(made, tmp_path):
    """Between the look and the reading, too: what is written is what was looked at."""
    (sample,) = Samples(made(1))
    Path(sample.files[0].file).write_bytes(b"another")

    with pytest.raises(SourceChanged, match="changed during the export"):
        sample.files[0].read()
