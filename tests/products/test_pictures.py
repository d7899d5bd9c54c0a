"""Pictures from folders, archives and a mirror; damaged and hostile ones are a status."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aisles.config import ImagesConfig
from aisles.products import images
from aisles.products.images import Shrinker, shrink
from aisles.products.picture_map import PictureMap
from aisles.products.web import Fetcher, Request, Source
from hostile import fetch, limits, serving

OFFLINE = ImagesConfig(web=False)
PIXELS = OFFLINE.max_pixels


def picture(kind: str = "JPEG", size: tuple[int, int] = (200, 100), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 0 if mode == "P" else "red").save(out, kind)
    return out.getvalue()


def opened(jpeg: bytes | None) -> Image.Image:
    assert jpeg is not None
    return Image.open(io.BytesIO(jpeg))


@pytest.fixture
def mapped(tmp_path: Path) -> PictureMap:
    """A map over a folder, a zip, a tar and a file:// mirror, with one good picture in each."""
    members = {"a.jpg": picture(), "deep/b c.png": picture("PNG"), "bad.jpg": b"no picture"}
    for name, content in members.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "secret.jpg").write_bytes(picture())
    (tmp_path / "folder" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with tarfile.open(tmp_path / "t.tar", "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    rows = [
        "prefix,location",
        "https://f.example/,folder",
        "https://f.example/zip/,z.zip",
        f"https://t.example/,{tmp_path / 't.tar'}",
        f"https://m.example/,{(tmp_path / 'folder').as_uri()}",
    ]
    (tmp_path / "map.csv").write_text("\n".join(rows), encoding="utf-8")
    return PictureMap.read(tmp_path / "map.csv")


STATUS = {
    "https://f.example/a.jpg": "ok",
    "https://f.example/zip/a.jpg": "ok",
    "https://t.example/a.jpg": "ok",
    "https://m.example/a.jpg": "ok",
    "https://f.example/a.jpg?w=200": "ok",
    "https://f.example/deep/b%20c.png": "ok",
    "https://f.example/zip/deep/b%20c.png": "ok",
    "https://t.example/deep/b c.png": "ok",
    "https://f.example/bad.jpg": "broken",
    "https://f.example/zip/bad.jpg": "broken",
    "https://f.example/none.jpg": "missing",
    "https://f.example/zip/none.jpg": "missing",
    "https://t.example/none.jpg": "missing",
    "https://f.example/": "missing",
    "https://f.example/deep": "missing",
    "https://f.example/../secret.jpg": "missing",
    "https://f.example/%2e%2e/secret.jpg": "missing",
    "https://f.example//etc/hostname": "missing",
    "https://f.example/link.jpg": "missing",
    "https://else.example/a.jpg": "unmapped",
}


def test_status_of_every_place(mapped: PictureMap) -> None:
    rows = fetch(Source(mapped, OFFLINE), STATUS)
    assert {url: row["status"] for url, row in rows.items()} == STATUS
    for row in rows.values():
        assert (row["image"] is not None) == (row["status"] == "ok")
    first = rows["https://f.example/a.jpg"]
    assert first["content_hash"] == hashlib.sha1(picture()).hexdigest()
    batches = list(Fetcher(Source(mapped, OFFLINE)).run(iter([Request("https://else.example/")])))
    assert [batch.schema for batch in batches] == [images.PICTURE_SCHEMA]
    assert fetch(Source(mapped, OFFLINE), []) == {}


@pytest.mark.parametrize(
    ("kind", "mode", "size", "expected"),
    [
        ("JPEG", "RGB", (2000, 1000), (64, 32)),
        ("JPEG", "CMYK", (100, 100), (64, 64)),
        ("JPEG", "L", (30, 20), (30, 20)),
        ("PNG", "RGBA", (128, 256), (32, 64)),
        ("PNG", "P", (64, 64), (64, 64)),
        ("GIF", "P", (640, 64), (64, 6)),
        ("WEBP", "RGB", (65, 65), (64, 64)),
    ],
)
def test_small_jpeg(kind: str, mode: str, size: tuple[int, int], expected: tuple[int, int]) -> None:
    jpeg, status, reason = shrink(picture(kind, size, mode), PIXELS)
    small = opened(jpeg)
    assert reason is None
    assert (status, small.format, small.mode, small.size) == ("ok", "JPEG", "RGB", expected)


def test_transparent_is_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(shrink(out.getvalue(), PIXELS)[0]).getpixel((4, 4)) == (255, 255, 255)


def test_a_picture_lies_as_its_camera_was_held() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.new("RGB", (200, 100), "red").save(out, "JPEG", exif=exif)
    assert opened(shrink(out.getvalue(), PIXELS)[0]).size == (32, 64)


def test_limits(mapped: PictureMap) -> None:
    huge = picture("PNG", (8000, 7000), "1")
    assert shrink(huge, PIXELS) == (None, "too_large", "pixels")
    assert shrink(huge, 8000 * 7000)[1] == "ok"
    assert shrink(picture("BMP"), PIXELS) == (None, "broken", "no picture")
    urls = [f"https://{place}/a.jpg" for place in ("f.example", "f.example/zip", "t.example")]
    rows = fetch(Source(mapped, ImagesConfig(web=False, max_bytes=100)), urls)
    assert [rows[url]["status"] for url in urls] == ["too_large"] * 3


def test_only_the_latest_contents_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []

    def count(content: bytes, _: int) -> tuple[bytes | None, str, str | None]:
        decoded.append(content)
        return content, "ok", None

    monkeypatch.setattr(images, "shrink", count)
    monkeypatch.setattr(images, "_REMEMBERED", 2)
    small = Shrinker(PIXELS)
    assert [small(content).image for content in (b"a", b"b", b"a", b"c", b"a", b"b")] == [
        *(b"a", b"b", b"a", b"c", b"a", b"b")
    ]
    assert decoded == [b"a", b"b", b"c", b"b"]


_WHOLE = [picture(kind, (40, 30)) for kind in images.FORMATS]


@settings(deadline=None)
@given(st.sampled_from(_WHOLE), st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_damage_never_raises(whole: bytes, at: int, damage: bytes) -> None:
    for content in (whole[:at] + damage + whole[at + len(damage) :], whole[:at]):
        image, status, _ = shrink(content, PIXELS)
        assert (image is None) == (status != "ok") and status in ("ok", "broken", "too_large")


def test_a_web_mirror() -> None:
    """The operator named its address, so it may be private; where it redirects to may not be."""
    with serving() as server:
        base = f"http://127.0.0.1:{server.port}"
        for path in ("/m/b%20c.jpg", "/m/plain.jpg", "/elsewhere"):
            server.pages[path] = lambda asked: asked.answer(picture())
        for path, target in (
            ("/m/moved.jpg", "/elsewhere"),
            ("/m/astray.jpg", f"http://127.0.0.2:{server.port}/elsewhere"),
            ("/m/inside.jpg", "http://169.254.169.254/latest/meta-data/"),
        ):
            server.pages[path] = lambda asked, target=target: asked.answer(
                b"", f"Location: {target}", code="302 Found"
            )
        source = Source(PictureMap((("https://shop.example/", f"{base}/m/"),)), OFFLINE)
        expected = {
            "https://shop.example/b c.jpg": "ok",
            "https://shop.example/b%20c.jpg": "ok",
            "https://shop.example/plain.jpg?w=64": "ok",
            "https://shop.example/none.jpg": "missing",
            "https://shop.example/../m/plain.jpg": "missing",
            "https://shop.example/moved.jpg": "ok",
            "https://shop.example/astray.jpg": "forbidden",
            "https://shop.example/inside.jpg": "forbidden",
            f"{base}/m/plain.jpg": "unmapped",
        }
        assert {url: row["status"] for url, row in fetch(source, expected).items()} == expected
        # A feed that names the mirror itself is not the operator.
        closed = limits(server, allow_networks=())
        direct = f"{base}/m/plain.jpg"
        assert fetch(Source(source.picture_map, closed), [direct])[direct]["status"] == "forbidden"
    fast = ImagesConfig(web=False, retries=0)
    gone = "https://shop.example/plain.jpg"
    assert fetch(Source(source.picture_map, fast), [gone])[gone]["status"] == "unreachable"


def test_urls_of_a_host_lie_together_and_those_of_an_archive_apart(mapped: PictureMap) -> None:
    source = Source(PictureMap((*mapped.places, ("https://n.example/", "http://m:80/"))), OFFLINE)
    lanes = {source.lane(f"https://f.example/{i}.jpg") for i in range(100)}
    assert len(lanes) > 90
    for url, lane in {
        "https://A.example/1": "a.example",
        "http://a.example:8080/2": "a.example",
        "//a.example/3": "a.example",
        "https://n.example/1": "m",
        "http://[::1": "",
        "a.jpg": "",
    }.items():
        assert source.lane(url) == lane


def test_a_wrong_map_is_told(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("prefix,place\nx,y\n", encoding="utf-8")
    with pytest.raises(ValueError, match="column location is missing"):
        PictureMap.read(path)
    path.write_text("prefix,location\nhttps://a/,nowhere\n", encoding="utf-8")
    with pytest.raises(ValueError, match="location 'nowhere' is neither a folder nor"):
        PictureMap.read(path)
    (tmp_path / "z.zip").write_bytes(b"no archive")
    path.write_text("prefix,location\nhttps://a/,z.zip\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"\.zip or \.tar archive"):
        PictureMap.read(path)
