"""The drawn pictures: what the demo and the README's figures rest on."""

import pytest
from PIL import Image, ImageStat

from creevey_graph.demo.pictures import BAR_PX, MOODS, draw_pictures
from creevey_graph.errors import UsageError


def test_names_are_numbered_and_sizes_as_asked(tmp_path):
    """Pictures are RGB JPEGs of the asked size, numbered from 1, in order."""
    paths = draw_pictures(tmp_path / "new" / "folder", 3, size=(320, 240))

    assert [path.name for path in paths] == ["IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.jpg"]
    for path in paths:
        with Image.open(path) as image:
            assert (image.format, image.size, image.mode) == ("JPEG", (320, 240), "RGB")


def test_every_picture_is_different(tmp_path):
    """No two pictures of a set have the same bytes, nor the same scene."""
    paths = draw_pictures(tmp_path, 2 * len(MOODS), size=(160, 200))

    assert len(paths) == len({path.read_bytes() for path in paths})
    scenes = set()
    for path in paths:
        with Image.open(path) as image:
            scenes.add(image.crop((0, 0, 160, 200 - BAR_PX)).resize((8, 8)).tobytes())
    assert len(paths) == len(scenes)


def test_the_same_seed_draws_the_same_pictures(tmp_path):
    """A seed fixes every byte, whatever the count; another seed draws others."""
    one = draw_pictures(tmp_path / "one", 3, seed=7, size=(160, 200))
    longer = draw_pictures(tmp_path / "longer", 4, seed=7, size=(160, 200))
    other = draw_pictures(tmp_path / "other", 3, seed=8, size=(160, 200))

    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in longer[:3]]
    assert not {path.read_bytes() for path in one} & {path.read_bytes() for path in other}


def test_the_bar_is_black_with_text_and_the_scene_is_not(tmp_path):
    """The lowest 100 rows are black but for the notes; the scene above has the grain of a photo."""
    for path in draw_pictures(tmp_path, len(MOODS)):
        with Image.open(path) as image:
            gray = image.convert("L")
        bar = gray.crop((0, gray.height - BAR_PX, *gray.size))
        scene = gray.crop((0, 0, gray.width, gray.height - BAR_PX))

        assert ImageStat.Stat(bar).median[0] < 8
        assert bar.getextrema()[1] > 200, "the notes are written in white"
        assert max(bar.crop((0, 10, bar.width, 30)).getextrema()) < 24, "nothing is written at its edge"
        assert ImageStat.Stat(scene).stddev[0] > 10
        assert ImageStat.Stat(scene).mean[0] > ImageStat.Stat(bar).mean[0]


def test_no_pictures_is_an_empty_folder(tmp_path):
    """A count of 0 makes the folder and returns nothing."""
    assert draw_pictures(tmp_path / "empty", 0) == []
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize(
    ("count", "size", "name"),
    [(-1, (640, 480), "count"), (1, (31, 480), "size"), (1, (640, 131), "size")],
)
def test_what_cannot_be_drawn_is_said_before_anything_is_written(tmp_path, count, size, name):
    """A negative count or a picture smaller than its bar is a usage error that names the argument."""
    with pytest.raises(UsageError, match=f"'{name}' must be .*got"):
        draw_pictures(tmp_path / "none", count, size=size)
    assert not (tmp_path / "none").exists()


def test_the_smallest_size_can_be_drawn(tmp_path):
    """The least size that is allowed works for every mood."""
    for path in draw_pictures(tmp_path, len(MOODS), size=(32, 132)):
        with Image.open(path) as image:
            assert image.size == (32, 132)
