"""What the stateful model knows, and what it holds every run to."""

import json
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from model_runs import Forker, given_items, load_module, run_job, told
from model_text import GRAPHS, PARTS, Oracle, names_of, text_of

from creevey_graph import Report
from creevey_graph.events import NOT_TRIED

OUTS = ("out", "other")
FORKER = Forker()
MEMORY = Path("/dev/shm")
"""Where there is a disk in memory: SQLite waits for the other one at each of ten thousand commits."""
_RIGHT = {"done", "cached", "restored"}
_ORACLES = {}


def oracle_of(parts):
    """Return the plain calls of a text."""
    key = tuple(sorted(parts.items()))
    if key not in _ORACLES:
        if len(_ORACLES) > 200:
            _ORACLES.clear()
        _ORACLES[key] = Oracle(parts)
    return _ORACLES[key]


def files_in(folder):
    """Return name -> content of the files below a folder, temporary ones aside."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".creevey-tmp-")]
        for name in names:
            if not name.startswith(".creevey-tmp-"):
                path = Path(place, name)
                found[str(path.relative_to(folder))] = path.read_bytes()
    return found


class World:
    """
    An example's folder and what is known of it.

    State: parts = the text on disk; loaded = the text this process has imported, module = it; by = the parameter; loose =
    output folder -> files that no index need know: they were damaged by hand, or the index was; fell = (graph, folder, stem) of
    items that failed by an injected fault; hurt = whether the cache was damaged, so that a plan may not know what is lost;
    harm = (graph, node) of accepted edits that change results; ran = graph -> text and parameter it was last run with.
    """

    def __init__(self, folder):
        self.place = Path(
            tempfile.mkdtemp(prefix="life-", dir=MEMORY if os.access(MEMORY, os.W_OK) else folder)
        )
        for name in ("in", *OUTS):
            (self.place / name).mkdir()
        self.parts = {name: variants[0] for name, variants in PARTS.items()}
        self.by, self.tick, self.turn = 1, 10**9, 0
        self.loose = {out: set() for out in OUTS}
        self.fell, self.harm, self.hurt = set(), set(), False
        self.ran = {}
        self.write_module()
        self.load()

    def close(self):
        """Remove it all."""
        shutil.rmtree(self.place, ignore_errors=True)

    # --- the text --------------------------------------------------------------------------

    def write_module(self):
        """Write the text, a little later than the last one."""
        path = self.place / "stateful_steps.py"
        path.write_text(text_of(self.parts))
        self.tick += 10
        os.utime(path, (self.tick, self.tick))

    def load(self):
        """Import the text anew."""
        self.module, self.loaded = load_module(self.place), dict(self.parts)

    def source(self, name):
        """Return the path of an input."""
        return self.place / "in" / f"{name}.dat"

    def is_loaded(self):
        """Return whether this process has the text as it stands on disk."""
        return self.parts == self.loaded

    # --- expectations ----------------------------------------------------------------------

    def expected(self, job, parts=None):
        """Return stem -> what its item must come to, by plain calls."""
        _, values = given_items(self.place, job["graph"], job["items"])
        oracle = oracle_of(self.loaded if parts is None else parts)
        return {path.stem: oracle.expected(job["graph"], given, job["by"]) for path, given in values.items()}

    def job(self, graph="numbers", out="out", items="glob", **more):
        """Return a job for the graph as it stands."""
        return {"place": str(self.place), "graph": graph, "by": self.by, "items": items, "out": out, **more}

    def loosen(self, out=None):
        """Say that the index need not know any more which files it made."""
        for name in OUTS if out is None else [out]:
            self.loose[name] |= set(files_in(self.place / name))

    # --- runs ------------------------------------------------------------------------------

    def run_here(self, job):
        """Run in this process; return what is told."""
        self.ran[job["graph"]] = (self.loaded, self.by)
        return told(*run_job(self.module, job))

    def run_apart(self, jobs):
        """Run in processes of their own, at once; return [(exit code, what is told)]."""
        for job in jobs:
            self.ran[job["graph"]] = (dict(self.parts), self.by)
        answers = FORKER.run(jobs)
        for code, answer in answers:
            assert "error" not in (answer or {}), answer["error"]
            assert code <= 0, code
        return answers

    # --- laws ------------------------------------------------------------------------------

    def check_rows(self, job, answer, variants, *, is_hurt=False):
        """
        Check that rows and counts add up, and that each item came to what one of *variants* says.

        Args:
            job: What was run.
            answer: What is told of it.
            variants: Mappings of stem -> `Expected`.
            is_hurt: Whether items may have failed for want of disk space.
        """
        rows = answer["rows"]
        assert answer["total"] == len(rows) == sum(answer["counts"].values()), answer["counts"]
        assert Counter(row[2] for row in rows) == Counter(answer["counts"])
        assert answer["finished"]
        by_stem = {Path(row[1]).stem: row for row in rows}
        assert len(by_stem) == len(rows)
        for stem, row in by_stem.items():
            if row[2] != "cancelled" and not self.harm:
                self._check_row(job, stem, row, [one[stem] for one in variants if stem in one], is_hurt)
        return by_stem

    def _check_row(self, job, stem, row, variants, is_hurt):
        _, _, outcome, step, error, reason, _, fields = row
        place = (job["graph"], job["out"], stem)
        if outcome == "failed":
            assert error, row
            assert step or is_hurt, row
            if is_hurt or (place in self.fell and reason == NOT_TRIED):
                self.fell.add(place)
                return
        for one in variants:
            same = one.outcome == outcome or (one.outcome == "done" and outcome in _RIGHT)
            if (
                same
                and (one.step, one.error) == (step, error or "")
                and (outcome not in _RIGHT or one.fields == fields)
            ):
                break
        else:
            raise AssertionError(f"{row} is none of {variants}")
        self.fell.discard(place)

    def check_outputs(self, job, expected, failed=(), *, is_pruned=False):
        """
        Check that outputs are there and right, and nothing else but what nobody knows of.

        Args:
            job: What was run.
            expected: Stem -> `Expected`.
            failed: Stems of items that failed: what they have is left from before.
            is_pruned: Whether what no item stands behind was to be deleted.
        """
        if self.harm:
            return
        found = files_in(self.place / job["out"])
        wanted = {}
        for stem, one in expected.items():
            if stem not in failed:
                wanted.update(one.outputs)
        for name, data in wanted.items():
            assert found.get(name) == data, f"{job['out']}/{name}: {found.get(name)!r:.80}, not {data!r:.80}"
        if job["items"] == "first":
            return
        mine = {name for name in found if name.endswith(GRAPHS[job["graph"]])}
        loose = self.loose[job["out"]]
        if is_pruned:
            for stem in failed:
                path = self.source(stem)
                loose |= names_of(job["graph"], stem, path.read_bytes()) if path.exists() else set()
            assert mine <= wanted.keys() | loose, f"left over: {mine - wanted.keys() - loose}"
        loose -= wanted.keys()

    def check_whole(self, job, answer, parts=None):
        """Check a run over all items that was not disturbed, and that the next one has nothing to do."""
        expected = self.expected(job, parts)
        rows = self.check_rows(job, answer, [expected])
        failed = {stem for stem, row in rows.items() if row[2] == "failed"}
        if not job.get("options", {}).get("only_failed"):
            assert rows.keys() == expected.keys()
        here = {stem: expected[stem] for stem in rows}
        is_pruned = job.get("options", {}).get("prune", False)
        if (
            job["graph"] == "pairs"
        ):  # an item that is gone, while others of its files are there, is left and told
            is_pruned = is_pruned and not any("not pruned" in text for text in answer["notices"])
        self.check_outputs(job, here, failed, is_pruned=is_pruned)
        return failed

    def check_idle(self, job, failed=(), *, apart=False):
        """Check, every other time since it doubles the cost, that the same run executes nothing but what failed."""
        self.turn += 1
        if self.turn % 2:
            return
        job = {**job, "options": {"prune": True}}
        tries_none = bool(failed) and self.turn % 4 == 0
        if tries_none:
            job["options"]["retry_failed"] = False
        answer = self.run_apart([job])[0][1] if apart else self.run_here(job)
        self.check_rows(job, answer, [self.expected(job, self.parts if apart else None)])
        if self.harm:
            return
        assert answer["counts"].keys() <= {"cached", "skipped", "failed"}, answer
        most = 0 if tries_none else len(failed)
        assert all(count <= most for count in answer["executed"].values()), answer

    def check_plan(self, plan, answer):
        """
        Check that a run did what a plan said: no step ran for more items, and those for which it did not are told.

        A plan knows of no cut-off and of no failure to come; nor does it count that an item finds what another of
        the same content has just made: with such items it is an upper bound alone.
        """
        counts = plan.nodes
        contents = [path.read_bytes() for path in (self.place / "in").iterdir()]
        for node, count in counts.items():
            ran = answer["executed"].get(node, 0)
            told_of = [answer[name].get(node, 0) for name in ("spared", "ended_at", "unreached")]
            assert ran <= count.runs, (node, ran, str(plan), answer)
            is_exact = len(set(contents)) == len(contents)
            assert not is_exact or count.runs <= ran + sum(told_of), (node, ran, told_of, str(plan), answer)
        assert plan.total == answer["total"]

    def check_acknowledged(self, answer, done):
        """Check that items that a killed run told to be done are not run again."""
        for row in answer["rows"]:
            assert row[0] not in done or row[2] in ("cached", "skipped"), (row, done)

    def newest_report(self):
        """Return the report of the latest run, read from disk."""
        path = max(
            (self.place / "cache" / "runs").glob("*.jsonl"),
            default=None,
            key=lambda path: path.stat().st_mtime_ns,
        )
        return None if path is None else Report.load(path)

    def check_saved(self, answer):
        """Check that the report on disk has the rows that were told."""
        loaded = told(Report.load(answer["path"]), answer["ended"])
        assert json.dumps(loaded["rows"]) == json.dumps(answer["rows"])
        assert loaded["counts"] == answer["counts"]
        assert loaded["executed"] == answer["executed"]
