"""`load_image` and `download`: every picture upright, decoded and in a known mode, or one clear error."""

import io
import struct
import threading
import types
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PIL import Image, ImageFile, TiffImagePlugin

from creevey_graph.errors import ImageError, PictureWarning, UsageError
from creevey_graph.images import download, load_image

UPRIGHT_TO_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def drawn(mode="RGB", size=(31, 20)):
    """Draw a picture in which no two corners, rows or columns look alike."""
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


def test_path_text_and_bytes_give_the_same_picture(tmp_path):
    """A path, its text and the file's bytes are read alike."""
    path = tmp_path / "a.png"
    drawn().save(path)

    expected = drawn()

    for source in (path, str(path), path.read_bytes()):
        assert expected == load_image(source)


def test_result_is_plain_and_closed(tmp_path):
    """What comes out is no file object of a plugin, so that it can be shared and kept."""
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    drawn().save(path, exif=exif, comment=b"hello", dpi=(72, 72))

    image = load_image(path)
    path.unlink()

    assert Image.Image is type(image)
    assert image.info == {}
    assert image.format is None
    assert image.transpose(Image.Transpose.ROTATE_180).size == (31, 20)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", UPRIGHT_TO_STORED)
def test_orientation_is_applied_once(name, orientation):
    """All eight EXIF orientations come out upright, and none is left to be applied again."""
    blocks = Image.new("RGB", (64, 32), "red")
    blocks.paste("blue", (0, 0, 32, 16))
    blocks.paste("lime", (32, 16, 64, 32))
    turn = UPRIGHT_TO_STORED[orientation]
    stored = blocks if turn is None else blocks.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation

    image = load_image(encoded(stored, name, exif=exif))

    assert image.size == (64, 32)
    for spot in ((8, 8), (56, 24), (56, 8), (8, 24)):
        expected, actual = blocks.getpixel(spot), image.getpixel(spot)
        assert all(abs(a - b) < 12 for a, b in zip(expected, actual, strict=True)), (spot, actual)
    assert image.getexif().get(0x0112) is None


def test_orientation_can_be_left_alone():
    """`exif_transpose=False` keeps the pixels as they are stored."""
    exif = Image.Exif()
    exif[0x0112] = 6

    image = load_image(encoded(drawn(), "PNG", exif=exif), exif_transpose=False)

    assert drawn() == image


