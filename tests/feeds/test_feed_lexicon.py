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
    lexicon.value_words.cache_clear()
    with pytest.raises(RuntimeError, match=r"lacks aisles/feeds/"):
        list(parse(io.BytesIO(b"7,blue\n8,red\n"), "a.csv"))
