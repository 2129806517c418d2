"""
R12: files that ask for more than they are: refused with the limit named, before they cost memory or time.

As a program: `bombs.py SEED FOLDER` tries every bomb in every way, each in a fork of its own with a net under it
(RLIMIT_AS), prints name and way of each that was refused as it should be, and ends at the first that was not.
"""

import io
import json
import os
import random
import re
import resource
import signal
import struct
import sys
import time
import warnings
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import attrs
from PIL import Image
from programs import environment, start
from trial import Trial

from creevey_graph.images import load_frames, load_image
from creevey_graph.images.load import DEFAULT_FORMATS

LIMIT_S = 5.0
LIMIT_KB = 300 * 1024
NET_BYTES = 3 * 2**30
HANGS_S = 20
PNG = b"\x89PNG\r\n\x1a\n"


@attrs.frozen
class Bomb:
    """
    A file that means harm.

    Args:
        make: Generator of random numbers -> its bytes.
        told: What the error must match: the limit, by name or number.
        is_harmless: True where some ways may read it, as long as they keep within the limits.
        options: Of the step.
    """

    make: Callable[[random.Random], bytes]
    told: str
    is_harmless: bool = False
    options: dict = attrs.field(factory=dict)


def saved(mode, size, name, **options):
    file = io.BytesIO()
    Image.new(mode, size).save(file, name, **options)
    return bytearray(file.getvalue())


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@cache
def png(width, height, depth=8, color=2, *, extra=b"", idat=None):
    """Return a PNG of zeros; all of its pixels are there."""
    if idat is None:
        row = bytes(1 + (width * {0: 1, 2: 3}[color] * depth + 7) // 8)
        packer = zlib.compressobj(1)
        idat = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return PNG + chunk(b"IHDR", head) + extra + chunk(b"IDAT", idat) + chunk(b"IEND", b"")


@cache
def zeros_packed():
    """Return 200 MB of zeros, packed."""
    packer = zlib.compressobj(9)
    block = bytes(1_000_000)
    return b"".join([*(packer.compress(block) for _ in range(200)), packer.flush()])


def packed(kind, head):
    """Return a chunk that unpacks to 200 MB."""
    return chunk(kind, head + zeros_packed())


def apng(claimed):
    control = struct.pack(">IIIIIHHBB", 0, 1, 1, 0, 0, 1, 10, 0, 0)
    frames = chunk(b"acTL", struct.pack(">II", claimed, 0)) + chunk(b"fcTL", control)
    return png(1, 1, extra=frames, idat=zlib.compress(bytes(4)))


def gif(frames, width, height):
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(3) + b"\xff\xff\xff"
    frame = b"\x21\xf9\x04\x08\1\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
    return head + frame * frames + b";"


def jpeg_claiming(width, height, mode="L"):
    data = saved(mode, (16, 16), "JPEG")
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_with(segment, count):
    data = jpeg_claiming(16, 16)
    return data[:2] + segment * count + data[2:]


def segment(marker, head):
    return marker + struct.pack(">H", 65533) + head + bytes(65531 - len(head))


def scans(count, side):
    data = bytes(saved("L", (side, side), "JPEG", progressive=True))
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * count + data[-2:]


def tiff(tags, data=b"", following=0):
    """Return a TIFF of one page; its tags are (number, type, count, value)."""
    table = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + table + struct.pack("<I", following) + data


def page(width, height, *more, compression=1, data=bytes(500), following=0):
    tags = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, compression), 262: (3, 1, 1)}
    tags |= {273: (4, 1, 200), 277: (3, 1, 1), 278: (4, 1, height), 279: (4, 1, min(width * height, 100))}
    tags |= {tag: rest for tag, *rest in more}
    if 322 in tags:
        del tags[273], tags[278], tags[279]
    return tiff([(tag, *rest) for tag, rest in tags.items()], data, following)


def tile(side, compression):
    return page(
        16,
        16,
        (322, 4, 1, side),
        (323, 4, 1, side),
        (324, 4, 1, 200),
        (325, 4, 1, 50),
        compression=compression,
    )


def pages(count):
    size = 2 + 12 * 9 + 4
    made = []
    for number in range(1, count + 1):
        tags = page(1, 1)[8:-500][:-4]
        made.append(tags + struct.pack("<I", 8 + size * number if number < count else 0))
    return b"II*\0" + struct.pack("<I", 8) + b"".join(made)


def strips(count):
    arrays = struct.pack("<I", 200) * count + struct.pack("<I", 1) * count
    begins = 8 + 2 + 12 * 9 + 4
    return page(
        1, count, (278, 4, 1, 1), (273, 4, count, begins), (279, 4, count, begins + 4 * count), data=arrays
    )


def webp_claiming(side):
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    data = bytearray(file.getvalue())
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (side - 1).to_bytes(3, "little") * 2
    return bytes(data)


def icon(inner, entries=1):
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inner), 6 + 16 * entries)
    return b"\0\0\1\0" + struct.pack("<H", entries) + entry * entries + inner


def bitmap(width, height, compression=0, depth=24):
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, compression, 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 100, 0, 0, 1078) + head + bytes(1024) + b"\0\1"


