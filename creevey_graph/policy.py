"""
What is kept: the one place that decides whether a node's value goes into the cache.

`auto` keeps downloads, final encodings (outputs and encoded bytes) and small values. Larger
values and pictures are kept where that pays by what the first items were measured to take: a 12 Mpx
photo is 36 MB raw or 0.7 s as PNG, against 0.05 s to decode it again.

A node that is decided stays so: a figure near the edge would otherwise keep half of its values.
"""

import functools
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.codecs import Codec, codec_for
from creevey_graph.options import CachePolicy
from creevey_graph.sizes import bytes_text
from creevey_graph.step import Step

SMALL_BYTES = 64 * 1024
"""`auto` keeps encoded values up to this size, whatever they are; pictures are weighed at any size."""
GAIN = 20
"""
How many times its cost keeping must save: a first run then takes a twentieth longer at the most.

What load, trim and resize take on photos comes back only where a step below is edited, and is paid by
every first run: storing the trimmed 640x480 image made a run of 2 000 take 1.25 times as long.
"""
DEAR_S = 0.05
"""What a larger value must save at least, in seconds an item; less is the noise of a busy machine."""
BYTES_FOR_A_SECOND = 50e6
"""Bytes on disk that a second saved is worth."""
COPY_BYTES_PER_S = 1.5e9
"""What encoding takes at best: a value that cannot pay by this is not even encoded."""
MEASURED = 3
"""Items that a node is judged by: the middle one, since the first one pays for imports too."""

_PICTURE_MODULES = ("PIL.",)


@attrs.frozen
class Measure:
    """
    What keeping the large value of one item takes, measured; or the middle of several.

    Args:
        saves_s: Seconds that having it saves: the node's own, and those of the nodes above it whose
            values are not kept.
        encode_s: Seconds to digest and encode it; 0 for the three where that was not even tried.
        write_s: Seconds to write it.
        read_s: Seconds to read, check and decode it.
        size_bytes: Bytes of it encoded, or at least so many.
        is_picture: Whether it is weighed at any size; of other steps small values are kept all the same.
    """

    saves_s: float
    encode_s: float
    write_s: float
    read_s: float
    size_bytes: int
    is_picture: bool = False

    @property
    def costs_s(self) -> float:
        """Seconds that keeping and reading it once take."""
        return self.encode_s + self.write_s + self.read_s


def may_keep(step: Step[..., Any]) -> bool:
    """True where a value of this step may be in the cache."""
    return bool(step.options.pure) and step.options.cache is not CachePolicy.NEVER


def is_weighed(step: Step[..., Any]) -> bool:
    """True where every value of a step is kept only if that was measured to pay: it gives pictures."""
    if step.options.cache is not CachePolicy.AUTO or step.is_writer:
        return False
    gives = step.hints.get("return")
    module = getattr(gives, "__module__", "") or ""
    return isinstance(gives, type) and module.startswith(_PICTURE_MODULES)


def codec_to_keep(step: Step[..., Any], value: Any) -> Codec | None:
    """Return the codec to keep *value* with, or None where none handles it."""
    if isinstance(value, Path):
        return None  # the file behind a path that a step returns is not ours to keep
    return step.options.codec or codec_for(value)


def is_ordered(step: Step[..., Any], value: Any) -> bool:
    """True where a value is kept whatever it takes: as ordered, or since it is encoded or fetched already."""
    return step.options.cache is CachePolicy.ALWAYS or isinstance(value, bytes)


def is_picture(value: Any) -> bool:
    """True for a picture, Pillow not being imported to find out."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)


def least_bytes(value: Any) -> int:
    """
    Return how many bytes a value takes at least once it is encoded.

    >>> least_bytes("abc"), least_bytes([1, 2])
    (3, 2)
    """
    if isinstance(size := getattr(value, "nbytes", None), int):
        return size
    if is_picture(value):
        return int(value.width * value.height * len(value.getbands()))
    return len(value) if isinstance(value, str | list | tuple | set | frozenset | dict) else 0


def could_pay(saves_s: float, size_bytes: int) -> bool:
    """True where keeping so many bytes to save so much pays if encoding were as fast as it can be."""
    return (
        saves_s >= DEAR_S
        and saves_s >= GAIN * size_bytes / COPY_BYTES_PER_S
        and saves_s >= size_bytes / BYTES_FOR_A_SECOND
    )


def pays(measure: Measure) -> bool:
    """
    True where keeping a value saves much more than it costs, in seconds and in bytes.

    >>> pays(Measure(1.2, 0.02, 0.01, 0.02, 3_000_000)), pays(Measure(0.1, 0.02, 0.01, 0.02, 35_000_000))
    (True, False)
    """
    return could_pay(measure.saves_s, measure.size_bytes) and measure.saves_s >= GAIN * measure.costs_s


def judged(measures: Sequence[Measure]) -> bool | None:
    """Return whether a node's large values are kept, by its first measures; None while they are too few."""
    return None if len(measures) < MEASURED else _pays_mostly(tuple(measures))


@functools.lru_cache(maxsize=1024)  # asked several times an item: 0.1 ms each without
def _pays_mostly(measures: tuple[Measure, ...]) -> bool:
    return pays(middle(measures))


def middle(measures: Sequence[Measure]) -> Measure:
    """Return the median of each figure of at least one measure."""
    columns = zip(*map(attrs.astuple, measures), strict=True)
    saves_s, encode_s, write_s, read_s, size, _ = map(statistics.median, columns)
    return Measure(saves_s, encode_s, write_s, read_s, int(size), all(m.is_picture for m in measures))


def shown_policy(step: Step[..., Any], measures: Sequence[Measure] | None = None) -> str:
    """
    Say in words what becomes of a step's values.

    Args:
        step: The step.
        measures: What is stored of its node; None where there is no cache to ask.
    """
    if not may_keep(step):
        impure = "asked again in every run" if step.options.memory else "not kept: not pure"
        return "not kept: as ordered" if step.options.pure else impure
    if step.is_writer:
        return "kept: final encoding"
    if step.options.cache is CachePolicy.ALWAYS:
        return "kept: as ordered"
    if measures:
        return _shown_verdict(measures)
    if not is_weighed(step):
        return "kept where small"
    return "kept where it pays" if measures is None else "undecided: measured in the next run"


def _shown_verdict(measures: Sequence[Measure]) -> str:
    keeps, typical = judged(measures), middle(measures)
    if keeps is None:
        return f"undecided: measured on {len(measures)} of {MEASURED} items"
    size = bytes_text(typical.size_bytes)
    if keeps:
        return f"kept: saves {_shown_seconds(typical.saves_s)} an item, {size}"
    if 0 < typical.saves_s <= typical.costs_s:
        costs = _shown_seconds(typical.costs_s)
        return f"recomputed: cheaper than reading ({_shown_seconds(typical.saves_s)} against {costs})"
    if typical.saves_s < DEAR_S:
        return f"recomputed: quick to make again ({_shown_seconds(typical.saves_s)} an item)"
    if typical.saves_s < GAIN * typical.costs_s:
        return f"recomputed: saves {_shown_seconds(typical.saves_s)} an item, keeping takes {_shown_seconds(typical.costs_s)}"
    return f"recomputed: saving {_shown_seconds(typical.saves_s)} an item is not worth {size}"


def _shown_seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"
