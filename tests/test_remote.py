"""Files in buckets: what is listed, what a rerun asks for, and what is never told."""

import pickle
from collections import Counter
from datetime import UTC, datetime
from typing import ClassVar

import fsspec
import pytest
from fsspec import AbstractFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from parts_drawn import picture_bytes, write_zip
from runs import outcomes
from witness import age, outputs_of

from creevey_graph import graph, step
from creevey_graph.errors import SourceChanged, SourceError, SourceNotFound, UsageError
from creevey_graph.fingerprint.values import digest_value
from creevey_graph.images import load_image, mean_brightness, write_image
from creevey_graph.sources import RemoteFile, files, open_source, remote
from creevey_graph.sources.versions import Untold

SECRET = "sesame-8d1f"


class Bucket(MemoryFileSystem):
    """A file system whose listing gives what `facts` says of a file."""

    protocol = "bucket"
    facts = None
    asked: ClassVar = Counter()
    kept: ClassVar = {}
    find = AbstractFileSystem.find  # by `ls`, as most file systems do

    @classmethod
    def _strip_protocol(cls, path):
        path = path.removeprefix("bucket://").strip("/")
        return f"/{path}" if path else ""

    def _told(self, entry):
        if entry["type"] == "file":
            entry |= type(self).facts(self.store[entry["name"]])
        return entry

    def ls(self, path, detail=True, **kwargs):
        self.asked["ls"] += 1
        if path not in self.kept:  # as most file systems keep their listings
            self.kept[path] = [self._told(entry) for entry in super().ls(path, detail=True, **kwargs)]
        entries = self.kept[path]
        return entries if detail else sorted(entry["name"] for entry in entries)

    def invalidate_cache(self, path=None):  # noqa: ARG002 - as fsspec has it
        self.kept.clear()

    def info(self, path, **kwargs):
        return self._told(super().info(path, **kwargs))

    def _open(self, path, mode="rb", **kwargs):
        self.asked["open"] += mode == "rb"
        return super()._open(path, mode, **kwargs)


def etag(file):
    return {"ETag": f'"{hash(file.getvalue())}"'}


@pytest.fixture
def bucket(monkeypatch):
    """A bucket whose listing gives ETags, with three pictures in it."""
    fsspec.register_implementation("bucket", Bucket, clobber=True)
    monkeypatch.setattr(Bucket, "facts", etag)
    monkeypatch.setattr(Bucket, "asked", Counter())
    monkeypatch.setattr(Bucket, "store", {})
    monkeypatch.setattr(Bucket, "pseudo_dirs", [""])
    monkeypatch.setattr(Bucket, "kept", {})
    fs = fsspec.filesystem("bucket")
    for number, name in enumerate(("a.png", "in/b.png", "in/deeper/c.PNG")):
        fs.pipe(f"/photos/{name}", picture_bytes(number))
    Bucket.asked.clear()
    return fs


@graph
def copies(photo: RemoteFile):
    image = load_image(photo)
    return {"file": write_image(image, "x{parent}/{stem}-small.png"), "brightness": mean_brightness(image)}


@step
def length(photo) -> int:
    return len(photo.read_bytes())


@graph
def lengths(photo):
    return {"bytes": length(photo)}


def keys(source):
    return [item.key for item in source]


# Listing


def test_a_folder_a_glob_and_a_file_are_listed(bucket):
    """Pictures at any depth, sorted, their suffix in either case, under the path below the folder."""
    bucket.pipe("/photos/notes.txt", b"no picture")
    bucket.pipe("/photos/.hidden.png", b"")
    bucket.pipe("/photos/.git/x.png", b"")

    source = remote("bucket://photos")

    assert ["a.png", "in/b.png", "in/deeper/c.PNG"] == keys(source)
    assert ["a.png", "in/b.png", "in/deeper/c.PNG"] == keys(remote("bucket://photos/**/*.png"))
    assert ["a.png"] == keys(remote("bucket://photos/*.png"))
    assert ["b.png"] == keys(remote("bucket://photos/in/*.png"))
    assert ["a.png"] == keys(remote("bucket://photos/a.png"))
    assert ["notes.txt"] == keys(remote("bucket://photos", suffixes=["TXT"]))
    (file,) = list(source)[1].values
    assert "bucket:///photos/in/b.png" == str(file) == list(source)[1].source
    assert ("b.png", "b", ".png", "/photos/in") == (file.name, file.stem, file.suffix, str(file.parent))
    assert picture_bytes(1) == file.read_bytes() == file.open().read()
    assert (20, 16) == load_image(file).size
    assert file == pickle.loads(pickle.dumps(file))


def test_a_scheme_other_than_http_is_listed_where_items_are_given(bucket):
    """`graph.run("s3://…")` needs no call of `remote`; a web page stays an item of its own."""
    assert 3 == len(open_source("bucket://photos", ["photo"]))
    assert ["http://127.0.0.1/a.png"] == keys(open_source("http://127.0.0.1/a.png", ["photo"]))


