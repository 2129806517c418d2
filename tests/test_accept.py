"""`accept`: an edit said to be harmless keeps the results, and its undo runs the edited code."""

import json
import subprocess
import sys
import textwrap

import pytest
from projects import LEVELS, Project
from runs import thumbs

from creevey_graph import CreeveyError, Graph, UsageError, step
from creevey_graph.cache import Accepted, Cache, Index, read_accepted, write_accepted
from creevey_graph.cache.index import KEPT_GRAPHS
from creevey_graph.errors import CacheError
from creevey_graph.executors import dumps
from creevey_graph.freeze import freeze, home_of

EDIT = ("levels", "level + LIMIT, 255", "LIMIT + level, 255")
DOWN = {"load_image": 2, "sepia": 2, "resize": 2, "write_image": 2}
"""What an edit of `sepia` or its helpers executes."""


@pytest.fixture
def project(tmp_path):
    """A project that was run once, in a process of its own."""
    made = Project(tmp_path)
    made.executed()
    return made


def accept(project, *args, code=0):
    """Return what the command prints, on stdout or, where it fails, on stderr."""
    found, out, error = project.call("accept", "steps.py", *args)
    assert code == found, error
    return error if code else out


def test_an_accepted_edit_executes_nothing_and_its_undo_executes_exactly_what_it_changed(project):
    """Each command in a process of its own; an edit in another module counts for the step that reads it."""
    project.edit(*EDIT)
    told = accept(project, "sepia")
    expected = """
        accepted as before: step 'sepia'
          code changed: step 'sepia' helper normalise (sepia -> tone -> normalise, levels.py)
            --- levels.py (before)
            +++ levels.py (now)
            @@ -1,3 +1,3 @@
             def normalise(level):
                 # to the middle
            -    return min(level + LIMIT, 255)
            +    return min(LIMIT + level, 255)
        undo: creevey-graph accept steps.py sepia --undo
    """
    assert textwrap.dedent(expected).lstrip() == told
    assert {} == project.executed()

    accept(project, "sepia", "--undo")
    # The edit was harmless indeed: resize gives what it gave, and the writer below it does not run.
    assert {"load_image": 2, "sepia": 2, "resize": 2} == project.executed()


def test_status_and_explain_say_what_is_accepted(project):
    """With the command that takes it back, until it is taken back."""
    line = "accepted as before: step 'sepia' (undo: creevey-graph accept steps.py sepia --undo)"
    project.edit(*EDIT)
    accept(project, "sepia")
    status = project.call("status", "steps.py", "photos", "--out", "out")[1]

    assert "2 items, 2 up to date, 0 to do" in status
    assert line in status
    assert f"  {line}" in project.explain().splitlines()
    data = json.loads(project.call("status", "steps.py", "photos", "--out", "out", "--json")[1])
    assert ["sepia"] == data["accepted"]
    named = ("--set", "size=8,8", "--cache", ".creevey")
    status = project.call("status", "steps.py:small", "photos", "--out", "out", *named)[1]
    assert (
        "(undo: creevey-graph accept --cache .creevey --set size=8,8 steps.py:small sepia --undo)" in status
    )
    command = ("--cache", ".creevey", "--set", "size=8,8", "steps.py:small", "sepia", "--undo")
    assert 0 == project.call("accept", *command)[0]
    accept(project, "sepia")
    accept(project, "sepia", "--undo")
    assert "accepted" not in project.explain()


def test_an_edit_on_an_accepted_edit_counts_as_the_first_code(project):
    """A to B to C, each accepted: C counts as A, run in between or not, and each undo is its own."""
    project.edit(*EDIT)
    accept(project, "sepia")
    assert {} == project.executed()
    project.edit("levels", "LIMIT + level, 255", "LIMIT + level, 0xFF + 0")
    assert DOWN == status_runs(project)
    accept(project, "sepia")
    assert {} == project.executed()

    project.write("levels", LEVELS)
    assert {} == project.executed()
    project.edit(*EDIT)
    assert {} == project.executed()
    accept(project, "sepia", "--undo")
    assert DOWN == status_runs(project)


