"""
R16: hunts for stale hits: every edit that a stat may hide, before, while and after an item is worked on.

After each, a rerun's outputs and fields must be those of plain calls. `coarse_disk` pretends a file system that counts
in steps of 2 s and never tells that a file was replaced, with a clock that only the trial moves, so that an edit
and the look before it can share every fact a stat has.
"""

import json
import os
import random
import time
import zlib
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import attrs
from programs import environment, start
from reference import SIZE, check_equal, run_reference
from trial import Trial

import creevey_graph.survey
from creevey_graph import graph, step
from creevey_graph.events import ItemFinished
from creevey_graph.execution import Execution

ITEMS = 30
TICK_NS = 2_000_000_000
SECOND_NS = 1_000_000_000


def picture(number):
    """Return a BMP of noise: all have one size, whatever they show."""
    pixels = random.Random(number).randbytes(SIZE[0] * SIZE[1] * 3)
    head = (40).to_bytes(4, "little") + SIZE[0].to_bytes(4, "little") + SIZE[1].to_bytes(4, "little")
    head += b"\1\0\x18\0" + bytes(24)
    return (
        b"BM"
        + (54 + len(pixels)).to_bytes(4, "little")
        + bytes(4)
        + (54).to_bytes(4, "little")
        + head
        + pixels
    )


class Photos:
    """
    The pictures of one trial.

    State: folder = where all of it is; drawn = how many pictures were drawn, so that each is new.
    """

    def __init__(self, folder, seed, *, links=5):
        folder = Path(os.path.realpath(folder))
        self.folder, self.drawn, self.rng = folder, seed * 10**6, random.Random(seed)
        (folder / "photos").mkdir()
        (folder / "other").mkdir()
        for number in range(ITEMS):
            (folder / "photos" / f"{number:05}.png").write_bytes(self.new())
        for path in self.paths[::links] if links else ():
            retarget_link(self, path)

    def new(self):
        """Return a picture that was not there before."""
        self.drawn += 1
        return picture(self.drawn)

    @property
    def paths(self):
        return sorted((self.folder / "photos").iterdir())

    @property
    def outputs(self):
        return sorted((self.folder / "out").glob("[!.]*"))

    def check(self, **options):
        """Run once more, and compare with plain calls."""
        check_equal(self.folder, run_reference(self.folder, **options))


@contextmanager
def times_kept(path):
    """Set the times of a file back to what they were."""
    before = path.stat()
    yield
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


# --- edits between two runs ---------------------------------------------------------------------


def edit_in_place(photos, path):
    with times_kept(path), path.open("r+b") as file:
        file.write(photos.new())


def replace_by_name(photos, path):
    new = photos.folder / "other" / "new"
    new.write_bytes(photos.new())
    before = path.stat()
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def edit_in_future(photos, path):
    path.write_bytes(photos.new())
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 10**17))


def edit_in_past(photos, path):
    path.write_bytes(photos.new())
    os.utime(path, ns=(0, 0))


def swap(photos, path):
    other = photos.rng.choice([each for each in photos.paths if each != path])
    for each in (path, other):
        os.utime(each, ns=(10**18, 10**18))
    spare = photos.folder / "other" / "spare"
    path.rename(spare)
    other.rename(path)
    spare.rename(other)


def edit_by_hard_link(photos, path):
    link = photos.folder / "other" / f"link-{photos.drawn}"
    link.hardlink_to(path)
    edit_in_place(photos, link)


def retarget_link(photos, path):
    """Lead a link to another file with the same times; make a link of what is none."""
    target = photos.folder / "other" / f"target-{photos.drawn}"
    target.write_bytes(photos.new())
    os.utime(target, ns=(10**18, 10**18))
    path.unlink()
    path.symlink_to(target)


def rename_in_case(photos, path):
    edit_in_place(photos, path)
    path.rename(path.with_suffix(path.suffix.swapcase()))


