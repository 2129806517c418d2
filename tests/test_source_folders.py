"""Image folders: labels from folder names, metadata joined by file name, and what is told of either."""

import json
import pickle
from pathlib import Path

import pytest
from laws_sources import check_source

from creevey_graph.errors import SourceError, SourceNotFound, UsageError
from creevey_graph.sources import files, image_folder, notices_of


def make(folder: Path, *names: str, **texts: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def columns_of(source):
    return {item.key: dict(item.columns) for item in source}


def test_a_label_is_the_first_folder_below_the_root(tmp_path):
    """At any depth; a picture in the root itself has none; the rest is as `files` lists it."""
    make(tmp_path, "cat/a.jpg", "cat/old/b.JPG", "dog/a.png", "c.jpg", "dog/notes.txt", ".git/x.jpg")
    source = image_folder(tmp_path)
    check_source(source)
    labels = {"c.jpg": None, "cat/a.jpg": "cat", "cat/old/b.JPG": "cat", "dog/a.png": "dog"}
    assert {key: {"label": label} for key, label in labels.items()} == columns_of(source)
    assert [item.values for item in source] == [item.values for item in files(tmp_path)]
    assert (source.input_root, source.is_recursive, source.columns) == (tmp_path, True, ("label",))
    assert notices_of(source) == (
        f"folder '{tmp_path}': 1 other file left out (.txt 1)",
        f"1 picture lies directly in '{tmp_path}' and has no label ('c.jpg')",
    )
    (tmp_path / "dog" / "notes.txt").unlink()
    make(tmp_path, "b.jpg")
    told = f"2 pictures lie directly in '{tmp_path}' and have no label ('b.jpg' first)"
    assert notices_of(image_folder(tmp_path)) == (told,)
    assert notices_of(image_folder(tmp_path, label_col=None)) == ()
    check_source(pickle.loads(pickle.dumps(source)))


def test_labels_may_be_called_otherwise_or_left_out(tmp_path):
    """`label_col` names the column; None leaves it out; suffixes are chosen as for a folder."""
    make(tmp_path, "cat/a.jpg", "cat/b.xyz")
    assert columns_of(image_folder(tmp_path, label_col="kind")) == {"cat/a.jpg": {"kind": "cat"}}
    assert columns_of(image_folder(tmp_path, label_col=None)) == {"cat/a.jpg": {}}
    assert list(columns_of(image_folder(tmp_path, suffixes=".xyz"))) == ["cat/b.xyz"]


def test_metadata_is_joined_by_file_name(tmp_path):
    """In any folder, relative to it, as csv or JSON lines; columns of one are None for pictures of another."""
    make(
        tmp_path,
        "a.jpg",
        "b/c.jpg",
        "b/d/e.jpg",
        metadata="file_name,text,key\na.jpg,one,k\nb/d/e.jpg,two,\n",
    )
    row = {"file_name": "./c.jpg", "boxes": [[1, 2]], "label": "named"}
    (tmp_path / "b" / "metadata.jsonl").write_text(json.dumps(row))
    source = image_folder(tmp_path)
    check_source(source)
    assert columns_of(source) == {
        "a.jpg": {"label": None, "text": "one", "key": "k", "boxes": None},
        "b/c.jpg": {"label": "named", "text": None, "key": None, "boxes": [[1, 2]]},
        "b/d/e.jpg": {"label": "b", "text": "two", "key": "", "boxes": None},
    }
    assert notices_of(source) == (f"1 picture lies directly in '{tmp_path}' and has no label ('a.jpg')",)


def test_a_flat_folder_with_metadata_is_not_asked_for_labels(tmp_path):
    """Pictures with captions have no labels, and want none."""
    make(tmp_path, "a.jpg", metadata="file_name,text\na.jpg,one\n")
    assert notices_of(image_folder(tmp_path)) == ()


def test_metadata_may_be_parquet(tmp_path):
    """With the extra, as Hugging Face reads it."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    make(tmp_path, "a.jpg")
    parquet.write_table(arrow.table({"file_name": ["a.jpg"], "n": [3]}), tmp_path / "metadata.parquet")
    assert columns_of(image_folder(tmp_path)) == {"a.jpg": {"label": None, "n": 3}}


def test_pictures_without_metadata_are_told(tmp_path):
    """They are items all the same."""
    make(tmp_path, "a.jpg", "b.jpg", "c.jpg", metadata="file_name,n\nb.jpg,1\n")
    source = image_folder(tmp_path)
    assert {key: columns["n"] for key, columns in columns_of(source).items()} == {
        "a.jpg": None,
        "b.jpg": "1",
        "c.jpg": None,
    }
    assert notices_of(source) == ("2 pictures have no row in a metadata file ('a.jpg' first)",)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("a.jpg,1\ngone.jpg,2", "line 3: there is no file 'gone.jpg'"),
        ("a.jpg,1\n./a.jpg,2", "line 3: 'a.jpg' is described already, by"),
        ("a.jpg,1\n../x.jpg,2", "line 3: there is no file '../x.jpg'"),
        ("a.jpg,1\nnotes.txt,2", "line 3: 'notes.txt' is no picture of this folder by its name"),
        ('a.jpg,1\n"",2', "line 3: no value in column 'file_name'"),
        ("a.jpg,1\nb.jpg,2,3", "line 3: expected 2 cells (got 3)"),
    ],
)
def test_metadata_of_no_picture_is_refused_or_told(tmp_path, rows, told):
    """A row whose picture is not there is an error with its line, or left out and told."""
    make(tmp_path, "a.jpg", "notes.txt", metadata=f"file_name,n\n{rows}\n")
    with pytest.raises(SourceError) as caught:
        image_folder(tmp_path)
    assert told in str(caught.value)
    source = image_folder(tmp_path, bad_lines="skip")
    check_source(source)
    assert columns_of(source)["a.jpg"] == {"label": None, "n": "1"}
    assert told in notices_of(source)[1]


def test_metadata_without_file_names_is_an_error(tmp_path):
    """The column's name is Hugging Face's."""
    make(tmp_path, "a.jpg", metadata="filename,n\na.jpg,1\n")
    with pytest.raises(
        SourceError, match=r"metadata\.csv' header: no column 'file_name'; did you mean 'filename'"
    ):
        image_folder(tmp_path)


def test_what_is_no_folder_is_refused(tmp_path):
    """A file, a name that is not there, a folder without pictures, an option without sense."""
    make(tmp_path, "a.jpg", "empty/notes.txt")
    with pytest.raises(UsageError, match="expected a folder"):
        image_folder(tmp_path / "a.jpg")
    with pytest.raises(SourceNotFound, match="no file or folder"):
        image_folder(tmp_path / "gone")
    with pytest.raises(SourceNotFound, match="no file in or below it"):
        image_folder(tmp_path / "empty")
    for options in ({"label_col": ""}, {"label_col": 3}, {"bad_lines": "maybe"}):
        with pytest.raises(UsageError, match=r"label_col must be|bad_lines must be"):
            image_folder(tmp_path, **options)


def test_pictures_that_are_not_read_are_told(tmp_path):
    """A search finds HEIF, so that a run says what it needs; formats without any reader are counted."""
    make(tmp_path, "a.HEIC", "b.heif", "c.dng", "d.DNG", "e.svg", "f.txt")
    source = files(tmp_path)
    check_source(source)
    assert source.names == ["a.HEIC", "b.heif"]
    told = (
        f"folder '{tmp_path}': 3 pictures of formats that are not read are left out (.dng 2, .svg 1)",
        f"folder '{tmp_path}': 1 other file left out (.txt 1)",
    )
    assert notices_of(source) == notices_of(image_folder(tmp_path, label_col=None)) == told
    make(tmp_path / "raw", "a.cr2")
    with pytest.raises(
        SourceNotFound, match=r"another of Pillow's; 1 picture of formats .* is left out \(\.cr2 1\)"
    ):
        files(tmp_path / "raw")
    assert notices_of(files(tmp_path, suffixes=".heic")) == ()


def test_other_files_of_a_folder_are_told_by_kind(tmp_path):
    """Nothing is lost in silence: what lies beside the pictures is counted, hidden files are not."""
    make(
        tmp_path, "a.jpg", "b.mp4", "c/d.PDF", "c/IMG_0001", "e.txt", "f.tar.gz", ".hidden.txt", ".git/config"
    )
    source = files(tmp_path)
    check_source(source)
    told = f"folder '{tmp_path}': 5 other files left out (.gz 1, .mp4 1, .pdf 1, .txt 1, without suffix 1)"
    assert notices_of(source) == (told,)
    assert notices_of(files(tmp_path, recursive=False))[0].startswith(f"folder '{tmp_path}': 3 other files")
    assert notices_of(files(tmp_path, suffixes="jpg")) == notices_of(files(tmp_path / "*.jpg")) == ()
    make(tmp_path, *(f"{number}.kind{number % 9}" for number in range(12)), "1. of a long sentence")
    assert notices_of(files(tmp_path, recursive=False))[0].endswith(
        ": 16 other files left out (.kind0 2, .kind1 2, .kind2 2, .gz 1, .kind3 1, .kind4 1, of other kinds 7)"
    )


def test_metadata_that_is_read_is_not_told_as_left_out(tmp_path):
    """It is a part of an image folder, and a stranger in a folder of pictures."""
    make(tmp_path, "cat/a.jpg", metadata="file_name,text\ncat/a.jpg,one\n")
    assert notices_of(image_folder(tmp_path)) == ()
    assert notices_of(files(tmp_path)) == (f"folder '{tmp_path}': 1 other file left out (.csv 1)",)
