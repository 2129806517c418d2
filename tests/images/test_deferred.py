"""Pictures that stay undecoded (`shrink="fast"`): cut without decoding, scaled from a reduced one, else exact."""

import copy
import io
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw, ImageOps, JpegImagePlugin

from creevey_graph import graph, step
from creevey_graph.codecs import codec_for
from creevey_graph.contents import content_of, content_of_kept, hash_bytes
from creevey_graph.deferred import DeferredImage
from creevey_graph.errors import CodecError, ImageError
from creevey_graph.fields import field_of
from creevey_graph.fingerprint.values import digest_value
from creevey_graph.images import (
    crop,
    difference_hash,
    flip,
    grayscale,
    load_image,
    mean_brightness,
    resize,
    rotate,
    trim,
    write_image,
)

FITS = ("fill", "cover", "contain", "inside", "outside")


def smooth(size=(400, 300), mode="RGB"):
    """Draw a smooth picture in which no two corners look alike."""
    width, height = size
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    spot = Image.radial_gradient("L").resize(size)
    picture = Image.merge("RGB", (across, down, spot))
    ImageDraw.Draw(picture).ellipse((0, 0, width // 3, height // 3), fill=(250, 180, 40))
    return picture.resize((width // 8, height // 8)).resize(size).convert(mode)


def jpeg(size=(400, 300), orientation=1, mode="RGB", **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    smooth(size, mode).save(file, "JPEG", exif=exif, quality=92, **options)
    return file.getvalue()


def fast(data, **options):
    picture = load_image(data, shrink="fast", **options)
    assert type(picture) is DeferredImage
    return picture


def psnr(one, other):
    difference = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    return 10 * np.log10(255**2 / max(1e-9, (difference**2).mean()))


@pytest.fixture
def decodings(monkeypatch):
    """Remember the size of every JPEG that is decoded."""
    sizes = []
    load = JpegImagePlugin.JpegImageFile.load

    def noting(self):
        if self.tile:
            sizes.append(self.size)
        return load(self)

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", noting)
    return sizes


def test_nothing_is_decoded_until_it_is_needed(decodings):
    """Loading and cutting decode nothing; resize decodes a quarter of the width, and only once."""
    picture = trim(crop(fast(jpeg((800, 640))), (40, 40, 700, 560)), bottom=60)

    assert (700, 500) == picture.size
    assert picture.mode == "RGB"
    assert "<image: RGB 700x500>" == field_of(picture)
    assert (700, 500) == (picture.width, picture.height)
    assert "size=700x500" in repr(picture)
    assert decodings == []
    assert resize(picture, 40).size == (40, 40)
    assert decodings == [(200, 160)]


def test_nothing_is_gained_where_hardly_anything_is_scaled_down(decodings):
    """Where less than a factor 6 is left, the exact way is taken, to the byte."""
    data = jpeg((400, 300))

    small = resize(fast(data), (100, 80))

    assert resize(load_image(data), (100, 80)) == small
    assert decodings == [(400, 300), (400, 300)]


def test_nearest_is_exact():
    """The filter that keeps values is never handed averaged ones."""
    data = jpeg((800, 600))

    assert resize(load_image(data), 32, filter="nearest") == resize(fast(data), 32, filter="nearest")


@pytest.mark.parametrize("banner", [101, 103, 107])
def test_a_banner_that_was_cut_off_is_not_seen(banner):
    """Kernels reach beyond the box they are given: nothing of a black banner below it may come in."""
    picture = Image.new("RGB", (1600, 1200), "white")
    picture.paste("black", (0, 1200 - banner, 1600, 1200))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=100)

    exact = resize(trim(load_image(file.getvalue()), bottom=banner), 64)
    image = resize(trim(fast(file.getvalue()), bottom=banner), 64)

    assert np.abs(np.asarray(exact, dtype=int) - np.asarray(image)).max() <= 8


@st.composite
def boxes(draw, width, height):
    x, y = draw(st.integers(0, width - 60)), draw(st.integers(0, height - 60))
    return x, y, draw(st.integers(50, width - x)), draw(st.integers(50, height - y))


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_fast_is_exact_but_for_what_nobody_sees(data):
    """Any box, orientation, size, fit, filter and mode: the exact result's size and mode, within 40 dB."""
    size = data.draw(st.sampled_from([(640, 480), (481, 643), (799, 333)]))
    orientation = data.draw(st.integers(1, 8))
    stored = data.draw(st.sampled_from(["RGB", "L"]))
    options = {"subsampling": 0} if stored == "RGB" and data.draw(st.booleans()) else {}
    file = jpeg(size, orientation, stored, progressive=data.draw(st.booleans()), **options)
    mode = data.draw(st.sampled_from(["RGB", "L"]))
    upright = size if orientation < 5 else size[::-1]
    box = data.draw(boxes(*upright))
    target = data.draw(st.tuples(st.integers(1, 80), st.integers(1, 80)))
    how = {
        "fit": data.draw(st.sampled_from(FITS)),
        "filter": data.draw(st.sampled_from(["lanczos", "bicubic", "bilinear", "box", "hamming"])),
        "position": data.draw(st.sampled_from(["center", "top", "right"])),
        "upscale": data.draw(st.booleans()),
    }

    expected = resize(crop(load_image(file, mode=mode), box), target, **how)
    actual = resize(crop(fast(file, mode=mode), box), target, **how)

    assert (expected.size, expected.mode) == (actual.size, actual.mode)
    assert psnr(expected, actual) >= 40


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 8), st.sampled_from(["RGB", "L"]), st.data())
def test_cut_and_looked_at_is_exact(orientation, mode, data):
    """Any sequence of trims and crops gives the exact pixels, byte for byte."""
    file = jpeg((203, 157), orientation)
    exact, deferred = load_image(file, mode=mode), fast(file, mode=mode)

    for _ in range(data.draw(st.integers(0, 4))):
        left, top, right, bottom = (data.draw(st.integers(0, 15)) for _ in range(4))
        if data.draw(st.booleans()):
            cut = {"left": left, "top": top, "right": right, "bottom": bottom}
            exact, deferred = trim(exact, **cut), trim(deferred, **cut)
        else:
            box = (left, top, exact.width - left - right, exact.height - top - bottom)
            exact, deferred = crop(exact, box), crop(deferred, box)

    assert type(deferred) is DeferredImage
    assert exact == deferred
    assert deferred == exact
    assert exact.info == deferred.info


LOOKS = {
    "getpixel": lambda image: image.getpixel((3, 3)),
    "load": lambda image: image.load()[3, 3],
    "tobytes": lambda image: image.tobytes(),
    "numpy": np.asarray,
    "convert": lambda image: image.convert("HSV"),
    "copy": lambda image: image.copy(),
    "crop": lambda image: image.crop((0, 0, 9, 9)),
    "histogram": lambda image: image.histogram(),
    "resize": lambda image: image.resize((40, 40)),
    "rotate": lambda image: rotate(image, 33),
    "flip": flip,
    "grayscale": grayscale,
    "brightness": mean_brightness,
    "hash": difference_hash,
    "split": lambda image: image.split(),
    "save": lambda image: image.save(io.BytesIO(), "WEBP"),
    "equal": lambda image: image == image.copy(),
    "digest": digest_value,
    "transpose": ImageOps.exif_transpose,
}


@pytest.mark.parametrize("look", LOOKS)
def test_looking_changes_nothing(look):
    """Whoever looks at the pixels before a resize does not change what it gives, nor after."""
    data = jpeg((800, 600), 6)
    expected = resize(trim(fast(data), bottom=10), (48, 32))
    picture = trim(fast(data), bottom=10)

    LOOKS[look](picture)

    assert type(picture) is DeferredImage
    assert expected == resize(picture, (48, 32))
    LOOKS[look](picture)
    assert expected == resize(picture, (48, 32))
    assert expected != resize(trim(load_image(data), bottom=10), (48, 32))


def draw_a_line(image):
    ImageDraw.Draw(image).line((0, 0, *image.size), fill="red", width=60)


def put_a_pixel_by_access(image):
    image.load()[2, 2] = (255, 0, 0)


SRGB = ImageCms.createProfile("sRGB")  # has the second it was made in


def to_other_colours(image):
    ImageCms.profileToProfile(image, SRGB, SRGB, inPlace=True)


CHANGES = {
    "draw": draw_a_line,
    "paste": lambda image: image.paste("blue", (0, 0, 200, 200)),
    "putpixel": lambda image: image.putpixel((2, 2), (255, 0, 0)),
    "access": put_a_pixel_by_access,
    "putalpha": lambda image: image.putalpha(77),
    "putdata": lambda image: image.putdata([(9, 8, 7)] * 1000),
    "frombytes": lambda image: image.frombytes(bytes(800 * 600 * 3)),
    "thumbnail": lambda image: image.thumbnail((200, 200)),
    "transpose": lambda image: ImageOps.exif_transpose(image, in_place=True),
    "turn": lambda image: setattr(image, "im", image.im.transpose(Image.Transpose.ROTATE_180)),
    "alpha composite": lambda image: (
        image.putalpha(255),
        image.alpha_composite(Image.new("RGBA", (50, 50))),
    ),
    "colours": to_other_colours,
}


@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_drawn_stays(change, is_seen):
    """Whoever changes pixels in place finds the change in what is cut and scaled afterwards."""
    data = jpeg((800, 600))
    exact, picture = load_image(data), fast(data)
    if is_seen:
        picture.getpixel((0, 0))

    CHANGES[change](exact)
    CHANGES[change](picture)

    assert exact == picture
    if change != "transpose":  # an upright picture is not turned
        assert type(picture) is Image.Image
        assert picture.readonly == 0
        assert "_recipe" not in vars(picture)
        assert resize(trim(exact, top=1), (48, 32)) == resize(trim(picture, top=1), (48, 32))
    assert load_image(data) == fast(data)


def test_a_palette_makes_it_plain():
    """A palette put on a grey picture stays when it is scaled."""
    data = jpeg((800, 600), mode="L")
    exact, picture = load_image(data, mode="L"), fast(data, mode="L")

    for image in (exact, picture):
        image.putpalette([*range(255, -1, -1)] * 3)

    assert picture.mode == "P"
    assert resize(exact, 40) == resize(picture, 40)


def test_changing_one_does_not_change_what_was_cut_from_it():
    """Cuts share a file, not pixels."""
    data = jpeg()
    whole = fast(data)
    part = trim(whole, left=10)
    whole.getpixel((0, 0))
    plain = whole.decoded()

    whole.paste("red", (0, 0, 400, 300))

    assert trim(load_image(data), left=10) == part
    assert load_image(data) == plain


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda image: pickle.loads(pickle.dumps(image))])
def test_copies_stay_undecoded(copied, decodings):
    """A pickle and a deep copy hold the file, not the pixels; and both are scaled alike."""
    picture = trim(fast(jpeg((800, 600), 8, icc_profile=b"profile")), left=9)

    twin = copied(picture)

    assert decodings == []
    assert type(twin) is DeferredImage
    assert picture.info == twin.info
    assert resize(picture, 40) == resize(twin, 40)
    assert picture == twin


