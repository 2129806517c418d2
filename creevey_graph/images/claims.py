"""
What a file claims, checked before it costs anything: the bombs that a limit on pixels does not see.

Each was measured with Pillow 13 before it was refused: 10 000 scans in a progressive JPEG of 156 KB decode for
more than 40 s, as do 1000 blocks of EXIF; a TIFF of 191 bytes asks for a tile of 1 GB; a million strips take 8 s and
331 MB, a million chunks of a PNG 4 s, a comment of 100 MB in a PPM 12 s and more; an icon of 16 x 16 may hold a PNG of
169 million pixels, and a JPEG of 335 bytes gives 177 million grey ones. What JPEG 2000 lacks is in `codestream.py`.
"""

import re
import struct
from collections.abc import Iterator
from typing import IO, Any

from creevey_graph.errors import ImageError

MOST_CHUNKS = 50_000
"""Parts a PNG of any size may have, or a JPEG before its pixels."""
MOST_METADATA_BYTES = 2**25
"""What may stand before the pixels of a JPEG; a profile of colours has 16 MB at the most."""
MOST_SCANS = 100
"""Scans a progressive JPEG may have; encoders write about 10."""
MOST_STRIPS = 2**17
"""Strips or tiles a picture may be made of; one of 30 000 rows has so many."""
SPARE_TILE_PIXELS = 2**24
"""What a tile of a TIFF may have where the whole picture is smaller."""

MOST_HEADER_BYTES = 2**16
"""What a PPM may have before its pixels, comments and all."""

_PART_HEAD_BYTES, _PART_BYTES = 8, 12
"""Of a chunk without data: its length and name; and its checksum."""
_CHUNK_PAYS_BYTES = 512
"""What a chunk has on average where going through them takes no longer than decoding."""
_SCAN = b"\xff\xda"
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
"""What is none of the pixels' own: these hold FF only before 00, and before the numbers of a restart."""
_WITHOUT_DATA = (b"\xd8", b"\x01")
_HUFFMAN = frozenset({0xC0, 0xC1, 0xC2})
"""Markers of JPEGs whose every block of 8 x 8 takes a bit at least."""
_BLOCK_PX = 8
_TILE_WIDTH, _TILE_LENGTH = 322, 323
_ICONS = frozenset({"ICO", "CUR", "ICNS"})
_INNER = re.compile(rb"\x89PNG\r\n\x1a\n.{4}IHDR(.{8})|\xff\x4f\xff\x51.{4}(.{8})", re.DOTALL)
"""Where a PNG or a JPEG 2000 inside an icon tells its width and height."""
_STRIPS = frozenset({273, 324})
_MOST_PAGES_WALKED = 10_000
_SHORT_HEADERS = (b"P1", b"P4")
_FF, _START_OF_SCAN, _END_OF_IMAGE = 0xFF, 0xDA, 0xD9


