"""Image folders and trees of links: where pictures stand, and what the list says of them."""

import csv
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from squares import KEYS, pairs, report_of, rows_of

from creevey_graph import UsageError
from creevey_graph.exports import export_image_folder, export_links
from creevey_graph.exports.destination import INDEX


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_pictures_stand_in_a_folder_per_label(made, tmp_path):
    """Each the same file as the output, and a line of the list finds it."""
    report = made(3)

    export_image_folder(report, tmp_path / "set", label="label")

    lines = lines_of(tmp_path / "set" / "metadata.jsonl")
    assert ["cat/000.jpg.png", "dog/001.jpg.png", "cat/002.jpg.png"] == [line["file_name"] for line in lines]
    assert ["cat", "dog", "cat"] == [line["label"] for line in lines]
    assert [str(row.fields["big"]) for row in report.rows] == [line["big"] for line in lines]
    for row, line in zip(report.rows, lines, strict=True):
        assert (tmp_path / "out" / row.outputs[0]).samefile(tmp_path / "set" / line["file_name"])


@pytest.mark.parametrize(("link", "same"), [("copy", False), ("symlink", True), ("hardlink", True)])
def test_pictures_are_placed_as_asked(made, tmp_path, link, same):
    """A copy is a file of its own; a symbolic link is relative, so that both folders may move together."""
    report = made(2)

    export_image_folder(report, tmp_path / "set", link=link)
    placed = tmp_path / "set" / "000.jpg.png"

    assert same == placed.samefile(tmp_path / "out" / report.rows[0].outputs[0])
    assert (link == "symlink") == placed.is_symlink()
    if placed.is_symlink():
        assert "../out/cat/000.jpg.png" == str(placed.readlink())
    assert 0 == export_image_folder(report, tmp_path / "set", link=link).written


def test_another_way_of_placing_places_anew(made, tmp_path):
    """What was a link becomes a copy."""
    report = made(2)
    export_image_folder(report, tmp_path / "set", link="symlink")

    export_image_folder(report, tmp_path / "set", link="copy")

    assert not (tmp_path / "set" / "000.jpg.png").is_symlink()


def test_a_file_system_without_hard_links_gets_copies(made, tmp_path, monkeypatch):
    """And a second export leaves them."""

    def refuse(*_args, **_kwargs):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    report = made(2)

    export_image_folder(report, tmp_path / "set")

    placed = tmp_path / "set" / "000.jpg.png"
    output = tmp_path / "out" / report.rows[0].outputs[0]
    assert output.read_bytes() == placed.read_bytes()
    assert not placed.samefile(output)
    assert 0 == export_image_folder(report, tmp_path / "set").written


def test_pictures_of_one_name_stay_apart(made, tmp_path):
    """The second has a hash of its key added, and the same one in every export."""
    rows = [{"key": f"{folder}/1", "number": n, "label": "x"} for n, folder in enumerate("abA")]
    report = made(rows)

    export_image_folder(report, tmp_path / "set", label="label")

    names = [line["file_name"] for line in lines_of(tmp_path / "set" / "metadata.jsonl")]
    assert "x/1.png" == names[0]
    assert 3 == len({name.casefold() for name in names})
    for row, name in zip(report.rows, names, strict=True):
        assert (tmp_path / "out" / row.outputs[0]).read_bytes() == (tmp_path / "set" / name).read_bytes()


def test_second_items_of_a_key_have_names_of_files(made, tmp_path):
    """No "#2" inside them, and apart from an item that has that name."""
    keys = ["One.jpg", "One.jpg", "One_2"]
    report = made([{"key": key, "number": number} for number, key in enumerate(keys)])

    export_image_folder(report, tmp_path / "set")

    names = [line["file_name"] for line in lines_of(tmp_path / "set" / "metadata.jsonl")]
    assert ["One.jpg.png", "One_2.png"] == names[:2]
    assert names[2].startswith("One_2-")
    for row, name in zip(report.rows, names, strict=True):
        assert (tmp_path / "out" / row.outputs[0]).samefile(tmp_path / "set" / name)


def test_further_outputs_have_a_column_of_their_own(made, tmp_path):
    """As `datasets` finds them."""
    export_image_folder(made(1, graph=pairs), tmp_path / "set", label="label")

    (line,) = lines_of(tmp_path / "set" / "metadata.jsonl")
    assert ("cat/000.jpg.png", "mask/cat/000.jpg.PNG") == (line["file_name"], line["mask_file_name"])
    assert (tmp_path / "set" / line["mask_file_name"]).exists()


