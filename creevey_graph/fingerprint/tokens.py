"""
The form in which values are hashed, and how a value without one is reported.

A token is tag, length of the payload in decimal, colon, payload: `int2:ff`. The payload of
a container is the tokens of its parts. No token begins another, so parts joined say where
each ends, and `1`, `"1"`, `True` and `1.0` differ by tag.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

Encode = Callable[[Any], bytes]
"""Value -> token."""

DigestCallable = Callable[[Callable[..., Any]], str]
"""Function or callable object -> digest."""


class Walk(Protocol):
    """Makes the tokens of the parts of a container; `values.py` has the only one."""

    digest_callable: DigestCallable | None

    def token(self, value: Any) -> bytes:
        """Return the token of *value*."""

    def at(self, value: Any, label: str, name: Any = None) -> bytes:
        """Return the token of a part; *label*, filled with *name*, says where it stands if it has none."""

    def pairs(self, values: Iterable[tuple[Any, Any]], label: str = ...) -> list[bytes]:
        """Return key and value tokens, in order of their bytes."""


class NoDigestError(Exception):
    """
    Says that a value has no token, and where it stands.

    Args:
        reason: What is wrong with it.
        path: Where it stands, from the outermost container inwards: `['a']`, `[0]`, `.size`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path: list[str] = []


def token(tag: bytes, payload: bytes) -> bytes:
    """
    Return one token.

    >>> token(b"int", b"ff")
    b'int2:ff'
    """
    return b"%b%d:%b" % (tag, len(payload), payload)


def tokens(tag: bytes, parts: Iterable[bytes]) -> bytes:
    """Return the token of a container of *parts*, which are tokens themselves."""
    return token(tag, b"".join(parts))


def text(value: str) -> bytes:
    """Return the token of a text, lone surrogates included."""
    return token(b"str", value.encode("utf-8", "surrogatepass"))


def type_name(kind: type) -> str:
    """
    Return module and qualified name; the main script has one name in every process.

    >>> type_name(OSError)
    'builtins.OSError'
    """
    module = "__main__" if kind.__module__ == "__mp_main__" else kind.__module__
    return f"{module}.{kind.__qualname__}"
