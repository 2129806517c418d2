"""Lists of URLs and paths: tables, standard input, compression, and what is told of lines, with their numbers."""

import codecs
import collections
import gzip
import io
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws_sources import check_source
from PIL import Image

from creevey_graph import graph, sources, step
from creevey_graph.errors import SourceError, SourceNotFound, UsageError
from creevey_graph.sources import BulkSource, notices_of, open_list, open_source, table, url_list
from creevey_graph.sources.base import place_of
from creevey_graph.sources.documents import LONGEST_LINE
from creevey_graph.sources.joined import join

A, B, C = (f"http://127.0.0.1/{name}.jpg" for name in "abc")
ROWS = [
    {"image_id": "7", "image_url": A, "caption": "a, cat"},
    {"image_id": "8", "image_url": B, "caption": "ü\tdog"},
]


@step
def size_of(photo: Path) -> int:
    return photo.stat().st_size


def _sizes(photo: Path):
    return size_of(photo)


def values(source):
    return [item.values[0] for item in source]


def keys(source):
    return [item.key for item in source]


def csv_of(rows, mark=","):
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    return "".join(mark.join(f'"{cell}"' for cell in line) + "\n" for line in lines)


def jsonl_of(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


FORMATS = {".csv": csv_of, ".tsv": lambda rows: csv_of(rows, "\t"), ".jsonl": jsonl_of}


def write(path: Path, text: str | bytes) -> Path:
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


class Piped:
    """A standard input with something in it."""

    def __init__(self, text: str | bytes, *, is_terminal: bool = False):
        self.buffer = io.BytesIO(text if isinstance(text, bytes) else text.encode())
        self.isatty = lambda: is_terminal
        self.closed = False


@pytest.fixture
def piped(monkeypatch):
    return lambda text, **kwargs: monkeypatch.setattr("sys.stdin", Piped(text, **kwargs))


# Tables of URLs


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_has_a_column_of_urls(tmp_path, suffix, packed):
    """URL and id column by name; the others travel along; every format the same, compressed or not."""
    path = write(tmp_path / f"my_images{suffix}{packed}", FORMATS[suffix](ROWS))
    source = url_list(path, url_col="image_url", id_col="image_id")
    check_source(source)
    assert (values(source), keys(source)) == ([A, B], ["7", "8"])
    assert [item.columns for item in source] == [
        {"image_id": "7", "caption": "a, cat"},
        {"image_id": "8", "caption": "ü\tdog"},
    ]
    assert notices_of(source) == ()
    check_source(pickle.loads(pickle.dumps(source)))


def test_parquet_is_a_table(tmp_path):
    """With the extra, a Parquet file reads as the others do; an index that pandas kept is no column."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    parquet.write_table(arrow.table({**columns, "__index_level_0__": [0, 1]}), tmp_path / "t.parquet")
    source = url_list(tmp_path / "t.parquet", url_col="image_url", id_col="image_id")
    check_source(source)
    assert list(source) == list(url_list(ROWS, url_col="image_url", id_col="image_id"))
    assert values(open_source(tmp_path / "t.parquet", ["image_url"])) == [A, B]
    with pytest.raises(SourceError, match=r"t\.parquet' header: no column 'url' .has: caption"):
        url_list(tmp_path / "t.parquet")
    parquet.write_table(arrow.table({"url": [A, None, None]}), tmp_path / "n.parquet")
    with pytest.raises(SourceError, match=r"2 bad rows: row 2: no value in column 'url'; row 3"):
        url_list(tmp_path / "n.parquet")
    (tmp_path / "torn.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:60])
    with pytest.raises(SourceError, match=r"torn\.parquet': cannot be read as Parquet"):
        url_list(tmp_path / "torn.parquet")
    with pytest.raises(SourceNotFound, match="no file"):
        url_list(tmp_path / "none.parquet")


def test_parquet_without_the_extra_names_it(tmp_path, monkeypatch):
    """The message says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "t.parquet").touch()
    with pytest.raises(SourceError, match=r"pip install 'creevey_graph\[parquet\]'"):
        url_list(tmp_path / "t.parquet")


def test_paths_in_a_table_are_paths(tmp_path):
    """What has no scheme becomes a path; none is looked at; spaces around a URL go, those of a path stay."""
    path = write(
        tmp_path / "t.jsonl", jsonl_of([{"url": "no/such.jpg "}, {"url": f" {A} "}, {"url": "s3://b/k"}])
    )
    assert values(url_list(path)) == [Path("no/such.jpg "), A, "s3://b/k"]


def test_a_table_of_nothing_but_urls_is_compared_in_bulk(tmp_path):
    """Where nothing travels along, a list from a table is as quick as one from a text, under other keys too."""
    rows = [{"key": "k1", "url": A}, {"key": "k2", "url": B}]
    source = url_list(write(tmp_path / "t.csv", csv_of(rows)))
    check_source(source)
    assert isinstance(source, BulkSource)
    assert (keys(source), source.columns) == (["k1", "k2"], ())
    assert not isinstance(url_list(ROWS, url_col="image_url"), BulkSource)


