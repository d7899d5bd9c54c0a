"""Ordered tokens and the unordered bag of one chunk of products."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from aisles.config import EncoderConfig
from aisles.encode.hashing import Ints, UInts, bucket, combine, salted
from aisles.encode.text import Spans, Text, fold

# Code points read of each field: a page of text, so that one huge cell cannot stall a batch.
READ = {"title": 400, "merchant_category": 400, "description": 1500, "all_text": 3000}
# Share of the ordered tokens of each field; their order is the order in a row.
SEGMENTS = {"title": 20, "merchant_category": 10, "description": 18}

_PAIRED_WORDS = 20  # title words that take part in word pairs
_STEMMED_WORDS = 16  # title words whose stems enter the bag
_LAST_WORDS = 2  # title words whose trigrams enter the bag
_TRIGRAMS = 5  # of each, from its end, where compounds carry their head

_PAIR, _CATEGORY_WORD, _LEVEL, _STEM, _TRIGRAM = range(101, 106)  # salts of kinds of features


def read_texts(columns: Mapping[str, pa.Array]) -> dict[str, Text]:
    """The folded words of the four text fields."""
    return {name: Text(fold(columns[name], characters)) for name, characters in READ.items()}


def segments(config: EncoderConfig) -> dict[str, tuple[int, int]]:
    """First and end token of each field's segment in a row of config.tokens."""
    total, begun, bounds = sum(SEGMENTS.values()), 0, {}
    for name, share in SEGMENTS.items():
        low = round(begun / total * config.tokens)
        begun += share
        bounds[name] = (low, round(begun / total * config.tokens))
    return bounds


def tokens(texts: Mapping[str, Text], rows: int, config: EncoderConfig) -> NDArray[np.int32]:
    """int32 (rows, tokens): buckets of each field's words in order, 0 after the last."""
    out = np.zeros((rows, config.tokens), np.int32)
    for name, (low, high) in segments(config).items():
        words = texts[name].words
        words = words.take(words.rank < high - low)
        out[words.row, low + words.rank] = bucket(texts[name].hash(words), config.vocabulary)
    return out


def bag(texts: Mapping[str, Text], rows: int, config: EncoderConfig) -> NDArray[np.int32]:
    """int32 (rows, bag): each row's distinct features, the most telling first, then 0."""
    groups = list(_features(texts, config))
    row = np.concatenate([group[0] for group in groups])
    value = bucket(np.concatenate([group[1] for group in groups]), config.vocabulary)
    return _first_distinct(row, value, rows, config.bag)


def _features(texts: Mapping[str, Text], config: EncoderConfig) -> Iterator[tuple[Ints, UInts]]:
    """(row, hash) of every feature, kinds in order of preference when a row is full."""
    title, category = texts["title"], texts["merchant_category"]
    words = title.words
    hashes = title.hash(words)
    yield words.row, hashes
    yield _pairs(words, hashes)
    yield category.words.row, salted(category.hash(category.words), _CATEGORY_WORD)
    levels = category.levels()
    yield levels.row, salted(category.hash(levels), _LEVEL)
    yield from _pieces(title)
    for name, most in (("description", config.bag), ("all_text", 3 * config.bag)):
        few = texts[name].words
        few = few.take(few.rank < most)
        yield few.row, texts[name].hash(few)


def _pairs(words: Spans, hashes: UInts) -> tuple[Ints, UInts]:
    first = np.flatnonzero((words.row[1:] == words.row[:-1]) & (words.rank[1:] < _PAIRED_WORDS))
    return words.row[first], salted(combine(hashes[first], hashes[first + 1]), _PAIR)


def _pieces(title: Text) -> Iterator[tuple[Ints, UInts]]:
    """Stems and trigrams: what inflections, compounds and neighbouring languages share."""
    words = title.words
    spelled = words.take(title.data[words.start] != ord("0"))
    early = spelled.take(spelled.rank < _STEMMED_WORDS)
    for characters in (5, 4):
        which, hashes = title.stems(early, characters)
        yield early.row[which], salted(hashes, _STEM + 10 * characters)
    from_end = title.counts(words)[spelled.row] - spelled.rank
    last = spelled.take(from_end <= _LAST_WORDS)
    which, hashes = title.trigrams(last, _TRIGRAMS)
    yield last.row[which], salted(hashes, _TRIGRAM)


def _first_distinct(row: Ints, value: Ints, rows: int, width: int) -> NDArray[np.int32]:
    """int32 (rows, width): each row's distinct values in order of first appearance, then 0.

    Both sorts are of one packed integer key: numpy's vectorised sort is several times faster
    than an argsort or a lexsort.
    """
    out = np.zeros((rows, width), np.int32)
    count = len(row)
    if not count:
        return out
    place_bits, value_bits = int(count).bit_length(), int(value.max()).bit_length()
    assert place_bits + value_bits + int(rows).bit_length() < 63, "chunk too large to pack"
    key = np.sort(((row << value_bits | value) << place_bits) | np.arange(count))
    group = key >> place_bits
    new = np.concatenate([[True], group[1:] != group[:-1]])
    place = key[new] & ((1 << place_bits) - 1)
    key = np.sort(row[place] << place_bits | place)
    place, at = key & ((1 << place_bits) - 1), key >> place_bits
    rank = np.arange(len(at)) - np.searchsorted(at, at)
    keep = rank < width
    out[at[keep], rank[keep]] = value[place[keep]]
    return out
