"""The step that asks a server: `download`. By itself, since requests takes 110 ms to import."""

from creevey_graph.fetch import fetch
from creevey_graph.step import step


@step(cache="always", downloads=True, borrows=True, ignore=("deadline_s", "retries", "max_bytes"))
def download(url: str, *, deadline_s: float = 120.0, retries: int = 3, max_bytes: int = 50 * 2**20) -> bytes:
    """
    Return what the server at *url* sends.

    Args:
        url: An http or https address.
        deadline_s: Seconds for all of it, tries and pauses included.
        retries: How often a try that may succeed later is made again, 0 or more.
        max_bytes: The most that is read; 50 MiB is beyond any photo of a web site.

    Returns:
        The body, byte for byte; `load_image` reads it.

    Raises:
        FetchError: The download failed; see `creevey_graph.fetch.fetch` for the kinds.

    >>> download.options.cache, download.options.downloads
    (<CachePolicy.ALWAYS: 'always'>, True)

    """
    return fetch(url, deadline_s=deadline_s, retries=retries, max_bytes=max_bytes)