def test_the_key_of_a_row_without_an_id_column_is_as_in_any_table(tmp_path):
    """`key`, else `id`, else the URL."""
    rows = [{"url": A, "id": 5, "key": "k"}, {"url": B, "id": 6, "key": ""}, {"url": C, "id": None}]
    assert keys(url_list(rows)) == keys(table(rows, inputs=["url"])) == ["k", "6", C]
    source = url_list([{"url": A, "key": "k", "name": "n"}], id_col="name")
    assert [(item.key, item.columns) for item in source] == [("n", {"key": "k", "name": "n"})]


def test_rows_in_memory_stay_as_they_are():
    """A mapping that makes up values for names it has not got is not asked for them."""
    row = collections.defaultdict(str, image_url=A)
    with pytest.raises(SourceError, match=r"row 1: no column 'url'"):
        url_list([row])
    assert dict(row) == {"image_url": A}
    assert len(url_list([], url_col="image_url")) == 0
    with pytest.raises(UsageError, match=r"row 2: expected a mapping or a tuple \(got str\)"):
        url_list([row, "b"], url_col="image_url")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_wrong_column_is_told_with_the_nearest(tmp_path, suffix):
    """The name, the nearest, all there are, and the option."""
    path = write(tmp_path / f"t{suffix}", FORMATS[suffix](ROWS))
    with pytest.raises(
        SourceError,
        match=r"no column 'image_ulr'; did you mean 'image_url'\? \(has: caption, image_id, image_url\); "
        r"name another with --url-column \(in Python sources\.url_list\(…, url_col=…\)\)",
    ):
        url_list(path, url_col="image_ulr")
    with pytest.raises(SourceError, match=r"no column 'img_id'; did you mean 'image_id'.* --id-column"):
        url_list(path, url_col="image_url", id_col="img_id")


def test_a_header_with_other_separators_is_told(tmp_path):
    """What spreadsheets save in Europe."""
    with pytest.raises(SourceError, match="seem to stand between semicolons: save it with commas"):
        url_list(write(tmp_path / "t.csv", f"id;url\n1;{A}\n"))


def test_columns_of_what_has_none_are_refused(tmp_path):
    """A text and a list of URLs have no columns; nothing is silently left unread."""
    for items in ([A], A, write(tmp_path / "t.txt", A)):
        with pytest.raises(UsageError, match="url_col and id_col name columns of rows or of a table"):
            url_list(items, url_col="image_url")


@pytest.mark.parametrize("options", [{"duplicates": "no"}, {"bad_lines": True}])
def test_choices_are_checked(options):
    """An option that is none of its choices is told with them."""
    for read in (url_list, lambda items, **kwargs: table(items, inputs=["x"], **kwargs)):
        with pytest.raises(UsageError, match=r"must be 'keep' or 'drop'|must be 'error' or 'skip'"):
            read([], **options)


@pytest.mark.parametrize("items", [b"a.jpg", {"url": A}])
def test_what_would_be_iterated_by_chance_is_refused(items):
    """Bytes are numbers and a mapping is its names; a frame is the names of its columns."""
    with pytest.raises(UsageError, match=rf"expected a list, rows .* \(got {type(items).__name__}\)"):
        url_list(items)
    pandas = pytest.importorskip("pandas")
    with pytest.raises(UsageError, match=r"frame\.to_dict\('records'\)"):
        url_list(pandas.DataFrame({"url": [A]}))


# Which column is meant where nothing is said


def test_the_only_input_is_found_by_its_name_or_as_url(tmp_path):
    """A column of the input's name goes first, then `url`; nothing else is guessed."""
    both = write(tmp_path / "both.csv", f"photo,url\nx.jpg,{A}\n")
    url = write(tmp_path / "url.csv", f"url,label\n{A},cat\n")
    other = write(tmp_path / "other.csv", f"image_url,label\n{A},cat\n")
    assert [(item.values, item.columns) for item in open_source(both, ["photo"])] == [
        (("x.jpg",), {"url": A})
    ]
    assert [(item.values, item.columns) for item in open_source(url, ["photo"])] == [((A,), {"label": "cat"})]
    with pytest.raises(SourceError, match=r"no column 'photo' \(has: image_url, label\); .* --url-column"):
        open_source(other, ["photo"])
    with pytest.raises(SourceError, match=r"no column 'photo'.* --column photo="):
        open_source(url, ["photo", "mask"])