def test_the_list_is_csv_where_it_is_asked_for(made, tmp_path):
    """With the same columns."""
    export_image_folder(made(2), tmp_path / "set", metadata="csv")

    with (tmp_path / "set" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert ["file_name", "key", "label", "caption", "big"] == list(lines[0])
    assert "no. 0\nmüde" == lines[0]["caption"]
    assert not (tmp_path / "set" / "metadata.jsonl").exists()


NESTED = {"box": {"x": 1, "name": "é"}, "hash": 2**64 - 1}


@pytest.mark.parametrize("metadata", ["jsonl", "csv"])
def test_nested_values_are_nested_where_they_can_be(made, tmp_path, metadata):
    """JSON in JSON lines, JSON text in CSV; a number that JSON's readers would change is text in either."""
    rows = [{"key": "a", "number": 1, "facts": NESTED, "boxes": [NESTED], "mixed": NESTED}]
    rows.append({"key": "b", "number": 2, "facts": {"hash": 1}, "boxes": [], "mixed": "x"})

    export_image_folder(made(rows), tmp_path / "set", metadata=metadata)

    nested = {"box": {"name": "é", "x": 1}, "hash": str(2**64 - 1)}
    if metadata == "jsonl":
        first, second = lines_of(tmp_path / "set" / "metadata.jsonl")
        assert (nested, [nested]) == (first["facts"], first["boxes"])
        assert ({"hash": "1"}, []) == (second["facts"], second["boxes"])
    else:
        with (tmp_path / "set" / "metadata.csv").open(encoding="utf-8", newline="") as file:
            first, second = csv.DictReader(file)
        assert (nested, [nested]) == (json.loads(first["facts"]), json.loads(first["boxes"]))
    assert (NESTED, "x") == (json.loads(first["mixed"]), json.loads(second["mixed"]))


def test_each_part_has_its_list(made, tmp_path):
    """Names are relative to it, as loaders want."""
    export_image_folder(made(12), tmp_path / "set", label="label", split="train=0.5,val=0.5")

    lines = {part: lines_of(tmp_path / "set" / part / "metadata.jsonl") for part in ("train", "val")}
    assert 12 == sum(map(len, lines.values()))
    for part, found in lines.items():
        assert all((tmp_path / "set" / part / line["file_name"]).exists() for line in found)


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (["a/b", "a_b"], "would have one folder"),
        (["Cat", "cat"], "would have one folder"),
        (["a", None], "has no"),
    ],
)
def test_labels_that_cannot_be_told_apart_are_an_error(made, tmp_path, labels, problem):
    """Else two classes would become one in silence."""
    rows = [{"key": str(number), "number": number, "label": label} for number, label in enumerate(labels)]

    with pytest.raises(UsageError, match=f"label: .*{problem}"):
        export_image_folder(made(rows), tmp_path / "set", label="label")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"label": "lable"}, "did you mean 'label'"),
        ({"label": "file"}, "names an output file"),
        ({"link": "reflink"}, "link: no way 'reflink'"),
        ({"metadata": "xml"}, "metadata: no form 'xml'"),
    ],
)
def test_an_option_of_a_folder_that_cannot_be_is_an_error(made, tmp_path, options, problem):
    """It names the option and what there is."""
    with pytest.raises(UsageError, match=problem):
        export_image_folder(made(1), tmp_path / "set", **options)


# --- links -----------------------------------------------------------------------------------------


def test_links_stand_where_the_template_says(made, tmp_path):
    """Columns, parts of the output's path, the item's key and its number may be used."""
    export_links(made(2), tmp_path / "set", template="{label}/{index:03d}-{stem}{suffix}")

    assert "../../out/dog/001.jpg.png" == str((tmp_path / "set" / "dog" / "001-001.jpg.png").readlink())
    assert (tmp_path / "set" / "cat" / "000-000.jpg.png").exists()


def test_a_tree_is_moved_together_with_its_outputs(made, tmp_path):
    """The links are relative."""
    export_links(made(1), tmp_path / "set")
    (tmp_path / "elsewhere").mkdir()
    for name in ("set", "out"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)

    assert (tmp_path / "elsewhere" / "set" / "cat" / "000.jpg.png").exists()


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{label}", r"items 'cat/000.jpg' and 'cat/002.jpg' would both be 'cat'"),
        ("{lable}", "no field 'lable'.*did you mean 'label'"),
        ("{label.__class__}", "no field 'label.__class__'"),
        ("{index", "cannot be read"),
        ("{label:d}", "does not fit item"),
        ("{split}/{path}", "needs a split"),
        ("", "no usable path"),
        ("../{path}", "no usable path"),
        ("a\\{path}", "no usable path"),
        (".creevey-export.jsonl", "own list"),
        ("x" * 300, "no usable path"),
    ],
)
def test_a_template_that_cannot_be_is_an_error(made, tmp_path, template, problem):
    """It names the template, and what to do."""
    with pytest.raises(UsageError, match=problem):
        export_links(made(3), tmp_path / "set", template=template)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=KEYS)
def test_hostile_keys_stay_inside(tmp_path_factory, keys):
    """Whatever the keys: every link and picture is below the folder, and leads to its own output."""
    folder = tmp_path_factory.mktemp("law")
    report = report_of(folder, keys, range(1, len(keys) + 1))

    export_links(report, folder / "links", template="{index}/{key}")
    export_image_folder(report, folder / "set")

    links = [path for path in (folder / "links").rglob("*") if path.is_symlink()]
    assert sorted(range(1, len(keys) + 1)) == sorted(path.stat().st_size for path in links)
    assert len(keys) + 2 == sum(path.is_file() for path in (folder / "set").iterdir())
    assert {"links", "set", "out", "run.jsonl"} == {path.name for path in folder.iterdir()}
    assert (folder / "set" / INDEX).exists()


def test_columns_that_would_clash_with_the_lists_own_are_named(made, tmp_path):
    """`file_name` is how loaders find the picture."""
    rows = [{**row, "file_name": "x"} for row in rows_of(1)]

    with pytest.raises(UsageError, match="column 'file_name' of the report is called like"):
        export_image_folder(made(rows), tmp_path / "set")
