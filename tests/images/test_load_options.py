"""The rest of `load_image` and `load_frames`: sources, depth, profiles, frames, limits, and what damage costs."""

import io
import struct
import threading
import warnings

import pytest
from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageFile

from creevey_graph import GraphError, graph
from creevey_graph.errors import ImageError, PictureWarning, UsageError
from creevey_graph.images import difference_hash, load_frames, load_image, resize


def drawn(size=(31, 20), mode="RGB"):
    width, height = size
    picture = Image.new("RGB", size)
    picture.putdata(
        [(8 * x % 256, 12 * y % 256, (x * y + 40) % 256) for y in range(height) for x in range(width)]
    )
    return picture.convert(mode)


def encoded(image, name="PNG", **options):
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


class Member:
    """A file in an archive."""

    def __init__(self, data):
        self.data = data

    def read_bytes(self):
        return self.data

    def __str__(self):
        return "photos.zip/a.png"


class Frame:
    """A frame of a video."""

    def __init__(self, image):
        self.image = image

    def read_image(self):
        return self.image

    def __str__(self):
        return "clip.mp4 at 1.0 s"


def test_members_and_frames_are_sources():
    """Whatever gives a file's bytes, or a picture, is read like a path; and nothing of it is changed."""
    picture = drawn(mode="RGBA")
    picture.info["comment"] = b"hello"

    assert drawn() == load_image(Member(encoded(drawn())))
    assert drawn() == load_image(Frame(drawn()))
    assert load_image(Frame(picture)).mode == "RGB"
    assert load_image(Frame(picture), mode="keep").info == {}
    assert picture.info == {"comment": b"hello"}
    assert [drawn()] == load_frames(Frame(drawn()))


def test_members_and_frames_are_named_in_errors():
    """An error says which member or frame it was."""
    with pytest.raises(ImageError, match=r"photos\.zip/a\.png: empty, no picture"):
        load_image(Member(b""))
    with pytest.raises(ImageError, match=r"photos\.zip/a\.png: 4 bytes, more than max_bytes=3"):
        load_image(Member(b"GIF8"), max_bytes=3)
    with pytest.raises(ImageError, match=r"clip\.mp4 at 1\.0 s: 31 x 20 = 620 pixels"):
        load_image(Frame(drawn()), max_pixels=619)
    with pytest.raises(UsageError, match=r"read_bytes\(\) must give bytes \(got str\)"):
        load_image(Member("text"))


def test_bytes_are_counted_before_they_are_read(tmp_path):
    """A file beyond max_bytes is refused by its size."""
    path = tmp_path / "a.png"
    drawn().save(path)
    size = path.stat().st_size

    assert drawn() == load_image(path, max_bytes=size)
    with pytest.raises(ImageError, match=rf"a\.png: {size} bytes, more than max_bytes={size - 1}"):
        load_image(path, max_bytes=size - 1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"bit_depth": "16"}, "parameter 'bit_depth' has no choice '16'"),
        ({"icc": "SRGB"}, "parameter 'icc' has no choice 'SRGB'"),
        ({"fail_on": "never"}, "parameter 'fail_on' has no choice 'never'"),
        ({"shrink": "quick"}, "parameter 'shrink' has no choice 'quick'"),
        ({"frame": -1}, "frame must be 0 or more"),
        ({"frame": 1.0}, "frame must be 0 or more"),
        ({"frame": "all"}, "load_frames gives all"),
        ({"bit_depth": "keep16"}, "bit_depth='keep16' needs mode='L'"),
    ],
)
def test_wrong_options_are_told_before_the_file_is_opened(options, told):
    """An option that is none is a UsageError, wherever the file is."""
    with pytest.raises(UsageError, match=told):
        load_image("nowhere.png", **options)


@pytest.mark.parametrize(
    ("name", "mode"), [("TIFF", "I;16"), ("PNG", "I;16"), ("PPM", "I"), ("TIFF", "I;16B")]
)
def test_16_bit_greys_can_be_kept(name, mode):
    """`bit_depth="keep16"` gives greys of 16 bits as they are; 8-bit pictures stay "L"."""
    width, order = ("i" if mode == "I" else "H"), (">" if mode == "I;16B" else "<")
    deep = Image.frombytes(mode, (3, 1), struct.pack(f"{order}3{width}", 0, 32896, 65535))

    image = load_image(encoded(deep, name), mode="L", bit_depth="keep16")

    assert image.mode == "I;16"
    assert [image.getpixel((x, 0)) for x in range(3)] == [0, 32896, 65535]
    assert load_image(encoded(drawn()), mode="L", bit_depth="keep16").mode == "L"


