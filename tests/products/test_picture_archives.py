"""Archives of pictures: every kind and place, damage of any kind, and what is unforeseen."""

import gzip
import io
import os
import random
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import fsspec
import pytest
from PIL import Image

from aisles.config import ImagesConfig
from aisles.products import archives, gzip_places, images, web
from aisles.products.archives import NotRead, read_member
from aisles.products.images import is_picture, shrink
from aisles.products.picture_map import PictureMap
from aisles.products.web import Source
from hostile import fetch, jpeg

OFFLINE = ImagesConfig(web=False)
GOOD = jpeg()
NOISE = random.Random(1).randbytes(20_000)


@pytest.fixture(autouse=True)
def _nothing_open() -> None:
    archives._zip.cache_clear()
    archives._tar.cache_clear()


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tar_of(members: dict[str, bytes], mode: Any = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def statuses(location: str, *names: str) -> dict[str, tuple[object, object]]:
    source = Source(PictureMap((("https://a/", location),)), OFFLINE)
    rows = fetch(source, [f"https://a/{name}" for name in names])
    return {url.rsplit("/", 1)[1]: (row["status"], row["reason"]) for url, row in rows.items()}


METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_a_damaged_member_is_broken_and_the_others_are_read(tmp_path: Path, method: int) -> None:
    data = bytearray(zip_of({"bad.jpg": NOISE, "good.jpg": GOOD}, method))
    for place in range(60, 200):
        data[place] ^= 0x55
    (tmp_path / "z.zip").write_bytes(data)
    assert statuses(str(tmp_path / "z.zip"), "bad.jpg", "good.jpg", "none.jpg") == {
        "bad.jpg": ("broken", "damaged member"),
        "good.jpg": ("ok", None),
        "none.jpg": ("missing", "no member"),
    }


ARCHIVES = {
    **{f"{name}.zip": (zip_of, method) for name, method in METHODS.items()},
    "plain.tar": (tar_of, "w"),
    "packed.tar.gz": (tar_of, "w:gz"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_damage_at_any_place_is_a_status(tmp_path: Path, name: str) -> None:
    make, how = ARCHIVES[name]
    members = {f"{no}.jpg": GOOD + NOISE[: 50 * no] for no in range(6)}
    whole, dice = make(members, how), random.Random(name)  # type: ignore[operator]
    for trial in range(150):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 3, 40))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if trial % 3 == 0:
            del data[dice.randrange(1, len(data)) :]
        path = tmp_path / f"{trial}{name}"
        path.write_bytes(data)
        for member in (*members, "none.jpg"):
            try:
                read_member(str(path), member, 10**6)
            except NotRead as told:
                assert told.status in ("broken", "too_large")  # noqa: PT017
    found = statuses(str(path), *members)
    assert {status for status, _ in found.values()} <= {"ok", "broken", "too_large", "missing"}


def test_a_damaged_directory_is_found_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "z.zip").write_bytes(b"PK\x03\x04" + NOISE)
    (tmp_path / "t.tar").write_bytes(tar_of({"0.jpg": GOOD, "1.jpg": NOISE})[:9000])
    opened: list[str] = []
    opens = archives._file
    monkeypatch.setattr(archives, "_file", lambda place: opened.append(place) or opens(place))
    names = [f"{no}.jpg" for no in range(20)]
    damaged = ("broken", "damaged archive")
    assert statuses(str(tmp_path / "z.zip"), *names) == dict.fromkeys(names, damaged)
    assert statuses(str(tmp_path / "t.tar"), *names) == {
        **dict.fromkeys(names, damaged),
        "0.jpg": ("ok", None),
        "1.jpg": ("broken", "damaged member"),
    }
    assert len(opened) == 2


