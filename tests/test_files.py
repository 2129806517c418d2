"""Files to digests, and when a stat is enough."""

import os
import socket
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creevey_graph.errors import SourceChanged, SourceError
from creevey_graph.fingerprint import files
from creevey_graph.fingerprint.files import SETTLED_NS, Stat, digest_file, is_settled, read_file
from creevey_graph.fingerprint.values import digest_bytes


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 5000])
def test_a_file_has_the_digest_of_its_bytes(tmp_path, content):
    """Whole, in blocks and in memory give one digest."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    expected = digest_bytes(content)
    assert (expected, Stat.of(path)) == digest_file(path)
    assert (content, expected, Stat.of(path)) == read_file(str(path))


def test_links_are_followed(tmp_path):
    """A link has the digest and stat of the file it leads to."""
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    assert digest_file(tmp_path / "file") == digest_file(tmp_path / "link")


@pytest.mark.parametrize("read", [digest_file, read_file])
def test_what_is_no_regular_file_is_refused(tmp_path, read):
    """A fifo, socket, device or folder is refused by name, at once."""
    os.mkfifo(tmp_path / "pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    server.close()
    for path, kind in (
        (tmp_path / "pipe", "fifo"),
        (tmp_path / "socket", "socket"),
        (tmp_path, "folder"),
        ("/dev/zero", "character device"),
    ):
        with pytest.raises(SourceError, match=f"'{path}': must be a regular file .got a {kind}"):
            read(path)


def test_a_file_exchanged_for_a_fifo_does_not_block(tmp_path, monkeypatch):
    """A fifo that took the file's place after the look is refused, not waited for."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda _path: real(tmp_path / "file"))
    with pytest.raises(SourceError, match="got a fifo"):
        digest_file(tmp_path / "pipe")


def test_a_missing_file_is_an_os_error(tmp_path):
    """A file that is not there raises what the system says."""
    for read in (digest_file, read_file, Stat.of):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none")


def append(path):
    with path.open("ab") as file:
        file.write(b"more")


def exchange(path):
    other = path.with_suffix(".new")
    other.write_bytes(b"content")
    other.replace(path)


def touch(path):
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [append, exchange, touch, os.unlink])
def test_a_change_while_reading_is_noticed(tmp_path, monkeypatch, change):
    """A file that grows, is exchanged, touched or removed while it is read raises SourceChanged."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"content")
    real = files.hashlib.file_digest

    def read_then_change(file, name):
        result = real(file, name)
        change(path)
        return result

    monkeypatch.setattr(files.hashlib, "file_digest", read_then_change)
    with pytest.raises(SourceChanged, match="changed while it was read"):
        digest_file(path)


def test_stat_tells_an_edit_of_equal_size_and_time(tmp_path):
    """An exchanged file with copied timestamps has another stat."""
    path = tmp_path / "a"
    path.write_bytes(b"one")
    before = Stat.of(path)
    path.with_suffix(".new").write_bytes(b"two")
    os.utime(path.with_suffix(".new"), ns=(before.mtime_ns, before.mtime_ns))
    path.with_suffix(".new").replace(path)
    after = Stat.of(path)
    assert (before.size, before.mtime_ns) == (after.size, after.mtime_ns)
    assert before != after
    assert after == Stat.from_result(path.stat())
    assert stat.S_ISREG(path.stat().st_mode)


@given(st.integers(0, 10**19), st.integers(0, 10**19), st.integers(0, 10**19))
def test_settled_means_both_times_are_two_seconds_old(mtime_ns, ctime_ns, looked_at_ns):
    """A stat is settled exactly where both of its times lie over 2 s before the look."""
    expected = mtime_ns < looked_at_ns - SETTLED_NS and ctime_ns < looked_at_ns - SETTLED_NS
    assert expected == is_settled(Stat(1, mtime_ns, ctime_ns, 1), looked_at_ns)
