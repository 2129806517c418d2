"""What a run does and leaves alone: cold, again, and after every kind of edit."""

import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runs import EXECUTORS, counted, draw, marking, outcomes, thumbs
from witness import Witness, age, outputs_of

from creevey_graph import graph, step
from creevey_graph.images import load_image, mean_brightness, resize, trim, write_image

# --- nothing to do ---------------------------------------------------------------------------


def test_a_second_run_executes_nothing_looks_nothing_up_and_opens_nothing(go, photos, monkeypatch):
    """With everything in place a run is a comparison of stats: no step, no look-up, no file read."""
    age(monkeypatch)
    go(thumbs, photos)
    go(thumbs, photos)  # reads once more what it wrote a moment ago, then trusts its stat
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.lookup")
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.load")
    counted(monkeypatch, calls, "creevey_graph.fingerprint.files._read_whole")
    witness = Witness()

    report = go(thumbs, photos, listeners=[witness])

    assert ["cached"] * 3 == outcomes(report)
    assert Counter() == witness.executed
    assert Counter() == calls


def test_a_second_run_at_once_executes_nothing_though_times_are_fresh(go, photos):
    """Files that are too young for a stat to be trusted are read again; no step runs."""
    first = go(thumbs, photos)
    second = go(thumbs, photos)

    assert ["cached"] * 3 == outcomes(second)
    assert not second.executed
    assert [row.fields for row in first.rows] == [row.fields for row in second.rows]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_outputs_are_those_of_a_plain_loop(go, photos, tmp_path, executor):
    """A run gives byte for byte what calling the steps one after the other gives."""
    go(thumbs, photos, executor=executor, jobs=2)
    plain = tmp_path / "plain"
    for photo in sorted(photos.iterdir()):
        image = trim(load_image(photo), bottom=4)
        write_image(resize(image, (16, 16), fit="fill"), plain / f"{photo.stem}.png")

    assert outputs_of(plain) == outputs_of(tmp_path / "out")


# --- edits -------------------------------------------------------------------------------------


def test_a_changed_parameter_runs_what_is_below_it_and_what_feeds_that(go, photos):
    """Size is resize's: resize and the writer run, loading and trimming feed them, brightness is kept."""
    go(thumbs, photos)

    report = go(thumbs.bind(size=(8, 8)), photos)

    assert {"load_image": 3, "trim": 3, "resize": 3, "write_image": 3} == dict(report.executed)
    assert all(row.reason == "parameter changed: resize.size (16, 16) -> (8, 8)" for row in report.rows)


def test_reverting_a_parameter_executes_nothing(go, photos, tmp_path):
    """What was made before the change is written again from the cache."""
    go(thumbs, photos)
    before = outputs_of(tmp_path / "out")
    go(thumbs.bind(size=(8, 8)), photos)

    report = go(thumbs, photos)

    assert not report.executed
    assert ["restored"] * 3 == outcomes(report)
    assert before == outputs_of(tmp_path / "out")


def delete(path):
    path.unlink()


def modify(path):
    path.write_bytes(b"edited by hand")


def truncate(path):
    os.truncate(path, path.stat().st_size - 5)


def flip(path):
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)


def link(path):
    moved = path.with_name("moved.keep")
    path.rename(moved)
    path.symlink_to(moved)


def pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (delete, "output missing: b.png"),
        (modify, "output modified: b.png"),
        (truncate, "output modified: b.png"),
        (flip, "output modified: b.png"),
        (link, "output modified: b.png"),
        (pipe, "output modified: b.png"),
    ],
)
def test_a_damaged_output_is_restored_and_it_is_said_why(  # noqa: PLR0917 - fixtures and cases
    go, photos, tmp_path, monkeypatch, damage, reason
):
    """An output that is gone or not what was written is written again; nothing is executed for it."""
    age(monkeypatch)
    go(thumbs, photos)
    go(thumbs, photos)
    target = tmp_path / "out" / "b.png"
    data = target.read_bytes()
    damage(target)

    report = go(thumbs, photos)

    assert ["cached", "restored", "cached"] == outcomes(report)
    assert reason == report.rows[1].reason
    assert not report.executed
    assert data == target.read_bytes()
    assert not target.is_symlink()


