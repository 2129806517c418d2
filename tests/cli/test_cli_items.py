"""ITEMS on the command line: tables and their columns, lists, standard input, labelled folders."""

import json

import pytest
from parts_drawn import write_video

TWO = """
@graph
def both(photo: Path, mask: Path):
    return {"file": write_image(load_image(photo), "{key}.png"), "seen": mean_brightness(load_image(mask))}

@graph
def told(photo: Path):
    return {"file": write_image(load_image(photo), "{label}/{stem}.png")}
"""
SMALL = ("graph.py:small",)


@pytest.fixture
def table(folder):
    """`my_images.csv` with a column of ids, one of paths, and captions."""
    lines = [f"im{n},photos/{n}.jpg,picture {n}" for n in range(3)]
    (folder / "my_images.csv").write_text("\n".join(["image_id,image_url,caption", *lines]) + "\n")
    with (folder / "graph.py").open("a") as file:
        file.write(TWO)
    return folder / "my_images.csv"


def test_a_column_of_a_table_is_named(cli, table, folder):
    """`--url-column` and `--id-column`, for run, status and explain; captions stand in the report."""
    options = ("--url-column", "image_url", "--id-column", "image_id", "--out", "out")
    result = cli("run", *SMALL, "my_images.csv", *options, "--report", "rows.jsonl")
    assert 0 == result.exit_code, result.stderr
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    assert [("im0", "picture 0"), ("im1", "picture 1")] == [
        (row["key"], row["fields"]["caption"]) for row in rows[:2]
    ]
    status = cli("status", *SMALL, "my_images.csv", *options).stdout
    assert "small: 3 items, 3 up to date, 0 to do" in status
    explained = cli("explain", *SMALL, "im2", "--among", "my_images.csv", *options)
    assert "im2 (photos/2.jpg) in graph 'small': up to date" in explained.stdout
    assert "3 items, 3 up to date" in cli("run", *SMALL, "my_images.csv", *options, "--dry-run").stdout


def test_outputs_of_another_id_column_are_named_with_what_to_do(cli, table, folder):
    """They are strays, and their pictures are there: nobody but the user knows whether they are wanted."""
    (folder / "graph.py").write_text((folder / "graph.py").read_text().replace("{stem}.png", "{key}.png"))
    options = ("my_images.csv", "--url-column", "image_url", "--out", "out", "--id-column")
    assert 0 == cli("run", *SMALL, *options, "image_id").exit_code
    result = cli("run", *SMALL, *options, "caption", "--prune")
    told = "3 outputs are not pruned (im0.png, im1.png, im2.png): this run has no item of that key, but the picture"
    assert (0, True) == (result.exit_code, told in result.stderr)
    assert "after another --id-column. What is not wanted any more is yours to delete" in result.stderr
    assert 6 == len(list((folder / "out").iterdir()))


def test_inputs_have_a_column_each(cli, table):
    """`--column INPUT=COLUMN`, once for each input."""
    columns = ("--column", "photo=image_url", "--column", "mask=image_url")
    result = cli("run", "graph.py:both", "my_images.csv", *columns, "--id-column", "image_id", "--out", "out")
    assert 0 == result.exit_code, result.stderr
    assert "both: 3 items" in result.stderr


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (
            ("small", "my_images.csv"),
            3,
            "no column 'photo' (has: caption, image_id, image_url); name another with --url-column",
        ),
        (
            ("small", "my_images.csv", "--url-column", "image_ulr"),
            3,
            "no column 'image_ulr'; did you mean 'image_url'?",
        ),
        (("small", "my_image.csv", "--url-column", "image_url"), 3, "did you mean 'my_images.csv'?"),
        (("small", "photos", "--url-column", "image_url"), 2, "'photos' is no list"),
        (
            ("small", "photos/0.jpg", "photos/1.jpg", "--id-column", "x"),
            2,
            "a list of files and URLs has no columns",
        ),
        (
            ("both", "my_images.csv", "--url-column", "image_url"),
            2,
            "has 2 inputs (photo, mask); say --column INPUT=COLUMN",
        ),
        (
            ("both", "my_images.csv", "--column", "image_url"),
            2,
            "--column must be INPUT=COLUMN (got 'image_url')",
        ),
        (("both", "my_images.csv", "--column", "msk=image_url"), 2, "no input 'msk'; did you mean 'mask'?"),
        (
            ("both", "my_images.csv", "--column", "mask=a", "--column", "mask=b"),
            2,
            "two columns for input 'mask' ('a', 'b')",
        ),
        (("small", "my_images.csv", "--column", "photo=a", "--url-column", "b"), 2, "exclude each other"),
        (("small", "my_images.csv", "--labels"), 2, "--labels is for one folder"),
        (
            ("small", "photos", "--labels", "--id-column", "x"),
            2,
            "--labels is for a folder, which has no columns",
        ),
    ],
)
def test_what_does_not_fit_is_told(cli, table, args, code, told):
    """Each mistake has its message, and the code of its kind."""
    for command in ("run", "status"):
        result = cli(command, f"graph.py:{args[0]}", *args[1:], "--out", "out")
        assert (code, True) == (result.exit_code, told in result.stderr), result.stderr
        assert "Traceback" not in result.stderr


