"""What trials of hostile servers have found, and that they find it: each guard taken away lets one fail."""

import functools
import threading

import pytest
from rude_answers import redirect
from rude_server import CERTIFICATES, RudeServer, answer, leading_to, politely
from servers_table import ASKED, MORE
from servers_tried import try_table

from creevey_graph.errors import InsecureRedirect
from creevey_graph.execution import Execution
from creevey_graph.fetch import Hosts, addresses, attempt, body, connection, fetch
from creevey_graph.fetch.deadline import Limits
from creevey_graph.fetch.partial import Partial

BODY = b"a picture"


@pytest.fixture
def sites():
    """A server whose sites lead to each other: https and http, and a function that downloads from them."""
    get = functools.partial(
        fetch, hosts=Hosts(), robots_txt=False, verify_ssl=str(CERTIFICATES / "authority.pem")
    )
    with RudeServer() as server, leading_to(server):
        server.add("plain", politely, BODY)
        server.add("secure", politely, BODY, certificate="good")
        yield server, get


def test_https_does_not_lead_to_http(sites):
    """Anybody on the way could have put another picture in the place of what was asked for safely."""
    server, get = sites
    site = server.add("down", redirect(server.sites["plain"].url()), BODY, certificate="good")
    with pytest.raises(InsecureRedirect, match="give the http URL itself if that will do") as caught:
        get(site.url())
    assert not caught.value.is_permanent
    assert 0 == server.sites["plain"].connections


def test_https_does_not_lead_to_http_by_way_of_https(sites):
    """Each hop is looked at."""
    server, get = sites
    last = server.add("down", redirect(server.sites["plain"].url()), BODY, certificate="good")
    first = server.add("on", redirect(last.url()), BODY, certificate="good")
    with pytest.raises(InsecureRedirect):
        get(first.url())


def test_what_was_asked_for_by_http_may_come_by_it(sites):
    """It promised nothing; neither is https to https, nor http to https, held up."""
    server, get = sites
    down = server.add("down", redirect(server.sites["plain"].url()), BODY, certificate="good")
    up = server.add("up", redirect(server.sites["secure"].url()), BODY)
    across = server.add("across", redirect(server.sites["secure"].url()), BODY, certificate="good")
    there_and_back = server.add("back", redirect(down.url()), BODY)
    assert [BODY] * 3 == [get(site.url()) for site in (up, across, there_and_back)]


def test_the_table_of_the_plan_is_whole():
    """66 behaviours, each with a name of its own, which those thought of since have too."""
    names = [behaviour.name for behaviour in (*ASKED, *MORE)]
    assert 66 == len(ASKED)
    assert len(names) == len(set(names))


WITHOUT = (
    (addresses, "_check_public", lambda *_: None, "mixed-addresses"),
    (addresses, "_check_public", lambda *_: None, "leads-to-metadata"),
    (addresses, "_ALSO", (), "leads-to-azure"),
    (attempt, "_check_downgrade", lambda *_: None, "downgrade"),
    (attempt, "is_same_place", lambda *_: True, "cross-host"),
    (connection, "_check_framing", lambda *_: None, "chunked-twice"),
    (connection, "_check_framing", lambda *_: None, "switches"),
    (body, "_MOST_PACKINGS", 9, "gzip-six-times"),
    (Partial, "is_continued_by", lambda *_: True, "rest-of-another"),
    (Limits, "left_s", lambda _: 9.0, "slow-headers"),
    (Execution, "doubt_downloads", lambda _: None, "short-without-length"),
)


@pytest.mark.parametrize("without", WITHOUT, ids=[each[3] for each in WITHOUT])
def test_a_guard_that_is_gone_is_found(tmp_path, monkeypatch, without):
    """A trial that cannot fail says nothing."""
    where, guard, broken, name = without
    table = tuple(behaviour for behaviour in (*ASKED, *MORE) if behaviour.name == name)
    monkeypatch.setattr(where, guard, broken)
    with pytest.raises(AssertionError, match=name):
        try_table(table, 0, tmp_path)


@pytest.mark.parametrize("is_at_once", [True, False])
def test_what_comes_behind_an_answer_is_not_the_next_one_s(sites, is_at_once):
    """A second answer that nobody asked for, sent with the first or after it, is not taken for another URL's."""
    server, get = sites
    sent = threading.Event()

    def act(peer):
        while (path := peer.request()) is not None:
            first, evil = answer(path.encode()), answer(b"evil") * 1000
            peer.send(first + evil if is_at_once else first)
            peer.send(b"" if is_at_once else evil)
            sent.set()

    site = server.add("two", act, BODY)
    for path in (b"/a", b"/b", b"/c"):
        assert path == get(site.url(path.decode()))
        assert sent.wait(10)
        sent.clear()
