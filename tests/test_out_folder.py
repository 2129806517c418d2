"""A folder that nothing can be written to is told before anything runs."""

import os
from pathlib import Path

import pytest

from creevey_graph import graph, step
from creevey_graph.atomic import check_can_write
from creevey_graph.errors import UsageError

ran: list[str] = []


@step
def read(photo: Path) -> str:
    """Read, and remember it."""
    ran.append(photo.name)
    return photo.read_text()


@step(writes="path")
def write(text: str, path: Path) -> Path:
    """Write."""
    path.write_text(text)
    return path


@graph
def copied(photo: Path) -> None:
    """Copy."""
    write(read(photo), "{stem}.txt")


@pytest.fixture
def photo(tmp_path):
    """Return one item; nothing has run."""
    ran.clear()
    (tmp_path / "photo.txt").write_text("red")
    return tmp_path / "photo.txt"


@pytest.mark.parametrize("below", ["", "sub", "sub/sub"])
def test_a_file_in_the_way_of_the_out_folder_is_told(photo, tmp_path, below):
    """It is named, for `plan` and `run` alike; nothing has run."""
    file = tmp_path / "file"
    file.write_text("")

    for ask in (copied.run, copied.plan):
        with pytest.raises(UsageError) as told:
            ask([photo], out=file / below, cache=False)
        assert f"out must be a folder ('{file}' is a file); choose another" == str(told.value)
    assert [] == ran


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root ignores modes")
@pytest.mark.parametrize("below", ["", "sub/sub"])
def test_a_folder_without_rights_is_told_before_anything_runs(photo, tmp_path, below):
    """The message says why, and what to do."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)

    with pytest.raises(UsageError, match=r"cannot write there \(Permission denied\); choose another folder"):
        copied.run([photo], out=locked / below, cache=tmp_path / "cache", progress=False)
    assert [] == ran


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc")
def test_a_place_where_no_folder_can_be_made_is_told_before_anything_runs(photo, tmp_path):
    """Where rights say nothing, as of root in /proc, it is tried."""
    with pytest.raises(UsageError, match=r"^out '/proc/x': cannot write there \("):
        copied.run([photo], out="/proc/x", cache=tmp_path / "cache", progress=False)
    assert [] == ran


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc")
def test_a_folder_that_nothing_is_written_to_need_not_take_files(photo, tmp_path):
    """A graph without writers, and a plan, ask for no rights."""

    @graph
    def only_read(photo: Path) -> object:
        return read(photo)

    assert only_read.run([photo], out="/proc/x", cache=False, progress=False).ok
    assert 1 == copied.plan([photo], out="/proc/x", cache=tmp_path / "cache").to_do


def test_the_check_leaves_nothing_behind(tmp_path):
    """Neither the folder itself nor what it was tried with."""
    check_can_write(tmp_path / "new" / "out")

    assert [] == list(tmp_path.iterdir())
