"""
What is killed and failed at its system calls, and what must hold afterwards: scenes for `boundaries.py`.

The graphs stand in `boundary_graphs.py`.
"""

import functools
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from boundary_graphs import ITEMS, draw, expected, report_of, run, told
from tracing_calls import Ending

from creevey_graph import Report
from creevey_graph.atomic import TEMPORARY, remove_stale
from creevey_graph.cache import Cache
from creevey_graph.errors import CreeveyError
from creevey_graph.exports import export_webdataset


@attrs.frozen
class Scene:
    """
    Something that is done in a folder, and what must hold then.

    Args:
        before: Makes the folder ready.
        work: (folder, tell) -> what became of it (`told`); this is met. It tells what it acknowledges.
        halfway: (folder, ending) checks what is on the disk, and what was acknowledged, wherever it ended.
        again: (folder, ending) does it again undisturbed, and checks that all is equal to plain calls.
        acknowledges: How often an undisturbed run tells something.
        is_run: Whether it is a run, which a fault of the cache alone never fails.
    """

    before: Callable[[Path], Any]
    work: Callable[[Path, Callable[[Any], None]], Any]
    halfway: Callable[[Path, Ending], None]
    again: Callable[[Path, Ending], None]
    acknowledges: int = ITEMS
    is_run: bool = True

    def warm(self, folder: Path) -> None:
        """Do it once, so that nothing is imported or found out while calls are met."""
        folder.mkdir()
        self.before(folder)
        value = self.work(folder, lambda _: None)
        assert not value["refused"], value
        assert threading.active_count() == 1  # or this process could not fork


# --- what must hold ------------------------------------------------------------------------------


def check_whole(folder, name, *bys):
    """Check that every output is, byte for byte, one that the graph makes with one of these parameters."""
    out = folder / "out"
    names = [path for path in (os.listdir(out) if out.exists() else ()) if not path.startswith(".")]  # noqa: PTH208 - names only
    for path in names:
        data = (out / path).read_bytes()
        assert any(expected(name, by).get(path) == data for by in bys), f"{path} is not whole"
    return sorted(names)


def _check_acknowledged(folder, ending, name, by):
    """Check that what was told to be done is there, and is what this parameter makes."""
    for path in (path for outputs in ending.printed for path in outputs):
        assert expected(name, by)[path] == (folder / "out" / path).read_bytes(), f"{path} was told to be done"


def _check_temporaries(folder, most):
    """Check that no more was left behind than what is in hand at once, and that an hour later it goes."""
    left = [*folder.glob(f"out/{TEMPORARY}*"), *folder.glob(f"{TEMPORARY}*")]
    assert len(left) <= most, left
    values = list(folder.glob("cache/store/??/*.tmp"))
    assert len(values) <= most, values
    remove_stale(folder / "out", now_s=time.time() + 4000)
    assert [] == list(folder.glob(f"out/{TEMPORARY}*"))


def may_be_anew(ending):
    """True where a database could not be read, and not at the second look either: SQLite calls that damage."""
    return not ending.died and ending.value.get("unread", 0) > 1


def check_cache(folder, ending):
    """Check that nothing in the cache is damaged, and that nothing is left behind once it is collected."""
    if not may_be_anew(ending):
        assert [] == [path.name for path in (folder / "cache").glob("*.bad-*")], "set aside, and not damaged"
    with Cache(folder / "cache") as cache:
        assert [] == cache.problems
        found = cache.verify()
        assert found.ok, found
        cache.gc()
    assert [] == list(folder.glob("cache/store/??/*.tmp"))


def _check_equal(folder, report, name, by):
    assert report.ok, [row.error for row in report.failed]
    assert sorted(expected(name, by)) == check_whole(folder, name, by)


def _check_rerun(folder, ending, name, by):
    """Run to the end: equal to plain calls, nothing to tell, and what was acknowledged is not made again."""
    report = report_of(folder, name, by)
    _check_equal(folder, report, name, by)
    assert [] == list(report.notices)
    outcomes = {row.outputs: row.outcome for row in report.rows}
    if not ending.died and ending.value["notices"]:
        return  # the cache failed, which was said, and costs time
    for outputs in ending.printed:
        assert outcomes[tuple(outputs)] in ("cached", "restored"), f"{outputs} was acknowledged; made again"


def _check_kept(folder, name, by):
    """Check that what an earlier run made is still known: it is restored, and nothing is executed."""
    report = report_of(folder, name, by)
    _check_equal(folder, report, name, by)
    assert {} == dict(report.executed), "acknowledged work of an earlier run is lost"


