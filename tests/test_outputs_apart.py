"""Outputs kept apart from inputs, from each other and from what was there before; and what one item cannot break."""

import os
import sys
from pathlib import Path

import pytest
from PIL import Image
from runs import EXECUTORS, outcomes, save_text, text_in
from witness import outputs_of

from creevey_graph import GraphError, SkipItem, graph, step
from creevey_graph.atomic import remove_stale


@step
def text_of(path: Path) -> str:
    return path.read_text()


@step
def refuse_bad(text: str, *, skips: bool = False) -> str:
    if "bad" in text:
        raise SkipItem("bad") if skips else ValueError("bad")
    return text


@graph
def named_alike(path: Path):
    save_text(text_of(path), "{name}")


@pytest.fixture
def texts(tmp_path, monkeypatch):
    """Write a.txt and b.txt into a folder, go to the folder above it, and return it."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.txt").write_text(name)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("items", [["in/a.txt"], [Path("in/a.txt")], [{"path": "in/a.txt"}]])
@pytest.mark.parametrize("out", ["in", "link", "in/../in"])
def test_an_output_that_would_replace_an_input_is_refused_before_anything_runs(go, texts, items, out):
    """Items as a list or rows have no input folder: every file of theirs is compared, links followed."""
    Path("link").symlink_to("in")

    with pytest.raises(GraphError, match=r"item 'a.txt'|item 'in/a.txt'|item '0'|item 'row"):
        go(named_alike, items, out=Path(out))

    assert (texts / "a.txt").read_text() == "a"


def test_the_working_folder_as_out_is_looked_at_too_and_a_preview_writes_nothing(go, texts, monkeypatch):
    """A preview may be made of a file in the working folder; a run into it would replace the file."""
    monkeypatch.chdir(texts)

    with pytest.raises(GraphError, match="would be replaced"):
        go(named_alike, [Path("a.txt")], out=Path())

    assert named_alike.preview([Path("a.txt")])["text_of"] == "a"


def test_outputs_beside_inputs_are_fine(go, texts):
    """Only a file of the same name is refused."""

    @graph
    def beside(path: Path):
        save_text(text_of(path), "{stem}_small.txt")

    assert ["done"] * 2 == outcomes(go(beside, ["in/a.txt", "in/b.txt"], out=texts))


def test_a_digest_that_names_the_source_itself_fails_the_item(go, texts):
    """A path that is known late is compared with the item's files when it is put in place."""

    @graph
    def by_digest(path: Path):
        return {"file": save_text(text_of(path), "{digest}.txt")}

    name = go(by_digest, ["in/a.txt"]).rows[0].outputs[0]
    (texts / "a.txt").rename(texts / name)
    os.link(texts / name, texts / "other")

    report = go(by_digest, [texts / name], out=texts, refresh=True)

    assert "would replace the item's own file" in report.failed[0].error
    assert (texts / name).samefile(texts / "other")


@pytest.mark.parametrize("skips", [True, False])
def test_what_an_early_output_replaced_comes_back_when_the_item_ends_badly(go, texts, tmp_path, skips):
    """A good file of an earlier run, and one that was never ours, outlive an item that ends badly."""

    @graph
    def checked(path: Path):
        return {"text": refuse_bad(text_in(save_text(text_of(path), "{stem}.out")), skips=skips)}

    out = tmp_path / "out"
    go(checked, ["in/a.txt"])
    (out / "b.out").write_text("the user's")
    for name in "ab":
        (texts / f"{name}.txt").write_text("bad")

    report = go(checked, ["in/a.txt", "in/b.txt"])

    assert ["skipped" if skips else "failed"] * 2 == outcomes(report)
    assert [("a.out", "a"), ("b.out", "the user's")] == contents(out)


def contents(folder):
    return [(path.name, path.read_text()) for path in sorted(folder.iterdir()) if path.is_file()]


def test_two_writers_put_both_in_place_or_leave_both_as_they_were(go, texts, tmp_path):
    """The second cannot be put in place: the first one's older file comes back."""

    @graph
    def twice(path: Path):
        text = text_of(path)
        save_text(text, "{stem}.one")
        save_text(text, "{stem}.two")

    out = tmp_path / "out"
    go(twice, ["in/a.txt"])
    (out / "a.two").unlink()
    (out / "a.two").mkdir()
    (texts / "a.txt").write_text("new")

    assert ["failed"] == outcomes(go(twice, ["in/a.txt"]))
    assert [("a.one", "a")] == contents(out)
    (out / "a.two").rmdir()
    assert go(twice, ["in/a.txt"]).ok
    assert [("a.one", "new"), ("a.two", "new")] == contents(out)


def test_two_writers_of_one_item_with_one_late_path_fail_it(go, texts, tmp_path):
    """Neither output can stand where the other does."""

    @graph
    def clashing(path: Path):
        text = text_of(path)
        save_text(text, "{digest}.txt")
        save_text(refuse_bad(text), "{digest}{suffix}")

    report = go(clashing, ["in/a.txt"])

    assert "has two outputs with one path" in report.failed[0].error
    assert {} == outputs_of(tmp_path / "out")


@step(writes="path")
def save_name(source: Path, path: Path) -> None:
    path.write_text(source.name)


@graph
def named_by_digest(path: Path):
    return {"file": save_name(path, "{digest}.txt")}