def test_codec_keeps_the_recipe(decodings):
    """What comes from the cache is undecoded again, scaled alike, and has the digest it had."""
    picture = trim(fast(jpeg((800, 600), 5, icc_profile=b"profile")), top=9)
    codec = codec_for(picture)

    twin = codec.decode(codec.encode(picture))

    assert codec.name == "deferred"
    assert decodings == []
    assert type(twin) is DeferredImage
    assert digest_value(picture) == digest_value(twin)
    assert decodings == []
    assert picture.info == twin.info
    assert resize(picture, 40) == resize(twin, 40)
    assert picture == twin


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"turn": 9}, "wrong turn"),
        ({"mode": "CMYK"}, "wrong mode"),
        ({"box": (0, 0, 401, 300)}, "box must lie inside 400x300"),
        ({"box": (5, 5, 5, 300)}, "box must lie inside 400x300"),
        ({"box": (0, 0, 4.0, 3)}, "wrong box"),
        ({"size_bytes": 9}, "file must have 9 bytes"),
        ({"version": 2}, "wrong version"),
        ({"more": 1}, "header must have"),
    ],
)
def test_damaged_recipes_are_refused(change, told):
    """A recipe that cannot be one is a CodecError, never a picture."""
    from creevey_graph.codecs.tree import decode_tree, encode_tree

    payload = codec_for(fast(jpeg())).encode(fast(jpeg()))
    end = 8 + int.from_bytes(payload[:8], "big")
    header = encode_tree({**decode_tree(payload[8:end]), **change})

    with pytest.raises(CodecError, match=told):
        codec_for(fast(jpeg())).decode(len(header).to_bytes(8, "big") + header + payload[end:])


