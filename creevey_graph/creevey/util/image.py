"""Listing pictures."""

from pathlib import Path

from creevey_graph.creevey.constants import PathOrStr
from creevey_graph.creevey.util import find_files_with_extensions
from creevey_graph.sources.files import PICTURE_SUFFIXES

__all__ = ["find_image_files"]


def find_image_files(search_dir: PathOrStr) -> list[Path]:
    """
    List the pictures below a folder, sorted: files named as one of the formats that Pillow reads.

    Args:
        search_dir: The folder; those below it are searched too.

    Raises:
        SourceNotFound: There is no such folder.
    """
    return find_files_with_extensions(search_dir, (*PICTURE_SUFFIXES, ".heic", ".heif"))
