"""Sources: what is listed, in which order, under which key, and what is refused."""

import json
import os
import pickle
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws_sources import check_source
from parts_drawn import write_tar, write_video
from PIL import Image

from creevey_graph.errors import SourceError, SourceNotFound, UsageError
from creevey_graph.sources import SOURCES, Item, Source, files, open_source, table, url_list
from creevey_graph.sources.base import unique_keys
from creevey_graph.sources.files import PICTURE_SUFFIXES, UNREAD_SUFFIXES

URL = "http://127.0.0.1/a.jpg"


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def keys(source: Source) -> list[str]:
    return [item.key for item in source]


# The laws


def source_of(name: str, folder: Path) -> Source:
    make(folder, "a.jpg", "b/a.JPG", "ü [x] #.png")
    rows = [{"photo": "a.jpg", "label": 1}, {"photo": "a.jpg", "label": 2, "id": "b"}]
    names = ("a.jpg", "b/a.jpg", "b/a.txt", "c.jpg", "c.json")
    if name in ("archive", "webdataset"):
        write_tar(folder / "x.tar", dict.fromkeys(names, b"{}"))
    if name == "remote":
        fs = pytest.importorskip("fsspec").filesystem("memory")
        fs.rm("/laws", recursive=True) if fs.exists("/laws") else None
        fs.pipe({"/laws/a.jpg": b"a", "/laws/b/c.jpg": b"c"})
    if name == "video":
        write_video(folder / "x.mp4", 30)
    arguments = {
        "files": ((folder,), {}),
        "urls": (([URL, "a.jpg", URL, Path("b.jpg"), URL + "#2"],), {}),
        "table": ((rows,), {"inputs": ["photo"]}),
        "image_folder": ((folder,), {}),
        "archive": ((folder / "x.tar",), {}),
        "webdataset": ((folder / "x.tar",), {}),
        "remote": (("memory://laws",), {}),
        "video": ((folder / "x.mp4",), {"fps": 5}),
    }[name]
    return SOURCES[name](*arguments[0], **arguments[1])


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_keeps_the_laws(name, tmp_path):
    """Each entry of the table passes the law checker, and travels to a process."""
    source = source_of(name, tmp_path)
    check_source(source)
    assert len(source) > 1
    check_source(pickle.loads(pickle.dumps(source)))


@attrs.define
class Broken:
    items: list
    length: int = 2
    once: bool = False
    input_root: Path | None = None
    columns: tuple = ()

    def __iter__(self):
        items, self.items = self.items, [] if self.once else self.items
        return iter(items)

    def __len__(self):
        return self.length


GOOD = [Item(0, "a", "a", ("a",)), Item(1, "b", "b", ("b",))]


@pytest.mark.parametrize(
    "broken",
    [
        Broken(GOOD, length=3),
        Broken(GOOD, once=True),
        Broken([GOOD[0], attrs.evolve(GOOD[1], key="a")]),
        Broken([GOOD[0], attrs.evolve(GOOD[1], index=0)]),
        Broken([GOOD[0], attrs.evolve(GOOD[1], values=())]),
        Broken(GOOD, columns=("label",)),
        GOOD,
    ],
)
def test_the_laws_can_be_broken(broken):
    """The law checker rejects sources that are wrong in one way each."""
    check_source(Broken(GOOD))
    with pytest.raises(AssertionError):
        check_source(broken)


# Keys


def test_the_second_of_a_kind_is_numbered():
    """Duplicates are numbered in order; a key that is there already keeps its name."""
    assert keys(url_list(["a", "b", "a", "a"])) == ["a", "b", "a#2", "a#3"]
    assert keys(url_list(["a", "a", "a#2", "a#2"])) == ["a", "a#3", "a#2", "a#2#2"]


@given(st.lists(st.sampled_from(["a", "b", "a#2", "a#2#2", "a#3", "b#2"])))
def test_keys_become_unique_and_the_first_keeps_its_own(given_keys):
    """Whatever is given, keys end up unique, and the first of each kind unchanged."""
    unique = unique_keys(given_keys)
    assert len(set(unique)) == len(unique) == len(given_keys)
    for key in set(given_keys):
        assert unique[given_keys.index(key)] == key