def test_notices_stand_in_the_summary_and_in_the_status(cli, folder):
    """Duplicates, blanks and bad lines, with their lines; as data, too."""
    (folder / "list.txt").write_text("photos/0.jpg\n\nphotos/1.jpg\nphotos/0.jpg\ngone.jpg\n")
    refused = cli("run", *SMALL, "list.txt", "--out", "out")
    assert (3, True) == (
        refused.exit_code,
        "line 5: 'gone.jpg' is neither a URL nor a file" in refused.stderr,
    )
    twice = cli("run", *SMALL, "list.txt", "--out", "out", "--bad-lines", "skip")
    assert 4 == twice.exit_code
    assert (
        "have one output path, '0.png': line 4 of 'list.txt' is line 1 again; leave it out with --duplicates drop"
        in twice.stderr
    )
    options = ("list.txt", "--out", "out", "--bad-lines", "skip", "--duplicates", "drop")
    notes = [
        "'list.txt': 1 blank line, left out (line 2); 1 bad line, left out (line 5: 'gone.jpg' is neither a URL nor a file)",
        "'list.txt': 1 duplicate, left out (line 4 is line 1 again)",
    ]
    result = cli("run", *SMALL, *options, "--json")
    assert (0, notes) == (result.exit_code, json.loads(result.stdout)["notices"])
    assert all(f"note: {note}" in result.stderr for note in notes)
    assert all(f"note: {note}" in cli("status", *SMALL, *options).stdout for note in notes)
    assert notes == json.loads(cli("status", *SMALL, *options, "--json").stdout)["notices"]


def test_a_list_is_piped_in(cli, table):
    """Lines, JSON lines or a table; run and status alike; nothing at all is told."""
    lines = "photos/0.jpg\nphotos/1.jpg\n"
    for command in ("run", "status"):
        result = cli(command, *SMALL, "-", "--out", "out", input=lines)
        assert "small: 2 items" in result.output, result.output
        piped = cli(
            command, *SMALL, "-", "--out", "out", "--url-column", "image_url", input=table.read_text()
        )
        assert "small: 3 items" in piped.output, piped.output
        rows = '{"photo": "photos/0.jpg"}\n'
        assert "small: 1 item" in cli(command, *SMALL, "-", "--out", "out", input=rows).output
    result = cli("run", *SMALL, "-", "--out", "out", input="")
    assert (3, True) == (result.exit_code, "standard input: there is no URL or path in it" in result.stderr)


def test_a_folder_is_labelled(cli, table, folder):
    """`--labels`: the folder's name is a column, for output paths, too."""
    (folder / "set").mkdir()
    (folder / "photos").rename(folder / "set" / "cat")
    result = cli("run", "graph.py:told", "set", "--labels", "--out", "out")
    assert 0 == result.exit_code, result.stderr
    assert sorted(path.name for path in (folder / "out" / "cat").iterdir()) == ["0.png", "1.png", "2.png"]
    explained = cli("explain", "graph.py:told", "cat/0.jpg", "--among", "set", "--labels", "--out", "out")
    assert "up to date" in explained.stdout, explained.stderr


