"""Which modules are the user's own code, and what stands for the others: name and version."""

import functools
import os
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

PYTHON = f"python {sys.version_info.major}.{sys.version_info.minor}"
_SHIPPED = "creevey_graph"
_SHIPPED_STEPS = "creevey_graph.images"


def is_user_module(name: str | None, scope: Mapping[str, Any] | None = None) -> bool:
    """
    True where a module's code is the user's: neither standard library nor installed nor ours.

    Our ready-made steps count as user code: a mended step must run again.

    Args:
        name: The module's dotted name; None for code that was executed from text.
        scope: The globals its functions see, for modules that are not in `sys.modules`.

    >>> is_user_module("json"), is_user_module("attr"), is_user_module("__main__")
    (False, False, True)
    """
    if name is None or name in {"__main__", "__mp_main__"}:
        return True
    top = name.partition(".")[0]
    if top == _SHIPPED:
        return name == _SHIPPED_STEPS or name.startswith(f"{_SHIPPED_STEPS}.")
    module = sys.modules.get(name)
    filename = getattr(module, "__file__", None) or (scope or {}).get("__file__")
    if not isinstance(filename, str):
        return top not in sys.stdlib_module_names
    # By file first: a `test.py` of the user's has the name of a module of the library.
    return is_user_file(filename)


def is_user_file(filename: str) -> bool:
    """True where a file of code is neither the standard library's nor installed; ours may be."""
    return not (filename.startswith(_library_folders()) or _INSTALLED & set(PurePath(filename).parts))


_INSTALLED = {"site-packages", "dist-packages"}


@functools.cache
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {paths["stdlib"], paths["platstdlib"], str(Path(os.__file__).parent)}
    return tuple(sorted(folder + os.sep for folder in folders))


@functools.cache
def distribution_of(module: str) -> str:
    """
    Return name and minor version of what a module belongs to.

    >>> distribution_of("json") == PYTHON
    True
    """
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "builtins":
        return PYTHON
    version = getattr(sys.modules.get(top), "__version__", None)
    if not isinstance(version, str):
        version = _installed_version(top)
    return f"{top} {'.'.join(version.split('.')[:2])}"


def _installed_version(top: str) -> str:
    from importlib import metadata  # noqa: PLC0415 - 12 ms that few graphs pay

    with suppress(metadata.PackageNotFoundError):
        return metadata.version(top)
    # Reads what every installed distribution consists of: 0.1 s for twenty of them.
    for name in metadata.packages_distributions().get(top, ()):
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(name)
    return "?"