def test_digests_tell_recipes_apart():
    """Another file, box, turn or mode is another value; and so is the plain picture, which is scaled otherwise."""
    data = jpeg((400, 300), 6)
    pictures = [
        fast(data),
        fast(jpeg((400, 300), 3)),
        fast(data, exif_transpose=False),
        fast(data, mode="L"),
        trim(fast(data), left=1),
        trim(fast(data), right=1),
        load_image(data),
    ]

    digests = [digest_value(picture) for picture in pictures]

    assert len(digests) == len(set(digests))
    assert digest_value(fast(data)) == digests[0]


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("progressive", [False, True])
def test_truncation_is_found_at_every_scale(scale, progressive, tmp_path):
    """A truncated file is the same error, whether all of it is decoded or an eighth."""
    path = tmp_path / "a.jpg"
    data = jpeg((800, 608), progressive=progressive)
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(ImageError) as exact:
        load_image(path)

    picture = trim(fast(path), right=1)

    with pytest.raises(ImageError) as found:
        resize(picture, (799 // scale // 3, 608 // scale // 3))
    assert str(exact.value) == str(found.value)
    assert str(found.value).startswith(f"{path}: truncated picture (")
    with pytest.raises(ImageError, match="truncated picture"):
        picture.getpixel((0, 0))


def test_limits_hold_before_anything_is_decoded():
    """Too many pixels, bytes, or another format: refused at once, as without shrink."""
    data = jpeg()

    with pytest.raises(ImageError, match="400 x 300 = 120000 pixels, more than max_pixels=119999"):
        load_image(data, shrink="fast", max_pixels=119_999)
    with pytest.raises(ImageError, match=rf"{len(data)} bytes, more than max_bytes=10"):
        load_image(data, shrink="fast", max_bytes=10)
    with pytest.raises(ImageError, match="not a picture in a format that is read"):
        load_image(data, shrink="fast", formats=("PNG",))


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("PNG", "RGB", {}),
        ("JPEG", "CMYK", {}),
        ("JPEG", "RGB", {"mode": "RGBA"}),
        ("JPEG", "RGB", {"mode": "keep"}),
        ("JPEG", "RGB", {"fail_on": "none"}),
    ],
)
def test_others_are_read_as_ever(name, mode, options):
    """What cannot be left undecoded is a plain picture, the exact one."""
    file = io.BytesIO()
    smooth().convert(mode).save(file, name)

    picture = load_image(file.getvalue(), shrink="fast", **options)

    assert type(picture) is Image.Image
    assert load_image(file.getvalue(), **options) == picture


