"""What a feed may lead to: redirects, names that mean private addresses, names that change."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from aisles.products import web_session
from hostile import Server, fetch, jpeg, limits, loopback, serving

OK = ("ok", None)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        made.pages["/sound"] = lambda asked: asked.answer(jpeg())
        made.pages["/closing"] = lambda asked: asked.answer(jpeg(), "Connection: close")
        yield made


def told(server: Server, *paths: str, host: str = "h.test") -> list[tuple[object, object]]:
    """(status, reason) of each path."""
    urls = [f"http://{host}:{server.port}/{path}" for path in paths]
    rows = fetch(limits(server), urls)
    return [(rows[url]["status"], rows[url]["reason"]) for url in urls]


def redirected(server: Server, *targets: str, code: int = 302) -> list[tuple[object, object]]:
    """(status, reason) of a URL that is redirected to each target."""
    for number, target in enumerate(targets):
        server.pages[f"/to{number}"] = lambda asked, target=target: asked.answer(
            b"", f"Location: {target}", code=f"{code} Moved"
        )
    return told(server, *(f"to{number}" for number in range(len(targets))))


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: Server, code: int) -> None:
    there = [f"http://other.test:{server.port}/sound", "/sound", "sound", "/404", "/to0"]
    missing = ("missing", "http 404")
    assert redirected(server, *there, code=code) == [OK, OK, OK, missing, OK]


def test_a_redirect_loop_ends(server: Server) -> None:
    before = len(server.log)
    assert redirected(server, "/to0") == [("unreachable", "redirects")]
    assert len(server.log) - before == limits(server).redirects + 1


def test_redirects_lead_nowhere_private(server: Server) -> None:
    with serving("127.0.0.2") as inside:
        ports = f"{server.port}", f"{inside.port}"
        targets = [
            "http://169.254.169.254/latest/meta-data/",
            f"http://127.0.0.2:{ports[1]}/",
            f"http://127.0.0.2:{ports[0]}/",
            f"http://private.test:{ports[0]}/",
            f"http://private.test:{ports[1]}/",
            f"//private.test:{ports[0]}/",
            f"http://[::1]:{ports[0]}/",
            f"http://[::ffff:127.0.0.2]:{ports[0]}/",
            f"http://0x7f000002:{ports[0]}/",
            f"http://user@h.test:{ports[0]}/sound",
            "http://h.test:22/",
            "file:///etc/passwd",
            "ftp://h.test/a.jpg",
            "http://[::1",
        ]
        assert redirected(server, *targets) == [("forbidden", "address")] * len(targets)
        assert inside.connections == 0


def test_a_name_of_a_private_address_is_refused() -> None:
    with serving("127.0.0.2") as inside:
        assert told(inside, "a", host="private.test") == [("forbidden", "address")]
        assert inside.connections == 0


def test_of_several_addresses_only_public_ones_are_tried(server: Server) -> None:
    def both(host: str) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1"), *loopback(host)]

    url = f"http://h.test:{server.port}/sound"
    assert fetch(limits(server), [url], both)[url]["status"] == "ok"


def test_a_name_that_changes_its_address(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: what is connected to is what was checked, at every look-up anew."""
    monkeypatch.setattr(web_session, "_NAME_KEPT_S", 0)
    looked = iter(["127.0.0.1", "127.0.0.2"])

    def rebind(_: str) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, next(looked))]

    # The first connection ends with its answer: for the next URL the name is looked up again.
    urls = [f"http://rebind.test:{server.port}/{path}" for path in ("closing", "sound")]
    rows = fetch(limits(server, host_concurrency=1), urls, rebind)
    assert [rows[url]["status"] for url in urls] == ["ok", "forbidden"]
    assert next(looked, None) is None


def test_the_connection_itself_has_the_last_word(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_session._Resolver, "_passes", lambda *_: True)
    with serving("127.0.0.2") as inside:
        assert told(inside, "a", host="private.test") == [("forbidden", "address")]
        assert inside.connections == 0
    # A look-up that gives a name back: what is no plain address is not connected to.
    url = f"http://h.test:{server.port}/sound"
    rows = fetch(limits(server), [url], lambda _: [(socket.AF_INET, "localhost")])
    assert rows[url]["status"] == "forbidden"


def test_proxies_of_the_environment_are_not_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert told(server, "sound") == [OK]
