"""What a codec is. Each format has a file of its own beside this one."""

import hashlib
from collections.abc import Callable
from typing import Any

import attrs


@attrs.frozen(eq=False)
class Parts:
    """
    An encoded value in two: joined they are the bytes. Its bulk need not be copied to be joined, nor hashed twice.

    Args:
        first: What comes before the bulk.
        rest: The bulk, bytes or a view of them.
        rest_sha256: Its sha256.
    """

    first: bytes
    rest: Any
    rest_sha256: bytes = attrs.field(init=False, repr=False)

    @rest_sha256.default
    def _hash(self) -> bytes:
        return hashlib.sha256(self.rest).digest()

    def __len__(self) -> int:
        return len(self.first) + len(self.rest)

    def __bytes__(self) -> bytes:
        return b"".join((self.first, self.rest))


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
        split: Value -> (what comes before its bulk, the bulk), which joined are what *encode* gives; None
            where that makes no sense.
    """

    name: str
    handles: Callable[[Any], bool]
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    split: Callable[[Any], tuple[bytes, bytes]] | None = None

    def parts(self, value: Any) -> Parts:
        """
        Return *value* encoded.

        Raises:
            CodecError: It cannot be.
        """
        return Parts(*self.split(value)) if self.split is not None else Parts(b"", self.encode(value))
