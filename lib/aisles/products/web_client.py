"""Pictures by HTTP: one at a time by name, with redirects, retries and every limit kept."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TypeVar

import aiohttp
from yarl import URL

from aisles.config import ImagesConfig
from aisles.products.addresses import Gatekeeper, Refused
from aisles.products.images import Picture
from aisles.products.web_body import read_body
from aisles.products.web_hosts import Host, NotFetched
from aisles.products.web_session import Lookup, session

_MOVED = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_PASSING = frozenset({408, 425, 429})  # and all from 500 on: another request may help
_LONGEST_VALIDATOR = 1000
_LOOKUPS = 4  # threads a request that may run: a look-up given up goes on for a while
# What aiohttp and the layers below it raise for what a host or a network does.
_TROUBLE = (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError, UnicodeError)

Closed = Mapping[str, tuple[str, str]]  # host -> status and reason of all its pictures
Decode = Callable[[IO[bytes]], Picture]
T = TypeVar("T")


class Client:
    """The requests of one task; made and closed inside its event loop.

    closed: hosts that are known not to answer. decode: makes the picture of a body, in a thread.
    tasks: how many clients there are, each with the URLs of hosts of its own.
    """

    def __init__(
        self, limits: ImagesConfig, closed: Closed, lookup: Lookup, decode: Decode, tasks: int = 1
    ) -> None:
        self._limits = limits
        self._closed = closed
        self._tasks = tasks
        self._own: set[str] = set()  # hosts that are asked without a redirect, here alone
        self._decode = decode
        self._keeper = Gatekeeper.of(limits.ports, limits.allow_networks)
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._hosts: dict[str, Host] = {}
        self._lookups = ThreadPoolExecutor(_LOOKUPS * limits.concurrency)
        self._decoder = ThreadPoolExecutor(1)  # one large picture in memory at a time
        self._public = session(limits, self._keeper, lookup, self._lookups)
        self._mirrors = session(limits, None, lookup, self._lookups)

    async def close(self) -> None:
        """Gives back connections and threads; look-ups that hang are left to end by themselves."""
        await self._public.close()
        await self._mirrors.close()
        self._lookups.shutdown(wait=False, cancel_futures=True)
        self._decoder.shutdown(wait=False, cancel_futures=True)

    async def picture(self, address: str, known: Mapping[str, str], mirror: bool) -> Picture:
        """The picture at one address; raises NotFetched where there is none.

        known: headers that name what is stored. mirror: the operator named this address, so it may
        be a private one.
        """
        url = _url(address)
        self._own.add(str(url.raw_host))
        for retry in range(self._limits.retries + 1):
            try:
                return await self._follow(url, known, _origin(url) if mirror else None)
            except NotFetched as failure:
                if not failure.again or retry == self._limits.retries:
                    raise
            await asyncio.sleep(self._limits.backoff_s * 2**retry)
        raise AssertionError("the last request returns or raises")

    async def in_thread(self, work: Callable[[T], Picture], given: T) -> Picture:
        """What the work makes of what it is given, beside the event loop, one at a time."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._decoder, work, given)

    async def _follow(
        self, url: URL, known: Mapping[str, str], trusted: tuple[str, str | None, int | None] | None
    ) -> Picture:
        """The picture at the end of the redirects, each of which is checked like the first."""
        for _ in range(self._limits.redirects + 1):
            if trusted is not None and _origin(url) == trusted:
                answer = await self._turn(self._mirrors, url, known)
            else:
                self._check(url)
                answer = await self._turn(self._public, url, known)
            if isinstance(answer, Picture):
                return answer
            url = answer
        raise NotFetched("unreachable", "redirects")

    def _check(self, url: URL) -> None:
        try:
            self._keeper.check_url(url)
        except Refused as error:
            raise NotFetched("forbidden", "address") from error

    async def _turn(
        self, through: aiohttp.ClientSession, url: URL, known: Mapping[str, str]
    ) -> Picture | URL:
        """The picture, or where it is said to be; waits for the host's turn, then for a slot."""
        host = self._host(str(url.raw_host))
        # In this order: whoever holds a slot waits for nothing but the network.
        async with host.turn(led_here=host.name not in self._own), self._slots:
            try:
                async with asyncio.timeout(self._limits.total_timeout_s):
                    found = await self._request(through, url, known, host)
            except _TROUBLE as error:
                failure, connected = _failure(error)
                (host.failed if connected else host.unconnected)(failure)
                raise failure from error
            if isinstance(found, URL):
                return found
            body, headers = found
            with body:
                picture = await self.in_thread(self._decode, body)
        return picture._replace(
            etag=_kept(headers.get("ETag")), last_modified=_kept(headers.get("Last-Modified"))
        )

    def _host(self, name: str) -> Host:
        if name not in self._hosts:
            self._hosts[name] = host = Host(name, self._limits, self._tasks)
            if name in self._closed:
                host.close(*self._closed[name])
        return self._hosts[name]

    async def _request(
        self, through: aiohttp.ClientSession, url: URL, known: Mapping[str, str], host: Host
    ) -> tuple[IO[bytes], Mapping[str, str]] | URL:
        """Body and headers of one answer, or the address that it redirects to."""
        async with through.get(url, headers=known, allow_redirects=False) as response:
            code = response.status
            if code in _MOVED and "Location" in response.headers:
                host.answered()
                return _url(response.headers["Location"], url)
            if code != 200 and code not in _GONE and not (code == 304 and known):
                failure = _refusal(response)
                host.failed(failure)
                raise failure
            try:
                if code == 304:
                    raise NotFetched("unchanged", "http 304")
                if code in _GONE:
                    raise NotFetched("missing", f"http {code}")
                body = await read_body(response, self._limits.max_bytes)
            except NotFetched:
                host.answered()
                raise
            host.answered()
            return body, response.headers


