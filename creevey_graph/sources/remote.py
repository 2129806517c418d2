"""
Items from buckets and other file systems that fsspec knows.

A file counts by its address and by the version that the listing tells (ETag, generation, checksum; else size
and time), so that a rerun asks for the listing and for nothing else. What a listing does not tell is
never guessed.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import attrs

from creevey_graph.errors import SourceChanged, SourceError, SourceNotFound, UsageError
from creevey_graph.fingerprint.instances import UNCOUNTED
from creevey_graph.parts.base import Readable
from creevey_graph.sources.base import Item, Source, is_url, unique_keys
from creevey_graph.sources.files import PICTURE_SUFFIXES, files, normal_suffixes
from creevey_graph.sources.versions import Untold, Version, is_same, told, version_of
from creevey_graph.sources.walk import any_case, has_magic
from creevey_graph.text import safe_text

MAX_BYTES = 2**30
_LOCAL = frozenset({"file", "local"})
_NOT_LISTED = frozenset({"http", "https"})


@attrs.frozen
class RemoteFile(Readable):
    """
    A file on another machine, which can be read like a path; `str()` is its URL.

    Args:
        url: Where it is, as fsspec takes it.
        version: What the listing told of its content, by names.
        storage_options: What fsspec opens it with. May hold credentials: neither counted nor shown.
        max_bytes: The most bytes that are read.
    """

    url: str
    version: Version | Untold
    storage_options: Mapping[str, Any] = attrs.field(
        factory=dict, eq=False, repr=False, metadata={UNCOUNTED: True}
    )
    max_bytes: int = attrs.field(default=MAX_BYTES, eq=False, repr=False, metadata={UNCOUNTED: True})

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self._path.name

    @property
    def stem(self) -> str:
        """Its name without the suffix."""
        return self._path.stem

    @property
    def suffix(self) -> str:
        """What its name ends in, with the dot."""
        return self._path.suffix

    @property
    def parent(self) -> PurePosixPath:
        """The folder it is in."""
        return self._path.parent

    @property
    def _path(self) -> PurePosixPath:
        return PurePosixPath(self.url.partition("::")[0].partition("://")[2])

    def read_bytes(self) -> bytes:
        """
        Return its content.

        Raises:
            SourceChanged: It is not what was listed.
            SourceError: It has more than `max_bytes`, or the file system fails.
            FileNotFoundError: It is gone.
        """
        shown = safe_text(self.url)
        fs, path = _open(self.url, self.storage_options)
        try:
            with fs.open(path, "rb") as file:
                data: bytes = file.read(self.max_bytes + 1)
            fs.invalidate_cache()
            now = version_of(fs.info(path))
        except FileNotFoundError:
            raise
        except Exception as exc:
            raise SourceError(f"'{shown}': cannot be read ({_text(exc)})") from exc
        if len(data) > self.max_bytes:
            raise SourceError(f"'{shown}': has more than max_bytes={self.max_bytes} bytes")
        if not isinstance(self.version, Untold) and not is_same(self.version, now):
            raise SourceChanged(f"'{shown}' changed since it was listed; run again")
        return data


@attrs.frozen(eq=False)
class RemoteSource:
    """
    Files on another machine.

    Args:
        files: The files.
        keys: One per file, unique.
        notices: What the run is to tell.
    """

    files: list[RemoteFile] = attrs.field(repr=False)
    keys: list[str] = attrs.field(repr=False)
    notices: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    input_root: Path | None = None

    def __iter__(self) -> Iterator[Item]:
        for index, (key, file) in enumerate(zip(self.keys, self.files, strict=True)):
            yield Item(index, key, file.url, (file,))

    def __len__(self) -> int:
        return len(self.files)


def remote(
    url: str,
    *,
    storage_options: Mapping[str, Any] | None = None,
    suffixes: Iterable[str] | None = None,
    max_bytes: int = MAX_BYTES,
) -> Source:
    """
    List the pictures at a URL that fsspec knows: "s3://bucket/photos/**/*.jpg", a folder, or one file.

    A rerun costs the listing and no further request, where the listing tells of changes. Where it does not,
    each run reads the files anew, and says so.

    Args:
        url: Folder, glob or file; its scheme may need a package, such as s3fs (the extra `s3`). Of
            "file://", plain paths are listed; http(s) is for `url_list` and the step `download`.
        storage_options: Given to fsspec: credentials, endpoints. They reach workers, never a report or the cache.
        suffixes: What names end in, in either case; default: what Pillow reads for a folder, anything for a glob.
        max_bytes: The most bytes that are read of a file.

    Returns:
        One item per file, sorted by path; its value is a `RemoteFile` (a `Path` for "file://"), its key
        the path below the folder. Hidden files are left out.

    Raises:
        SourceNotFound: There is no such folder or file, or nothing in it that fits.
        SourceError: It cannot be listed: no such scheme, a package is missing, no access.
        UsageError: *url* is no URL, holds a password, or is one of http(s).

    """
    options = dict(storage_options or {})
    _check_url(url)
    if not isinstance(max_bytes, int) or max_bytes < 1:
        raise UsageError(f"remote: max_bytes must be at least 1 (got {max_bytes!r})")
    fs, path = _open(url, options)
    if "::" not in url and _LOCAL.intersection(_protocols(fs)):
        return files(path, suffixes=suffixes)
    try:
        fs.invalidate_cache()  # an earlier listing of this process may lie there
        root, found = _list(fs, path, suffixes)
    except FileNotFoundError as exc:
        raise SourceNotFound(f"no file or folder '{safe_text(url)}'") from exc
    except Exception as exc:
        raise SourceError(f"'{safe_text(url)}': cannot be listed ({_text(exc)})") from exc
    if not found:
        raise SourceNotFound(
            f"'{safe_text(url)}': no file there that fits; hidden files are left out, and `**` is for any depth"
        )
    listed_ns = time.time_ns()
    scheme, tail = url.partition("://")[0], "".join(url.partition("::")[1:])
    names = sorted(found)
    listed = [
        RemoteFile(_url_of(fs, scheme, name, tail), told(found[name], listed_ns), options, max_bytes)
        for name in names
    ]
    keys = list(unique_keys([name.removeprefix(root).lstrip("/") for name in names]))
    untold = sum(isinstance(file.version, Untold) for file in listed)
    notices = (_notice(url, untold, len(listed)),) if untold else ()
    return RemoteSource(listed, keys, notices)


def _check_url(url: Any) -> None:
    if not isinstance(url, str) or not is_url(url):
        raise UsageError(f"remote: expected a URL, such as 's3://bucket/photos/**/*.jpg' (got {url!r})")
    if url.partition("://")[0].lower() in _NOT_LISTED:
        raise UsageError("remote: http(s) has no listing; use url_list and the step download")
    try:
        has_password = urlsplit(url.partition("::")[0]).password is not None
    except ValueError:  # a bracket of a glob
        has_password = False
    if has_password:
        raise UsageError(
            "remote: a password in the URL would stand in reports; pass it in storage_options instead"
        )


def _open(url: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    from fsspec.core import url_to_fs  # noqa: PLC0415 - slow to import, and not often needed

    shown = safe_text(url)
    try:
        fs, path = url_to_fs(url, **options)
    except ImportError as exc:
        scheme = url.partition("://")[0]
        extra = "; pip install 'creevey_graph[s3]'" if scheme in ("s3", "s3a") else ""
        raise SourceError(f"'{shown}': {_text(exc)}{extra}") from exc
    except Exception as exc:
        raise SourceError(f"'{shown}': cannot be opened ({_text(exc)})") from exc
    return fs, path


def _list(fs: Any, path: str, suffixes: Iterable[str] | None) -> tuple[str, Mapping[str, Mapping[str, Any]]]:
    """Return the folder, and name -> facts of the files in it that are meant."""
    if has_magic(path):
        whole, _, last = path.rpartition("/")
        found = fs.glob(f"{whole}/{any_case(last)}" if whole else any_case(last), detail=True)
        fixed = path[: min(index for index, letter in enumerate(path) if letter in "*?[")]
        root = fixed.rpartition("/")[0]
        ends = () if suffixes is None else normal_suffixes(suffixes)
    else:
        info = fs.info(path)
        if info["type"] != "directory":
            return path.rpartition("/")[0], {path: info}
        root, found = path, fs.find(path, detail=True)
        ends = PICTURE_SUFFIXES if suffixes is None else normal_suffixes(suffixes)
    return root, {
        name: info
        for name, info in found.items()
        if info["type"] == "file"
        and (not ends or name.lower().endswith(ends))
        and "/." not in f"/{name.removeprefix(root).lstrip('/')}"
    }


def _url_of(fs: Any, scheme: str, name: str, tail: str) -> str:
    if not tail:
        return str(fs.unstrip_protocol(name))
    return f"{scheme}://{name}{tail}"


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _notice(url: str, untold: int, count: int) -> str:
    what = "its files" if untold == count else f"{untold} of its {count} files"
    return f"'{safe_text(url)}': the listing does not tell when {what} change, so they count as changed in every run"


def _text(exc: Exception) -> str:
    return safe_text(str(exc)) or type(exc).__name__
