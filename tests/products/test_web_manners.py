"""Manners and economy: limits at a time, spacing, retries, rests, hosts left alone."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import socket
import time
from collections.abc import Iterator

import pytest

from aisles.products import images, web
from aisles.products.picture_map import PictureMap
from aisles.products.web import Fetcher, Request, Source
from hostile import Asked, Server, fetch, jpeg, limits, loopback, serving

GOOD = jpeg()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def urls(server: Server, count: int, hosts: int = 1, path: str = "page") -> list[str]:
    return [f"http://h{i % hosts}.test:{server.port}/{path}?{i}" for i in range(count)]


async def slow(asked: Asked) -> None:
    await asyncio.sleep(0.03)
    await asked.answer(GOOD)


async def good(asked: Asked) -> None:
    await asked.answer(GOOD)


@pytest.mark.parametrize(
    ("hosts", "of_host", "of_all", "most"), [(1, 3, 64, 3), (5, 2, 64, 10), (5, 2, 4, 4)]
)
def test_requests_at_a_time(
    server: Server, hosts: int, of_host: int, of_all: int, most: int
) -> None:
    server.pages["/page"] = slow
    given = limits(server, host_concurrency=of_host, concurrency=of_all)
    rows = fetch(given, urls(server, 60, hosts))
    assert {row["status"] for row in rows.values()} == {"ok"}
    assert server.most == most


def test_requests_to_a_host_are_spaced_and_hosts_do_not_wait_for_each_other(server: Server) -> None:
    server.pages["/page"] = good
    delay = 0.2
    fetch(limits(server, host_delay_s=delay), urls(server, 24, hosts=4))
    for host in ("h0", "h1", "h2", "h3"):
        name = f"{host}.test:{server.port}"
        at = sorted(one.at_s for one in server.log if one.headers["host"] == name)
        # What a busy machine adds to the first request is lacking between it and the last.
        assert at[-1] - at[0] >= 3.5 * delay
    every = [one.at_s for one in server.log]
    assert max(every) - min(every) < 23 * delay


def failing(server: Server, path: str, *answers: str) -> None:
    """Answers one after the other: a code with headers, `reset`, or a picture; the last stays."""
    told = itertools.chain(answers, itertools.repeat(answers[-1]))

    async def answer(asked: Asked) -> None:
        code, *headers = next(told).split("|")
        if code == "reset":
            asked.reset()
        else:
            await asked.answer(GOOD if code == "200 OK" else b"", *headers, code=code)

    server.pages[path] = answer


@pytest.mark.parametrize(
    ("answers", "status", "asked"),
    [
        (("500 Oops", "200 OK"), "ok", 2),
        (("503 Busy", "429 Slowly", "200 OK"), "ok", 3),
        (("503 Busy", "503 Busy", "503 Busy", "200 OK"), "unreachable", 3),
        (("404 Not Found", "200 OK"), "missing", 1),
        (("403 Forbidden", "200 OK"), "unreachable", 1),
    ],
)
def test_what_may_pass_is_asked_again(
    server: Server, answers: tuple[str, ...], status: str, asked: int
) -> None:
    failing(server, "/page", *answers)
    assert [row["status"] for row in fetch(limits(server), urls(server, 1)).values()] == [status]
    assert len(server.log) == asked


def test_a_lost_connection_is_tried_again(server: Server) -> None:
    failing(server, "/page", "reset", "reset", "200 OK")
    assert [row["status"] for row in fetch(limits(server), urls(server, 1)).values()] == ["ok"]


def test_a_host_that_asks_for_a_rest_gets_it(server: Server) -> None:
    failing(server, "/busy", "429 Slowly|Retry-After: 1", "200 OK")
    server.pages["/page"] = good
    busy = f"http://h0.test:{server.port}/busy"
    asked = [busy, *urls(server, 5), f"http://other.test:{server.port}/page"]
    rows = fetch(limits(server, host_concurrency=1), asked)
    assert {row["status"] for row in rows.values()} == {"ok"}
    at = {one.headers["host"].split(".")[0] + one.path: one.at_s for one in server.log[1:]}
    rests = {name: round(at_s - server.log[0].at_s, 1) >= 1.0 for name, at_s in at.items()}
    assert rests == {name: not name.startswith("other") for name in at}
    assert len(rests) == 7


@pytest.mark.parametrize("wait", ["3600", "Wed, 01 Jan 2199 00:00:00 GMT"])
def test_a_rest_that_is_too_long_ends_the_run_for_the_host(server: Server, wait: str) -> None:
    failing(server, "/page", f"503 Busy|Retry-After: {wait}")
    rows = fetch(limits(server, host_concurrency=1), urls(server, 50))
    assert {(row["status"], row["reason"]) for row in rows.values()} == {
        ("unreachable", "http 503")
    }
    assert len(server.log) == 1


@pytest.mark.parametrize("wait", ["soon", "-5", "Wed, 99 Foo 9999", "0"])
def test_a_rest_that_cannot_be_read_is_none(server: Server, wait: str) -> None:
    failing(server, "/page", f"503 Busy|Retry-After: {wait}", "200 OK")
    assert [row["status"] for row in fetch(limits(server), urls(server, 1)).values()] == ["ok"]


def test_a_host_that_only_fails_is_left_alone(server: Server) -> None:
    failing(server, "/page", "403 Forbidden")
    given = limits(server, host_errors=10, host_concurrency=2)
    rows = fetch(given, urls(server, 400))
    assert {(row["status"], row["reason"]) for row in rows.values()} == {
        ("unreachable", "http 403")
    }
    assert {row["closed_host"] for row in rows.values()} == {None, "h0.test"}
    assert 10 <= len(server.log) <= 11


def test_a_host_that_fails_now_and_then_is_not(server: Server) -> None:
    failing(server, "/page", *["403 Forbidden", "404 Not Found"] * 50)
    rows = fetch(limits(server, host_errors=3, host_concurrency=1), urls(server, 100))
    assert {row["closed_host"] for row in rows.values()} == {None}
    assert len(server.log) == 100


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_thirty_thousand_urls_of_dead_hosts_take_seconds(server: Server) -> None:
    """A port where nobody listens, a name without an address, a look-up without an end."""
    looked: list[str] = []

    def lookup(host: str) -> list[tuple[socket.AddressFamily, str]]:
        looked.append(host)
        if host == "nobody.test":
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        if host == "stuck.test":
            time.sleep(2)
        return loopback(host)

    server.pages["/page"] = good
    closed = unused_port()
    dead = {
        f"http://closed.test:{closed}/": "no connection",
        "http://nobody.test/": "no such host",
        "http://stuck.test/": "no connection",
    }
    asked = [f"{base}{i}.jpg" for i in range(10_000) for base in dead]
    alive = urls(server, 20)
    given = limits(server, host_failures=3, connect_timeout_s=1.0)
    given = dataclasses.replace(given, ports=(80, closed, server.port))
    begun = time.monotonic()
    rows = fetch(given, [*asked, *alive], lookup)
    took_s = time.monotonic() - begun
    for base, reason in dead.items():
        found = {(rows[u]["status"], rows[u]["reason"]) for u in asked if u.startswith(base)}
        assert found == {("unreachable", reason)}
    assert {rows[url]["status"] for url in alive} == {"ok"}
    assert len(looked) < 50
    assert took_s < 30


def test_a_host_known_to_be_closed_is_not_asked(server: Server) -> None:
    server.pages["/page"] = good
    known = {"h0.test": ("unreachable", "no connection")}
    rows = fetch(Source(PictureMap(), limits(server), known), urls(server, 10, hosts=2))
    assert (
        sorted(str(row["reason"]) for row in rows.values()) == ["None"] * 5 + ["no connection"] * 5
    )
    assert {one.headers["host"] for one in server.log} == {f"h1.test:{server.port}"}


def test_a_stored_picture_is_asked_for_with_what_is_known_of_it(server: Server) -> None:
    async def answer(asked: Asked) -> None:
        same = asked.headers.get("if-none-match") == '"v2"'
        since = asked.headers.get("if-modified-since") == "Sat, 01 Aug 2026 00:00:00 GMT"
        if same or since:
            await asked.answer(b"", code="304 Not Modified")
        else:
            await asked.answer(GOOD, 'ETag: "v2"', "Last-Modified: Sat, 01 Aug 2026 00:00:00 GMT")

    server.pages["/page"] = answer
    new, old, same, since = urls(server, 4)
    asked = [
        Request(new),
        Request(old, etag='"v1"'),
        Request(same, etag='"v2"'),
        Request(since, last_modified="Sat, 01 Aug 2026 00:00:00 GMT"),
    ]
    rows = fetch(limits(server), asked)
    assert [rows[u]["status"] for u in (new, old, same, since)] == ["ok", "ok", *["unchanged"] * 2]
    assert (rows[new]["etag"], rows[new]["last_modified"]) == (
        '"v2"',
        "Sat, 01 Aug 2026 00:00:00 GMT",
    )


@pytest.mark.parametrize("etag", ["\xff\xfe", '"' + "x" * 5000 + '"', "a\tb"])
def test_a_validator_that_is_not_fit_to_be_sent_back_is_not_kept(server: Server, etag: str) -> None:
    server.pages["/page"] = lambda asked: asked.answer(GOOD, f"ETag: {etag}")
    (row,) = fetch(limits(server), urls(server, 1)).values()
    assert (row["status"], row["etag"]) == ("ok", None)


def test_no_cookie_is_sent_back_and_no_compression_asked_for(server: Server) -> None:
    server.pages["/page"] = lambda asked: asked.answer(GOOD, "Set-Cookie: a=b")
    fetch(limits(server, host_concurrency=1, agent="tester/1"), urls(server, 2))
    for asked in server.log:
        assert "cookie" not in asked.headers
        assert asked.headers["accept-encoding"] == "identity"
        assert asked.headers["user-agent"] == "tester/1"


def test_the_same_content_is_decoded_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []

    def count(content: bytes, _: int) -> tuple[bytes | None, str, str | None]:
        decoded.append(len(content))
        return b"small", "ok", None

    monkeypatch.setattr(images, "shrink", count)
    server.pages["/page"] = good
    assert len(fetch(limits(server), urls(server, 200))) == 200
    assert len(decoded) == 1


def test_no_more_is_begun_than_the_window_holds(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_WINDOW", 16)
    server.pages["/page"] = good
    begun = 0

    def requests() -> Iterator[Request]:
        nonlocal begun
        for url in urls(server, 2000):
            begun += 1
            yield Request(url)

    rows = 0
    for batch in Fetcher(Source(PictureMap(), limits(server)), loopback).run(requests()):
        rows += batch.num_rows
        assert begun - rows <= 16
    assert rows == 2000


def test_a_task_that_is_stopped_early_leaves_nothing_open(server: Server) -> None:
    server.pages["/page"] = good
    requests = (Request(url) for url in urls(server, 1000))
    rows = Fetcher(Source(PictureMap(), limits(server)), loopback).run(requests)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert len(server.log) < 1000
