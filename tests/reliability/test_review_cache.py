"""What a review of the reliability work found: good pictures refused, good hosts given up, planted rows that crash."""

import io
import os
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from places import needs_mounts, read_only_mount
from servers import FakeNetwork, FakeTime, PictureServer, status

from creevey_graph.cache import Cache, Index
from creevey_graph.cache.index import forget_lost
from creevey_graph.cli import main
from creevey_graph.errors import FetchError, ImageError
from creevey_graph.fetch import Hosts, fetch
from creevey_graph.images import load_image

SCAN = b"\xff\xda"
NOISE = Image.effect_noise((96, 64), 60).convert("RGB")


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def behind_start(data, segment):
    return data[:2] + segment + data[2:]


PROGRESSIVE = saved(NOISE, "JPEG", progressive=True)
LIKE_SCANS = SCAN * 200


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PROGRESSIVE + LIKE_SCANS, id="a video behind it"),
        pytest.param(
            behind_start(PROGRESSIVE, b"\xff\xed" + struct.pack(">H", 402) + LIKE_SCANS), id="metadata"
        ),
        pytest.param(
            saved(NOISE, "MPO", save_all=True, append_images=[NOISE] * 15, progressive=True),
            id="many pictures",
        ),
        pytest.param(saved(NOISE, "JPEG", progressive=True, restart_marker_blocks=1), id="restarts"),
    ],
)
def test_only_scans_of_the_picture_are_counted(data):
    """A progressive picture of a phone with 10 MB of video behind it, or of such metadata, was refused."""
    assert data.count(SCAN) > 100 or b"\xff\xd3" in data
    assert load_image(data).size == NOISE.size


def test_a_jpeg_of_many_scans_is_still_refused():
    """However they are padded."""
    at = PROGRESSIVE.rindex(SCAN)
    scan = PROGRESSIVE[at:-2]
    for padding in (b"", b"\xff\xff\xff"):
        with pytest.raises(ImageError, match="scans, more than 100"):
            load_image(PROGRESSIVE[:-2] + (padding + scan) * 100 + b"\xff\xd9")


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_in_chunks(length, rows):
    pixels = np.random.default_rng(0).integers(0, 256, (rows, 4001), dtype=np.uint8)
    pixels[:, 0] = 0
    packed = zlib.compress(pixels.tobytes(), 0)
    parts = [chunk(b"IDAT", packed[at : at + length]) for at in range(0, len(packed), length)]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4000, rows, 8, 0, 0, 0, 0))
    return b"".join([b"\x89PNG\r\n\x1a\n", head, *parts, chunk(b"IEND", b"")])


def test_a_large_png_of_small_chunks_is_read():
    """70 000 chunks of 600 bytes take less than their pixels do; as many that are empty are refused."""
    assert load_image(png_in_chunks(600, 10_000)).size == (4000, 10_000)
    with pytest.raises(ImageError, match="more than 50000 chunks"):
        load_image(png_in_chunks(16, 250))


def test_a_host_that_asks_for_a_second_again_and_again_is_not_given_up_at_once():
    """A limit of so many in ten seconds told as "in a second" failed the whole list after two."""
    with PictureServer({"/a.jpg": b"a picture"}) as server:
        fake, time, hosts = FakeNetwork({"pictures.example": ["93.184.215.14"]}, server), FakeTime(), Hosts()
        options = {"network": fake.network, "hosts": hosts, "clock": time.clock}
        server.behave("/busy", status(429, Retry_After="1"))
        with pytest.raises(FetchError, match=r"429 .*\(4 tries\)"):
            fetch("http://pictures.example/busy", **options)
        assert fetch("http://pictures.example/a.jpg", **options) == b"a picture"


def test_a_host_that_asks_for_a_second_for_a_minute_is_given_up():
    """It would hold its threads for as long as the list is."""
    with PictureServer({}) as server:
        fake, time, hosts = FakeNetwork({"pictures.example": ["93.184.215.14"]}, server), FakeTime(), Hosts()
        server.behave("/busy", status(429, Retry_After="1"))
        for _ in range(200):
            with suppress(FetchError):
                fetch("http://pictures.example/busy", network=fake.network, hosts=hosts, clock=time.clock)
        assert sum(time.slept) < 120
        assert server.gets["/busy"] < 100


def test_a_block_planted_as_text_does_not_end_a_run(tmp_path):
    """SQLite takes text where bytes are declared; merging compared the two."""
    index = Index(tmp_path, "ab" * 32)
    index._connection.execute(
        "INSERT INTO blocks (scope, first, head, looks, rows, checks, states) VALUES (?, 'text', '', '', '', '', '')",
        (index.scope,),
    )
    index._connection.commit()
    index.put([("key", "[]")])
    index.compact("graph", lambda *_: "")
    assert index.problems == []
    index.close()


@pytest.mark.skipif(bool(needs_mounts()), reason="no mounts here")
def test_a_whole_cache_that_can_only_be_read_is_verified_as_whole(tmp_path):
    """It ended with 1, "mended or told above", as though something in it was damaged."""
    Cache(tmp_path / "cache").close()
    with read_only_mount(tmp_path / "cache"):
        result = CliRunner().invoke(main, ["cache", "verify", "--cache", str(tmp_path / "cache")])
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "nothing is damaged")


def test_an_index_that_alone_cannot_be_written_is_told(tmp_path, monkeypatch):
    """Each run did everything again, without a word."""
    Index(tmp_path, "ab" * 32).close()
    monkeypatch.setattr("creevey_graph.cache.index.may_write", lambda *_: False)
    index = Index(tmp_path, "ab" * 32)
    assert index.problems == ["it can only be read: what is made anew is not kept"]
    index.close()


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_an_output_folder_may_have_a_name_of_any_bytes(tmp_path):
    """A run into a folder of an old Latin-1 disk ended with a UnicodeEncodeError."""
    index = Index(tmp_path, "ab" * 32)
    index.put_scope(os.fsdecode(bytes(tmp_path / "caf") + b"\xe9"))
    assert index.problems == []
    index.put([("key", "[]")])
    index.close()
    assert forget_lost(tmp_path) == 0
