"""The commands: what they print, where, and what they end with."""

import json
import sys

import networkx as nx
import pytest
from cli_fixtures import GRAPH
from PIL import Image

from creevey_graph import Cache
from creevey_graph.cli.init import STARTER
from creevey_graph.cli.loading import load_graph

RUN = ("run", "graph.py", "photos", "--out", "out", "--no-progress")


# --- run -------------------------------------------------------------------------------------------


def test_a_run_is_told_on_stderr(cli, folder):
    """Counts, what each step did, and where the report is; nothing on stdout."""
    result = cli(*RUN)
    lines = result.stderr.splitlines()

    assert (0, "") == (result.exit_code, result.stdout)
    assert lines[0].startswith("small: 3 items in ")
    assert ": 3 done (" in lines[0]
    assert ["step", "ran", "seconds", "ms", "each"] == lines[1].split()
    assert {"load_image", "inverted", "resize", "write_image", "mean_brightness"} == {
        line.split()[0] for line in lines[2:7]
    }
    assert lines[-1].startswith("report: .creevey/runs/")
    assert lines[-1].endswith("(creevey-graph report)")
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["0.png", "1.png", "2.png"]


def test_steps_are_listed_in_the_order_of_the_graph(cli, folder):
    """As status lists them, though the first item needs the last steps alone."""
    edit(folder, "@step\n", '@step(cache="always")\n')
    cli(*RUN)
    Image.new("RGB", (16, 12), (7, 80, 9)).save(folder / "photos" / "9.jpg")
    status = cli("status", "graph.py", "photos", "--out", "out", "--set", "size=4,4").stdout
    run = cli(*RUN, "--set", "size=4,4", "--executor", "serial").stderr
    report = cli("report").stdout

    order = [line.split()[0] for line in status.splitlines()[2:7]]
    assert sorted(order) == ["inverted", "load_image", "mean_brightness", "resize", "write_image"]
    for text in (run, report):
        assert order == [line.split()[0] for line in text.splitlines()[2:7]]


def test_a_rerun_has_nothing_to_do(cli):
    """It says so, and what it says is short."""
    cli(*RUN)
    result = cli(*RUN)

    assert result.exit_code == 0
    assert "3 cached" in result.stderr
    assert "nothing to do: everything is up to date" in result.stderr
    assert "ms each" not in result.stderr


def test_set_changes_a_parameter(cli, folder):
    """The outputs have the size that was asked for."""
    assert cli(*RUN, "--set", "size=4,6").exit_code == 0
    with Image.open(folder / "out" / "0.png") as image:
        assert image.size == (4, 6)


def test_a_failed_item_is_shown_and_exits_1(cli, folder):
    """Key, step and error of the first failures; those that are alike share one entry."""
    for number in range(7):
        (folder / "photos" / f"torn{number}.jpg").write_bytes(b"\xff\xd8 no picture")
    result = cli(*RUN)

    assert result.exit_code == 1
    assert "3 done, 7 failed" in result.stderr
    assert (
        "7 failed (tried again next time, where that may help):\n"
        "  7 items: torn0.jpg, torn1.jpg, torn2.jpg, …  (step load_image)\n    " in result.stderr
    )
    assert result.stderr.count("ImageError") == 1
    assert "torn3.jpg" not in result.stderr
    assert "more\n" not in result.stderr
    assert "creevey-graph report --failed" in result.stderr
    assert [f"torn{number}.jpg" for number in range(7)] == [
        line.split()[0] for line in cli("report", "--failed").stdout.splitlines() if "(step" in line
    ]


def test_failures_of_many_kinds_are_counted_after_the_first(cli, folder):
    """The kind with most items comes first; beyond five kinds it is told how many items and kinds there are."""
    wrong = "raise ValueError('abcdefgg'[image.width % 8] + ' is wrong')"
    edit(folder, "return image.point(", f"{wrong}\n    return image.point(")
    for width in range(8, 25):
        Image.new("RGB", (width, 8)).save(folder / "photos" / f"w{width:02}.png")
    result = cli(*RUN, "--no-cache")

    assert "  6 items: 0.jpg, 1.jpg, 2.jpg, …  (step inverted)\n    ValueError: a is wrong" in result.stderr
    assert "… and 4 more, of 2 other kinds" in result.stderr