def edit_output(photos, path):
    output = photos.folder / "out" / f"{path.stem}.png"
    data = bytearray(output.read_bytes())
    data[photos.rng.randrange(len(data))] ^= 1 << photos.rng.randrange(8)
    with times_kept(output), output.open("r+b") as file:
        file.write(data)


def swap_outputs(photos, path):
    first, second = photos.rng.sample(photos.outputs, 2)
    data = first.read_bytes()
    with times_kept(first):
        first.write_bytes(second.read_bytes())
    with times_kept(second):
        second.write_bytes(data)


EDITS = (
    edit_in_place,
    replace_by_name,
    edit_in_future,
    edit_in_past,
    swap,
    edit_by_hard_link,
    retarget_link,
    rename_in_case,
    edit_output,
    swap_outputs,
)


def wait_for_tick(folder):
    """Wait until the clock of the file system has moved on: what is written then has another time."""
    probe = folder / "probe"
    probe.touch()
    begin = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == begin:
        probe.touch()


@contextmanager
def hours_later(hours):
    """Let the clock of this process stand hours ahead, so that every file has rested."""
    now_ns = time.time_ns

    def later_ns():
        return now_ns() + hours * 3600 * SECOND_NS

    with mock.patch("time.time_ns", later_ns):
        yield


def hunt_between(seed, folder):
    """Edit one file or output of each item between runs that take all for settled; return how many edits were made."""
    photos, made = Photos(folder, seed), 0
    for hours in range(1, 4):
        with hours_later(hours):
            photos.check()
            run_reference(folder)  # looked at once more, and settled
        wait_for_tick(folder)
        for path, edit in zip(photos.paths, photos.rng.choices(EDITS, k=ITEMS), strict=True):
            if path.exists():
                edit(photos, path)
                made += 1
        with hours_later(hours):
            photos.check()
    return made


# --- a disk that tells nothing --------------------------------------------------------------------


@attrs.define
class Disk:
    """
    What the pretended disk knows.

    State: now_ns = its clock; times = path -> time of its last change; facts = path -> real facts then.
    """

    now_ns: int = 10**18
    times: dict = attrs.field(factory=dict)
    facts: dict = attrs.field(factory=dict)

    def note(self, path):
        """Say that a file was changed just now."""
        path = os.path.abspath(path)  # noqa: PTH100 - text
        self.times[path] = self.now_ns // TICK_NS * TICK_NS
        self.facts[path] = self._facts(REAL["stat"](path))

    def seen(self, path, real):
        """Return a look at a file as the disk tells it."""
        if real.st_mode & 0o170000 != 0o100000:
            return real
        if self.facts.get(path) != (facts := self._facts(real)):
            self.times[path], self.facts[path] = self.now_ns // TICK_NS * TICK_NS, facts
        told = self.times[path]
        inode = zlib.crc32(os.fsencode(path))
        seconds = told // SECOND_NS
        return os.stat_result(
            (real.st_mode, inode, 1, 1, real.st_uid, real.st_gid, real.st_size, seconds, seconds, seconds),
            {"st_atime_ns": told, "st_mtime_ns": told, "st_ctime_ns": told},
        )

    @staticmethod
    def _facts(real):
        return real.st_ino, real.st_mtime_ns, real.st_ctime_ns, real.st_size


REAL = {"stat": os.stat, "lstat": os.lstat, "fstat": os.fstat}


@contextmanager
def coarse_disk():
    """Pretend the disk; give it."""
    disk = Disk()

    def stat(path, *args, **options):
        if isinstance(path, int):
            return fstat(path)
        return disk.seen(os.path.abspath(path), REAL["stat"](path, *args, **options))  # noqa: PTH100 - text

    def lstat(path, *args, **options):
        return disk.seen(os.path.abspath(path), REAL["lstat"](path, *args, **options))  # noqa: PTH100 - text

    def fstat(number):
        return disk.seen(os.readlink(f"/proc/self/fd/{number}"), REAL["fstat"](number))  # noqa: PTH115 - text

    def now_ns():
        disk.now_ns += 1000
        return disk.now_ns

    with (
        mock.patch("os.stat", stat),
        mock.patch("os.lstat", lstat),
        mock.patch("os.fstat", fstat),
        mock.patch.object(creevey_graph.survey, "stat", stat),
        mock.patch("time.time_ns", now_ns),
    ):
        yield disk