def check_parts(name: str, file: IO[bytes], where: str, max_pixels: int) -> None:
    """
    Check the parts of a file, before Pillow goes through them; small ones are not read for it, but icons.

    Pillow decodes an icon as soon as it is opened.

    Args:
        name: Pillow's name of its format.
        file: The file; it is left anywhere.
        where: What an error calls it.
        max_pixels: The most pixels that are decoded.

    Raises:
        ImageError: There are too many, or they are too large.
    """
    size = _size_of(file)
    if name == "PNG" and size > MOST_CHUNKS * _PART_BYTES:
        _check_chunks(file, where, max(MOST_CHUNKS, size // _CHUNK_PAYS_BYTES))
    elif name == "JPEG" and size > MOST_CHUNKS * 4:
        _coding_of(file, where)
    elif name == "TIFF" and size > MOST_STRIPS * 4:
        _check_strips(file, where)
    elif name == "PPM" and size > MOST_HEADER_BYTES:
        _check_header(file, where)
    elif name in _ICONS:
        _check_inner(file, where, max_pixels)


def check_claims(opened: Any, file: IO[bytes], where: str, *, is_lenient: bool = False) -> None:
    """
    Check what decoding an opened picture would take besides its pixels.

    Args:
        opened: The opened picture, at the frame that is to be decoded.
        file: Its file; it is left where it was.
        where: What an error calls it.
        is_lenient: Whether what can be decoded of a truncated file is wanted.

    Raises:
        ImageError: It is too much, or more than the file can hold.
    """
    at = file.tell()
    if opened.format in {"JPEG", "MPO"}:
        _check_scans(opened, file, where)
        if not is_lenient:
            _check_bits(opened, file, where)
    elif opened.format == "TIFF":
        _check_tiles(opened, where)
    file.seek(at)


def is_whole_gif(data: bytes) -> bool:
    """
    True where a GIF has its end mark: one that was cut between two frames has lost the rest without a trace.

    Source: GIF89a, 18 to 27.

    >>> is_whole_gif(b"GIF89a" + bytes(7) + b";"), is_whole_gif(b"GIF89a" + bytes(7))
    (True, False)
    """
    at = 13 + _colours(data[10:11])
    while mark := data[at : at + 1]:
        if mark == b";":
            return True
        at += 1
        if mark == b"!":
            at = _behind_blocks(data, at + 1)
        elif mark == b",":
            at = _behind_blocks(data, at + 10 + _colours(data[at + 8 : at + 9]))
    return False


def _colours(flags: bytes) -> int:
    """Return how many bytes of colours follow these flags."""
    return 3 * 2 ** ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _behind_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _size_of(file: IO[bytes]) -> int:
    return file.seek(0, 2)


def _check_chunks(file: IO[bytes], where: str, most: int) -> None:
    at, count = 8, 0
    while True:
        file.seek(at)
        head = file.read(_PART_HEAD_BYTES)
        if len(head) < _PART_HEAD_BYTES or head[4:] == b"IEND":
            return
        count += 1
        if count > most:
            raise ImageError(f"{where}: a PNG of more than {most} chunks; write it anew to read it")
        at += _PART_BYTES + int.from_bytes(head[:4])


def _coding_of(file: IO[bytes], where: str) -> int:
    """Return the marker that tells how a JPEG is coded, 0 where none is found before its pixels."""
    at, count, coding = 2, 0, 0
    while True:
        file.seek(at)
        head = file.read(4)
        if len(head) < 4 or head[0] != _FF or head[1] in (_START_OF_SCAN, _END_OF_IMAGE):  # noqa: PLR2004
            return coding
        count += 1
        if count > MOST_CHUNKS or at > MOST_METADATA_BYTES:
            raise ImageError(
                f"{where}: a JPEG with more than {MOST_CHUNKS} segments or {MOST_METADATA_BYTES} bytes before "
                "its pixels; write it anew to read it"
            )
        if head[1] == _FF:  # padding
            at += 1
            continue
        if 0xC0 <= head[1] <= 0xCF and head[1] not in (0xC4, 0xC8, 0xCC):  # noqa: PLR2004 - SOF0 to SOF15
            coding = coding or head[1]
        at += 2 + int.from_bytes(head[2:])


def _check_scans(opened: Any, file: IO[bytes], where: str) -> None:
    if opened.info.get("progressive"):
        file.seek(opened.tile[0][2] if opened.tile else 0)  # of an MPO, this frame alone
        data = file.read()
        # Most have too few anywhere; then they need not be told from what a profile, a thumbnail or an appended video has.
        if data.count(_SCAN) > MOST_SCANS and (scans := _count_scans(data)) > MOST_SCANS:
            raise ImageError(
                f"{where}: a JPEG of {scans} scans, more than {MOST_SCANS}; write it anew to read it"
            )


def _count_scans(data: bytes) -> int:
    """Return how many scans a JPEG has to its end mark."""
    at, scans = 0, 0
    while mark := _MARKER.search(data, at):
        at = mark.end()
        if mark[1][0] == _END_OF_IMAGE:
            break
        scans += mark[1][0] == _START_OF_SCAN
        if mark[1] not in _WITHOUT_DATA:
            at += max(2, int.from_bytes(data[at : at + 2]))
    return scans


def _check_bits(opened: Any, file: IO[bytes], where: str) -> None:
    width, height = opened.size
    blocks = (width // _BLOCK_PX) * (height // _BLOCK_PX)
    size = _size_of(file)
    if size * 8 < blocks and _coding_of(file, where) in _HUFFMAN:
        raise ImageError(
            f"{where}: truncated picture ({size} bytes cannot hold the {width} x {height} pixels its header claims)"
        )


def _check_tiles(opened: Any, where: str) -> None:
    sides = opened.tag_v2.get(_TILE_WIDTH), opened.tag_v2.get(_TILE_LENGTH)
    if not all(isinstance(side, int) for side in sides):
        return
    width, height = sides
    if width * height > max(SPARE_TILE_PIXELS, opened.width * opened.height):
        raise ImageError(
            f"{where}: tiles of {width} x {height} pixels, more than the picture has and than {SPARE_TILE_PIXELS}"
        )


def _check_strips(file: IO[bytes], where: str) -> None:
    for strips in _strips_of_pages(file):
        if strips > MOST_STRIPS:
            raise ImageError(
                f"{where}: a TIFF of {strips} strips or tiles, more than {MOST_STRIPS}; write it anew to read it"
            )


def _strips_of_pages(file: IO[bytes]) -> Iterator[int]:
    """
    Yield how many strips or tiles each page of a TIFF says it has, as far as they can be followed.

    Source: TIFF 6.0, section 2; BigTIFF as libtiff has it.
    """
    file.seek(0)
    head = file.read(16)
    order = "<" if head.startswith(b"II") else ">"
    is_big = head[2:4] in (b"+\0", b"\0+")
    count_of, entry, offset = ("Q", "HHQ8x", "Q") if is_big else ("H", "HHI4x", "I")
    tables = struct.Struct(order + count_of), struct.Struct(order + entry), struct.Struct(order + offset)
    try:
        (at,) = tables[2].unpack_from(head, 8 if is_big else 4)
        for _ in range(_MOST_PAGES_WALKED):
            if not at:
                return
            file.seek(at)
            (count,) = tables[0].unpack(file.read(tables[0].size))
            entries = file.read(tables[1].size * min(count, MOST_CHUNKS))
            yield max((n for tag, _, n in tables[1].iter_unpack(entries) if tag in _STRIPS), default=0)
            (at,) = tables[2].unpack(file.read(tables[2].size))
    except (struct.error, OverflowError, OSError, ValueError):
        return  # Pillow tells what is wrong with it


def _check_header(file: IO[bytes], where: str) -> None:
    """Check that the numbers a PPM begins with are there: Pillow goes through comments a byte at a time."""
    file.seek(0)
    head = file.read(MOST_HEADER_BYTES)
    words = re.sub(rb"#[^\r\n]*", b"", head).split(None, 4)
    if len(words) < (3 if head.startswith(_SHORT_HEADERS) else 4):
        raise ImageError(f"{where}: a PPM with more than {MOST_HEADER_BYTES} bytes before its pixels")


def _check_inner(file: IO[bytes], where: str, max_pixels: int) -> None:
    """Check the pictures inside an icon, of whose sizes its own header need not tell the truth."""
    file.seek(0)
    for sizes in _INNER.findall(file.read()):
        width, height = struct.unpack(">II", sizes[0] or sizes[1])
        if width * height > max_pixels:
            raise ImageError(
                f"{where}: holds a picture of {width} x {height} = {width * height} pixels, "
                f"more than max_pixels={max_pixels}; raise that to read it"
            )
