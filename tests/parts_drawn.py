"""Archives and videos that tests draw."""

import io
import tarfile
import zipfile

import pytest
from PIL import Image

WIDTH, HEIGHT = 64, 48


def picture_bytes(seed, suffix="png", size=(20, 16)):
    """Return a small picture whose colour goes by *seed*, encoded."""
    with io.BytesIO() as buffer:
        colour = (seed * 37 % 256, seed * 91 % 256, 255 - seed % 256)
        Image.new("RGB", size, colour).save(buffer, format={"jpg": "JPEG", "png": "PNG"}[suffix])
        return buffer.getvalue()


def write_zip(path, members, compression=zipfile.ZIP_DEFLATED):
    """Write a zip of name -> bytes."""
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data, compression)
    return path


def write_tar(path, members, mode="w"):
    """Write a tar of name -> bytes, or `TarInfo` for what is no file."""
    with tarfile.open(path, mode) as tar:
        for name, data in members.items():
            if isinstance(data, tarfile.TarInfo):
                tar.addfile(data)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def colour_of(index):
    """Return the grey level that frame *index* is drawn in: far enough from those beside it."""
    return 20 + index * 53 % 211


def write_video(path, frames, *, codec=None, rate=10, gop=12, b_frames=2, first=0, size=(WIDTH, HEIGHT)):
    """Write a video whose frame k is all of one grey, `colour_of(first + k)`; skip without PyAV."""
    av = pytest.importorskip("av")
    codec = codec or ("libx264" if "libx264" in av.codecs_available else "mpeg4")
    if codec not in av.codecs_available:
        pytest.skip(f"no encoder {codec}")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        stream.codec_context.gop_size = gop
        if codec in ("libx264", "mpeg4"):
            stream.codec_context.max_b_frames = b_frames
        for index in range(frames):
            grey = colour_of(first + index)
            picture = Image.new("RGB", size, (grey, grey, grey))
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return path
