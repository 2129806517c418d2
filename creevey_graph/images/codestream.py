"""Codestreams of JPEG 2000: whether every tile is there, and the end; OpenJPEG gives grey for what is missing."""

import struct

_START = b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"
_SIZES = ">8I"
_TILE_PART, _TILE_PART_BYTES = ">HHHIBB", 12
_TILE_MARK = 0xFF90
_MOST_TILES = 65_535
"""What the format allows."""


def what_is_missing(data: bytes) -> str:
    r"""
    Return what the codestream in a file lacks, "" where it is whole.

    Args:
        data: The file, with or without the boxes of JP2 around the codestream.

    Source: ISO/IEC 15444-1, annex A: SIZ, SOT and EOC.

    >>> what_is_missing(b"\xff\x4f\xff\x51")
    'no end of codestream'
    """
    begins = data.find(_START)
    if data.rfind(_END) < begins:
        return "no end of codestream"
    try:
        tiles = _tiles_of(data, begins)
        found = _tiles_found(data, begins) if tiles > 1 else {0}
    except struct.error:
        return ""  # OpenJPEG tells what is wrong with it
    return f"{tiles - len(found)} of {tiles} tiles are missing" if len(found) < tiles else ""


def _tiles_of(data: bytes, begins: int) -> int:
    x, y, _, _, width, height, left, top = struct.unpack_from(_SIZES, data, begins + 8)
    if not width or not height:
        return 1
    tiles: int = -(-(x - left) // width) * -(-(y - top) // height)
    return min(_MOST_TILES, tiles)


def _tiles_found(data: bytes, begins: int) -> set[int]:
    """Return the numbers of the tiles that have a part, part by part."""
    at = begins + 2
    while (mark := struct.unpack_from(">HH", data, at))[0] != _TILE_MARK:
        at += 2 + mark[1]
    found = set()
    while at + _TILE_PART_BYTES <= len(data):
        mark_here, _, tile, length, _, _ = struct.unpack_from(_TILE_PART, data, at)
        if mark_here != _TILE_MARK:
            break
        found.add(tile)
        if not length:  # to the end
            break
        at += max(length, _TILE_PART_BYTES)
    return found
