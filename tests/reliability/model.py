"""
R15: whatever is done between runs and in them, outputs and rows are those of plain calls.

Hypothesis draws the life of a folder: inputs added, edited, renamed, copied and removed; code, parameters and policies
edited, put back and accepted; outputs and cache damaged, tidied and lost; runs killed, interrupted, starved of disk space and raced.
After each whole run rows, fields and files are what plain calls give, nothing else lies in the folder, and the same run
again executes nothing.
"""

import gc
import os
import random
import shutil
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from model_checks import FORKER, OUTS, World, files_in, oracle_of
from model_runs import given_items, run_job, told
from model_text import GRAPHS, NODES, PARTS, text_of
from trial import Trial

from creevey_graph import Cache, CreeveyError
from creevey_graph.plan import Action

STEPS = 30
BATCH = 20
"""Examples a seed."""
FIRED = Counter()
"""How often each rule did something, and what it came upon, in this process; `python model.py` prints it."""
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
NUMBERS = st.one_of(st.integers(0, 99), st.sampled_from([8, 9, 16, 6, 11, 11])).map("{:02d}".format)
GRAPH_NAMES = st.sampled_from(["numbers", "numbers", "numbers", "pairs", "hashed"])
OUT_NAMES = st.sampled_from([OUTS[0]] * 4 + [OUTS[1]])
HOW = st.sampled_from(["glob", "glob", "deep", "list"])
EVENTS = st.integers(2, 14)


EVENTS_OF_LIFE = []
"""(function, what is drawn for it), each as often as its weight."""


def event(weight=1, **arguments):
    """
    Register what may happen, with what is drawn for it.

    Not as rules of Hypothesis's own: a fifth of all events was then the first rule of the alphabet, and those
    that need others before them hardly came to act.
    """

    def register(function):
        EVENTS_OF_LIFE.extend([(function, st.fixed_dictionaries(arguments))] * weight)
        return function

    return register


def fired(name):
    """Count what happened."""
    FIRED[name] += 1


