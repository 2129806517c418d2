"""What a site asks of machines: robots.txt and X-Robots-Tag, kept to unless that is switched off."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import FakeNetwork, FakeTime, PictureServer, redirect, reset, sends, short_body, silent, status

from creevey_graph.errors import DeadlineExceeded, FetchError, OptedOut
from creevey_graph.fetch import Hosts, fetch
from creevey_graph.fetch.opt_out import find_refusal
from creevey_graph.fetch.robots import RobotsFile, matches, parsed

BODY = b"a picture"
PUBLIC = "93.184.215.14"


@pytest.fixture
def server():
    with PictureServer({"/a.jpg": BODY, "/in/a.jpg": BODY}) as running:
        yield running


def get(server, path="/a.jpg", **options):
    return fetch(server.url(path), **{"allow_private": True, **options})


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("USER-AGENT: *\ndisallow : /a", "/abc", False),
        ("User-agent: *\nDisallow: /a", "/b", True),
        ("User-agent: *\nDisallow: /a # all\r\n\r\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\rDisallow: /\rAllow: /in/", "/in/a.jpg", True),
        ("User-agent: *\nDisallow: /in/\nAllow: /in/", "/in/a.jpg", True),
        ("User-agent: *\nDisallow: /*.jpg$", "/in/a.jpg", False),
        ("User-agent: *\nDisallow: /*.jpg$", "/in/a.jpg?x=1", True),
        ("User-agent: *\nDisallow: /*?", "/a.jpg?x=1", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: other\nUser-agent: Creevey_Graph\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: creevey_graph/2.0\nDisallow: /x", "/a", True),
        ("User-agent: creevey_graph\nDisallow: /a\nUser-agent: creevey_graph\nDisallow: /b", "/a", False),
        ("User-agent: a\nCrawl-delay: 5\nUser-agent: *\nDisallow: /b", "/b", False),
        ("Disallow: /", "/a", True),
        ("User-agent: *\nDisallow: /%7Euser/", "/~user/a", False),
        ("User-agent: *\nDisallow: /ü", "/%C3%BC/a", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),
        ("\ufeffUser-agent: *\nDisallow: /", "/a", False),
        ("<!doctype html><p>Not found: sorry</p>", "/a", True),
    ],
)
def test_robots_txt_is_read_as_the_standard_says(text, path, allowed):
    """RFC 9309: the group of our name, the longest rule that matches, `*` and `$`, escapes made equal."""
    robots = RobotsFile(parsed(text), expires=0)
    assert allowed == robots.allows("creevey_graph", f"http://host{path}")


@given(st.text("ab*$/", max_size=8), st.text("ab/", max_size=8))
def test_patterns_match_as_a_regular_expression_would(pattern, path):
    """The matcher without backtracking agrees with the one that has it."""
    ended = pattern.endswith("$")
    parts = map(re.escape, pattern.removesuffix("$").split("*"))
    expression = ".*".join(parts) + (r"\Z" if ended else "")
    assert (re.match(expression, path) is not None) == matches(pattern, path)


def test_many_stars_take_no_time():
    """A hostile pattern is matched without backtracking."""
    assert not matches("/" + "*a" * 5000 + "$", "/" + "a" * 4999)


def test_a_disallowed_path_is_not_asked_for(server):
    """The robots.txt comes first, once for all paths of the host, and without our headers."""
    server.behave("/robots.txt", sends(b"User-agent: *\nDisallow: /in/"))
    fake = FakeTime()
    for _ in range(2):
        with pytest.raises(
            OptedOut, match=r"robots\.txt keeps it from 'creevey_graph'; pass robots_txt="
        ) as caught:
            get(server, "/in/a.jpg", clock=fake.clock, headers={"Authorization": "secret"})
        assert get(server) == BODY
    assert caught.value.is_permanent
    assert (server.gets["/robots.txt"], server.gets["/in/a.jpg"], fake.slept) == (1, 0, [])
    assert "Authorization" not in server.headers["/robots.txt"][0]
    assert server.headers["/robots.txt"][0]["User-Agent"].startswith("creevey_graph/")


def test_robots_txt_may_be_left_out(server):
    """It is not even asked for then."""
    server.behave("/robots.txt", sends(b"User-agent: *\nDisallow: /"))
    assert get(server, robots_txt=False) == BODY
    assert server.gets["/robots.txt"] == 0


def test_the_name_that_counts_is_the_one_that_is_sent(server):
    """Who calls himself otherwise is told by that name."""
    server.behave("/robots.txt", sends(b"User-agent: surveyor\nDisallow: /"))
    assert get(server) == BODY
    with pytest.raises(OptedOut, match="keeps it from 'surveyor'"):
        get(server, user_agent="Surveyor/1.0 (+https://university.example)")


@pytest.mark.parametrize("code", [401, 403, 404, 410, 429])
def test_no_robots_txt_allows_everything(server, code):
    """A 4xx says that there is none."""
    server.behave("/robots.txt", status(code))
    assert get(server) == BODY


def test_a_robots_txt_that_leads_nowhere_allows_everything(server):
    """More than five redirects are none."""
    server.behave("/robots.txt", redirect("/robots.txt"))
    assert get(server) == BODY
    assert server.gets["/robots.txt"] == 6


def test_a_robots_txt_elsewhere_is_read_there(server):
    """A redirect to another host is followed."""
    with PictureServer({"/rules.txt": b"User-agent: *\nDisallow: /"}) as other:
        server.behave("/robots.txt", redirect(other.url("/rules.txt")))
        with pytest.raises(OptedOut):
            get(server)


@pytest.mark.parametrize("behaviour", [status(500), status(503), reset, short_body(b"User-agent", 10)])
def test_a_robots_txt_that_cannot_be_read_allows_nothing_for_a_minute(server, behaviour):
    """A server in trouble is left in peace; three tries, then none for a minute, then it counts again."""
    server.behave("/robots.txt", behaviour, times=3)
    fake = FakeTime()
    hosts = Hosts()
    for _ in range(3):
        with pytest.raises(FetchError, match=r"whose robots\.txt cannot be read") as caught:
            get(server, clock=fake.clock, hosts=hosts)
    assert (server.gets["/robots.txt"], server.gets["/a.jpg"], fake.slept) == (3, 0, [1.0, 2.0])
    assert not caught.value.is_permanent
    fake.slept.append(60.0)
    assert get(server, clock=fake.clock, hosts=hosts) == BODY


def test_a_robots_txt_holds_for_a_day(server):
    """It is asked for again after that."""
    fake = FakeTime()
    hosts = Hosts()
    for seconds in (0.0, 86_000.0, 1000.0):
        fake.slept.append(seconds)
        get(server, clock=fake.clock, hosts=hosts)
    assert server.gets["/robots.txt"] == 2


def test_a_silent_robots_txt_ends_at_the_deadline(server):
    """The download's deadline holds for it, and a short one is not remembered as the site's fault."""
    server.behave("/robots.txt", silent, times=1)
    with pytest.raises(DeadlineExceeded):
        get(server, deadline_s=0.2)
    assert get(server) == BODY


def test_the_begin_of_an_endless_robots_txt_counts(server):
    """500 KiB are read, and what they say holds."""

    def send(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"User-agent: *\nDisallow: /in/\n")
        endless_text(handler)

    def endless_text(handler):
        while not handler.server_of_pictures.closing.is_set():
            handler.wfile.write(b"# more\n" * 1000)

    server.behave("/robots.txt", send)
    with pytest.raises(OptedOut):
        get(server, "/in/a.jpg")
    assert get(server) == BODY


def test_each_hop_asks_its_own_host(server):
    """A redirect leads to a host whose robots.txt refuses."""
    with PictureServer({"/a.jpg": BODY, "/robots.txt": b"User-agent: *\nDisallow: /"}) as other:
        server.behave("/away", redirect(other.url("/a.jpg")))
        with pytest.raises(OptedOut):
            get(server, "/away")
        assert other.gets["/a.jpg"] == 0


def test_a_robots_txt_does_not_lead_inside(server):
    """A public robots.txt that redirects to a private address is no way in."""
    fake = FakeNetwork({"pictures.example": [PUBLIC], "10.0.0.1": ["10.0.0.1"]}, server)
    server.behave("/robots.txt", redirect("http://10.0.0.1/secret"))
    with pytest.raises(FetchError, match="private address"):
        fetch("http://pictures.example/a.jpg", network=fake.network, hosts=Hosts())
    assert server.gets["/secret"] == 0


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([], ""),
        (["noai"], "noai"),
        (["NoImageAI"], "noimageai"),
        (["nofollow, noindex"], "noindex"),
        (["noimageindex"], "noimageindex"),
        (["noml"], "noml"),
        (["none"], "none"),
        (["all", "nofollow,noarchive"], ""),
        (["max-image-preview: large, noai"], "noai"),
        (["unavailable_after: 25 Jun 2030 15:00:00 PST"], ""),
        (["otherbot: noai, noindex"], ""),
        (["otherbot: noai", "noindex"], "noindex"),
        (["otherbot: noindex, creevey_graph: noai"], "noai"),
        (["Creevey_Graph: noindex"], "noindex"),
        (["*: noai"], "noai"),
        (["noaipolicy, indexnoindex"], ""),
        (["", ",,", ":", "a b: noai"], ""),
    ],
)
def test_x_robots_tag_is_read_with_its_clients(lines, refusal):
    """Directives for all and for us count, those for others do not, nor parts of words."""
    assert refusal == find_refusal(lines, "creevey_graph")


def test_an_opt_out_ends_before_the_body(server):
    """The headers suffice: a body without an end is not read."""

    def send(handler):
        handler.send_response(200)
        handler.send_header("X-Robots-Tag", "otherbot: nofollow")
        handler.send_header("X-Robots-Tag", "noai, noimageai")
        endless_after(handler)

    def endless_after(handler):
        handler.end_headers()
        while not handler.server_of_pictures.closing.is_set():
            handler.wfile.write(b"x" * 65536)

    server.behave("/a.jpg", send)
    with pytest.raises(OptedOut, match=r"X-Robots-Tag: noai\); pass respect_opt_out=False") as caught:
        get(server, max_bytes=10**12)
    assert caught.value.is_permanent
    assert server.gets["/a.jpg"] == 1


def test_an_opt_out_may_be_passed_over(server):
    """For pictures that one has the right to."""
    server.behave("/a.jpg", sends(BODY, X_Robots_Tag="noai"))
    assert get(server, respect_opt_out=False) == BODY


def test_an_error_is_told_before_an_opt_out(server):
    """A 404 says 404 whatever else it says."""
    server.behave("/a.jpg", status(404, X_Robots_Tag="noindex"))
    with pytest.raises(FetchError, match="404"):
        get(server)


def test_an_endless_error_page_is_not_read(server):
    """Only a short body of an error is read, to keep the connection."""
    server.behave("/robots.txt", status(404))

    def send(handler):
        handler.send_response(404)
        handler.end_headers()
        while not handler.server_of_pictures.closing.is_set():
            handler.wfile.write(b"x" * 65536)

    server.behave("/a.jpg", send)
    with pytest.raises(FetchError, match="404"):
        get(server)
