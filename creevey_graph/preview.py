"""What one item is after every step: values, the seconds they took, and where it ended; shown as a strip of pictures."""

import sys
from collections.abc import Mapping
from typing import Any

import attrs

from creevey_graph.display import mimebundle
from creevey_graph.errors import Undigestible
from creevey_graph.events import Outcome
from creevey_graph.fingerprint.values import digest_value
from creevey_graph.shape import Shape


class Preview(dict[str, Any]):
    """
    Every input's and node's value of one item, by name, in the order they came.

    A dict like any other; in a notebook it shows the picture after every step, next to the graph.

    State: key, source = of the item; shape = what the graph looks like, None where nobody gave it; seconds = node ->
    what it took; outcome = done, or failed or skipped where the item ended before its time; step = the node it ended
    at, and error = what that said, "" where all of them ran.
    """

    _repr_mimebundle_ = mimebundle

    def __init__(self, key: str = "", source: str = "", shape: Shape | None = None) -> None:
        super().__init__()
        self.key, self.source, self.shape = key, source, shape
        self.seconds: dict[str, float] = {}
        self.outcome, self.step, self.error = Outcome.DONE, "", ""

    def compare(self, other: "Preview") -> "Comparison":
        """
        Return this preview beside a later one, such as that of an edited step or of another parameter.

        >>> before, after = Preview(), Preview()
        >>> before["load"], after["load"] = 1, 2
        >>> before.compare(after).differing
        ('load',)
        """
        return Comparison(self, other)


@attrs.frozen(eq=False, repr=False)
class Comparison:
    """
    Two previews; in a notebook it shows their strips, one below the other.

    Args:
        before: The one.
        after: The other.
    """

    before: Preview
    after: Preview

    _repr_mimebundle_ = mimebundle

    @property
    def differing(self) -> tuple[str, ...]:
        """Names of the nodes, in order, that only one of them has, or whose values are not the same."""
        names = dict.fromkeys((*self.before, *self.after))
        return tuple(name for name in names if not self._is_same(name))

    def _is_same(self, name: str) -> bool:
        both = name in self.before and name in self.after
        return both and is_same_value(self.before[name], self.after[name])

    def __repr__(self) -> str:
        told = ", ".join(self.differing) or "nothing"
        verb = "differ" if len(self.differing) > 1 else "differs"
        return f"<comparison of two previews of {self.before.key}: {told} {verb}>"


def is_same_value(one: Any, other: Any) -> bool:
    """
    Return whether two values are the same: pictures by mode, size and pixels, others by type and content.

    What has no content to go by is the same only where it is the same object.
    """
    if one is other:
        return True
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(one, pillow.Image) and isinstance(other, pillow.Image):
        return _pixels(one) == _pixels(other)
    try:
        return digest_value(one) == digest_value(other)
    except Undigestible:
        return False


def _pixels(image: Any) -> tuple[str, tuple[int, int], Mapping[Any, Any] | bytes, bytes]:
    palette = bytes(image.getpalette("RGBA") or ()) if image.mode in ("P", "PA") else b""
    return image.mode, image.size, palette, image.tobytes()
