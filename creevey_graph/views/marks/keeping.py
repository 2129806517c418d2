"""What becomes of a node's values, in three words that a mark can tell."""

from enum import StrEnum


class Kept(StrEnum):
    """Whether values are kept, with the words of the legend."""

    ALWAYS = "values kept"
    MAYBE = "kept where it pays"
    NEVER = "made again when needed"


_BEGINNINGS = (
    ("kept where", Kept.MAYBE),
    ("undecided", Kept.MAYBE),
    ("kept", Kept.ALWAYS),
    ("not kept", Kept.NEVER),
    ("recomputed", Kept.NEVER),
    ("asked again", Kept.NEVER),
)


def kept_of(policy: str) -> Kept | None:
    """
    Return which of the three a policy in words is, None where it says nothing.

    >>> kept_of("kept: final encoding"), kept_of("recomputed: quick to make again (14.5 ms an item)")
    (<Kept.ALWAYS: 'values kept'>, <Kept.NEVER: 'made again when needed'>)
    """
    return next((kept for begins, kept in _BEGINNINGS if policy.startswith(begins)), None)
