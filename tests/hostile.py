"""A web server on loopback that answers byte for byte what a test tells it to, however wrong."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from aisles.config import ImagesConfig
from aisles.products.picture_map import PictureMap
from aisles.products.web import Fetcher, Request, Source
from aisles.products.web_session import Lookup


@dataclass
class Asked:
    """One request that came in."""

    path: str
    headers: dict[str, str]
    at_s: float
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, body: bytes, *headers: str, code: str = "200 OK") -> None:
        """A sound answer."""
        lines = [f"HTTP/1.1 {code}", f"Content-Length: {len(body)}", *headers]
        await self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def reset(self) -> None:
        """The connection torn down, not closed."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()


Handler = Callable[[Asked], Awaitable[None]]


@dataclass
class Server:
    """What a path answers, and what was asked; `most` is the most requests at a time."""

    pages: dict[str, Handler] = field(default_factory=dict)
    log: list[Asked] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    most: int = 0
    _now: int = 0

    def page(self, handler: Handler) -> Handler:
        """Serves the handler under its name."""
        self.pages["/" + handler.__name__] = handler
        return handler

    def asked(self, path: str) -> list[Asked]:
        return [one for one in self.log if one.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._one(head.decode("latin-1"), writer)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _one(self, head: str, writer: asyncio.StreamWriter) -> None:
        first, *lines = head.strip().split("\r\n")
        named = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in named}
        asked = Asked(first.split()[1], headers, time.monotonic(), writer)
        self.log.append(asked)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await (self.pages.get(asked.path.split("?")[0]) or _unknown)(asked)
        finally:
            self._now -= 1


async def _unknown(asked: Asked) -> None:
    await asked.answer(b"", code="404 Not Found")


@contextmanager
def serving(address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server at a free port, in a thread of its own."""
    server, stop = Server(), asyncio.Event()
    ready: queue.Queue[asyncio.AbstractEventLoop] = queue.Queue()

    async def main() -> None:
        listening = await asyncio.start_server(server.serve, address, 0, ssl=tls)
        server.port = listening.sockets[0].getsockname()[1]
        ready.put(asyncio.get_running_loop())
        await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    loop = ready.get(timeout=10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def jpeg(colour: str = "red", size: tuple[int, int] = (200, 100), **options: Any) -> bytes:
    """A sound picture."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", **options)
    return out.getvalue()


def limits(*servers: Server, **changed: Any) -> ImagesConfig:
    """Limits under which feeds may reach just 127.0.0.1 at the servers' ports."""
    given = ImagesConfig(
        ports=tuple(server.port for server in servers),
        allow_networks=("127.0.0.1/32",),
        connect_timeout_s=5.0,
        read_timeout_s=5.0,
        total_timeout_s=10.0,
        backoff_s=0.05,
        host_delay_s=0.0,
        max_bytes=50_000,
        max_pixels=1_000_000,
        host_failures=1000,
        host_errors=1000,
    )
    return dataclasses.replace(given, **changed)


def loopback(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """Every name is this machine; only what is called private has a private address."""
    return [(socket.AF_INET, "127.0.0.2" if host.startswith("private") else "127.0.0.1")]


def fetch(
    given: ImagesConfig | Source,
    requests: Iterable[str | Request],
    lookup: Lookup = loopback,
) -> dict[str, dict[str, object]]:
    """URL -> its row."""
    source = given if isinstance(given, Source) else Source(PictureMap(), given)
    asked = (Request(one) if isinstance(one, str) else one for one in requests)
    rows = [row for batch in Fetcher(source, lookup).run(asked) for row in batch.to_pylist()]
    found = {str(row["image_url"]): row for row in rows}
    assert len(found) == len(rows)
    return found
