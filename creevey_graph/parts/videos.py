"""
Videos: when their frames are shown, and the picture of one.

The only place that imports PyAV. MP4 and Matroska tell by their packets when each frame is shown and where
decoding can begin, so nothing is decoded for a list. Of others that does not hold (an AVI made by
FFmpeg itself gave wrong times and wrong keyframes), nor of VP8, where some packets show nothing: their frames
are counted by decoding, and one is reached by decoding all before it.
"""

import functools
import os
import time
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import attrs
from PIL import Image

from creevey_graph.errors import ImageError, SourceError
from creevey_graph.fingerprint.files import Stat, is_settled
from creevey_graph.parts.shelf import Rack
from creevey_graph.text import safe_text

MAX_PIXELS = 178_956_970
"""Of one frame, as `load_image` has it."""
OPEN_VIDEOS = 8
"""How many stay open in a process while nobody uses them."""
_TIMED_FORMATS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
_UNTIMED_CODECS = frozenset({"vp8"})


@attrs.frozen
class Timetable:
    """
    The frames of a video in the order they are shown.

    Args:
        times: Seconds since the first.
        pts: The time stamps in the file; empty where frames can only be counted.
        starts: Per frame, the time stamp of the keyframe that decoding begins at; empty likewise.
        keyframes: Which are such.
    """

    times: "array[float]"
    pts: "array[int]"
    starts: "array[int]"
    keyframes: list[int]

    def __len__(self) -> int:
        return len(self.times)


def timetable(path: str | os.PathLike[str]) -> Timetable:
    """
    Return when the frames of a video are shown; reads it through, once a process where it is left alone.

    Raises:
        SourceError: It is no video, is damaged or has no frame; or PyAV is not installed.
        OSError: It cannot be read.
    """
    text = os.fspath(path)
    stat = Stat.of(text)
    return _settled_timetable(text, stat) if is_settled(stat, time.time_ns()) else _timetable(text)


@functools.lru_cache(maxsize=16)
def _settled_timetable(path: str, _stat: Stat) -> Timetable:
    return _timetable(path)


def _timetable(path: str) -> Timetable:
    av = _av(path)
    try:
        with _opened(av, path) as container:
            stream = _stream(container, path)
            name = stream.codec_context.name
            is_timed = container.format.name in _TIMED_FORMATS and name not in _UNTIMED_CODECS
            table = _by_packets(container, stream) if is_timed else None
        if table is None:
            with _opened(av, path) as container:
                table = _by_decoding(container, _stream(container, path))
    except av.FFmpegError as exc:
        raise _no_video(path, exc) from exc
    if not len(table):
        raise SourceError(f"'{safe_text(path)}': has no frame; it may have been cut, copy it again")
    return table


def _by_packets(container: Any, stream: Any) -> Timetable | None:
    """Return what the packets tell, None where they do not tell all."""
    shown: list[tuple[int, int, bool]] = []
    start: int | None = None
    earlier: int | None = None
    for packet in container.demux(stream):
        if not packet.size:
            continue
        if packet.pts is None:
            return None
        if packet.is_keyframe:
            earlier, start = start, packet.pts
        if start is None or packet.is_corrupt:
            return None
        # A frame stored behind a keyframe and shown before it may need what is before that.
        begin = earlier if packet.pts < start and earlier is not None else start
        if not packet.is_discard:
            shown.append((packet.pts, begin, packet.is_keyframe))
    return _timed(shown, float(stream.time_base))


def _timed(shown: list[tuple[int, int, bool]], tick_s: float) -> Timetable | None:
    shown.sort()
    pts = array("q", [frame[0] for frame in shown])
    if len(set(pts)) < len(pts):
        return None
    times = array("d", [(stamp - pts[0]) * tick_s for stamp in pts])
    starts = array("q", [frame[1] for frame in shown])
    return Timetable(times, pts, starts, [index for index, frame in enumerate(shown) if frame[2]])


def _by_decoding(container: Any, stream: Any) -> Timetable:
    stamps, keyframes = [], []
    for index, frame in enumerate(container.decode(stream)):
        stamps.append(frame.pts)
        if frame.key_frame:
            keyframes.append(index)
    if None not in stamps and all(a < b for a, b in pairwise(stamps)):
        times = [float((stamp - stamps[0]) * stream.time_base) for stamp in stamps]
    else:
        rate = stream.average_rate or stream.guessed_rate or 25
        times = [float(index / rate) for index in range(len(stamps))]
    return Timetable(array("d", times), array("q"), array("q"), keyframes)