PAUSES_NS = (0, 0, 10**6, 5 * 10**8, 19 * 10**8, 21 * 10**8, 5 * SECOND_NS, 100 * SECOND_NS)


def hunt_on_a_coarse_disk(seed, folder):
    """Edit files and outputs at any moment between runs; return how many edits were made."""
    made = 0
    with coarse_disk() as disk:
        photos = Photos(folder, seed, links=0)
        disk.now_ns += photos.rng.randrange(TICK_NS)
        for _ in range(5):
            photos.check()
            for _ in range(photos.rng.randrange(1, ITEMS)):
                disk.now_ns += photos.rng.choice(PAUSES_NS)
                path = photos.rng.choice(photos.paths)
                edit = photos.rng.choice((edit_in_place, edit_in_place, replace_by_name, edit_output))
                edit(photos, path)
                disk.note(photos.folder / "out" / f"{path.stem}.png" if edit is edit_output else path)
                made += 1
            disk.now_ns += photos.rng.choice(PAUSES_NS)
            photos.check()
            disk.now_ns += photos.rng.choice(PAUSES_NS)
    return made


# --- edits while a run is on its way -----------------------------------------------------------


@contextmanager
def meddling(meddle):
    """Call meddle(path, moment) in every try of an item: before a step runs, and behind it."""
    run = Execution._run

    def meddled(execution, position, node):
        path = execution._task.item.values[0]
        meddle(path, f"before {node.name}")
        made = run(execution, position, node)
        meddle(path, f"behind {node.name}")
        return made

    with mock.patch.object(Execution, "_run", meddled):
        yield


MOMENTS = (
    "before load_image",
    "behind load_image",
    "before darken",
    "before write_image",
    "behind write_image",
)
EDITS_DURING = (edit_in_place, replace_by_name, edit_in_future, edit_in_past)