def test_several_pictures_in_one_jpeg():
    """Of an MPO file, as phones write them, it is the first picture."""
    file = io.BytesIO()
    smooth((800, 600)).save(file, "MPO", save_all=True, append_images=[Image.new("RGB", (800, 600), "red")])

    picture = fast(file.getvalue())

    assert load_image(file.getvalue()) == picture


def test_threads_may_look_at_one_picture(decodings):
    """Several threads that ask for pixels at once decode once."""
    picture = fast(jpeg())
    start = threading.Barrier(8)
    seen = []

    def look():
        start.wait()
        seen.append(picture.getpixel((5, 5)))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 8
    assert len(set(seen)) == 1
    assert decodings == [(400, 300)]


@step
def negative(image: Image.Image) -> Image.Image:
    """Change a picture in place: the engine gives a step its own."""
    image.paste(ImageOps.invert(image))
    return image


always = step(load_image.func, name="load_image", borrows=True, by_content=True, cache="always")
always_trim = step(trim.func, name="trim", borrows=True, cache="always")


@graph
def branches(photo, *, order: int = 0, first=load_image, cut=trim):
    image = cut(first(photo, shrink="fast"), bottom=50)
    if order == 0:
        small = write_image(resize(image, (48, 32)), "{stem}.png")
        light = mean_brightness(image)
        dark = write_image(resize(negative(image), (48, 32)), "{stem}-negative.png")
        return {"small": small, "light": light, "dark": dark}
    if order == 1:
        dark = write_image(resize(negative(image), (48, 32)), "{stem}-negative.png")
        light = mean_brightness(image)
        return {"dark": dark, "light": light, "small": write_image(resize(image, (48, 32)), "{stem}.png")}
    if order == 2:
        return {"small": write_image(resize(image, (48, 32)), "{stem}.png")}
    return {"dark": write_image(resize(negative(image), (48, 32)), "{stem}-negative.png")}


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(jpeg((800, 600 + number), number * 2 + 1))
    return folder