def test_undo_reaches_what_was_accepted_before_the_code_was_edited_further_or_put_back(project):
    """No code as it is now is among it: all of the step is taken back, and other steps' edits stay."""
    project.edit("steps", "return prefix + photo.stem", "return prefix + str(photo.stem)")
    accept(project, "label")
    project.edit(*EDIT)
    accept(project, "sepia")
    project.edit("levels", "LIMIT + level, 255", "LIMIT + level, 0xFF + 0")
    accept(project, "sepia")
    project.write("levels", LEVELS)
    listed = accept(project, "--list").splitlines()
    told = accept(project, "sepia", "--undo")

    assert 3 == len(listed)
    assert listed[0].startswith("step 'label', accepted 20")
    assert listed[0].endswith(": covers 'label' (code changed: step 'label')")
    assert ["covers no code as it is now"] * 2 == [line.rpartition(": ")[2] for line in listed[1:]]
    assert (
        "step 'sepia': 2 acceptances of earlier edits taken back; its code as it is now was not accepted\n"
        == told
    )
    (left,) = json.loads(accept(project, "--list", "--json"))["accepted"]
    assert ("label", ["label"]) == (left["step"], left["covers"])
    project.edit(*EDIT)
    assert DOWN == status_runs(project)
    accept(project, "label", "--undo")
    assert "no edit is accepted\n" == accept(project, "--list")


def status_runs(project):
    """Return node -> for how many items it would run."""
    data = json.loads(project.call("status", "steps.py", "photos", "--out", "out", "--json")[1])
    return {name: count["runs"] for name, count in data["nodes"].items() if count["runs"]}


def test_a_new_edit_after_an_undone_one_is_told_against_what_was_run(project):
    """The ingredients of an accepted run are those its keys were made of."""
    project.edit(*EDIT)
    accept(project, "sepia")
    project.executed()
    accept(project, "sepia", "--undo")
    told = project.explain()

    assert "-    return min(level + LIMIT, 255)" in told
    assert "+    return min(LIMIT + level, 255)" in told


def test_only_the_step_that_is_named_is_accepted(project):
    """What else changed is named, and runs."""
    project.edit(*EDIT)
    project.edit("steps", "return prefix + photo.stem", "return prefix + photo.stem + '.'")
    told = accept(project, "sepia")

    assert "not accepted: 'label' changed too, and will run\n" in told
    assert {"label": 2} == project.executed()


def test_accepting_as_data(project):
    """One object, the schema's number first."""
    project.edit(*EDIT)
    data = json.loads(accept(project, "sepia", "--json"))

    assert (1, "small", "sepia", False, [], []) == tuple(
        data[name] for name in ("schema", "graph", "step", "undone", "covers", "left")
    )


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("sepia",), "step 'sepia': its code is as it was in the latest run, so there is nothing to accept"),
        (("sepia", "--undo"), "step 'sepia': no edit of it is accepted, so there is nothing to undo (nor"),
        (("label", "--list"), "accept takes one STEP, with or without --undo; or --list alone"),
        ((), "accept takes one STEP, with or without --undo; or --list alone"),
        (("sepai",), "no step 'sepai' in graph 'small'; did you mean 'sepia'?"),
        (("sepia", "--cache", "none"), "no cache at 'none', so there are no results to keep"),
    ],
)
def test_what_cannot_be_accepted_is_an_error_that_says_why(project, args, told):
    """Nothing changed, nothing to undo, no such step, never run."""
    assert told in accept(project, *args, code=2)


def test_a_graph_that_was_never_run_has_no_results_to_keep(project):
    """Another graph's runs with the same cache do not count."""
    project.edit("steps", "def small(", "def other(")

    assert "graph 'other' has not run it with the cache" in accept(project, "sepia", code=2)


def test_accepting_twice_is_an_error(project):
    """It is accepted already."""
    project.edit(*EDIT)
    accept(project, "sepia")

    assert "its edit is accepted already" in accept(project, "sepia", code=2)