def test_of_an_error_of_several_lines_the_first_is_listed(cli, folder):
    """No escaped line breaks in a list; the report has the whole text."""
    edit(folder, "return image.point(", "raise ValueError('odd\\n  in many ways')\n    return image.point(")
    run = cli(*RUN)

    assert "    ValueError: odd …\n" in run.stderr
    assert "\\x0a" not in run.stderr + cli("report", "--failed").stdout + cli(*EXPLAIN).stdout
    assert (
        "ValueError: odd\n  in many ways" == json.loads(cli("report", "--json").stdout)["failed"][0]["error"]
    )


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_a_failure_is_told_with_file_and_line_whatever_ran_it(cli, folder, executor):
    """Code that is sent to another process by value keeps the name of its file."""
    text = GRAPH.replace(
        "return image.point(", "if image:\n        raise ValueError('odd')\n    return image.point("
    )
    (folder / "graph.py").write_text(text, encoding="utf-8")
    line = text.splitlines().index("        raise ValueError('odd')") + 1
    run = cli("run", "graph.py", "photos", "--out", "out", "--no-progress", "--executor", executor)
    listed = cli("report", "--failed")

    place = f"at {folder / 'graph.py'}:{line} in inverted"
    assert 1 == run.stderr.count(place), run.stderr
    assert 3 == listed.stdout.count(place)


@pytest.mark.parametrize("option", [("--on-error", "stop"), ("--max-failures", "1"), ("--on-error", "raise")])
def test_a_run_that_stops_early_says_so(cli, folder, option):
    """The summary is there in every case."""
    for number in range(40):
        (folder / "photos" / f"{number:02}_torn.jpg").write_bytes(b"no picture")
    result = cli(*RUN, "--executor", "serial", *option)

    assert result.exit_code == 1
    assert "stopped: " in result.stderr
    assert "left; run again to go on" in result.stderr
    assert "Traceback" not in result.stderr


def test_json_is_all_there_is_on_stdout(cli, folder):
    """Schema, counts, executed, seconds, failed rows and the report's path."""
    (folder / "photos" / "torn.jpg").write_bytes(b"no picture")
    result = cli(*RUN, "--json")
    data = json.loads(result.stdout)

    assert result.exit_code == 1
    assert (1, "small", 4, False) == (data["schema"], data["graph"], data["total"], data["ok"])
    assert {"done": 3, "failed": 1} == {name: count for name, count in data["counts"].items() if count}
    assert data["executed"]["resize"] == 3
    assert [("torn.jpg", "load_image")] == [(row["key"], row["step"]) for row in data["failed"]]
    assert (folder / data["report"]).is_file()
    assert "small: 4 items" in result.stderr


@pytest.mark.parametrize(("name", "lines"), [("rows.csv", 4), ("rows.jsonl", 3)])
def test_rows_are_written_where_asked(cli, folder, name, lines):
    """A header and a line per item, or a JSON object per item."""
    assert cli(*RUN, "--report", name).exit_code == 0
    assert lines == len((folder / name).read_text(encoding="utf-8").splitlines())


def test_orphans_are_told_and_pruned(cli, folder):
    """An output whose item is gone is named with the remedy, and the remedy works."""
    cli(*RUN)
    (folder / "photos" / "1.jpg").unlink()
    told = cli(*RUN).stderr
    assert "orphans: 1 output of items that are gone or left out (1.png); --prune deletes them" in told

    assert "orphans" not in cli(*RUN, "--prune").stderr
    assert not (folder / "out" / "1.png").exists()


def test_several_items_are_a_list_of_files(cli, folder):
    """What a shell makes of photos/*.jpg."""
    result = cli("run", "graph.py", "photos/0.jpg", "photos/2.jpg", "--out", "out", "--no-progress")

    assert result.exit_code == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["0.png", "2.png"]


def test_progress_goes_to_stderr(cli):
    """--progress tells how far it came even where stderr is no terminal."""
    result = cli("run", "graph.py", "photos", "--out", "out", "--progress")

    assert (0, "") == (result.exit_code, result.stdout)
    assert "3/3" in result.stderr