class Life(RuleBasedStateMachine):
    """State: world = the folder and what is known of it."""

    folder = None

    @initialize(contents=st.dictionaries(NAMES, NUMBERS, min_size=1))
    def begin(self, contents):
        self.world = World(self.folder)
        for name, text in contents.items():
            self.world.source(name).write_text(text)

    @rule(data=st.data(), number=st.integers(0, 2**20 - 1))
    def happen(self, data, number):
        function, arguments = EVENTS_OF_LIFE[zlib.crc32(b"%d" % number) % len(EVENTS_OF_LIFE)]
        function(self, **data.draw(arguments, label=function.__name__))

    def teardown(self):
        if hasattr(self, "world"):
            self.world.close()

    # --- inputs ----------------------------------------------------------------------------

    @event(2, name=NAMES, text=NUMBERS, keeps_time=st.booleans())
    def write_input(self, name, text, keeps_time):
        path = self.world.source(name)
        stat = path.stat() if path.exists() else None
        path.write_text(text)
        if stat is not None and keeps_time:
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        fired("edit of equal size and time" if stat and keeps_time else "write")

    @event(name=NAMES, seconds=st.sampled_from([-(10**6), -10, 0, 10**6]))
    def touch_input(self, name, seconds):
        if self.world.source(name).exists():
            os.utime(self.world.source(name), (time.time() + seconds,) * 2)
            fired("touch")

    @event(2, name=NAMES, other=NAMES, how=st.sampled_from(["rename", "copy", "swap", "link"]))
    def move_input(self, name, other, how):
        source, target = self.world.source(name), self.world.source(other)
        if not source.exists() or name == other:
            return
        if how == "rename":
            source.replace(target)
        elif how == "copy":
            shutil.copy2(source, target)
        elif how == "link" and not target.exists():
            os.link(source, target)
        elif how == "swap" and target.exists():
            aside = target.with_suffix(".aside")
            for old, new in ((source, aside), (target, source), (aside, target)):
                old.rename(new)
        fired(how)

    @event(name=NAMES)
    def remove_input(self, name):
        if len(list((self.world.place / "in").iterdir())) > 1 and self.world.source(name).exists():
            self.world.source(name).unlink()
            fired("remove")

    @event(
        2,
        name=NAMES,
        out=OUT_NAMES,
        kind=st.sampled_from(["gone", "other", "cut", "touched", "swapped", "link", "folder"]),
    )
    def damage_output(self, name, out, kind):
        folder = self.world.place / out
        names = [found for found in files_in(folder) if Path(found).stem == name]
        for path in (folder / found for found in names[:2]):
            self.world.loose[out].add(str(path.relative_to(folder)))
            if kind in ("gone", "link"):
                path.unlink()
                if kind == "link":
                    victim = self.world.place / "victim"
                    victim.write_text("untouched")
                    path.symlink_to(victim)
            elif kind == "other":
                path.write_text("by hand")
            elif kind == "cut":
                os.truncate(path, path.stat().st_size // 2)
            elif kind == "touched":
                os.utime(path)
            elif kind == "swapped":
                path.write_bytes(files_in(folder)[sorted(files_in(folder))[0]])
            fired(f"output {kind}")

    # --- code and parameters ---------------------------------------------------------------

    @event(
        6,
        part=st.sampled_from(sorted(PARTS)),
        which=st.integers(0, 4),
        loads=st.sampled_from([True, True, True, False]),
    )
    def edit_code(self, part, which, loads):
        self.world.parts[part] = PARTS[part][which % len(PARTS[part])]
        self.world.write_module()
        if loads:
            self.world.load()
        fired("edit" if loads else "edit that is not imported")

    @event()
    def put_code_back(self):
        self.world.parts = {name: variants[0] for name, variants in PARTS.items()}
        self.world.write_module()
        self.world.load()
        fired("put back")

    @event(by=st.integers(1, 3))
    def set_parameter(self, by):
        self.world.by = by
        fired("parameter")

    @event(3, graph=GRAPH_NAMES, part=st.sampled_from(sorted(PARTS)), which=st.integers(0, 4))
    def edit_and_accept(self, graph, part, which):
        self.edit_code(part, which, True)
        world = self.world
        if graph not in world.ran or not (world.place / "cache").exists():
            return
        made = getattr(world.module, graph).bind(by=world.by)
        for node in NODES:
            with suppress(CreeveyError):
                made.accept(node, cache=world.place / "cache")
                before, now = oracle_of(world.ran[graph][0]), oracle_of(world.parts)
                is_harmful = before.table(node) != now.table(node)
                fired("accept of an edit that changes results" if is_harmful else "accept")
                if is_harmful:
                    world.harm.add((graph, node))

    @event(2)
    def take_acceptance_back(self):
        world = self.world
        if world.harm and not world.is_loaded():
            world.load()
        for graph, node in sorted(world.harm):
            made = getattr(world.module, graph).bind(by=world.by)
            with suppress(CreeveyError):
                while True:
                    made.accept(node, cache=world.place / "cache", undo=True)
            fired("acceptance taken back")
        world.harm.clear()

    @event(kind=st.sampled_from(["cut", "empty", "other", "gone"]))
    def damage_accepted(self, kind):
        path = self.world.place / "cache" / "accepted.json"
        if path.exists() and not self.world.harm:
            data = path.read_bytes()
            path.write_bytes({"cut": data[: len(data) // 2], "other": b'{"version": 1}'}.get(kind, b""))
            if kind == "gone":
                path.unlink()
            fired("accepted.json damaged")

    # --- the cache -------------------------------------------------------------------------

    @event(kind=st.sampled_from(["index", "store", "all", "journals"]))
    def lose_cache(self, kind):
        world = self.world
        if kind == "all" and world.harm:
            return
        gc.collect()
        if kind == "index":
            for path in (world.place / "cache").glob("index.db*"):
                path.unlink()
        else:
            part = {"store": "store", "all": "", "journals": "runs"}[kind]
            shutil.rmtree(world.place / "cache" / part, ignore_errors=True)
        world.hurt = True
        world.loosen()
        fired(f"lost {kind}")

    @event(
        4,
        which=st.integers(0, 20),
        place=st.floats(0, 1, exclude_max=True),
        kind=st.sampled_from(["bit", "bit", "bit", "cut", "zeros", "empty", "more", "swap", "gone", "page"]),
        of=st.sampled_from([".db", ".val", ".db-wal"]),
    )
    def damage_cache(self, which, place, kind, of):
        gc.collect()  # a connection of an earlier run costs each later one the whole wait for a lock
        files = sorted(path for path in (self.world.place / "cache").rglob("*") if path.name.endswith(of))
        if not files or not files[which % len(files)].stat().st_size:
            return
        path = files[which % len(files)]
        data = bytearray(path.read_bytes())
        at = int(place * len(data))
        if kind == "bit":
            data[at] ^= 1 << which % 8
        elif kind == "cut":
            del data[at:]
        elif kind == "zeros":
            data[at : at + 100] = bytes(len(data[at : at + 100]))
        elif kind == "page":
            at = at // 4096 * 4096
            data[at : at + 4096] = random.Random(which).randbytes(len(data[at : at + 4096]))
        elif kind == "more":
            data += b"more"
        elif kind == "swap":
            data = bytearray(files[(which + 1) % len(files)].read_bytes()) if of == ".val" else data
        path.write_bytes(b"" if kind == "empty" else data)
        if kind == "gone" and of != ".db-wal":
            path.unlink()
        self.world.hurt = True
        if of != ".val":
            self.world.loosen()
        fired(f"damage {kind} of {of}")

    @event(max_bytes=st.sampled_from([0, 50, 50_000, None]), older_than_s=st.sampled_from([None, None, 0.0]))
    def collect(self, max_bytes, older_than_s):
        with suppress(CreeveyError), Cache(self.world.place / "cache") as cache:
            cache.gc(max_bytes, older_than_s)
            fired("gc")

    @event()
    def verify(self):
        world = self.world
        with suppress(CreeveyError), Cache(world.place / "cache") as cache:
            found = cache.verify()
            if not world.hurt:
                assert not found.damaged_values + found.damaged_records + found.missing_files, found
            fired("verify")

    @event()
    def clear(self):
        with suppress(CreeveyError), Cache(self.world.place / "cache") as cache:
            self.world.loosen()
            cache.clear()
            self.world.harm.clear()
            self.world.hurt = False
            fired("clear")

    # --- looks -----------------------------------------------------------------------------

    def planned(self, job):
        """Return the plan for a job, checked to write nothing and to say what `explain` says."""
        world = self.world
        items, values = given_items(world.place, job["graph"], job["items"])
        made = getattr(world.module, job["graph"]).bind(by=job["by"])
        before = [files_in(world.place / out) for out in OUTS]
        given = {"out": world.place / job["out"], "cache": world.place / "cache"}
        plan = made.plan(items, **given)
        assert str(plan)
        runs = Counter()
        if not world.hurt and world.tick % 4 == 0:
            for path in values:
                explained = made.explain(str(path), among=items, **given)
                assert str(explained)
                runs.update(node.name for node in explained.nodes if node.action is Action.RUN)
            assert runs == Counter({name: count.runs for name, count in plan.nodes.items() if count.runs}), (
                str(plan)
            )
            fired("explain")
        assert before == [files_in(world.place / out) for out in OUTS]
        return plan

    # --- runs ------------------------------------------------------------------------------

    def end_well(self, job):
        """Run to the end and hold the run to all laws."""
        world = self.world
        job = {**job, "options": {**job.get("options", {}), "prune": True}}
        answer = world.run_here(job)
        failed = world.check_whole(job, answer)
        world.check_idle(job, failed)
        return answer

    @event(
        8,
        graph=GRAPH_NAMES,
        out=OUT_NAMES,
        how=HOW,
        executor=st.sampled_from(["serial", "threads"]),
        refresh=st.sampled_from([False] * 4 + [True]),
    )
    def run(self, graph, out, how, executor, refresh):
        world = self.world
        job = world.job(graph, out, how, options={"executor": executor, "refresh": refresh, "prune": True})
        plan = None if refresh or executor == "threads" else self.planned(job)
        was_hurt = world.hurt
        answer = world.run_here(job)
        failed = world.check_whole(job, answer)
        world.check_saved(answer)
        if plan is not None and not was_hurt and not world.harm:
            world.check_plan(plan, answer)
            fired("plan")
        world.check_idle(job, failed)
        fired(f"run of {graph}")

    @event(
        2,
        graph=GRAPH_NAMES,
        out=OUT_NAMES,
        how=HOW,
        options=st.sampled_from([{}, {"executor": "threads"}, {"refresh": True}]),
    )
    def run_in_a_new_process(self, graph, out, how, options):
        world = self.world
        job = world.job(graph, out, how, options={**options, "prune": True})
        ((code, answer),) = world.run_apart([job])
        assert code == 0
        world.check_idle(job, world.check_whole(job, answer, world.parts), apart=True)
        fired("run in a new process")

    @event(
        2,
        graph=GRAPH_NAMES,
        out=OUT_NAMES,
        how=st.sampled_from(["first", "glob"]),
        retry=st.sampled_from([None, True, False]),
        size=st.sampled_from([None, 0, 60_000]),
    )
    def run_otherwise(self, graph, out, how, retry, size):
        job = self.world.job(
            graph, out, how, options={"retry_failed": retry, "cache_size": size, "prune": how != "first"}
        )
        self.world.check_whole(job, self.world.run_here(job))
        fired("run of one item" if how == "first" else "run with a size")

    @event(graph=GRAPH_NAMES, out=OUT_NAMES, how=HOW)
    def run_without_cache(self, graph, out, how):
        world = self.world
        job = world.job(graph, out, how, options={"cache": False})
        answer = world.run_here(job)
        shutil.rmtree(Path(answer["path"]).parent)
        world.loosen(out)
        world.check_rows(job, answer, [world.expected(job)])
        fired("run without cache")

    @event(graph=GRAPH_NAMES, out=OUT_NAMES)
    def run_only_failed(self, graph, out):
        job = self.world.job(graph, out, options={"only_failed": True})
        answer = self.world.run_here(job)
        self.world.check_whole(job, answer)
        fired("run of failed items" if answer["rows"] else "run of no failed items")

    @event(
        2,
        graph=GRAPH_NAMES,
        out=OUT_NAMES,
        how=HOW,
        executor=st.sampled_from(["serial", "threads"]),
        options=st.sampled_from(
            [{"on_error": "stop"}, {"on_error": "raise"}, {"max_failures": 1}, {"max_failures": 2}]
        ),
    )
    def run_that_stops(self, graph, out, how, executor, options):
        world = self.world
        job = world.job(graph, out, how, options={**options, "executor": executor})
        answer = world.run_here(job)
        rows = world.check_rows(job, answer, [world.expected(job)])
        right = {
            stem: one
            for stem, one in world.expected(job).items()
            if rows[stem][2] in ("done", "cached", "restored")
        }
        world.check_outputs(job, right)
        if answer["ended"] == "failed" or answer["stopped"]:
            assert "failed" in answer["counts"]
            fired("stop")
        world.loosen(out)
        self.end_well(job | {"options": {}})

    @event(
        2,
        graph=GRAPH_NAMES,
        out=OUT_NAMES,
        how=HOW,
        executor=st.sampled_from(["serial", "threads"]),
        event=EVENTS,
    )
    def interrupt(self, graph, out, how, executor, event):
        world = self.world
        job = world.job(graph, out, how, options={"executor": executor}, interrupt=event)
        answer = world.run_here(job)
        rows = world.check_rows(job, answer, [world.expected(job)])
        right = {
            stem: one
            for stem, one in world.expected(job).items()
            if rows[stem][2] in ("done", "cached", "restored")
        }
        world.check_outputs(job, right)
        world.loosen(out)
        fired("interrupt" if answer["ended"] == "interrupted" else "interrupt that came too late")
        del job["interrupt"]
        self.end_well(job)

    @event(
        2,
        graph=GRAPH_NAMES,
        out=OUT_NAMES,
        event=EVENTS,
        name=NAMES,
        text=NUMBERS,
        executor=st.sampled_from(["serial", "threads"]),
    )
    def edit_input_in_a_run(self, graph, out, event, name, text, executor):
        world = self.world
        path = world.source(name)
        if not path.exists():
            return
        job = world.job(graph, out, options={"executor": executor}, edits=[event, str(path), text])
        before = world.expected(job)
        answer = world.run_here(job)
        rows = world.check_rows(job, answer, [before, world.expected(job)], is_hurt=graph == "pairs")
        world.loosen(out)
        fired("input edited in a run")
        del job["edits"]
        assert rows.keys() == world.expected(job).keys()
        self.end_well(job)

    @event(
        graph=GRAPH_NAMES,
        out=OUT_NAMES,
        event=EVENTS,
        part=st.sampled_from(sorted(PARTS)),
        which=st.integers(0, 4),
    )
    def edit_code_in_a_run(self, graph, out, event, part, which):
        world = self.world
        world.parts[part] = PARTS[part][which % len(PARTS[part])]
        job = world.job(
            graph, out, edits=[event, str(world.place / "stateful_steps.py"), text_of(world.parts)]
        )
        world.check_rows(job, world.run_here(job), [world.expected(job)])
        world.write_module()
        del job["edits"]
        if which % 2:
            self.end_well(job)
        world.load()
        self.end_well(job)
        fired("code edited in a run")

    @event(
        4,
        graph=GRAPH_NAMES,
        out=OUT_NAMES,
        how=HOW,
        executor=st.sampled_from(["serial", "threads"]),
        kill=st.one_of(
            st.tuples(st.just("event"), st.integers(1, 10)),
            st.tuples(st.just("call"), st.integers(1, 60)),
            st.tuples(st.just("timer"), st.floats(0.0005, 0.04)),
        ),
        refresh=st.sampled_from([False, False, True]),
    )
    def kill(self, graph, out, how, executor, kill, refresh):
        world = self.world
        job = world.job(graph, out, how, kill=kill, options={"executor": executor, "refresh": refresh})
        before = files_in(world.place / out)
        ((code, answer),) = world.run_apart([job])
        expected = world.expected(job, world.parts)
        self.check_killed(job, code, before, [expected])
        done = set()
        if code < 0 and kill[0] == "event" and (report := world.newest_report()) is not None:
            done = {row.key for row in report.rows if row.outcome in ("done", "cached", "restored")}
        if answer is not None:
            world.check_rows(job, answer, [expected])
        world.load()
        plain = {**job, "options": {"prune": True}}
        del plain["kill"]
        answer = world.run_here(plain)
        failed = world.check_whole(plain, answer)
        if done and not world.hurt and not world.harm:
            world.check_acknowledged(answer, done)
            fired("acknowledged items after a kill")
        world.check_idle(plain, failed)
        fired(f"kill at a {kill[0]}" if code < 0 else f"kill at a {kill[0]} that came too late")

    def check_killed(self, job, code, before, variants):
        """Check that what a killed run left is whole: as it was, or as it should be."""
        world = self.world
        assert code in (0, -9, -14), code
        world.loosen(job["out"])
        if world.harm:
            return
        right = {}
        for variant in variants:
            for one in variant.values():
                for name, data in one.outputs.items():
                    right.setdefault(name, []).append(data)
        for name, data in files_in(world.place / job["out"]).items():
            assert data == before.get(name) or data in right.get(name, []), f"{name} is not whole"

    @event(
        2,
        graph=GRAPH_NAMES,
        out=OUT_NAMES,
        limit=st.sampled_from([0, 1, 50, 3000, 20_000, 38_000, 45_000, 100_000]),
        executor=st.sampled_from(["serial", "threads"]),
    )
    def fill_the_disk(self, graph, out, limit, executor):
        world = self.world
        job = world.job(graph, out, limit_bytes=limit, options={"executor": executor})
        before = files_in(world.place / out)
        ((code, answer),) = world.run_apart([job])
        assert code == 0
        expected = world.expected(job, world.parts)
        rows = world.check_rows(job, answer, [expected], is_hurt=True)
        self.check_killed(job, code, before, [expected])
        for row in rows.values():
            allowed = {one.error for one in expected.values()}
            assert row[2] != "failed" or row[4] in allowed or "File too large" in row[4], row
        right = {
            stem: one for stem, one in expected.items() if rows[stem][2] in ("done", "cached", "restored")
        }
        world.check_outputs(job, right)
        world.loosen(out)
        fired(
            "full disk that failed items"
            if any("too large" in (row[4] or "") for row in rows.values())
            else "full disk"
        )
        world.load()
        del job["limit_bytes"]
        world.hurt = True
        self.end_well(job)

    @event(
        2,
        jobs=st.lists(
            st.tuples(GRAPH_NAMES, st.sampled_from(["serial", "serial", "threads"])), min_size=2, max_size=3
        ),
        out=OUT_NAMES,
    )
    def race_threads(self, jobs, out):
        world = self.world
        jobs = [world.job(graph, out, options={"executor": executor}) for graph, executor in jobs]
        with ThreadPoolExecutor(len(jobs)) as threads:
            answers = list(threads.map(lambda job: told(*run_job(world.module, job)), jobs))
        self.after_race(jobs, answers, [world.loaded])

    @event(
        2,
        graphs=st.lists(GRAPH_NAMES, min_size=2, max_size=3),
        out=OUT_NAMES,
        kill=st.one_of(st.none(), st.floats(0.0005, 0.03)),
    )
    def race_processes(self, graphs, out, kill):
        world = self.world
        jobs = [world.job(graph, out) for graph in graphs]
        if kill is not None:
            jobs[0]["kill"] = ["timer", kill]
            world.loosen(out)
        pairs = zip(jobs, world.run_apart(jobs), strict=True)
        ended = [(job, answer) for job, (_, answer) in pairs if answer is not None]
        jobs[0].pop("kill", None)
        self.after_race([job for job, _ in ended] or jobs[:1], [answer for _, answer in ended], [world.parts])

    def after_race(self, jobs, answers, texts):
        world = self.world
        for job, answer in zip(jobs, answers, strict=False):
            world.check_rows(job, answer, [world.expected(job, parts) for parts in texts])
        world.loosen(jobs[0]["out"])
        fired(f"race of {len(jobs)}")
        if not world.is_loaded():
            world.load()
        for graph in sorted({job["graph"] for job in jobs}):
            self.end_well(world.job(graph, jobs[0]["out"]))


def live(seed, folder, examples=BATCH, base=Life):
    """Try a batch of examples; return how many."""
    machine = hypothesis.seed(seed)(type("Life", (base,), {"folder": folder}))
    run_state_machine_as_test(machine, settings=_settings(examples))
    return examples


def _settings(examples):
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # shrinking takes minutes, with real kills and files
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


TRIALS = (
    Trial(
        "R15",
        "life",
        f"lives of {STEPS} events each: edits, damage, kills, races; after each whole run all is as plain calls give it",
        "examples",
        200,
        20_000,
        live,
        limit_s=300.0,
    ),
)
__all__ = ["FIRED", "FORKER", "GRAPHS", "TRIALS", "Life", "live"]