@pytest.mark.parametrize(
    ("exif", "told"),
    [
        (b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff", "its table of tags is cut off"),
        (b"Exif\x00\x00MM\x00*\x00\x00\x01\x08\x00\x01", "its table of tags is cut off"),
        (
            b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x05\x00\x01\x00\x00\x00\x1a\x00\x00\x00",
            r"orientation must be one whole number \(got 1 of type 5\)",
        ),
        (
            b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x09\x00\x00\x00",
            r"orientation must be 1 to 8 \(got 9\)",
        ),
        (b"Exif\x00\x00garbage", "no TIFF header"),
    ],
)
def test_broken_exif_costs_nothing_and_is_told_once(exif, told):
    """A broken EXIF block is told and passed over: the picture stays (it once cost ImageNet users their runs)."""
    data = encoded(drawn(), "PNG", exif=exif)

    with pytest.warns(
        PictureWarning, match=rf"picture of \d+ bytes: broken EXIF, taken as upright \({told}"
    ) as seen:
        image = load_image(data)

    assert drawn() == image
    assert len([warning for warning in seen if warning.category is PictureWarning]) == 1
    with pytest.raises(ImageError, match=told):
        load_image(data, fail_on="warning")


@pytest.mark.parametrize("exif", [b"Exif\x00\x00", b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"])
def test_empty_exif_is_no_damage(exif):
    """A block without an orientation asks for nothing, and nothing is told."""
    assert drawn() == load_image(encoded(drawn(), "PNG", exif=exif))


def test_exif_that_raises_is_told_and_passed_over(monkeypatch):
    """Whatever reading the tag raises, the picture stays as it is stored."""

    def explode(_image):
        raise ZeroDivisionError

    monkeypatch.setattr(Image.Image, "getexif", explode)
    monkeypatch.setattr(ImageFile.ImageFile, "getexif", explode, raising=False)

    with pytest.warns(PictureWarning, match=r"broken EXIF, taken as upright \(ZeroDivisionError\)"):
        image = load_image(encoded(drawn(), "BMP"))

    assert drawn() == image


@pytest.mark.parametrize(
    ("name", "mode"), [("TIFF", "I;16"), ("PNG", "I;16"), ("PPM", "I"), ("TIFF", "I"), ("TIFF", "I;16B")]
)
def test_16_bit_is_scaled_not_clipped(name, mode):
    """16-bit greys 0, 32896 and 65535 become 0, 128 and 255 (a plain convert made them white)."""
    order = ">" if mode == "I;16B" else "<"
    width = "i" if mode == "I" else "H"
    deep = Image.frombytes(mode, (3, 1), struct.pack(f"{order}3{width}", 0, 32896, 65535))

    data = encoded(deep, name)

    assert list(load_image(data, mode="L").tobytes()) == [0, 128, 255]
    assert list(load_image(data).tobytes()) == [0, 0, 0, 128, 128, 128, 255, 255, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0, 0.5, 1.0], [0, 128, 255]), ([0.0, 128.0, 255.0], [0, 128, 255]), ([0.0, 0.0, 0.0], [0, 0, 0])],
)
def test_floats_are_scaled_from_one_or_255(values, expected):
    """Floats within 0-1 are fractions of white, floats within 0-255 are bytes."""
    picture = Image.frombytes("F", (3, 1), struct.pack("<3f", *values))

    assert expected == list(load_image(encoded(picture, "TIFF"), mode="L").tobytes())


@pytest.mark.parametrize("values", [[-0.5, 0.5, 1.0], [0.0, 1.0, 300.0], [float("nan"), 0.0, 1.0]])
def test_floats_elsewhere_are_an_error(values):
    """Where white cannot be known, nothing is guessed."""
    picture = Image.frombytes("F", (3, 1), struct.pack("<3f", *values))
    data = encoded(picture, "TIFF")

    with pytest.raises(ImageError, match=r"float pixels must lie in 0-1 or 0-255"):
        load_image(data)
    assert load_image(data, mode="keep").mode == "F"


def test_deep_integers_beyond_16_bits_are_an_error():
    """32-bit values are neither clipped to white nor guessed at."""
    picture = Image.frombytes("I", (2, 1), struct.pack("<2i", 0, 70000))

    with pytest.raises(ImageError, match=r"integer pixels must lie in 0-65535 \(got 0 to 70000\)"):
        load_image(encoded(picture, "TIFF"))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_the_background(mode):
    """Hidden colours do not show: what is transparent has the background's colour."""
    if mode == "P":
        picture = Image.new("P", (2, 1))
        picture.putpalette([255, 0, 0, 0, 0, 0])
        picture.putdata([0, 1])
        data = encoded(picture, "PNG", transparency=0)
    else:
        picture = Image.new("RGBA", (2, 1), (200, 0, 0, 0))
        picture.putpixel((1, 0), (0, 0, 0, 255))
        data = encoded(picture.convert(mode), "PNG")

    assert list(load_image(data).tobytes()) == [255, 255, 255, 0, 0, 0]
    assert list(load_image(data, background="blue").tobytes()) == [0, 0, 255, 0, 0, 0]
    assert list(load_image(data, mode="L").tobytes()) == [255, 0]
    assert load_image(data, mode="RGBA").getpixel((0, 0))[3] == 0


def test_half_transparency_is_mixed():
    """Half transparent black on white is middle grey."""
    data = encoded(Image.new("LA", (1, 1), (0, 128)), "PNG")

    assert load_image(data).getpixel((0, 0)) == (127, 127, 127)


