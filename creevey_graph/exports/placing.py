"""Ways an output comes to stand in a data set's folder: as the same file, as a copy, or as a link."""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from creevey_graph.errors import CreeveyError, UsageError, did_you_mean
from creevey_graph.exports.destination import Destination, Piece, link_or_copy
from creevey_graph.exports.samples import OutputFile
from creevey_graph.fingerprint.files import digest_file
from creevey_graph.outputs import safe_name

_DUPLICATE = re.compile(r"(?<=[^/])(?:\.[A-Za-z0-9]{1,5})?#(?P<number>[0-9]+)$")
"""How `unique_keys` marks a key that is there again, and the suffix in front of it."""


@attrs.frozen
class Way:
    """
    A way.

    Args:
        make: Given the output, the path to make, and where it will stand in the end.
        is_there: Given the output and where it stands, tells whether it is there already.
    """

    make: Callable[[OutputFile, Path, Path], None]
    is_there: Callable[[OutputFile, Path], bool]


def place_file(destination: Destination, file: OutputFile, name: str, link: str) -> None:
    """
    Add an output to an export.

    Args:
        destination: The export's folder.
        file: The output.
        name: Relative to the folder.
        link: Name of the way, as in `WAYS`.

    Raises:
        UsageError: Another file is in the way.
    """
    way, target = WAYS[link], destination.folder / name
    piece = Piece(name, f"{link} {file.digest}", 1, file.size)
    destination.place(piece, lambda path: way.make(file, path, target), lambda path: way.is_there(file, path))


def name_of(path: str) -> tuple[str, str]:
    """
    Return the stem and the suffix of an output's name, made safe; a long stem is cut, a suffix is not.

    >>> name_of("cats/a:b.jpg"), name_of("x/.hidden")
    (('a_b', '.jpg'), ('hidden', ''))
    """
    stem, suffix = os.path.splitext(path.rpartition("/")[2])  # noqa: PTH122 - per sample
    suffix = safe_name(suffix[1:])
    return safe_name(stem) or "item", f".{suffix}" if suffix else ""


def plain_duplicate(name: str, key: str) -> str:
    """
    Return a name without its suffix, told apart as file names are where it is that of a key's second, third … item.

    Args:
        name: Made of the key, such as "HTC_One.jpg#2".
        key: The key.

    >>> plain_duplicate("HTC_One.jpg#2", "HTC_One.jpg#2"), plain_duplicate("C#2", "C")
    ('HTC_One_2', 'C#2')
    """
    mark, its = _DUPLICATE.search(key), _DUPLICATE.search(name)
    if mark is None or its is None or mark["number"] != its["number"]:
        return name
    return f"{name[: its.start()]}_{its['number']}"


def check_way(link: str) -> None:
    """
    Check the name of a way.

    Raises:
        UsageError: There is none of that name.
    """
    if link not in WAYS:
        raise UsageError(f"link: no way '{link}'{did_you_mean(link, WAYS)}")


def _make_hardlink(file: OutputFile, path: Path, _target: Path) -> None:
    link_or_copy(file.file, path)


def _make_copy(file: OutputFile, path: Path, _target: Path) -> None:
    shutil.copyfile(file.file, path)


def _make_symlink(file: OutputFile, path: Path, target: Path) -> None:
    path.symlink_to(_way_to(file, target))


def _way_to(file: OutputFile, target: Path) -> str:
    """Return the output's path from where the link will stand, so that both may move together."""
    return os.path.relpath(os.path.realpath(file.file), os.path.realpath(target.parent))


def _is_same_content(file: OutputFile, path: Path) -> bool:
    try:
        return not path.is_symlink() and digest_file(path)[0] == file.digest
    except (OSError, CreeveyError):
        return False


def _is_hardlink(file: OutputFile, path: Path) -> bool:
    try:
        if not path.is_symlink() and os.path.samefile(file.file, path):  # noqa: PTH121 - one call for str and Path
            return True
    except OSError:
        return False
    return _is_same_content(file, path)  # a copy, where the file system cannot link


def _is_symlink(file: OutputFile, path: Path) -> bool:
    return path.is_symlink() and os.readlink(path) == _way_to(file, path)  # noqa: PTH115 - compared as text


WAYS: Mapping[str, Way] = {
    "hardlink": Way(_make_hardlink, _is_hardlink),
    "copy": Way(_make_copy, _is_same_content),
    "symlink": Way(_make_symlink, _is_symlink),
}
"""Name -> way. A hard link takes no room, and stays when the output is replaced; elsewhere it is a copy."""
