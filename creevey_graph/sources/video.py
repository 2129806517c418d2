"""Items from the frames of videos."""

import math
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path

from creevey_graph.errors import SourceError, UsageError
from creevey_graph.parts import Frame, Part
from creevey_graph.parts.videos import Timetable, timetable
from creevey_graph.sources.base import unique_keys
from creevey_graph.sources.parts import PartSource, Paths, found_files
from creevey_graph.text import safe_text

VIDEO_SUFFIXES = (
    *(".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts"),
    *(".webm", ".wmv"),
)
"""What a folder is searched for."""
_EPSILON_S = 1e-6  # a third of a second is no float


def video(
    videos: Paths,
    *,
    every_s: float | None = None,
    fps: float | None = None,
    indices: Iterable[int] | None = None,
    keyframes: bool = False,
    max_frames: int | None = None,
) -> PartSource:
    """
    List frames of videos; they are decoded when a step asks for them. Needs the extra `video` (PyAV).

    Each listing reads through the videos once; formats other than MP4 and Matroska are decoded
    in full for it.

    Args:
        videos: One video, a folder of them, a glob, or a list of paths.
        every_s: Take a frame each so many seconds, the first at or after the moment; 1 where nothing
            else is asked for.
        fps: Take so many frames a second, each once at most; `math.inf` takes all.
        indices: Take the frames at these positions, from 0, in the order of the video.
        keyframes: Take those that are stored whole; they are the quickest to decode.
        max_frames: The most frames that are taken of each video, from its beginning.

    Returns:
        One item per frame; its value is a `Frame`, its key "clip.mp4#000123". Where one of several
        videos cannot be read, it is one item, which fails.

    Raises:
        SourceNotFound: No such video.
        SourceError: It cannot be read, or has no frame at one of *indices*; PyAV is not installed.
        UsageError: More than one way of choosing is given, or a number makes no sense.

    """
    chosen_by = [
        name
        for name, given in (("every_s", every_s), ("fps", fps), ("indices", indices))
        if given is not None
    ]
    if len(chosen_by) + bool(keyframes) > 1:
        names = ", ".join([*chosen_by, *(["keyframes"] if keyframes else [])])
        raise UsageError(f"video: expected one of every_s, fps, indices, keyframes (got {names})")
    _check_positive("every_s", every_s)
    _check_positive("fps", fps)
    if max_frames is not None and (
        isinstance(max_frames, bool) or not isinstance(max_frames, int) or max_frames < 1
    ):
        raise UsageError(f"video: max_frames must be at least 1 (got {max_frames!r})")
    step_s = 1 / fps if fps is not None else 1.0 if every_s is None else float(every_s)
    wanted = None if indices is None else _checked_indices(indices)
    found = found_files("video", videos, VIDEO_SUFFIXES)
    parts: list[tuple[Part, ...]] = []
    keys: list[str] = []
    for name, path in found:
        try:
            table = timetable(path)
        except (SourceError, OSError):
            if len(found) == 1:
                raise
            frames = [Frame(path, 0)]
        else:
            positions = _chosen(path, table, step_s, wanted, keyframes=keyframes)[:max_frames]
            frames = [_frame(path, table, position) for position in positions]
        parts += [(frame,) for frame in frames]
        keys += [f"{name}#{frame.label}" for frame in frames]
    return PartSource(parts, unique_keys(keys))


def _chosen(
    path: Path, table: Timetable, step_s: float, wanted: list[int] | None, *, keyframes: bool
) -> list[int]:
    if wanted is not None:
        if wanted and wanted[-1] >= len(table):
            raise SourceError(
                f"'{safe_text(str(path))}': no frame {wanted[-1]}; it has {len(table)}, counted from 0"
            )
        return wanted
    return table.keyframes if keyframes else _each(table, step_s)


def _each(table: Timetable, step_s: float) -> list[int]:
    """Return the positions of the first frame at or after each multiple of *step_s*, each once."""
    if step_s <= _EPSILON_S:  # finer than any two frames: fps=inf, every_s=1e-9
        return [*range(len(table))]
    positions: list[int] = []
    moment = 0
    while (position := bisect_left(table.times, moment * step_s - _EPSILON_S)) < len(table):
        if not positions or position > positions[-1]:  # it may come again where times are rounded
            positions.append(position)
        moment = max(moment + 1, math.floor(table.times[position] / step_s + _EPSILON_S) + 1)
    return positions


def _frame(path: Path, table: Timetable, position: int) -> Frame:
    if not table.pts:
        return Frame(path, position, table.times[position])
    return Frame(path, position, table.times[position], table.pts[position], table.starts[position])


def _checked_indices(indices: Iterable[int]) -> list[int]:
    if not isinstance(indices, Iterable) or isinstance(indices, str | bytes):
        raise UsageError(f"video: indices must be whole numbers (got {indices!r})")
    given = list(indices)
    if not given:
        raise UsageError("video: indices must name a frame at least (got none)")
    for index in given:
        if isinstance(index, bool) or not hasattr(index, "__index__") or index < 0:
            raise UsageError(f"video: indices must be whole numbers, 0 or more (got {index!r})")
    return sorted({index.__index__() for index in given})


def _check_positive(name: str, value: float | None) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
        raise UsageError(f"video: {name} must be a number above 0 (got {value!r})")
    if name == "every_s" and value is not None and math.isinf(value):
        raise UsageError(f"video: {name} must be finite (got {value!r})")