def test_of_file_urls_plain_paths_are_listed(tmp_path):
    """They are looked at as any files are, and so count by content."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(picture_bytes(1))

    assert list(files(tmp_path)) == list(remote(f"file://{tmp_path}"))
    assert list(files(tmp_path / "**/*.png")) == list(remote(f"file://{tmp_path}/**/*.png"))


@pytest.mark.parametrize(
    ("url", "error", "text"),
    [
        ("bucket://none", SourceNotFound, "bucket://none"),
        ("bucket://photos/*.tif", SourceNotFound, "no file there that fits"),
        ("nope://x/y", SourceError, "nope"),
        ("http://127.0.0.1/a", UsageError, "url_list"),
        ("photos", UsageError, "expected a URL"),
        (7, UsageError, "expected a URL"),
        ("ftp://user:word@host/a", UsageError, "storage_options"),
    ],
)
def test_what_cannot_be_listed_is_said(bucket, url, error, text):
    """The error names the URL, and what to do."""
    with pytest.raises(error, match=text) as caught:
        remote(url)
    assert "word@" not in str(caught.value)
    with pytest.raises(UsageError, match="max_bytes"):
        remote("bucket://photos", max_bytes=0)


def test_a_missing_package_is_named():
    """The scheme s3 needs s3fs."""
    try:
        import s3fs  # noqa: F401
    except ImportError:
        with pytest.raises(SourceError, match=r"s3fs.*pip install 'creevey_graph\[s3\]'"):
            remote("s3://bucket/photos")
    else:
        pytest.skip("s3fs is installed")


def test_a_listing_that_fails_is_an_error(bucket, monkeypatch):
    """Whatever a file system raises comes out as one error with its text."""

    def fail(*_args, **_kwargs):
        raise RuntimeError("no access")

    monkeypatch.setattr(Bucket, "ls", fail)
    with pytest.raises(SourceError, match=r"bucket://photos.*no access"):
        remote("bucket://photos")


# Running


def test_a_rerun_asks_for_the_listing_alone(bucket, tmp_path):
    """Nothing is opened, nothing executed; an edit costs its own item."""
    arguments = {"out": tmp_path / "out", "cache": tmp_path / "cache", "executor": "serial"}
    first = copies.run(remote("bucket://photos"), **arguments)
    listings = Bucket.asked["ls"]
    Bucket.asked.clear()

    second = copies.run(remote("bucket://photos"), **arguments)

    assert (["done"] * 3, ["cached"] * 3) == (outcomes(first), outcomes(second))
    assert {"ls": listings} == Bucket.asked
    assert {"x/a-small.png", "xin/b-small.png", "xin/deeper/c-small.png"} == set(outputs_of(tmp_path / "out"))
    bucket.pipe("/photos/in/b.png", picture_bytes(9))
    Bucket.asked.clear()
    third = copies.run(remote("bucket://photos"), **arguments)
    assert ["cached", "done", "cached"] == outcomes(third)
    assert 1 == Bucket.asked["open"]


def test_without_a_version_nothing_is_guessed(bucket, tmp_path, monkeypatch):
    """Where a listing tells of no change, each run reads anew, gives what is there, keeps nothing, and says so."""
    monkeypatch.setattr(Bucket, "facts", lambda _: {})
    arguments = {"cache": tmp_path / "cache", "executor": "serial"}
    found = []
    for data in (b"abc", b"xyz", b"xyz"):
        bucket.pipe("/photos/a.png", data)
        report = contents.run(remote("bucket://photos/a.png"), **arguments)
        found += [(str(row.outcome), row.fields["text"]) for row in report.rows]
        assert any("count as changed in every run" in text for text in report.notices)

    assert [("done", "abc"), ("done", "xyz"), ("done", "xyz")] == found


@step
def text_of(photo) -> str:
    return photo.read_text()


@graph
def contents(photo):
    return {"text": text_of(photo)}


@pytest.mark.parametrize("kind", [datetime, float, str, int])
@pytest.mark.parametrize(("seconds_ago", "is_told"), [(3600, True), (0, False), (-3600, False)])
def test_a_time_tells_of_changes_once_it_lies_back(bucket, monkeypatch, kind, seconds_ago, is_told):
    """A second edit in the same second would not show; an ETag tells at once."""
    moment = datetime.now(UTC).timestamp() - seconds_ago
    told = datetime.fromtimestamp(moment, UTC)
    value = {datetime: told, str: told.isoformat()}.get(kind, kind(moment) if kind in (int, float) else None)
    monkeypatch.setattr(Bucket, "facts", lambda _: {"LastModified": value})

    versions = [item.values[0].version for item in remote("bucket://photos")]

    assert [is_told] * 3 == [not isinstance(version, Untold) for version in versions]


@pytest.mark.parametrize("facts", [{"mtime": "yesterday"}, {"mtime": None}, {"ETag": None}, {"CRC": 7}])
def test_what_cannot_be_read_as_a_version_is_none(bucket, monkeypatch, facts):
    """A time in words, an empty fact and a 32-bit checksum do not tell of changes."""
    monkeypatch.setattr(Bucket, "facts", lambda _: facts)

    assert all(isinstance(item.values[0].version, Untold) for item in remote("bucket://photos"))


def test_a_file_that_changed_since_it_was_listed_is_not_kept(bucket, tmp_path):
    """What is read must be what the listing told: else it would be kept under the wrong version."""
    source = remote("bucket://photos/a.png")
    bucket.pipe("/photos/a.png", picture_bytes(7))

    with pytest.raises(SourceChanged, match="changed since it was listed"):
        next(iter(source)).values[0].read_bytes()
    report = lengths.run(source, cache=tmp_path / "cache", executor="serial")
    assert ["failed"] == outcomes(report)
    bucket.rm("/photos/a.png")
    with pytest.raises(FileNotFoundError):
        next(iter(source)).values[0].read_bytes()


def test_no_more_is_read_than_allowed(bucket):
    """The cap is on what is read, whatever the listing says."""
    source = remote("bucket://photos/a.png", max_bytes=10)
    with pytest.raises(SourceError, match="more than max_bytes=10"):
        next(iter(source)).values[0].read_bytes()


def test_a_remote_file_is_only_read(bucket):
    """Another mode is an error."""
    with pytest.raises(UsageError, match="'rb'"):
        next(iter(remote("bucket://photos"))).values[0].open("w")


def test_credentials_are_neither_counted_nor_written(bucket, tmp_path, caplog):
    """They stand in no report, no cache and no repr; with others, or none, nothing is made again."""
    arguments = {"out": tmp_path / "out", "cache": tmp_path / "cache", "executor": "serial"}
    source = remote("bucket://photos", storage_options={"password": SECRET})
    report = copies.run(source, **arguments)
    report.to_csv(tmp_path / "out" / "report.csv")
    report.to_jsonl(tmp_path / "out" / "report.jsonl")
    (file,) = next(iter(source)).values

    assert {"password": SECRET} == file.storage_options
    assert SECRET not in repr(file) + str(file) + repr(source) + caplog.text
    assert digest_value(file) == digest_value(RemoteFile(file.url, file.version))
    assert digest_value(file) != digest_value(RemoteFile(file.url, (("ETag", "x"),)))
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
    assert ["cached"] * 3 == outcomes(copies.run(remote("bucket://photos"), **arguments))


def test_the_members_of_a_zip_far_away_are_read(tmp_path):
    """A chained URL, as fsspec has it, gives items that are read in every process; none is guessed to be the same."""
    path = write_zip(tmp_path / "x.zip", {f"in/{number}.png": picture_bytes(number) for number in range(4)})
    source = remote(f"zip://in/*.png::file://{path}")

    report = copies.run(source, out=tmp_path / "out", cache=tmp_path / "cache", executor="processes", jobs=2)

    assert [f"{number}.png" for number in range(4)] == keys(source)
    assert ["done"] * 4 == outcomes(report)
    assert 4 == len(outputs_of(tmp_path / "out"))


def test_explain_takes_a_remote_file_by_key_and_by_url(bucket, tmp_path):
    """As any item; after an edit it says so."""
    arguments = {"out": tmp_path / "out", "cache": tmp_path / "cache"}
    copies.run(remote("bucket://photos"), **arguments, executor="serial")
    for name in ("in/b.png", "bucket:///photos/in/b.png"):
        assert "input changed" not in str(copies.explain(name, **arguments))
        assert "new item" not in str(copies.explain(name, **arguments))
    bucket.pipe("/photos/in/b.png", picture_bytes(9))

    for name in ("in/b.png", "bucket:///photos/in/b.png"):
        assert "input changed" in str(copies.explain(name, **arguments))


def test_a_table_may_hold_remote_files(bucket, tmp_path, monkeypatch):
    """Beside other values a remote file counts by its version too."""
    age(monkeypatch)

    @step
    def total(photo, plus: int) -> int:
        return len(photo.read_bytes()) + plus

    @graph
    def totals(photo, plus):
        return {"bytes": total(photo, plus)}

    found = []
    for data in (b"abc", b"abc", b"abcd"):
        bucket.pipe("/photos/a.png", data)
        rows = [{"photo": next(iter(remote("bucket://photos/a.png"))).values[0], "plus": 1}]
        found += outcomes(totals.run(rows, cache=tmp_path / "cache", executor="serial"))

    assert ["done", "cached", "done"] == found
