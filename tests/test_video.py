"""Frames of videos: which are chosen, that each shows its own picture, and when one is made again."""

import math
import pickle
import random
import shutil
import sys
import wave
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from parts_drawn import HEIGHT, WIDTH, colour_of, write_video
from PIL import Image
from runs import EXECUTORS, counted, outcomes
from witness import age, outputs_of

from creevey_graph import graph, step
from creevey_graph.errors import ImageError, SourceError, SourceNotFound, UsageError
from creevey_graph.images import load_image, mean_brightness, write_image
from creevey_graph.parts import Frame, part_at
from creevey_graph.parts.videos import timetable
from creevey_graph.sources import video

av = pytest.importorskip("av")

KINDS = {
    "x.mp4": {},
    "x.mkv": {},
    "plain.mp4": {"b_frames": 0},
    "long.mp4": {"gop": 250},
    "x.avi": {"codec": "mpeg4"},
    "cuts.mp4": {"codec": "mpeg4"},
    "x.ts": {},
    "x.webm": {"codec": "libvpx"},
}


@graph
def levels(frame):
    return {"level": mean_brightness(load_image(frame))}


@graph
def stills(frame):
    return {"file": write_image(load_image(frame), "{stem}.png")}


def positions(source):
    return [item.values[0].index for item in source]


def level(frame):
    return frame.read_image().convert("L").resize((1, 1)).getpixel((0, 0))


def shows(frame):
    return abs(level(frame) - colour_of(frame.index)) < 8


def shows_or_fails(frame):
    try:
        return shows(frame)
    except ImageError as exc:
        return f"#{frame.label}" in str(exc)


# Each frame its picture


@pytest.mark.parametrize("name", KINDS)
def test_each_frame_shows_the_picture_drawn_for_it(tmp_path, name):
    """In order, backwards and at random, whatever the format and however frames depend on others."""
    source = video(write_video(tmp_path / name, 60, **KINDS[name]), fps=math.inf)
    frames = [item.values[0] for item in source]

    assert [*range(60)] == positions(source)
    for order in (frames, frames[::-1], random.Random(3).sample(frames, 60)):
        assert [] == [frame for frame in order if not shows(frame)]
    assert frames == pickle.loads(pickle.dumps(frames))
    assert frames == [part_at(frame.address) for frame in frames]
    assert pytest.approx(0.7, abs=0.002) == frames[7].time_s


@pytest.mark.parametrize("name", ["x.mp4", "x.avi"])
def test_frames_may_be_read_by_several_threads(tmp_path, monkeypatch, name):
    """Open videos are used by one thread at a time."""
    age(monkeypatch)
    frames = [item.values[0] for item in video(write_video(tmp_path / name, 60, **KINDS[name]), fps=math.inf)]
    order = random.Random(4).sample(frames * 2, 120)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(shows, order))


def test_frames_in_their_order_are_decoded_in_one_go(tmp_path, monkeypatch):
    """The video is opened once, and sought in only where a keyframe lies ahead."""
    age(monkeypatch)
    path = write_video(tmp_path / "x.mp4", 60, gop=12)
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.parts.videos._Reel._open")
    counted(monkeypatch, calls, "creevey_graph.parts.videos._Reel._seek")
    frames = [item.values[0] for item in video(path, fps=math.inf)]

    for frame in frames:
        frame.read_image()

    keyframes = len(timetable(path).keyframes)
    assert {"_open": 1, "_seek": keyframes} == calls
    assert keyframes < 20


