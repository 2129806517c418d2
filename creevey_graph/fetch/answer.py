"""A download with all its tries: `fetch_answer`, and `fetch` for its bytes alone."""

from typing import Any

from creevey_graph.errors import FetchError, HostGivenUp, UsageError
from creevey_graph.fetch.addresses import NETWORK, Network
from creevey_graph.fetch.attempt import Answer, attempt
from creevey_graph.fetch.clock import CLOCK, Clock
from creevey_graph.fetch.content import check_content
from creevey_graph.fetch.failure import Again, told_tries
from creevey_graph.fetch.hosts import HOSTS, Hosts, longest_pause_s
from creevey_graph.fetch.job import Job, Validators, new_job
from creevey_graph.fetch.terms import checked_terms


def fetch(
    url: str, *, clock: Clock = CLOCK, hosts: Hosts = HOSTS, network: Network = NETWORK, **options: Any
) -> bytes:
    """
    Return the body that a GET of *url* answers with, whole; as `fetch_answer`, which tells more.

    >>> fetch("ftp://host/a.jpg")
    Traceback (most recent call last):
    creevey_graph.errors.BadURL: GET ftp://host/a.jpg: expected http or https (got 'ftp')
    """
    return fetch_answer(url, clock=clock, hosts=hosts, network=network, **options).body


def fetch_answer(
    url: str,
    *,
    validators: Validators | None = None,
    clock: Clock = CLOCK,
    hosts: Hosts = HOSTS,
    network: Network = NETWORK,
    who: str = "fetch",
    **options: Any,
) -> Answer:
    """
    Return what a GET of *url* answers with.

    Failed connections, silent servers, broken bodies and the statuses 408, 425, 429 and 5xx are tried
    again after a random wait of up to 1, 2, 4 … 60 s, or what Retry-After asks for (60 s at most);
    other statuses are final. The next try asks for the rest of a broken body alone where the server can
    say that it is the rest of the same.

    Args:
        url: http or https; redirects are followed, to the same two.
        validators: Of a body that the caller has: where it still holds, the answer says so and has none.
        clock: Where time comes from.
        hosts: What is known of hosts; that of the process by default.
        network: Where connections come from.
        who: Begins the message of a wrong option.
        options: The fields of `Terms`.

    Raises:
        UsageError: An option is unknown, or has a value it cannot have.
        HTTPStatusError: The server answered with an error status.
        DeadlineExceeded: Not finished after `deadline_s`.
        TooSlow, TooLarge, TooManyRedirects, InsecureRedirect, PrivateAddress, OptedOut, HostGivenUp, WrongContent,
            HashMismatch, BadURL: As `creevey_graph.errors` says.
        FetchError: Anything else: no such host, connection refused, a broken body.

    """
    if not isinstance(url, str):
        raise UsageError(f"{who}: url must be a text (got {type(url).__name__})")
    terms = checked_terms(who, options)
    job = new_job(terms, clock=clock, hosts=hosts, network=network, validators=validators)
    answer = _tried(url, job)
    if not answer.not_modified:
        check_content(url, answer.content_type, answer.body, terms)
    return answer


def _tried(url: str, job: Job) -> Answer:
    clock = job.limits.clock
    tries = 0
    problem: FetchError | None = None
    while True:
        tries += 1
        try:
            return attempt(url, job)
        except HostGivenUp as given_up:  # what this URL met itself says more
            raise (told_tries(problem, tries - 1) if problem else given_up) from given_up.__cause__
        except FetchError as error:
            raise told_tries(error, tries) from error.__cause__
        except Again as again:
            problem = again.error
            wait_s = max(clock.jitter() * longest_pause_s(tries), again.retry_after_s)
            if tries > job.terms.retries or wait_s >= job.limits.left_s():
                raise told_tries(problem, tries) from again.__cause__
        clock.sleep(wait_s)
