"""
The items of a `Pipeline`'s run: inpaths as the user has them, each with the outpath that `path_func` gives it.

`path_func` and `skip_func` are any code, called once for each inpath before anything runs; what they raise
is the row of that item. An inpath that comes again is one item.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.errors import GraphError, SkipItem, UsageError
from creevey_graph.fields import safe_repr
from creevey_graph.outputs import MAX_NAME_BYTES
from creevey_graph.sources import Item
from creevey_graph.sources.base import is_url, unique_keys
from creevey_graph.stages import Elsewhere, Outpath
from creevey_graph.tasks import portable
from creevey_graph.text import safe_text

PathFunc = Callable[[Any], Any]
SkipFunc = Callable[[Any, Any], Any]
_ASKED_AT_ONCE = 32
"""Per thread, how many inpaths `skip_func` is asked about before it is looked what it said."""


_LONGEST_NAME = MAX_NAME_BYTES - 40
"""Bytes; above that, `outputs` refuses the run, and here it is one row."""


@attrs.define
class Inpath:
    """
    One inpath.

    Args:
        inpath: As the user gave it.
        outpath: What `path_func` returned.
        place: Where that is, as an absolute path; None where it is no local path.
        refusal: Why it is not worked on.
    """

    inpath: Any
    outpath: Any = None
    place: str | None = None
    refusal: Exception | None = None


@attrs.frozen
class InpathItem(Item):
    """
    An item with its place below the output folder.

    Args:
        below: That place.
    """

    below: str = ""


@attrs.frozen(eq=False)
class Inpaths:
    """
    A source of inpaths in the order given.

    Args:
        entries: The inpaths.
        keys: One for each, unique.
        out: The deepest folder that holds all outpaths.
        with_outpaths: Whether items have their outpath as a second value.
        keeps_paths: Whether paths stay paths, also those behind which no file stands.
    """

    entries: Sequence[Inpath] = attrs.field(repr=False)
    keys: Sequence[str] = attrs.field(repr=False)
    out: Path
    with_outpaths: bool = False
    keeps_paths: bool = False
    columns: tuple[str, ...] = ()
    input_root: Path | None = None

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Item]:
        folder = os.path.join(self.out, "")  # noqa: PTH118 - per item
        for index, (entry, key) in enumerate(zip(self.entries, self.keys, strict=True)):
            value = entry.inpath if self.keeps_paths else _value_of(entry.inpath)
            values = (value, Outpath(entry.outpath)) if self.with_outpaths else (value,)
            below = "" if entry.place is None else entry.place.removeprefix(folder).replace(os.sep, "/")
            yield InpathItem(index, key, _text(entry.inpath, index), values, {}, entry.refusal, below)

    def formed(self, *, with_outpaths: bool, keeps_paths: bool) -> "Inpaths":
        """Return the source as a graph wants its values."""
        return attrs.evolve(self, with_outpaths=with_outpaths, keeps_paths=keeps_paths)

    def make_portable(self) -> None:
        """Make sure that what was raised for an inpath can be sent to another process."""
        for entry in self.entries:
            if entry.refusal is not None and type(entry.refusal) is not SkipItem:
                entry.refusal = portable(entry.refusal)

    @property
    def are_local(self) -> bool:
        """True where every outpath is a local path, as far as there is one."""
        return all(entry.place is not None or _is_broken(entry) for entry in self.entries)

    @property
    def are_text(self) -> bool:
        """True where every outpath is text, as far as there is one."""
        return all(isinstance(entry.outpath, str) or _is_broken(entry) for entry in self.entries)


def outpath_of(item: Item) -> str:
    """Return where an item's output goes, relative to the output folder: the template of a run's writer."""
    return item.below if isinstance(item, InpathItem) else ""


def list_inpaths(
    inpaths: Iterable[Any],
    path_func: PathFunc,
    skip: SkipFunc | None = None,
    *,
    jobs: int = 1,
    why: str = "",
    out: Path | None = None,
) -> Inpaths:
    """
    Ask for the outpath of each inpath, and whether it is to be skipped.

    Args:
        inpaths: Paths, URLs or any other values.
        path_func: Inpath -> outpath.
        skip: Inpath and outpath -> whether it is skipped.
        jobs: How many threads ask *skip*.
        why: What is told of those that are.
        out: The output folder, where it is known and holds the outpaths.

    Raises:
        UsageError: *inpaths* is one path.
        GraphError: Two inpaths have one outpath that is no file.
    """
    if isinstance(inpaths, (str, bytes, os.PathLike)) or not isinstance(inpaths, Iterable):
        raise UsageError(
            f"inpaths must be a list of paths or URLs (got {inpaths!r}); find_image_files(folder) lists a folder"
        )
    entries = [_entry(inpath, path_func) for inpath in _distinct(inpaths)]
    if skip is not None:
        _ask(entries, skip, jobs, why)
    if not all(entry.place is not None or _is_broken(entry) for entry in entries):
        _check_apart_elsewhere(entries)
    keys = unique_keys([_text(entry.inpath, index) for index, entry in enumerate(entries)])
    return Inpaths(entries, keys, _folder_of(entries, out))


def exists(_inpath: Any, outpath: Any) -> bool:
    """Return whether there is a file at *outpath*: what `skip_existing=True` asks."""
    return isinstance(outpath, (str, os.PathLike)) and os.path.isfile(outpath)  # noqa: PTH113 - per item


def _distinct(inpaths: Iterable[Any]) -> Iterator[Any]:
    met: set[Any] = set()
    for inpath in inpaths:
        try:
            mark = (type(inpath), inpath)
            if mark in met:
                continue
            met.add(mark)
        except TypeError:  # it has no hash: nothing tells whether it came before
            pass
        yield inpath


def _entry(inpath: Any, path_func: PathFunc) -> Inpath:
    try:
        outpath = path_func(inpath)
        return Inpath(inpath, outpath, _place_of(outpath))
    except Exception as exc:  # noqa: BLE001 - the item boundary: path_func is any code
        return Inpath(inpath, refusal=exc)


def _place_of(outpath: Any) -> str | None:
    """Return the absolute path of an outpath; None for None, URLs and other values."""
    if not isinstance(outpath, (str, os.PathLike)):
        return None
    text = os.fsdecode(outpath)
    if is_url(text):
        return None
    if not text:
        raise UsageError("path_func returned an empty path")
    folder, name = os.path.split(text)
    if len(os.fsencode(name)) > _LONGEST_NAME:
        raise UsageError(
            f"path_func returned a name over {_LONGEST_NAME} bytes ('{safe_text(name[:40])}…'); "
            "join_outdir_hashed_path_extension makes short ones"
        )
    if ".." in Path(folder).parts:  # behind a link it leads elsewhere than the text says
        text = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118 - per item
    return os.path.abspath(text)  # noqa: PTH100 - links stay


def _ask(entries: Sequence[Inpath], skip: SkipFunc, jobs: int, why: str) -> None:
    def ask(entry: Inpath) -> None:
        if entry.refusal is not None:
            return
        try:
            if skip(entry.inpath, entry.outpath):
                entry.refusal = SkipItem(why)
        except Exception as exc:  # noqa: BLE001 - the item boundary: skip_func is any code
            entry.refusal = exc

    if jobs == 1:
        for entry in entries:
            ask(entry)
        return
    waiting = iter(entries)
    with ThreadPoolExecutor(jobs, thread_name_prefix="creevey-skip") as threads:
        while some := list(islice(waiting, _ASKED_AT_ONCE * jobs)):
            list(threads.map(ask, some))


def _check_apart_elsewhere(entries: Sequence[Inpath]) -> None:
    """Check that no two outpaths are one, and none its inpath; where all are local paths, the engine does."""
    met: dict[str, Any] = {}
    for entry in entries:
        mark = entry.place or entry.outpath
        if not isinstance(mark, str):
            continue
        if mark in met:
            raise GraphError(
                f"path_func gives '{safe_text(str(met[mark]))}' and '{safe_text(str(entry.inpath))}' one "
                f"outpath, '{safe_text(mark)}'; make them different, as join_outdir_hashed_path_extension does"
            )
        if entry.place is not None and exists(None, entry.inpath) and _are_one(entry.place, entry.inpath):
            raise GraphError(
                f"path_func gives '{safe_text(str(entry.inpath))}' itself as its outpath; choose another folder"
            )
        met[mark] = entry.inpath


def _are_one(place: str, inpath: str | os.PathLike[str]) -> bool:
    return os.path.realpath(place) == os.path.realpath(inpath)


def _folder_of(entries: Sequence[Inpath], out: Path | None) -> Path:
    """Return the deepest folder that holds all outpaths; *out* where that does."""
    folders = {os.path.dirname(entry.place) for entry in entries if entry.place is not None}  # noqa: PTH120 - per item
    if not folders:
        return out or Path.cwd()
    common = Path(os.path.commonpath(folders))
    return out if out is not None and common.is_relative_to(out) else common


def _is_broken(entry: Inpath) -> bool:
    return entry.refusal is not None and not isinstance(entry.refusal, SkipItem)


def _value_of(inpath: Any) -> Any:
    """Return what the engine is to see of an inpath: it takes a path for a file whose content counts."""
    if isinstance(inpath, Path):
        if os.path.isfile(inpath):  # noqa: PTH113 - per item
            return inpath
    elif not (isinstance(inpath, str) and not is_url(inpath) and os.path.isdir(inpath)):  # noqa: PTH112 - per item
        return inpath
    return Elsewhere(inpath, object() if os.path.exists(inpath) else None)  # noqa: PTH110 - per item


def _text(inpath: Any, index: int) -> str:
    if isinstance(inpath, os.PathLike):
        return os.fsdecode(inpath)
    if isinstance(inpath, (str, int, float, tuple, list, dict, bytes)):
        return str(inpath) if isinstance(inpath, str) else safe_repr(inpath)[:200]
    return f"inpath {index + 1}"