def test_a_video_is_turned_as_it_asks(tmp_path):
    """The matrix in an MP4's track header, by which a telephone says how it was held, is applied."""
    path = tmp_path / "x.mp4"
    picture = Image.new("RGB", (WIDTH, HEIGHT), "black")
    picture.paste("white", (WIDTH // 2, 0, WIDTH, HEIGHT))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    one = 1 << 16
    for place, number in enumerate((0, one, 0, -one, 0, 0, 0, 0, 1 << 30)):
        data[matrix + 4 * place : matrix + 4 * place + 4] = number.to_bytes(4, "big", signed=True)
    path.write_bytes(data)

    image = load_image(Frame(path, 0))

    assert (HEIGHT, WIDTH) == image.size
    assert image.getpixel((HEIGHT // 2, 8))[0] < 60
    assert image.getpixel((HEIGHT // 2, WIDTH - 8))[0] > 190


# Choosing


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [0, 10, 20]),
        ({"every_s": 0.5}, [0, 5, 10, 15, 20, 25]),
        ({"every_s": 100}, [0]),
        ({"fps": 5}, [*range(0, 30, 2)]),
        ({"fps": 3}, [0, 4, 7, 10, 14, 17, 20, 24, 27]),
        ({"fps": 1000}, [*range(30)]),
        ({"fps": math.inf, "max_frames": 3}, [0, 1, 2]),
        ({"every_s": 2e-6}, [*range(30)]),
        ({"every_s": 1e-9}, [*range(30)]),
        ({"every_s": 1e-320}, [*range(30)]),
        ({"indices": [29, 3, 3]}, [3, 29]),
        ({"indices": (7,)}, [7]),
    ],
)
@pytest.mark.parametrize("name", ["x.mp4", "x.mkv"])
def test_frames_are_chosen_by_time_or_position(tmp_path, name, arguments, expected):
    """The first at or after each moment, each frame once."""
    assert expected == positions(video(write_video(tmp_path / name, 30), **arguments))


@pytest.mark.parametrize("name", KINDS)
def test_keyframes_are_chosen_as_the_decoder_knows_them(tmp_path, name):
    """A list that is made of packets names the frames that decoding finds to be whole."""
    path = write_video(tmp_path / name, 60, **KINDS[name])
    with av.open(str(path)) as container:
        whole = [index for index, frame in enumerate(container.decode(video=0)) if frame.key_frame]

    assert whole == positions(video(path, keyframes=True))
    assert whole[:2] == positions(video(path, keyframes=True, max_frames=2))
    assert 0 in whole


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"every_s": 1, "fps": 1}, UsageError, "one of every_s, fps"),
        ({"keyframes": True, "indices": [1]}, UsageError, "got indices, keyframes"),
        ({"every_s": 0}, UsageError, "every_s must be a number above 0"),
        ({"every_s": math.inf}, UsageError, "every_s must be finite"),
        ({"fps": -1}, UsageError, "fps must be"),
        ({"fps": math.nan}, UsageError, "fps must be"),
        ({"fps": "2"}, UsageError, "fps must be"),
        ({"fps": True}, UsageError, "fps must be"),
        ({"max_frames": 0}, UsageError, "max_frames"),
        ({"indices": [-1]}, UsageError, "0 or more"),
        ({"indices": [1.5]}, UsageError, "whole numbers"),
        ({"indices": 3}, UsageError, "whole numbers"),
        ({"indices": []}, UsageError, "at least"),
        ({"indices": [30]}, SourceError, r"no frame 30; it has 30, counted from 0"),
    ],
)
def test_a_choice_that_makes_no_sense_is_an_error(tmp_path, arguments, error, text):
    """It names the argument, what it must be, and what it is."""
    path = write_video(tmp_path / "x.mp4", 30)
    with pytest.raises(error, match=text):
        video(path, **arguments)