@pytest.mark.parametrize(
    ("mode", "color", "key"),
    [("L", 9, 9), ("RGB", (9, 8, 7), (9, 8, 7)), ("I;16", 40000, 40000), ("1", 1, 255)],
)
def test_one_transparent_colour_counts(mode, color, key):
    """PNG's transparent colour is laid on the background too, at every depth."""
    picture = Image.new(mode, (2, 1))
    picture.putpixel((0, 0), color)

    image = load_image(encoded(picture, "PNG", transparency=key), background="#010203")

    assert list(image.tobytes()) == [1, 2, 3, 0, 0, 0]


def test_16_bit_neighbours_of_the_transparent_grey_stay():
    """40000 is transparent, 40001 is not, though both become the same byte."""
    picture = Image.new("I;16", (2, 1), 40001)
    picture.putpixel((0, 0), 40000)

    image = load_image(encoded(picture, "PNG", transparency=40000), mode="RGBA")

    assert list(image.getchannel("A").tobytes()) == [0, 255]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB", "RGBA", "LA"])
@pytest.mark.parametrize("wanted", ["RGB", "L", "RGBA"])
def test_any_mode_becomes_the_wanted_one(mode, wanted):
    """Whatever a file holds, the picture has the mode that was asked for, without a warning."""
    picture = Image.new("LAB", (4, 4), (128, 0, 0)) if mode == "LAB" else drawn().convert(mode)

    image = load_image(encoded(picture, "TIFF", compression="tiff_adobe_deflate"), mode=wanted)

    assert wanted == image.mode


def test_keep_keeps_depth_and_palette():
    """`mode="keep"` is what the file holds."""
    assert load_image(encoded(Image.new("I;16", (1, 1)), "PNG"), mode="keep").mode == "I;16"
    assert load_image(encoded(drawn("P"), "PNG"), mode="keep").mode == "P"


def test_cmyk_jpeg_is_converted():
    """A CMYK JPEG has the colours it shows."""
    image = load_image(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"))

    red, green, blue = image.getpixel((8, 8))
    assert red > 240
    assert green < 15
    assert blue < 15


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_several(name):
    """Of an animation or a file of pages it is the first picture."""
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "lime", "blue")]
    options = {"lossless": True} if name == "WEBP" else {}
    data = encoded(frames[0], name, save_all=True, append_images=frames[1:], **options)

    assert frames[0] == load_image(data)


def test_colour_profile_stays_with_its_mode():
    """A profile is kept with the pixels it describes, and only with those."""
    data = encoded(Image.new("L", (1, 1)), "PNG", icc_profile=b"profile")

    assert load_image(data, mode="L").info == {"icc_profile": b"profile"}
    assert load_image(data, mode="RGB").info == {}


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF", "BMP", "JPEG2000", "PPM"])
@pytest.mark.filterwarnings("ignore:Truncated File Read", "ignore:Corrupt EXIF data")
def test_cut_anywhere_is_an_error_or_the_whole_picture(name):
    """A file cut at any byte is one ImageError that names it, never half a picture and nothing else."""
    whole = encoded(drawn(), name)
    expected = load_image(whole)

    for length in range(len(whole)):
        try:
            image = load_image(whole[:length])
        except ImageError as error:
            told = str(error)
        else:
            told = f"picture of {length} bytes: it is whole"
            assert expected == image, length
        assert told.startswith(f"picture of {length} bytes: ")


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF", "BMP", "JPEG2000", "PPM"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damage_anywhere_is_an_error_or_a_picture(name):
    """One wrong byte anywhere gives a picture or an ImageError, never another exception."""
    whole = encoded(drawn(size=(12, 9)), name)

    for position in range(len(whole)):
        for byte in (0, 255, whole[position] ^ 0x55):
            damaged = whole[:position] + bytes([byte]) + whole[position + 1 :]
            try:
                image = load_image(damaged, max_pixels=100_000)
            except ImageError:
                continue
            assert image.mode == "RGB"