def test_a_parameter_is_not_accepted(project):
    """It is no code: the error says so."""
    project.edit("steps", "strength: float = 1.0", "strength: float = 0.9")

    assert "parameters are no code" in accept(project, "sepia", code=2)
    assert DOWN == status_runs(project)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 1, "accepted": {"a": {"part": "b"}}}', '{"version": 9}']
)
def test_a_damaged_file_accepts_nothing_and_is_told(project, text):
    """The edit runs, a notice says why, and accepting anew asks to delete it first."""
    project.edit(*EDIT)
    accept(project, "sepia")
    path = project.folder / ".creevey" / "accepted.json"
    path.write_text(text)
    _, _, error = project.call("run", "steps.py", "photos", "--out", "out", "--no-progress")

    assert "accepted.json' is" in error
    assert "2 done" in error
    project.edit(EDIT[0], EDIT[2], EDIT[1])
    assert "delete it and accept again" in accept(project, "sepia", code=2)
    path.unlink()
    accept(project, "sepia")


def test_nodes_of_one_function_are_accepted_together(tmp_path):
    """Their code is the same, so it is said that both are covered."""

    def graph_of(function):
        graph = Graph("twice")
        number = graph.input("number")
        made = step(function)
        first = graph.add(made, "one", number=number)
        graph.output({"two": graph.add(made, "two", number=first)})
        return graph

    def add(number: int) -> int:
        return number + 1

    before = add

    def add(number: int) -> int:
        return 1 + number

    options = {"cache": tmp_path / "cache", "progress": False}
    graph_of(before).run([{"number": 1}], **options)
    edited = graph_of(add)
    accepted = edited.accept("one", cache=tmp_path / "cache")

    assert (("two",), ()) == (accepted.covers, accepted.left)
    assert "this covers 'two' too" in str(accepted)
    assert ["cached"] == [str(row.outcome) for row in edited.run([{"number": 1}], **options).rows]
    undone = edited.accept("one", cache=tmp_path / "cache", undo=True)
    assert "runs with the next run" in str(undone)
    assert ["done"] == [str(row.outcome) for row in edited.run([{"number": 1}], **options).rows]


def test_accepting_needs_a_cache_that_was_run_with(tmp_path):
    """In Python too."""
    with pytest.raises(UsageError, match="has not run it with the cache"):
        thumbs.accept("trim", cache=tmp_path / "cache")
    assert issubclass(UsageError, CreeveyError)


# --- on disk ---------------------------------------------------------------------------------------

ENTRY = Accepted("code;[]", "sepia", 12.5, {"code": "code", "parts": {}, "depends": {}})


def test_what_is_accepted_is_read_as_it_was_written(tmp_path):
    """And an empty folder has none."""
    assert ({}, "") == read_accepted(tmp_path)
    write_accepted(tmp_path, {"new": ENTRY})
    assert ({"new": ENTRY}, "") == read_accepted(tmp_path)


def test_a_file_that_cannot_be_used_is_told(tmp_path):
    """A folder in its place: reading tells, writing raises."""
    (tmp_path / "accepted.json").mkdir()
    assert "cannot be read" in read_accepted(tmp_path)[1]
    with pytest.raises(CacheError, match="cannot be written"):
        write_accepted(tmp_path, {"new": ENTRY})


def test_clearing_the_cache_forgets_what_was_accepted(tmp_path):
    """There are no results to keep any more."""
    with Cache(tmp_path / "cache") as cache:
        write_accepted(cache.folder, {"new": ENTRY})
        cache.clear()
        assert ({}, "") == read_accepted(cache.folder)


def test_the_history_of_a_graph_is_latest_first_and_bounded(tmp_path):
    """Runs of other graphs are not in it; running an earlier one again makes it the latest."""

    def made_of(number):
        return {"node": {"code": str(number), "parts": {}, "depends": {}}}

    index = Index(tmp_path, "scope")
    for number in range(KEPT_GRAPHS + 5):
        index.put_graph(f"key {number}", "mine", made_of(number))
    index.put_graph("key 7", "other", made_of(-1))
    index.put_graph("key 50", "mine", made_of(50))
    found = [int(graph["node"]["code"]) for graph in index.history("mine")]
    index.close()

    assert [50, 104, 103] == found[:3]
    assert (KEPT_GRAPHS, KEPT_GRAPHS) == (len(found), len(set(found)))
    assert [] == index.problems