def hunt_while_it_runs(seed, folder, *, links=5):
    """Edit each file once while it is worked on, or when it is done; take some edits back; return how many there were."""
    photos = Photos(folder, seed, links=links)
    originals = {path: path.read_bytes() for path in photos.paths}
    moments = {path: photos.rng.choice((*MOMENTS, "done")) for path in photos.paths}
    edits = {path: photos.rng.choice(EDITS_DURING) for path in photos.paths}

    def meddle(path, moment):
        if moments.get(path) == moment:
            del moments[path]
            edits[path](photos, path)

    def finished(event):
        if isinstance(event, ItemFinished):
            meddle(Path(event.row.source), "done")

    with meddling(meddle):
        report = run_reference(folder, listeners=[finished])
    assert report.ok, [row.error for row in report.failed]
    assert not moments, moments
    photos.check()
    for path in photos.rng.sample(photos.paths, ITEMS // 2):
        path.write_bytes(originals[path])  # what was kept of the first content, if anything, must be of it
    photos.check()
    return ITEMS


def hunt_while_it_runs_on_a_coarse_disk(seed, folder):
    """The same where an edit within 2 s of the look cannot be seen by any stat."""
    with coarse_disk() as disk:
        disk.now_ns += random.Random(seed).choice(PAUSES_NS)
        return hunt_while_it_runs(seed, folder, links=0)


# --- tables and code ---------------------------------------------------------------------------


@step(cache="always")
def scale(number: int, *, by: int = 3) -> int:
    return int(number) * by


@graph
def of_rows(number: int):
    return {"scaled": scale(number)}


def hunt_in_tables(seed, folder):
    """Edit rows of a table in place, its times kept; return how many were edited."""
    rng, place, made = random.Random(seed), folder / "rows.csv", 0
    numbers = [rng.randrange(100, 1000) for _ in range(ITEMS)]

    def write():
        place.write_text("key,number\n" + "".join(f"{key},{number}\n" for key, number in enumerate(numbers)))

    write()
    for _ in range(6):
        report = of_rows.run(str(place), cache=folder / "cache", executor="serial", progress=False)
        assert {str(key): number * 3 for key, number in enumerate(numbers)} == {
            row.key: row.fields["scaled"] for row in report.rows
        }
        for key in rng.sample(range(ITEMS), 16):
            numbers[key] = rng.randrange(100, 1000)
            made += 1
        with times_kept(place):
            write()
    return made


CODE = """
import sys
from pathlib import Path
from creevey_graph import graph, step

FACTOR = {factor}

def helped(number):
    return number * FACTOR

@step(cache="always")
def scaled(number: int) -> int:
    return helped(number) + {plus}

@graph
def project(number: int):
    return {{"scaled": scaled(number)}}
"""

CODE_RUNNER = """
import json, sys
from pathlib import Path
import steps
from creevey_graph.events import ItemFinished

executor, after, new = sys.argv[1], int(sys.argv[2]), sys.argv[3]
done = []

def edit(event):
    done.extend([event] * isinstance(event, ItemFinished))
    if new and len(done) >= after:
        Path("steps.py").write_text(new)

if __name__ == "__main__":
    report = steps.project.run([{"number": n} for n in range(30)], cache="cache", executor=executor, jobs=2,
                               progress=False, listeners=[edit])
    rows = [[row.key, row.fields["scaled"]] for row in report.rows]
    print(json.dumps({"rows": rows, "plain": [[str(n), steps.scaled(n)] for n in range(30)]}))
"""


def hunt_in_code(seed, folder):
    """Edit a step or its helper while it runs; the run keeps to what it began with, the next one sees the edit."""
    rng = random.Random(seed)
    executor = ("processes", "threads", "serial")[seed % 3]
    old, new = (
        CODE.format(factor=factor, plus=rng.randrange(100, 999)) for factor in rng.sample(range(100, 999), 2)
    )
    (folder / "steps.py").write_text(old)
    env = environment()
    for edited in (new, ""):
        after = rng.choice((0, 1, 5))
        program = start("-c", CODE_RUNNER, executor, after, edited, cwd=folder, env=env)
        printed, errors = program.communicate(timeout=60)
        assert 0 == program.returncode, errors
        told = json.loads(printed.splitlines()[-1])
        assert told["plain"] == told["rows"]
    return 1


def _missing_proc():
    return "" if Path("/proc/self/fd").exists() else "needs /proc/self/fd"


TRIALS = (
    Trial(
        "R16",
        "between-runs",
        "an edit that keeps size and times is seen by the next run",
        "edits",
        350,
        3500,
        hunt_between,
    ),
    Trial(
        "R16",
        "coarse-disk",
        "an edit is seen where times count in 2 s and inodes are hidden",
        "edits",
        260,
        3500,
        hunt_on_a_coarse_disk,
        _missing_proc,
    ),
    Trial(
        "R16",
        "while-it-runs",
        "a file edited in a run is never kept under its old content",
        "edits",
        100,
        1000,
        hunt_while_it_runs,
    ),
    Trial(
        "R16",
        "while-it-runs-coarse",
        "the same where no stat tells of the edit",
        "edits",
        100,
        1000,
        hunt_while_it_runs_on_a_coarse_disk,
        _missing_proc,
    ),
    Trial("R16", "tables", "a row of a table edited in place is seen", "rows", 190, 1900, hunt_in_tables),
    Trial("R16", "code", "code edited in a run counts from the next run on", "edits", 3, 40, hunt_in_code),
)