def test_truncated_file_is_named(tmp_path):
    """The error names the file and says that it is truncated."""
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(drawn(size=(300, 300)), "JPEG")[:4000])

    with pytest.raises(ImageError, match=r"a\.jpg: truncated picture \(image file is truncated"):
        load_image(path)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "picture of 0 bytes: empty, no picture"),
        (b"hello, world, hello", r"picture of 19 bytes: not a picture in a format that is read \(JPEG, PNG"),
        (b"<!DOCTYPE html><p>404", "a web page, not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture in a format that is read"),
        (b"\xff\xd8\xff\xe0", "picture of 4 bytes: JPEG header cannot be read"),
    ],
)
def test_what_is_no_picture_is_told(data, told):
    """The error says what it found instead of a picture."""
    with pytest.raises(ImageError, match=told):
        load_image(data)


@pytest.mark.parametrize(
    "begin",
    [
        *(
            b"\0\0\0\x20ftyp" + brand
            for brand in (b"isom", b"mp42", b"avc1", b"M4V ", b"qt  ", b"3gp5", b"dash")
        ),
        b"\0\0\0\x08wide\0\0\0\0mdat",
        b"\0\0\x10\0moov\0\0\0\x6cmvhd",
        b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01",
        b"RIFF\x24\x10\0\0AVI LIST",
        b"FLV\x01\x05\0\0\0\x09",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9",
        b"\0\0\x01\xba\x44\0\x04\0",
    ],
)
def test_a_video_is_told_as_one(begin):
    """Its frames are the pictures, and there is a source of them."""
    with pytest.raises(ImageError, match=r"a video, no picture; take its frames, with sources\.video\("):
        load_image(begin + bytes(40))


@pytest.mark.parametrize("begin", [b"\0\0\0\x18ftypcrx ", b"RIFF\x24\x10\0\0WAVE", b"\0\0\0\x20ftypheix"])
def test_what_begins_like_a_video_and_is_none_is_not_told_as_one(begin):
    """A raw photo, a sound and a HEIF picture."""
    with pytest.raises(ImageError) as caught:
        load_image(begin + bytes(40))
    assert "video" not in str(caught.value)


def test_a_real_video_is_told_as_one(tmp_path):
    """As PyAV writes it, in each of its usual containers."""
    av = pytest.importorskip("av")
    for suffix, codec in ((".mp4", "mpeg4"), (".mov", "mpeg4"), (".avi", "mpeg4"), (".mkv", "mpeg4")):
        path = tmp_path / f"a{suffix}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=5)
            stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
            for packet in stream.encode(av.VideoFrame(32, 32, "yuv420p")):
                container.mux(packet)
            for packet in stream.encode(None):
                container.mux(packet)
        with pytest.raises(ImageError, match=rf"a\{suffix}: a video, no picture"):
            load_image(path)


