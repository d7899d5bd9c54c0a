"""The word lists of column roles."""

from __future__ import annotations

import io

import pytest

from aisles.feeds import lexicon
from aisles.feeds.parse import parse


def test_a_missing_word_list_is_an_error_of_the_installation_not_of_the_feed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lost(_: str) -> None:
        raise FileNotFoundError("words.yml")

    monkeypatch.setattr(lexicon, "files", lost)
    with pytest.raises(RuntimeError, match=r"lacks aisles/feeds/values\.yml") as raised:
        lexicon._read("values.yml")

    def unplanned(*_: object) -> None:
        raise raised.value

    monkeypatch.setattr("aisles.feeds.parse.plan_of", unplanned)
    with pytest.raises(RuntimeError, match="lacks"):
        list(parse(io.BytesIO(b"id,title\n1,a\n"), "a.csv"))