def test_16_bit_transparent_grey_has_the_background():
    """One transparent grey of 16 bits becomes the background, and its neighbour does not."""
    picture = Image.new("I;16", (2, 1), 40001)
    picture.putpixel((0, 0), 40000)

    image = load_image(encoded(picture, "PNG", transparency=40000), mode="L", bit_depth="keep16")

    assert [image.getpixel((x, 0)) for x in range(2)] == [65535, 40001]


def test_32_bit_greys_are_not_taken_for_16():
    """Values beyond 16 bits are an error, also where 16 are kept."""
    picture = Image.frombytes("I", (2, 1), struct.pack("<2i", 0, 70000))

    with pytest.raises(ImageError, match="integer pixels must lie in 0-65535"):
        load_image(encoded(picture, "TIFF"), mode="L", bit_depth="keep16")


def lab_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile():
    """Return sRGB's profile with its red and blue primaries changed for each other."""
    profile = bytearray(srgb_profile())
    red, blue = profile.index(b"rXYZ", 128), profile.index(b"bXYZ", 128)
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize(("mode", "name"), [("RGB", "PNG"), ("RGBA", "PNG"), ("P", "PNG"), ("RGB", "JPEG")])
def test_profile_is_applied_where_asked_for(mode, name):
    """`icc="srgb"` gives the colours that the profile tells; "ignore" the numbers; and none is left after."""
    red = Image.new("RGB", (8, 8), "red").convert(mode)
    data = encoded(red, name, icc_profile=swapped_profile())

    for wanted in ("RGB", "RGBA", "keep"):
        image = load_image(data, mode=wanted, icc="srgb")
        assert image.info == {}
        pixel = image.convert("RGB").getpixel((4, 4))
        assert all(abs(a - b) < 4 for a, b in zip((0, 0, 255), pixel, strict=True)), (wanted, pixel)
    assert load_image(data).getpixel((4, 4))[0] > 250


def test_srgb_profile_changes_nothing():
    """What is sRGB already stays, to a rounding."""
    image = load_image(encoded(drawn(), icc_profile=srgb_profile()), icc="srgb")

    assert max(high for _, high in ImageChops.difference(drawn(), image).getextrema()) <= 1
    assert drawn() == load_image(encoded(drawn()), icc="srgb")


def test_alpha_stays_beside_a_profile():
    """Transparency is no colour, and is not converted."""
    grey = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = Image.new("RGBA", (4, 4), (255, 0, 0, 99))

    image = load_image(encoded(picture, icc_profile=swapped_profile()), mode="RGBA", icc="srgb")

    assert image.getpixel((0, 0))[3] == 99
    with pytest.warns(PictureWarning, match="broken colour profile"):
        load_image(encoded(Image.new("LA", (4, 4), (9, 99)), icc_profile=grey), mode="RGBA", icc="srgb")


@pytest.mark.parametrize("profile", [b"profile", lab_profile()], ids=["noise", "of other colours"])
def test_broken_profile_is_told_and_not_applied(profile):
    """A profile that is none, or one for other colours, is a warning once; the picture stays as it is."""
    data = encoded(drawn(), icc_profile=profile)

    with pytest.warns(PictureWarning, match="broken colour profile, not applied") as seen:
        image = load_image(data, icc="srgb")

    assert len(seen) == 1
    assert drawn().tobytes() == image.tobytes()
    with pytest.raises(ImageError, match="broken colour profile"):
        load_image(data, icc="srgb", fail_on="warning")
    assert drawn().tobytes() == load_image(data, fail_on="warning").tobytes()


