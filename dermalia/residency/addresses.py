"""Which network addresses an outgoing connection may lead to."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address

# Gateways turn an address of this range (RFC 6052) into the IPv4 address in its last 32 bits.
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that is handed out to the public (RFC 4291)


def is_global_unicast(text: str) -> bool:
    """Whether this is one machine on the public internet, by every reading of the address.

    An IPv6 address that carries IPv4 ones (mapped, NAT64, 6to4, Teredo) is judged by them too:
    that is where a gateway on the way may take it.
    """
    try:
        return all(map(_is_public, _readings(ip_address(text))))
    except ValueError:
        return False


def is_loopback(text: str) -> bool:
    """Whether the address is this very machine."""
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False


def _readings(address: IPAddress) -> Iterator[IPAddress]:
    if isinstance(address, IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
        return
    yield address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _is_public(address: IPAddress) -> bool:
    # `is_global` alone lets multicast through, and the site-local addresses of old.
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
