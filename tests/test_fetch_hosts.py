"""Hosts: a dead one costs few connections, a busy one is asked by few at once, and one that asks for peace has it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from servers import FakeNetwork, FakeTime, PictureServer, serve, status

from creevey_graph.errors import FetchError, HostGivenUp, HTTPStatusError
from creevey_graph.fetch import Hosts, fetch
from creevey_graph.fetch.deadline import Limits

BODY = b"a picture"
PUBLIC = "93.184.215.14"
URL = "http://pictures.example/a.jpg"


@pytest.fixture
def server():
    with PictureServer({"/a.jpg": BODY}) as running:
        yield running


class Visitor:
    """Asks hosts of a made-up network, with one memory of hosts and one clock that does not wait."""

    def __init__(self, server=None, **names):
        self.fake = FakeNetwork({"pictures.example": [PUBLIC], **names}, server)
        self.time = FakeTime()
        self.hosts = Hosts()

    def fetch(self, url=URL, **options):
        options = {"network": self.fake.network, "hosts": self.hosts, "clock": self.time.clock, **options}
        return fetch(url, **options)

    def error(self, url=URL, **options):
        with pytest.raises(FetchError) as caught:
            self.fetch(url, **options)
        return caught.value


def test_a_dead_host_costs_three_connections_for_all_its_urls():
    """The first URL stops its own tries at the third failure, and the others are not tried at all."""
    visitor = Visitor()
    errors = [visitor.error(f"http://pictures.example/{number}.jpg") for number in range(200)]
    assert (len(visitor.fake.dialed), visitor.time.slept) == (3, [1.0, 2.0])
    assert "Connection refused (3 tries)" in str(errors[0])
    assert {type(error) for error in errors[1:]} == {HostGivenUp}
    assert "http://pictures.example gave no connection 3 times in a row (Connection refused)" in str(
        errors[1]
    )
    assert "run again 60 s later" in str(errors[1])
    assert not any(error.is_permanent for error in errors)


def test_a_name_that_is_none_is_a_dead_host():
    """No such host costs three look-ups."""
    visitor = Visitor()
    for number in range(20):
        visitor.error(f"http://none.example/{number}.jpg")
    assert visitor.fake.asked == ["none.example"] * 3


def test_a_dead_host_costs_little_from_many_threads_too():
    """What was under way at the first failure counts with it; then one at a time tries."""
    visitor = Visitor()
    with ThreadPoolExecutor(16) as pool:
        errors = list(pool.map(lambda number: visitor.error(f"{URL}?{number}"), range(200)))
    assert len(errors) == 200
    assert len(visitor.fake.dialed) <= 8 + 2


def test_each_host_is_given_up_for_itself(server):
    """The neighbour of a dead host is served."""
    visitor = Visitor(server, **{"dead.example": ["93.184.215.1"]})
    visitor.fake.down = {"93.184.215.1"}
    for _ in range(4):
        visitor.error("http://dead.example/a.jpg")
    assert visitor.fetch() == BODY


def test_a_host_that_is_back_is_served_after_the_pause(server):
    """After a minute one URL tries, and where it is answered the host is as before."""
    visitor = Visitor(server)
    visitor.fake.down = {PUBLIC}
    for _ in range(4):
        visitor.error()
    visitor.fake.down.clear()
    assert isinstance(visitor.error(), HostGivenUp)
    visitor.time.slept.append(60.0)
    assert [visitor.fetch() for _ in range(3)] == [BODY] * 3


def test_a_host_that_is_still_dead_costs_one_connection_a_minute():
    """The one that tries gives it up for another minute."""
    visitor = Visitor()
    visitor.error()
    for minute in range(1, 4):
        visitor.time.slept.append(60.0)
        for _ in range(5):
            visitor.error()
        assert len(visitor.fake.dialed) == 3 + minute


def test_a_server_that_is_started_anew_is_waited_for(server):
    """Two failures are no death, and a success in between begins the count anew."""
    visitor = Visitor(server)
    for _ in range(3):
        visitor.fake.down = {PUBLIC}
        visitor.error(retries=1)
        visitor.fake.down.clear()
        assert visitor.fetch("http://pictures.example/a.jpg", headers={"Connection": "close"}) == BODY


def test_a_failure_holds_back_the_others_of_the_host(server):
    """The next URL waits as long as a second try of the first would."""
    visitor = Visitor(server)
    visitor.fake.down = {PUBLIC}
    visitor.error(retries=0)
    visitor.fake.down.clear()
    assert visitor.fetch(deadline_s=0.5) == BODY
    assert [round(seconds, 1) for seconds in visitor.time.slept] == [1.0]


def test_a_host_that_asks_for_peace_has_it_from_all(server):
    """Retry-After of one URL holds back the others, and what they wait is not of their own deadline."""
    visitor = Visitor(server)
    server.behave("/busy", status(429, Retry_After="30"))
    with pytest.raises(HTTPStatusError, match="429"):
        visitor.fetch("http://pictures.example/busy", retries=0)
    assert visitor.fetch(deadline_s=5) == BODY
    assert [round(seconds) for seconds in visitor.time.slept] == [30]


def test_no_host_is_left_in_peace_for_a_day(server):
    """Retry-After is capped at a minute for the host too."""
    visitor = Visitor(server)
    server.behave("/busy", status(503, Retry_After="86400"))
    visitor.error("http://pictures.example/busy", retries=0)
    assert visitor.fetch() == BODY
    assert [round(seconds) for seconds in visitor.time.slept] == [60]


def test_few_ask_one_host_at_once(server):
    """With per_host=2 no third download comes while two are being answered, however many threads there are."""
    three = threading.Barrier(3)
    lock = threading.Lock()
    inside, most = [0], [0]

    def counted(handler):
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        with suppress(threading.BrokenBarrierError):
            three.wait(0.3)  # gives a third one time to come
        with lock:
            inside[0] -= 1
        serve(handler)

    server.behave("/a.jpg", counted)

    def get(_number):
        return fetch(server.url("/a.jpg"), allow_private=True, per_host=2)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(get, range(16))) == [BODY] * 16
    assert most == [2]


def test_failures_at_one_moment_are_one():
    """Eight connections that a restart cuts off at once do not make a dead host; three in a row do."""
    host = Hosts().find("http://pictures.example")
    limits = Limits(1e9, 120.0, 10.0, 20.0, 0.0, 1, FakeTime().clock)
    with ExitStack() as stack:
        slots = [stack.enter_context(host.slot(URL, limits, 8)) for _ in range(8)]
        assert [host.failed(slot, "refused", limits.clock) for slot in slots] == [False] * 8
    for given_up in (False, True):
        with host.slot(URL, limits, 8) as slot:
            assert host.failed(slot, "refused", limits.clock) == given_up


def test_hosts_do_not_wait_for_each_other():
    """One place a host lets two hosts be asked at once."""
    together = threading.Barrier(2)

    def paired(handler):
        together.wait(30)
        serve(handler)

    with PictureServer({"/a.jpg": BODY}) as one, PictureServer({"/a.jpg": BODY}) as two:
        one.behave("/a.jpg", paired)
        two.behave("/a.jpg", paired)
        urls = [one.url("/a.jpg"), two.url("/a.jpg")]
        with ThreadPoolExecutor(2) as pool:
            bodies = pool.map(lambda url: fetch(url, allow_private=True, per_host=1), urls)
            assert list(bodies) == [BODY] * 2


def test_a_place_is_given_back_after_an_error(server):
    """Failed downloads do not use up the places of a host."""
    server.behave("/a.jpg", status(404), times=5)
    for _ in range(5):
        with pytest.raises(HTTPStatusError):
            fetch(server.url("/a.jpg"), allow_private=True, per_host=1)
    assert fetch(server.url("/a.jpg"), allow_private=True, per_host=1) == BODY


def test_only_so_many_hosts_are_remembered():
    """A list of a million hosts does not fill the memory."""
    hosts = Hosts()
    first = hosts.find("http://0.example")
    assert hosts.find("http://0.example") is first
    for number in range(1, 5000):
        hosts.find(f"http://{number}.example")
    assert hosts.find("http://4999.example") is hosts.find("http://4999.example")
    assert hosts.find("http://0.example") is not first


def test_an_interrupt_at_the_end_of_a_wait_gives_the_place_back(server, monkeypatch):
    """Ctrl-C may come when the place is just taken; the next download of a notebook would wait for ever."""
    visitor = Visitor(server)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Limits, "pause", interrupt)
    with pytest.raises(KeyboardInterrupt):
        visitor.fetch(per_host=1)
    monkeypatch.undo()
    assert visitor.hosts.find("http://pictures.example")._active == 0
    assert visitor.fetch(per_host=1) == BODY


def test_a_host_that_only_asks_for_peace_is_given_up(server):
    """It held each thread that asked it for an hour of a list, a minute at a time; now for two of them."""
    visitor = Visitor(server)
    server.behave("/busy", status(429, Retry_After="60"))
    errors = [visitor.error("http://pictures.example/busy", deadline_s=900, retries=9) for _ in range(50)]
    assert (server.gets["/busy"], [round(seconds) for seconds in visitor.time.slept]) == (3, [60, 60])
    assert str(errors[0]).endswith("/busy: 429 Too Many Requests (3 tries)")
    assert {type(error) for error in errors[1:]} == {HostGivenUp}
    assert "http://pictures.example asked for peace 3 times in a row, so it was not asked" in str(errors[1])
    assert not any(error.is_permanent for error in errors)


def test_a_busy_host_that_serves_in_between_is_waited_for(server):
    """A limit of so many a minute is kept to, however often it is met."""
    visitor = Visitor(server)
    for _ in range(5):
        server.behave("/a.jpg", status(429, Retry_After="30"), times=2)
        assert visitor.fetch(deadline_s=900) == BODY
    assert [round(seconds) for seconds in visitor.time.slept] == [30] * 10


def test_a_host_given_up_for_peace_is_asked_again_later(server):
    """After a minute it counts what it says then."""
    visitor = Visitor(server)
    server.behave("/a.jpg", status(429, Retry_After="30"), times=3)
    visitor.error(deadline_s=900)
    assert isinstance(visitor.error(), HostGivenUp)
    visitor.time.slept.append(60.0)
    assert [visitor.fetch() for _ in range(2)] == [BODY] * 2
