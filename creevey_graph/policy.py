"""
What is kept: the one place that decides whether a node's value goes into the cache.

`auto` keeps downloads, final encodings (outputs and encoded bytes) and small values;
decoded pictures are recomputed: a 12 Mpx photo is 36 MB raw or 0.7 s as PNG, against
0.05 s to decode it again.
"""

import sys
from pathlib import Path
from typing import Any

from creevey_graph.codecs import Codec, codec_for
from creevey_graph.options import CachePolicy
from creevey_graph.step import Step

SMALL_BYTES = 64 * 1024
"""`auto` keeps encoded values up to this size, whatever they are."""

_PICTURE_MODULES = ("PIL.",)


def may_keep(step: Step[..., Any]) -> bool:
    """True where a value of this step may be in the cache, so that it is worth a look-up."""
    if not step.options.pure or step.options.cache is CachePolicy.NEVER:
        return False
    if step.options.cache is CachePolicy.ALWAYS or step.is_writer:
        return True
    gives = step.hints.get("return")
    module = getattr(gives, "__module__", "") or ""
    return not (isinstance(gives, type) and module.startswith(_PICTURE_MODULES))


def codec_to_keep(step: Step[..., Any], value: Any) -> Codec | None:
    """
    Return the codec to keep *value* with, or None where it is not kept.

    Only asked where `may_keep`; a value that no codec handles is not kept.
    """
    if isinstance(value, Path):
        return None  # the file behind a path that a step returns is not ours to keep
    codec = step.options.codec or codec_for(value)
    if codec is None or step.options.cache is CachePolicy.ALWAYS:
        return codec
    return codec if _may_be_small(value) or isinstance(value, bytes) else None


def is_worth_keeping(step: Step[..., Any], value: Any, size: int) -> bool:
    """True where a value that takes *size* bytes encoded is kept."""
    return step.options.cache is CachePolicy.ALWAYS or isinstance(value, bytes) or size <= SMALL_BYTES


def _may_be_small(value: Any) -> bool:
    """False where it is known, before the work of encoding it, that a value is too large."""
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(value, pillow.Image):
        return False
    if isinstance(size := getattr(value, "nbytes", None), int):
        return size <= SMALL_BYTES
    return not isinstance(value, str | list | tuple | set | frozenset | dict) or len(value) <= SMALL_BYTES


def shown_policy(step: Step[..., Any]) -> str:
    """Say in words what becomes of a step's values."""
    if not step.options.pure:
        return "not kept: not pure"
    if step.is_writer:
        return "kept: final encoding" if may_keep(step) else "not kept: as ordered"
    if step.options.cache is CachePolicy.NEVER:
        return "not kept: as ordered"
    if step.options.cache is CachePolicy.ALWAYS:
        return "kept: as ordered"
    return "kept where small" if may_keep(step) else "recomputed: cheaper than reading"