# Files


def test_a_folder_lists_its_pictures_sorted(tmp_path):
    """Pictures at any depth, in either case, by code point; nothing hidden, nothing of ours."""
    make(tmp_path, "b.jpg", "B.JPEG", "a/z.png", "a.png", "a/é.tif", "notes.txt", "noext", "jpg")
    make(tmp_path, ".hidden.jpg", ".git/x.jpg", ".creevey/values/x.jpg", ".creevey-tmp-1-2.jpg")
    source = files(tmp_path)
    assert keys(source) == ["B.JPEG", "a.png", "a/z.png", "a/é.tif", "b.jpg"]
    assert [item.values for item in source] == [(tmp_path / key,) for key in keys(source)]
    assert [item.source for item in source] == [str(tmp_path / key) for key in keys(source)]
    assert (source.input_root, source.columns, source.is_recursive) == (tmp_path, (), True)


def test_a_folder_alone(tmp_path):
    """`recursive=False` stays in the folder."""
    make(tmp_path, "a.jpg", "b/c.jpg")
    source = files(tmp_path, recursive=False)
    assert (keys(source), source.is_recursive) == (["a.jpg"], False)


@pytest.mark.parametrize("suffixes", [[".TXT"], ["txt"], ".txt"])
def test_suffixes_are_chosen(tmp_path, suffixes):
    """Suffixes match in either case, with or without their dot."""
    make(tmp_path, "a.Txt", "b.jpg", "ctxt")
    assert keys(files(tmp_path, suffixes=suffixes)) == ["a.Txt"]
    assert keys(files(tmp_path / "*", suffixes=suffixes)) == ["a.Txt"]


def test_the_suffixes_are_those_of_pillow():
    """The literal table is what Pillow opens, but for vector, video and stub formats, and HEIF for the extra."""
    Image.init()
    stubs = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
    read = {suffix for suffix, name in Image.registered_extensions().items() if name in {*Image.OPEN} - stubs}
    heif = {".heic", ".heics", ".heif", ".heifs", ".hif"}
    assert set(PICTURE_SUFFIXES) == read | heif
    assert UNREAD_SUFFIXES.isdisjoint(PICTURE_SUFFIXES)


@pytest.mark.parametrize(
    "name", ["a b.jpg", "é.jpg", "e\u0301.jpg", "[x].jpg", "x*.jpg", "a\nb.jpg", "x.\udcff.jpg"]
)
def test_weird_names_are_names(tmp_path, name):
    """A name is listed as it is, in a folder, by a glob and alone, where a path wins over a glob."""
    make(tmp_path, name, "other.jpg")
    for source in (files(tmp_path), files(f"{tmp_path}/*.jpg")):
        check_source(source)
        assert keys(source) == sorted([name, "other.jpg"])
    alone = files(tmp_path / name)
    assert [(item.key, item.values) for item in alone] == [(name, (tmp_path / name,))]
    assert (alone.input_root, alone.is_recursive) == (tmp_path, False)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jpg", ["A.JPG", "a.jpg"]),
        ("?.jpg", ["A.JPG", "a.jpg"]),
        ("[ab].jpg", ["a.jpg"]),
        ("*", ["A.JPG", "a.jpg", "b.txt"]),
        ("**/*.jpg", ["A.JPG", "a.jpg", "x/a.jpg", "x/y/a.jpg", "z/y/b.jpg"]),
        ("**", ["A.JPG", "a.jpg", "b.txt", "x/a.jpg", "x/y/a.jpg", "z/y/b.jpg"]),
        ("*/*.jpg", ["x/a.jpg"]),
        ("*/y/*.jpg", ["x/y/a.jpg", "z/y/b.jpg"]),
        ("**/y/**/*.jpg", ["x/y/a.jpg", "z/y/b.jpg"]),
        ("**/**/b.*", ["b.txt", "z/y/b.jpg"]),
        ("x/**/*.jpg", ["a.jpg", "y/a.jpg"]),
        ("./x/**/a.jpg", ["a.jpg", "y/a.jpg"]),
        ("*.j[p]g", ["a.jpg"]),
        (".h*/*.jpg", [".hid/a.jpg"]),
    ],
)
def test_globs(tmp_path, monkeypatch, pattern, expected):
    """A glob is read as given, its suffix in either case; keys count from its fixed part."""
    make(
        tmp_path,
        "a.jpg",
        "A.JPG",
        "b.txt",
        "x/a.jpg",
        "x/y/a.jpg",
        "z/y/b.jpg",
        ".hid/a.jpg",
        ".creevey/a.jpg",
    )
    monkeypatch.chdir(tmp_path)
    source = files(pattern)
    check_source(source)
    assert keys(source) == expected
    assert all(item.values[0].is_file() for item in source)


