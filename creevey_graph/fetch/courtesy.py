"""
Asking a host for its robots.txt: once, by the first download of it; the others wait for that.

RFC 9309: no such file (4xx, or redirects without an end) allows everything; a server that cannot say
(5xx, silence, a broken body) allows nothing, here for a minute. Without a connection there is no
answer at all, and the download fails for that reason.
"""

from urllib.parse import urljoin

import attrs
import requests

from creevey_graph.errors import FetchError, OptedOut
from creevey_graph.fetch.agent import token_of
from creevey_graph.fetch.body import drain, read_most, unpacked
from creevey_graph.fetch.connection import ask, redirect_target
from creevey_graph.fetch.deadline import Limits
from creevey_graph.fetch.failure import (
    HTTP_ERRORS,
    TIMER_SLACK_S,
    Again,
    check_status,
    is_of_host,
    too_late,
    translate,
)
from creevey_graph.fetch.hosts import Host, longest_pause_s
from creevey_graph.fetch.job import Job
from creevey_graph.fetch.robots import MAX_BYTES, RobotsFile, parsed
from creevey_graph.fetch.shown import get_of

KNOWN_FOR_S, UNKNOWN_FOR_S = 24 * 3600.0, 60.0
"""How long an answer holds, and how long it holds that there was none."""
_DEADLINE_S = 20.0
_TRIES = 3
_REDIRECTS = 5
_BAD_REQUEST, _SERVER_ERROR = 400, 500


def check_robots(url: str, host: Host, job: Job) -> None:
    """
    Check that the host's robots.txt lets us ask for *url*; ask for it where it is not known.

    Raises:
        OptedOut: It does not.
        FetchError: It cannot be read.
    """
    robots = host.robots
    if robots is None or robots.expires <= job.limits.clock.monotonic():
        robots = _awaited(url, host, job)
    if robots.problem:
        raise FetchError(
            f"{get_of(url)}: nothing is taken from a site whose robots.txt cannot be read "
            f"({robots.problem}); it is tried again {UNKNOWN_FOR_S:g} s later, or pass robots_txt=False"
        )
    if not robots.allows(token_of(job.terms.agent), url):
        raise OptedOut(
            f"{get_of(url)}: the site's robots.txt keeps it from '{token_of(job.terms.agent)}'; "
            "pass robots_txt=False if you may take it all the same"
        )


def _awaited(url: str, host: Host, job: Job) -> RobotsFile:
    if not host.robots_lock.acquire(timeout=max(0.0, job.limits.left_s())):
        raise too_late(url, job.limits)
    try:
        robots = host.robots  # another may have asked while we waited
        if robots is None or robots.expires <= job.limits.clock.monotonic():
            robots = host.robots = _asked(host, job)
    finally:
        host.robots_lock.release()
    return robots


def _asked(host: Host, job: Job) -> RobotsFile:
    """Return what the host says; what is wrong with the host itself, and the end of the deadline, are raised."""
    clock = job.limits.clock
    tries = 0
    while True:
        tries += 1
        try:
            return RobotsFile(parsed(_text(host, job)), clock.monotonic() + KNOWN_FOR_S)
        except Again as again:
            problem: FetchError = again.error
            pause_s = max(clock.jitter() * longest_pause_s(tries), again.retry_after_s)
            if tries < _TRIES and pause_s < job.limits.left_s():
                clock.sleep(pause_s)
                continue
        except FetchError as error:
            problem = error
        if job.limits.left_s() <= TIMER_SLACK_S:
            raise too_late(f"{host.origin}/robots.txt", job.limits)
        return RobotsFile({}, clock.monotonic() + UNKNOWN_FOR_S, str(problem))


def _text(host: Host, job: Job) -> str:
    """Return the file, "" where there is none."""
    limits = attrs.evolve(
        job.limits,
        deadline=min(job.limits.deadline, job.limits.clock.monotonic() + _DEADLINE_S),
        max_bytes=MAX_BYTES,
    )
    wire = attrs.evolve(job.wire, limits=limits)
    first = here = f"{host.origin}/robots.txt"
    for _ in range(_REDIRECTS + 1):
        try:
            with ask(here, job.headers, wire) as answer:
                if here == first:
                    host.connected()
                target = redirect_target(answer)
                if target is None:
                    return _read(here, answer, limits)
                drain(answer)
                here = urljoin(here, target)
        except FetchError:
            raise
        except HTTP_ERRORS as error:
            if here == first and is_of_host(error):
                raise
            raise translate(here, error, limits) from error
    return ""


def _read(url: str, answer: requests.Response, limits: Limits) -> str:
    if _BAD_REQUEST <= answer.status_code < _SERVER_ERROR:
        drain(answer)
        return ""
    check_status(url, answer, limits)
    return unpacked(read_most(answer, MAX_BYTES), url, answer, limits).decode("utf-8", "replace")