def _url(text: str, base: URL | None = None) -> URL:
    """The address meant, relative to a base; one that cannot be read is refused."""
    try:
        if base is not None:
            return base.join(URL(text.strip()))
        return URL(("https:" if text.startswith("//") else "") + text.strip())
    except ValueError as error:
        raise NotFetched("forbidden", "address") from error


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.raw_host, url.port


def _refusal(response: aiohttp.ClientResponse) -> NotFetched:
    """What an answer without a picture means: the host is there and does not give it."""
    passing = response.status in _PASSING or response.status >= 500
    wait_s = _retry_after_s(response.headers.get("Retry-After", "")) if passing else 0.0
    reason = f"http {response.status}"
    return NotFetched("unreachable", reason, again=passing, wait_s=wait_s)


def _retry_after_s(text: str) -> float:
    """Seconds that Retry-After names, as a number or as a date; 0 for what is neither."""
    if text.strip().isdecimal():
        return float(text.strip()[:9])
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())


def _kept(validator: str | None) -> str | None:
    """A header fit to be stored and sent back: printable ASCII of bounded length."""
    if validator is None or len(validator) > _LONGEST_VALIDATOR:
        return None
    return validator if validator.isascii() and validator.isprintable() else None


def _failure(error: BaseException) -> tuple[NotFetched, bool]:
    """What trouble on the way means, and whether the host was connected to."""
    if isinstance(error.__cause__, Refused):
        return NotFetched("forbidden", "address"), False
    if isinstance(error, aiohttp.InvalidURL | UnicodeError):
        return NotFetched("forbidden", "address"), False
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return NotFetched("unreachable", "tls"), False
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NotFetched("unreachable", "no such host", again=True), False
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NotFetched("unreachable", "no connection", again=True), False
    if isinstance(error, TimeoutError):
        return NotFetched("unreachable", "time-out"), True
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientConnectionError
                  | ConnectionError):  # fmt: skip
        return NotFetched("unreachable", "cut off", again=True), True
    return NotFetched("unreachable", "no http answer"), True