def test_several_inputs_have_a_column_each(tmp_path):
    """`columns` maps inputs to columns; those that are not named have their own."""
    path = write(tmp_path / "t.csv", "img,mask,n\na.jpg,m.png,1\n")
    source = table(path, inputs=["photo", "mask"], columns={"photo": "img"}, id_col="n")
    check_source(source, width=2)
    assert [(item.key, item.values, item.columns) for item in source] == [
        ("1", ("a.jpg", "m.png"), {"n": "1"})
    ]
    with pytest.raises(UsageError, match=r"no input 'phto'; did you mean 'photo'"):
        table(path, inputs=["photo", "mask"], columns={"phto": "img"})
    with pytest.raises(UsageError, match=r"expected the name of a column for input 'photo' \(got 3\)"):
        table(path, inputs=["photo"], columns={"photo": 3})


def test_open_list_reads_lists_only(tmp_path):
    """A folder has no columns, and a text has none either."""
    with pytest.raises(UsageError, match=r"is no list: columns, duplicates and bad lines are those of \.txt"):
        open_list(str(tmp_path), ["photo"], duplicates="drop")
    with pytest.raises(UsageError, match=r"list\.txt' has no columns, such as 'image_url'"):
        open_list(write(tmp_path / "list.txt", A), ["photo"], columns={"photo": "image_url"})
    with pytest.raises(SourceNotFound, match=r"no file or folder '.*lst\.txt'.*; did you mean '.*list\.txt'"):
        open_list(tmp_path / "lst.txt", ["photo"], duplicates="drop")


# What is told


def test_what_is_left_out_is_told_with_line_numbers(tmp_path, monkeypatch):
    """Blanks, comments, duplicates and bad lines: how many, and where the first is."""
    monkeypatch.chdir(tmp_path)
    text = f"# two\n{A}\n\n{B}\n{A}\n\nnot there\n# end\n{A}\nnor there\n"
    write(Path("urls.txt"), text)
    source = url_list("urls.txt", bad_lines="skip")
    check_source(source)
    assert keys(source) == [A, B, f"{A}#2", f"{A}#3"]
    assert notices_of(source) == (
        (
            "'urls.txt': 2 comments, left out (line 1 first); 2 blank lines, left out (line 3 first); "
            "2 bad lines, left out (line 7: 'not there' is neither a URL nor a file, first)"
        ),
        f"'urls.txt': 2 duplicates, kept under keys such as '{A}#2' (line 5 is line 2 again)",
    )
    dropped = url_list("urls.txt", bad_lines="skip", duplicates="drop")
    check_source(dropped)
    assert values(dropped) == [A, B]
    assert notices_of(dropped)[1] == "'urls.txt': 2 duplicates, left out (line 5 is line 2 again)"


@given(st.lists(st.sampled_from([A, B, C])), st.sampled_from(["keep", "drop"]))
def test_nothing_is_lost_between_entries_and_notices(entries, duplicates):
    """Every entry is an item, or told as a duplicate; the first of each keeps its key and its place."""
    source = url_list(entries, duplicates=duplicates)
    check_source(source)
    distinct = list(dict.fromkeys(entries))
    assert values(source) == (entries if duplicates == "keep" else distinct)
    assert bool(notices_of(source)) == (len(distinct) < len(entries))
    assert set(distinct) <= set(keys(source))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_duplicate_is_the_same_picture_and_another_with_its_id_is_none(tmp_path, suffix):
    """What is left out as a duplicate is there already, whatever its id; a different picture stays."""
    rows = [{"id": "1", "url": A, "n": "x"}, {"id": "2", "url": A, "n": "y"}, {"id": "1", "url": B, "n": "z"}]
    path = write(tmp_path / f"t{suffix}", FORMATS[suffix](rows))
    begins = 1 if suffix == ".jsonl" else 2
    clash = (
        f"'{path}': 1 clashing id, kept under keys such as '1#2' "
        f"(line {begins + 2} has the id of line {begins}, '1', but another picture)"
    )
    for read in (url_list, lambda *args, **kwargs: table(*args, inputs=["url"], **kwargs)):
        kept, dropped = read(path), read(path, duplicates="drop")
        check_source(kept)
        check_source(dropped)
        assert keys(kept) == ["1", "2", "1#2"]
        assert notices_of(kept) == (clash,)
        assert [(item.key, str(item.values[0]), item.columns["n"]) for item in dropped] == [
            ("1", A, "x"),
            ("1#2", B, "z"),
        ]
        again = f"'{path}': 1 duplicate, left out (line {begins + 1} is line {begins} again)"
        assert notices_of(dropped) == (again, clash)


