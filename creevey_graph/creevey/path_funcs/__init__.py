"""Functions from an inpath to an outpath; of a URL they take the path alone, without query and escapes."""

import uuid
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from creevey_graph.creevey.constants import PathOrStr
from creevey_graph.errors import UsageError
from creevey_graph.outputs import safe_name
from creevey_graph.sources.base import is_url

__all__ = [
    "combine_outdir_dirname_extension",
    "join_outdir_filename_extension",
    "join_outdir_hashed_path_extension",
    "replace_dir",
    "replace_directory",
]


def join_outdir_filename_extension(path: PathOrStr, outdir: PathOrStr, extension: str | None = None) -> Path:
    """
    Return *outdir* / the file name of *path*, with another extension where one is given.

    Args:
        path: A path or URL.
        outdir: The folder.
        extension: With or without its dot; None keeps that of *path*.

    Raises:
        UsageError: *path* has no file name; `join_outdir_hashed_path_extension` does without. (A ValueError.)

    >>> join_outdir_filename_extension("https://a.example/x/a.b.jpg?size=1.2", "out", "png").as_posix()
    'out/a.b.png'

    """
    name = _name_of(path)
    if extension is not None:
        name = f"{PurePosixPath(name).stem}{_dotted(extension)}"
    return Path(outdir) / name


def join_outdir_hashed_path_extension(
    path: PathOrStr, outdir: PathOrStr, extension: str | None = None
) -> Path:
    """
    Return *outdir* / a name made of the whole of *path*: two files that are called alike do not collide.

    Args:
        path: A path or URL.
        outdir: The folder.
        extension: With or without its dot; None keeps that of *path*.

    Source: RFC 9562, UUID version 5 of the text of *path* in the namespace of domain names, as Creevey had it.

    >>> join_outdir_hashed_path_extension("x/a.jpg", "out").as_posix()
    'out/ab75a781be7f54c88e0183683b666f12.jpg'

    """
    extension = PurePosixPath(_last_part(path)).suffix if extension is None else _dotted(extension)
    return Path(outdir) / f"{uuid.uuid5(uuid.NAMESPACE_DNS, str(path)).hex}{extension}"


def replace_dir(path: PathOrStr, outdir: PathOrStr) -> Path:
    """
    Return *outdir* / the file name of *path*.

    >>> replace_dir("x/a.jpg", "out").as_posix()
    'out/a.jpg'

    """
    return join_outdir_filename_extension(path, outdir)


combine_outdir_dirname_extension = join_outdir_filename_extension
"""Its name in Creevey 1.0."""
replace_directory = replace_dir
"""Its name before Creevey 1.0."""


def _last_part(path: PathOrStr) -> str:
    text = str(path)
    if is_url(text):
        return safe_name(unquote(urlsplit(text).path.rstrip("/").rpartition("/")[2]))
    return Path(path).name


def _name_of(path: PathOrStr) -> str:
    if name := _last_part(path):
        return name
    raise UsageError(f"'{path}' has no file name; use join_outdir_hashed_path_extension")


def _dotted(extension: str) -> str:
    return extension if extension.startswith(".") or not extension else f".{extension}"