def test_no_cache_leaves_no_cache(cli, folder):
    """Nothing is kept in the folder, and the report is named in full."""
    result = cli(*RUN, "--no-cache")

    assert result.exit_code == 0
    assert not (folder / ".creevey").exists()
    assert "run.jsonl" in result.stderr


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (
            ("run", "graph.py", "photos"),
            2,
            "graph 'small' writes files (node 'write_image'); say where with --out",
        ),
        (("status", "graph.py", "photos"), 2, "say where with --out DIR"),
        (("run", "graph.py:smal", "photos", "--out", "out"), 2, "did you mean 'small'?"),
        (("run", "graph.py", "photo", "--out", "out"), 3, "did you mean 'photos'?"),
        (("run", "graph.py", "photos/*.webp", "--out", "out"), 3, "no file below 'photos' matches"),
        (("run", "graph.py", "photos/0.jpg", "photos/9.jpg", "--out", "out"), 3, "no file 'photos/9.jpg'"),
        (
            ("run", "graph.py", "photos", "graph.py", "--out", "out"),
            2,
            "'photos' is a folder; name one folder",
        ),
        (("run", "graph.py", "photos", "--out", "photos"), 4, "photos"),
        ((*RUN, "--set", "size=big"), 2, "--set size: expected 2 whole numbers"),
        ((*RUN, "--set", "sizes=1,1"), 2, "did you mean 'size'?"),
        ((*RUN, "--jobs", "0"), 2, "--jobs"),
        ((*RUN, "--executor", "thread"), 2, "--executor"),
        ((*RUN, "--cache", "c", "--no-cache"), 2, "--cache and --no-cache exclude each other"),
        ((*RUN, "--report", "rows.txt"), 2, "must end in .csv or .jsonl"),
        ((*RUN, "--report", "no/rows.csv"), 2, "there is no folder 'no'"),
        (("run", "graph.py"), 2, "ITEMS"),
        (("draw", "nothing.py"), 2, "no file 'nothing.py' (has: graph.py)"),
        (("draw", "graph.py", "--output", "no/graph.dot"), 2, "no/graph.dot"),
        (("report",), 3, "no report in '.creevey'; run a graph first"),
        (("report", "graph.py"), 3, "'graph.py' is no report of a run"),
        (("cache", "info", "--cache", "photos"), 2, "'photos' is no cache of creevey_graph"),
        (("cache", "clear", "--cache", "photos", "--yes"), 2, "'photos' is no cache of creevey_graph"),
        (("demo", "--keep", "photos"), 2, "'photos' is not empty"),
    ],
)
def test_a_mistake_has_its_exit_code_and_its_remedy(cli, folder, args, code, told):
    """One line that begins with "error:", no traceback, and nothing done."""
    result = cli(*args)

    assert code == result.exit_code
    assert result.stderr.startswith("error: ")
    assert told in result.stderr
    assert "Traceback" not in result.output
    assert not (folder / "out").exists()
    assert ["0.jpg", "1.jpg", "2.jpg"] == sorted(path.name for path in (folder / "photos").iterdir())


# --- status ----------------------------------------------------------------------------------------


def test_status_shows_what_would_run_and_does_nothing(cli, folder):
    """A table of nodes and the reasons; no folder is made."""
    result = cli("status", "graph.py", "photos", "--out", "out")
    lines = result.stdout.splitlines()

    assert (0, "") == (result.exit_code, result.stderr)
    assert lines[0] == "small: 3 items, 0 up to date, 3 to do"
    assert lines[1].split()[:5] == ["step", "runs", "restored", "read", "kept"]
    assert ["load_image", "3", "0", "0", "0"] == lines[2].split()[:5]
    assert "why:\n      3  new item" in result.stdout
    assert not (folder / "out").exists()
    assert not (folder / ".creevey").exists()


def test_a_plan_in_python_is_shown_as_status_shows_it(cli, folder):
    """As text, and as the last value of a notebook's cell."""
    cli(*RUN)
    (folder / "photos" / "1.jpg").unlink()
    status = cli("status", "graph.py", "photos", "--out", "out", "--refresh").stdout
    plan = load_graph("graph.py").plan("photos", out="out", refresh=True)

    assert f"{plan}\n" == f"{plan!r}\n" == status
    assert "orphans: 1 output of items that are gone (1.png)" in status


def test_dry_run_is_status(cli):
    """Both print the same."""
    cli(*RUN)
    status = cli("status", "graph.py", "photos", "--out", "out", "--set", "size=4,4").stdout
    dry_run = cli(*RUN, "--set", "size=4,4", "--dry-run").stdout

    assert "parameter changed: resize.size (8, 8) -> (4, 4)" in status
    assert status == dry_run


def test_status_as_data(cli, folder):
    """The plan's numbers, for programs."""
    cli(*RUN)
    (folder / "photos" / "1.jpg").unlink()
    data = json.loads(cli("status", "graph.py", "photos", "--out", "out", "--json", "--refresh").stdout)

    assert (1, 2, 2, ["1.png"]) == (data["schema"], data["total"], data["to_do"], data["orphans"])
    assert {"forced": 2} == data["reasons"]
    assert data["nodes"]["resize"]["runs"] == 2


# --- explain and accept ----------------------------------------------------------------------------