def test_rows_are_duplicates_where_all_inputs_are():
    """A picture with another mask is another row, though its key is the first picture's."""
    rows = [("a.jpg", "m1.png"), ("a.jpg", "m2.png"), ("a.jpg", "m1.png"), ("a.jpg", 1), ("a.jpg", True)]
    kept, dropped = (table(rows, inputs=["a", "b"], duplicates=mode) for mode in ("keep", "drop"))
    assert [item.values for item in kept] == rows
    assert [item.values for item in dropped] == [rows[0], rows[1], rows[3], rows[4]]
    assert notices_of(dropped) == (
        "items: 1 duplicate, left out (row 3 is row 1 again)",
        (
            "items: 3 clashing ids, kept under keys such as 'a.jpg#2' "
            "(row 2 has the id of row 1, 'a.jpg', but other values)"
        ),
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("12"), st.sampled_from([A, B, C])), min_size=1))
def test_no_picture_is_lost_with_duplicates(pairs):
    """Whatever the ids: each picture is an item once, under a key of its own, and stands where it first did."""
    rows = [{"id": key, "url": url} for key, url in pairs]
    for source in (url_list(rows, duplicates="drop"), table(rows, inputs=["url"], duplicates="drop")):
        check_source(source)
        assert values(source) == list(dict.fromkeys(url for _, url in pairs))
        firsts = [next(n for n, (_, url) in enumerate(pairs, 1) if url == value) for value in values(source)]
        assert [place_of(source, index) for index in range(len(source))] == [f"row {n}" for n in firsts]


def test_values_that_cannot_be_compared_are_no_duplicates():
    """A value such as a picture in memory is the same as itself only."""
    odd = [bytearray(b"1"), bytearray(b"1")]
    rows = [{"id": "x", "a": value, "b": 1} for value in (odd[0], odd[1], odd[0], [odd[0]], {"k": odd[1]})]
    source = table(rows, inputs=["a", "b"], id_col="id", duplicates="drop")
    assert ["x", "x#2", "x#3", "x#4"] == keys(source)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("id,photo_url", "; name the column of the URLs and paths with --url-column (in Python url_col=)"),
        (
            '"id";"photo_url"',
            "; its columns stand between semicolons: save it with commas, and name the column",
        ),
        ("id\tphoto_url", "with --url-column"),
    ],
)
def test_a_table_that_is_piped_in_without_a_known_column_is_told_once(monkeypatch, header, told):
    """Each of its lines was told to be no file, and nothing that it has columns."""
    lines = f"{header}\n" + "1,a.jpg\n" * 20
    for bad_lines in ("error", "skip"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
        with pytest.raises(SourceError) as caught:
            url_list("-", bad_lines=bad_lines)
        text = str(caught.value)
        assert told in text
        assert f"line 1: '{header}' seems to be the header of a table" in text.replace("\\x09", "\t")
        assert 1 == text.count("line ")


def test_only_a_header_is_taken_for_one(tmp_path, monkeypatch):
    """A list with a bad line later on, a file with a comma in its name, and a .txt that is a table."""
    monkeypatch.chdir(tmp_path)
    Path("a,b.jpg").touch()
    for text in ("a,b.jpg\ngone\n", f"{A}?x=1,2\ngone\n", "# a, b\ngone\n", "gone\nx,y\n", "a,\ngone\n"):
        with pytest.raises(SourceError, match="is neither a URL nor a file"):
            url_list(write(tmp_path / "list.txt", text))
    with pytest.raises(SourceError, match=r"'id,url' seems to be .*; name the file \.csv or \.tsv"):
        url_list(write(tmp_path / "list.txt", "id,url\n1,a.jpg\n"))


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_a_row_whose_file_is_missing_names_its_line(tmp_path, monkeypatch, executor):
    """With the list and the line, and where relative paths are read from; a file that appears is read."""
    monkeypatch.chdir(tmp_path)
    named = graph(_sizes)
    write(Path("set.csv"), f"url,n\nx.jpg,1\n{tmp_path / 'y.jpg'},2\nlink.jpg,3\n")
    Path("link.jpg").symlink_to("nowhere.jpg")
    options = {"executor": executor, "cache": False, "progress": False, "jobs": 2}
    here = "; relative paths are read from the current folder"
    report = named.run("set.csv", **options)
    assert [
        f"FileNotFoundError: no file 'x.jpg' (line 2 of 'set.csv'){here}",
        f"FileNotFoundError: no file '{tmp_path / 'y.jpg'}' (line 3 of 'set.csv')",
        f"FileNotFoundError: no file 'link.jpg', but a link that leads nowhere (line 4 of 'set.csv'){here}",
    ] == [row.error for row in report.rows]
    Path("x.jpg").write_bytes(b"12")
    report = named.run(["x.jpg", "z.jpg"], **options)
    assert [None, f"FileNotFoundError: no file 'z.jpg' (item 2){here}"] == [row.error for row in report.rows]


def test_all_bad_lines_are_told_at_once(tmp_path):
    """Up to ten in one message, with how many more there are."""
    path = write(tmp_path / "urls.txt", f"{A}\n" + "".join(f"gone{n}.jpg\n" for n in range(12)))
    with pytest.raises(SourceError) as caught:
        url_list(path)
    text = str(caught.value)
    assert "urls.txt': 12 bad lines: line 2: 'gone0.jpg' is neither a URL nor a file; line 3: " in text
    assert "line 11: 'gone9.jpg' is neither a URL nor a file; and 2 more; begin a comment with '#'" in text
    assert text.endswith("bad_lines='skip' (--bad-lines skip) leaves out what is bad")
    assert "gone10" not in text


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("t.csv", "url,n\nuu://a,1\nuu://b,1,2\nuu://c\n", "line 3: expected 2 cells (got 3); quote a cell"),
        ("t.csv", 'url,n\n"uu://a\n",1\n"",2\nuu://c,3\n', "line 4: no value in column 'url'"),
        ("t.csv", "n,url\n1,uu://a\n2\n3,uu://c\n", "line 3: no column 'url'"),
        (
            "t.jsonl",
            '{"url": "uu://a"}\n{"url": 3}\n{"url": "uu://c"}',
            "line 2: expected a URL or path in column 'url' (got int)",
        ),
        ("t.jsonl", '{"url": "uu://a"}\n{"url"\n{"url": "uu://c"}', "line 2: not JSON ("),
        ("t.jsonl", '{"url": "uu://a"}\n' + "[" * 100_000 + '\n{"url": "uu://c"}', "line 2: not JSON ("),
        ("t.jsonl", '{"url": "uu://a"}\n{"url": "a\\u0000"}\n{"url": "uu://c"}', "line 2: a NUL byte"),
        ("t.txt", "uu://a\nuu://b\tand more\nuu://c", "is a URL and more; name a table .tsv"),
    ],
)
def test_bad_rows_are_refused_or_left_out(tmp_path, name, data, told):
    """Refused by default; left out and told where that is asked for, and the rest is there."""
    path = write(tmp_path / name, data)
    with pytest.raises(SourceError) as caught:
        url_list(path)
    assert told in str(caught.value)
    source = url_list(path, bad_lines="skip")
    check_source(source)
    assert values(source) == ["uu://a", "uu://c"]
    assert told in notices_of(source)[0]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", f"url,n\n{A},1\n,2\n  ,3\n {B} ,4\n"),
        ("t.jsonl", f'{{"url": "{A}"}}\n{{"url": null}}\n{{"url": NaN}}\n{{"url": " {B} "}}\n'),
    ],
)
def test_a_row_without_its_only_value_is_a_bad_row(tmp_path, name, data):
    """A run of a table said that "." is no file, and could not leave such a row out; nor was a URL cleaned of blanks."""
    path = write(tmp_path / name, data)
    with pytest.raises(SourceError, match=r"2 bad lines: line [23]: no value in column 'url'"):
        open_source(str(path), ["photo"])
    source = table(path, inputs=["photo"], bad_lines="skip")
    check_source(source)
    assert [A, B] == values(source)
    assert "2 bad lines, left out" in notices_of(source)[0]


