"""Frames of videos: `Frame`."""

import functools
import hashlib
import os
import time
from pathlib import Path
from typing import ClassVar

import attrs
from PIL import Image

from creevey_graph.errors import SourceChanged
from creevey_graph.fingerprint.files import Stat, digest_file, is_settled
from creevey_graph.fingerprint.values import digest_of_sha256
from creevey_graph.parts.base import Part
from creevey_graph.parts.videos import picture
from creevey_graph.text import safe_text


@attrs.frozen
class Frame(Part):
    """
    One frame of a video, decoded where it is needed.

    It counts by the video's content and its position: how the video is called, and how the frame
    was chosen, do not count.

    Args:
        file: The video.
        index: Its position in the order they are shown, from 0.
        time_s: Seconds since the first.
        pts: Its time stamp in the file; None where frames can only be counted.
        start: The time stamp of the keyframe that decoding begins at; None likewise.
    """

    kind: ClassVar[str] = "frame"
    file: Path = attrs.field(converter=Path)
    index: int
    time_s: float = attrs.field(default=0.0, eq=False)
    pts: int | None = attrs.field(default=None, eq=False, repr=False)
    start: int | None = attrs.field(default=None, eq=False, repr=False)

    def __str__(self) -> str:
        return f"{self.file}#{self.label}"

    @property
    def label(self) -> str:
        """The position, with six digits at least."""
        return f"{self.index:06d}"

    @property
    def name(self) -> str:
        """The video's name with the position before the suffix, "clip_000123.mp4"."""
        return f"{self.file.stem}_{self.label}{self.file.suffix}"

    @property
    def parent(self) -> Path:
        """The folder the video is in."""
        return self.file.parent

    def read_image(self) -> Image.Image:
        """
        Decode it, turned as the video asks.

        Raises:
            ImageError: It is damaged, is not there, or has too many pixels.
            SourceError: The video cannot be opened; or PyAV is not installed.
            OSError: The video cannot be read.
        """
        return picture(self.file, self.index, self.pts, self.start)

    def digest(self) -> str:
        """Return what stands for it; the video is read through once a process, where it is left alone."""
        text = f"frame {self.index} of {_digest_whole(os.fspath(self.file))}"
        return digest_of_sha256(hashlib.sha256(text.encode()).hexdigest())

    def exists(self) -> bool:
        """True where the video is there: of which frames are chosen it knows nothing."""
        return os.path.lexists(self.file)


def _digest_whole(path: str) -> str:
    stat = Stat.of(path)
    return _digest_settled(path, stat) if is_settled(stat, time.time_ns()) else digest_file(path)[0]


@functools.lru_cache(maxsize=256)
def _digest_settled(path: str, stat: Stat) -> str:
    digest, now = digest_file(path)
    if now != stat:
        raise SourceChanged(
            f"'{safe_text(path)}': changed while it was read; run again once it is left alone"
        )
    return digest