# --- edits in mid-run ------------------------------------------------------------------------------


def test_an_edit_during_a_run_is_told_at_its_end(project):
    """The run used the code it began with; the next one uses the edit. A run without an edit says nothing."""
    project.edit(
        "steps",
        "    return prefix + photo.stem",
        "    Path('levels.py').write_text(Path('levels.py').read_text() + '# edited' * (photo.stem == 'a'))\n"
        "    return prefix + photo.stem",
    )
    _, _, error = project.call(
        "run", "steps.py", "photos", "--out", "out", "--no-progress", "--executor", "serial"
    )

    assert (
        "source file 'levels.py' changed during the run; this run used the code as it was at its start; "
        "run again to use the edit" in error
    )
    _, _, error = project.call("run", "steps.py", "photos", "--out", "out", "--no-progress")
    assert "changed during the run" not in error


def test_workers_are_not_sent_the_texts_of_code():
    """They are long, and only told of where the run is made."""
    frozen = freeze(thumbs)

    assert "def trim" in str(frozen.ingredients)
    assert frozen.code_files
    assert b"def trim" not in dumps(frozen.for_workers())
    assert [node.fingerprint for node in frozen.nodes] == [n.fingerprint for n in frozen.for_workers().nodes]


def test_a_graph_in_a_notebook_is_the_same_when_its_cell_is_run_again():
    """Cells have another name each time; what was run before is still what it was run before."""
    homes = set()
    for name in ("<ipython-input-1-cafe>", "<ipython-input-2-cafe>", "/tmp/ipykernel_7/123.py"):
        scope = {}
        text = "from creevey_graph import graph\nfrom runs import as_text\n@graph\ndef cell(number: int): return as_text(number)\n"
        exec(compile(text, name, "exec"), scope)
        homes.add(home_of(scope["cell"]))

    assert {""} == homes
    assert "runs" == home_of(thumbs)


def test_what_an_accepted_edit_made_does_not_outlive_its_undo(tmp_path):
    """A new item made by the edited code counts as the earlier code's; taken back and put back, that runs anew."""
    text = """
    from pathlib import Path
    from creevey_graph import graph, step

    @step
    def number_in(path: Path) -> int:
        return int(path.read_text()) {edit}

    @graph
    def numbers(path: Path):
        return {{"number": number_in(path)}}
    """
    module = tmp_path / "steps.py"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.dat").write_text("1")

    def call(*args):
        command = [sys.executable, "-m", "creevey_graph", *args, "--cache", str(tmp_path / "cache")]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def numbers(edit):
        module.write_text(textwrap.dedent(text.format(edit=edit)))
        call("run", "steps.py", "in/*.dat", "--no-progress", "--report", "rows.jsonl")
        rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
        return {row["key"]: row["fields"]["number"] for row in rows}

    assert {"a.dat": 1} == numbers("")
    module.write_text(textwrap.dedent(text.format(edit="+ 100")))
    call("accept", "steps.py", "number_in")
    (tmp_path / "in" / "b.dat").write_text("2")
    assert {"a.dat": 1, "b.dat": 102} == numbers("+ 100")  # the user said it gives the same

    call("accept", "steps.py", "number_in", "--undo")
    assert {"a.dat": 101, "b.dat": 102} == numbers("+ 100")
    assert {"a.dat": 1, "b.dat": 2} == numbers("")
    assert {"a.dat": 101, "b.dat": 102} == numbers("+ 100")
    assert [] == json.loads(call("accept", "steps.py", "--list", "--json"))["accepted"]


def test_an_undo_of_what_never_ran_costs_nothing(project):
    """Accepted, taken back and put back: what the earlier code gave is still there."""
    project.edit(*EDIT)
    accept(project, "sepia")
    assert {} == project.executed()
    accept(project, "sepia", "--undo")
    project.edit(EDIT[0], EDIT[2], EDIT[1])

    assert {} == project.executed()
