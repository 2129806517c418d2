"""A journal that another process is writing is read line by line, to its end or its writer's."""

import os
import subprocess
import sys

import pytest
from runs import NUMBERS, failing

from creevey_graph.cache import Lock
from creevey_graph.errors import SourceError, SourceNotFound
from creevey_graph.explore.following import GONE_LOOKS, Following, Pulse, process_is_there
from creevey_graph.journal import read_journal


@pytest.fixture
def journal(go, tmp_path):
    """The bytes of a finished run's journal, its long lines left out, and its events."""
    lines = go(failing, NUMBERS[2:5]).path.read_bytes().splitlines(keepends=True)
    path = tmp_path / "short.jsonl"
    path.write_bytes(b"".join(line for line in lines if len(line) < 400))
    return path.read_bytes(), list(read_journal(path))


def drained(following):
    """Read until nothing more comes."""
    events, is_growing = following.read()
    while is_growing:
        more, is_growing = following.read()
        events += more
    return events


def test_a_line_is_told_once_it_is_whole(journal, tmp_path):
    """Cut at every byte, the first part gives the whole lines in it, and the second the others, none twice."""
    data, events = journal
    path = tmp_path / "growing.jsonl"
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        following = Following(path)
        first = drained(following)
        with path.open("ab") as file:
            file.write(data[cut:])
        then = drained(following)
        following.close()

        assert data[:cut].count(b"\n") == len(first)
        assert events == first + then


def test_it_grows_byte_by_byte(journal, tmp_path):
    """However small the parts are, the events and their places are those of the whole file."""
    data, events = journal
    path = tmp_path / "growing.jsonl"
    path.touch()
    following = Following(path)
    found = []
    with path.open("ab", buffering=0) as file:
        for byte in data:
            file.write(bytes([byte]))
            found += drained(following)
    following.close()

    assert events == found


def test_a_long_line_takes_several_reads(journal, tmp_path, monkeypatch):
    """What is read at once may be shorter than a line."""
    data, events = journal
    monkeypatch.setattr("creevey_graph.explore.following.READ_BYTES", 7)
    path = tmp_path / "long.jsonl"
    path.write_bytes(data)
    following = Following(path)

    assert events == drained(following)
    following.close()


def test_a_foreign_line_is_left_out(journal, tmp_path):
    """Damage in the middle costs that line, and the places of the others still hold."""
    data, events = journal
    path = tmp_path / "damaged.jsonl"
    path.write_bytes(b"\xff\x00 no line of ours\n" + data)
    following = Following(path)

    assert [event for _, event in events] == [event for _, event in drained(following)]
    following.close()


def test_a_file_that_was_cut_short_is_told(journal, tmp_path):
    """What is shorter than what was read of it is not followed any more."""
    data, _ = journal
    path = tmp_path / "cut.jsonl"
    path.write_bytes(data)
    following = Following(path)
    drained(following)
    path.write_bytes(data[:10])

    with pytest.raises(SourceError, match="was cut short while it was followed"):
        drained(following)
    following.close()


def test_a_file_that_was_replaced_is_told(journal, tmp_path):
    """Another file under the same name is another run."""
    data, _ = journal
    path = tmp_path / "old.jsonl"
    path.write_bytes(data)
    following = Following(path)
    drained(following)
    (tmp_path / "new.jsonl").write_bytes(data + data)
    (tmp_path / "new.jsonl").replace(path)

    with pytest.raises(SourceError, match="was replaced while it was followed"):
        drained(following)
    following.close()


def test_a_file_that_was_removed_is_read_to_its_end(journal, tmp_path):
    """Old reports make room for new ones; what is open can still be read."""
    data, events = journal
    path = tmp_path / "gone.jsonl"
    path.write_bytes(data)
    following = Following(path)
    path.unlink()

    assert events == drained(following)
    following.close()


def test_no_file_is_told(tmp_path):
    """The error names it."""
    with pytest.raises(SourceNotFound, match=r"no report '.*none.jsonl'"):
        Following(tmp_path / "none.jsonl")


# --- whether the writer is still there -----------------------------------------------------------


def looks(pulse, count=GONE_LOOKS, *, is_growing=False):
    return [pulse.is_gone(is_growing=is_growing) for _ in range(count)]


def held_cache(folder):
    """Make a cache's folder with a lock; return a journal's place in it."""
    (folder / "runs").mkdir(parents=True)
    Lock(folder).release()
    return folder / "runs" / "1.jsonl"


def test_a_run_that_holds_its_cache_is_there(tmp_path):
    """Whatever its process's number, and however long nothing comes."""
    path = held_cache(tmp_path / "cache")
    with Lock(tmp_path / "cache") as lock:
        assert lock.share()
        pulse = Pulse(path, "20260101-000000-1", lambda _: False)

        assert {False} == set(looks(pulse, 10 * GONE_LOOKS))


def test_a_run_that_let_go_of_its_cache_is_gone_after_some_looks(tmp_path):
    """It lets go just before it writes its last line, so that one look is not enough; a line that comes counts."""
    pulse = Pulse(held_cache(tmp_path / "cache"), "20260101-000000-1", lambda _: True)

    assert [False] * (GONE_LOOKS - 1) == looks(pulse, GONE_LOOKS - 1)
    assert [False] == looks(pulse, 1, is_growing=True)
    assert [False] * (GONE_LOOKS - 1) + [True] == looks(pulse)


@pytest.mark.parametrize(("alive", "gone"), [(True, False), (None, False), (False, True)])
def test_without_a_cache_its_process_tells(tmp_path, alive, gone):
    """Where nobody knows whether there is such a process, the run is not called dead."""
    asked = []
    pulse = Pulse(tmp_path / "run.jsonl", "20260101-000000-4711", lambda pid: asked.append(pid) or alive)

    assert gone is looks(pulse)[-1]
    assert {4711} == set(asked)


@pytest.mark.parametrize(
    "run_id", ["", "made up", "20260101-000000", "20260101-000000-0", "20260101-000000--5"]
)
def test_a_run_without_a_process_is_never_called_dead(tmp_path, run_id):
    """A name that tells no process tells nothing."""
    assert {False} == set(looks(Pulse(tmp_path / "run.jsonl", run_id, lambda _: False)))


@pytest.mark.skipif(os.name != "posix", reason="asks the system by signal 0")
def test_a_process_is_found_and_missed():
    """Ours is there; one that ended is not."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert process_is_there(os.getpid())
    assert process_is_there(ended.pid) is False


def test_looking_makes_no_lock(tmp_path):
    """A folder without one is left as it is."""
    (tmp_path / "runs").mkdir()

    looks(Pulse(tmp_path / "runs" / "1.jsonl", "20260101-000000-1", lambda _: False))

    assert ["runs"] == [path.name for path in tmp_path.iterdir()]
