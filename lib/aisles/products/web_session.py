"""HTTP sessions that connect to public addresses only: the address that was checked, no other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from aisles.config import ImagesConfig
from aisles.products.addresses import Gatekeeper, Refused

Lookup = Callable[[str], list[tuple[socket.AddressFamily, str]]]

_ACCEPT = "image/jpeg,image/png,image/webp,image/gif;q=0.9,*/*;q=0.1"
_NAME_KEPT_S = 60
_IDLE_KEPT_S = 5.0


def look_up(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """The addresses of a name, as the system knows them."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [(family, str(address[0])) for family, _, _, _, address in found]


def session(
    limits: ImagesConfig, keeper: Gatekeeper | None, lookup: Lookup, pool: Executor
) -> aiohttp.ClientSession:
    """A session without cookies, proxies, redirects of its own or unasked decompression.

    keeper: the rule for addresses; None, for mirrors that the operator named, lets all through.
    """
    timeout = aiohttp.ClientTimeout(
        total=None,
        connect=limits.connect_timeout_s,
        sock_connect=limits.connect_timeout_s,
        sock_read=limits.read_timeout_s,
    )
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=_Resolver(keeper, lookup, pool),
            socket_factory=_socket if keeper is None else _checked_socket(keeper),
            ttl_dns_cache=_NAME_KEPT_S,
            keepalive_timeout=_IDLE_KEPT_S,
            limit=0,  # turns are given out before a request starts
        ),
        headers={"User-Agent": limits.agent, "Accept": _ACCEPT, "Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        auto_decompress=False,
        trust_env=False,
    )


class _Resolver(AbstractResolver):
    """Names to addresses; the ones that are not public are left out."""

    def __init__(self, keeper: Gatekeeper | None, lookup: Lookup, pool: Executor) -> None:
        self._keeper = keeper
        self._lookup = lookup
        self._pool = pool

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses to connect to; raises Refused when the name has only others."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._pool, self._lookup, host)
        passed = [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, address in found
            if family in (socket.AF_UNSPEC, kind) and self._passes(address)
        ]
        if not passed:
            raise Refused(f"{host} has no public address")
        return passed

    def _passes(self, address: str) -> bool:
        try:
            if self._keeper is not None:
                self._keeper.check_address(address)
        except Refused:
            return False
        return True

    async def close(self) -> None:
        """Nothing to close: the pool is its owner's."""


def _socket(info: Any) -> socket.socket:
    family, kind, protocol, _, _ = info
    return socket.socket(family, kind, protocol)


def _checked_socket(keeper: Gatekeeper) -> Callable[[Any], socket.socket]:
    """Sockets for connections; the last word, about the very address that is connected to."""

    def make(info: Any) -> socket.socket:
        keeper.check_address(info[4][0])
        return _socket(info)

    return make
