"""What killed runs leave outside the cache and the output folder is removed by later runs, and nothing else is."""

import os
import tempfile
import time
from pathlib import Path

import pytest
from reference import draw_photos
from warm import missing, run

from creevey_graph.executors.handfolder import PREFIX, HandFolder, remove_left_over

AN_HOUR_AGO = time.time() - 3600


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Returns an empty folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make_old(path):
    os.utime(path, (AN_HOUR_AGO, AN_HOUR_AGO))


def test_the_folder_of_a_live_pool_stays(folder):
    """However old: a run may take days, and its workers write there."""
    hands = HandFolder()
    make_old(hands.path)

    assert 0 == remove_left_over()
    assert hands.path.is_dir()
    hands.remove()
    assert [] == list(folder.iterdir())


def test_a_young_folder_stays_and_what_is_none_of_ours_too(folder):
    """It may be made and not locked yet; a link is not followed, another's name not touched."""
    (folder / f"{PREFIX}young").mkdir()
    (folder / "other").mkdir()
    (folder / "other" / "kept").touch()
    make_old(folder / "other")
    (folder / f"{PREFIX}link").symlink_to(folder / "other")
    (folder / f"{PREFIX}file").touch()
    make_old(folder / f"{PREFIX}file")

    assert 0 == remove_left_over()
    assert (folder / "other" / "kept").exists()
    assert 4 == len(list(folder.iterdir()))


def test_the_folder_of_a_killed_run_goes_with_the_next(folder):
    """It stayed until the machine was started anew: one for every kill of a group."""
    left = folder / f"{PREFIX}left"
    left.mkdir()
    (left / "1-0.hand").touch()
    make_old(left)

    hands = HandFolder()

    assert [hands.path] == list(folder.iterdir())
    hands.remove()


def test_a_kill_of_the_group_leaves_one_folder_that_can_be_told(tmp_path):
    """The system lets go of its lock, whichever way the run died."""
    if why := missing():
        pytest.skip(why)
    draw_photos(tmp_path, 12)
    place = Path(tempfile.gettempdir())
    before = set(place.glob(f"{PREFIX}*"))
    child = run("run_set", tmp_path, executor="processes", jobs=2, delay_s=0.05)
    child.wait_for(1, "ran")
    child.kill_group()
    left = set(place.glob(f"{PREFIX}*")) - before
    for path in left:
        make_old(path)

    assert left
    remove_left_over()
    assert [] == [path for path in left if path.exists()]
