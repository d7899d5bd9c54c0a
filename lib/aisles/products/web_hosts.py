"""How one task treats each host: requests at a time, their spacing, and when to leave it alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aisles.config import ImagesConfig


class NotFetched(Exception):
    """Why a picture could not be had: the status and reason that its row gets.

    again: whether another request in this run may help. wait_s: how long the host wants to be
    left alone first.
    """

    def __init__(
        self,
        status: str,
        reason: str,
        *,
        again: bool = False,
        wait_s: float = 0.0,
        closed_host: str | None = None,
    ) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason
        self.again = again
        self.wait_s = wait_s
        self.closed_host = closed_host


class Host:
    """One host: the turns that requests to it take, and its failures in a row.

    tasks: how many tasks there are. A host's own URLs lie in one of them, yet redirects lead all
    of them to it; those take their share of its turns only, and one at least.
    """

    def __init__(self, name: str, limits: ImagesConfig, tasks: int = 1) -> None:
        self.name = name
        self._limits = limits
        self._running = asyncio.Semaphore(limits.host_concurrency)
        self._led_here = asyncio.Semaphore(max(1, limits.host_concurrency // tasks))
        self._next_s = 0.0  # loop time at which the next request may start
        self._unconnected = 0
        self._errors = 0
        self._closed: tuple[str, str] | None = None

    @asynccontextmanager
    async def turn(self, led_here: bool = False) -> AsyncIterator[None]:
        """One request's turn; raises NotFetched once the host is closed.

        led_here: by a redirect from a host whose URLs may lie in any task.
        """
        self.check()
        async with AsyncExitStack() as turns:
            if led_here:
                await turns.enter_async_context(self._led_here)
            await turns.enter_async_context(self._running)
            await self._start()
            yield

    async def _start(self) -> None:
        """Waits until the next request may start; a rest asked for meanwhile is kept as well."""
        loop = asyncio.get_running_loop()
        self.check()
        while (wait_s := self._next_s - loop.time()) > 0:
            await asyncio.sleep(wait_s)
            self.check()
        self._next_s = loop.time() + self._limits.host_delay_s

    def check(self) -> None:
        """Raises NotFetched, with the reason for which it was closed, once the host is closed."""
        if self._closed is not None:
            raise NotFetched(*self._closed, closed_host=self.name)

    def close(self, status: str, reason: str) -> None:
        """Leaves the host alone from now on: all its pictures get this status and reason."""
        self._closed = self._closed or (status, reason)

    def answered(self) -> None:
        """The host works: failures before no longer count."""
        self._unconnected = self._errors = 0

    def unconnected(self, failure: NotFetched) -> None:
        """No connection came about; several in a row close the host."""
        self._unconnected += 1
        if self._unconnected >= self._limits.host_failures:
            self.close(failure.status, failure.reason)

    def failed(self, failure: NotFetched) -> None:
        """It answered, but with no picture and no word that there is none; many in a row close.

        A rest longer than we wait for closes at once: the host asks for it.
        """
        self._unconnected = 0
        self._errors += 1
        if self._errors >= self._limits.host_errors or failure.wait_s > self._limits.retry_after_s:
            self.close(failure.status, failure.reason)
        elif failure.wait_s:
            self._next_s = max(self._next_s, asyncio.get_running_loop().time() + failure.wait_s)
