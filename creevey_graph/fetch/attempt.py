"""One try: from the URL over its redirects to an answer, each hop with all checks."""

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import attrs
import requests

from creevey_graph.errors import BadURL, FetchError, InsecureRedirect, OptedOut, TooManyRedirects
from creevey_graph.fetch.agent import token_of
from creevey_graph.fetch.body import drain, read_into, unpacked
from creevey_graph.fetch.connection import ask, is_same_place, redirect_target
from creevey_graph.fetch.courtesy import check_robots
from creevey_graph.fetch.failure import (
    HTTP_ERRORS,
    Again,
    cause_of,
    check_status,
    is_unreachable,
    too_late,
    translate,
)
from creevey_graph.fetch.hosts import Host, Slot
from creevey_graph.fetch.job import Job
from creevey_graph.fetch.opt_out import find_refusal
from creevey_graph.fetch.shown import get_of, origin_of, shown
from creevey_graph.shares import share_of
from creevey_graph.text import safe_text

_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
_PARTIAL, _NOT_MODIFIED, _BAD_REQUEST, _NO_SUCH_RANGE = 206, 304, 400, 416


@attrs.frozen
class Answer:
    """
    What a server answered.

    Args:
        body: All bytes, unpacked; none where *not_modified*.
        url: Where it came from, after redirects.
        content_type: The header, "" for none.
        etag: The header, "" for none.
        last_modified: The header, "" for none.
        not_modified: True where the server says that the body whose validators were sent still holds.
    """

    body: bytes
    url: str
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False


def attempt(url: str, job: Job) -> Answer:
    """
    Return what *url*, or the URL that it leads to, answers.

    Raises:
        Again: It failed, and another try may not.
        FetchError: It failed for good.
    """
    terms = job.terms
    headers = {**job.headers, **(terms.headers or {}), **(terms.secret_headers or {})}
    here, passed = url, [url]
    while True:
        found = _hop(here, headers, job)
        if isinstance(found, Answer):
            return found
        if found in passed:
            raise TooManyRedirects(f"{get_of(url)}: redirects lead in a circle, back to {shown(found)}")
        if len(passed) > terms.max_redirects:
            raise TooManyRedirects(
                f"{get_of(url)}: more than {terms.max_redirects} redirects, the last to {shown(found)}"
            )
        _check_downgrade(url, found)
        if not is_same_place(here, found):
            private = _CREDENTIALS.union(name.lower() for name in terms.secret_headers or ())
            headers = {name: text for name, text in headers.items() if name.lower() not in private}
        passed.append(found)
        here = found


def _hop(url: str, headers: Mapping[str, str], job: Job) -> Answer | str:
    """Return the answer of *url*, or the URL that it redirects to."""
    host = job.hosts.find(_checked_origin(url))
    with host.slot(url, job.limits, share_of(job.terms.per_host)) as slot:
        if job.limits.left_s() <= 0:
            raise too_late(url, job.limits)
        try:
            if job.terms.robots_txt:
                check_robots(url, host, job)
            return _asked(url, headers, job, host)
        except FetchError:
            raise
        except HTTP_ERRORS as error:
            raise _failure(url, error, job, slot) from error
        except Again as again:
            if again.retry_after_s and host.hold(slot, again.retry_after_s, job.limits.clock):
                raise again.error from again  # given up: no more tries
            raise


def _failure(url: str, error: Exception, job: Job, slot: Slot) -> Exception:
    """Return what to raise for *error*, and let the host know where there was no connection."""
    told = translate(url, error, job.limits)
    if is_unreachable(error) and slot.host.failed(slot, cause_of(error, job.limits), job.limits.clock):
        return told.error if isinstance(told, Again) else told  # given up: no more tries
    return told


def _asked(url: str, headers: Mapping[str, str], job: Job, host: Host) -> Answer | str:
    """Send the request; once more, for all of it, where the rest of a broken body cannot be had."""
    while True:
        rest = job.partial.range_headers(url)
        known = job.validators.headers(url) if job.validators is not None and not rest else {}
        with ask(url, {**headers, **known, **rest} if known or rest else headers, job.wire) as response:
            is_busy = response.status_code >= _BAD_REQUEST and "Retry-After" in response.headers
            host.connected(is_busy=is_busy)
            target = redirect_target(response)
            if target is not None or response.status_code >= _BAD_REQUEST:
                drain(response)
            if target is not None:
                return urljoin(url, target)
            if not rest or _is_usable(response, job):
                return _taken(url, response, job, is_conditional=bool(known), is_rest=bool(rest))
            job.partial.forget()


def _is_usable(response: requests.Response, job: Job) -> bool:
    """Return whether the answer to a request for the rest is that, or all, or an error of its own."""
    if response.status_code == _PARTIAL:
        return job.partial.is_continued_by(response)
    return response.status_code != _NO_SUCH_RANGE


def _taken(url: str, response: requests.Response, job: Job, *, is_conditional: bool, is_rest: bool) -> Answer:
    status = response.status_code
    if not (status == _NOT_MODIFIED and is_conditional):
        check_status(url, response, job.limits)
    if job.terms.respect_opt_out:
        _check_opt_out(url, response, job)
    if status == _NOT_MODIFIED:
        return _answer(b"", url, response, not_modified=True)
    if status != _PARTIAL:
        job.partial.begin(url, response)
    elif not is_rest:
        raise FetchError(f"{get_of(url)}: expected the whole body (got a part that was not asked for)")
    partial = job.partial
    read_into(partial.body, url, response, job.limits)
    if partial.total is not None and len(partial.body) != partial.total:
        partial.forget()
        raise Again(FetchError(f"{get_of(url)}: the rest of the body has another length than was told"))
    return _answer(unpacked(bytes(partial.body), url, response, job.limits), url, response)


def _answer(body: bytes, url: str, response: requests.Response, *, not_modified: bool = False) -> Answer:
    told = response.headers.get
    return Answer(
        body, url, told("Content-Type", ""), told("ETag", ""), told("Last-Modified", ""), not_modified
    )


def _check_opt_out(url: str, response: requests.Response, job: Job) -> None:
    if "X-Robots-Tag" not in response.headers:
        return
    directive = find_refusal(response.raw.headers.getlist("X-Robots-Tag"), token_of(job.terms.agent))
    if directive:
        raise OptedOut(
            f"{get_of(url)}: the site asks machines not to use it (X-Robots-Tag: {directive}); "
            "pass respect_opt_out=False if you may use it all the same"
        )


def _check_downgrade(url: str, found: str) -> None:
    """Check that what was asked for by https comes by https, over all hops; a URL of http promised nothing."""
    if _checked_origin(found).startswith("http:") and urlsplit(url).scheme == "https":
        raise InsecureRedirect(
            f"{get_of(url)}: redirects lead from https to {shown(found)}, which anybody on the way can read and "
            "change; give the http URL itself if that will do"
        )


def _checked_origin(url: str) -> str:
    try:
        scheme = urlsplit(url).scheme
        if scheme in {"http", "https"}:
            return origin_of(url)
    except ValueError as error:
        raise BadURL(f"{get_of(url)}: not a URL ({safe_text(str(error))})") from error
    raise BadURL(f"{get_of(url)}: expected http or https (got {safe_text(scheme)!r})")
