"""Places where nothing, or not everything, can be written; and runs there, each in a process of its own."""

import os
import resource
import shutil
import subprocess
import tempfile
import time
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path

import programs
import reference

from creevey_graph.atomic import TEMPORARY
from creevey_graph.cli import main
from creevey_graph.events import ItemFinished

NOBODY = 12345
"""A user that owns nothing here, so that rights count: they do not for root."""
PAGE = 4096


def needs_mounts():
    """Say why small disks cannot be made here, "" where they can."""
    if os.geteuid() != 0:
        return "only root can mount small disks"
    with tempfile.TemporaryDirectory() as place:
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=False)
        if made.returncode:
            return "mounting a tmpfs was refused"
        subprocess.run(["umount", place], check=True)
    return ""


@contextmanager
def small_disk(place, *options):
    """Mount an empty disk; options are those of tmpfs, such as "size=64k", "nr_inodes=9"."""
    place.mkdir(parents=True, exist_ok=True)
    told = ",".join(("mode=0700", *options))
    subprocess.run(["mount", "-t", "tmpfs", "-o", told, "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def read_only_mount(place):
    """Make a folder one that cannot be written to, root or not."""
    subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place, spare_bytes=0):
    """Fill a small disk, but for so many bytes."""
    path = Path(place) / "filler"
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while file.write(bytes(PAGE)) == PAGE:
            pass
    os.truncate(path, max(0, path.stat().st_size - spare_bytes))


def empty(place):
    """Take away what `fill` put there."""
    (place / "filler").unlink()


def give_away(folder):
    """Give a folder and all in it to `NOBODY`, and take away everybody's right to write."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
        path.chmod(path.stat().st_mode & ~0o222)


# --- in a child --------------------------------------------------------------------------------


def _settle(*, cwd=None, cwd_gone=False, env=None, unset=(), umask=None, user=None, limit_bytes=None):
    for name in ("CREEVEY_CACHE_DIR", *unset):
        os.environ.pop(name, None)
    os.environ.update(env or {})
    tempfile.tempdir = None  # chosen anew
    if cwd is not None:
        os.chdir(cwd)
    if cwd_gone:
        Path.cwd().rmdir()
    if umask is not None:
        os.umask(umask)
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    if limit_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))


def run_there(_tell, photos, out, cache, *, by=2, executor="serial", fills=None, removes=None, **there):
    """
    Run the reference graph; return what its report tells, and the error that ended it.

    Args:
        photos: The items.
        out: The output folder.
        cache: The cache's folder, None for the default one.
        by: Parameter of the graph.
        executor: Its name.
        fills: (small disk, after how many items, bytes to be left).
        removes: (folder, after how many items).
        there: What `_settle` takes.
    """
    _settle(**there)
    ended = []

    def meddle(event):
        if isinstance(event, ItemFinished):
            ended.append(event)
            if fills is not None and len(ended) == fills[1]:
                fill(fills[0], fills[2])
            if removes is not None and len(ended) == removes[1]:
                shutil.rmtree(removes[0], ignore_errors=True)  # others write there

    if fills is not None and fills[1] == 0:
        fill(fills[0], fills[2])
    options = {} if cache is None else {"cache": cache}
    began = time.monotonic()
    try:
        report = reference.small_set.bind(by=by).run(
            photos, out=out, executor=executor, jobs=2, progress=False, listeners=[meddle], **options
        )
    except Exception as exc:  # noqa: BLE001 - told, whatever it is
        text = traceback.format_exc()
        return {
            "error": f"{type(exc).__name__}: {exc}",
            "traceback": text,
            "notices": [],
            "rows": [],
            "executed": {},
        }
    return {**facts_of(report), "seconds": time.monotonic() - began}


def facts_of(report):
    """Return what a report tells, as JSON."""
    rows = [[row.key, str(row.outcome), row.error, *row.outputs[:1]] for row in report.rows]
    fields = {row.outputs[0]: row.fields["brightness"] for row in report.rows if row.outputs}
    return {
        "error": "",
        "ok": report.ok,
        "rows": rows,
        "fields": fields,
        "notices": list(report.notices),
        "executed": dict(report.executed),
        "damaged": report.damaged,
        "path": str(report.path),
    }


def command_there(_tell, arguments, printed, **there):
    """Run `creevey-graph`; return its exit code; what it prints goes to the file *printed*."""
    descriptor = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    _settle(**there)
    try:
        main(arguments)
    except SystemExit as exc:
        return exc.code
    return 0


# --- what must hold ----------------------------------------------------------------------------


def check_equal(folder, out, told, by=2):
    """Check that outputs and rows are those of plain calls, every one, and nothing is left beside them."""
    assert told["error"] == "", told["traceback"]
    assert told["ok"], told["rows"]
    expected = reference.expected_outputs(folder, by)
    assert check_whole(folder, out, by) == len(expected)
    assert {name: value for name, (_, value) in expected.items()} == told["fields"]


def check_whole(folder, out, by=2):
    """Check that every output is whole and right, and no temporary file is left; return how many there are."""
    expected = reference.expected_outputs(folder, by)
    found = [path for path in Path(out).glob("*") if path.name != "filler"]
    assert not [path for path in found if path.name.startswith(TEMPORARY)], found
    for path in found:
        assert expected[path.name][0] == path.read_bytes(), f"{path.name} is not whole"
    return len(found)


def about_cache(told):
    """Return the warnings of the cache; what else is told must be that the report's file is cut."""
    cache = [text for text in told["notices"] if text.startswith(("cache: ", "running without a cache: "))]
    rest = set(told["notices"]) - set(cache) - {"the report file is incomplete: it cannot be written"}
    # A user that may not read the library's files has its code tracked by bytecode, and is told so.
    assert not [text for text in rest if not text.startswith("not tracked: ")], rest
    return cache


GRAPH = f"{programs.HERE / 'reference.py'}:small_set"