def test_heif_without_its_reader_names_the_remedy():
    """A phone's HEIC file is recognised, and the message says what to install."""
    try:
        import pillow_heif  # noqa: F401
    except ImportError:
        with pytest.raises(ImageError, match=r"HEIF picture, which needs pillow-heif; pip install"):
            load_image(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
    else:
        pytest.skip("pillow-heif is installed")


def test_formats_limit_what_is_read():
    """A format that is not asked for is not read; None reads whatever Pillow can."""
    bitmap = encoded(drawn(), "BMP")

    with pytest.raises(ImageError, match=r"not a picture in a format that is read \(JPEG\)"):
        load_image(bitmap, formats=("JPEG",))
    assert drawn() == load_image(bitmap, formats=("bmp",))
    assert drawn() == load_image(encoded(drawn(), "PCX"), formats=None)


def test_pixels_are_counted_before_decoding(tmp_path):
    """A picture beyond max_pixels is refused by its header, with its size."""
    path = tmp_path / "bomb.png"
    header = struct.pack(">IIBBBBB", 65536, 65536, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x\x9c"))

    with pytest.raises(
        ImageError,
        match=r"bomb\.png: 65536 x 65536 = 4294967296 pixels, more than max_pixels=178956970",
    ):
        load_image(path)


def chunk(name, data):
    import zlib

    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def test_limit_is_ours_to_raise_and_no_warning_surfaces(monkeypatch):
    """`max_pixels` decides, not Pillow's limit of the whole process, and no bomb warning is seen."""
    data = encoded(Image.new("L", (20, 10)), "PNG")
    pages = encoded(Image.new("L", (20, 10)), "TIFF")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)

    assert load_image(data, max_pixels=200).size == (20, 10)
    assert load_image(pages, max_pixels=200).size == (20, 10)
    with pytest.raises(ImageError, match="20 x 10 = 200 pixels, more than max_pixels=199"):
        load_image(data, max_pixels=199)


def test_giants_load_in_threads_without_upsetting_the_warning_filters(monkeypatch):
    """Filters of the process are as before after giants were loaded at once."""
    import warnings

    pages = encoded(Image.new("L", (20, 10)), "TIFF")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)
    before = list(warnings.filters)

    threads = [threading.Thread(target=load_image, args=(pages,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert before == list(warnings.filters)


@pytest.mark.parametrize("url", ["https://example.org/a.jpg", Path("https://example.org/a.jpg"), "s3://b/k"])
def test_url_names_the_remedy(url):
    """A URL is not a path; the message says which step comes before."""
    with pytest.raises(ImageError, match=r"put download\(url\) before load_image"):
        load_image(url)


def test_missing_file_is_pythons_own_error(tmp_path):
    """What Python raises on opening is not disguised."""
    with pytest.raises(FileNotFoundError):
        load_image(tmp_path / "none.jpg")
    with pytest.raises(IsADirectoryError):
        load_image(tmp_path)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mode": "rgb"}, "no mode 'rgb'"),
        ({"background": "whit"}, "background must be a colour"),
        ({"formats": ("JPG",)}, r"no format 'JPG'; did you mean"),
    ],
)
def test_options_are_checked(options, told):
    """A mistyped option is the caller's error, not the picture's."""
    with pytest.raises(UsageError, match=told):
        load_image(encoded(drawn()), **options)


def test_source_of_another_type_is_refused():
    """Arrays and open files are no sources."""
    with pytest.raises(
        UsageError,
        match=r"source must be a path, bytes, a mapping with .bytes., or an object with .* \(got NoneType\)",
    ):
        load_image(None)


def test_a_picture_of_a_table_is_read():
    """As Hugging Face's tables hold it: the file's bytes, and its name, which errors tell."""
    data = encoded(drawn())

    assert load_image(data).tobytes() == load_image({"bytes": data, "path": "a.png"}).tobytes()
    assert load_image(data).tobytes() == load_image(types.MappingProxyType({"bytes": data})).tobytes()
    with pytest.raises(ImageError, match=r"^cat/a.png: empty, no picture"):
        load_image({"bytes": b"", "path": "cat/a.png"})


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"bytes": None, "path": "a.png"}, r"a.png: a mapping without 'bytes' \(has: bytes, path\)"),
        ({}, r"picture in a mapping: a mapping without 'bytes' \(has: nothing\)"),
        ({"bytes": "text"}, r"'bytes' of a mapping must be bytes \(got str\)"),
    ],
)
def test_a_mapping_without_its_picture_is_refused(source, told):
    """A path alone would be read unseen by the cache."""
    with pytest.raises(ImageError, match=told):
        load_image(source)


def test_out_of_memory_passes(monkeypatch):
    """A want of memory is no fault of the picture's."""

    def exhausted(_image):
        raise MemoryError

    monkeypatch.setattr(TiffImagePlugin.TiffImageFile, "load", exhausted)

    with pytest.raises(MemoryError):
        load_image(encoded(drawn(), "TIFF"))


def test_download_feeds_load_image():
    """The bytes of a URL are what the server sent, and load_image reads them."""
    body = encoded(drawn())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        data = download(
            f"http://127.0.0.1:{server.server_port}/a.png",
            deadline_s=10,
            allow_private=True,
            robots_txt=False,
        )
        thread.join()

    assert body == data
    assert drawn() == load_image(data)
