"""Listing files."""

import os
from collections.abc import Iterable
from pathlib import Path

from creevey_graph.atomic import is_temporary
from creevey_graph.creevey.constants import PathOrStr
from creevey_graph.errors import SourceNotFound

__all__ = ["find_files_with_extensions"]


def find_files_with_extensions(search_dir: PathOrStr, extensions: Iterable[str] | str) -> list[Path]:
    """
    List the files below a folder that have one of these extensions, sorted.

    Args:
        search_dir: The folder; those below it are searched too, hidden ones included.
        extensions: One or several, in either case, with or without their dot.

    Raises:
        SourceNotFound: There is no such folder.
    """
    if not os.path.isdir(search_dir):  # noqa: PTH112 - text or path
        raise SourceNotFound(f"no folder '{search_dir}' to search")
    given = (extensions,) if isinstance(extensions, str) else extensions
    wanted = {f".{extension.lower().removeprefix('.')}" for extension in given}
    found = []
    for folder, below, names in os.walk(search_dir):
        below[:] = [name for name in below if name != ".creevey" and not is_temporary(name)]
        found += [
            Path(folder, name)
            for name in names
            if os.path.splitext(name)[1].lower() in wanted and not is_temporary(name)  # noqa: PTH122 - per file
        ]
    return sorted(found)
