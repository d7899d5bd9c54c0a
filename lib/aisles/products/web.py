"""Pictures by URL, many at a time: from the places of a picture map, and over HTTP."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, NamedTuple

import pyarrow as pa
from yarl import URL

from aisles.config import ImagesConfig
from aisles.products.archives import NotRead, read_member
from aisles.products.images import PICTURE_DDL, PICTURE_SCHEMA, Picture, Shrinker
from aisles.products.picture_map import PictureMap, Place
from aisles.products.web_client import Client, Closed
from aisles.products.web_hosts import NotFetched
from aisles.products.web_session import Lookup, look_up

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_WINDOW = 2048  # URLs of a task that are begun at a time; most of them wait for their host's turn
_BATCH_ROWS = 256
_REQUEST_DDL = "image_url string, etag string, last_modified string"


class Request(NamedTuple):
    """One URL to try, and what its host said of the picture that is stored."""

    image_url: str
    etag: str | None = None
    last_modified: str | None = None

    def known(self) -> dict[str, str]:
        """The headers that ask for it only if it changed."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value is not None}


@dataclass(frozen=True)
class Source:
    """Where pictures come from; travels to every task."""

    picture_map: PictureMap
    limits: ImagesConfig
    closed: Closed = field(default_factory=dict)  # hosts that this run leaves alone

    def lane(self, url: str) -> str:
        """What must lie in one task: the host that is asked; else nothing, so any part will do."""
        place = self.picture_map.place(url)
        if place is None or place.mirrored:
            try:
                return URL(url if place is None else place.location).raw_host or ""
            except ValueError:
                return ""
        return str(zlib.crc32(url.encode()) % 4096)


class Fetcher:
    """One task's work, of so many tasks: any number of requests in, as many pictures out, in no
    order."""

    def __init__(self, source: Source, lookup: Lookup = look_up, tasks: int = 1) -> None:
        self._source = source
        self._tasks = tasks
        self._lookup = lookup
        self._shrink = Shrinker(source.limits.max_pixels)
        self._running: set[asyncio.Task[tuple[Request, Picture]]] = set()

    def run(self, requests: Iterator[Request]) -> Iterator[pa.RecordBatch]:
        """Batches of PICTURE_SCHEMA, one row for each request, as soon as each is full."""
        with asyncio.Runner() as runner:
            runner.run(self._open())
            try:
                while rows := runner.run(self._step(requests)):
                    yield _batch(rows)
            finally:
                runner.run(self._close())

    async def _open(self) -> None:
        self._done: asyncio.Queue[asyncio.Task[tuple[Request, Picture]]] = asyncio.Queue()
        limits, closed = self._source.limits, self._source.closed
        self._client = Client(limits, closed, self._lookup, self._decode, self._tasks)

    async def _close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._client.close()

    async def _step(self, requests: Iterator[Request]) -> list[tuple[Request, Picture]]:
        """The next rows that are done; new requests start as fast as others end."""
        rows: list[tuple[Request, Picture]] = []
        self._start(requests)
        while len(rows) < _BATCH_ROWS and (self._running or not self._done.empty()):
            rows.append((await self._done.get()).result())
            self._start(requests)
        return rows

    def _start(self, requests: Iterator[Request]) -> None:
        while len(self._running) + self._done.qsize() < _WINDOW:
            request = next(requests, None)
            if request is None:
                return
            task = asyncio.create_task(self._fetch(request))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[tuple[Request, Picture]]) -> None:
        self._running.discard(task)
        self._done.put_nowait(task)

    async def _fetch(self, request: Request) -> tuple[Request, Picture]:
        place = self._source.picture_map.place(request.image_url)
        try:
            if place is None:
                return request, await self._from_web(request)
            if place.mirrored:
                return request, await self._from_mirror(place, request.known())
            return request, await self._client.in_thread(self._from_place, place)
        except NotFetched as failure:
            status, reason, host = failure.status, failure.reason, failure.closed_host
            return request, Picture(status, reason, closed_host=host)
        except MemoryError:
            raise  # of this machine, and of no picture
        except Exception as error:  # unforeseen; yet one picture never ends the others
            return request, Picture("unreachable", f"error: {type(error).__name__}")

    async def _from_web(self, request: Request) -> Picture:
        if not self._source.limits.web:
            return Picture("unmapped")
        return await self._client.picture(request.image_url, request.known(), mirror=False)

    async def _from_mirror(self, place: Place, known: Mapping[str, str]) -> Picture:
        """The picture under the first of the names that the mirror knows."""
        missing = NotFetched("missing", "no member")
        for address in place.addresses():
            try:
                return await self._client.picture(address, known, mirror=True)
            except NotFetched as failure:
                if failure.status != "missing":
                    raise
                missing = failure
        raise missing

    def _from_place(self, place: Place) -> Picture:
        """The picture of a folder or an archive."""
        try:
            content = read_member(place.location, place.member, self._source.limits.max_bytes)
        except NotRead as failure:
            return Picture(failure.status, failure.reason)
        return Picture("missing", "no member") if content is None else self._shrink(content)

    def _decode(self, body: IO[bytes]) -> Picture:
        return self._shrink(body.read())


def _batch(rows: list[tuple[Request, Picture]]) -> pa.RecordBatch:
    columns = {
        name: [
            getattr(request if name == "image_url" else picture, name) for request, picture in rows
        ]
        for name in PICTURE_SCHEMA.names
    }
    return pa.RecordBatch.from_pydict(columns, schema=PICTURE_SCHEMA)


def requests_of(batches: Iterator[pa.RecordBatch]) -> Iterator[Request]:
    """The requests of batches with the columns image_url, etag and last_modified."""
    for batch in batches:
        yield from map(Request, *(batch[name].to_pylist() for name in Request._fields))


def fetch_pictures(source: Source, tasks: int) -> Callable[[DataFrame], DataFrame]:
    """A transform of distinct image_url, etag, last_modified into one row for each picture.

    The rows are shaped as PICTURE_DDL. All URLs of a host lie in one of the tasks, which keeps its
    limits; within it the hosts take turns. Where redirects lead is not known before: to a host of
    no URL of its own a task makes its share of ``host_concurrency`` requests at a time, one at
    least. So no host gets more than twice ``host_concurrency``, or that and one for each task
    where the tasks are more; ``host_delay_s`` lies between the requests of one task.
    """

    def with_lane(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            lanes = pa.array(map(source.lane, batch["image_url"].to_pylist()), pa.string())
            yield batch.append_column("lane", lanes)

    def fetched(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return Fetcher(source, tasks=tasks).run(requests_of(batches))

    def transform(urls: DataFrame) -> DataFrame:
        from pyspark.sql import functions as F

        asked = urls.select(*Request._fields)
        return (
            asked.mapInArrow(with_lane, f"{_REQUEST_DDL}, lane string")
            .repartition(tasks, "lane")
            .sortWithinPartitions(F.xxhash64("image_url"))
            .mapInArrow(fetched, PICTURE_DDL)
        )

    return transform
