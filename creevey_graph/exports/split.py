"""Which part of a set an item belongs to: by the hash of its key, so that new items never move others."""

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any

import attrs

from creevey_graph.errors import UsageError

_NAME = re.compile(r"\w+")
_EVEN = 1e-9


@attrs.frozen
class Split:
    """
    Parts of a set.

    Args:
        parts: Name of a part -> the end of its stretch of [0, 1), rising.
    """

    parts: tuple[tuple[str, float], ...]

    def part_of(self, group: str) -> str:
        """
        Return the part that everything with this key, or of this group, belongs to.

        >>> split = parse_split({"train": 0.9, "val": 0.1})
        >>> [split.part_of(key) for key in ("b.jpg", "s.jpg", "a.jpg")]
        ['train', 'train', 'val']
        """
        digest = hashlib.sha256(b"creevey_graph split\0" + group.encode("utf-8", "surrogatepass")).digest()
        place = int.from_bytes(digest[:6], "big") / 2**48  # exact: a float has 53 bits
        return next((name for name, end in self.parts if place < end), self.parts[-1][0])


def parse_split(split: Mapping[str, float] | str) -> Split:
    """
    Return the split that names and shares stand for.

    Args:
        split: Name -> share, which sum to 1; or the same as text, `train=0.8,val=0.1,test=0.1`. Each name
            takes its stretch in this order, so a larger first share only adds to the first part.

    Raises:
        UsageError: There is no name, a share is not in (0, 1], or they do not sum to 1.
    """
    shares = _shares_of(split) if isinstance(split, str) else dict(split)
    parts, end = [], 0.0
    for name, share in shares.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UsageError(f"split: a part's name must be letters, digits and '_' (got {name!r})")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise UsageError(f"split: the share of '{name}' must be over 0 and at most 1 (got {share!r})")
        end += share
        parts.append((name, end))
    if not parts or not math.isclose(end, 1.0, abs_tol=_EVEN):
        raise UsageError(f"split: shares must sum to 1, as in train=0.8,val=0.1,test=0.1 (got {end:g})")
    return Split(tuple(parts))


def _shares_of(text: str) -> dict[str, Any]:
    shares: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, share = (word.strip() for word in part.partition("="))
        try:
            number = float(share) if equals else math.nan
        except ValueError:
            number = math.nan
        if math.isnan(number) or name in shares:
            why = "it is there twice" if name in shares else "expected NAME=SHARE"
            raise UsageError(f"split: {why}, as in train=0.8,val=0.1,test=0.1 (got '{part.strip()}')")
        shares[name] = number
    return shares