def test_a_glob_agrees_with_pathlib(tmp_path):
    """Where nothing is hidden and suffixes are lower case, pathlib's glob finds the same."""
    make(tmp_path, *(f"{a}/{b}/{c}.jpg" for a in "xy" for b in "pq" for c in "12"), "x/1.jpg", "2.jpg")
    for pattern in ("**/*.jpg", "x/**/1.jpg", "*/p/*.jpg", "**/p/*.jpg", "**/x/**/[!1].jpg", "*/*/?.jpg"):
        expected = {path for path in tmp_path.glob(pattern) if path.is_file()}
        assert {item.values[0] for item in files(tmp_path / pattern)} == expected


def test_a_folder_with_brackets_leads_a_glob(tmp_path):
    """A folder that exists is no wildcard, whatever its name."""
    make(tmp_path, "set[1]/a.jpg", "set1/b.jpg")
    assert keys(files(f"{tmp_path}/set[1]/*.jpg")) == ["a.jpg"]


def test_relative_paths_stay_as_given(tmp_path, monkeypatch):
    """Nothing is resolved: not ".", not a folder, not a glob."""
    make(tmp_path, "x/a.jpg")
    monkeypatch.chdir(tmp_path)
    listed = [next(iter(files(given))) for given in (".", "x", "./x/", "x/*.jpg", "x/a.jpg")]
    assert {item.values[0] for item in listed} == {Path("x/a.jpg")}
    assert {item.source for item in listed} == {"x/a.jpg"}


def test_links_are_followed_once(tmp_path):
    """Linked files and folders are listed; a loop ends; a real folder goes before its links."""
    make(tmp_path, "z/a.jpg", "else/b.jpg")
    root = tmp_path / "root"
    root.mkdir()
    for name, target in {
        "a_again": tmp_path / "z",
        "b_again": tmp_path / "z",
        "loop": root,
        "file.jpg": tmp_path / "z/a.jpg",
        "gone.jpg": tmp_path / "gone",
        "self.jpg": root / "self.jpg",
    }.items():
        (root / name).symlink_to(target)
    (tmp_path / "z" / "up").symlink_to(root)
    assert keys(files(root)) == ["a_again/a.jpg", "file.jpg", "gone.jpg", "self.jpg"]
    (root / "zz").mkdir()
    make(root / "zz", "c.jpg")
    (root / "b").symlink_to(root / "zz")
    assert [key for key in keys(files(root)) if "c.jpg" in key] == ["zz/c.jpg"]


def test_pipes_are_no_pictures(tmp_path):
    """Only files are items; opening a pipe would wait for ever."""
    make(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "b.jpg")
    assert keys(files(tmp_path)) == ["a.jpg"]


def test_many_files_have_unique_keys(tmp_path):
    """10 000 files are 10 000 keys."""
    for number in range(10_000):
        (tmp_path / f"{number}.jpg").touch()
    source = files(tmp_path)
    check_source(source)
    assert len(source) == 10_000


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    """The remedy is a glob or suffixes."""
    make(tmp_path, "a.txt")
    with pytest.raises(
        SourceNotFound, match=r"no file in or below it ends in \.jpg, .*; name what is meant with a glob"
    ):
        files(tmp_path)


def test_a_glob_without_a_match_is_not_found(tmp_path):
    """The folder is named, and what a glob leaves out."""
    with pytest.raises(SourceNotFound, match=r"no file below '.*' matches; hidden files are left out"):
        files(tmp_path / "*.jpg")
    with pytest.raises(SourceNotFound, match=r"no file or folder '.*none'"):
        files(tmp_path / "none" / "*.jpg")


