"""Events that run the graphs: to the end, disturbed, killed, interrupted, without space, and at once; each is held to the laws."""

import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hypothesis import strategies as st
from model_checks import OUTS, files_in
from model_events import EVENTS, GRAPH_NAMES, HOW, NAMES, NUMBERS, OUT_NAMES, event, fired
from model_runs import given_items, run_job, told
from model_text import PARTS, text_of

from creevey_graph.plan import Action

_RIGHT = ("done", "cached", "restored")


class Runs:
    """Needs world = the folder and what is known of it."""

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
        6,
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

    @event(graph=GRAPH_NAMES, out=OUT_NAMES, how=HOW)
    def run_in_worker_processes(self, graph, out, how):
        world = self.world
        if not self.left:  # starting them takes a second
            return
        self.left.pop()
        job = world.job(graph, out, how, options={"executor": "processes", "jobs": 2, "prune": True})
        answer = world.run_here(job)
        world.check_idle(job, world.check_whole(job, answer))
        fired("run in worker processes")

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
        right = {stem: one for stem, one in world.expected(job).items() if rows[stem][2] in _RIGHT}
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
        right = {stem: one for stem, one in world.expected(job).items() if rows[stem][2] in _RIGHT}
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
    def edit_input_in_a_run(self, graph, out, event, name, text, executor):  # noqa: PLR0917 - each is drawn
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
    def kill(self, graph, out, how, executor, kill, refresh):  # noqa: PLR0917 - each is drawn
        world = self.world
        job = world.job(graph, out, how, kill=kill, options={"executor": executor, "refresh": refresh})
        before = files_in(world.place / out)
        ((code, answer),) = world.run_apart([job])
        expected = world.expected(job, world.parts)
        self.check_killed(job, code, before, [expected])
        done = set()
        if code < 0 and kill[0] == "event" and (report := world.newest_report()) is not None:
            done = {row.key for row in report.rows if row.outcome in _RIGHT}
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
        right = {stem: one for stem, one in expected.items() if rows[stem][2] in _RIGHT}
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