def codestream(side, tile_side):
    data = saved("L", (32, 32), "JPEG2000", no_jp2=True)
    at = data.index(b"\xff\x51")
    data[at + 6 : at + 14] = struct.pack(">II", side, side)
    data[at + 22 : at + 30] = struct.pack(">II", tile_side, tile_side)
    return bytes(data)


def around(rng, number):
    """Return a number of that size or up to a tenth more, so that seeds differ."""
    return number + rng.randrange(number // 10)


PIXELS = r"max_pixels=\d+"
FRAMES = r"max_frames=\d+"
ZIPPED = r"MAX_TEXT_CHUNK|MAX_TEXT_MEMORY"
SMALL = {"max_pixels": 64_000_000}
BOMBS = {
    # The five of the facts, E8b.
    "png-400-mp": Bomb(lambda rng: png(around(rng, 20_000), 20_000, 1, 0), PIXELS),
    "png-169-mp": Bomb(lambda _: png(13_000, 13_000, 1, 0), PIXELS, options=SMALL),
    "png-88-mp": Bomb(lambda _: png(9_400, 9_400), PIXELS, options=SMALL),
    "gif-1204-mp": Bomb(lambda rng: gif(around(rng, 301), 2000, 2000), PIXELS, is_harmless=True),
    "png-ztxt": Bomb(lambda _: png(8, 8, extra=packed(b"zTXt", b"k\0\0")), ZIPPED),
    # Others.
    "png-itxt": Bomb(lambda _: png(8, 8, extra=packed(b"iTXt", b"k\0\1\0\0\0")), ZIPPED),
    "png-iccp": Bomb(lambda _: png(8, 8, extra=packed(b"iCCP", b"k\0\0")), ZIPPED),
    "png-many-ztxt": Bomb(
        lambda rng: png(
            8, 8, extra=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**6))) * around(rng, 500)
        ),
        ZIPPED,
    ),
    "png-chunks": Bomb(
        lambda rng: png(8, 8, extra=chunk(b"juNk", b"x") * around(rng, 10**5)), "50000 chunks"
    ),
    "png-texts": Bomb(
        lambda rng: png(8, 8, extra=chunk(b"tEXt", b"k\0v") * around(rng, 10**6)), "50000 chunks"
    ),
    "png-exif": Bomb(
        lambda _: png(8, 8, extra=chunk(b"eXIf", b"MM\0*" + bytes(3 * 10**7))), "", is_harmless=True
    ),
    "apng-frames": Bomb(lambda rng: apng(around(rng, 10**9)), FRAMES, is_harmless=True),
    "gif-frames": Bomb(lambda rng: gif(around(rng, 10**6), 1, 1), FRAMES, is_harmless=True),
    "gif-canvas": Bomb(lambda _: gif(1, 65_535, 65_535), PIXELS),
    "webp-canvas": Bomb(lambda rng: webp_claiming(around(rng, 14_000)), r"exceeds limit of \d+ pixels"),
    "tiff-width": Bomb(lambda rng: page(2**31 - 1 - rng.randrange(9), 1), PIXELS),
    "tiff-width-signed": Bomb(lambda _: page(2**31, 1), f"{PIXELS}|TIFF header cannot be read"),
    "tiff-loop": Bomb(lambda _: page(4, 4, following=8), "", is_harmless=True),
    "tiff-pages": Bomb(lambda rng: pages(around(rng, 50_000)), FRAMES, is_harmless=True),
    "tiff-strips": Bomb(lambda rng: strips(around(rng, 10**6)), "more than 131072"),
    "tiff-tile-deflate": Bomb(lambda rng: tile(around(rng, 2000) * 16, 8), "more than the picture has"),
    "tiff-tile-lzw": Bomb(lambda rng: tile(around(rng, 2500) * 16, 5), "more than the picture has"),
    "tiff-tile-raw": Bomb(lambda rng: tile(around(rng, 2500) * 16, 1), "more than the picture has"),
    "tiff-count": Bomb(lambda _: page(4, 4, (270, 2, 2**31 - 1, 8)), "", is_harmless=True),
    "jpeg-scans-4-mp": Bomb(lambda rng: scans(around(rng, 10_000), 2000), "more than 100"),
    "jpeg-scans-100-mp": Bomb(lambda rng: scans(around(rng, 300), 10_000), "more than 100"),
    "jpeg-65500": Bomb(lambda rng: jpeg_claiming(65_500, 65_500 - rng.randrange(99)), PIXELS),
    "jpeg-13300": Bomb(
        lambda rng: jpeg_claiming(13_300, 13_300 - rng.randrange(99)), "cannot hold the 13300 x "
    ),
    "jpeg-13300-rgb": Bomb(lambda _: jpeg_claiming(13_300, 13_300, "RGB"), "cannot hold the 13300 x "),
    "jpeg-exif": Bomb(
        lambda rng: jpeg_with(segment(b"\xff\xe1", b"Exif\0\0MM\0*"), around(rng, 600)), "33554432 bytes"
    ),
    "jpeg-icc": Bomb(
        lambda rng: jpeg_with(segment(b"\xff\xe2", b"ICC_PROFILE\0\1\xff"), around(rng, 600)),
        "33554432 bytes",
    ),
    "jpeg-segments": Bomb(lambda rng: jpeg_with(b"\xff\xe5\0\2", around(rng, 10**6)), "50000 segments"),
    "jpeg-padding": Bomb(lambda rng: jpeg_with(b"\xff", around(rng, 10**6)), "50000 segments"),
    "ico-inner": Bomb(lambda _: icon(png(13_000, 13_000, 1, 0)), PIXELS, options=SMALL),
    "ico-entries": Bomb(lambda _: icon(png(20_000, 20_000, 1, 0), 65_535), f"{PIXELS}|ICO header"),
    "bmp-sides": Bomb(lambda _: bitmap(2**31 - 1, -(2**31 - 1)), PIXELS),
    "bmp-rle": Bomb(lambda _: bitmap(13_000, 13_000, 1, 8), "damaged|truncated"),
    "ppm-digits": Bomb(lambda rng: b"P2 " + b"1" * around(rng, 10**7), "65536 bytes"),
    "ppm-comment": Bomb(lambda rng: b"P6 #" + b"x" * around(rng, 10**8) + b"\n1 1 255 abc", "65536 bytes"),
    "ppm-plain": Bomb(lambda _: b"P2 13000 13000 255 1 1", "not enough image data"),
    "ppm-blanks": Bomb(
        lambda rng: b"P1 100 100 " + b" " * around(rng, 10**7), "not enough image data|65536 bytes"
    ),
    "j2k-sides": Bomb(lambda _: codestream(2**31 - 1, 32), PIXELS),
    "j2k-claim": Bomb(lambda _: codestream(13_000, 13_000), PIXELS, options=SMALL),
    "j2k-tiles": Bomb(lambda _: codestream(255 * 40, 40), "65024 of 65025 tiles are missing"),
    "j2k-tile": Bomb(lambda _: codestream(32, 2**31 - 1), "", is_harmless=True),
}
FORMATS = (*DEFAULT_FORMATS, "ICO", "ICNS", "CUR")