def test_blanks_beside_other_values_are_values(tmp_path):
    """An empty caption is a caption; a whole number is no text to be looked at."""
    path = write(tmp_path / "t.csv", "photo,caption\na.jpg,\n,b\n")
    assert [("a.jpg", ""), ("", "b")] == [item.values for item in table(path, inputs=["photo", "caption"])]
    numbers = table(write(tmp_path / "t.jsonl", '{"seed": 0}\n{"seed": false}'), inputs=["seed"])
    assert [0, False] == values(numbers)


def test_two_columns_of_one_name_are_refused_in_parquet_too(tmp_path):
    """The second one was read, and the first one lost without a word."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table([pa.array([A]), pa.array([B])], names=["url", "url"]), path)
    with pytest.raises(SourceError, match="expected a name for each column"):
        url_list(path)


def test_a_cell_that_is_too_long_for_csv_says_what_to_do(tmp_path):
    """Python's reader ends at 131 072 letters; JSON lines do not."""
    with pytest.raises(SourceError, match=r"line 2: field larger than field limit .* save it as \.jsonl"):
        url_list(write(tmp_path / "t.csv", f"url,n\n{A},{'x' * 140_000}\n"))


def test_an_empty_id_is_a_bad_row():
    """An id column is asked for so that every row has a key that stays."""
    with pytest.raises(SourceError, match="row 2: no value in column 'id'"):
        url_list([{"url": A, "id": 1}, {"url": B, "id": ""}], id_col="id")
    with pytest.raises(SourceError, match="row 1: no column 'id'"):
        table([{"url": A}], inputs=["url"], id_col="id")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.txt", "", "there is no URL or path in it$"),
        ("t.txt", "# none\n\n", r"no URL or path in it \(1 comment, left out \(line 1\); 1 blank line"),
        ("t.csv", "", "there are no rows in it"),
        ("t.csv", "url,n\n", "there are no rows in it"),
        ("t.jsonl", "\n", "there are no rows in it"),
        ("t.csv.gz", "", "there are no rows in it"),
    ],
)
def test_a_list_with_nothing_in_it_is_not_found(tmp_path, name, data, message):
    """A file that was cut short must not pass for a set without items: pruning would delete everything."""
    path = write(tmp_path / name, data)
    for read in (url_list, lambda path: open_source(path, ["url"])):
        with pytest.raises(SourceNotFound, match=message):
            read(path)
    assert len(url_list([])) == 0


