"""Every measure, hash, filter and encoder on every mode, down to one pixel, here and in a process."""

from contextlib import suppress

import pytest
from drawn import MODES, noise

from creevey_graph import graph, images
from creevey_graph.errors import CreeveyError, ImageError, SkipItem, UsageError
from creevey_graph.images import difference_hash, load_image, require_size, write_image
from creevey_graph.images.formats import FORMATS

MEASURES = {
    name: getattr(images, name)
    for name in (
        "aspect_ratio",
        "average_hash",
        "blur_score",
        "channel_mean_std",
        "colorfulness",
        "difference_hash",
        "entropy",
        "height",
        "histogram",
        "is_grayscale",
        "mean_brightness",
        "perceptual_hash",
        "wavelet_hash",
        "width",
    )
}
FILTERS = {
    "require_aspect_ratio": {"min": 0.5, "max": 2},
    "require_brightness": {"min": 20, "max": 230},
    "require_color": {"tolerance": 4},
    "require_entropy": {"min": 1},
    "require_grayscale": {"tolerance": 4},
    "require_sharpness": {"min": 10},
    "require_size": {"min_width": 2, "max_pixels": 1_000_000},
}


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 3), (64, 48)])
@pytest.mark.parametrize("mode", MODES)
def test_every_measure_takes_every_mode(mode, size):
    """There is a plain value for every picture, and the picture stays as it was."""
    image = noise(mode, size)
    before = image.copy()

    for name, measure in MEASURES.items():
        assert type(measure(image)) in {int, float, bool, dict}, name
    assert before == image


@pytest.mark.parametrize("size", [(1, 1), (64, 48)])
@pytest.mark.parametrize("mode", MODES)
def test_every_filter_passes_or_skips_every_mode(mode, size):
    """A filter returns the very picture it was given, or skips it."""
    image = noise(mode, size)
    before = image.copy()

    for name, bounds in FILTERS.items():
        with suppress(SkipItem):
            assert getattr(images, name)(image, **bounds) is image
    assert before == image


@pytest.mark.parametrize("suffix", sorted(FORMATS))
@pytest.mark.parametrize("mode", MODES)
def test_every_format_holds_its_modes_and_refuses_the_others(tmp_path, mode, suffix):
    """What the table promises is written, from one pixel up, and all else is one ImageError."""
    for size in ((1, 1), (5, 3), (64, 48)):
        image = noise(mode, size)
        before = image.copy()
        if mode in FORMATS[suffix].modes:
            data = images.encode_image(image, suffix[1:])
            assert size == load_image(data, mode="keep").size
            assert data == write_image(image, tmp_path / f"a{suffix}").read_bytes()
        else:
            with pytest.raises(ImageError, match="holds mode"):
                images.encode_image(image, suffix[1:])
        assert before == image


@pytest.mark.parametrize("name", [*MEASURES, *FILTERS])
def test_what_is_no_picture_is_told(name):
    """Neither text nor an empty picture gets through to Pillow."""
    for wrong in ("photo.jpg", None, noise().crop((0, 0, 0, 5))):
        with pytest.raises(UsageError, match=f"step '{name}': image must"):
            getattr(images, name)(wrong, **FILTERS.get(name, {}))


@graph
def everything(photo: bytes):
    image = require_size(load_image(photo), min_width=20)
    found = {name: measure(image) for name, measure in MEASURES.items()}
    return {**found, "jpeg": images.sha256(images.encode_image(image, "jpg", progressive=True))}


def test_steps_give_in_processes_what_they_give_here(go):
    """A worker's values are those of a call; a picture left out has its reason in the report."""
    sizes = ((40, 30), (30, 40), (9, 9))
    photos = [
        {"photo": images.encode_image(noise(size=size, seed=seed), "png")} for seed, size in enumerate(sizes)
    ]

    report = go(everything, photos, executor="processes", jobs=2)

    first, second, third = report.rows
    assert "9 x 9 px, narrower than 20 px" == third.error
    assert "require_size" == third.step
    for seed, row in enumerate((first, second)):
        image = noise(size=sizes[seed], seed=seed)
        assert {name: measure(image) for name, measure in MEASURES.items()} == {
            name: row.fields[name] for name in MEASURES
        }


def test_64_bit_hashes_stay_whole_beside_a_failed_row(go, tmp_path):
    """Creevey's hashes became floats, all of them wrong, as soon as one file failed."""

    @graph
    def hashed(photo: bytes):
        return {"dhash": difference_hash(load_image(photo))}

    photos = [{"photo": images.encode_image(noise(seed=seed), "png")} for seed in range(3)]
    photos[1] = {"photo": b"no picture"}
    report = go(hashed, photos)
    report.to_csv(tmp_path / "report.csv")
    report.to_jsonl(tmp_path / "report.jsonl")
    expected = [difference_hash(noise(seed=seed)) for seed in (0, 2)]

    assert max(expected) > 2**53  # a float would not hold it
    csv = (tmp_path / "report.csv").read_text(encoding="utf-8")
    assert all(f",{value}" in csv for value in expected)
    assert all(f'"dhash": {value}}}' in (tmp_path / "report.jsonl").read_text("utf-8") for value in expected)
    pytest.importorskip("pandas")
    column = report.to_pandas()["dhash"]
    assert [expected[0], None, expected[1]] == list(column)
    assert int is type(column.iloc[0])


def test_errors_are_ours():
    """All that a wrong argument raises is a CreeveyError."""
    assert issubclass(UsageError, CreeveyError)
    assert issubclass(ImageError, CreeveyError)