def animation():
    """Return frames that each draw a spot on what is there, as an animation's steps."""
    frames = [Image.new("RGB", (24, 16), "white")]
    for number, color in enumerate(("red", "lime", "blue")):
        frame = frames[-1].copy()
        ImageDraw.Draw(frame).rectangle((number * 8, 4, number * 8 + 5, 9), fill=color)
        frames.append(frame)
    return frames


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_every_frame_is_composed(name):
    """All frames come out as they are shown, each on its own pixels."""
    frames = animation()[: 3 if name == "MPO" else 4]  # of four, Pillow 13 writes a wrong offset
    options = (
        {"lossless": True} if name == "WEBP" else {"quality": 100, "subsampling": 0} if name == "MPO" else {}
    )
    data = encoded(frames[0], name, save_all=True, append_images=frames[1:], **options)

    found = load_frames(data)

    assert len(found) == len(frames)
    for number, (expected, actual) in enumerate(zip(frames, found, strict=True)):
        difference = ImageChops.difference(expected, actual)
        assert max(high for _, high in difference.getextrema()) <= (60 if name == "MPO" else 0), number
        assert actual == load_image(data, frame=number)
    with pytest.raises(ImageError, match=rf"no frame {len(frames)}; it has {len(frames)}, counted"):
        load_image(data, frame=len(frames))


@pytest.mark.parametrize(
    ("name", "disposal"), [("GIF", 0), ("GIF", 1), ("GIF", 2), ("GIF", 3), ("PNG", 0), ("PNG", 1)]
)
def test_disposal_is_obeyed(name, disposal):
    """What a frame leaves behind is what the format says: its pixels, nothing, or what was before."""
    frames = [Image.new("RGBA", (20, 10), (0, 0, 0, 0)) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste((200, 40 * number, 0, 255), (number * 6, 2, number * 6 + 5, 8))
    data = encoded(
        frames[0], name, save_all=True, append_images=frames[1:], disposal=disposal, duration=50, blend=1
    )
    stays = disposal < (2 if name == "GIF" else 1)
    shown, canvas = [], Image.new("RGB", (20, 10), "white")
    for frame in frames:
        canvas = canvas.copy() if stays else Image.new("RGB", (20, 10), "white")
        canvas.paste(frame, mask=frame)
        shown.append(canvas)

    assert [image.tobytes() for image in shown] == [image.tobytes() for image in load_frames(data)]


def test_a_picture_is_one_frame():
    """What has one picture gives a list of it."""
    assert [drawn()] == load_frames(encoded(drawn()))


def test_pages_have_sizes_of_their_own():
    """Pages of a TIFF are pictures of their own, also in size and turn."""
    pages = [drawn((31, 20)), drawn((10, 40)), drawn((5, 5))]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])

    assert pages == load_frames(data)
    assert pages[1] == load_image(data, frame=1)


def test_frames_and_pixels_of_all_are_counted_before_decoding(monkeypatch):
    """Too many frames, or pixels over all of them, are refused by the header."""
    frames = animation()
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    pages = [drawn((31, 20)), drawn((100, 40))]
    tiff = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])

    def explode(_self):
        raise AssertionError("decoded")

    with monkeypatch.context() as patch:
        patch.setattr(ImageFile.ImageFile, "load", explode)
        with pytest.raises(ImageError, match="4 frames or more, more than max_frames=3"):
            load_frames(gif, max_frames=3)
        with pytest.raises(ImageError, match=r"4 frames of 1536 pixels together, more than max_pixels=1535"):
            load_frames(gif, max_pixels=1535)
        with pytest.raises(ImageError, match=r"2 frames of 4620 pixels together, more than max_pixels=4619"):
            load_frames(tiff, max_pixels=4619)
        with pytest.raises(ImageError, match=r"100 x 40 = 4000 pixels, more than max_pixels=3999"):
            load_image(tiff, frame=1, max_pixels=3999)
    assert len(load_frames(gif, max_frames=4, max_pixels=1536)) == 4
    assert len(load_frames(tiff, max_pixels=4620)) == 2


def test_frames_in_a_graph_are_a_list():
    """Giving all frames to a step for one picture is an error when the graph is declared."""
    with pytest.raises(GraphError, match="load_frames"):

        @graph
        def wrong(photo):
            return {"small": resize(load_frames(photo), 10)}


def test_sources_are_checked_when_a_graph_is_declared():
    """What can be no source is refused at once; a member of an archive is one."""

    @graph
    def right(member: Member):
        return {"small": resize(load_image(member), 10)}

    assert len(right.nodes) == 2
    with pytest.raises(GraphError, match="load_image"):

        @graph
        def wrong(photo):
            return {"small": load_image(difference_hash(load_image(photo)))}