def test_a_missing_path_has_a_guess(tmp_path, monkeypatch):
    """The nearest name beside the first part that is missing is offered."""
    make(tmp_path, "photos/a.jpg")
    monkeypatch.chdir(tmp_path)
    for pattern in ("photso", "photso/x/a.jpg", "photso/*.jpg"):
        with pytest.raises(
            SourceNotFound, match=r"no file or folder 'photso' in '.*'; did you mean 'photos'"
        ):
            files(pattern)


def test_missing_names_are_inert(tmp_path):
    """Escape codes in a name do not reach a terminal."""
    with pytest.raises(SourceNotFound, match=r"\\x1b"):
        files(tmp_path / "\x1b[31m")


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path, monkeypatch):
    """Leaving it out would make orphans of its outputs."""
    make(tmp_path, "a.jpg", "x/b.jpg")
    real = os.scandir

    def scandir(path):
        if str(path).rstrip("/").endswith("x"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(SourceError, match=r"folder '.*x/': cannot be listed \(Permission denied\)"):
        files(tmp_path)


@pytest.mark.parametrize("given", ["", b"a.jpg", None, 3])
def test_files_wants_text_or_a_path(given):
    """An empty text is not the current folder."""
    with pytest.raises(UsageError, match="expected a path or glob"):
        files(given)


# Lists of URLs and paths


def test_a_list_is_taken_in_order():
    """URLs stay text, all else becomes a path; no file is looked at."""
    source = url_list([URL, "no/such.jpg", Path("b.jpg"), "s3://bucket/c.jpg"])
    assert [item.values[0] for item in source] == [
        URL,
        Path("no/such.jpg"),
        Path("b.jpg"),
        "s3://bucket/c.jpg",
    ]
    assert keys(source) == [URL, "no/such.jpg", "b.jpg", "s3://bucket/c.jpg"]
    assert source.input_root is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_file_has_an_entry_per_line(tmp_path, monkeypatch, encoding):
    """BOM, CRLF, comments, blank lines, no last line break."""
    make(tmp_path, "ü b.jpg")
    monkeypatch.chdir(tmp_path)
    text = f"# pictures\r\n{URL}\r\n\r\n  ü b.jpg  \r\n  # end\r\nHTTP://X/b"
    (tmp_path / "list.txt").write_bytes(text.encode(encoding))
    assert [item.values[0] for item in url_list("list.txt")] == [URL, Path("ü b.jpg"), "HTTP://X/b"]


def test_a_line_may_name_a_file_that_is_not_utf8(tmp_path):
    """Bytes of a file name come through."""
    make(tmp_path, "x\udcff.jpg")
    (tmp_path / "list.txt").write_bytes(os.fsencode(tmp_path / "x\udcff.jpg"))
    assert keys(url_list(tmp_path / "list.txt")) == [str(tmp_path / "x\udcff.jpg")]


@pytest.mark.parametrize(
    ("line", "got"), [("nothing", "neither a URL nor a file"), ("{}", "a folder"), ("a\0", "a NUL byte")]
)
def test_a_wrong_line_is_named(tmp_path, line, got):
    """The line number, the line, and what it is."""
    (tmp_path / "list.txt").write_text(f"{URL}\n#\n{line.format(tmp_path)}\n")
    with pytest.raises(SourceError, match=rf"list\.txt' line 3: .*{got}.*; begin a comment"):
        url_list(tmp_path / "list.txt")


def test_a_list_file_that_is_not_there(tmp_path):
    """A missing list is a source not found; a folder is no list."""
    with pytest.raises(SourceNotFound, match="no file"):
        url_list(tmp_path / "list.txt")
    with pytest.raises(SourceError, match="cannot be read"):
        url_list(tmp_path)


@pytest.mark.parametrize("entry", [3, None, b"a", "", Image.new("L", (1, 1))])
def test_an_entry_of_another_kind_is_named(entry):
    """The entry's number and the remedy."""
    with pytest.raises(UsageError, match=r"item 2: expected a path or URL .*rows"):
        url_list([URL, entry])


# Tables

ROWS = [{"photo": "a.jpg", "mask": "m.png", "label": "1"}, {"photo": "b.jpg", "mask": "n.png", "label": "2"}]
FORMATS = {
    "t.csv": "\ufeffphoto,mask,label\r\na.jpg,m.png,1\r\n\r\nb.jpg,n.png,2\r\n",
    "t.TSV": "photo\tmask\tlabel\na.jpg\tm.png\t1\nb.jpg\tn.png\t2",
    "t.jsonl": "\n".join(map(json.dumps, ROWS)) + "\n\n",
}


@pytest.mark.parametrize("given", [*FORMATS, None])
def test_rows_supply_values_by_name(tmp_path, given):
    """Inputs by name, in the graph's order; the other columns travel along; every format the same."""
    if given:
        (tmp_path / given).write_bytes(FORMATS[given].encode())
    source = table(tmp_path / given if given else ROWS, inputs=["mask", "photo"])
    check_source(source, width=2)
    assert [item.values for item in source] == [("m.png", "a.jpg"), ("n.png", "b.jpg")]
    assert [item.columns for item in source] == [{"label": "1"}, {"label": "2"}]
    assert (keys(source), source.columns, source.input_root) == (["m.png", "n.png"], ("label",), None)


def test_tuples_supply_values_in_order():
    """Without names, the order is the graph's."""
    source = table([("a", "b"), ["c", "d"]], inputs=["x", "y"])
    assert [item.values for item in source] == [("a", "b"), ("c", "d")]


def test_values_stay_as_they_are():
    """No value of a row is converted, and one that has no text is called by its row."""
    image = Image.new("L", (1, 1))
    source = table([{"x": image}, {"x": Path("a/b.jpg")}, {"x": 3}], inputs=["x"])
    assert [item.values[0] for item in source] == [image, Path("a/b.jpg"), 3]
    assert [(item.key, item.source) for item in source] == [
        ("row 1", "row 1"),
        ("a/b.jpg", "a/b.jpg"),
        ("3", "3"),
    ]


def test_a_column_names_the_row():
    """`key` goes before `id`, both before the first input; an empty one is none."""
    rows = [
        {"x": "a", "key": "k", "id": "i"},
        {"x": "b", "id": 7},
        {"x": "c", "key": "", "id": None},
        {"x": "d", "key": "k"},
    ]
    source = table(rows, inputs=["x"])
    check_source(source)
    assert keys(source) == ["k", "7", "c", "k#2"]
    assert [item.columns for item in source] == [{"id": "i"}, {"id": 7}, {"id": None}, {"id": None}]


def test_an_input_called_id_is_an_input():
    """A graph's input is never taken for the key column."""
    assert keys(table([{"x": "a", "id": "i"}], inputs=["x", "id"])) == ["a"]


def test_a_missing_column_is_named(tmp_path):
    """The row, the column, the nearest one and all there are."""
    with pytest.raises(
        SourceError, match=r"row 2: no column 'photo'; did you mean 'photos'\? \(has: label, photos\)"
    ):
        table([{"photo": "a"}, {"photos": "b", "label": 1}], inputs=["photo"])
    (tmp_path / "t.csv").write_text("photo,mask\na.jpg,m.png\nb.jpg\n")
    with pytest.raises(SourceError, match=r"t\.csv' line 3: no column 'mask' \(has: photo\)"):
        table(tmp_path / "t.csv", inputs=["photo", "mask"])


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.csv", b"a,a\n1,2", "a name for each column"),
        ("t.csv", b"a,b\n1,2\n1,2,3", r"line 3: expected 2 cells \(got 3\)"),
        ("t.csv", b"a\n\xff", "expected UTF-8"),
        ("t.csv", b"a\n" + b"x" * 200_000, "line 2: field larger"),
        ("t.csv", b"b\n", r"t\.csv' header: no column 'a' \(has: b\)"),
        ("t.csv", b"", "there are no rows in it"),
        ("t.jsonl", b'{"a": 1}\n{"a"', "line 2: not JSON"),
        ("t.jsonl", b"[1]", r"line 1: expected an object \(got list\)"),
        ("t.xls", b"", r"expected a table in \.csv, \.tsv, \.jsonl, \.parquet \(got '\.xls'\)"),
    ],
)
def test_a_broken_table_is_told_with_its_line(tmp_path, name, data, message):
    """What is wrong, and where."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=message):
        table(tmp_path / name, inputs=["a"])


def test_wrong_rows_are_told():
    """Rows of another length or kind, files that are not there, no inputs."""
    with pytest.raises(SourceError, match=r"row 1: expected 2 values, for x, y \(got 3\)"):
        table([(1, 2, 3)], inputs=["x", "y"])
    with pytest.raises(UsageError, match=r"row 2: expected a mapping or a tuple \(got str\)"):
        table([(1,), "ab"], inputs=["x"])
    with pytest.raises(SourceNotFound, match="no file"):
        table("none.csv", inputs=["x"])
    with pytest.raises(UsageError, match="name of an input"):
        table([], inputs=[])


# What a run takes


def test_opens_whatever_a_run_takes(tmp_path, monkeypatch):
    """Each kind of items finds its source."""
    make(tmp_path, "p/a.jpg", "p/b[1].jpg", "p/c.xyz")
    (tmp_path / "list.txt").write_text(URL)
    (tmp_path / "rows.CSV").write_text("photo\na.jpg")
    monkeypatch.chdir(tmp_path)
    ready = url_list(["x"])
    a, b, c = Path("p/a.jpg"), Path("p/b[1].jpg"), Path("p/c.xyz")
    expected = [
        (ready, [Path("x")]),
        ("p", [a, b]),
        (Path("p"), [a, b]),
        ("p/*.jpg", [a, b]),
        ("**/*.xyz", [c]),
        ("p/b[1].jpg", [b]),
        ("p/c.xyz", [c]),
        (URL, [URL]),
        ("list.txt", [URL]),
        ("l*.txt", [Path("list.txt")]),
        ("rows.CSV", ["a.jpg"]),
        ([], []),
        ((), []),
        (["p/a.jpg", b, URL], [a, b, URL]),
        (iter(["p/a.jpg"]), [a]),
        ({"b", "a"}, [Path("a"), Path("b")]),
        ([{"photo": "a.jpg"}], ["a.jpg"]),
        (({"photo": n} for n in "ab"), ["a", "b"]),
        ([("a.jpg",)], ["a.jpg"]),
    ]
    for items, values in expected:
        source = open_source(items, ["photo"])
        check_source(source)
        assert [item.values[0] for item in source] == values, items
    assert open_source(ready, ["photo"]) is ready


@pytest.mark.parametrize("items", [None, 3, b"a.jpg", "", {"photo": "a.jpg"}, object()])
def test_what_cannot_be_listed_is_a_usage_error(items):
    """The message says all that is accepted."""
    with pytest.raises(UsageError, match=r"expected a file, folder or glob; a URL; .* rows"):
        open_source(items, ["photo"])


def test_a_data_frame_is_told_how_to_become_rows():
    """Iterating a frame would yield the names of its columns."""
    pandas = pytest.importorskip("pandas")
    with pytest.raises(UsageError, match=r"pass frame\.to_dict\('records'\)"):
        open_source(pandas.DataFrame({"photo": ["a.jpg"]}), ["photo"])


def test_several_inputs_want_rows(tmp_path):
    """Nothing but rows has two values per item; a name that is not there is told first."""
    make(tmp_path, "a.jpg")
    for items in (tmp_path, tmp_path / "a.jpg", f"{tmp_path}/*.jpg", URL, [URL, "b"], url_list(["a"])):
        with pytest.raises(
            SourceError, match=r"expected 2 values per item, for photo, mask \(got 1.*; pass rows"
        ):
            open_source(items, ["photo", "mask"])
    with pytest.raises(SourceNotFound):
        open_source(tmp_path / "none.csv", ["photo", "mask"])
    check_source(open_source([("a", "b")], ["photo", "mask"]), width=2)
    assert len(open_source([], ["photo", "mask"])) == 0
