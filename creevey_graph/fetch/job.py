"""One download: what it was asked to do, and what it has so far."""

from collections.abc import Mapping

import attrs

from creevey_graph.fetch.addresses import Network
from creevey_graph.fetch.clock import Clock
from creevey_graph.fetch.connection import Wire
from creevey_graph.fetch.deadline import Limits
from creevey_graph.fetch.hosts import Hosts
from creevey_graph.fetch.partial import Partial
from creevey_graph.fetch.terms import Terms


@attrs.frozen
class Validators:
    """
    What a server said of a body that we still have, to ask whether it changed.

    Args:
        etag: Its ETag, "" for none.
        last_modified: Its Last-Modified, as sent, "" for none.
        url: Which URL said so; only that one is asked, since another's dates say nothing of it.
    """

    etag: str
    last_modified: str
    url: str

    def headers(self, url: str) -> dict[str, str]:
        """Return the headers that ask *url* for a body only if it is another."""
        if url != self.url:
            return {}
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: text for name, text in named.items() if text}


@attrs.frozen
class Job:
    """
    One download.

    Args:
        terms: What the caller asks.
        wire: What its connections keep to.
        limits: What is left of its time.
        hosts: What is known of hosts.
        headers: Sent with every request: who asks, and for plain bytes.
        validators: Of the body that the caller has, None for none.
        partial: What came of a body that broke off.
    """

    terms: Terms
    wire: Wire
    limits: Limits
    hosts: Hosts
    headers: Mapping[str, str]
    validators: Validators | None = None
    partial: Partial = attrs.field(factory=Partial)


def new_job(
    terms: Terms, *, clock: Clock, hosts: Hosts, network: Network, validators: Validators | None
) -> Job:
    """Return a download that begins now."""
    limits = Limits(
        clock.monotonic() + terms.deadline_s,
        terms.deadline_s,
        terms.connect_timeout_s,
        terms.read_timeout_s,
        terms.min_rate_bytes_s,
        terms.max_bytes,
        clock,
    )
    wire = Wire(limits, network, terms.allow_private, terms.verify_ssl, terms.proxies)
    headers = {"User-Agent": terms.agent, "Accept": "*/*", "Accept-Encoding": "identity"}
    return Job(terms, wire, limits, hosts, headers, validators)
