"""Which network addresses a feed may make this system connect to: public ones, no others."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from yarl import URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# IANA's special-purpose registry, written out: what Python calls private changed between releases.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "168.63.129.16/32",  # the host of a virtual machine on Azure
        "169.254.0.0/16",  # link-local, metadata of clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
# Whatever is outside global unicast is refused, and inside it these.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",
    )
)
# A network without IPv4 reaches all of it through this prefix: the address inside counts.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# What the system's resolver takes for an IPv4 address although it is not written as one.
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)")
_HOST = re.compile(r"[0-9A-Za-z._-]+|[0-9A-Fa-f:.]+")


class Refused(OSError):
    """A URL or address that a feed may not make this system connect to."""


@dataclass(frozen=True)
class Gatekeeper:
    """The rule by which URLs and addresses are let through."""

    ports: frozenset[int]
    allowed: tuple[Network, ...] = ()  # let through although not public

    @staticmethod
    def of(ports: Sequence[int], allow_networks: Sequence[str]) -> Gatekeeper:
        """The rule that the configuration states; raises ValueError for what is no network."""
        try:
            allowed = tuple(ipaddress.ip_network(text) for text in allow_networks)
        except ValueError as error:
            raise ValueError(
                f"config: images.allow_networks takes networks such as 10.1.0.0/16; {error}"
            ) from error
        return Gatekeeper(frozenset(ports), allowed)

    def check_address(self, text: str) -> None:
        """Raises Refused unless the numeric address is public or in an allowed network."""
        address = _plain(text)
        if any(address in network for network in self.allowed):
            return
        if isinstance(address, ipaddress.IPv4Address):
            public = not any(address in network for network in _REFUSED_V4)
        else:
            public = address in _GLOBAL_V6 and not any(address in net for net in _REFUSED_V6)
        if not public:
            raise Refused(f"address {text} is not public")

    def check_url(self, url: URL) -> None:
        """Raises Refused for another scheme or port, user info, or an address as the host.

        Only spelt-out addresses are judged here; those of names are judged at each connection.
        """
        if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.raw_host or ""):
            raise Refused("no http or https address of a host")
        if url.raw_user is not None or url.raw_password is not None:
            raise Refused("user info in the address")
        if url.port not in self.ports:
            raise Refused(f"port {url.port} is not among {sorted(self.ports)}")
        host = str(url.raw_host)
        if ":" in host or _ends_in_a_number(host):
            self.check_address(host)


def _plain(text: str) -> Address:
    """The address that is meant: an IPv4 one inside an IPv6 one is taken out."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        # Octal, hexadecimal, shortened: spellings that no honest feed uses; also a zone (%eth0).
        raise Refused(f"{text} is not the plain spelling of an address") from error
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise Refused(f"{text} names a network interface")
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _ends_in_a_number(host: str) -> bool:
    """Whether URL parsers take the host for an IPv4 address in some spelling."""
    return _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None