def test_several_videos_are_told_apart(tmp_path):
    """Of a folder or glob, keys are below it; of a list, the paths as given."""
    for name in ("b.mp4", "in/a.mkv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_video(tmp_path / name, 3)
    (tmp_path / "notes.txt").write_text("no video")

    keys = [item.key for item in video(tmp_path, indices=[0, 2])]

    assert ["b.mp4#000000", "b.mp4#000002", "in/a.mkv#000000", "in/a.mkv#000002"] == keys
    assert ["b.mp4#000000"] == [item.key for item in video(tmp_path / "*.mp4")]
    assert ["b.mp4#000000"] == [item.key for item in video(tmp_path / "b.mp4")]
    with pytest.raises(SourceNotFound):
        video(tmp_path / "none.mp4")


# Bad videos


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", "empty, no video"), (b"no video", "no video that can be read"), (bytes(5000), "no video")],
)
def test_what_is_no_video_is_an_error(tmp_path, data, text):
    """Empty files and other formats are refused by name."""
    (tmp_path / "x.mp4").write_bytes(data)
    with pytest.raises(SourceError, match=f"x.mp4.*{text}"):
        video(tmp_path / "x.mp4")


def test_sound_alone_is_an_error(tmp_path):
    """A file without a picture in it says so."""
    with wave.open(str(tmp_path / "x.mp4"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    with pytest.raises(SourceError, match="has no video in it"):
        video(tmp_path / "x.mp4")


@pytest.mark.parametrize("name", ["x.mp4", "x.mkv", "x.avi"])
def test_a_video_cut_anywhere_is_told_or_gives_right_frames(tmp_path, name):
    """However much is missing: an error names it, or the frames that are left are those that were drawn."""
    path = write_video(tmp_path / name, 30, **KINDS[name])
    data = path.read_bytes()
    for end in range(0, len(data), len(data) // 25):
        path.write_bytes(data[:end])
        try:
            frames = [item.values[0] for item in video(path, fps=math.inf)]
        except SourceError:
            continue
        for frame in frames[:-1]:  # the last may be cut itself
            assert shows_or_fails(frame)


def test_damage_inside_is_an_error_of_its_frames(tmp_path):
    """Bytes that were overwritten raise nothing but our own errors."""
    path = write_video(tmp_path / "x.mp4", 30)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    for place in range(start + 100, data.index(b"moov") - 4, 7):
        data[place] ^= 0x5A
    path.write_bytes(data)

    report = levels.run(video(path, fps=math.inf), cache=False)

    assert {"done", "failed"} >= set(outcomes(report))
    assert "failed" in outcomes(report)
    assert all("ImageError" in row.error for row in report.rows if row.error)


def test_a_frame_that_is_not_there_is_an_error(tmp_path):
    """A position behind the end, and a time stamp no frame has."""
    path = write_video(tmp_path / "x.mp4", 3)
    with pytest.raises(ImageError, match=r"x\.mp4#000007: no such frame"):
        Frame(path, 7).read_image()
    with pytest.raises(ImageError, match="no such frame"):
        Frame(path, 1, pts=1, start=0).read_image()
    with pytest.raises(FileNotFoundError):
        Frame(tmp_path / "none.mp4", 0).read_image()


def test_without_pyav_the_extra_is_named(tmp_path, monkeypatch):
    """The error says what to install."""
    path = write_video(tmp_path / "x.mp4", 3)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SourceError, match=r"pip install 'creevey_graph\[video\]'"):
        video(path)


def test_a_name_like_a_url_is_a_file(tmp_path, monkeypatch):
    """FFmpeg would take "http:x.mp4" for something to fetch."""
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "x.mp4", 3).rename(tmp_path / "http:x.mp4")

    assert shows(next(iter(video("http:x.mp4"))).values[0])


# Running


def test_a_second_run_decodes_nothing(tmp_path, monkeypatch):
    """The video is digested once for all its frames, and then not again."""
    age(monkeypatch)
    path = write_video(tmp_path / "x.mp4", 30)
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.parts.frames.digest_file")
    counted(monkeypatch, calls, "creevey_graph.parts.frames.picture")
    arguments = {"out": tmp_path / "out", "cache": tmp_path / "cache", "jobs": 1}

    first = stills.run(video(path, fps=2), **arguments)
    assert {"digest_file": 1, "picture": 6} == calls
    second = stills.run(video(path, fps=2), **arguments)

    assert {"digest_file": 1, "picture": 6} == calls
    assert (["done"] * 6, ["cached"] * 6) == (outcomes(first), outcomes(second))
    assert {f"x_{index:06d}.png" for index in range(0, 30, 5)} == set(outputs_of(tmp_path / "out"))


def test_a_frame_chosen_in_another_way_is_a_hit(tmp_path, monkeypatch):
    """How it was chosen, and how the video is called, do not count; another video's content does."""
    age(monkeypatch)
    path = write_video(tmp_path / "x.mp4", 30)
    levels.run(video(path, fps=2), cache=tmp_path / "cache")
    shutil.copy(path, tmp_path / "y.mp4")

    report = levels.run(video(tmp_path / "y.mp4", indices=[5, 6]), cache=tmp_path / "cache")
    assert ["cached", "done"] == outcomes(report)
    write_video(tmp_path / "y.mp4", 30, first=1)
    report = levels.run(video(tmp_path / "y.mp4", indices=[5, 6]), cache=tmp_path / "cache")

    assert ["done", "done"] == outcomes(report)
    assert [colour_of(6), colour_of(7)] == pytest.approx([row.fields["level"] for row in report.rows], abs=8)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_executor_gives_the_same(tmp_path, executor):
    """Frames travel to threads and processes, and show there what they show here."""
    path = write_video(tmp_path / "x.mp4", 40)
    source = video(path, fps=5)
    expected = [item.values[0].read_image().tobytes() for item in source]

    report = stills.run(source, out=tmp_path / "out", cache=tmp_path / "cache", executor=executor, jobs=2)

    assert ["done"] * 20 == outcomes(report)
    written = sorted((tmp_path / "out").iterdir())
    assert expected == [load_image(path).tobytes() for path in written]


@step
def seconds_of(frame) -> float:
    return round(frame.time_s, 3)


@graph
def moments(frame):
    return {"time_s": seconds_of(frame)}


def test_a_step_may_ask_a_frame_for_its_time(tmp_path):
    """Beside the picture a frame tells when it is shown."""
    report = moments.run(video(write_video(tmp_path / "x.mp4", 30), every_s=1), cache=False)

    assert [0.0, 1.0, 2.0] == [row.fields["time_s"] for row in report.rows]


def test_a_video_that_is_broken_among_others_is_one_failed_item(tmp_path):
    """One bad file does not keep the others from being done."""
    write_video(tmp_path / "a.mp4", 3)
    (tmp_path / "b.mp4").write_bytes(b"no video")

    report = levels.run(video(tmp_path), cache=False)

    assert ["done", "failed"] == outcomes(report)
    assert "no video that can be read" in report.rows[1].error


def test_a_video_that_was_deleted_leaves_orphans(tmp_path, monkeypatch):
    """Frames that are not chosen any more are spared, those of a video that is gone are not."""
    age(monkeypatch)
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, 3)
    arguments = {"out": tmp_path / "out", "cache": tmp_path / "cache", "prune": True}
    stills.run(video(tmp_path, indices=[0, 1]), **arguments)
    (tmp_path / "a.mp4").unlink()

    report = stills.run(video(tmp_path, indices=[0]), **arguments)

    assert 2 == report.pruned
    assert ["b_000000.png", "b_000001.png"] == sorted(path.name for path in (tmp_path / "out").iterdir())


def test_explain_takes_a_frame_by_its_key(tmp_path, monkeypatch):
    """As any item, by key or as the report shows it."""
    age(monkeypatch)
    path = write_video(tmp_path / "x.mp4", 3)
    arguments = {"out": tmp_path / "out", "cache": tmp_path / "cache"}
    stills.run(video(path), **arguments)
    write_video(path, 4)

    for name in ("x.mp4#000000", f"{path}#000000"):
        assert "input changed" in str(stills.explain(name, **arguments))