def test_a_picture_without_a_label_costs_its_row_only(cli, table, folder):
    """It was written to `None/`; now its row names the column, and the others are made."""
    (folder / "set").mkdir()
    (folder / "photos").rename(folder / "set" / "cat")
    (folder / "set" / "cat" / "2.jpg").rename(folder / "set" / "2.jpg")
    args = ("graph.py:told", "set", "--labels", "--out", "out")
    for jobs in (("--executor", "serial"), ("--executor", "processes", "--jobs", "2"), ("--retry-failed",)):
        result = cli("run", *args, *jobs)
        assert 1 == result.exit_code, result.stderr
        assert "note: 1 picture lies directly in 'set' and has no label ('2.jpg')" in result.stderr
        assert "needs a value in column 'label', and item '2.jpg' has none" in result.stderr
        assert ["cat/0.png", "cat/1.png"] == sorted(
            str(path.relative_to(folder / "out")) for path in (folder / "out").rglob("*.png")
        )
    assert 0 == cli("status", *args).exit_code


def test_frames_of_videos_are_items(cli, folder):
    """One video, several or a folder; each frame has a key of its own, for run, status and explain."""
    pytest.importorskip("av")
    (folder / "films").mkdir()
    for name in ("a.mp4", "b.mp4"):
        write_video(folder / "films" / name, 10)
    (folder / "graph.py").write_text((folder / "graph.py").read_text().replace("{stem}.png", "{key}.png"))
    args = ("films", "--out", "out", "--frames")
    result = cli("run", *SMALL, *args, "all")
    assert (0, True) == (result.exit_code, "small: 20 items" in result.stderr), result.stderr
    assert "small: 20 items, 20 up to date" in cli("status", *SMALL, *args, "all").stdout
    for frames, count in (("every=1e-9", 10), ("fps=inf", 10), ("every=1000", 1)):
        result = cli("status", *SMALL, "films/a.mp4", "--out", "out", "--frames", frames)
        assert f"small: {count} item{'s' * (count > 1)}, {count} up to date" in result.stdout, result.output
    both = cli("status", *SMALL, "films/a.mp4", "films/b.mp4", "--out", "out", "--frames", "keyframes")
    assert 0 == both.exit_code, both.output
    shown = cli("run", *SMALL, "films/a.mp4", "--out", "out")
    assert (1, True) == (shown.exit_code, "a.mp4: a video, no picture; take its frames" in shown.stderr)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--frames", "some"), "--frames must be every=SECONDS, fps=NUMBER, keyframes or all (got 'some')"),
        (("--frames", "every=x"), "(got 'every=x')"),
        (("--frames", "every"), "(got 'every')"),
        (("--frames", "fps=-1"), "fps must be a number above 0"),
        (("--frames", "all", "--labels"), "--frames is for videos"),
        (("--frames", "all", "--duplicates", "drop"), "--frames is for videos"),
    ],
)
def test_frames_that_do_not_fit_are_told(cli, options, told):
    """Before anything is listed."""
    result = cli("run", *SMALL, "photos", "--out", "out", *options)
    assert (2, True) == (result.exit_code, told in result.stderr), result.stderr


def test_options_of_a_list_want_the_list(cli):
    """`explain` without `--among` has no list that they could be of."""
    result = cli("explain", *SMALL, "photos/0.jpg", "--url-column", "x", "--out", "out")
    assert (2, True) == (result.exit_code, "name the items they are for" in result.stderr)


def test_our_own_parquet_is_read_back(cli, folder):
    """A set of several files, as a glob in quotes or as the shell opens it; names come from the pictures' paths."""
    pytest.importorskip("pyarrow")
    cli("run", "graph.py", "photos", "--out", "out", "--no-progress")
    cli("export", "parquet", "--to", "hub", "--maxcount", "2")
    files = sorted((folder / "hub").glob("*.parquet"))
    assert 2 == len(files)

    for number, items in enumerate([["hub/*.parquet"], files]):
        options = ("--column", "photo=image", "--out", f"again{number}", "--no-progress")
        result = cli("run", *SMALL, *items, *options)
        assert 0 == result.exit_code, result.stderr
        assert "3 items, 3 up to date" in cli("run", *SMALL, *items, *options, "--dry-run").stdout
        assert ["0.png", "1.png", "2.png"] == sorted(
            path.name for path in (folder / f"again{number}").iterdir()
        )


def test_tables_that_the_shell_names_are_opened(cli, folder):
    """Without options too."""
    for number in range(2):
        (folder / f"{number}.csv").write_text(f"photo\nphotos/{number}.jpg\n")

    result = cli("run", *SMALL, "0.csv", "1.csv", "--out", "out", "--no-progress")

    assert (0, True) == (result.exit_code, "2 done" in result.stderr)
