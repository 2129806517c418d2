"""
Whatever is done between runs, outputs are those of a run without cache.

Hypothesis draws edits of code, parameters and files, damage to outputs and cache, tidying, runs of two
threads at once and runs killed with SIGKILL; after each whole run every output and every field is
what plain calls give, nothing else lies in the folder, and a run right after executes nothing.
"""

import importlib
import linecache
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from creevey_graph import Cache, CreeveyError

MODULE = "stateful_steps"
TEXT = """
from pathlib import Path

from creevey_graph import graph, step

OFFSET = {offset}


def helper(x):
    return {helper}


@step
def load(path: Path) -> int:
    return int(path.read_text())


@step(cache="{policy}")
def mix(number: int, *, by: int = 1) -> int:
    return {mix}


@step
def half(number: int) -> int:
    return {half}


@step(writes="path")
def save(number: int, path: Path) -> Path:
    path.write_text({save})
    return path


@graph
def numbers(path: Path, *, by: int = 1):
    number = mix(load(path), by=by)
    return {{"file": save(half(number), "{{stem}}.out"), "number": number}}
"""
PARTS = {
    "offset": ["0", "7", "3 + 4"],
    "helper": ["x * 2", "x + x", "x * 3  # threefold", "x * 3"],
    "policy": ["auto", "always", "never"],
    "mix": ["helper(number) + by + OFFSET", "by + OFFSET + helper(number)", "helper(number) - by"],
    "half": ["number // 2", "number >> 1", "number"],
    "save": ['f"{number}"', "str(number)", 'f"<{number}>"'],
}
KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import stateful_steps
left = [int(sys.argv[2])]

def kill(event):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