@pytest.mark.parametrize("executor", EXECUTORS)
def test_items_of_equal_content_that_write_different_things_to_one_path_are_told(go, texts, executor):
    """The second is a failed row that names the first; items that write the same share the file."""
    (texts / "b.txt").write_text("a")

    report = go(named_by_digest, ["in/a.txt", "in/b.txt"], executor=executor, jobs=1)

    assert ["done", "failed"] == sorted(outcomes(report))
    assert "was written by item" in report.failed[0].error
    again = go(named_by_digest, ["in/a.txt", "in/b.txt"], executor=executor, jobs=1)
    assert 1 == len(again.failed)

    @graph
    def alike(path: Path):
        save_text(text_of(path), "{digest}.txt")

    assert ["done"] * 2 == [
        o.replace("cached", "done").replace("restored", "done")
        for o in outcomes(go(alike, ["in/a.txt", "in/b.txt"]))
    ]


@step(writes="path")
def save_with_sidecar(text: str, path: Path) -> None:
    path.write_text(text)
    path.with_suffix(".json").write_text("{}")
    (path.parent / "more.txt").write_text("")


def test_a_writer_that_writes_further_files_fails_its_item_and_leaves_none(go, texts, tmp_path):
    """What has no path of its own cannot be put in place with the rest, nor restored."""

    @graph
    def with_sidecar(path: Path):
        save_with_sidecar(text_of(path), "{stem}.txt")

    report = go(with_sidecar, ["in/a.txt"])

    assert "step 'save_with_sidecar' wrote more than its path" in report.failed[0].error
    assert ".json, more.txt; give each file a writer of its own" in report.failed[0].error
    assert [] == list((tmp_path / "out").iterdir())


@step
def change(path: Path) -> int:
    path.write_text("changed by a later step")
    return 1


@pytest.mark.parametrize("cache", [True, False])
def test_a_later_step_that_changes_an_output_fails_its_item(go, texts, tmp_path, cache):
    """Else the next run would take the file for modified by hand, and undo the change."""

    @graph
    def changing(path: Path):
        return {"n": change(save_text(text_of(path), "{stem}.out"))}

    report = go(changing, ["in/a.txt"], **({} if cache else {"cache": False}))

    assert "a later step changed 'a.out'; do it in the writer" in report.failed[0].error
    assert {} == outputs_of(tmp_path / "out")


class Panic(BaseException):
    """What some native libraries raise."""


@step
def leave(path: Path, *, panics: bool = False) -> str:
    if path.stem == "a":
        if panics:
            raise Panic("native")
        sys.exit(3)
    return path.stem


@graph
def leaving(path: Path, *, panics: bool = False):
    return {"stem": leave(path, panics=panics)}


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("panics", [True, False])
def test_an_exit_or_a_panic_in_a_step_is_its_items_failure(go, texts, executor, panics):
    """It ended the whole run, or its worker."""
    report = go(leaving.bind(panics=panics), ["in/a.txt", "in/b.txt"], executor=executor, jobs=2)

    assert ["failed", "done"] == outcomes(report)
    assert f"step 'leave' raised {'Panic: native' if panics else 'SystemExit: 3'}" in report.failed[0].error


def test_a_young_temporary_file_with_an_old_time_is_left_alone(tmp_path):
    """`shutil.copy2` in a writer gives the copy the time of its original."""
    copied = tmp_path / ".creevey-tmp-1-aa.txt"
    copied.write_text("")
    os.utime(copied, (1e9, 1e9))

    assert 0 == remove_stale(tmp_path)
    assert copied.exists()


def test_a_folder_that_a_killed_writer_left_is_removed_when_it_is_old(tmp_path):
    """Writers have a temporary folder of their own."""
    (tmp_path / ".creevey-tmp-1-aa").mkdir()
    (tmp_path / ".creevey-tmp-1-aa" / "x").write_text("")

    assert 1 == remove_stale(tmp_path, now_s=4e9)
    assert [] == list(tmp_path.iterdir())


COLORS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (9, 9, 9))


@step(cache="never")
def opened(path: Path):
    return Image.open(path)


@step
def at_frame(image, *, number: int):
    image.seek(number)
    return str(image.convert("RGB").getpixel((1, 1)))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pictures that stay open
@pytest.mark.parametrize("suffix", ["tif", "gif", "png", "webp"])
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 1, 3)])
def test_branches_of_a_picture_of_several_frames_have_their_own_place_in_it(go, tmp_path, suffix, order):
    """Copies shared one file and one decoder: a branch got the frame another one had gone to."""
    frames = [Image.new("RGB", (8, 8), color) for color in COLORS]
    lossless = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], **lossless)

    @graph
    def framed(path: Path):
        image = opened(path)
        return {f"f{number}": at_frame(image, number=number) for number in order}

    (row,) = go(framed, [tmp_path / f"a.{suffix}"]).rows

    assert row.error is None
    assert {f"f{number}": str(COLORS[number]) for number in order} == {
        name: row.fields[name] for name in ("f1", "f2", "f3")
    }


def test_a_picture_of_several_frames_that_cannot_be_opened_again_is_an_error(go, tmp_path):
    """A closed file gives no branch its frames."""

    @step
    def closed(path: Path):
        image = Image.open(path)
        image.load()
        image.close()
        image.filename = ""
        return image

    frames = [Image.new("RGB", (8, 8), color) for color in COLORS]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])

    @graph
    def framed(path: Path):
        image = closed(path)
        return {f"f{number}": at_frame(image, number=number) for number in (1, 2)}

    assert go(framed, [tmp_path / "a.gif"]).failed