def test_nothing_but_bad_lines_is_an_error(tmp_path):
    """Leaving out bad lines cannot leave out all of them."""
    for name, text in (("t.txt", "x\ny\n"), ("t.jsonl", "[]\n{}\n")):
        with pytest.raises(SourceError, match="2 bad lines"):
            url_list(write(tmp_path / name, text), bad_lines="skip")


def test_a_path_beside_its_list_is_offered(tmp_path, monkeypatch):
    """Relative paths are read from the current folder; where one stands beside the list, the message says so."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jpg").touch()
    write(tmp_path / "sub" / "list.txt", "a.jpg")
    with pytest.raises(
        SourceError, match=r"'a\.jpg' is neither a URL nor a file \(but 'sub/a\.jpg' is one\)"
    ):
        url_list("sub/list.txt")


def test_a_long_or_hostile_line_is_shown_short_and_inert(tmp_path):
    """An error is a line, whatever a file holds."""
    with pytest.raises(SourceError) as caught:
        url_list(write(tmp_path / "t.txt", "\x1b[31m" + "x" * 100_000))
    assert len(str(caught.value)) < 600
    assert "\\x1b[31mxxx" in str(caught.value)
    assert "(100,005 letters)" in str(caught.value)
    with pytest.raises(SourceError) as caught:
        url_list(write(tmp_path / "t.txt", bytes(range(128, 256)) * 400 + b"\n\xff" * 400))
    assert len(str(caught.value)) < 1000


# Bytes


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_tables_may_begin_with_a_mark(tmp_path, suffix, encoding):
    """UTF-8 with its mark and UTF-16, with Windows line ends."""
    text = FORMATS[suffix](ROWS).replace("\n", "\r\n")
    source = url_list(write(tmp_path / f"t{suffix}", text.encode(encoding)), url_col="image_url")
    assert [item.columns["caption"] for item in source] == ["a, cat", "ü\tdog"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"url,n\nu://a,1\nu://b,\xfc\n",
            r"line 3: expected UTF-8 \(byte 0xfc is not\); save the file as UTF-8",
        ),
        (
            "url\nu://a\n".encode("utf-16-le"),
            "line 1: a NUL byte, so this is no text .or UTF-16 without its mark",
        ),
        (codecs.BOM_UTF16_LE + b"u\0r", "damaged UTF-16"),
        (b'url,n\nu://a,1\n"u://b,2\nu://c,3\n', "line 3: a quote is opened and not closed"),
    ],
)
def test_a_table_that_is_no_text_is_told_with_its_line(tmp_path, data, message):
    """Mixed encodings, NUL bytes, and a quote that would swallow the rest."""
    with pytest.raises(SourceError, match=message):
        url_list(write(tmp_path / "t.csv", data), bad_lines="skip")


@pytest.mark.parametrize(
    "data", [b"no gzip", gzip.compress(b"http://a\n" * 1000)[:-20], gzip.compress(b"x" * 99)[:-9]]
)
def test_damaged_gzip_is_an_error(tmp_path, data):
    """What is cut short or no gzip at all is told, not read in part."""
    (tmp_path / "t.txt.gz").write_bytes(data)
    with pytest.raises(SourceError, match=r"t\.txt\.gz': damaged, or no gzip file"):
        url_list(tmp_path / "t.txt.gz")


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path):
    """A packed file of one endless line is refused once it is longer than any list's."""
    path = write(tmp_path / "t.txt.gz", b"x" * (LONGEST_LINE + 1))
    with pytest.raises(SourceError, match="line 1: too long for a list"):
        url_list(path)


# Standard input


def test_lines_are_piped_in(piped, tmp_path):
    """One URL or path a line, as in a text file; read once, and walked as often as one likes."""
    (tmp_path / "x.jpg").touch()
    for read in (url_list, lambda items: open_source(items, ["photo"])):
        piped(f"# c\n{A}\r\n{tmp_path / 'x.jpg'}\n{A}\n")
        source = read("-")
        check_source(source)
        assert values(source) == [A, tmp_path / "x.jpg", A]
        assert notices_of(source)[0] == "standard input: 1 comment, left out (line 1)"
    piped("nothing.jpg")
    with pytest.raises(
        SourceError, match=r"standard input line 1: 'nothing\.jpg' is neither a URL nor a file"
    ):
        url_list("-")


