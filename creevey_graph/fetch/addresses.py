"""
Addresses: which are private, and a connection to one that was checked.

A name is looked up once and its addresses are checked before one of *them* is connected to, so that a
name which answers something else the next time leads nowhere. One private address among several
refuses the name: no honest site mixes them.
"""

import os
import socket
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import attrs

from creevey_graph.errors import PrivateAddress
from creevey_graph.fetch.names import LOOK_UPS
from creevey_graph.text import safe_text

ALLOWED_BY_ENVIRONMENT = "CREEVEY_ALLOW_PRIVATE_ADDRESSES"
"""Set to 1, private addresses are allowed wherever `allow_private` is not given."""

_NAT64 = IPv6Network("64:ff9b::/96")
_ALSO = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "64:ff9b:1::/48", "3fff::/20"))
)
"""Private whatever the version of Python says: the first and third are where clouds answer their machines."""

Address = tuple[socket.AddressFamily, Any]
"""Family, and what `socket.connect` takes."""


def _resolve(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _connect(address: Address, timeout_s: float, options: Sequence[tuple[Any, ...]]) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        for option in options:
            sock.setsockopt(*option)
        sock.settimeout(timeout_s)
        sock.connect(address[1])
    except BaseException:
        sock.close()
        raise
    return sock


@attrs.frozen
class Network:
    """
    Where addresses and connections come from; tests pass one that counts, or has names of its own.

    Args:
        resolve: Host and port to addresses; raises socket.gaierror.
        connect: Address, seconds and socket options to a connected socket; raises OSError.
    """

    resolve: Callable[[str, int], Sequence[Address]] = _resolve
    connect: Callable[[Address, float, Sequence[tuple[Any, ...]]], socket.socket] = _connect


NETWORK = Network()


def dial(
    network: Network,
    host: str,
    port: int,
    *,
    timeout_s: float,
    allow_private: bool,
    options: Sequence[tuple[Any, ...]] = (),
) -> socket.socket:
    """
    Return a connection to *host*, at an address that was checked.

    Args:
        network: Where addresses and connections come from.
        host: A name, or an address.
        port: TCP port.
        timeout_s: Seconds for the name look-up and all addresses together, an equal share for each of these.
        allow_private: Do not check.
        options: Set on the socket before it connects.

    Raises:
        PrivateAddress: One of its addresses is not of the public internet.
        OSError: No such name, or no address took the connection; the last one's error.
    """
    began = time.monotonic()
    addresses = LOOK_UPS.find(network.resolve, host.strip("[]"), port, timeout_s)
    left_s = max(0.001, timeout_s - (time.monotonic() - began))
    if not allow_private:
        for _, address in addresses:
            _check_public(host, address[0])
    problem = OSError("no address")
    for address in addresses:
        try:
            return network.connect(address, left_s / len(addresses), options)
        except OSError as error:
            problem = error
    raise problem


def _check_public(host: str, text: str) -> None:
    if not is_private(text) or os.environ.get(ALLOWED_BY_ENVIRONMENT) == "1":
        return
    name = safe_text(host.strip("[]"))
    leads = f"{name} is" if name == text else f"{name} leads to {text},"
    raise PrivateAddress(f"{leads} a private address; pass allow_private=True if the server is yours")


def is_private(text: str) -> bool:
    """
    Return whether an address is anything but one of the public internet.

    Loopback, private networks, link-local (where clouds keep their credentials), shared (100.64/10),
    unspecified, multicast and reserved ones are; an IPv6 address that holds an IPv4 one (mapped, NAT64,
    6to4) is what that one is.

    >>> [is_private(text) for text in ("127.0.0.1", "::ffff:10.0.0.1", "169.254.169.254", "1.1.1.1")]
    [True, True, True, False]
    """
    address = ip_address(text)
    held = _held_by(address) if isinstance(address, IPv6Address) else None
    if held is not None:
        return is_private(str(held))
    return (
        not address.is_global
        or any(address.version == network.version and address in network for network in _ALSO)
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )


def _held_by(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
