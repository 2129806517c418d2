"""What hostile pictures once cost, each case alone: limits that stand beside the one on pixels."""

import io
import random

import bombs
import mutants
import pytest
from PIL import Image

from creevey_graph.errors import ImageError
from creevey_graph.images import claims, load_frames, load_image
from creevey_graph.images.codestream import what_is_missing


def test_a_gif_cut_between_two_frames_is_no_shorter_animation():
    """A cut right behind the first frame was read as one frame; the end mark tells, and lenient reading takes it."""
    data = mutants.whole_files()["GIF-animated"]
    one = next(end for end in range(len(data), 0, -1) if len(_lenient(data[:end])) == 1)

    with pytest.raises(ImageError, match=r"truncated picture .no end of file mark"):
        load_frames(data[:one])

    assert len(load_frames(data)) == 3
    assert load_image(data[:one]).size == mutants.SIZE  # its first frame is whole


def _lenient(data):
    try:
        return load_frames(data, fail_on="none")
    except ImageError:
        return []


def test_a_jpeg_that_cannot_hold_what_it_claims_is_truncated():
    """A header of 13 300 x 13 300 over 335 bytes gave 177 million grey pixels and no word."""
    data = bombs.jpeg_claiming(13_300, 13_300)

    for shrink in ("exact", "fast"):
        with pytest.raises(ImageError, match="335 bytes cannot hold the 13300 x 13300 pixels"):
            load_image(data, shrink=shrink)


def test_the_emptiest_jpeg_holds_what_it_claims():
    """One colour all over takes the fewest bits; such a file is no liar, in any coding."""
    for options in ({}, {"progressive": True}, {"optimize": True}, {"subsampling": "4:2:0"}):
        data = bytes(bombs.saved("RGB", (2000, 1500), "JPEG", quality=1, **options))

        assert load_image(data).size == (2000, 1500)


def test_missing_tiles_are_no_grey_picture():
    """A codestream that has one of 65 025 tiles came out grey elsewhere, for 614 MB."""
    with pytest.raises(ImageError, match=r"truncated picture .65024 of 65025 tiles are missing"):
        load_image(bombs.codestream(255 * 40, 40))


def test_a_tiled_jpeg_2000_is_whole():
    """Files of many tiles, in one part each, have all of them."""
    file = io.BytesIO()
    mutants.draw("RGB", 1).save(file, "JPEG2000", tile_size=(8, 8))

    assert what_is_missing(file.getvalue()) == ""
    assert load_image(file.getvalue()).size == mutants.SIZE


@pytest.mark.parametrize("count", [claims.MOST_SCANS, claims.MOST_SCANS - 20])
def test_scans_of_a_progressive_jpeg_are_counted(count):
    """Up to a hundred are decoded; one scan of the file is 12 bytes, and all of them cost a pass over the picture."""
    data = bombs.scans(count, 64)

    if count < claims.MOST_SCANS:
        assert load_image(data).size == (64, 64)
    else:
        with pytest.raises(ImageError, match=r"a JPEG of 1\d\d scans, more than 100"):
            load_image(data)


def test_frames_are_counted_no_further_than_asked(monkeypatch):
    """A million frames took 8 s to count before they were refused; now 1000 and one are."""
    from PIL import GifImagePlugin

    seeks = []
    seek = GifImagePlugin.GifImageFile._seek
    monkeypatch.setattr(
        GifImagePlugin.GifImageFile,
        "_seek",
        lambda image, frame, *rest, **named: (seeks.append(frame), seek(image, frame, *rest, **named))[1],
    )

    with pytest.raises(ImageError, match="more than max_frames=7"):
        load_frames(bombs.gif(500, 1, 1), max_frames=7)

    assert max(seeks) == 7
    with pytest.raises(ImageError, match="no frame 9; it has 5, counted from 0"):
        load_image(bombs.gif(5, 1, 1), frame=9)


def test_an_icon_is_held_to_the_pixels_inside(monkeypatch):
    """Its header says 16 x 16, the PNG in it 13 000 x 13 000, and Pillow decodes it as soon as it is opened."""
    opened = []
    monkeypatch.setattr(Image.Image, "load", opened.append)

    with pytest.raises(ImageError, match="13000 x 13000 = 169000000 pixels, more than max_pixels=1000000"):
        load_image(bombs.icon(bombs.png(13_000, 13_000, 1, 0)), formats=("ICO",), max_pixels=10**6)

    assert [] == opened


@pytest.mark.parametrize("big", [False, True])
def test_strips_are_counted_in_every_page_before_pillow_lists_them(big):
    """A million strips took 8 s and 331 MB to list; pages behind the first count too, and BigTIFF."""
    file = io.BytesIO()
    pages = [Image.new("L", (1, rows)) for rows in (2, claims.MOST_STRIPS + 1)]
    pages[0].save(
        file,
        "TIFF",
        save_all=True,
        append_images=pages[1:],
        strip_size=1,
        big_tiff=big,
        compression="tiff_lzw",
    )

    with pytest.raises(ImageError, match=f"a TIFF of {claims.MOST_STRIPS + 1} strips"):
        load_image(file.getvalue(), frame=1)


def test_ordinary_large_files_pass():
    """Many chunks, a long comment and a big profile are no bombs."""
    text = bombs.chunk(b"tEXt", b"k\0v")
    comment = b"P6 #" + b"x" * 60_000 + b"\n2 2 255\n" + bytes(70_000)
    profile = bombs.jpeg_with(bombs.segment(b"\xff\xe2", b"ICC_PROFILE\0\1\xff"), 255)

    assert load_image(bombs.png(8, 8, extra=text * 40_000)).size == (8, 8)
    assert load_image(comment).size == (2, 2)
    assert load_image(profile).size == (16, 16)
    assert load_image(b"P4 1000 1000\n" + b"\n" * 125_000).size == (1000, 1000)


def test_a_mutant_that_is_a_picture_is_told_from_one_that_is_none():
    """The trial of mutants can fail: what raises anything but our errors passes through it."""

    def broken(_source, **_options):
        raise ValueError("from a decoder")

    with pytest.raises(ValueError, match="from a decoder"):
        mutants.try_one(b"", broken, {"mode": "RGB"})
    assert "picture" == mutants.try_one(mutants.whole_files()["PNG"], load_image, {"mode": "RGB"})
    assert mutants.mutant(random.Random(1), mutants.whole_files()) == mutants.mutant(
        random.Random(1), mutants.whole_files()
    )
