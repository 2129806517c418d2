"""`creevey-graph export` and `report --summary`."""

import json
import re
import tarfile

import pytest
from PIL import Image

RUN = ("run", "graph.py", "photos", "--out", "out", "--no-progress")


def timeless(result):
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<time>", result.stderr)


def test_the_latest_run_is_exported(cli, folder):
    """What was done is told on stderr; a second time nothing is written."""
    cli(*RUN)
    first = cli("export", "webdataset", "--to", "shards", "--maxcount", "2")
    second = cli("export", "webdataset", "--to", "shards", "--maxcount", "2")

    assert (0, "") == (first.exit_code, first.stdout)
    origin = "; of graph 'small', run of <time>, from out\n"
    assert f"wrote 3 rows to shards as webdataset: 2 files (2 written, 0 unchanged){origin}" == timeless(
        first
    )
    assert f"wrote 3 rows to shards as webdataset: 2 files (0 written, 2 unchanged){origin}" == timeless(
        second
    )
    with tarfile.open(folder / "shards" / "00000.tar") as tar:
        assert ["0.png", "0.json", "1.png", "1.json"] == tar.getnames()


def test_failed_rows_are_told(cli, folder):
    """They are not in the set."""
    (folder / "photos" / "torn.jpg").write_bytes(b"no picture")
    cli(*RUN)

    assert "; left out: 1 failed" in cli("export", "links", "--to", "tree").stderr


def test_a_retry_of_what_failed_takes_its_place_in_the_whole(cli, folder):
    """`run --failed` leaves a report of those rows alone; the set keeps the others."""
    (folder / "photos" / "torn.jpg").write_bytes(b"no picture")
    cli(*RUN)
    first = cli("export", "links", "--to", "set")
    Image.new("RGB", (9, 9)).save(folder / "photos" / "torn.jpg")
    cli(*RUN, "--failed")

    second = cli("export", "links", "--to", "set")

    assert "wrote 3 rows" in first.stderr
    assert (
        "wrote 4 rows to set as links: 4 files (1 written, 3 unchanged); "
        "of graph 'small', run of <time> and 1 run after it, from out\n"
    ) == timeless(second)
    assert ["0.png", "1.png", "2.png", "torn.png"] == sorted(
        path.name for path in (folder / "set").glob("*.png")
    )


def test_some_items_do_not_replace_a_whole_set(cli, folder):
    """The report of a retry, named: it is refused unless that is said to be meant."""
    (folder / "photos" / "torn.jpg").write_bytes(b"no picture")
    cli(*RUN)
    cli("export", "links", "--to", "set")
    Image.new("RGB", (9, 9)).save(folder / "photos" / "torn.jpg")
    cli(*RUN, "--failed")
    retry = max((folder / ".creevey" / "runs").glob("*.jsonl"))

    refused = cli("export", "links", "--to", "set", "--report", retry)
    kept = sorted(path.name for path in (folder / "set").glob("*.png"))
    replaced = cli("export", "links", "--to", "set", "--report", retry, "--replace")

    assert 2 == refused.exit_code
    assert "holds an export of 3 rows, and this report has 1, of some items only" in refused.stderr
    assert ["0.png", "1.png", "2.png"] == kept
    assert "(some items only), from out" in replaced.stderr
    assert ["torn.png"] == [path.name for path in (folder / "set").glob("*.png")]


def test_another_graph_does_not_replace_a_set(cli, folder):
    """The latest run is told by name; it is no successor of what stands there, and the other can be named."""
    cli(*RUN)
    cli("export", "links", "--to", "set")
    (folder / "other.py").write_text(
        (folder / "graph.py").read_text(encoding="utf-8").replace("def small", "def tiny"), encoding="utf-8"
    )
    cli("run", "other.py", "photos", "--out", "out2", "--no-progress")

    refused = cli("export", "links", "--to", "set")
    named = cli("export", "links", "--to", "set", "--graph", "small")
    unknown = cli("export", "links", "--to", "set", "--graph", "smal")

    assert 2 == refused.exit_code
    assert "'set' holds an export of graph 'small', not 'tiny'; choose another folder" in refused.stderr
    assert "(0 written, 3 unchanged); of graph 'small'" in named.stderr
    assert "no report of a graph 'smal' in '.creevey'; did you mean 'small'?" in unknown.stderr
    assert "of graph 'tiny', run of <time>, from out2" in timeless(cli("export", "links", "--to", "set2"))
    assert 0 == cli("export", "links", "--to", "set", "--replace").exit_code


