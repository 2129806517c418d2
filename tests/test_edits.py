"""
The table of edits: exactly the steps that an edit asks for run, nothing is stale, and a revert runs nothing.

The table stands in `benchmarks/edit_cases.py`, since others are asked the same there. Every edited
program is a fresh process; its outputs are compared with its own run without a cache.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

import creevey_graph

ROOT = Path(creevey_graph.__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from edit_case import make_changes  # noqa: E402 - no package
from edit_cases import BELOW_LOADED, CASES, NOTHING  # noqa: E402
from edit_project import write_project  # noqa: E402
from edit_systems import OURS  # noqa: E402

PROGRAMS_AT_ONCE = 2
REVERTED = [case for case in CASES if case.changes and case.act is None]


@attrs.frozen
class Played:
    """What the program of one case printed: at first, again, after the edit, and after taking it back."""

    cold: dict
    again: dict
    edited: dict
    reverted: dict


def start(arguments, folder):
    # a .pyc file is told from its source by size and whole seconds; PYTHONHASHSEED is left to chance
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    env.pop("CREEVEY_CACHE_DIR", None)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def fork_all(name, folders):
    """Run the programs of *folders*, each in a fork, and return what each printed."""

    def fork_some(some):
        done = start([Path(__file__).with_name("edit_forks.py"), name, *some], ROOT)
        assert not done.returncode, done.stderr

    with ThreadPoolExecutor(PROGRAMS_AT_ONCE) as pool:
        list(pool.map(fork_some, [folders[start::PROGRAMS_AT_ONCE] for start in range(PROGRAMS_AT_ONCE)]))
    return [json.loads((folder / name).read_text()) for folder in folders]


def run_fresh(folder):
    done = start(["main.py", "--plain"], folder)
    return json.loads(done.stdout) if not done.returncode else {"error": done.stderr}


def texts_of(case):
    before = make_changes(OURS.texts(), case.setup)
    return OURS.finish(before), OURS.finish(make_changes(before, case.changes))


def rewrite(folder, old, new):
    for name, text in new.items():
        if old.get(name) != text:
            (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Play all cases, the same stage of all before the next, so that files are old enough to be trusted."""
    folders = [tmp_path_factory.mktemp("edit") / "project" for _ in CASES]
    texts = [texts_of(case) for case in CASES]
    for folder, (before, _) in zip(folders, texts, strict=True):
        write_project(folder, before)
    cold, again = fork_all("cold.json", folders), fork_all("again.json", folders)
    for folder, case, (before, after) in zip(folders, CASES, texts, strict=True):
        rewrite(folder, before, after)
        if case.act is not None:
            case.act(folder)
    with ThreadPoolExecutor(PROGRAMS_AT_ONCE) as pool:
        edited = list(pool.map(run_fresh, folders))
    for folder, (before, after) in zip(folders, texts, strict=True):
        rewrite(folder, after, before)
    reverted = fork_all("reverted.json", folders)
    stages = zip(CASES, cold, again, edited, reverted, strict=True)
    return {case.name: Played(*printed) for case, *printed in stages}


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request):
    return request.param


def test_every_step_runs_at_first_and_none_again(played, case):
    """The first run of a project executes every step for every item, the second none."""
    assert BELOW_LOADED == played[case.name].cold["executed"]
    assert NOTHING == played[case.name].again["executed"]


def test_exactly_what_an_edit_needs_runs(played, case):
    """In a fresh process after the edit, the steps that must run do, once an item, and no other."""
    edited = played[case.name].edited
    assert "error" not in edited, edited["error"]
    expected = NOTHING if case.then_reverted else case.expected
    assert expected == (played[case.name].reverted if case.then_reverted else edited)["executed"]


def test_nothing_is_stale(played, case):
    """Outputs and values after the edit are those of a run without a cache, or a warning says why not."""
    edited = played[case.name].edited
    if case.untracked:
        assert [line for line in edited["warned"] if case.untracked in line]
    else:
        assert edited["plain_outputs"] == edited["outputs"]
        assert edited["plain_values"] == edited["values"]
        assert not edited["warned"]


def test_an_edit_changes_the_output_where_the_table_says_so(played, case):
    """A case whose last steps must run tells another output, so that a stale one would be seen."""
    edited, before = played[case.name].edited, played[case.name].again
    changes = {name for name in ("saved", "brightness") if name in case.expected}
    seen = {
        *({"saved"} if edited["plain_outputs"] != before["outputs"] else ()),
        *({"brightness"} if edited["plain_values"] != before["values"] else ()),
    }
    assert changes <= seen


@pytest.mark.parametrize("case", REVERTED, ids=lambda case: case.name)
def test_a_reverted_edit_runs_nothing(played, case):
    """With the texts taken back everything is known, and the outputs are those of before."""
    stages = played[case.name]
    assert NOTHING == stages.reverted["executed"]
    assert (stages.again["outputs"], stages.again["values"]) == (
        stages.reverted["outputs"],
        stages.reverted["values"],
    )