@pytest.mark.parametrize("progressive", [False, True])
def test_what_was_decoded_can_be_kept_of_a_jpeg(progressive):
    """`fail_on="none"` gives the rows that are there; the rest is one grey."""
    picture = drawn((200, 200)).resize((400, 400))
    whole = encoded(picture, "JPEG", progressive=progressive)
    cut = whole[: len(whole) * 6 // 10]

    image = load_image(cut, fail_on="none")

    expected = load_image(whole)
    assert image.size == (400, 400)
    assert len(image.getcolors(1_000_000)) > 1000
    if not progressive:
        assert expected.crop((0, 0, 400, 150)) == image.crop((0, 0, 400, 150))
        assert len(image.crop((0, 380, 400, 400)).getcolors()) == 1
    with pytest.raises(ImageError, match="truncated"):
        load_image(cut)


@pytest.mark.parametrize("name", ["PNG", "TIFF", "BMP", "PPM"])
def test_what_was_decoded_can_be_kept(name):
    """Other formats keep their rows too, and what is missing is grey."""
    picture = drawn((200, 200))
    options = {"compress_level": 0} if name == "PNG" else {}
    whole = encoded(picture.rotate(180) if name == "BMP" else picture, name, **options)
    cut = whole[: len(whole) // 2]

    image = load_image(cut, fail_on="none")

    image = image.rotate(180) if name == "BMP" else image
    assert picture.crop((0, 0, 200, 60)) == image.crop((0, 0, 200, 60))
    if name != "TIFF":  # its strips are all or nothing
        assert image.crop((0, 180, 200, 200)).getcolors() == [(4000, (128, 128, 128))]


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "BMP", "JPEG2000"])
@pytest.mark.filterwarnings("ignore:Truncated File Read", "ignore:Corrupt EXIF data")
def test_cut_anywhere_is_a_picture_or_an_error(name):
    """With `fail_on="none"` any cut gives a picture of the right size, or an ImageError where nothing is there."""
    whole = encoded(drawn(), name)

    for length in range(0, len(whole), 3):
        try:
            image = load_image(whole[:length], fail_on="none")
        except ImageError:
            continue
        assert (image.size, image.mode) == ((31, 20), "RGB")
    assert load_image(whole) == load_image(whole, fail_on="none")


def test_threads_beside_it_keep_their_errors():
    """While one thread keeps what is there, others still fail on the same truncated file."""
    whole = encoded(drawn((400, 400)), "JPEG")
    cut = whole[: len(whole) // 2]
    stop, kept, wrong = threading.Event(), [], []

    def keep():
        while not stop.is_set():
            kept.append(load_image(cut, fail_on="none").size)

    def fail():
        for _ in range(40):
            try:
                load_image(cut)
                wrong.append("loaded")
            except ImageError:
                pass

    threads = [threading.Thread(target=fail) for _ in range(3)]
    keeper = threading.Thread(target=keep)
    for thread in (keeper, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    keeper.join()

    assert wrong == []
    assert set(kept) == {(400, 400)}
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_warnings_name_the_file(tmp_path):
    """A warning tells which file it is about, so that each is shown once."""
    paths = [tmp_path / f"{number}.png" for number in range(2)]
    for path in paths:
        drawn().save(path, exif=b"Exif\x00\x00garbage")

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        for path in (*paths, *paths):
            load_image(path)

    assert [f"{path}: broken EXIF, taken as upright (no TIFF header)" for path in paths] == [
        str(warning.message) for warning in seen
    ]


def test_broken_exif_is_told_of_a_deferred_picture_too():
    """What stays undecoded tells of its EXIF when it is loaded."""
    data = encoded(drawn((64, 64)), "JPEG", exif=b"Exif\x00\x00garbage", dpi=(72, 72))

    with pytest.warns(PictureWarning, match="broken EXIF"):
        picture = load_image(data, shrink="fast")

    assert picture.size == (64, 64)


def test_heic_is_read_where_the_extra_is_there():
    """With pillow-heif a HEIC file is a picture like any other."""
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    data = encoded(Image.new("RGB", (64, 48), "red"), "HEIF")

    image = load_image(data)

    assert image.size == (64, 48)
    red, green, blue = image.getpixel((32, 24))
    assert red > 230
    assert max(green, blue) < 25
