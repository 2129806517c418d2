"""
HTTP GET to bytes: the only place that imports requests.

- terms: what a caller may ask for, checked
- clock, deadline: where time comes from, what is left of it, and sockets that keep to it
- names: look-ups of names that end
- addresses, connection: which addresses may be asked, and connections that keep to that
- hosts: what all downloads of the process know of a host: how busy it is, and whether it is down
- robots, courtesy, opt_out: what a site asks of machines
- body, partial, content: the bytes, the rest of them, and whether they are the right ones
- job, attempt, answer: one download, one try of it, and all of its tries
- failure, shown: errors and URLs as messages tell them

A download ends: by its last byte, or by an error within about a second of its deadline, the system's name
look-up included. What the bytes mean is not decided here; see `images/load.py`.
"""

from creevey_graph.fetch.addresses import ALLOWED_BY_ENVIRONMENT, NETWORK, Network
from creevey_graph.fetch.answer import fetch, fetch_answer
from creevey_graph.fetch.attempt import Answer
from creevey_graph.fetch.clock import CLOCK, Clock
from creevey_graph.fetch.hosts import HOSTS, Hosts
from creevey_graph.fetch.job import Validators
from creevey_graph.fetch.terms import Terms, checked_terms

__all__ = [
    "ALLOWED_BY_ENVIRONMENT",
    "CLOCK",
    "HOSTS",
    "NETWORK",
    "Answer",
    "Clock",
    "Hosts",
    "Network",
    "Terms",
    "Validators",
    "checked_terms",
    "fetch",
    "fetch_answer",
]
