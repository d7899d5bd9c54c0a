"""The language of each product's text: its feed's, or what its own letters say.

In a feed of one language a cheap test on the script of the letters finds the texts that cannot be
in it. These, and all texts of a mixed feed, go to the library, each distinct one once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.products.columns import matches
from aisles.products.detect import LETTERS, NO_LANGUAGE, Likely, probabilities
from aisles.products.words import rows

Bools = NDArray[np.bool_]

_SURE = 0.3  # probability among all languages from which a text is in one
_SURER = 0.7  # probability among a mixed feed's own languages
_LEAST = 0.06  # and among all: a name of a model has less, eight times what chance gives
_NONE = 0.01  # of the feed's languages together, below which the text is in none of them
# Blocks after those of Latin letters, but for punctuation, signs and emoji.
_BEYOND_LATIN = (
    r"[\x{370}-\x{1dff}\x{1f00}-\x{1fff}\x{2c00}-\x{2fff}\x{3040}-\x{fdff}\x{fe70}-\x{feff}"
    r"\x{ff66}-\x{ffdc}]"
)


def languages(
    titles: pa.StringArray, descriptions: pa.StringArray, feed: Sequence[str]
) -> pa.StringArray:
    """ISO 639-1 codes of title and description; null where it cannot be told.

    feed: the languages that the feed is in, none where that is not known.
    """
    if len(feed) != 1:
        return _told(_joined(titles, descriptions), feed)
    places = np.flatnonzero(~_surely_fits(titles, feed[0]))
    places = places[~_fits(titles.take(pa.array(places)), feed[0])]
    if not len(places):
        return pa.repeat(pa.scalar(feed[0], pa.string()), len(titles))
    at = pa.array(places)
    texts = _joined(titles.take(at), descriptions.take(at))
    fits = _fits(texts, feed[0])
    told = _told(pc.if_else(pa.array(fits), None, texts), ())
    # Names of brands and models are written in Latin letters everywhere.
    names = matches(texts, r"\pL") & ~matches(texts, _other_letters("Latin"))
    own = pa.array(fits | (names & told.is_null().to_numpy(zero_copy_only=False)))
    open_ = np.zeros(len(titles), bool)
    open_[places] = True
    whole = pa.repeat(pa.scalar(feed[0], pa.string()), len(titles))
    return pc.replace_with_mask(whole, pa.array(open_), pc.if_else(own, feed[0], told))


def _joined(titles: pa.StringArray, descriptions: pa.StringArray) -> pa.StringArray:
    """The texts that the language is told by: the title and the start of the description."""
    start = pc.utf8_slice_codeunits(descriptions, 0, LETTERS)
    return pc.binary_join_element_wise(pc.fill_null(titles, ""), pc.fill_null(start, ""), "\n")


def _surely_fits(titles: pa.StringArray, language: str) -> Bools:
    """Whether `_fits` holds, where a look at a few ranges of signs tells: mostly in Latin."""
    if _scripts(language) != ("Latin",):
        return np.zeros(len(titles), bool)
    fits = matches(titles, "[A-Za-z]")
    odd = np.flatnonzero(~pc.fill_null(pc.string_is_ascii(titles), True).to_numpy(False))
    fits[odd] &= ~matches(titles.take(pa.array(odd)), _BEYOND_LATIN)
    return fits


def _fits(texts: pa.StringArray, language: str) -> Bools:
    """Whether each text has letters of a script of the language, and at least as many as of others.

    Latin letters count for no other script: names of brands and models have them everywhere.
    """
    scripts = _scripts(language)
    own, other = "".join(rf"\p{{{one}}}" for one in scripts), _other_letters(*scripts, "Latin")
    fits = matches(texts, f"[{own}]")
    odd = np.flatnonzero(fits & ~pc.fill_null(pc.string_is_ascii(texts), True).to_numpy(False))
    odd = odd[matches(texts.take(pa.array(odd)), other)]
    if not len(odd):
        return fits
    some = texts.take(pa.array(odd))
    owned, others = (
        pc.count_substring_regex(some, letters).to_numpy() for letters in (f"[{own}]", other)
    )
    fits[odd] = owned >= others
    return fits


def _other_letters(*scripts: str) -> str:
    """An RE2 pattern of a letter of any script but these."""
    return "[^\\PL" + "".join(rf"\p{{{one}}}" for one in scripts) + "]"


@lru_cache
def _scripts(language: str) -> tuple[str, ...]:
    """The scripts in which a language is written, by their names in Unicode."""
    own = (row for row in rows("scripts.csv") if language in row["languages"].split())
    return tuple(script for row in own for script in row["scripts"].split()) or ("Latin",)


def _told(texts: pa.StringArray, feed: Sequence[str]) -> pa.StringArray:
    """What the library says of each text that has letters."""
    coded = pc.if_else(pa.array(matches(texts, r"\pL")), texts, None).dictionary_encode()
    if not len(coded.dictionary):  # the model need not be loaded
        return pa.nulls(len(texts), pa.string())
    told = _likeliest(probabilities(coded.dictionary.to_pylist()), feed)
    return told.take(coded.indices)


def _likeliest(known: Likely, feed: Sequence[str]) -> pa.StringArray:
    """The language of each text, in a mixed feed one of its own where that may be."""
    best, sure = known.probability.argmax(axis=1), known.probability.max(axis=1)
    codes = np.array(known.codes)
    alone = _where((sure >= _SURE) & (codes[best] != NO_LANGUAGE), codes[best])
    if not feed:
        return alone
    own = known.of(feed)
    inside, most = own.sum(axis=1), own.max(axis=1)
    among = _where(most >= np.maximum(_LEAST, _SURER * inside), np.array(feed)[own.argmax(axis=1)])
    return pc.if_else(pa.array(inside < _NONE), alone, among)


def _where(true: Bools, texts: NDArray[np.str_]) -> pa.StringArray:
    """The texts where it is true, null elsewhere."""
    return pa.array(texts.tolist(), pa.string(), mask=~true)