def edit(folder, old, new):
    """Edit the graph's file; it is imported anew by every command."""
    path = folder / "graph.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


EXPLAIN = ("explain", "graph.py", "photos/1.jpg", "--out", "out")


def test_explain_shows_the_old_and_the_new_code(cli, folder):
    """Nothing on stderr, and no colour where it is no terminal."""
    cli(*RUN)
    edit(folder, "255 - level", "254 - level")
    result = cli(*EXPLAIN)

    assert (0, "") == (result.exit_code, result.stderr)
    assert "inverted: runs\n  why: code changed: step 'inverted'\n" in result.stdout
    assert "    -    return image.point(lambda level: 255 - level)\n" in result.stdout
    assert "    +    return image.point(lambda level: 254 - level)\n" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_diff_has_colours_at_a_terminal(cli, folder, environ, coloured):
    """Red and green, unless NO_COLOR says otherwise."""
    cli(*RUN)
    edit(folder, "255 - level", "254 - level")
    text = cli(*EXPLAIN, color=True, env=environ).stdout

    assert coloured == ("\x1b[31m    -    return" in text)
    assert coloured == ("\x1b[32m    +    return" in text)


def test_explain_takes_the_graphs_parameters(cli):
    """As a run does."""
    cli(*RUN)
    data = json.loads(cli(*EXPLAIN, "--set", "size=4,4", "--json").stdout)

    assert (1, "parameter changed: resize.size (8, 8) -> (4, 4)") == (data["schema"], data["reason"])


def test_explain_makes_no_cache(cli, folder):
    """Where nothing was run, everything is new."""
    assert "to do: new item" in cli(*EXPLAIN).stdout
    assert not (folder / ".creevey").exists()


def test_accept_keeps_the_results_until_it_is_undone(cli, folder):
    """The command says what it accepts, and a run has nothing to do."""
    cli(*RUN)
    edit(folder, "255 - level", "0xFE - level")
    told = cli("accept", "graph.py", "inverted")

    assert told.stdout.startswith("accepted as before: step 'inverted'\n  code changed: step 'inverted'\n")
    assert "    +    return image.point(lambda level: 0xFE - level)\n" in told.stdout
    assert told.stdout.endswith("undo: creevey-graph accept graph.py inverted --undo\n")
    assert "3 cached" in cli(*RUN).stderr
    assert "runs with the next run" in cli("accept", "graph.py", "inverted", "--undo").stdout
    assert "3 done" in cli(*RUN).stderr


# --- draw ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "begins"), [("text", "graph small"), ("mermaid", "flowchart TD"), ("dot", 'digraph "small"')]
)
def test_a_graph_is_drawn(cli, folder, form, begins):
    """In each form, on stdout or into a file."""
    result = cli("draw", "graph.py", "--format", form)
    assert result.stdout.startswith(begins)

    cli("draw", "graph.py", "--format", form, "--output", "drawing")
    assert (folder / "drawing").read_text(encoding="utf-8") == result.stdout


def test_a_graph_as_data_is_read_by_networkx(cli):
    """The data is what networkx calls node-link."""
    data = json.loads(cli("draw", "graph.py", "--json").stdout)
    read = nx.node_link_graph(data, edges="edges")

    assert ["photo", "load_image"] == list(read.nodes)[:2]
    assert ["load_image"] == list(read.successors("photo"))
    assert read.nodes["write_image"]["kind"] == "writer"
    assert {"file": "write_image", "brightness": "mean_brightness"} == data["outputs"]


# --- report ----------------------------------------------------------------------------------------


def test_the_latest_run_is_reported(cli, folder):
    """The summary of the run, on stdout."""
    (folder / "photos" / "torn.jpg").write_bytes(b"no picture")
    cli(*RUN)
    result = cli("report")

    assert (0, "") == (result.exit_code, result.stderr)
    assert "3 done, 1 failed" in result.stdout
    assert "torn.jpg  (step load_image)" in cli("report", "--failed").stdout
    assert json.loads(cli("report", "--json").stdout)["counts"]["failed"] == 1


