"""Values to bytes and back: one file per format, and the table of them."""

from collections.abc import Mapping
from typing import Any

from creevey_graph.codecs.array import ARRAY, SCALAR
from creevey_graph.codecs.base import Codec
from creevey_graph.codecs.deferred import DEFERRED
from creevey_graph.codecs.picture import PICTURE
from creevey_graph.codecs.raw import RAW
from creevey_graph.codecs.text import TEXT
from creevey_graph.codecs.tree import TREE
from creevey_graph.errors import CodecError, did_you_mean

__all__ = ["CODECS", "Codec", "codec_for", "find_codec"]

CODECS: Mapping[str, Codec] = {
    "raw": RAW,
    "text": TEXT,
    "tree": TREE,
    "array": ARRAY,
    "scalar": SCALAR,
    "picture": PICTURE,
    "deferred": DEFERRED,
}
"""Name on disk -> codec; the first that handles a value encodes it."""


def find_codec(name: str) -> Codec:
    """
    Return the codec of this name.

    Raises:
        CodecError: There is none.

    >>> find_codec("tre")
    Traceback (most recent call last):
    creevey_graph.errors.CodecError: no codec 'tre'; did you mean 'tree'?
        (has: array, deferred, picture, raw, scalar, text, tree)
    """
    if name in CODECS:
        return CODECS[name]
    raise CodecError(f"no codec '{name}'{did_you_mean(name, CODECS)}")


def codec_for(value: Any) -> Codec | None:
    """
    Return the first codec that handles exactly this type, else None.

    >>> codec_for(b"").name, codec_for([1]).name, codec_for(object())
    ('raw', 'tree', None)
    """
    return next((codec for codec in CODECS.values() if codec.handles(value)), None)
