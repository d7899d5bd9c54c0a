"""Hosts that lie, stall, flood and lead astray: each is a status of its URL alone."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import gzip
import io
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from aisles.products.images import shrink
from hostile import Asked, Server, fetch, jpeg, limits, serving

GOOD = jpeg()
OK = ("ok", None)


def png(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("1", size).save(out, "PNG")
    return out.getvalue()


def scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    whole = jpeg(progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * count + whole[-2:]


# Body (and headers) of a 200 -> what the row says.
BODIES = {
    "sound": ((GOOD,), OK),
    "wrong_type": ((GOOD, "Content-Type: text/html"), OK),
    "zipped": ((gzip.compress(GOOD), "Content-Encoding: gzip"), OK),
    "closing": ((GOOD, "Connection: close"), OK),
    "deflated": ((zlib.compress(GOOD), "Content-Encoding: Deflate"), OK),
    "html": ((b"<!doctype html>" * 99, "Content-Type: image/jpeg"), ("broken", "no picture")),
    "bitmap": ((b"BM" + GOOD,), ("broken", "no picture")),
    "short": ((b"\xff\xd8\xff",), ("broken", "no picture")),
    "half": ((GOOD[: len(GOOD) // 2],), ("broken", "no picture")),
    "empty": ((b"",), ("broken", "empty")),
    "not_zipped": ((GOOD, "Content-Encoding: gzip"), ("broken", "compression")),
    "brotli": ((GOOD, "Content-Encoding: br"), ("broken", "compression")),
    "zipped_twice": ((GOOD, "Content-Encoding: gzip, gzip"), ("broken", "compression")),
    "bomb": (
        (gzip.compress(GOOD + bytes(50_000_000)), "Content-Encoding: gzip"),
        ("too_large", "bytes"),
    ),
    "pixels": ((png((2000, 1000)),), ("too_large", "pixels")),
    "pixel_bomb": ((png((19_000, 19_000)),), ("too_large", "pixels")),
    "scans": ((scans(200),), ("broken", "too many scans")),
    "bytes": ((GOOD + bytes(50_000),), ("too_large", "bytes")),
}
CODES = {
    "404 Not Found": ("missing", "http 404"),
    "410 Gone": ("missing", "http 410"),
    "403 Forbidden": ("unreachable", "http 403"),
    "304 Not Modified": ("unreachable", "http 304"),  # nobody asked
    "301 Moved": ("unreachable", "http 301"),  # whereto?
    "204 No Content": ("unreachable", "http 204"),
    "503 Busy": ("unreachable", "http 503"),
}
# Bytes sent as they stand, then the connection ends -> what the row says.
RAW = {
    "claims_less": (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + GOOD, "no http answer"),
    "claims_more": (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + GOOD, "cut off"),
    "claims_too_much": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "too_large"),
    "half_a_head": (b"HTTP/1.1 200 OK\r\nConte", "cut off"),
    "huge_header": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "no http answer"),
    "many_headers": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9999 + b"\r\n", "no http answer"),
    "bad_chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + GOOD,
        "no http answer",
    ),
    "no_http": (b"SSH-2.0-OpenSSH_9.2\r\n", "no http answer"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        for name, (arguments, _) in BODIES.items():
            made.pages[f"/{name}"] = lambda asked, given=arguments: asked.answer(*given)
        for code in CODES:
            made.pages[f"/{code[:3]}"] = lambda asked, code=code: asked.answer(b"", code=code)
        for name, (data, _) in RAW.items():
            made.pages[f"/{name}"] = lambda asked, data=data: raw(asked, data)
        for handler in (reset, drip, silence, flood):
            made.page(handler)
        yield made


async def raw(asked: Asked, data: bytes) -> None:
    await asked.send(data)
    asked.writer.close()


async def reset(asked: Asked) -> None:
    asked.reset()


async def drip(asked: Asked) -> None:
    """A byte now and then, for ever: no silence is long enough to be one."""
    await asked.send(b"HTTP/1.1 200 OK\r\n\r\n" + GOOD[:20])
    while True:
        await asked.send(b"\0")
        await asyncio.sleep(0.05)


async def silence(_: Asked) -> None:
    await asyncio.sleep(30)


async def flood(asked: Asked) -> None:
    """A picture without an end."""
    await asked.send(b"HTTP/1.1 200 OK\r\n\r\n" + GOOD)
    while True:
        await asked.send(bytes(65536))
        asked.headers["sent"] = str(int(asked.headers.get("sent", 0)) + 65536)


def told(
    server: Server, *paths: str, host: str = "h.test", **changed: Any
) -> list[tuple[object, object]]:
    """(status, reason) of each path."""
    urls = [f"http://{host}:{server.port}/{path}" for path in paths]
    rows = fetch(limits(server, **changed), urls)
    for row in rows.values():
        assert (row["image"] is not None) == (row["status"] == "ok")
    return [(rows[url]["status"], rows[url]["reason"]) for url in urls]


def test_bodies(server: Server) -> None:
    assert dict(zip(BODIES, told(server, *BODIES))) == {
        name: expected for name, (_, expected) in BODIES.items()
    }


def test_codes(server: Server) -> None:
    assert dict(zip(CODES, told(server, *(code[:3] for code in CODES)))) == CODES


def test_answers_that_are_no_http_or_end_too_soon(server: Server) -> None:
    found = dict(zip(RAW, told(server, *RAW)))
    assert {name: set(RAW[name][1:]) & set(row) for name, row in found.items()} == {
        name: {expected} for name, (_, expected) in RAW.items()
    }
    assert told(server, "reset") == [("unreachable", "cut off")]


def test_drips_and_silence_end_in_time(server: Server) -> None:
    timed_out = [("unreachable", "time-out")]
    assert told(server, "drip", total_timeout_s=1.0) == timed_out
    assert told(server, "silence", read_timeout_s=0.5) == timed_out


def test_an_endless_picture_is_not_read_to_its_end(server: Server) -> None:
    assert told(server, "flood") == [("too_large", "bytes")]
    # No more was taken than what the buffers of both ends hold.
    assert int(server.asked("/flood")[-1].headers.get("sent", 0)) < 20_000_000


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "h.test")])
    now = dt.datetime.now(dt.UTC)
    signed = x509.CertificateBuilder(
        name, name, key.public_key(), 1, now, now + dt.timedelta(days=1)
    ).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "server.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(secret + signed.public_bytes(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


def test_tls_that_is_refused(server: Server, tmp_path: Path) -> None:
    with serving(tls=certificate(tmp_path)) as unknown, serving_garbage() as garbage:
        given = limits(server, unknown, connect_timeout_s=1.5)
        given = dataclasses.replace(given, ports=(*given.ports, garbage))
        # In turn: a self-signed certificate, no TLS in the answer, no answer to the greeting.
        urls = [f"https://h.test:{port}/sound" for port in (unknown.port, garbage, server.port)]
        rows = fetch(given, urls)
    assert [rows[url]["reason"] for url in urls] == ["tls", "tls", "no connection"]
    assert not unknown.log


@contextmanager
def serving_garbage() -> Iterator[int]:
    """The port of a server that answers the first bytes, whatever they are."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(4096)
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def test_a_bomb_is_seen_by_its_head_alone() -> None:
    assert shrink(png((19_000, 19_000)), 50_000_000) == (None, "too_large", "pixels")
    assert shrink(scans(3), 50_000_000)[1] == "ok"