def test_a_touched_output_is_kept_as_it_is(go, photos, tmp_path):
    """Another time is no other content: the file is left alone, its time included."""
    go(thumbs, photos)
    target = tmp_path / "out" / "b.png"
    os.utime(target, ns=(10**18, 10**18))

    report = go(thumbs, photos)

    assert ["cached"] * 3 == outcomes(report)
    assert target.stat().st_mtime_ns == 10**18


def test_an_output_of_equal_bytes_is_left_alone_though_its_step_ran(go, photos, tmp_path):
    """A forced run makes the same bytes again: the files keep their times, for what builds on them."""
    go(thumbs, photos)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}

    report = go(thumbs, photos, refresh=True)

    assert ["done"] * 3 == outcomes(report)
    assert before == {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}


def test_an_output_edited_within_a_tick_of_the_clock_is_written_again(go, tmp_path, monkeypatch):
    """On a file system of coarse times an edit can bear the stat of what it replaced; such files are read."""
    from creevey_graph.fingerprint.files import Stat

    monkeypatch.setattr(Stat, "from_result", classmethod(lambda cls, result: cls(result.st_size, 5, 5, 5)))
    monkeypatch.setattr("creevey_graph.fingerprint.files.SETTLED_NS", 10**30)
    text = step(lambda number, path: path.write_text(f"{number}"), name="text", writes="path")

    @graph
    def texts(number: int):
        return {"file": text(number, "{key}.txt")}

    go(texts, [{"number": 1}])
    (tmp_path / "out" / "1.txt").write_text("2")

    report = go(texts, [{"number": 1}])

    assert ["restored"] == outcomes(report)
    assert (tmp_path / "out" / "1.txt").read_text() == "1"


def test_a_folder_in_an_outputs_place_fails_that_item_and_names_the_writer(go, photos, tmp_path):
    """What cannot be replaced is one failed row; nothing temporary is left and the others are done."""
    (tmp_path / "out" / "b.png").mkdir(parents=True)

    report = go(thumbs, photos)

    assert ["done", "failed", "done"] == outcomes(report)
    assert report.failed[0].step == "write_image"
    assert {"a.png", "c.png"} == set(outputs_of(tmp_path / "out"))


# --- identity ----------------------------------------------------------------------------------


def test_a_renamed_input_is_a_hit(go, photos):
    """Keys hold content, not names: under a new name nothing is executed."""
    go(thumbs, photos)
    (photos / "a.png").rename(photos / "z.png")

    report = go(thumbs, photos)

    assert not report.executed
    assert ["cached", "cached", "restored"] == outcomes(report)
    assert ("a.png",) == report.orphans


def test_a_second_copy_of_a_photo_is_a_hit(go, photos, tmp_path):
    """A copy is restored from what its twin gave."""
    go(thumbs, photos)
    shutil.copy(photos / "a.png", photos / "copy.png")

    report = go(thumbs, photos)

    assert not report.executed
    out = outputs_of(tmp_path / "out")
    assert out["a.png"] == out["copy.png"]


@step
def label_of(photo: Path) -> str:
    return photo.parent.name


@step
def opened(photo: Path) -> Image.Image:
    return Image.open(photo)


@graph
def labelled(photo: Path):
    return {"label": label_of(photo), "size": mean_brightness(load_image(photo))}


def test_a_step_that_reads_the_path_gives_each_of_two_equal_files_its_own(go, tmp_path):
    """Two files of equal content in two folders have two labels, cold and again, and one brightness."""
    for name in ("cats", "dogs"):
        (tmp_path / "in" / name).mkdir(parents=True)
        draw(tmp_path / "in" / name / "1.png", 7)

    for _ in range(2):
        report = go(labelled, tmp_path / "in")
        assert ["cats", "dogs"] == [row.fields["label"] for row in report.rows]
        assert len({row.fields["size"] for row in report.rows}) == 1
    shutil.move(tmp_path / "in" / "cats" / "1.png", tmp_path / "in" / "dogs" / "0.png")

    report = go(labelled, tmp_path / "in")

    assert ["dogs", "dogs"] == [row.fields["label"] for row in report.rows]
    assert {"label_of": 1} == dict(report.executed)


@step
def file_name_of(image: Image.Image) -> str:
    return image.filename


@step
def handle(photo: Path):
    return photo.open("rb")


