"""
Malformed pictures, drawn by a seed: small whole ones in many forms, and what damage makes of them.

As a program: `mutants.py SEED COUNT` tries COUNT mutants on `load_image` and `load_frames` in this process, and
prints as JSON what came of them; the number in hand stands in the file "at" of the working folder, for
whoever finds this process dead.
"""

import faulthandler
import io
import json
import os
import random
import resource
import sys
import time
import warnings
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from creevey_graph.errors import CreeveyError
from creevey_graph.images import load_frames, load_image
from creevey_graph.images.load import DEFAULT_FORMATS

LIMIT_S = 10
SIZE = (29, 22)
OTHER_FORMATS = ("ICO", "PCX", "SGI", "TGA", "SPIDER", "ICNS", "DDS", "MSP", "BLP", "QOI", "DCX")
"""Formats that are read on request only."""
READ_ON_REQUEST = (
    *OTHER_FORMATS,
    "FLI",
    "FITS",
    "FTEX",
    "PSD",
    "SUN",
    "XBM",
    "XPM",
    "GBR",
    "CUR",
    "PIXAR",
    "PCD",
)

WRITTEN = {
    "JPEG": ("RGB", {"quality": 80}),
    "JPEG-progressive": ("RGB", {"progressive": True, "quality": 60}),
    "JPEG-grey": ("L", {"restart_marker_blocks": 2}),
    "JPEG-cmyk": ("CMYK", {}),
    "JPEG-exif": (
        "RGB",
        {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"},
    ),
    "PNG": ("RGB", {}),
    "PNG-palette": ("P", {"transparency": 3}),
    "PNG-grey16": ("I;16", {}),
    "PNG-alpha": ("RGBA", {"optimize": True}),
    "PNG-animated": ("RGBA", {"frames": 3}),
    "GIF": ("P", {}),
    "GIF-animated": ("P", {"frames": 3, "duration": 40, "loop": 0}),
    "WEBP": ("RGB", {}),
    "WEBP-lossless": ("RGBA", {"lossless": True}),
    "WEBP-animated": ("RGB", {"frames": 3}),
    "TIFF": ("RGB", {}),
    "TIFF-lzw": ("RGB", {"compression": "tiff_lzw"}),
    "TIFF-deflate": ("I;16", {"compression": "tiff_adobe_deflate"}),
    "TIFF-jpeg": ("RGB", {"compression": "jpeg"}),
    "TIFF-group4": ("1", {"compression": "group4"}),
    "TIFF-pages": ("L", {"frames": 3}),
    "BMP": ("RGB", {}),
    "BMP-palette": ("P", {}),
    "AVIF": ("RGB", {"speed": 10}),
    "AVIF-animated": ("RGB", {"frames": 2, "speed": 10}),
    "JPEG2000": ("RGB", {}),
    "JPEG2000-codestream": ("L", {"no_jp2": True}),
    "PPM": ("RGB", {}),
    "PPM-grey16": ("I;16", {}),
    "MPO": ("RGB", {"frames": 2}),
    "HEIF": ("RGB", {"quality": 50}),
    **{name: ("RGB", {}) for name in ("ICO", "PCX", "SGI", "TGA", "DDS", "QOI")},
    "SPIDER": ("F", {}),
    "MSP": ("1", {}),
    "BLP": ("P", {}),
}
"""Name, which begins with Pillow's format -> (mode, options of `save`); "frames" of them."""


def draw(mode, number):
    """Draw the picture of a number in a mode: smooth colours with noise, so that codecs have something to do."""
    rng = np.random.default_rng(number)
    ramp = np.add.outer(np.arange(SIZE[1]) * 5, np.arange(SIZE[0]) * 3)[..., None] + np.array([0, 40, 90])
    image = Image.fromarray(((ramp + rng.integers(0, 60, ramp.shape)) % 256).astype(np.uint8))
    if mode == "I;16":
        return image.convert("L").convert("I").point(lambda level: level * 257).convert("I;16")
    return image.convert(mode)


@cache
def whole_files():
    """Return name -> the bytes of a whole file, of all forms that can be written here."""
    files = {}
    for number, (name, (mode, options)) in enumerate(WRITTEN.items()):
        first, *more = (draw(mode, 100 * number + frame) for frame in range(options.get("frames", 1)))
        chosen = {option: value for option, value in options.items() if option != "frames"}
        if more:
            chosen.update(save_all=True, append_images=more)
        file = io.BytesIO()
        try:
            if name == "HEIF":
                from pillow_heif import register_heif_opener

                register_heif_opener()
            first.save(file, name.partition("-")[0], **chosen)
        except (ImportError, KeyError):
            continue
        files[name] = file.getvalue()
    return files


def mutant(rng, files):
    """Return (name, bytes) of a file that was damaged one to five times."""
    name = rng.choice(list(files))
    data = bytearray(files[name])
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        rng.choice(DAMAGES)(rng, data, files)
    return name, bytes(data)


def _flip(rng, data, files):
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _flip_in_head(rng, data, files):
    if data:
        data[rng.randrange(min(len(data), 64))] = rng.randrange(256)


def _cut(rng, data, files):
    del data[rng.randrange(len(data) + 1) :]


def _cut_out(rng, data, files):
    begin = rng.randrange(len(data) + 1)
    del data[begin : begin + rng.randrange(1, 40)]


def _repeat(rng, data, files):
    begin = rng.randrange(len(data) + 1)
    data[begin:begin] = data[begin : begin + rng.randrange(1, 200)] * rng.randrange(1, 4)


def _splice(rng, data, files):
    other = files[rng.choice(list(files))]
    at, begin = rng.randrange(len(data) + 1), rng.randrange(len(other))
    data[at : at + rng.randrange(60)] = other[begin : begin + rng.randrange(1, 60)]


def _swap_heads(rng, data, files):
    length = rng.choice((4, 8, 12, 32, 64))
    data[:length] = files[rng.choice(list(files))][:length]


def _set_number(rng, data, files):
    """Write an extreme number somewhere: most lengths, counts and offsets are hit sooner or later."""
    number = rng.choice((0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1))
    width = rng.choice((1, 2, 4, 8))
    at = rng.randrange(len(data) + 1)
    data[at : at + width] = (number % 2 ** (8 * width)).to_bytes(width, rng.choice(("little", "big")))


def _zeros(rng, data, files):
    begin = rng.randrange(len(data) + 1)
    length = rng.randrange(1, 64)
    data[begin : begin + length] = bytes(min(length, len(data) - begin))


DAMAGES = (
    _flip,
    _flip,
    _flip_in_head,
    _cut,
    _cut_out,
    _repeat,
    _splice,
    _swap_heads,
    _set_number,
    _set_number,
    _zeros,
)


def ways(rng):
    """Return the step and the options of one try, drawn; max_pixels small, as mutants say any size."""
    options = {"max_pixels": 2**22}
    if rng.random() < 0.3:
        options["formats"] = (*DEFAULT_FORMATS, *READ_ON_REQUEST)
    options["mode"] = rng.choice(("RGB", "RGB", "RGB", "L", "RGBA", "keep"))
    if rng.random() < 0.2:
        options["icc"] = "srgb"
    step = rng.choice((load_image, load_image, load_frames))
    if step is load_image:
        options["shrink"] = rng.choice(("exact", "fast"))
        options["frame"] = rng.choice((0, 0, 0, 1, 2))
    return step, options


def try_one(source, step, options):
    """Load a source; return "picture" or the name of its error, and check that it is either, whole and telling."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = step(source, **options)
            images = result if isinstance(result, list) else [result]
            for image in images:
                image.load()
    except CreeveyError as exc:
        _check_told(exc, str(source) if isinstance(source, Path) else f"picture of {len(source)} bytes")
        return type(exc).__name__
    assert images
    for image in images:
        assert (
            image.width * image.height * len(image.getbands()) * _depth(image) == len(image.tobytes())
            or image.mode == "1"
        )
        assert options["mode"] in ("keep", image.mode)
    return "picture"


def _depth(image):
    return {"I": 4, "F": 4, "I;16": 2, "I;16B": 2, "I;16L": 2}.get(image.mode, 1)


def cut_all(seed):
    """Cut every file at each per cent, one at each byte, and try it in a way drawn; return how many were: an error, or the whole picture."""
    rng, tried = random.Random(seed), 0
    formats = (*DEFAULT_FORMATS, *READ_ON_REQUEST)
    for name, data in whole_files().items():
        is_gif = (
            name == "GIF-animated"
        )  # its frames are counted by going through it: any byte may look like the end
        for end in (
            range(1, len(data)) if is_gif else [len(data) * percent // 100 for percent in range(1, 100)]
        ):
            step = load_frames if is_gif else rng.choice((load_image, load_frames))
            options = {"formats": formats, "mode": rng.choice(("RGB", "keep"))}
            if step is load_image:
                options["shrink"] = rng.choice(("exact", "fast"))
            cut = data[:end]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                whole, made = _pixels(step, data, options), _pixels(step, cut, options)
            assert whole, f"{name} cannot be read"
            assert made in (None, whole), (
                f"{name} cut to {end} bytes gives another picture, by {step.name}, {options}"
            )
            tried += 1
    return tried


def _pixels(step, data, options):
    """Return modes, sizes and pixels of what a step makes of a file, None for a clear error."""
    try:
        made = step(data, **options)
        images = made if isinstance(made, list) else [made]
        return [(image.mode, image.size, image.tobytes()) for image in images]
    except CreeveyError as exc:
        _check_told(exc, f"picture of {len(data)} bytes: ")
        return None


def _check_told(exc, where):
    assert str(exc).startswith(where), exc
    assert len(str(exc)) > len(where) + 5, exc


def main(seed, count, folder="."):
    """Try *count* mutants as a program."""
    faulthandler.enable()
    files = whole_files()
    rng = random.Random(seed)
    place = Path(folder, "mutant.jpg")
    at = os.open(Path(folder, "at"), os.O_WRONLY | os.O_CREAT)
    for data in files.values():  # what decoders load once
        try_one(data, load_image, {"formats": (*DEFAULT_FORMATS, *READ_ON_REQUEST), "mode": "keep"})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes, slowest = Counter(), (0.0, 0)
    for number in range(count):
        name, data = mutant(rng, files)
        step, options = ways(rng)
        os.pwrite(at, f"{number:8}".encode(), 0)
        source = data
        if number % 16 == 0:
            place.write_bytes(data)
            source = place
        faulthandler.dump_traceback_later(LIMIT_S, exit=True)
        began = time.perf_counter()
        try:
            outcomes[try_one(source, step, options)] += 1
        except BaseException as exc:
            exc.add_note(f"mutant {number} of seed {seed}, of {name}, {step.name} with {options}")
            Path(folder, "culprit").write_bytes(data)
            raise
        slowest = max(slowest, (time.perf_counter() - began, number))
    faulthandler.cancel_dump_traceback_later()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"outcomes": outcomes, "slowest": slowest, "grown_kb": grown}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