def ways_of(data):
    """Yield (name, step, options) of every way to load a file."""
    yield "exact", load_image, {}
    yield "frames", load_frames, {}
    if data.startswith(b"\xff\xd8"):
        yield "fast", load_image, {"shrink": "fast", "mode": "RGB"}


def tried_apart(source, step, options):
    """Return what came of loading a source in a fork of this single-threaded process, by name."""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reads)
            resource.setrlimit(resource.RLIMIT_AS, (NET_BYTES, NET_BYTES))
            signal.alarm(HANGS_S)
            before, began, error = _peak_kb(), time.perf_counter(), ""
            try:
                result = step(source, **options)
                for image in result if isinstance(result, list) else [result]:
                    image.load()
            except Exception as exc:  # noqa: BLE001 - whatever it is, it is told
                error = f"{type(exc).__name__}: {exc}"
            told = {"error": error, "seconds": time.perf_counter() - began, "grown_kb": _peak_kb() - before}
            os.write(writes, json.dumps(told).encode())
        finally:
            os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if not told:
        return {"error": f"died ({status})", "seconds": 1e9, "grown_kb": 0}
    return json.loads(told)


def _peak_kb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def problem_of(bomb, told):
    """Say which promise is broken, "" where none is."""
    if told["seconds"] > LIMIT_S:
        return f"took {told['seconds']:.1f} s"
    if told["grown_kb"] > LIMIT_KB:
        return f"took {told['grown_kb'] // 1024} MB"
    if not told["error"]:
        return "" if bomb.is_harmless else "was not refused"
    if not told["error"].startswith("ImageError: ") or not re.search(bomb.told, told["error"]):
        return f"was refused without its limit ({told['error'][:200]})"
    return ""


def main(seed, folder):
    """Try every bomb as a program."""
    warnings.simplefilter("ignore")
    load_image(png(8, 8))
    for name, bomb in BOMBS.items():
        rng = random.Random(f"{seed} {name}")
        data = bomb.make(rng)
        source = data
        if rng.random() < 0.5:
            source = folder / name
            source.write_bytes(data)
        for way, step, options in ways_of(data):
            told = tried_apart(source, step, {"formats": FORMATS, **bomb.options, **options})
            if problem := problem_of(bomb, told):
                sys.exit(f"{name}, {way}: {problem}")
            print(name, way, flush=True)
        (folder / name).unlink(missing_ok=True)


def try_bombs(seed, folder):
    """Try every bomb in every way; return how many were tried."""
    program = start("bombs.py", seed, folder, env=environment())
    printed, errors = program.communicate(timeout=400)
    assert 0 == program.returncode, errors
    tried = printed.splitlines()
    assert set(BOMBS) == {line.partition(" ")[0] for line in tried}
    return len(tried)


TRIALS = (
    Trial(
        "R12",
        "bombs",
        "each bomb is refused with its limit named, with less than 300 MB and 5 s",
        "bombs loaded",
        90,
        900,
        try_bombs,
        limit_s=400,
    ),
)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