def run(made, photos, out, **options):
    report = made.run(f"{photos}/*.jpg", out=out, progress=False, **{"cache": False, **options})
    report.raise_for_failures()
    return {path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.is_file()}, report


def test_branches_give_what_each_gives_alone(photos, tmp_path):
    """Who reads first makes no difference: brightness, a step that draws, and a resize beside each other."""
    together, _ = run(branches, photos, tmp_path / "a")
    turned, _ = run(branches.bind(order=1), photos, tmp_path / "b")
    alone, _ = run(branches.bind(order=2), photos, tmp_path / "c")
    dark, _ = run(branches.bind(order=3), photos, tmp_path / "d")

    assert together == turned == {**alone, **dark}
    for number in range(3):
        image = trim(fast((photos / f"{number}.jpg").read_bytes()), bottom=50)
        expected = resize(image, (48, 32))
        negatives = resize(ImageOps.invert(image.decoded()), (48, 32))
        assert expected == load_image(together[f"{number}.png"])
        assert negatives == load_image(together[f"{number}-negative.png"])


@step
def passed(image: Image.Image) -> Image.Image:
    """Return a picture that might have been changed."""
    return image


def test_a_step_of_the_users_always_gets_a_plain_picture(photos, tmp_path):
    """What went through a step of the user's is scaled the exact way, whether it was the last to read or not."""

    @graph
    def made(photo):
        image = load_image(photo, shrink="fast")
        one, two = (resize(passed(image), (48, 32)) for _ in range(2))
        return {"one": write_image(one, "{stem}-1.png"), "two": write_image(two, "{stem}-2.png")}

    files, _ = run(made, photos, tmp_path / "out")

    for number in range(3):
        expected = resize(load_image(photos / f"{number}.jpg"), (48, 32))
        assert expected == load_image(files[f"{number}-1.png"])
        assert expected == load_image(files[f"{number}-2.png"])


def test_its_content_stands_for_it(decodings):
    """A deferred picture has a content key, made fresh or kept, and is not decoded for it."""
    picture = fast(jpeg())

    content = content_of(picture)

    assert content is not None
    assert content == content_of_kept("deferred", digest_value(picture), picture)
    assert len(jpeg()) == hash_bytes(picture)
    assert decodings == []


@pytest.mark.parametrize("cache", [False, True])
def test_a_graph_decodes_no_more_than_is_asked_for(cache, photos, tmp_path, decodings):
    """Neither the engine nor the cache looks at pixels: a photo is decoded once, at a quarter."""
    made = branches.bind(order=2, **({"first": always, "cut": always_trim} if cache else {}))

    run(made, photos, tmp_path / "out", executor="serial", cache=tmp_path / "cache" if cache else False)

    assert decodings == [(200, 150), (200, 151), (200, 151)]


@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
def test_every_executor_gives_the_same(executor, photos, tmp_path):
    """Serial, threads and processes write the same bytes."""
    expected, _ = run(branches, photos, tmp_path / "a", executor="serial")

    assert expected == run(branches, photos, tmp_path / "b", executor=executor, jobs=2)[0]


def test_kept_pictures_come_back_undecoded(photos, tmp_path):
    """With everything kept, a new size is made of what is kept, and is what a run without a cache makes."""
    kept = branches.bind(first=always, cut=always_trim)
    run(kept, photos, tmp_path / "a", cache=tmp_path / "cache")
    (tmp_path / "a" / "0.png").unlink()

    @graph
    def other(photo):
        image = always_trim(always(photo, shrink="fast"), bottom=50)
        return {"small": write_image(resize(image, (30, 20)), "{stem}.png")}

    expected, _ = run(other, photos, tmp_path / "b")
    actual, report = run(other, photos, tmp_path / "c", cache=tmp_path / "cache")

    assert expected == actual
    assert "trim" not in report.executed
    assert "load_image" not in report.executed


def test_preview_shows_the_picture(photos):
    """A preview's value is a picture like any other."""
    values = branches.bind(order=2).preview(photos / "0.jpg")

    pictures = [value for value in values.values() if isinstance(value, DeferredImage)]
    assert [picture.size for picture in pictures] == [(800, 600), (800, 550)]