# --- scenes: a first run from nothing; a run after an edit ---------------------------------------


def _first(name="small", most=2, **options):
    def halfway(folder, ending):
        check_whole(folder, name, 2)
        _check_acknowledged(folder, ending, name, 2)
        _check_temporaries(folder, most)

    def again(folder, ending):
        _check_rerun(folder, ending, name, 2)
        check_cache(folder, ending)

    return Scene(
        lambda folder: draw(folder, name),
        lambda folder, tell: run(folder, name, 2, tell, **options),
        halfway,
        again,
    )


def _made(folder, name="small"):
    draw(folder, name)
    return run(folder, name, 2)


def _edit(name="small"):
    """Outputs are replaced, and blocks of the index merged."""

    def halfway(folder, ending):
        assert sorted(expected(name, 2)) == check_whole(folder, name, 2, 3), "neither old nor new, but gone"
        _check_acknowledged(folder, ending, name, 3)
        _check_temporaries(folder, 4)

    def again(folder, ending):
        _check_rerun(folder, ending, name, 3)
        if not may_be_anew(ending):
            _check_kept(folder, name, 2)
        check_cache(folder, ending)

    return Scene(
        lambda folder: _made(folder, name),
        lambda folder, tell: run(folder, name, 3, tell),
        halfway,
        again,
    )


# --- `cache gc`: what saves least goes; what is left is whole ------------------------------------


def _made_twice(folder):
    _made(folder, "pair")
    return run(folder, "pair", 3)


def _collect(folder, _):
    try:
        with Cache(folder / "cache") as cache:
            swept = cache.gc(max_bytes=2000)
        return told(notices=cache.problems, rows=[] if swept.values else [["", "failed", "nothing went", []]])
    except CreeveyError as exc:
        return told(f"{type(exc).__name__}: {exc}")


def _collected_halfway(folder, _):
    assert sorted(expected("pair", 3)) == check_whole(folder, "pair", 3), "gc touched an output"


def _collected_again(folder, ending):
    with Cache(folder / "cache") as cache:
        assert cache.verify().ok
        cache.gc(max_bytes=2000)
    _check_rerun(folder, ending, "pair", 3)
    _check_equal(folder, report_of(folder, "pair", 2), "pair", 2)
    check_cache(folder, ending)


# --- an export: a tar is old, new, or not there, never half --------------------------------------


def _exported(folder):
    _made(folder)
    export_webdataset(_latest(folder), folder / "tars")
    return run(folder, "small", 3)


def _latest(folder):
    runs = folder / "cache" / "runs"
    return Report.load(runs / max(os.listdir(runs)))  # noqa: PTH208 - names only


@functools.cache
def _expected_tar(by):
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        draw(folder, "small")
        export_webdataset(report_of(folder, "small", by), folder / "tars")
        return (folder / "tars" / "00000.tar").read_bytes()


def _export(folder, tell):
    try:
        exported = export_webdataset(_latest(folder), folder / "tars")
    except (CreeveyError, OSError) as exc:  # the command line shows either in one line
        return told(f"{type(exc).__name__}: {exc}")
    tell([str(exported.files)])
    return told()


def _exported_halfway(folder, ending):
    tars = {path.name: path.read_bytes() for path in (folder / "tars").glob("*.tar")}
    wanted = [_expected_tar(3)] if ending.printed else [_expected_tar(2), _expected_tar(3)]
    assert ["00000.tar"] == list(tars)
    assert tars["00000.tar"] in wanted, "a tar is not whole"


def _exported_again(folder, _):
    export_webdataset(_latest(folder), folder / "tars")
    assert {"00000.tar": _expected_tar(3)} == {
        path.name: path.read_bytes() for path in (folder / "tars").glob("*.tar")
    }
    left = [path.name for path in (folder / "tars").iterdir() if path.name.startswith(TEMPORARY)]
    assert len(left) <= 2, left  # a folder of tars, and the list of what is in them


SCENES = {
    "first": _first(),
    "threads": _first(most=4, executor="threads", jobs=2),
    "edit": _edit(),
    "pair": _edit("pair"),
    "gc": Scene(_made_twice, _collect, _collected_halfway, _collected_again, acknowledges=0, is_run=False),
    "export": Scene(_exported, _export, _exported_halfway, _exported_again, acknowledges=1, is_run=False),
}