def test_a_report_is_exported(cli, folder):
    """Rows as CSV and as JSON lines, of a run that is named."""
    cli(*RUN)
    path = next((folder / ".creevey" / "runs").glob("*.jsonl"))
    result = cli("report", path, "--csv", "a.csv", "--jsonl", "a.jsonl")

    assert (0, "") == (result.exit_code, result.stdout)
    assert "wrote 3 rows to a.csv" in result.stderr
    assert (folder / "a.csv").read_text(encoding="utf-8").startswith("key,source,outcome")
    assert len((folder / "a.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_a_report_is_written_to_standard_output(cli, folder):
    """'-' stands for it, as everywhere: rows there and nothing else, the same bytes as in a file."""
    cli(*RUN)
    cli("report", "--csv", "a.csv", "--jsonl", "a.jsonl")

    for form in ("csv", "jsonl"):
        result = cli("report", f"--{form}", "-")
        assert (0, "") == (result.exit_code, result.stderr), result.exception
        assert (folder / f"a.{form}").read_bytes() == result.stdout_bytes
    assert not (folder / "-").exists()


@pytest.mark.parametrize("more", [("--jsonl", "-"), ("--json",), ("--summary",), ("--failed",)])
def test_standard_output_takes_one_thing(cli, more):
    """Two in one stream could not be told apart."""
    cli(*RUN)

    result = cli("report", "--csv", "-", *more)

    assert (2, "") == (result.exit_code, result.stdout)
    assert "'-' is standard output, which takes one thing" in result.stderr


def test_the_report_of_a_killed_run_is_read(cli, folder):
    """A journal without an end says so."""
    cli(*RUN)
    path = next((folder / ".creevey" / "runs").glob("*.jsonl"))
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))

    assert "the run did not come to its end; run again to go on from there" in cli("report").stdout


# --- cache -----------------------------------------------------------------------------------------


def test_a_cache_that_is_not_there_is_not_made(cli, folder):
    """`cache info` and `cache clear` say so and leave the folder as it is."""
    for command in ("info", "clear"):
        result = cli("cache", command)
        assert result.exit_code == 0
        assert "no cache at '.creevey': nothing has been kept there yet" in result.stdout
    assert {"schema": 1, "exists": False, "folder": ".creevey"} == json.loads(
        cli("cache", "info", "--json").stdout
    )
    assert not (folder / ".creevey").exists()


def test_the_cache_is_told_in_sizes_people_read(cli):
    """Values, reports, and what is on disk."""
    cli(*RUN)
    told = cli("cache", "info").stdout
    data = json.loads(cli("cache", "info", "--json").stdout)

    assert "cache '.creevey'" in told
    assert ["reports", "of", "runs", "1"] in [line.split() for line in told.splitlines()]
    assert "KiB" in told
    assert (True, 1) == (data["exists"], data["reports"])
    assert data["records"] > 0


def test_clearing_needs_a_yes(cli, folder):
    """Where nobody can be asked it needs --yes; reports and outputs stay."""
    cli(*RUN)
    refused = cli("cache", "clear")
    assert refused.exit_code == 2
    assert "say --yes" in refused.stderr
    assert Cache(folder / ".creevey").info()["records"] > 0

    cleared = cli("cache", "clear", "--yes")
    assert (0, True) == (cleared.exit_code, cleared.stdout.startswith("cleared "))
    assert Cache(folder / ".creevey").info()["records"] == 0
    assert cli("report").exit_code == 0
    assert (folder / "out" / "0.png").exists()


@pytest.mark.parametrize(("answer", "left"), [("y\n", False), ("n\n", True)])
def test_clearing_asks_at_a_terminal(cli, folder, monkeypatch, answer, left):
    """The question names what is at stake; no is the default."""
    cli(*RUN)
    monkeypatch.setattr("creevey_graph.cli.cache._is_terminal", lambda: True)
    result = cli("cache", "clear", input=answer)

    assert result.exit_code == 0
    assert "Delete " in result.stderr
    assert left == (Cache(folder / ".creevey").info()["records"] > 0)


# --- init ------------------------------------------------------------------------------------------


def test_the_starter_runs_as_it_is(cli, folder, monkeypatch):
    """What `init` writes is a graph that runs over pictures."""
    (folder / "new").mkdir()
    monkeypatch.chdir(folder / "new")
    sys.path.remove(str(folder)) if str(folder) in sys.path else None
    assert "next: creevey-graph run graph.py PHOTOS" in cli("init").stdout

    result = cli("run", "graph.py", "../photos", "--out", "thumbnails", "--no-progress")
    assert (0, 3) == (result.exit_code, len(list((folder / "new" / "thumbnails").iterdir()))), result.stderr


def test_init_leaves_a_file_alone(cli, folder):
    """An existing graph.py is not overwritten."""
    result = cli("init")

    assert result.exit_code == 2
    assert "'graph.py' is there already, and is left alone" in result.stderr
    assert STARTER != (folder / "graph.py").read_text(encoding="utf-8")