def test_a_damaged_header_within_a_tar_is_not_its_end(tmp_path: Path) -> None:
    data = bytearray(tar_of({"0.jpg": GOOD, "1.jpg": GOOD, "2.jpg": GOOD}))
    at = data.index(b"1.jpg")
    data[at + 100 : at + 110] = b"\xff" * 10
    (tmp_path / "t.tar").write_bytes(data)
    assert statuses(str(tmp_path / "t.tar"), "0.jpg", "2.jpg") == {
        "0.jpg": ("ok", None), "2.jpg": ("broken", "damaged archive"),
    }  # fmt: skip
    (tmp_path / "short.tar").write_bytes(
        tar_of({"0.jpg": GOOD})[: 512 + -(-len(GOOD) // 512) * 512]
    )
    assert statuses(str(tmp_path / "short.tar"), "2.jpg") == {"2.jpg": ("missing", "no member")}


def test_what_cannot_be_reached_says_nothing_of_the_picture(tmp_path: Path) -> None:
    """A stored picture stays where its new status is unreachable."""
    for name in ("gone.zip", "gone.tar", "gone"):
        ((status, _),) = statuses(str(tmp_path / name), "a.jpg").values()
        assert status == "unreachable"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.jpg").write_bytes(GOOD)
    (tmp_path / "folder" / "a.jpg").chmod(0)
    if not os.access(tmp_path / "folder" / "a.jpg", os.R_OK):  # root reads all
        found = statuses(str(tmp_path / "folder"), "a.jpg")
        assert found == {"a.jpg": ("unreachable", "no access")}


def test_what_is_unforeseen_is_a_status_of_that_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_location: str, member: str, _limit: int) -> bytes:
        if member == "bad.jpg":
            raise AssertionError("never")
        if member == "memory.jpg":
            raise MemoryError
        return GOOD

    monkeypatch.setattr(web, "read_member", fails)
    assert statuses("/any", "bad.jpg", "good.jpg") == {
        "bad.jpg": ("unreachable", "error: AssertionError"), "good.jpg": ("ok", None),
    }  # fmt: skip
    with pytest.raises(MemoryError):
        statuses("/any", "memory.jpg")


def map_of(folder: Path, *locations: str) -> PictureMap:
    rows = [f"https://{no}/,{location}" for no, location in enumerate(locations)]
    (folder / "map.csv").write_text("\n".join(["prefix,location", *rows]), encoding="utf-8")
    return PictureMap.read(folder / "map.csv")


def test_archives_by_any_of_their_names(tmp_path: Path) -> None:
    members = {"a.jpg": GOOD, "./b.jpg": NOISE}
    made = {
        "up.ZIP": zip_of(members), "Up.Tar": tar_of(members), "t.tar.gz": tar_of(members, "w:gz"),
        "T.TGZ": tar_of(members, "w:gz"), "really packed.tar": tar_of(members, "w:gz"),
    }  # fmt: skip
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    found = map_of(tmp_path, *made)
    urls = [f"https://{no}/a.jpg" for no in range(len(made))]
    rows = fetch(Source(found, OFFLINE), urls)
    assert [rows[url]["status"] for url in urls] == ["ok"] * len(urls)


def test_a_place_that_cannot_serve_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "t.tar.xz").write_bytes(tar_of({"a.jpg": GOOD}, "w:xz"))
    with pytest.raises(ValueError, match="a single picture cannot be read from it"):
        map_of(tmp_path, "t.tar.xz")
    (tmp_path / "t.tgz").write_bytes(NOISE)
    with pytest.raises(ValueError, match="neither a folder nor"):
        map_of(tmp_path, "t.tgz")
    with pytest.raises(ValueError, match="Protocol not known"):
        map_of(tmp_path, "nowhere://bucket/x.zip")


def test_a_map_and_its_places_by_address(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    (tmp_path / "z.zip").write_bytes(zip_of({"a.jpg": GOOD}))
    for name, data in {
        "z.zip": zip_of({"a.jpg": GOOD}), "t.tar": tar_of({"a.jpg": GOOD}),
        "t.tgz": tar_of({"a.jpg": GOOD}, "w:gz"), "folder/a.jpg": GOOD,
    }.items():  # fmt: skip
        memory.pipe(f"/pictures/{name}", data)
    places = {
        "z.zip": "memory://pictures/z.zip",
        "memory://pictures/t.tar": "memory://pictures/t.tar",
        "t.tgz": "memory://pictures/t.tgz",
        "folder": "memory://pictures/folder",
        str(tmp_path / "z.zip"): str(tmp_path / "z.zip"),
        "https://mirror.example/": "https://mirror.example/",
    }
    rows = [f"https://{no}/,{location}" for no, location in enumerate(places)]
    memory.pipe("/pictures/map.csv", "\n".join(["prefix,location", *rows]).encode("utf-8-sig"))
    found = PictureMap.read("memory://pictures/map.csv")
    assert [location for _, location in found.places] == list(places.values())
    urls = [f"https://{no}/{name}" for no in range(5) for name in ("a.jpg", "none.jpg", "../z.zip")]
    got = fetch(Source(found, OFFLINE), urls)
    assert [got[url]["status"] for url in urls] == ["ok", "missing", "missing"] * 5
    memory.pipe("/pictures/map.csv", b"prefix,location\nhttps://a/,none.zip\n")
    with pytest.raises(ValueError, match="neither a folder nor"):
        PictureMap.read("memory://pictures/map.csv")


@pytest.mark.parametrize("step", [1, 1 << 12, 1 << 22])
def test_a_gzip_file_is_read_at_any_place(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    monkeypatch.setattr(gzip_places, "LEAST_STEP", step)
    dice = random.Random(step)
    parts = [bytes(dice.choices(b"abcdef", k=60_000)) for _ in range(5)]
    plain = b"".join(parts)
    packed = io.BytesIO(b"".join(map(gzip.compress, parts)) + bytes(512))
    opened = gzip_places.opened(packed)
    assert opened.read() == plain
    for _ in range(300):
        start, size = dice.randrange(len(plain) + 50), dice.randrange(2000)
        opened.seek(start)
        assert opened.read(size) == plain[start : start + size]
    marks = opened.raw._marks  # type: ignore[attr-defined]
    assert len(marks) <= 129 and (len(marks) > 10) == (step < 1 << 13)


@pytest.mark.skipif(not images.AVIF, reason="this Pillow was built without AVIF")
def test_avif_is_a_picture() -> None:
    out = io.BytesIO()
    Image.new("RGB", (200, 100), "red").save(out, "AVIF")
    content = out.getvalue()
    assert is_picture(content[:12])
    small, status, _ = shrink(content, 10**6)
    assert (status, small is not None) == ("ok", True)
    assert shrink(content, 19_999) == (None, "too_large", "pixels")
    assert not is_picture(b"\0\0\0\x18ftypmp42")
