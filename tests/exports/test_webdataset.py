"""WebDataset tars: what readers rely on, and what keys go through."""

import io
import json
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from squares import BIG, KEYS, pairs, report_of, rows_of

from creevey_graph import UsageError, graph, step
from creevey_graph.exports import export_webdataset
from creevey_graph.exports.shards import Cutter, Limits


def members_of(folder):
    """Every member of the tars, in order, as (tar, name, bytes)."""
    found = []
    for path in sorted(folder.rglob("*.tar")):
        with tarfile.open(path) as tar:
            found += [
                (path.relative_to(folder).as_posix(), info.name, tar.extractfile(info).read()) for info in tar
            ]
    return found


def samples_of(folder):
    """As the webdataset library groups them: neighbours with one name up to the first dot."""
    samples = []
    for _, name, data in members_of(folder):
        parent, slash, base = name.rpartition("/")
        stem, _, suffix = base.partition(".")
        key = parent + slash + stem
        if not samples or samples[-1][0] != key:
            samples.append((key, {}))
        assert suffix not in samples[-1][1]
        samples[-1][1][suffix] = data
    return samples


def test_a_sample_has_its_picture_and_its_fields(made, tmp_path):
    """In input order; the picture is the output's bytes, the text and class come from columns."""
    report = made(5)

    export_webdataset(report, tmp_path / "set", maxcount=2, text="caption", cls="label")

    samples = samples_of(tmp_path / "set")
    assert ["cat/000", "dog/001", "cat/002", "dog/003", "cat/004"] == [key for key, _ in samples]
    for number, (row, (_, sample)) in enumerate(zip(report.rows, samples, strict=True)):
        assert (tmp_path / "out" / row.outputs[0]).read_bytes() == sample["png"]
        assert (8, 8) == Image.open(io.BytesIO(sample["png"])).size
        assert {"key": row.key, "label": row.fields["label"], "caption": row.fields["caption"]} == {
            name: value for name, value in json.loads(sample["json"]).items() if name != "big"
        }
        assert str(BIG - number) == json.loads(sample["json"])["big"]
        assert f"no. {number}\nmüde" == sample["txt"].decode()
        assert number % 2 == int(sample["cls"])
    assert ["cat", "dog"] == json.loads((tmp_path / "set" / "classes.json").read_text())
    assert ["00000.tar", "00001.tar", "00002.tar"] == sorted(
        {tar for tar, _, _ in members_of(tmp_path / "set")}
    )


def test_second_items_of_a_key_have_keys_of_their_own(made, tmp_path):
    """As a file would be called; the item's own key stands in its fields."""
    export_webdataset(made([{"key": "a/One.jpg", "number": number} for number in range(3)]), tmp_path / "set")

    samples = samples_of(tmp_path / "set")
    assert ["a/One", "a/One_2", "a/One_3"] == [key for key, _ in samples]
    assert "a/One.jpg#2" == json.loads(samples[1][1]["json"])["key"]


def test_nested_values_are_json_in_json(made, tmp_path):
    """And not text that has to be parsed once more."""
    export_webdataset(made([{"key": "a", "number": 1, "boxes": {"cat": [1, 2]}}]), tmp_path / "set")

    assert {"cat": [1, 2]} == json.loads(samples_of(tmp_path / "set")[0][1]["json"])["boxes"]


def test_members_tell_of_no_time_and_no_owner(made, tmp_path):
    """Else two exports would differ."""
    export_webdataset(made(2), tmp_path / "set")

    with tarfile.open(tmp_path / "set" / "00000.tar") as tar:
        assert {(0, 0, 0, "", "", 0o644)} == {
            (info.mtime, info.uid, info.gid, info.uname, info.gname, info.mode) for info in tar
        }


def test_several_outputs_are_told_apart_by_their_columns(made, tmp_path):
    """A photo and its mask stand in one sample."""
    export_webdataset(made(2, graph=pairs), tmp_path / "set")

    assert [{"photo.png", "mask.png", "json"}] * 2 == [
        set(sample) for _, sample in samples_of(tmp_path / "set")
    ]


def test_an_output_that_is_json_does_not_hide_the_fields(made, tmp_path):
    """It stands under its column's name."""

    @step(writes="path")
    def write_json(number: int, path):
        path.write_text("{}")
        return path

    @graph
    def texts(number: int):
        return {"boxes": write_json(number, "{key}.json")}

    export_webdataset(made(1, graph=texts), tmp_path / "set")

    assert {"boxes.json", "json"} == set(samples_of(tmp_path / "set")[0][1])


def test_whole_numbers_are_classes_as_they_are(made, tmp_path):
    """No list of classes is needed."""
    rows = [{"key": str(number), "number": number, "kind": 3 * number} for number in range(3)]

    export_webdataset(made(rows), tmp_path / "set", cls="kind")

    assert [b"0", b"3", b"6"] == [sample["cls"] for _, sample in samples_of(tmp_path / "set")]
    assert not (tmp_path / "set" / "classes.json").exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"text": "nope"}, "text: the report has no column 'nope'"),
        ({"cls": "file"}, "cls: column 'file' names an output file"),
        ({"maxcount": 0}, "maxcount: must be a whole number of 1 or more"),
        ({"maxcount": True}, "maxcount"),
        ({"maxsize": "10"}, "maxsize: a size is a number and a unit"),
        ({"maxsize": -1}, "maxsize"),
        ({"pattern": "shard.tar"}, "pattern"),
        ({"pattern": "../{shard}.tar"}, "pattern"),
        ({"pattern": "{shard}.zip"}, "pattern"),
        ({"pattern": "{number}.tar"}, "pattern"),
    ],
)
def test_an_option_that_cannot_be_is_an_error(made, tmp_path, options, problem):
    """It names the option, before anything is written."""
    with pytest.raises(UsageError, match=problem):
        export_webdataset(made(1), tmp_path / "set", **options)
    assert not (tmp_path / "set").exists()


def test_an_item_without_a_class_is_named(made, tmp_path):
    """A sample without a class would be read as another shape of sample."""
    rows = [{"key": "a", "number": 1, "kind": "x"}, {"key": "b", "number": 2, "kind": None}]

    with pytest.raises(UsageError, match="cls: item 'b' has no 'kind'"):
        export_webdataset(made(rows), tmp_path / "set", cls="kind")


# --- laws --------------------------------------------------------------------------------------------


@given(
    sizes=st.lists(st.integers(0, 50), max_size=30), maxcount=st.integers(1, 9), maxsize=st.integers(1, 90)
)
def test_shards_are_the_samples_in_order_within_the_limits(sizes, maxcount, maxsize):
    """Nothing is lost, doubled or moved; only a sample that is too large itself passes the limit."""
    cutter = Cutter(Limits(maxcount, maxsize))
    shards = [shard for number, size in enumerate(sizes) if (shard := cutter.add((number, size), size))]
    shards += [rest] if (rest := cutter.rest()) else []

    assert list(enumerate(sizes)) == [sample for shard in shards for sample in shard]
    for shard in shards:
        assert 1 <= len(shard) <= maxcount
        assert sum(size for _, size in shard) <= maxsize or len(shard) == 1


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), keys=KEYS, more=KEYS, limits=st.tuples(st.integers(1, 4), st.integers(1, 40_000)))
def test_tars_hold_the_rows_in_order_whatever_the_keys(tmp_path_factory, data, keys, more, limits):
    """
    Concatenated, the shards are the rows; limits hold; keys are apart, have no dot and stay inside; a tar
    brought up to date from another set of rows is the one made afresh.
    """
    folder = tmp_path_factory.mktemp("law")
    maxcount, maxsize = limits
    sizes = [data.draw(st.integers(0, 20_000)) for _ in keys]
    options = {"maxcount": maxcount, "maxsize": maxsize}
    export_webdataset(report_of(folder, more, [7] * len(more)), folder / "set", **options)
    report = report_of(folder, keys, sizes)

    export_webdataset(report, folder / "set", **options)
    export_webdataset(report, folder / "fresh", **options)

    samples = samples_of(folder / "set")
    shown = [key.encode("utf-8", "backslashreplace").decode() for key in keys]
    assert shown == [json.loads(sample["json"])["key"] for _, sample in samples]
    assert sizes == [len(sample["jpg"]) for _, sample in samples]
    assert len(keys) == len({key for key, _ in samples})
    for key, _ in samples:
        assert "." not in key
        assert not key.startswith("/")
        assert all(len(part.encode()) <= 230 for part in key.split("/"))
    for path in sorted((folder / "set").glob("*.tar")):
        count = sum(tar == path.name for tar, name, _ in members_of(folder / "set") if name.endswith(".json"))
        assert 1 <= count <= maxcount
        assert path.stat().st_size <= maxsize or count == 1
    fresh = {path.name: path.read_bytes() for path in (folder / "fresh").iterdir()}
    assert fresh == {path.name: path.read_bytes() for path in (folder / "set").iterdir()}


@pytest.mark.parametrize(("maxsize", "tars"), [(20_479, 2), (20_480, 2), (40_000, 1)])
def test_the_end_of_a_tar_counts(tmp_path, maxsize, tars):
    """A tar is filled up to whole records; two samples of 6.5 kB take 20 kB, and never more than was asked."""
    report = report_of(tmp_path, ["a", "b"], [5120, 5120])

    export_webdataset(report, tmp_path / "set", maxsize=maxsize)

    sizes = [path.stat().st_size for path in (tmp_path / "set").glob("*.tar")]
    assert tars == len(sizes)
    assert max(sizes) <= maxsize


def test_appending_items_leaves_full_shards_alone(made, tmp_path):
    """Only the last one, and new ones, are written."""
    export_webdataset(made(5), tmp_path / "set", maxcount=2)

    exported = export_webdataset(made(rows_of(7)), tmp_path / "set", maxcount=2)

    assert (2, 2) == (exported.kept, exported.written)
