"""Name look-ups: they end, though the system's own takes no timeout, and those left behind are few."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers import FakeNetwork, PictureServer

from creevey_graph import stopping
from creevey_graph.errors import DeadlineExceeded, FetchError
from creevey_graph.fetch import Hosts, Network, fetch, names
from creevey_graph.fetch.names import LookUps

PUBLIC = "93.184.215.14"
URL = "http://pictures.example/a.jpg"


class Resolver:
    """A resolver that says nothing until it is let. State: asked = how often it was; answers = set once it says all."""

    def __init__(self):
        self.asked = 0
        self.answers = threading.Event()

    def resolve(self, host, port):
        self.asked += 1
        assert self.answers.wait(30)
        if host == "none.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, (PUBLIC, port))]


@pytest.fixture
def resolver():
    made = Resolver()
    yield made
    made.answers.set()


def no_connection(*_args):
    raise AssertionError("no address is known")


def test_a_look_up_that_hangs_ends_with_the_connection_s_time(resolver):
    """It held its thread for as long as the system's resolver did: minutes, or for good."""
    network = Network(resolve=resolver.resolve, connect=no_connection)
    with pytest.raises(FetchError, match=r"no answer to the name look-up within 0\.2 s"):
        fetch(URL, network=network, hosts=Hosts(), connect_timeout_s=0.2, retries=0)


def test_a_look_up_that_hangs_ends_with_the_deadline(resolver):
    """Where that comes first."""
    network = Network(resolve=resolver.resolve, connect=no_connection)
    with pytest.raises(DeadlineExceeded):
        fetch(URL, network=network, hosts=Hosts(), deadline_s=0.2)


def test_the_time_of_a_look_up_is_none_of_the_addresses(resolver):
    """What is left of the connection's time is theirs."""
    waits = []
    threading.Timer(0.3, resolver.answers.set).start()

    def connect(_address, timeout_s, _options):
        waits.append(timeout_s)
        raise ConnectionRefusedError("Connection refused")

    network = Network(resolve=resolver.resolve, connect=connect)
    with pytest.raises(FetchError, match="refused"):
        fetch(URL, network=network, hosts=Hosts(), connect_timeout_s=10, retries=0)
    assert 5 < waits[0] <= 9.8


def test_what_a_look_up_raises_is_raised(resolver):
    """From the thread in which it stands to the one that asks."""
    resolver.answers.set()
    with pytest.raises(socket.gaierror, match="Name or service not known"):
        LookUps().find(resolver.resolve, "none.example", 80, 5)


def test_those_who_ask_at_once_share_a_look_up(resolver):
    """A hundred downloads of a host whose name is slow to come ask for it once."""
    look_ups = LookUps()

    threading.Timer(0.5, resolver.answers.set).start()
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda _: look_ups.find(resolver.resolve, "pictures.example", 80, 30), range(8))
        )
    assert (len(found), resolver.asked) == (8, 1)


def test_a_look_up_left_behind_is_not_waited_for_again(resolver):
    """A lost packet costs one try; the next asks anew."""
    look_ups = LookUps()
    with pytest.raises(socket.gaierror):
        look_ups.find(resolver.resolve, "pictures.example", 80, 0.05)
    threading.Timer(0.2, resolver.answers.set).start()
    assert look_ups.find(resolver.resolve, "pictures.example", 80, 30)[0][1] == (PUBLIC, 80)
    assert resolver.asked == 2


def test_look_ups_left_behind_are_so_many_at_most(resolver, monkeypatch):
    """A resolver that never answers does not fill the process with threads."""
    monkeypatch.setattr(names, "MOST_IN_HAND", 3)
    look_ups = LookUps()
    for number in range(10):
        with pytest.raises(socket.gaierror, match="no answer"):
            look_ups.find(resolver.resolve, f"host{number}.example", 80, 0.02)
    assert resolver.asked == 3
    resolver.answers.set()
    assert look_ups.find(resolver.resolve, "pictures.example", 80, 30)


def test_an_address_in_digits_needs_no_thread():
    """It is no look-up."""
    asked = []

    def resolve(host, port):
        asked.append(threading.current_thread())
        return [(socket.AF_INET, (host, port))]

    LookUps().find(resolve, "93.184.215.14", 80, 5)
    assert asked == [threading.current_thread()]


def test_an_interrupt_ends_the_wait_for_a_name(resolver):
    """Ctrl-C does not wait for the resolver."""
    with stopping.waits_ended(), pytest.raises(KeyboardInterrupt):
        LookUps().find(resolver.resolve, "pictures.example", 80, 60)


def test_a_forked_process_waits_for_no_thread_of_its_parent(resolver):
    """The look-up in hand is forgotten there."""
    look_ups = LookUps()
    with pytest.raises(socket.gaierror):
        look_ups.find(resolver.resolve, "pictures.example", 80, 0.01)
    look_ups._joined["x"] = "of the parent"
    look_ups.forget()
    assert not look_ups._joined


def test_names_are_looked_up_as_before():
    """Through a download, to a picture."""
    with PictureServer({"/a.jpg": b"a picture"}) as server:
        fake = FakeNetwork({"pictures.example": [PUBLIC]}, server)
        assert fetch(URL, network=fake.network, hosts=Hosts()) == b"a picture"
