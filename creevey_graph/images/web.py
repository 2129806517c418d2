"""The step that asks a server: `download`. By itself, since requests takes 110 ms to import."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from creevey_graph.errors import UsageError, did_you_mean
from creevey_graph.fetch import Validators, fetch_answer
from creevey_graph.memory import Memory
from creevey_graph.step import step

Revalidate = Literal["never", "conditional", "always"]

_IGNORED = (
    # how long and how hard it is tried: the bytes are the same
    "deadline_s",
    "connect_timeout_s",
    "read_timeout_s",
    "min_rate_bytes_s",
    "retries",
    "max_bytes",
    "max_redirects",
    "per_host",
    # who asks, and by which way
    "user_agent",
    "secret_headers",
    "proxies",
    # whether what is stored is asked for again is not a question of what it is
    "revalidate",
    "memory",
)
"""All others count: bytes that passed a weaker check must not be handed out once a stronger one is asked for."""


@step(
    cache="always",
    downloads=True,
    borrows=True,
    ignore=_IGNORED,
    memory="memory",
    pure=lambda revalidate: revalidate == "never",
)
def download(
    url: str,
    *,
    sha256: str | None = None,
    md5: str | None = None,
    accept: tuple[str, ...] | None = None,
    headers: Mapping[str, str] | None = None,
    secret_headers: Mapping[str, str] | None = None,
    user_agent: str | None = None,
    proxies: Mapping[str, str] | None = None,
    verify_ssl: bool | str = True,
    allow_private: bool = False,
    respect_opt_out: bool = True,
    robots_txt: bool = True,
    revalidate: Revalidate = "never",
    memory: Memory | None = None,
    deadline_s: float = 120.0,
    connect_timeout_s: float = 10.0,
    read_timeout_s: float = 20.0,
    min_rate_bytes_s: float = 1000.0,
    retries: int = 3,
    max_bytes: int = 50 * 2**20,
    max_redirects: int = 10,
    per_host: int = 8,
) -> bytes:
    """
    Return what the server at *url* sends.

    Args:
        url: An http or https address.
        sha256: What the bytes must hash to, in hexadecimal digits, from a column perhaps; None for no check.
        md5: The same, for lists that have no better hash.
        accept: Content types to take, such as ("image/*",); the first bytes count before the header does.
            None for any; a web page in place of what is named as a picture is an error all the same.
        headers: Sent with the request. They count in the key, since servers answer by them, and are
            written to the cache as parameters are.
        secret_headers: Sent too, but to no other host, not recorded, and not counted: tokens, cookies. What
            failed for good is tried again with others, as with any parameter of how it is asked for.
        user_agent: Who asks; None for creevey_graph and its version.
        proxies: Scheme to the URL of an http or https proxy, as {"https": "http://proxy:3128"}; none of
            the environment are used. The proxy connects, so that no address is checked.
        verify_ssl: False takes any certificate; a path names a file of those to trust.
        allow_private: True asks servers of loopback, of private networks and the like, which a list from
            strangers, or a redirect, could otherwise make this machine talk to. The environment variable
            CREEVEY_ALLOW_PRIVATE_ADDRESSES=1 does too.
        respect_opt_out: Refuse what X-Robots-Tag keeps from machines: noai, noimageai, noindex,
            noimageindex, noml.
        robots_txt: Ask each host for its robots.txt, once a process, and keep to it.
        revalidate: What becomes of bytes that are stored: "never" asks the server again, "conditional"
            asks it whether they changed, "always" downloads them again.
        memory: Where the step remembers what to ask for with "conditional"; the engine passes it.
        deadline_s: Seconds for all of it, tries and pauses included, but for the turn of a busy host.
        connect_timeout_s: Seconds for one connection.
        read_timeout_s: Seconds that the server may be silent.
        min_rate_bytes_s: Bytes a second that must come, over ten seconds; 0 for no such limit.
        retries: How often a try that may succeed later is made again, 0 or more.
        max_bytes: The most that is read; 50 MiB is beyond any photo of a web site.
        max_redirects: How often the server may lead elsewhere.
        per_host: How many downloads ask a host at once, of all worker processes together; the others wait.

    Returns:
        The body, byte for byte; `load_image` reads it. Where it cannot (an ImageError), the bytes are not
        kept, so that the next run asks for them again: the body may have been cut, or an error's page.

    Raises:
        FetchError: The download failed; see `creevey_graph.fetch.fetch_answer` for the kinds. Its
            `is_permanent` says whether another run would end the same.

    >>> download.options.cache, download.options.downloads
    (<CachePolicy.ALWAYS: 'always'>, True)

    """
    if revalidate not in get_args(Revalidate):
        raise UsageError(
            f"step 'download': no revalidate {revalidate!r}{did_you_mean(str(revalidate), get_args(Revalidate))}"
        )
    remembered = None
    if revalidate == "conditional" and memory is not None:
        remembered = _usable(memory.recall(), url)
    answer = fetch_answer(
        url,
        validators=None if remembered is None else _validators_of(remembered),
        who="step 'download'",
        sha256=sha256,
        md5=md5,
        accept=accept,
        headers=headers,
        secret_headers=secret_headers,
        user_agent=user_agent,
        proxies=proxies,
        verify_ssl=verify_ssl,
        allow_private=allow_private,
        respect_opt_out=respect_opt_out,
        robots_txt=robots_txt,
        deadline_s=deadline_s,
        connect_timeout_s=connect_timeout_s,
        read_timeout_s=read_timeout_s,
        min_rate_bytes_s=min_rate_bytes_s,
        retries=retries,
        max_bytes=max_bytes,
        max_redirects=max_redirects,
        per_host=per_host,
    )
    if answer.not_modified and remembered is not None:
        return bytes(remembered["body"])
    if revalidate == "conditional" and memory is not None:
        memory.keep(
            {
                "url": url,
                "answered_by": answer.url,
                "etag": answer.etag,
                "last_modified": answer.last_modified,
                "body": answer.body,
            }
        )
    return answer.body


def _usable(facts: Mapping[str, Any] | None, url: str) -> Mapping[str, Any] | None:
    """Return *facts* where they are of this *url*, and hold what a server can be asked by."""
    if facts is None or facts.get("url") != url or not isinstance(facts.get("body"), bytes):
        return None
    return facts if facts.get("etag") or facts.get("last_modified") else None


def _validators_of(facts: Mapping[str, Any]) -> Validators:
    answered_by = str(facts.get("answered_by") or facts["url"])
    return Validators(str(facts.get("etag") or ""), str(facts.get("last_modified") or ""), answered_by)
