"""
Memory of pictures that is used again.

Pillow gives the memory of each picture back to the system, and every new one is paid for page by page: 8 % of
loading, trimming and scaling a 12-megapixel photo. While a run goes on, Pillow keeps a few blocks.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BLOCKS = 8
"""Blocks of 16 MB that a process keeps; a 12-megapixel picture takes three."""
_VARIABLE = "PILLOW_BLOCKS_MAX"


def keep_blocks() -> int | None:
    """
    Let Pillow keep blocks from now on; return how many it kept before, None where nothing was changed.

    Nothing is where Pillow is not in use, or was told otherwise.
    """
    pillow = sys.modules.get("PIL.Image")
    core = getattr(pillow, "core", None)
    if core is None or _VARIABLE in os.environ or not hasattr(core, "set_blocks_max"):
        return None
    before: int = core.get_blocks_max()
    if before:
        return None
    core.set_blocks_max(BLOCKS)
    return before


@contextmanager
def blocks_kept() -> Iterator[None]:
    """Let Pillow keep blocks in this block of code; what is kept is given back at its end."""
    before = keep_blocks()
    try:
        yield
    finally:
        if before is not None:
            sys.modules["PIL.Image"].core.set_blocks_max(before)
