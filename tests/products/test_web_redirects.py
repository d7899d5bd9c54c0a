"""A host to which redirects lead from many tasks is not asked more than it would be by one."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from aisles.products.picture_map import PictureMap
from aisles.products.web import Fetcher, Request, Source
from hostile import Asked, jpeg, limits, loopback, serving

GOOD = jpeg()


@pytest.mark.parametrize(
    ("tasks", "own", "most"), [(1, False, 4), (2, False, 2), (16, False, 1), (16, True, 4)]
)
def test_a_task_has_its_share_of_a_host_that_it_is_led_to(tasks: int, own: bool, most: int) -> None:
    """Unless the host's own URLs are the task's as well: then they are in no other."""
    now: Counter[str] = Counter()
    highest: Counter[str] = Counter()

    async def picture(asked: Asked) -> None:
        host = asked.headers["host"].split(":")[0]
        now[host] += 1
        highest[host] = max(highest[host], now[host])
        await asyncio.sleep(0.02)
        now[host] -= 1
        if host == "cdn.test":
            await asked.answer(GOOD)
        else:
            target = f"Location: http://cdn.test:{server.port}/p"
            await asked.answer(b"", target, code="302 Found")

    with serving() as server:
        server.pages["/p"] = picture
        asked = [f"http://h{no % 2}.test:{server.port}/p?{no}" for no in range(40)]
        asked = [f"http://cdn.test:{server.port}/p"] * own + asked
        source = Source(PictureMap(), limits(server, host_concurrency=4))
        fetcher = Fetcher(source, loopback, tasks)
        rows = [row for batch in fetcher.run(map(Request, asked)) for row in batch.to_pylist()]
    assert [row["status"] for row in rows] == ["ok"] * len(asked)
    assert highest == {"h0.test": 4, "h1.test": 4, "cdn.test": most}