@step
def name_of_handle(file) -> str:
    with file:
        return Path(file.name).name


@graph
def told_by_what_was_opened(photo: Path):
    return {"name": name_of_handle(handle(photo)), "picture": file_name_of(opened(photo))}


def test_what_a_step_opened_tells_no_path_that_keys_do_not_hold(go, tmp_path):
    """Of two equal files neither gets the other's name: open files are not kept, pictures have no name."""
    for name in ("a.png", "b.png"):
        draw(tmp_path / name, 7)

    for _ in range(2):
        report = go(told_by_what_was_opened, [tmp_path / "a.png", tmp_path / "b.png"])
        report.raise_for_failures()
        assert ["a.png", "b.png"] == [row.fields["name"] for row in report.rows]
        assert ["", ""] == [row.fields["picture"] for row in report.rows]
    shutil.move(tmp_path / "a.png", tmp_path / "c.png")

    report = go(told_by_what_was_opened, [tmp_path / "b.png", tmp_path / "c.png"])

    assert ["b.png", "c.png"] == [row.fields["name"] for row in report.rows]


def test_a_step_of_the_users_that_opens_pictures_is_a_hit_after_a_rename(go, photos):
    """The usual loader, `return Image.open(path)`, counts by content; what follows it is kept."""

    @graph
    def small(photo: Path):
        return {"file": write_image(resize(opened(photo), (4, 4)), "{stem}.png")}

    go(small, photos)
    (photos / "a.png").rename(photos / "z.png")

    assert not go(small, photos).executed


def test_pictures_of_equal_size_and_different_content_never_share_a_result(go, photos, tmp_path):
    """Three pictures give three results, also in a second run with another parameter and its reversal."""
    for bound in (thumbs, thumbs.bind(bottom=2), thumbs):
        report = go(bound, photos)
        assert len({row.fields["brightness"] for row in report.rows}) == 3
        assert len(set(outputs_of(tmp_path / "out").values())) == 3


@step
def shown(value) -> str:
    return f"{type(value).__name__} {getattr(value, 'shape', '')} {value!r}"


@graph
def showing(value):
    return {"shown": shown(value)}


def test_values_that_compare_equal_or_have_equal_bytes_never_share_a_result(go):
    """1, True, 1.0 and "1", and arrays of equal bytes and other shape or dtype, are each their own."""
    zeros = [np.zeros((2, 3), "u1"), np.zeros((3, 2), "u1"), np.zeros(6, "u1"), np.zeros((2, 3), "i1")]
    values = [1, True, "1", 1.0, [1], (1,), {1}, b"1", None, *zeros]

    for _ in range(2):
        report = go(showing, [{"value": value} for value in values])
        expected = [f"{type(value).__name__} {getattr(value, 'shape', '')} {value!r}" for value in values]
        assert expected == [row.fields["shown"] for row in report.rows]


def test_parameters_that_compare_equal_never_share_a_result(go):
    """1, True and "1" as a parameter are three parameters, also when the cache has all of them."""
    for _ in range(2):
        for mark in (1, True, "1", 1.0, [1], (1,)):
            report = go(marking.bind(mark=mark), [{"number": 5}])
            assert [f"5 {mark!r}"] == [row.fields["text"] for row in report.rows]
    assert not report.executed


def test_an_edit_of_equal_size_and_restored_time_is_noticed(go, photos):
    """os.utime can set back the modification time; the change time tells, and the content is read."""
    go(thumbs, photos)
    photo = photos / "b.png"
    Image.new("RGB", (40, 30), "red").save(photos / "red.bmp")
    shutil.copy(photos / "red.bmp", photos / "same.bmp")
    (photos / "red.bmp").unlink()
    report = go(thumbs, [photos / "same.bmp", photo])
    stat = (photos / "same.bmp").stat()
    before = report.rows[0].fields["brightness"]
    Image.new("RGB", (40, 30), "blue").save(photos / "same.bmp")
    os.utime(photos / "same.bmp", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert stat.st_size == (photos / "same.bmp").stat().st_size

    report = go(thumbs, [photos / "same.bmp", photo])

    assert before != report.rows[0].fields["brightness"]
    assert "input changed" == report.rows[0].reason
    assert ["done", "cached"] == outcomes(report)
