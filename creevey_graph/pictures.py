"""
A picture's copy, which tells no more and no less than the original.

Frames beyond the one in hand are read from the picture's file when they are asked for, so a copy of
a picture of several frames needs a file and a decoder of its own.
"""

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from creevey_graph.errors import StepError
from creevey_graph.fingerprint.buffers import is_deferred


def plain_picture(value: Any) -> Any:
    """
    Return a value as a step may have it that may change it: a picture that stays undecoded is decoded.

    Such a step always gets it so, also as the last reader: what is scaled from it must not depend on who
    reads first.
    """
    return value.decoded() if is_deferred(value) else value


def copy_of_picture(image: Any) -> Any:
    """
    Return a copy that has its class and all it tells too: `Image.copy` forgets format and file name.

    Of a picture that stays undecoded it is a plain one.

    Raises:
        StepError: It has several frames, and its file cannot be opened again.
    """
    if is_deferred(image):
        return image.copy()
    frames = _frames(image)
    copied = image.copy()
    twin = object.__new__(type(image)) if frames == 1 else _opened_again(image, frames)
    if frames == 1:
        twin.__dict__.update(image.__dict__)
    else:
        twin.__dict__.update({k: v for k, v in image.__dict__.items() if k not in twin.__dict__})
        twin.filename = getattr(image, "filename", "")
    twin.__dict__.update(copied.__dict__)
    return twin


def _frames(image: Any) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except (OSError, ValueError, AttributeError, EOFError):  # its file is closed: one frame is what it has
        return 1


def _opened_again(image: Any, frames: int) -> Any:
    from PIL import Image  # noqa: PLC0415 - dear, and loaded where there is a picture

    for data in _contents(image):
        with suppress(Exception):  # what is no whole file
            again = Image.open(io.BytesIO(data), formats=(image.format,))
            if type(again) is type(image) and _frames(again) == frames:
                again.seek(image.tell())
                again.load()
                return again
    raise StepError(
        f"a picture of {frames} frames ({image.format}) is read by more than one step, but its file cannot be "
        "opened again; return the frames that are needed instead, as in image.copy()"
    )


def _contents(image: Any) -> Iterator[bytes]:
    """Yield what may be the picture's file: decoders keep it in different places, some a part of it."""
    for name in ("_fp", "fp"):
        with suppress(Exception):  # closed, or replaced by what says so
            file = getattr(image, name)
            position = file.tell()
            try:
                file.seek(0)
                data = file.read()
            finally:
                file.seek(position)
            yield data
    if name := getattr(image, "filename", ""):
        with suppress(OSError):
            yield Path(name).read_bytes()
