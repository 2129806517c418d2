"""Facts of files: read off the header, whatever is broken in it."""

import hashlib
import io
import os
from pathlib import Path

import pytest
from drawn import noise
from PIL import ExifTags, Image

from creevey_graph.errors import ImageError, UsageError
from creevey_graph.images import (
    encode_image,
    exif,
    load_image,
    nbytes,
    picture_facts,
    sha256,
    write_animation,
)

CORPUS = os.environ.get("CREEVEY_CORPUS", "")


def tagged(tags=(), camera=(), position=()):
    """Return a JPEG with EXIF tags."""
    found = Image.Exif()
    found.update(dict(tags))
    found.get_ifd(ExifTags.IFD.Exif).update(dict(camera))
    found.get_ifd(ExifTags.IFD.GPSInfo).update(dict(position))
    with io.BytesIO() as file:
        noise().save(file, "JPEG", exif=found)
        return file.getvalue()


@pytest.mark.parametrize(
    ("suffix", "name", "mode"),
    [
        ("jpg", "JPEG", "L"),
        ("png", "PNG", "RGBA"),
        ("webp", "WEBP", "RGB"),
        ("tif", "TIFF", "CMYK"),
        ("gif", "GIF", "P"),
        ("bmp", "BMP", "RGB"),
        ("jp2", "JPEG2000", "RGB"),
        ("ppm", "PPM", "RGB"),
    ],
)
def test_facts_of_each_format(tmp_path, suffix, name, mode):
    """Format, mode, size and bytes are told of a path as of its bytes."""
    data = encode_image(noise(mode), suffix)
    path = tmp_path / "file.bin"
    path.write_bytes(data)
    expected = {
        "format": name,
        "mode": mode,
        "width": 40,
        "height": 30,
        "orientation": 1,
        "frames": 1,
        "nbytes": len(data),
    }

    assert expected == picture_facts(data) == picture_facts(path) == picture_facts(str(path))
    assert len(data) == nbytes(path)
    assert hashlib.sha256(data).hexdigest() == sha256(path) == sha256(data)


def test_size_is_that_of_the_upright_picture():
    """Width and height are those `load_image` gives."""
    data = tagged({ExifTags.Base.Orientation: 6})
    upright, stored = picture_facts(data), picture_facts(data, exif_transpose=False)

    assert load_image(data).size == (upright["width"], upright["height"]) == (30, 40)
    assert (40, 30, 6) == (stored["width"], stored["height"], stored["orientation"])


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_frames_are_counted(tmp_path, suffix):
    """An animation says how many pictures it has."""
    path = write_animation([noise(seed=seed) for seed in range(4)], tmp_path / f"a.{suffix}")

    assert 4 == picture_facts(path)["frames"]


def test_a_bomb_is_told_without_being_decoded():
    """Ten gigapixels in the header cost nothing."""
    facts = picture_facts(b"P6 100000 100000 255 ")

    assert (100000, 100000) == (facts["width"], facts["height"])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "file of 0 bytes: empty, no picture"),
        (b"<html>", "file of 6 bytes: a web page, not a picture in a format that is read"),
        (b"\x89PNG\r\n\x1a\n" + bytes(9), "file of 17 bytes: "),
        (b"II*\0", "file of 4 bytes: TIFF header cannot be read"),
    ],
)
@pytest.mark.parametrize("step", [picture_facts, exif])
def test_what_is_no_picture_is_one_error(step, data, problem):
    """Empty, foreign and cut off files are ImageErrors."""
    with pytest.raises(ImageError, match=f"^{problem}"):
        step(data)


@pytest.mark.parametrize("step", [picture_facts, exif, sha256, nbytes])
def test_a_source_is_a_path_or_bytes(step, tmp_path):
    """Other types are told; a missing file is the system's error."""
    with pytest.raises(UsageError, match=rf"step '{step.name}': source must be a path or bytes \(got int\)"):
        step(7)
    with pytest.raises(FileNotFoundError):
        step(tmp_path / "missing.jpg")


def test_exif_is_plain_values_by_name():
    """Tags of picture, camera and position are flat, and all of them JSON-able."""
    data = tagged(
        {ExifTags.Base.Make: "Reconyx\0\0", ExifTags.Base.Orientation: 3, 0x9999: "odd"},
        {
            ExifTags.Base.ExposureTime: 0.004,
            ExifTags.Base.UserComment: b"ASCII\0\0\0fox\0",
            ExifTags.Base.MakerNote: bytes(500),
            ExifTags.Base.ExifVersion: b"0232",
        },
        {ExifTags.GPS.GPSLatitude: (48.0, 12.0, 30.5), ExifTags.GPS.GPSLatitudeRef: "N"},
    )

    assert {
        "Make": "Reconyx",
        "Orientation": 3,
        "0x9999": "odd",
        "ExposureTime": 0.004,
        "UserComment": "fox",
        "MakerNote": "<bytes: 500>",
        "ExifVersion": "0232",
        "GPSLatitude": [48.0, 12.0, 30.5],
        "GPSLatitudeRef": "N",
    } == exif(data)


def test_no_exif_is_empty():
    """A picture without tags has none."""
    assert {} == exif(encode_image(noise(), "png"))


def test_broken_exif_does_not_cost_the_picture():
    """What can be read is kept, and the rest told; the facts come out all the same."""
    whole = tagged({ExifTags.Base.Make: "Reconyx", ExifTags.Base.Orientation: 6})
    start = whole.index(b"Exif\0\0") + 6
    for end in range(start, start + 60):
        broken = whole[:end] + b"\xff" * 4 + whole[end + 4 :]
        found = exif(broken)
        facts = picture_facts(broken)

        assert all(type(value) in {int, float, str, list, type(None)} for value in found.values())
        assert {40, 30} == {facts["width"], facts["height"]}


def test_tags_that_raise_are_told(monkeypatch):
    """Pillow's readers have raised anything; the other tags are kept, and the error has its place."""

    def divide(*_):
        raise ZeroDivisionError("division by zero")

    data = tagged({ExifTags.Base.Make: "Reconyx"})
    monkeypatch.setattr(Image.Exif, "get_ifd", divide)

    assert {"Make": "Reconyx", "error": "Exif: division by zero; GPSInfo: division by zero"} == exif(data)


@pytest.mark.skipif(not CORPUS, reason="CREEVEY_CORPUS names no folder of pictures")
@pytest.mark.filterwarnings("error")
def test_corpus_has_facts_and_tags():
    """Every photo has the size it has when loaded; every odd file has facts or one ImageError."""
    for path in sorted(Path(CORPUS).glob("photos/*")):
        facts = picture_facts(path)
        assert load_image(path).size == (facts["width"], facts["height"]), path.name
        assert "error" not in exif(path), path.name
    for path in sorted(Path(CORPUS).glob("odd/*")):
        try:
            assert picture_facts(path)["width"] > 0
            exif(path)
        except ImageError as error:
            assert str(path) in str(error)  # noqa: PT017 - some have facts, some do not
