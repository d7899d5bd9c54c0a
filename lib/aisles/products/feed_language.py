"""The languages of a feed, told by a sample of its texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from aisles.products.columns import cells, first_filled, longest
from aisles.products.detect import NO_LANGUAGE, probabilities
from aisles.products.text import clean

SAMPLE = 300
"""Texts of a feed that are looked at."""
_FEW = 5  # texts that must tell a language on their own
_SURE = 0.3  # from which probability they do
_ONE = 0.9  # share of one language from which the feed is in it
_STAYS = 0.8  # share of the stored ones down to which they stay
_ALL = 0.97  # share of one of several stored ones from which it is the only one
_SOME = 0.05  # share from which a language is one of several
_GONE = 0.01
_ROUNDS = 100
_TINY = 1e-12  # for a text that is in none of the languages


def texts_of(maps: pa.MapArray, columns: Mapping[str, Sequence[str]]) -> list[str]:
    """The cleaned title and description of each record of a feed whose roles these columns have."""
    names = [name for role in ("title", "description") for name in columns.get(role, ())]
    read = cells(maps, clean, names)
    titles, descriptions = (
        [read.column(name) for name in columns.get(role, ())] for role in ("title", "description")
    )
    title = read.take(first_filled(titles, read.records)).to_pylist()
    text = read.take(longest(read.texts, descriptions, read.records)).to_pylist()
    both = ((one or "", other or "") for one, other in zip(title, text))
    return [f"{one}\n{other}" for one, other in both if one or other]


def feed_languages(texts: Sequence[str], stored: Sequence[str] = ()) -> tuple[str, ...]:
    """The languages (ISO 639-1) of a feed with these texts, in alphabetical order.

    One when nearly all texts are in it. Several of a mixed feed. None when too few texts tell, as
    those of names of models do not. The stored ones stay until the sample speaks clearly against
    them: another sample of the same feed finds the same.
    """
    known = probabilities(list(dict.fromkeys(texts))[:SAMPLE])
    sure = known.probability.max(axis=1, initial=0) >= _SURE
    alone = Counter(known.codes[best] for best in known.probability[sure].argmax(axis=1))
    telling = {code for code, number in alone.items() if number >= _FEW} - {NO_LANGUAGE}
    if not telling:
        return tuple(stored)
    codes = sorted(telling.union(stored).intersection(known.codes))
    found = _shares(known.of(codes).astype(np.float64))
    shares = dict(zip(codes, found.tolist()))
    leader = max(shares, key=lambda code: shares[code])
    if stored and _stay(stored, shares):
        return tuple(stored)
    if shares[leader] >= _ONE:
        return (leader,)
    return tuple(code for code, share in shares.items() if share >= _SOME)


def _stay(stored: Sequence[str], shares: dict[str, float]) -> bool:
    own = [shares.get(code, 0.0) for code in stored]
    whole = len(stored) == 1 or (min(own) >= _GONE and max(own) < _ALL)
    return whole and sum(own) >= _STAYS


def _shares(likely: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares of languages (codes,) under which the texts (texts, codes) are the likeliest.

    Expectation maximisation: a short text that may be in several languages counts for those that
    the others are in, so that close ones, as Croatian and Bosnian, do not share a feed.
    """
    shares = np.full(likely.shape[1], 1 / likely.shape[1])
    for _ in range(_ROUNDS):
        each = likely * shares + _TINY
        shares = (each / each.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares
