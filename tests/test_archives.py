"""Members of zips and tars: what is listed, what is read, and when an item made of one is made again."""

import os
import pickle
import random
import shutil
import tarfile
import tempfile
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws_sources import check_source
from parts_drawn import picture_bytes, write_tar, write_zip
from runs import EXECUTORS, counted, outcomes
from witness import age, outputs_of

from creevey_graph import graph, step
from creevey_graph.errors import (
    CreeveyError,
    ImageError,
    SourceChanged,
    SourceError,
    SourceNotFound,
    UsageError,
)
from creevey_graph.fingerprint.files import Stat
from creevey_graph.images import load_image, mean_brightness, write_image
from creevey_graph.parts import Member, list_members, part_at
from creevey_graph.parts.shelf import Rack, Shelf
from creevey_graph.sources import archive, files, open_source, webdataset

NAMES = ("a.png", "in/b.png", "in/deeper/c.png", "d.png")
WRITERS = {
    "x.zip": write_zip,
    "x.tar": write_tar,
    "x.tar.gz": lambda path, members: write_tar(path, members, "w:gz"),
    "x.tar.bz2": lambda path, members: write_tar(path, members, "w:bz2"),
    "x.tar.xz": lambda path, members: write_tar(path, members, "w:xz"),
}


@graph
def copies(photo: Path):
    image = load_image(photo)
    return {
        "file": write_image(image, "x{parent}/{stem}-small{suffix}"),
        "brightness": mean_brightness(image),
    }


@step
def length(photo) -> int:
    return len(photo.read_bytes())


@graph
def lengths(photo):
    return {"bytes": length(photo)}


def drawn(names=NAMES, first=0):
    return {name: picture_bytes(first + number) for number, name in enumerate(names)}


def keys(source):
    return [item.key for item in source]


def reads(monkeypatch, calls):
    """Count members that are read."""
    counted(monkeypatch, calls, "creevey_graph.parts.members.Member._blocks")


def contents_or_error(path):
    try:
        return {item.values[0].read_bytes() for item in archive(path)}, ""
    except CreeveyError as exc:
        return set(), str(exc)


# Listing


@pytest.mark.parametrize("name", WRITERS)
def test_the_pictures_of_an_archive_are_items(tmp_path, name):
    """Each picture, sorted by name, is an item that is read like a file."""
    members = {**drawn(), "notes.txt": b"no picture", "in/e.PNG": picture_bytes(9)}
    path = WRITERS[name](tmp_path / name, members)

    source = open_source(str(path), ["photo"])

    assert sorted([*NAMES, "in/e.PNG"]) == keys(source)
    for item in source:
        (member,) = item.values
        assert members[item.key] == member.read_bytes() == member.open().read()
        assert f"{path}/{item.key}" == item.source == str(member)
        assert Path(item.key).parts[-1] == member.name
        assert (Path(item.key).stem, Path(item.key).suffix) == (member.stem, member.suffix)
        assert str(Path(item.key).parent) == str(member.parent)
        assert member == pickle.loads(pickle.dumps(member))
        assert member == part_at(member.address)
        assert hash(member) == hash(part_at(member.address))
        assert load_image(member).size == (20, 16)


def test_several_archives_are_told_apart_by_their_names(tmp_path):
    """Of a folder, a glob or a list, the archive's name stands before the member's."""
    for name in ("p.zip", "q.zip"):
        write_zip(tmp_path / name, drawn(["a.png"]))
    write_tar(tmp_path / "r.tar", drawn(["a.png"]))

    assert ["p.zip/a.png", "q.zip/a.png", "r.tar/a.png"] == keys(archive(tmp_path))
    assert ["p.zip/a.png", "q.zip/a.png"] == keys(archive(tmp_path / "*.zip"))
    two = [tmp_path / "q.zip", str(tmp_path / "p.zip")]
    assert [f"{path}/a.png" for path in two] == keys(archive(two))
    assert ["a.png"] == keys(archive([tmp_path / "q.zip"]))


def test_suffixes_are_chosen(tmp_path):
    """Other members than pictures are listed by their suffixes, in either case."""
    path = write_zip(tmp_path / "x.zip", {"a.TXT": b"1", "b.png": b"2"})

    assert ["a.TXT"] == keys(archive(path, suffixes=["txt"]))
    assert "hello" == Member(write_zip(tmp_path / "y.zip", {"t": b"hello"}), "t").read_text()


def test_what_is_hidden_or_leads_outside_is_left_out(tmp_path):
    """Names that would leave a folder are left out and told; hidden ones, and what macOS adds, in silence."""
    names = [
        "ok.png",
        "../up.png",
        "/root.png",
        "in/../../x.png",
        "C:/d.png",
        "\\\\host\\e.png",
        "in\\..\\f.png",
    ]
    hidden = [".hidden.png", "in/.git/a.png", "__MACOSX/ok.png", "__MACOSX/._ok.png", "._b.png"]
    for make in (write_zip, write_tar):
        source = archive(make(tmp_path / "x", drawn([*names, *hidden, "./dot.png"])))

        assert ["dot.png", "ok.png"] == keys(source)
        assert 1 == len(source.notices)
        assert "6 members are left out (leads outside)" in source.notices[0]


def test_a_zero_byte_in_a_name_is_no_shorter_name(tmp_path):
    """Zipfile cuts such a name, which would let it stand for another; it is left out and told."""
    data = write_zip(tmp_path / "x.zip", drawn(["a.png", "b.pngX"])).read_bytes()
    (tmp_path / "x.zip").write_bytes(data.replace(b"b.pngX", b"b\0.png"))

    source = archive(tmp_path / "x.zip")

    assert ["a.png"] == keys(source)
    assert "zero byte" in source.notices[0]


def test_of_one_name_the_last_counts(tmp_path):
    """As where all are unpacked in their order; that there were several is told."""
    tar = tmp_path / "x.tar"
    write_tar(tar, {"a.png": b"first"})
    write_tar(tar, {"./a.png": b"second"}, "a")
    twice = write_zip(tmp_path / "x.zip", {"a.png": b"first", "b.png": b"second"})
    twice.write_bytes(twice.read_bytes().replace(b"b.png", b"a.png"))

    for path in (tar, twice):
        source = archive(path)
        assert ["a.png"] == keys(source)
        assert b"second" == next(iter(source)).values[0].read_bytes()
        assert "1 member is left out (there again under one name)" in source.notices[0]


def test_links_are_left_out(tmp_path):
    """A link names another file, perhaps outside; folders are no members."""
    entries = drawn(["a.png"])
    for name, kind in (("b.png", tarfile.SYMTYPE), ("c.png", tarfile.LNKTYPE), ("d.png", tarfile.FIFOTYPE)):
        entries[name] = tarfile.TarInfo(name)
        entries[name].type, entries[name].linkname = kind, "/etc/passwd"
    entries["e.png"] = tarfile.TarInfo("e.png")
    entries["e.png"].type = tarfile.DIRTYPE
    source = archive(write_tar(tmp_path / "x.tar", entries))
    link = zipfile.ZipInfo("l.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
        file.writestr("f.png/", "")

    assert ["a.png"] == keys(source)
    assert 3 == len(source.notices)
    assert (("l.png", "is a symbolic link"),) == list_members(tmp_path / "x.zip").left_out
    with pytest.raises(
        SourceNotFound, match=r"no member ends in .* 1 member is left out \(is a symbolic link\)"
    ):
        archive(tmp_path / "x.zip")


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ("missing.zip", SourceNotFound, "missing.zip"),
        (["missing.zip"], SourceNotFound, "missing.zip"),
        ([], SourceNotFound, "archive"),
        (7, UsageError, "expected a path, a glob or a list of paths"),
        ([7], UsageError, "expected paths"),
        (b"x.zip", UsageError, "expected a path"),
    ],
)
def test_what_is_no_archive_is_said(tmp_path, monkeypatch, given, error, text):
    """A name that is not there, and a value that is no name, are clear errors."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=text):
        archive(given)
    with pytest.raises(UsageError, match="max_bytes"):
        archive(given, max_bytes=0)


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
@pytest.mark.parametrize("data", [b"", b"<!doctype html>", bytes(300), b"PK", b"\x1f\x8b", picture_bytes(1)])
def test_a_file_that_is_no_archive_is_an_error(tmp_path, name, data):
    """An empty file, a web page and a picture under an archive's name are refused with its name."""
    (tmp_path / name).write_bytes(data)

    with pytest.raises(SourceError, match=name):
        archive(tmp_path / name)


@pytest.mark.parametrize("name", WRITERS)
def test_an_archive_cut_anywhere_is_told(tmp_path, name):
    """However much is missing: it cannot be listed, a member fails, or a notice tells of the missing end."""
    path = WRITERS[name](tmp_path / name, drawn())
    data, whole = path.read_bytes(), drawn()
    ends = {*range(0, len(data), 97), *range(0, len(data), 512), len(data) - 1}
    unpadded = len(data) - 10240 if name == "x.tar" else len(data)
    for end in sorted(ends):
        path.write_bytes(data[:end])
        try:
            source = archive(path)
            found = {item.key: item.values[0].read_bytes() for item in source}
        except CreeveyError:
            continue
        assert found.items() <= whole.items()
        assert found == whole or source.notices
        assert end >= unpadded or source.notices


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("byte", [0, 0xFF])
def test_an_archive_damaged_anywhere_raises_errors_of_ours(tmp_path, name, byte):
    """Whichever byte is overwritten, in headers too: what comes is right, or an error names the archive."""
    path = WRITERS[name](tmp_path / name, drawn())
    data, whole = path.read_bytes(), set(drawn().values())
    has_checksums = name != "x.tar"
    for place in range(0, len(data), 3 if len(data) < 2000 else 23):
        path.write_bytes(data[:place] + bytes([byte]) + data[place + 1 :])
        found, error = contents_or_error(path)
        assert found <= whole or not has_checksums
        assert found or name in error


def test_a_damaged_member_fails_alone(tmp_path):
    """A checksum that does not hold costs its own item; the others are done."""
    path = write_zip(tmp_path / "x.zip", drawn(), zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.index(picture_bytes(1)) + 30] ^= 255
    path.write_bytes(data)

    report = lengths.run(archive(path), cache=False)

    assert ["done", "done", "failed", "done"] == outcomes(report)
    assert "member 'in/b.png' cannot be read (Bad CRC-32" in report.rows[2].error


def test_a_member_that_is_encrypted_fails_with_that_word(tmp_path):
    """Such a member is an error of its item."""
    data = bytearray(write_zip(tmp_path / "x.zip", drawn(["a.png"])).read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(data)

    with pytest.raises(SourceError, match="encrypted"):
        next(iter(archive(tmp_path / "x.zip"))).values[0].read_bytes()


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    """What says it has more bytes than allowed is refused before one is unpacked, by the look too."""
    path = write_zip(tmp_path / "x.zip", {"a.png": bytes(10**6), "b.png": b"b"})
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.parts.zips.ZipArchive.blocks")

    report = lengths.run(archive(path, max_bytes=10**5), cache=False)

    assert ["failed", "done"] == outcomes(report)
    assert "has 1000000 bytes, more than max_bytes=100000" in report.rows[0].error
    assert b"b" == Member(path, "b.png", 1).read_bytes()


def test_a_member_that_lies_about_its_size_is_an_error(tmp_path):
    """No more is unpacked than a member says it has, and then its checksum does not hold."""
    path = write_zip(tmp_path / "x.zip", {"a.png": bytes(10**6)})
    data = path.read_bytes().replace((10**6).to_bytes(4, "little"), (10**3).to_bytes(4, "little"))
    path.write_bytes(data)

    with pytest.raises(SourceError, match=r"a\.png"):
        Member(path, "a.png").read_bytes()


def test_a_compressed_tar_that_unpacks_to_far_more_is_refused(tmp_path, monkeypatch):
    """Both the listing and the reading of a compressed tar stop at a multiple of its size."""
    monkeypatch.setattr("creevey_graph.parts.tars.SPARE_UNPACKED_BYTES", 0)
    path = write_tar(tmp_path / "x.tar.gz", {"a.png": bytes(10**7), "b.png": b""}, "w:gz")

    with pytest.raises(SourceError, match="unpacks to more than"):
        archive(path)
    with pytest.raises(SourceError, match="unpacks to more than"):
        Member(path, "a.png").read_bytes()


def test_a_member_is_only_read(tmp_path):
    """Another mode, a member that is not there and one of no archive are clear errors."""
    path = write_zip(tmp_path / "x.zip", drawn(["a.png"]))
    with pytest.raises(UsageError, match="'rb'"):
        Member(path, "a.png").open("w")
    with pytest.raises(SourceError, match=r"no member 'b\.png'"):
        Member(path, "b.png").read_bytes()
    with pytest.raises(FileNotFoundError):
        Member(tmp_path / "none.zip", "a.png").read_bytes()
    with pytest.raises(ImageError, match=r"x\.zip/t\.png: empty, no picture"):
        load_image(Member(write_zip(path, {"t.png": b""}), "t.png"))


# Running


@pytest.mark.parametrize("name", WRITERS)
def test_a_second_run_reads_and_executes_nothing(tmp_path, monkeypatch, name):
    """Where the archive's stat is as it was, no member is read."""
    age(monkeypatch)
    path = WRITERS[name](tmp_path / name, drawn())
    first = copies.run(str(path), out=tmp_path / "out", cache=tmp_path / "cache", jobs=1)
    calls = Counter()
    reads(monkeypatch, calls)

    second = copies.run(str(path), out=tmp_path / "out", cache=tmp_path / "cache", jobs=1)

    assert (["done"] * 4, ["cached"] * 4) == (outcomes(first), outcomes(second))
    assert 0 == calls["_blocks"]
    written = {"x/a-small.png", "x/d-small.png", "xin/b-small.png", "xin/deeper/c-small.png"}
    assert written == set(outputs_of(tmp_path / "out"))


@pytest.mark.parametrize("name", WRITERS)
def test_an_edit_of_a_member_remakes_its_item_alone(tmp_path, monkeypatch, name):
    """The others are read once more, since the archive changed, and nothing is made of them."""
    age(monkeypatch)
    path = WRITERS[name](tmp_path / name, drawn())
    arguments = {"out": tmp_path / "out", "cache": tmp_path / "cache", "jobs": 1}
    copies.run(str(path), **arguments)
    WRITERS[name](path, {**drawn(), "d.png": picture_bytes(77)})

    plan = copies.plan(str(path), out=tmp_path / "out", cache=tmp_path / "cache")
    report = copies.run(str(path), **arguments)

    assert {"input changed": 1} == dict(plan.reasons)
    assert ["cached", "done", "cached", "cached"] == outcomes(report)
    assert "input changed" == report.rows[1].reason
    calls = Counter()
    reads(monkeypatch, calls)
    assert ["cached"] * 4 == outcomes(copies.run(str(path), **arguments))
    assert 0 == calls["_blocks"]


def test_an_archive_written_anew_with_equal_members_remakes_nothing(tmp_path, monkeypatch):
    """Another order, another compression: each member is read once, nothing is executed, and then nothing is read."""
    age(monkeypatch)
    path = write_zip(tmp_path / "x.zip", drawn())
    arguments = {"cache": tmp_path / "cache", "jobs": 1}
    lengths.run(str(path), **arguments)
    path.unlink()
    write_zip(path, dict(reversed(drawn().items())), zipfile.ZIP_STORED)
    calls = Counter()
    reads(monkeypatch, calls)

    report = lengths.run(str(path), **arguments)

    assert ["cached"] * 4 == outcomes(report)
    assert 4 == calls["_blocks"]
    lengths.run(str(path), **arguments)
    assert 4 == calls["_blocks"]


def test_a_second_copy_is_a_hit_whatever_it_is_called(tmp_path, monkeypatch):
    """Neither the archive's name nor the member's counts, nor which kind of archive it is."""
    age(monkeypatch)
    lengths.run(str(write_zip(tmp_path / "x.zip", {"a.png": b"abc"})), cache=tmp_path / "cache")

    path = write_tar(tmp_path / "other.tar", {"b.png": b"abc", "c.png": b"abcd"})
    report = lengths.run(str(path), cache=tmp_path / "cache")

    assert ["cached", "done"] == outcomes(report)
    assert [3, 4] == [row.fields["bytes"] for row in report.rows]


@step
def called(photo) -> str:
    return f"{photo.parent}|{photo.name}"


@graph
def names(photo):
    return {"name": called(photo)}


def test_a_step_that_uses_a_members_name_is_not_given_anothers(tmp_path, monkeypatch):
    """Two members of equal bytes keep their own names, as two files do."""
    age(monkeypatch)
    path = write_zip(tmp_path / "x.zip", {"a.png": b"abc", "in/b.png": b"abc"})

    for _ in range(2):
        report = names.run(str(path), cache=tmp_path / "cache")
        assert [".|a.png", "in|b.png"] == [row.fields["name"] for row in report.rows]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
def test_every_executor_gives_the_same(tmp_path, executor, name):
    """Members travel to threads and processes; what comes out is what the pictures in a folder give."""
    members = drawn([f"{folder}/{number:02}.png" for folder in "ab" for number in range(10)])
    for key, data in members.items():
        (tmp_path / "in" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / key).write_bytes(data)
    path = WRITERS[name](tmp_path / name, members)
    copies.run(tmp_path / "in", out=tmp_path / "expected", cache=False, executor="serial")

    report = copies.run(str(path), out=tmp_path / "out", cache=tmp_path / "cache", executor=executor, jobs=2)

    assert ["done"] * 20 == outcomes(report)
    assert outputs_of(tmp_path / "expected") == outputs_of(tmp_path / "out")


def test_a_member_that_is_gone_leaves_an_orphan_and_another_archive_none(tmp_path, monkeypatch):
    """What was made of a deleted member can be pruned; what was made of an archive that is not listed today stays."""
    age(monkeypatch)
    for name in "pqr":
        write_zip(tmp_path / f"{name}.zip", drawn([f"{name}1.png", f"{name}2.png"], ord(name)))
    arguments = {"out": tmp_path / "out", "cache": tmp_path / "cache", "prune": True}
    copies.run(archive(tmp_path / "*.zip"), **arguments)
    write_zip(tmp_path / "p.zip", drawn(["p1.png"], ord("p")))

    report = copies.run(archive(tmp_path / "[pq].zip"), **arguments)

    left = {Path(name).name for name in outputs_of(tmp_path / "out")}
    assert 1 == report.pruned
    assert {f"{name}-small.png" for name in ("p1", "q1", "q2", "r1", "r2")} == left


def test_an_archive_that_is_broken_among_others_is_one_failed_item(tmp_path):
    """One bad file does not keep the others from being done."""
    write_zip(tmp_path / "a.zip", drawn(["a.png"]))
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 no more of it")

    report = lengths.run(archive(tmp_path), cache=False)

    assert ["a.zip/a.png", "b.zip"] == [row.key for row in report.rows]
    assert ["done", "failed"] == outcomes(report)
    assert "no zip archive" in report.rows[1].error


def test_the_run_tells_what_the_source_left_out(tmp_path):
    """A source's notices stand in the report."""
    report = lengths.run(archive(write_zip(tmp_path / "x.zip", drawn(["a.png", "../b.png"]))), cache=False)

    assert any("'../b.png'" in text for text in report.notices)


def test_an_output_in_place_of_the_archive_is_refused(tmp_path):
    """A template that leads to the archive itself fails the item, on the first run and on the next."""
    path = write_zip(tmp_path / "x.png", drawn(["x.png"]))

    @graph
    def over(photo):
        return write_image(load_image(photo), "{name}")

    for _ in range(2):
        report = over.run(archive(path), out=tmp_path, cache=tmp_path / "cache")
        assert ["failed"] == outcomes(report)
        assert "would replace the item's own file" in report.rows[0].error
    assert zipfile.is_zipfile(path)


def test_explain_finds_a_member_by_key_and_by_what_the_report_shows(tmp_path, monkeypatch):
    """After an edit of one member, its explanation names it; that of another has nothing to do."""
    age(monkeypatch)
    path = write_zip(tmp_path / "x.zip", drawn())
    arguments = {"out": tmp_path / "out", "cache": tmp_path / "cache"}
    copies.run(str(path), **arguments)
    write_zip(path, {**drawn(), "d.png": picture_bytes(77)})

    for name in ("d.png", f"{path}/d.png"):
        assert f"the file '{path}/d.png'" in str(copies.explain(name, **arguments))
    assert "input changed" not in str(copies.explain("in/b.png", **arguments))


def test_an_archive_that_changes_while_a_step_runs_is_not_kept(tmp_path):
    """What was made of a member that changed meanwhile is thrown away."""
    path = write_zip(tmp_path / "x.zip", {"a.png": b"abc"})

    @step
    def reads_and_edits(photo) -> int:
        data = photo.read_bytes()
        write_zip(path, {"a.png": data + b"x"})
        return len(data)

    @graph
    def editing(photo):
        return {"bytes": reads_and_edits(photo)}

    report = editing.run(archive(path), cache=tmp_path / "cache", executor="serial")

    assert ["failed"] == outcomes(report)
    assert "changed while it was read" in report.rows[0].error
    assert "\0" not in report.rows[0].error


def test_an_archive_that_changes_while_a_member_is_digested_is_told(tmp_path, monkeypatch):
    """The stat is taken before and after."""
    path = write_zip(tmp_path / "x.zip", {"a.png": b"abc"})
    digest = Member.digest

    def edit_and_digest(self):
        found = digest(self)
        write_zip(path, {"a.png": b"abcd"})
        return found

    monkeypatch.setattr(Member, "digest", edit_and_digest)
    from creevey_graph.parts import digest_of

    with pytest.raises(SourceChanged, match=r"x\.zip/a\.png"):
        digest_of(Member(path, "a.png"))


def test_rows_hold_members_beside_other_values(tmp_path, monkeypatch):
    """A member in a table, or in a list, counts by its content too."""
    age(monkeypatch)

    @step
    def total(photos: list, plus: int) -> int:
        return sum(len(photo.read_bytes()) for photo in photos) + plus

    @graph
    def totals(photos, plus):
        return {"bytes": total(photos, plus)}

    path = write_zip(tmp_path / "x.zip", {"a.png": b"abc", "b.png": b"de"})
    rows = [{"photos": [Member(path, "a.png"), Member(path, "b.png")], "plus": 1}]
    found = []
    for _ in range(2):
        found += totals.run(rows, cache=tmp_path / "cache").rows
    write_zip(path, {"a.png": b"abc", "b.png": b"def"})
    found += totals.run(rows, cache=tmp_path / "cache").rows

    assert [("done", 6), ("cached", 6), ("done", 7)] == [
        (str(row.outcome), row.fields["bytes"]) for row in found
    ]


def test_a_report_names_a_member_that_a_graph_returns(tmp_path):
    """An input among the outputs is shown as the source is."""

    @graph
    def named(photo):
        return {"photo": photo, "bytes": length(photo)}

    path = write_zip(tmp_path / "x.zip", drawn(["a.png"]))
    assert f"{path}/a.png" == named.run(str(path), cache=False).rows[0].fields["photo"]


_NAME = st.lists(
    st.sampled_from(["a", "b", "..", ".", ".h", "__MACOSX", "ü", " ", "\n", "C:x", ""]), min_size=1
)


@given(
    st.dictionaries(_NAME.map(lambda parts: "/".join(parts) + ".png"), st.binary(max_size=40), max_size=8),
    st.sampled_from(sorted(WRITERS)),
)
@settings(max_examples=60, deadline=None)
def test_whatever_an_archive_holds_its_names_are_safe_and_its_bytes_right(members, name):
    """Keys stay below a folder and are unique, and each item has the bytes of a member of that name."""
    with tempfile.TemporaryDirectory() as folder:
        path = WRITERS[name](Path(folder) / name, members)
        try:
            source = archive(path)
        except SourceNotFound:
            return
        check_source(source)
        for item in source:
            parts = item.key.split("/")
            assert not {"", ".", "..", "__MACOSX"}.intersection(parts)
            assert not any(part.startswith(".") for part in parts)
            same = [data for raw, data in members.items() if raw[0] != "/" and [*_plain(raw)] == parts]
            assert same[-1] == item.values[0].read_bytes()


def _plain(name):
    return (part for part in name.split("/") if part not in ("", "."))


@pytest.mark.skipif("CREEVEY_CORPUS" not in os.environ, reason="CREEVEY_CORPUS names no folder of pictures")
@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
def test_real_pictures_load_from_an_archive_as_from_a_folder(tmp_path, name):
    """Every picture of the corpus's orientations, byte for byte."""
    folder = Path(os.environ["CREEVEY_CORPUS"]) / "orientation"
    names = [item.key for item in files(folder)]
    path = WRITERS[name](tmp_path / name, {key: (folder / key).read_bytes() for key in names})

    source = archive(path)

    assert names == keys(source)
    for item in source:
        assert load_image(folder / item.key).tobytes() == load_image(item.values[0]).tobytes()


# Reading


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
def test_an_archive_is_opened_once_for_all_its_members(tmp_path, monkeypatch, name):
    """However many members are read, by however many threads, its list of members is read once."""
    age(monkeypatch)
    members = {f"{number:03}.png": bytes([number]) * 100 for number in range(100)}
    path = WRITERS[name](tmp_path / name, members)
    calls = Counter()
    counted(
        monkeypatch,
        calls,
        "zipfile.ZipFile.__init__" if name == "x.zip" else "creevey_graph.parts.tars._index",
    )
    parts = [Member(path, key) for key in members] * 3
    random.Random(1).shuffle(parts)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(Member.read_bytes, parts))

    assert [members[part.inner] for part in parts] == found
    assert 1 == sum(calls.values())


def test_the_shelf_closes_what_it_drops(tmp_path, monkeypatch):
    """No more stay open than it may hold; what is still read is closed afterwards."""
    age(monkeypatch)
    opened, closed = [], []

    class Thing:
        def __init__(self, path):
            self.path = Path(path).name
            opened.append(self.path)

        def close(self):
            closed.append(self.path)

    for name in "abcd":
        (tmp_path / name).write_bytes(b"")
    shelf = Shelf(Thing, most=2)
    with shelf.lent(tmp_path / "a") as first:
        for name in "bcd":
            with shelf.lent(tmp_path / name):
                pass
        assert "a" == first.path
        assert "a" not in closed
    with shelf.lent(tmp_path / "d"):
        pass

    assert (list("abcd"), ["b", "c"]) == (opened, closed)
    shelf.close()
    assert ["b", "c", "a", "d"] == closed
    rack = Rack(Thing, most=1)
    with rack.lent(tmp_path / "a", lambda _: 0), rack.lent(tmp_path / "a", lambda _: 0):
        pass
    with pytest.raises(ValueError, match="x"), rack.lent(tmp_path / "a", lambda _: 0):
        raise ValueError("x")
    assert ["a", "a"] == closed[4:]


def test_what_was_written_just_now_is_not_kept_open(tmp_path, monkeypatch):
    """An edit in the same tick of the clock does not show in the stat, so the archive is opened anew."""
    path = write_tar(tmp_path / "x.tar", {"a.png": b"abc", "b.png": b"xyz"})
    same = Stat.of(path)
    monkeypatch.setattr(Stat, "of", lambda _: same)
    assert b"abc" == Member(path, "a.png").read_bytes()

    write_tar(path, {"b.png": b"xyz", "a.png": b"new"})

    assert b"new" == Member(path, "a.png").read_bytes()


def test_nothing_is_left_in_the_temporary_folder(tmp_path, monkeypatch):
    """A compressed tar is unpacked to a file without a name."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "scratch").mkdir()
    path = write_tar(tmp_path / "x.tar.gz", drawn(), "w:gz")

    for item in archive(path):
        assert drawn()[item.key] == item.values[0].read_bytes()
    assert [] == list((tmp_path / "scratch").iterdir())


def test_a_plain_file_is_looked_at_as_before(tmp_path, monkeypatch):
    """Parts cost files nothing but one look at their text: no part is made for them."""
    calls = Counter()
    for name in ("member", "frame"):
        counted(monkeypatch, calls, f"creevey_graph.parts.looks._{name}")
    (tmp_path / "in").mkdir()
    for name, data in drawn(["a.png", "b.png"]).items():
        (tmp_path / "in" / name).write_bytes(data)

    for _ in range(2):
        copies.run(tmp_path / "in", out=tmp_path / "out", cache=tmp_path / "cache", jobs=1)

    assert Counter() == calls


# WebDataset


def sample(number, **more):
    return {
        f"s/{number:04}.jpg": picture_bytes(number, "jpg"),
        f"s/{number:04}.json": b'{"caption": "no. %d"}' % number,
        f"s/{number:04}.cls": b"%d" % number,
        **{f"s/{number:04}.{extension}": data for extension, data in more.items()},
    }


def test_a_webdataset_yields_samples_with_their_texts(tmp_path):
    """Members of one key are one item: the picture its value, the texts its columns."""
    write_tar(tmp_path / "00.tar", {**sample(2), **sample(1, txt="ü".encode())})
    write_tar(tmp_path / "01.tar.gz", {**sample(1), "README": b"", "note.txt.bak": b""} | sample(3), "w:gz")
    (tmp_path / "x").mkdir()
    shutil.move(tmp_path / "01.tar.gz", tmp_path / "x" / "01.tar.gz")

    source = webdataset(tmp_path / "00.tar")

    assert ["s/0001", "s/0002"] == keys(source)
    assert ("cls", "json", "txt") == source.columns
    assert [
        {"cls": 1, "json": {"caption": "no. 1"}, "txt": "ü"},
        {"cls": 2, "json": {"caption": "no. 2"}, "txt": None},
    ] == [item.columns for item in source]
    report = lengths.run(source, cache=False)
    assert [len(picture_bytes(1, "jpg")), len(picture_bytes(2, "jpg"))] == [
        r.fields["bytes"] for r in report.rows
    ]
    with pytest.raises(SourceError, match="sample 'note': expected one picture"):
        webdataset(tmp_path / "x")
    named = webdataset(tmp_path / "00.tar", images=("jpg", ".JSON"))
    assert [("s/0001.jpg", "s/0001.json")] == [tuple(m.inner for m in item.values) for item in named][:1]


@pytest.mark.parametrize(
    ("members", "arguments", "error", "text"),
    [
        ({"a.json": b"{}"}, {}, SourceError, "expected one picture"),
        ({"a.jpg": b"", "a.png": b""}, {}, SourceError, "name those meant"),
        ({"a.jpg": b""}, {"images": ["png"]}, SourceError, r"no member 'png' \(has: jpg\)"),
        ({"a.jpg": b"", "a.json": b"{"}, {}, SourceError, r"'a\.json' is no JSON"),
        ({"a.jpg": b"", "a.json": b"[" * 10**5}, {}, SourceError, r"a\.json"),
        ({"a.jpg": b"", "a.cls": b"x"}, {}, SourceError, "whole number"),
        ({"a.jpg": b"", "a.txt": b"\xff"}, {}, SourceError, "no text"),
        ({}, {}, SourceNotFound, "no sample"),
        ({"a.jpg": b""}, {"images": "jpg"}, UsageError, "images must be"),
        ({"a.jpg": b""}, {"images": []}, UsageError, "images must be"),
    ],
)
def test_a_webdataset_that_does_not_hold_together_is_an_error(tmp_path, members, arguments, error, text):
    """What is missing, there twice or no text is told with tar, sample and member."""
    path = write_tar(tmp_path / "x.tar", members)
    with pytest.raises(error, match=text):
        webdataset(path, **arguments)


def test_one_key_in_two_shards_is_two_items(tmp_path):
    """Keys stay unique over all tars."""
    for name in ("0.tar", "1.tar"):
        write_tar(tmp_path / name, sample(1))

    assert ["s/0001", "s/0001#2"] == keys(webdataset(tmp_path))