def test_another_output_folder_does_not_replace_a_set(cli, folder):
    """It is another set of the same graph; --out tells which is meant."""
    cli(*RUN)
    cli("export", "links", "--to", "set")
    cli("run", "graph.py", "photos", "--out", "out2", "--no-progress")

    refused = cli("export", "links", "--to", "set")

    assert 2 == refused.exit_code
    assert "graph 'small', made of another output folder" in refused.stderr
    assert "(0 written, 3 unchanged)" in cli("export", "links", "--to", "set", "--out", "out").stderr


@pytest.mark.parametrize("to", ["photos", "photos/set", "out"])
def test_a_folder_of_the_run_is_refused(cli, folder, to):
    """The next run would take the set for inputs, or for its outputs."""
    cli(*RUN)
    before = sorted(folder.rglob("*"))

    for form in ("imagefolder", "links", "webdataset"):
        result = cli("export", form, "--to", to)
        assert 2 == result.exit_code
        assert "the export would be written in" in result.stderr
    assert before == sorted(folder.rglob("*"))


def test_a_program_reads_what_was_done(cli):
    """One object on stdout."""
    cli(*RUN)
    data = json.loads(
        cli("export", "imagefolder", "--to", "set", "--split", "train=0.5,val=0.5", "--json").stdout
    )

    assert (1, "imagefolder", "set", 3, {}) == (
        data["schema"], data["format"], data["folder"], data["rows"], data["left_out"]
    )  # fmt: skip


def test_a_named_report_and_folder_are_taken(cli, folder):
    """After the outputs were moved."""
    cli(*RUN)
    path = next((folder / ".creevey" / "runs").glob("*.jsonl"))
    (folder / "out").rename(folder / "moved")

    assert 3 == cli("export", "links", "--to", "tree").exit_code
    assert 0 == cli("export", "links", "--to", "tree", "--report", path, "--out", "moved").exit_code


@pytest.mark.parametrize(
    ("args", "code", "problem"),
    [
        (("links", "--to", "x", "--cls", "a"), 2, "--cls is no option of format 'links' (of: webdataset)"),
        (("webdataset", "--to", "x", "--text", "n"), 2, "text: the report has no column 'n'"),
        (("webdataset", "--to", "x", "--maxsize", "9"), 2, "maxsize: a size is a number and a unit"),
        (("tars", "--to", "x"), 2, "'tars' is not one of"),
        (("links",), 2, "Missing option '--to'"),
        (("links", "--to", "graph.py"), 2, "'graph.py' is no folder"),
        (("links", "--to", "x", "--report", "none.jsonl"), 3, "no report 'none.jsonl'"),
        (("links", "--to", "x", "--cache", "none"), 3, "no report in 'none'"),
    ],
)
def test_what_cannot_be_exported_is_an_error(cli, args, code, problem):
    """In one line, with the exit code of its kind."""
    cli(*RUN)
    result = cli("export", *args)

    assert code == result.exit_code
    assert problem in result.stderr


def test_an_edited_output_is_told_with_the_remedy(cli, folder):
    """And running again is the remedy."""
    cli(*RUN)
    (folder / "out" / "1.png").write_bytes(b"edited")

    result = cli("export", "webdataset", "--to", "shards")
    assert (1, "error: output '1.png' of item '1.jpg': was changed since the run; run the graph again, then export\n") == (
        result.exit_code, result.stderr
    )  # fmt: skip
    cli(*RUN)
    assert 0 == cli("export", "webdataset", "--to", "shards").exit_code


def test_a_report_is_summed_up(cli, folder):
    """Counts, rates, errors by kind and versions; the same as data."""
    for number in range(2):
        (folder / "photos" / f"torn{number}.jpg").write_bytes(b"no picture")
    cli(*RUN)

    result = cli("report", "--summary")
    data = json.loads(cli("report", "--summary", "--json").stdout)

    assert 0 == result.exit_code
    assert "2 x ImageError: <path>: not a picture" in result.stdout
    assert "first: torn0.jpg" in result.stdout
    assert "items/s" in result.stdout
    assert "pillow " in result.stdout
    assert (3, 2) == (data["counts"]["done"], data["top_errors"][0]["count"])