def picture(path: str | os.PathLike[str], index: int, pts: int | None, start: int | None) -> Image.Image:
    """
    Return one frame as a picture, turned as the video asks.

    Args:
        path: The video.
        index: Its position, from 0, for videos whose frames can only be counted.
        pts: Its time stamp, None for such.
        start: The time stamp of the keyframe to begin at, None for such.

    Raises:
        ImageError: It is damaged, is not there, or has too many pixels.
        SourceError: The video cannot be opened; or PyAV is not installed.
        OSError: The video cannot be read.
    """
    av = _av(path)
    where = f"{safe_text(os.fspath(path))}#{index:06d}"
    try:
        with _RACK.lent(path, lambda reel: reel.distance(index, pts, start)) as reel:
            frame = reel.frame(index, pts, start)
            if frame is None:
                raise ImageError(f"{where}: no such frame, or it cannot be decoded; list the video again")
            if frame.is_corrupt:
                raise ImageError(f"{where}: damaged frame")
            image: Image.Image = frame.to_image()
    except av.FFmpegError as exc:
        raise ImageError(f"{where}: damaged frame ({safe_text(str(exc))})") from exc
    turn = getattr(frame, "rotation", 0)
    return image.rotate(turn, expand=True) if turn else image


class _Reel:
    """
    An open video.

    State: frames = what decoding gives next; last = time stamp of the frame it gave last, count = how
    many it gave since the beginning; None where that is not known.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._open()

    def _open(self) -> None:
        self._container = _opened(_av(self._path), self._path)
        self._stream = _stream(self._container, self._path)
        self._frames: Iterator[Any] = self._container.decode(self._stream)
        self._last: int | None = None
        self._count: int | None = 0

    def close(self) -> None:
        """Close its file."""
        self._container.close()

    def distance(self, index: int, pts: int | None, start: int | None) -> float:
        """Return how far the frame is ahead of here; infinity where decoding must begin elsewhere."""
        if pts is None or start is None:
            ahead = -1 if self._count is None else index - self._count
        else:
            ahead = -1 if self._last is None or not start <= self._last < pts else pts - self._last
        return ahead if ahead >= 0 else float("inf")

    def frame(self, index: int, pts: int | None, start: int | None) -> Any:
        """Return a frame, None where it is not there."""
        is_ahead = self.distance(index, pts, start) < float("inf")
        if pts is None or start is None:
            if not is_ahead:
                self._rewind()
            return self._counted(index)
        if not is_ahead:
            self._seek(start)
        return self._stamped(pts)

    def _counted(self, index: int) -> Any:
        assert self._count is not None
        for frame in self._frames:
            self._count += 1
            if self._count == index + 1:
                return frame
        return None

    def _stamped(self, pts: int) -> Any:
        for frame in self._frames:
            if frame.pts is not None:
                self._last = frame.pts
                if frame.pts >= pts:
                    return frame if frame.pts == pts else None
        return None

    def _rewind(self) -> None:
        self.close()
        self._open()

    def _seek(self, start: int) -> None:
        self._last, self._count = None, None
        self._container.seek(start, stream=self._stream)
        packets = self._container.demux(self._stream)
        first = next((packet for packet in packets if packet.size), None)
        if first is None or first.pts is None or first.pts > start or not first.is_keyframe:
            self._rewind()  # the file's index is wrong
            return
        self._frames = _decoded(self._stream, first, packets)


def _decoded(stream: Any, first: Any, packets: Iterator[Any]) -> Iterator[Any]:
    yield from stream.decode(first)
    for packet in packets:
        yield from stream.decode(packet)


def _av(path: str | os.PathLike[str]) -> Any:
    try:
        import av  # noqa: PLC0415 - the extra `video`
    except ImportError as exc:
        raise SourceError(
            f"'{safe_text(os.fspath(path))}': videos need PyAV; pip install 'creevey_graph[video]'"
        ) from exc
    return av


def _opened(av: Any, path: str) -> Any:
    # Else a name such as "http:x" would be fetched, and so would what a playlist names.
    options = {"protocol_whitelist": "file"}
    try:
        return av.open(f"file:{path}", options=options, metadata_errors="ignore")
    except av.FFmpegError as exc:
        if not os.path.getsize(path):  # noqa: PTH202 - a path as text
            raise SourceError(f"'{safe_text(path)}': empty, no video") from exc
        raise _no_video(path, exc) from exc


def _stream(container: Any, path: str) -> Any:
    if not container.streams.video:
        container.close()
        raise SourceError(f"'{safe_text(path)}': has no video in it (sound only?)")
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None:
        container.close()
        raise SourceError(f"'{safe_text(path)}': its video is in a format that PyAV cannot decode")
    if context.width * context.height > MAX_PIXELS:
        container.close()
        raise SourceError(
            f"'{safe_text(path)}': frames of {context.width} x {context.height} pixels, more than {MAX_PIXELS}"
        )
    return stream


def _no_video(path: str, exc: Exception) -> SourceError:
    return SourceError(
        f"'{safe_text(path)}': no video that can be read, or one that was cut ({safe_text(str(exc))})"
    )


_RACK: Rack[_Reel] = Rack(_Reel, OPEN_VIDEOS)
"""One a process, as its open files are: a frame is sent to a worker, which has none to hand it."""