@pytest.mark.parametrize("suffix", FORMATS)
def test_tables_are_piped_in(piped, suffix):
    """JSON lines by their brace, others by the column that is asked for."""
    text = FORMATS[suffix](ROWS)
    piped("\n" * (suffix == ".jsonl") + text)
    assert keys(url_list("-", url_col="image_url", id_col="image_id")) == ["7", "8"]
    piped(text)
    assert values(open_source("-", ["image_url"])) == [A, B]
    piped(text.replace("image_url", "url"))
    assert values(open_source("-", ["photo"])) == values(url_list(ROWS, url_col="image_url"))
    piped(text)
    with pytest.raises(SourceError, match=r"standard input.*no column 'image_ulr'; did you mean 'image_url'"):
        open_list("-", ["photo"], columns={"photo": "image_ulr"})


def test_nothing_piped_in_is_told(piped, monkeypatch):
    """A terminal would wait for ever; what is empty has no items."""
    for stdin in (None, Piped("", is_terminal=True)):
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(
            UsageError, match=r"items '-': expected URLs or paths on standard input.* nothing is piped in"
        ):
            open_source("-", ["photo"])
    piped("")
    with pytest.raises(SourceNotFound, match="standard input: there is no URL or path in it"):
        open_source("-", ["photo"])


# Through a run


@step
def captioned(photo: Path, *, mark: str = "!") -> str:
    return photo.stem + mark


@graph
def captions(photo: Path):
    return {"text": captioned(photo)}


def test_columns_travel_and_a_changed_one_is_seen(tmp_path, monkeypatch):
    """A caption is in the row; a rerun does nothing; an edited caption is in the row of the next run."""
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        Image.new("L", (4, 4)).save(f"{name}.png")

    def run(caption, **options):
        write(Path("t.csv"), f"file,caption\na.png,{caption}\nb.png,still\n")
        items = sources.url_list("t.csv", url_col="file")
        return captions.run(items, cache=tmp_path / "cache", progress=False, executor="serial", **options)

    first = run("one")
    assert [(row.fields["caption"], row.fields["text"]) for row in first.rows] == [
        ("one", "a!"),
        ("still", "b!"),
    ]
    assert {} == {name: n for name, n in run("one").executed.items() if n}
    changed = run("two")
    assert ["two", "still"] == [row.fields["caption"] for row in changed.rows]
    assert 0 == sum(changed.executed.values())


def test_a_run_and_a_plan_tell_what_listing_came_upon(tmp_path):
    """Notices of the source stand in the report and in the plan."""
    path = write(tmp_path / "t.txt", f"{write(tmp_path / 'a.jpg', b'x')}\n\n")
    told = f"'{path}': 1 blank line, left out (line 2)"
    plan = captions.plan(path, cache=False)
    assert plan.notices == (told,)
    assert f"note: {told}" in str(plan)
    heard = []
    report = captions.run(path, cache=False, progress=False, executor="serial", listeners=[heard.append])
    assert report.notices == [told]
    assert [event.text for event in heard if hasattr(event, "text")] == [told]


def test_one_item_of_a_table_is_explained_among_the_others(tmp_path, monkeypatch):
    """By key, path or URL; one that is not there is told with the nearest."""
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        write(Path(f"{name}.jpg"), name)
    items = [{"photo": f"{name}.jpg", "id": f"item {name}", "label": 1} for name in "ab"]
    items.append({"photo": "a.jpg", "id": "once more", "label": 2})
    captions.run(items, cache=tmp_path / "cache", progress=False, executor="serial")
    for asked in ("item b", "b.jpg"):
        explained = captions.explain(asked, among=items, cache=tmp_path / "cache")
        assert ("item b", "b.jpg") == (explained.key, explained.source)
        assert "up to date" in str(explained)
    assert "once more" == captions.explain("once more", among=items, cache=tmp_path / "cache").key
    with pytest.raises(
        SourceNotFound, match=r"no item 'item c' among these 3; did you mean 'item b', 'item a'\?"
    ):
        captions.explain("item c", among=items, cache=tmp_path / "cache")


@graph
def lengths(url: str):
    return {"length": step(len)(url)}


def test_the_key_of_a_url_in_a_table_is_explained_by_itself_or_by_its_list(tmp_path):
    """What was run under a key is known by its URL; with the list, by that."""
    rows = [{"url": A, "id": "k1"}, {"url": B, "id": "k2"}]
    lengths.run(rows, cache=tmp_path / "cache", progress=False, executor="serial")

    alone = lengths.explain("k1", cache=tmp_path / "cache")
    listed = lengths.explain("k1", among=rows, cache=tmp_path / "cache")

    assert ("k1", A) == (alone.key, alone.source) == (listed.key, listed.source)
    assert "up to date" in str(alone)
    assert "up to date" in str(listed)


def test_sources_are_a_public_place():
    """`from creevey_graph import sources` has what makes them."""
    assert {"files", "table", "url_list", "image_folder"} <= set(sources.__all__) <= set(dir(sources))


# --- several lists ----------------------------------------------------------------------------------


