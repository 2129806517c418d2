"""Private addresses: refused at the address that is connected to, at each hop, unless they are allowed."""

import pytest
from servers import FakeNetwork, FakeTime, PictureServer, redirect

from creevey_graph.errors import FetchError, HTTPStatusError, PrivateAddress
from creevey_graph.fetch import Hosts, Network, fetch
from creevey_graph.fetch.addresses import dial, is_private

BODY = b"a picture"
PUBLIC = "93.184.215.14"


@pytest.fixture
def server():
    with PictureServer({"/a.jpg": BODY}) as running:
        yield running


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.0.192",
        "192.88.99.1",
        "168.63.129.16",
        "::ffff:192.0.0.192",
        "64:ff9b:1::7f00:1",
        "3fff::1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2002:a00:1::1",
    ],
)
def test_what_is_not_of_the_public_internet_is_private(address):
    """Loopback, private, shared, link-local, multicast and reserved addresses, and what holds one."""
    assert is_private(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", PUBLIC, "100.128.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"],
)
def test_what_is_of_the_public_internet_is_not(address):
    """Public addresses, also those written as IPv6."""
    assert not is_private(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]"]
)
def test_a_private_host_is_refused_however_it_is_written(server, host):
    """Nothing is sent, nothing is tried again, and the message teaches the remedy."""
    fake = FakeTime()
    url = f"http://{host}:{server.address[1]}/a.jpg"
    with pytest.raises(PrivateAddress, match="a private address; pass allow_private=True if") as caught:
        fetch(url, clock=fake.clock)
    assert str(caught.value).startswith(f"GET {url}: ")
    assert not caught.value.is_permanent
    assert (server.connections, fake.slept) == (0, [])


def test_a_private_host_may_be_allowed(server, monkeypatch):
    """By the option, or by the environment for all."""
    assert fetch(server.url("/a.jpg"), allow_private=True) == BODY
    monkeypatch.setenv("CREEVEY_ALLOW_PRIVATE_ADDRESSES", "1")
    assert fetch(server.url("/a.jpg")) == BODY
    monkeypatch.setenv("CREEVEY_ALLOW_PRIVATE_ADDRESSES", "0")
    with PictureServer({"/a.jpg": BODY}) as other, pytest.raises(PrivateAddress):
        fetch(other.url("/a.jpg"))


def test_a_kept_connection_is_not_lent_to_who_may_not_have_it(server):
    """A connection that an allowing download left open does not serve one that refuses."""
    assert fetch(server.url("/a.jpg"), allow_private=True) == BODY
    with pytest.raises(PrivateAddress):
        fetch(server.url("/a.jpg"))
    assert server.gets["/a.jpg"] == 1


@pytest.mark.parametrize("addresses", [["10.0.0.1"], [PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC]])
def test_a_public_name_with_a_private_address_is_refused(server, addresses):
    """One private address among several suffices, and nothing is dialed."""
    fake = FakeNetwork({"pictures.example": addresses}, server)
    with pytest.raises(PrivateAddress, match=r"pictures\.example leads to 10\.0\.0\.1, a private address"):
        fetch("http://pictures.example/a.jpg", network=fake.network, hosts=Hosts())
    assert fake.dialed == []


def test_the_address_that_was_checked_is_the_one_connected_to(server):
    """A name that answers something else the second time is looked up once a connection."""
    fake = FakeNetwork({"pictures.example": [PUBLIC]}, server)

    def rebind(host, port):
        found = fake._resolve(host, port)
        fake.names["pictures.example"] = ["127.0.0.1"]
        return found

    network = Network(resolve=rebind, connect=fake._connect)
    assert fetch("http://pictures.example/a.jpg", network=network, hosts=Hosts()) == BODY
    assert (fake.asked, fake.dialed) == (["pictures.example"], [PUBLIC])


@pytest.mark.parametrize("host", ["127.0.0.1", "inside.example", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_a_redirect_to_a_private_address_is_refused(server, host):
    """No public server sends us to ask inside our own network."""
    names = {"pictures.example": [PUBLIC], "inside.example": ["10.0.0.1"], "127.0.0.1": ["127.0.0.1"]}
    names |= {"169.254.169.254": ["169.254.169.254"], "::ffff:10.0.0.1": ["::ffff:10.0.0.1"]}
    fake = FakeNetwork(names, server)
    server.behave("/away.jpg", redirect(f"http://{host}/a.jpg"))
    with pytest.raises(PrivateAddress):
        fetch("http://pictures.example/away.jpg", network=fake.network, hosts=Hosts())
    assert (fake.dialed, server.gets["/a.jpg"]) == ([PUBLIC], 0)


def test_an_address_that_is_down_makes_way_for_the_next(server):
    """A host with a dead address and a live one is reached."""
    fake = FakeNetwork({"pictures.example": ["93.184.215.1", PUBLIC]}, server)
    fake.down = {"93.184.215.1"}
    assert fetch("http://pictures.example/a.jpg", network=fake.network, hosts=Hosts()) == BODY
    assert fake.dialed == ["93.184.215.1", PUBLIC]


def test_all_addresses_share_the_time_of_one_connection():
    """Ten seconds for five addresses are two for each."""
    waits = []

    def connect(_address, timeout_s, _options):
        waits.append(timeout_s)
        raise TimeoutError

    network = Network(
        resolve=lambda _host, port: [(2, (f"1.1.1.{last}", port)) for last in range(5)], connect=connect
    )
    with pytest.raises(TimeoutError):
        dial(network, "pictures.example", 80, timeout_s=10, allow_private=False)
    assert waits == pytest.approx([2.0] * 5, rel=0.1)


def test_a_name_without_an_address_is_told():
    """The system's own words, and not permanent: the resolver may be what is down."""
    with pytest.raises(FetchError, match="Name or service not known") as caught:
        fetch("http://none.example/a.jpg", network=FakeNetwork({}).network, hosts=Hosts(), retries=0)
    assert not caught.value.is_permanent


def test_a_proxy_connects_for_us(server):
    """With a proxy its own address is not checked, nor the target's, which is never looked up."""
    server.files["http://pictures.example/a.jpg"] = BODY
    fake = FakeNetwork({"127.0.0.1": ["127.0.0.1"]}, server)
    proxies = {"http": server.url("")}
    got = fetch("http://pictures.example/a.jpg", proxies=proxies, network=fake.network, hosts=Hosts())
    assert (got, set(fake.asked)) == (BODY, {"127.0.0.1"})


def test_a_proxy_for_another_scheme_leaves_the_check_in_place(server):
    """Only what goes by the proxy is the proxy's to check."""
    with pytest.raises(PrivateAddress):
        fetch(server.url("/a.jpg"), proxies={"https": server.url("")})


def test_a_dead_proxy_is_not_held_against_the_host(server):
    """The host that could not be asked is not given up for it."""
    hosts = Hosts()
    dead = FakeNetwork({"127.0.0.1": ["127.0.0.1"], "pictures.example": [PUBLIC]})
    for _ in range(5):
        with pytest.raises(FetchError, match="refused"):
            fetch(
                "http://pictures.example/a.jpg",
                proxies={"http": "http://127.0.0.1:9"},
                network=dead.network,
                hosts=hosts,
                retries=0,
            )
    live = FakeNetwork({"pictures.example": [PUBLIC]}, server)
    assert fetch("http://pictures.example/a.jpg", network=live.network, hosts=hosts) == BODY


def test_a_404_of_an_allowed_host_is_still_a_404(server):
    """The check stands beside the other errors."""
    with pytest.raises(HTTPStatusError, match="404"):
        fetch(server.url("/none"), allow_private=True)
