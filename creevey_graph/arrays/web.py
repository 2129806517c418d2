"""What Creevey got from servers: bytes, answers and pictures."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from creevey_graph.arrays.convert import Array
from creevey_graph.arrays.load import load_image_from_bytes
from creevey_graph.errors import HTTPStatusError, ImageError, UsageError
from creevey_graph.fetch import fetch
from creevey_graph.step import Step, step

DEADLINE_S = 120.0
MOST_BYTES = 50 * 2**20
_NOT_THERE = (403, 404)
_HOW = ("deadline_s", "retries", "max_bytes")


@attrs.frozen
class Response:
    """
    What a server answered, with the names that `requests` has for it.

    Args:
        url: What was asked for.
        content: The body.
        status_code: Always of a success: other answers are raised.
    """

    url: str
    content: bytes = attrs.field(repr=False)
    status_code: int = 200

    @property
    def ok(self) -> bool:
        """True: other answers are raised."""
        return True

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return what the body says as JSON."""
        return json.loads(self.content)

    def raise_for_status(self) -> None:
        """Do nothing: an error status was raised already."""


def get_response(url: str, timeout: float = 5, **options: Any) -> Response:
    """
    Return what the server at *url* answers with.

    A dead host or an outage costs *retries* tries within *deadline_s*, not Creevey's 74 s a URL.

    Args:
        url: http or https.
        timeout: Seconds for a connection, and seconds that the server may be silent.
        options: As for `download_bytes`.

    Raises:
        HTTPStatusError: The server answered with an error status, 403 and 404 among them. (An OSError.)
        FetchError: It did not answer, or not in time. (An OSError.)
    """
    return Response(url, _get(url, connect_timeout_s=timeout, read_timeout_s=timeout, **options))


def download_bytes(
    url: str,
    log_dict: Any = None,  # noqa: ARG001 - Creevey's signature
    *,
    deadline_s: float = DEADLINE_S,
    retries: int = 3,
    max_bytes: int = MOST_BYTES,
    **options: Any,
) -> bytes:
    """
    Return the body of what the server at *url* answers with.

    Args:
        url: http or https.
        log_dict: Taken, as `CustomReportingPipeline` had it, and left alone.
        deadline_s: Seconds for all of it, tries and pauses included.
        retries: How often a try that may succeed later is made again.
        max_bytes: The most that is read.
        options: Further ones of `creevey_graph.fetch.fetch`.

    Raises:
        HTTPStatusError: The server answered with an error status. (An OSError.)
        FetchError: It did not answer, or not in time. (An OSError.)
    """
    return _get(url, deadline_s=deadline_s, retries=retries, max_bytes=max_bytes, **options)


def load_image_from_url(inpath: str, log_dict: Any = None, **options: Any) -> Array:  # noqa: ARG001 - Creevey's signature
    """
    Download a picture.

    In a `Pipeline` these are two steps, and the bytes are kept: a rerun asks the server for nothing.

    Args:
        inpath: http or https.
        log_dict: Taken, as `CustomReportingPipeline` had it, and left alone.
        options: As for `download_bytes`.

    Returns:
        As `load_image_from_disk`.

    Raises:
        ImageError: There is no such picture (403, 404), or what came is none. (A ValueError.)
        FetchError: The server did not answer, or not in time. (An OSError.)
    """
    return load_image_from_bytes(_fetch_picture(inpath, **options))


def _fetch_picture(
    url: str,
    *,
    deadline_s: float = DEADLINE_S,
    retries: int = 3,
    max_bytes: int = MOST_BYTES,
    **options: Any,
) -> bytes:
    try:
        return _get(url, deadline_s=deadline_s, retries=retries, max_bytes=max_bytes, **options)
    except HTTPStatusError as exc:
        if exc.status in _NOT_THERE:  # Creevey raised ValueError here, and users catch it
            raise ImageError(f"{url} failed to load: {exc}") from exc
        raise


def _get(url: str, **options: Any) -> bytes:
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        raise UsageError(f"expected the URL of a server, http or https (got {url!r})")
    return fetch(url, **options)


_DOWNLOAD = step(
    download_bytes, name="download_bytes", cache="always", downloads=True, borrows=True, ignore=_HOW
)
_PICTURE = step(_fetch_picture, name="download", cache="always", downloads=True, borrows=True, ignore=_HOW)
_DECODE = step(load_image_from_bytes, borrows=True)

IN_STEPS: Mapping[Callable[..., Any], tuple[Step[..., Any], ...]] = MappingProxyType(
    {
        download_bytes: (_DOWNLOAD,),
        load_image_from_url: (_PICTURE, _DECODE),
        get_response: (step(get_response, downloads=True),),
    }
)
"""Load function -> the steps it is in a graph; the first one takes its options."""
