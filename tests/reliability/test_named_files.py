"""Lists and marks that a program may be killed in the middle of: the former stays, and what was half made heals."""

import os
import time

import pytest

from creevey_graph import Cache
from creevey_graph.archive import new_report
from creevey_graph.events import Outcome, Row
from creevey_graph.manifest import write_csv, write_jsonl

WRITERS = {
    "csv": lambda path, rows: write_csv(path, rows, ()),
    "jsonl": write_jsonl,
}


def rows_until(count):
    """Yield rows, then die as a kill does: no handler of errors sees it."""
    for number in range(count):
        yield Row(f"{number}", "s", Outcome.DONE)
    raise KeyboardInterrupt


@pytest.mark.parametrize("form", WRITERS)
def test_a_list_of_rows_that_is_cut_short_leaves_the_former(tmp_path, form):
    """It was opened and written in place: killed in mid-write it was half a list, and the one before was gone."""
    path = tmp_path / f"rows.{form}"
    WRITERS[form](path, [Row("first", "s", Outcome.DONE)])
    former = path.read_bytes()

    with pytest.raises(KeyboardInterrupt):
        WRITERS[form](path, rows_until(1000))

    assert former == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


def test_a_list_of_rows_goes_where_a_link_leads_and_through_a_pipe(tmp_path):
    """The link stays a link; what is no file is written as it is."""
    (tmp_path / "there").mkdir()
    link = tmp_path / "rows.csv"
    link.symlink_to(tmp_path / "there" / "list.csv")
    write_csv(link, [Row("a", "s", Outcome.DONE)], ())

    assert link.is_symlink()
    assert "a,s,done" in (tmp_path / "there" / "list.csv").read_text()

    read, write = os.pipe()
    write_csv(f"/dev/fd/{write}", [Row("a", "s", Outcome.DONE)], ())
    os.close(write)
    with os.fdopen(read) as told:
        assert "a,s,done" in told.read()


def test_a_folder_that_is_not_there_is_still_an_error(tmp_path):
    """No folder is made for a mistyped path."""
    with pytest.raises(FileNotFoundError):
        write_csv(tmp_path / "nowhere" / "rows.csv", [], ())


@pytest.mark.parametrize("name", ["CACHEDIR.TAG", ".gitignore"])
def test_a_mark_of_the_cache_that_a_kill_left_empty_is_written_again(tmp_path, name):
    """An empty .gitignore would let git take the cache in, for ever: it was only looked whether it is there."""
    Cache(tmp_path / "cache").close()
    (tmp_path / "cache" / name).write_bytes(b"")

    Cache(tmp_path / "cache").close()

    assert (tmp_path / "cache" / name).read_bytes()


def test_reports_sort_as_they_were_begun_also_at_the_turn_of_a_second(tmp_path, monkeypatch):
    """The name's seconds and the rest were two looks at the clock: the latest report could sort before the last."""
    with Cache(tmp_path / "cache") as cache:
        names = []
        for now_ns in (1_700_000_000_999_999_999, 1_700_000_001_000_000_001):
            monkeypatch.setattr(time, "time_ns", lambda now_ns=now_ns: now_ns)
            monkeypatch.setattr(time, "time", lambda: 1_700_000_000.999)
            names.append(new_report(cache).name)

    assert sorted(names) == names
    assert names[0].endswith("-999999999.jsonl")
