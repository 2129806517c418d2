"""Items from WebDataset tars: the members of one name are one sample."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from creevey_graph.errors import SourceError, SourceNotFound, UsageError
from creevey_graph.parts import Member, Part
from creevey_graph.parts.members import MAX_BYTES
from creevey_graph.sources.base import unique_keys
from creevey_graph.sources.files import PICTURE_SUFFIXES
from creevey_graph.sources.parts import ARCHIVE_SUFFIXES, PartSource, Paths, also, found_files, members_of
from creevey_graph.text import safe_text

TEXT_EXTENSIONS = ("cls", "cls2", "id", "index", "inx", "json", "transcript", "txt", "text")
"""Of members that become columns, as the `webdataset` package decodes them."""
_NUMBERS = frozenset({"cls", "cls2", "index", "inx"})
_PICTURES = frozenset(suffix[1:] for suffix in PICTURE_SUFFIXES)
MAX_TEXT_BYTES = 2**24


def webdataset(tars: Paths, *, images: Sequence[str] | None = None, max_bytes: int = MAX_BYTES) -> PartSource:
    """
    List the samples of WebDataset tars: "a/0001.jpg", "a/0001.json" and "a/0001.txt" are one.

    The texts are read while listing, the pictures where a step asks for them.

    Args:
        tars: One tar, a folder of them, a glob, or a list of paths.
        images: Extensions of the members that are the graph's inputs, in order, such as ("jpg",
            "mask.png"); default: the one picture of each sample.
        max_bytes: The most bytes a picture may unpack to.

    Returns:
        One item per sample, tar by tar, sorted by key, which is the name before the first dot. Texts
        (txt, json, cls and the like) are columns of that name: json parsed, cls and index as numbers.

    Raises:
        SourceNotFound: No such tar, or no sample in it.
        SourceError: A tar cannot be read; a sample has no picture, or several; a text is no UTF-8 or no JSON.
        UsageError: *tars* is no path, or *images* no extensions.

    """
    if images is not None and (isinstance(images, str) or not images or not all(map(_is_text, images))):
        raise UsageError(f"webdataset: images must be extensions, such as ('jpg',) (got {images!r})")
    notices: list[str] = []
    samples: list[tuple[str, Path, dict[str, str]]] = []
    for _, path in found_files("webdataset", tars, ARCHIVE_SUFFIXES):
        samples += [(key, path, members) for key, members in _samples(path, notices).items()]
    if not samples:
        raise SourceNotFound(f"webdataset '{safe_text(str(tars))}': no sample in it{also(notices)}")
    there = {extension for _, _, members in samples for extension in members}
    columns = tuple(sorted(there.intersection(TEXT_EXTENSIONS)))
    parts: list[tuple[Part, ...]] = []
    rows: list[tuple[Any, ...]] = []
    for key, path, members in samples:
        names = _pictures(key, path, members, images)
        parts.append(tuple(Member(path, name, max_bytes) for name in names))
        rows.append(tuple(_text(path, extension, members.get(extension)) for extension in columns))
    keys = unique_keys([key for key, _, _ in samples])
    return PartSource(parts, keys, columns, rows if columns else [], tuple(notices))


def _samples(path: Path, notices: list[str]) -> dict[str, dict[str, str]]:
    """Return key -> extension in lower case -> member."""
    samples: dict[str, dict[str, str]] = {}
    for name in members_of(path, ("",), notices):
        folder, slash, last = name.rpartition("/")
        stem, dot, extension = last.partition(".")
        if dot:
            samples.setdefault(folder + slash + stem, {})[extension.lower()] = name
    return samples


def _pictures(key: str, path: Path, members: dict[str, str], images: Sequence[str] | None) -> list[str]:
    where = f"'{safe_text(str(path))}' sample '{safe_text(key)}'"
    has = safe_text(", ".join(sorted(members)))
    if images is not None:
        missing = [extension for extension in images if extension.lower().lstrip(".") not in members]
        if missing:
            raise SourceError(f"{where}: no member '{safe_text(missing[0])}' (has: {has})")
        return [members[extension.lower().lstrip(".")] for extension in images]
    found = [name for extension, name in members.items() if extension in _PICTURES]
    if len(found) != 1:
        raise SourceError(
            f"{where}: expected one picture (has: {has}); name those meant, as in images=('jpg', 'mask.png')"
        )
    return found


def _text(path: Path, extension: str, name: str | None) -> Any:
    if name is None:
        return None
    try:
        text = Member(path, name, MAX_TEXT_BYTES).read_text()
        if extension == "json":
            return json.loads(text)
        return int(text) if extension in _NUMBERS else text
    except (UnicodeDecodeError, RecursionError) as exc:
        raise SourceError(f"'{safe_text(str(path))}': member '{safe_text(name)}' is no text ({exc})") from exc
    except SourceError:
        raise
    except ValueError as exc:
        what = "JSON" if extension == "json" else "whole number"
        raise SourceError(
            f"'{safe_text(str(path))}': member '{safe_text(name)}' is no {what} ({exc})"
        ) from exc


def _is_text(extension: Any) -> bool:
    return isinstance(extension, str) and bool(extension.strip("."))
