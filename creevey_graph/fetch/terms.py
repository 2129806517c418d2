"""What a caller asks of a download, checked."""

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.fetch.agent import default_agent


@attrs.frozen
class Terms:
    """
    What a caller asks of a download.

    Args:
        deadline_s: Seconds for everything, waits and tries included; the turn of a busy host is not.
        connect_timeout_s: Seconds for one connection.
        read_timeout_s: Seconds that the server may be silent.
        min_rate_bytes_s: Bytes a second that must come, judged every ten seconds; 0 for no such limit.
        retries: Tries after the first.
        max_bytes: Longest body taken, as it comes and unpacked.
        max_redirects: How often the server may lead elsewhere.
        per_host: How many downloads ask one host at once; worker processes share them.
        headers: Sent with the request; credentials among them do not follow a redirect to another host.
        secret_headers: Sent too, and to no other host at all.
        user_agent: Who asks; None for creevey_graph and its version.
        proxies: Scheme to the URL of an http or https proxy; it connects, so that no address is checked.
        verify_ssl: Whether certificates must be good, or the path of a file with those to trust.
        allow_private: Whether addresses that are not of the public internet may be asked.
        respect_opt_out: Refuse what the answer's X-Robots-Tag keeps from machines.
        robots_txt: Ask each host for its robots.txt first, and keep to it.
        accept: Content types taken, such as "image/*"; None for any, but for a page in a picture's place.
        sha256: What the body must hash to, 64 hexadecimal digits; None for no check.
        md5: The same, 32 digits; for lists that have no better one.
    """

    deadline_s: float = 120.0
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 20.0
    min_rate_bytes_s: float = 1000.0
    retries: int = 3
    max_bytes: int = 50 * 2**20
    max_redirects: int = 10
    per_host: int = 8
    headers: Mapping[str, str] | None = None
    secret_headers: Mapping[str, str] | None = None
    user_agent: str | None = None
    proxies: Mapping[str, str] | None = None
    verify_ssl: bool | str = True
    allow_private: bool = False
    respect_opt_out: bool = True
    robots_txt: bool = True
    accept: tuple[str, ...] | None = None
    sha256: str | None = None
    md5: str | None = None

    @property
    def agent(self) -> str:
        """The User-Agent that is sent."""
        return default_agent() if self.user_agent is None else self.user_agent


def checked_terms(who: str, options: Mapping[str, Any]) -> Terms:
    """
    Return the terms that these *options* make.

    Args:
        who: Begins the message: "step 'download'".
        options: Fields of `Terms`; those left out keep their default.

    Raises:
        UsageError: An option is unknown, or has a value it cannot have.
    """
    for name, value in options.items():
        if name not in _CHECKS:
            raise UsageError(f"{who}: no parameter '{name}'{did_you_mean(name, _CHECKS)}")
        is_good, wanted = _CHECKS[name]
        if not is_good(value):
            got = type(value).__name__ if name in _SECRET else repr(value)[:100]
            raise UsageError(f"{who}: parameter '{name}' must be {wanted} (got {got})")
    return Terms(**options)


_SECRET = frozenset({"headers", "secret_headers", "proxies"})
Check = tuple[Callable[[Any], bool], str]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(least: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_line(value: Any) -> bool:
    """Return whether *value* can be sent; what cannot would stand, secret or not, in an error of requests."""
    return isinstance(value, str) and re.fullmatch(r"(?!\s)[\t\x20-\x7e\x80-\xff]*", value) is not None


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", value) is not None


def _is_headers(value: Any) -> bool:
    return value is None or (
        isinstance(value, Mapping) and all(_is_name(name) and _is_line(text) for name, text in value.items())
    )


def _is_proxies(value: Any) -> bool:
    return value is None or (
        isinstance(value, Mapping)
        and all(isinstance(scheme, str) and _is_proxy(url) for scheme, url in value.items())
    )


def _is_proxy(url: Any) -> bool:
    return isinstance(url, str) and url.lower().startswith(("http://", "https://"))


def _is_accept(value: Any) -> bool:
    return value is None or (
        isinstance(value, tuple | list)
        and bool(value)
        and all(isinstance(kind, str) and re.fullmatch(r"[^/\s]+/[^/\s]+", kind) for kind in value)
    )


def _digits(count: int) -> Check:
    def is_good(value: Any) -> bool:
        return value is None or (
            isinstance(value, str) and re.fullmatch(f"[0-9a-fA-F]{{{count}}}", value) is not None
        )

    return is_good, f"{count} hexadecimal digits, or None"


_SECONDS: Check = (lambda value: _number(value) and value >= 0, "a number of seconds, 0 or more")
_TIMEOUT: Check = (lambda value: _number(value) and value > 0, "a number of seconds above 0")
_FLAG: Check = (_is_flag, "True or False")
_HEADERS: Check = (_is_headers, "a mapping of header names to texts of one line in Latin-1")

_CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "deadline_s": _SECONDS,
        "connect_timeout_s": _TIMEOUT,
        "read_timeout_s": _TIMEOUT,
        "min_rate_bytes_s": (lambda value: _number(value) and value >= 0, "a number, 0 or more"),
        "retries": (_whole(0), "a whole number, 0 or more"),
        "max_bytes": (_whole(0), "a whole number, 0 or more"),
        "max_redirects": (_whole(0), "a whole number, 0 or more"),
        "per_host": (_whole(1), "a whole number, 1 or more"),
        "headers": _HEADERS,
        "secret_headers": _HEADERS,
        "user_agent": (
            lambda value: value is None or (_is_line(value) and value.strip() != ""),
            "a text of one line in Latin-1, or None",
        ),
        "proxies": (_is_proxies, "a mapping of schemes to http or https URLs"),
        "verify_ssl": (
            lambda value: _is_flag(value) or (isinstance(value, str) and value != ""),
            "True, False or the path of a file of certificates",
        ),
        "allow_private": _FLAG,
        "respect_opt_out": _FLAG,
        "robots_txt": _FLAG,
        "accept": (_is_accept, "a tuple of content types such as 'image/*', or None"),
        "sha256": _digits(64),
        "md5": _digits(32),
    }
)
