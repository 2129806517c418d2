"""The cache's folder: where it is, who may use it, and its marks."""

import os
import stat
from pathlib import Path

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
        for name, text in (("CACHEDIR.TAG", TAG), (".gitignore", "*\n")):
            mark = folder / name
            if not mark.exists() or not mark.stat().st_size:  # killed between making and writing it
                mark.write_text(text, encoding="utf-8")
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
    names = {path.name for path in folder.iterdir()}
    if names and not names & _OURS:
        raise CacheError(
            f"cache folder '{folder}' holds other files; choose a new or empty one with cache= or --cache"
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
