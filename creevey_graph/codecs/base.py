"""What a codec is. Each format has a file of its own beside this one."""

from collections.abc import Callable
from typing import Any

import attrs


@attrs.frozen
class Codec:
    """
    Turns values into bytes and back, without loss.

    `decode(encode(value))` has the type and content of *value*. Both functions raise
    `CodecError`, and nothing else, on what they cannot do. They hold no state and stand
    at the top of a module, so that a codec can be shared by threads and sent to a process.

    Args:
        name: Stored on disk beside the bytes: short, lower case, never changed.
        handles: True where values of exactly this type are its own; what a container holds
            is looked at by *encode* only.
        encode: Value -> bytes.
        decode: Bytes -> value.
    """

    name: str
    handles: Callable[[Any], bool]
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
