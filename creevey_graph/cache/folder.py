"""The cache's folder: where it is, who may use it, and its marks."""

import os
import stat
from pathlib import Path

from creevey_graph.atomic import is_temporary, write_bytes
from creevey_graph.errors import CacheError

TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of creevey_graph; it may be deleted at any time.\n"
ENVIRONMENT = "CREEVEY_CACHE_DIR"
_OURS = frozenset({"CACHEDIR.TAG", "store", "index.db", "runs"})


def default_folder() -> Path:
    """Return the folder of `CREEVEY_CACHE_DIR`, else `.creevey` in the current folder."""
    return Path(os.environ.get(ENVIRONMENT) or ".creevey")


def open_folder(folder: Path) -> Path:
    """
    Make the folder where it is not there yet (0700), and check that only its owner may write.

    Raises:
        CacheError: It is no folder, cannot be made, belongs to somebody else, or others may write to it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_owner(folder, folder.stat())
        _check_ours(folder)
        _check_no_links(folder)
        if not os.access(folder, os.W_OK) and (folder / "store").is_dir():
            return folder  # it can only be read
        for name, text in (("CACHEDIR.TAG", TAG), (".gitignore", "*\n")):
            mark = folder / name
            if not mark.exists() or not mark.stat().st_size:  # killed between making and writing it
                write_bytes(mark, text.encode())  # a link that leads elsewhere is replaced
        (folder / "runs").mkdir(mode=0o700, exist_ok=True)
    except CacheError:
        raise
    except FileExistsError as exc:
        raise CacheError(
            f"cache folder '{folder}' is not a folder; choose another with cache= or --cache"
        ) from exc
    except OSError as exc:
        raise CacheError(f"cache folder '{folder}' cannot be used ({exc.strerror or exc})") from exc
    return folder


def _check_ours(folder: Path) -> None:
    """Refuse a folder of other things: our .gitignore in it would hide them all."""
    names = {path.name for path in folder.iterdir() if not is_temporary(path.name)}
    if names and not names & _OURS:
        raise CacheError(
            f"cache folder '{folder}' holds other files; choose a new or empty one with cache= or --cache"
        )


def _check_no_links(folder: Path) -> None:
    """Refuse links in place of the folders in it: old reports are deleted, values written and removed there."""
    for name in ("store", "runs"):
        if (folder / name).is_symlink():
            raise CacheError(
                f"cache folder '{folder}': '{name}' in it must be a folder of its own (got a link); remove the "
                "link, or choose another cache with cache= or --cache (the whole folder may be a link)"
            )


def _check_owner(folder: Path, facts: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):
        return
    if facts.st_uid != os.geteuid():
        raise CacheError(
            f"cache folder '{folder}' belongs to another user; choose your own with cache= or --cache"
        )
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CacheError(f"cache folder '{folder}' can be written by others; chmod 700 it")
