"""Archives that expand without end are refused, whichever way their content is dealt out."""

import gzip
import io
import random
import zipfile

import pytest

from aisles.feeds.parse import Parsed, parse

LIMIT = 1 << 20
HEADER = b"id;title;price\n"
MEMBER = HEADER + b"1;" + b"a" * 50 + b";3\n" + (b"7;" + b"x" * 60 + b";3\n") * 14_000


@pytest.fixture(autouse=True)
def _small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisles.feeds.expand.BOMB_BYTES", LIMIT)


def taken(data: bytes) -> tuple[Parsed, str | None]:
    """The file once it was read, and the reason of its last record."""
    parsed, reason = parse(io.BytesIO(data), "feed.zip"), None
    for batch in parsed:
        reason = batch["reason"][-1].as_py()
    assert parsed.read == parsed.kept + parsed.rejected
    return parsed, reason


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_BZIP2) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def sharing_one_member(count: int) -> bytes:
    """An archive that lists one stored member many times over."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("m.csv", MEMBER)
        archive.filelist *= count
    return out.getvalue()


BOMBS = {
    "many members": lambda: zip_of({f"m{no}.csv": MEMBER for no in range(60)}),
    "many packed members": lambda: zip_of(
        {f"m{no}.csv.gz": gzip.compress(MEMBER) for no in range(60)}, zipfile.ZIP_STORED
    ),
    "an archive in a stream": lambda: gzip.compress(
        zip_of({f"m{no}.csv": MEMBER for no in range(60)})
    ),
    "one member listed many times": lambda: sharing_one_member(60),
}


@pytest.mark.parametrize("made", BOMBS.values(), ids=BOMBS.keys())
def test_members_that_are_small_each_and_a_bomb_together(made) -> None:  # type: ignore[no-untyped-def]
    assert len(MEMBER) < LIMIT
    parsed, reason = taken(made())
    assert reason is not None and "decompression bomb" in reason
    assert not parsed.complete
    assert parsed.read < 5 * LIMIT // 60


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_several_large_members_of_ordinary_text_are_read(packed: bool) -> None:
    dice = random.Random(1)
    words = ["shirt", "shoe", "mug", "jacket", "red", "blue", "cotton", "men", "large", "sale"]
    members = {}
    for no in range(4):
        lines = (
            f"{no}{row:06};{' '.join(dice.choices(words, k=9))};{dice.randint(1, 99)}.95\n"
            for row in range(20_000)
        )
        text = HEADER + "".join(lines).encode()
        assert len(text) > LIMIT
        members[f"m{no}.csv" + ".gz" * packed] = gzip.compress(text) if packed else text
    parsed, reason = taken(zip_of(members, zipfile.ZIP_DEFLATED))
    assert (reason, parsed.read, parsed.complete) == (None, 80_000, True)
