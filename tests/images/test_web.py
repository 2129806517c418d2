"""`download`: its options, what it remembers, and a list of good and hostile servers in one run."""

import inspect
import re

import attrs
import pytest
from servers import PictureServer, drip, endless, redirect, reset, sends, short_body, silent, status

from creevey_graph import graph
from creevey_graph.errors import HashMismatch, HTTPStatusError, UsageError
from creevey_graph.fetch import Terms
from creevey_graph.images import download

BODY = b"a picture"
OTHER = b"another"
ALLOWED = {"allow_private": True, "robots_txt": False}


@pytest.fixture
def server():
    with PictureServer({"/a.jpg": BODY}) as running:
        yield running


class FakeMemory:
    """State: facts: what was kept last; kept: how often."""

    def __init__(self, facts=None):
        self.facts = facts
        self.kept = 0

    def recall(self):
        return self.facts

    def keep(self, facts):
        self.facts = facts
        self.kept += 1


def test_the_step_offers_all_that_fetch_does():
    """Each term is a parameter of the same default; those that leave the bytes alone do not count."""
    parameters = inspect.signature(download.func).parameters
    offered = {name: parameter.default for name, parameter in parameters.items() if name != "url"}
    wanted = {field.name: field.default for field in attrs.fields(Terms)}
    assert offered == wanted | {"revalidate": "never", "memory": None}
    counting = set(parameters) - download.options.ignore
    checks = {"sha256", "md5", "accept", "verify_ssl", "allow_private", "respect_opt_out", "robots_txt"}
    assert counting == {"url", "headers"} | checks


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"per_host": 0}, "step 'download': parameter 'per_host' must be a whole number, 1 or more"),
        ({"sha256": "x"}, "step 'download': parameter 'sha256' must be 64 hexadecimal digits"),
        ({"revalidate": "sometimes"}, "step 'download': no revalidate 'sometimes'"),
    ],
)
def test_a_wrong_option_names_the_step(options, told):
    """And the parameter, and what it must be."""
    with pytest.raises(UsageError, match=told):
        download("http://127.0.0.1:9/", **options)


def test_a_hash_may_come_from_a_column(server, go):
    """Each item is checked by its own."""
    digest = "0" * 64

    @graph
    def checked(url: str, digest: str):
        return {"data": download(url, sha256=digest, allow_private=True, robots_txt=False)}

    rows = [{"url": server.url("/a.jpg"), "digest": digest}]
    report = go(checked, rows)
    assert HashMismatch.__name__ in report.rows[0].error


@pytest.mark.parametrize(("revalidate", "kept"), [("never", 0), ("always", 0), ("conditional", 1)])
def test_only_conditional_downloads_are_remembered(server, revalidate, kept):
    """The others ask plainly, and neither read nor write the memory."""
    memory = FakeMemory()
    server.behave("/a.jpg", sends(BODY, ETag='"1"'))
    assert download(server.url("/a.jpg"), revalidate=revalidate, memory=memory, **ALLOWED) == BODY
    assert memory.kept == kept
    assert "If-None-Match" not in server.headers["/a.jpg"][0]


def test_what_is_unchanged_is_not_sent_again(server):
    """The second download is answered by 304, and has the bytes of the first."""
    memory = FakeMemory()
    server.behave("/old", redirect("/a.jpg"))
    server.behave("/a.jpg", sends(BODY, ETag='"1"'), times=1)
    server.behave("/a.jpg", status(304), times=1)
    server.behave("/a.jpg", sends(OTHER, ETag='"2"'), times=1)
    got = [download(server.url("/old"), revalidate="conditional", memory=memory, **ALLOWED) for _ in range(3)]
    assert got == [BODY, BODY, OTHER]
    sent = [headers.get("If-None-Match") for headers in server.headers["/a.jpg"]]
    assert (sent, memory.kept, memory.facts["etag"]) == ([None, '"1"', '"1"'], 2, '"2"')


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"url": "http://other/", "body": OTHER, "etag": '"1"'},
        {"url": "{url}", "body": OTHER, "etag": "", "last_modified": ""},
        {"url": "{url}", "etag": '"1"'},
        {"url": "{url}", "body": None, "etag": '"1"'},
    ],
)
def test_a_memory_of_something_else_is_not_used(server, facts):
    """Another URL's, one without validators, one without bytes."""
    url = server.url("/a.jpg")
    memory = FakeMemory({name: url if value == "{url}" else value for name, value in facts.items()})
    assert download(url, revalidate="conditional", memory=memory, **ALLOWED) == BODY
    assert "If-None-Match" not in server.headers["/a.jpg"][0]


def test_an_error_leaves_the_memory_as_it_was(server):
    """A 404 of today says nothing of the bytes of yesterday."""
    memory = FakeMemory({"url": server.url("/none"), "body": BODY, "etag": '"1"'})
    with pytest.raises(HTTPStatusError):
        download(server.url("/none"), revalidate="conditional", memory=memory, **ALLOWED)
    assert memory.kept == 0


@graph
def from_the_web(url: str):
    """Download and keep."""
    return {
        "data": download(
            url,
            allow_private=True,
            deadline_s=3,
            read_timeout_s=1.5,
            min_rate_bytes_s=0,
            retries=0,
            max_bytes=2_000_000,
        )
    }


@graph
def from_strangers(url: str):
    """Download from the public internet only."""
    return {"data": download(url, retries=0)}


def test_hostile_servers_cost_their_own_items_only(server, go):
    """Each ends with its own error, and the good ones beside them are done."""
    good = [f"/{number}.png" for number in range(20)]
    server.files |= dict.fromkeys(good, BODY)
    hostile = {
        "/none": (status(404), "HTTPStatusError: GET .*: 404 Not Found"),
        "/busy": (status(503), "503 Service Unavailable"),
        "/endless": (endless, "TooLarge: .*the server sends more"),
        "/short": (short_body(b"x", 9), "9 more expected"),
        "/silent": (silent, r"the server was silent for 1\.5 s"),
        "/drip": (drip(0.01), r"DeadlineExceeded: .*not finished after 3 s"),
        "/loop": (redirect("/loop"), "TooManyRedirects: .*in a circle"),
        "/page.jpg": (sends(b"<!doctype html>"), "WrongContent: .*a web page, not a picture"),
        "/reset": (reset, "FetchError: GET .*/reset"),
        "/noai": (sends(BODY, X_Robots_Tag="noai"), "OptedOut: "),
        "/file": (redirect("file:///etc/passwd"), "BadURL: "),
    }
    for path, (behaviour, _) in hostile.items():
        server.behave(path, behaviour)
    paths = [path for pair in zip(good, [*hostile, *good], strict=False) for path in pair]
    urls = list(dict.fromkeys(server.url(path) for path in paths))
    report = go(from_the_web, [{"url": url} for url in urls], executor="threads", jobs=4)
    by_url = dict(zip(urls, report.rows, strict=True))
    for path, (_, told) in hostile.items():
        row = by_url[server.url(path)]
        assert (str(row.outcome), row.step) == ("failed", "download")
        assert re.search(told, row.error), row.error
    assert {str(by_url[server.url(path)].outcome) for path in good} == {"done"}


def test_a_list_of_strangers_reaches_nothing_inside(server, go):
    """By default loopback is refused."""
    report = go(from_strangers, [{"url": server.url("/a.jpg")}])
    assert "PrivateAddress" in report.rows[0].error
    assert server.connections == 0