@pytest.fixture
def lists(tmp_path, monkeypatch):
    """Two tables and a list of URLs in a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "l").mkdir()
    write(tmp_path / "l" / "1.csv", csv_of(ROWS))
    write(tmp_path / "l" / "2.jsonl", jsonl_of([{"image_id": 9, "image_url": C, "label": "x"}]))
    return tmp_path / "l"


def test_a_glob_of_lists_is_one_source(lists):
    """Their items in the order of the files; a column that one lacks is None there."""
    columns = {"columns": {"photo": "image_url"}, "id_col": "image_id"}
    source = open_list("l/*", ["photo"], **columns)

    check_source(source)
    assert [A, B, C] == values(source)
    assert ["7", "8", "9"] == keys(source)
    assert ("caption", "label") == tuple(name for name in source.columns if name != "image_id")
    assert [("a, cat", None), ("ü\tdog", None), (None, "x")] == [
        (item.columns["caption"], item.columns["label"]) for item in source
    ]
    same = open_list([str(lists / "1.csv"), lists / "2.jsonl"], ["photo"], **columns)
    assert list(source) == list(same)


def test_open_source_takes_a_glob_of_tables(lists):
    """Where files alone are meant, `sources.files` gives them; texts are items, as a glob of captions has them."""
    (lists / "1.csv").unlink()
    (lists / "2.jsonl").unlink()
    write(lists / "a.csv", f"photo\n{A}\n{B}\n")
    write(lists / "b.jsonl.gz", f'{{"photo": "{C}"}}\n')
    tables = [Path("l/a.csv"), Path("l/b.jsonl.gz")]

    assert [A, B, C] == values(open_source("l/*", ["photo"]))
    assert tables == values(sources.files("l/*"))
    write(lists / "c.txt", f"{A}\n")
    assert [*tables, Path("l/c.txt")] == values(open_source("l/*", ["photo"]))
    assert [Path("l/c.txt")] == values(open_source("l/*.txt", ["photo"]))
    assert [A, B, C, f"{A}#2"] == keys(open_list("l/*", ["photo"]))


@pytest.mark.parametrize(("duplicates", "expected"), [("keep", [A, B, f"{A}#2"]), ("drop", [A, B])])
def test_keys_of_several_lists_are_unique(lists, duplicates, expected):
    """Across the files as within one, and told."""
    write(lists / "3.txt", f"{A}\n{B}\n")
    write(lists / "4.txt", f"{A}\n")
    source = open_list("l/*.txt", ["photo"], duplicates=duplicates)

    check_source(source)
    assert expected == keys(source)
    what = "with keys of an earlier list, kept under keys of their own"
    what = "that an earlier list has, left out" if duplicates == "drop" else what
    assert (f"1 item {what} ('{A}' of 'l/4.txt' first)",) == notices_of(source)


def test_another_picture_of_the_same_id_in_a_later_list_is_none_of_its_duplicates(lists):
    """Dropped is what the earlier list has; another picture with a taken id stays, under a key of its own."""
    write(lists / "7.csv", f"url,id\n{A},1\n")
    write(lists / "8.csv", f"url,id\n{B},1\n{A},2\n")
    source = open_list("l/[78].csv", ["photo"], duplicates="drop", id_col="id", columns={"photo": "url"})

    assert [("1", A), ("1#2", B)] == [(item.key, item.values[0]) for item in source]


def test_lists_that_do_not_go_together_are_an_error(lists):
    """Which one, and what is wrong with it."""
    write(lists / "3.csv", "image_id,other\n1,2\n")
    with pytest.raises(SourceError, match=r"'l/3.csv' header: no column 'image_url'"):
        open_list("l/*.csv", ["photo"], columns={"photo": "image_url"})

    write(lists / "4.txt", f"{A}\n")
    write(lists / "5.csv", "photo,mask\na.jpg,b.jpg\n")
    with pytest.raises(SourceError, match=r"'l/5.csv': expected 1 value per item, as in 'l/4.txt' \(got 2\)"):
        open_list("l/[45].*", ["photo", "mask"])
    write(lists / "6.txt", "")
    with pytest.raises(SourceNotFound, match=r"'l/6.txt': there is no URL or path in it"):
        open_list("l/*.txt", ["photo"])


@given(
    parts=st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=4),
    drop=st.booleans(),
)
def test_joined_lists_hold_the_laws_of_sources(parts, drop):
    """Whatever the keys; each picture once where duplicates are dropped, each item where they are kept."""
    rows = [[{"key": key, "photo": f"{number}"} for number, key in enumerate(part)] for part in parts]
    duplicates = "drop" if drop else "keep"
    tables = [table(part, inputs=["photo"], duplicates=duplicates) for part in rows]
    source = join(tables, [str(number) for number in range(len(tables))], duplicates)

    check_source(source)
    pictures = [row["photo"] for part in rows for row in part]
    assert len(source) == len(set(pictures) if drop else pictures)
