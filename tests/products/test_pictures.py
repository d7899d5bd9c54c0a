"""Pictures from folders, archives and a mirror; damaged and hostile ones are a status."""

import hashlib
import io
import tarfile
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aisles.products import archives, images
from aisles.products.images import PictureMap, shrink


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
    None: "unmapped",
}


def test_status_of_every_place(mapped: PictureMap) -> None:
    rows = mapped.fetch(pa.array(list(STATUS), pa.string()))
    assert rows.schema == images.PICTURE_SCHEMA
    assert dict(zip(rows["image_url"].to_pylist(), rows["status"].to_pylist())) == STATUS
    assert [row["image"] is not None for row in rows.to_pylist()] == [
        status == "ok" for status in STATUS.values()
    ]
    assert rows["content_hash"][0].as_py() == hashlib.sha1(picture()).hexdigest()
    assert mapped.fetch(pa.array([], pa.string())).num_rows == 0


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
    jpeg, status = shrink(picture(kind, size, mode))
    small = opened(jpeg)
    assert (status, small.format, small.mode, small.size) == ("ok", "JPEG", "RGB", expected)


def test_transparent_is_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(shrink(out.getvalue())[0]).getpixel((4, 4)) == (255, 255, 255)


def test_limits(mapped: PictureMap, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shrink(picture("PNG", (8000, 7000), "1")) == (None, "too_large")
    assert shrink(picture("BMP")) == (None, "broken")
    monkeypatch.setattr(images, "LARGEST_BYTES", 100)
    urls = [f"https://{place}/a.jpg" for place in ("f.example", "f.example/zip", "t.example")]
    assert mapped.fetch(pa.array(urls))["status"].to_pylist() == ["too_large"] * 3


_WHOLE = [picture(kind, (40, 30)) for kind in images.FORMATS]


@settings(deadline=None)
@given(st.sampled_from(_WHOLE), st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_damage_never_raises(whole: bytes, at: int, damage: bytes) -> None:
    for content in (whole[:at] + damage + whole[at + len(damage) :], whole[:at]):
        image, status = shrink(content)
        assert (image is None) == (status != "ok") and status in ("ok", "broken", "too_large")


def test_a_web_mirror(tmp_path: Path) -> None:
    (tmp_path / "b c.jpg").write_bytes(picture())
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.func.log_message = lambda *_: None  # type: ignore[method-assign]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        assert archives.read_member(base, "b%20c.jpg", 10**6) == picture()
        assert archives.read_member(base, "none.jpg", 10**6) is None
        server.shutdown()
    assert archives.read_member(base, "b%20c.jpg", 10**6) is None


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