place = sys.argv[1]
stateful_steps.numbers.bind(by=int(sys.argv[3])).run(
    f"{place}/in/*.dat", out=f"{place}/out", cache=f"{place}/cache", executor="threads", progress=False, listeners=[kill]
)
"""
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
NUMBERS = st.integers(0, 99).map("{:02d}".format)


class Runs(RuleBasedStateMachine):
    """State: place = a folder with `in`, `out`, `cache` and the module; parts, by = the graph as it is now."""

    @initialize(contents=st.dictionaries(NAMES, NUMBERS, min_size=1))
    def begin(self, contents):
        self.place = Path(tempfile.mkdtemp(prefix="creevey-stateful-"))
        for folder in ("in", "out"):
            (self.place / folder).mkdir()
        self.parts = {name: texts[0] for name, texts in PARTS.items()}
        self.by = 1
        self.tick = 10**9
        for name, text in contents.items():
            self.source(name).write_text(text)
        self.load_module()

    def teardown(self):
        if hasattr(self, "place"):
            shutil.rmtree(self.place, ignore_errors=True)
            sys.modules.pop(MODULE, None)

    def source(self, name):
        return self.place / "in" / f"{name}.dat"

    def output(self, name):
        return self.place / "out" / f"{name}.out"

    def load_module(self):
        path = self.place / f"{MODULE}.py"
        path.write_text(TEXT.format(**self.parts))
        self.tick += 10
        os.utime(path, (self.tick, self.tick))
        sys.modules.pop(MODULE, None)
        linecache.clearcache()
        importlib.invalidate_caches()
        with_path = [str(self.place), *sys.path]
        written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            sys.path[:], before = with_path, list(sys.path)
            self.module = importlib.import_module(MODULE)
        finally:
            sys.path[:] = before
            sys.dont_write_bytecode = written

    # --- edits ---------------------------------------------------------------------------

    @rule(part=st.sampled_from(sorted(PARTS)), data=st.data())
    def edit_code(self, part, data):
        self.parts[part] = data.draw(st.sampled_from(PARTS[part]))
        self.load_module()

    @rule(by=st.integers(1, 3))
    def set_parameter(self, by):
        self.by = by

    @rule(name=NAMES, text=NUMBERS)
    def write_input(self, name, text):
        self.source(name).write_text(text)

    @rule(name=NAMES, text=NUMBERS)
    def write_input_with_the_old_time(self, name, text):
        path = self.source(name)
        if path.exists():
            stat = path.stat()
            path.write_text(text)
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    @rule(name=NAMES, other=NAMES)
    def rename_input(self, name, other):
        if self.source(name).exists():
            self.source(name).rename(self.source(other))

    @rule(name=NAMES, other=NAMES)
    def copy_input(self, name, other):
        if self.source(name).exists() and name != other:
            shutil.copy2(self.source(name), self.source(other))

    @rule(name=NAMES)
    def remove_input(self, name):
        if len(list((self.place / "in").iterdir())) > 1:
            self.source(name).unlink(missing_ok=True)

    @rule(name=NAMES, kind=st.sampled_from(["gone", "other", "cut", "touched", "swapped"]))
    def damage_output(self, name, kind):
        path = self.output(name)
        if not path.exists():
            return
        if kind == "gone":
            path.unlink()
        elif kind == "other":
            path.write_text("by hand")
        elif kind == "cut":
            os.truncate(path, path.stat().st_size // 2)
        elif kind == "touched":
            os.utime(path)
        else:
            for other in (self.place / "out").glob("*.out"):
                path.write_bytes(other.read_bytes())

    # --- the cache -----------------------------------------------------------------------

    @rule(kind=st.sampled_from(["index", "store", "all"]))
    def lose_cache(self, kind):
        if kind == "index":
            for path in (self.place / "cache").glob("index.db*"):
                path.unlink()
        else:
            shutil.rmtree(self.place / "cache" / ("store" if kind == "store" else ""), ignore_errors=True)

    @rule(which=st.integers(0, 20), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def damage_cache(self, which, place, bit):
        files = sorted(p for p in (self.place / "cache").rglob("*") if p.suffix in (".db", ".val"))
        if files:
            path = files[which % len(files)]
            data = bytearray(path.read_bytes())
            if data:
                data[int(place * len(data))] ^= 1 << bit
                path.write_bytes(data)

    @rule(max_bytes=st.sampled_from([0, 50, None]))
    def tidy(self, max_bytes):
        with suppress(CreeveyError), Cache(self.place / "cache") as cache:
            cache.gc(max_bytes)

    @rule()
    def verify(self):
        with suppress(CreeveyError), Cache(self.place / "cache") as cache:
            cache.verify()

    # --- runs ----------------------------------------------------------------------------

    def run(self, **options):
        made = self.module.numbers.bind(by=self.by)
        place = self.place
        options = {"executor": "serial", "progress": False, **options}
        return made.run(f"{place}/in/*.dat", out=place / "out", cache=place / "cache", **options)

    @rule(executor=st.sampled_from(["serial", "threads"]), refresh=st.booleans())
    def run_once(self, executor, refresh):
        self.check(self.run(executor=executor, refresh=refresh, prune=True))

    @rule()
    def run_two_at_once(self):
        with ThreadPoolExecutor(2) as threads:
            reports = [threads.submit(self.run) for _ in range(2)]
        assert all(report.result().ok for report in reports)
        self.check(self.run(prune=True))

    @precondition(lambda self: getattr(self, "kills", 0) < 2)
    @rule(events=st.integers(1, 6))
    def kill_a_run(self, events):
        self.kills = getattr(self, "kills", 0) + 1
        arguments = [str(self.place), str(events), str(self.by)]
        done = subprocess.run(
            [sys.executable, "-c", KILLED, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        for path in (self.place / "out").glob("*.out"):
            assert path.read_text().strip("<>").lstrip("-").isdigit() or path.read_text() in ("", "by hand")
        self.check(self.run(prune=True))

    def check(self, report):
        assert report.ok, report.failed
        expected = {}
        for path in sorted((self.place / "in").iterdir()):
            module = self.module
            number = module.mix(module.load(path), by=self.by)
            expected[path.stem] = (number, eval(self.parts["save"], {"number": module.half(number)}))
        fields = {Path(row.key).stem: row.fields["number"] for row in report.rows}
        assert {stem: number for stem, (number, _) in expected.items()} == fields
        outputs = {path.name: path.read_text() for path in (self.place / "out").glob("*.out")}
        mine = {name: text for name, text in outputs.items() if Path(name).stem in expected}
        assert {f"{stem}.out": text for stem, (_, text) in expected.items()} == mine
        again = self.run()
        assert not again.executed, again.executed
        assert {str(outcome) for outcome in again.counts} <= {"cached", "restored"}


Runs.TestCase.settings = settings(
    max_examples=int(os.environ.get("CREEVEY_STATEFUL_EXAMPLES", "25")),
    stateful_step_count=20,
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # shrinking takes minutes, with real kills and files
    suppress_health_check=list(HealthCheck),
)
TestRuns = Runs.TestCase
