"""The language of texts by their letters, from py3langid: a model of 139 languages, of 4 MB.

The library reads one text at a time, 0.15 ms each. Its model is an automaton over bytes whose
states name features, and a naive Bayes table over features; both are walked here for many texts at
once. A second and 100 MB of memory to load: it is loaded where a text needs it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier
    from scipy.sparse import csr_array

NO_LANGUAGE = "zxx"
"""ISO 639-2 for what is in no language: numbers, codes, names of models."""
LETTERS = 300
"""Signs of a text that are looked at; more of them do not make the answer surer."""
# Of the codes of ISO 639-1: languages that ISO 639-3 calls ancient or constructed, in which nothing
# is sold, and nn, which no stands for as its macrolanguage.
_UNSOLD = ("eo", "la", "nn", "sa", "vo")
_GROUP = 4096  # texts that are walked together: their features are tens of megabytes


@dataclass(frozen=True)
class Likely:
    """How likely texts are in languages.

    codes: of the languages, ISO 639-1, and NO_LANGUAGE. probability: (texts, codes), float32.
    """

    codes: tuple[str, ...]
    probability: NDArray[np.float32]

    def of(self, codes: Sequence[str]) -> NDArray[np.float32]:
        """Their columns, (texts, codes)."""
        return self.probability[:, [self.codes.index(code) for code in codes]]


def probabilities(texts: Sequence[str]) -> Likely:
    """The probability of each language for each text, as the library's `rank` gives it.

    They are tempered by the length of the text: short ones of a few names have no likely language.
    """
    model = _model()
    parts = [model.scores(texts[at : at + _GROUP]) for at in range(0, len(texts), _GROUP)]
    empty = np.zeros((0, len(model.codes)), np.float32)
    return Likely(model.codes, np.concatenate([empty, *parts]))


@dataclass(frozen=True)
class _Model:
    """The arrays of a LanguageIdentifier whose languages are set.

    rows: (states,) where a state's moves begin. moves: the next state by that and a byte. feature:
    (states,) that a state names, or less than 0. table: (features, columns); prior: (columns,).
    column: (columns,) the place of each column's language in codes, which may have several.
    """

    codes: tuple[str, ...]
    rows: NDArray[np.int32]
    moves: NDArray[np.int32]
    feature: NDArray[np.int32]
    table: NDArray[np.floating[Any]]
    prior: NDArray[np.floating[Any]]
    column: NDArray[np.int64]

    @staticmethod
    def of(found: LanguageIdentifier) -> _Model:
        codes = tuple(found.labels)
        return _Model(
            codes,
            np.asarray(found.tk_row, np.int32) << 8,
            np.frombuffer(found.tk_nextmove, np.uint32).view(np.int32),
            np.asarray(found.tk_output, np.int32),
            found.nb_ptc,
            found.nb_pc,
            np.array([codes.index(code) for code in found.nb_classes]),
        )

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, codes): probabilities."""
        coded = [_coded(text[:LETTERS]) for text in texts]
        visits = self._visits(coded)
        scores = visits.logged @ self.table[visits.features].astype(np.float32) + self.prior
        scores[np.diff(visits.logged.indptr) == 0] = 0  # of no feature: all are equally likely
        lengths = np.array([max(len(text), 1) for text in coded], np.float32)
        scores /= np.sqrt(lengths)[:, None]
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        found = np.zeros((len(texts), len(self.codes)), np.float32)
        for place, column in enumerate(self.column):
            found[:, column] += scores[:, place]
        return found

    def _visits(self, texts: Sequence[bytes]) -> _Visits:
        """Walks all texts at once, a byte of each at a time."""
        from scipy.sparse import csr_array

        lengths = np.array([len(text) for text in texts])
        order = np.argsort(-lengths, kind="stable")
        letters = np.frombuffer(b"".join(texts), np.uint8)
        starts = (np.cumsum(lengths) - lengths)[order]
        steps = np.arange(max(lengths, default=0))
        left = len(texts) - np.searchsorted(np.sort(lengths), steps, side="right")
        state = np.zeros(len(texts), np.int32)
        seen: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
        for step, some in enumerate(left.tolist()):
            now = self.moves[self.rows[state[:some]] + letters[starts[:some] + step]]
            state[:some] = now
            feature = self.feature[now]
            hits = np.flatnonzero(feature >= 0)
            seen.append(order[hits] * len(self.table) + feature[hits])
        both, counts = np.unique(np.concatenate(seen), return_counts=True)
        text, feature = np.divmod(both, len(self.table))
        features, places = np.unique(feature, return_inverse=True)
        logged = np.log1p(counts.astype(np.float32))
        ends = np.searchsorted(text, np.arange(len(texts) + 1))
        shape = (len(texts), len(features))
        return _Visits(csr_array((logged, places, ends), shape=shape), features)


@dataclass(frozen=True)
class _Visits:
    """logged: (texts, features), log(1 + visits) in rows of the table; features: these rows."""

    logged: csr_array
    features: NDArray[np.int64]


def _coded(text: str) -> bytes:
    """The text as the model was trained on: shouted ones small, composed, UTF-8."""
    spoken = text.lower() if text.isupper() else text
    return unicodedata.normalize("NFC", spoken).encode("utf-8", "surrogatepass")


@lru_cache
def _model() -> _Model:
    return _Model.of(identifier())


def identifier() -> LanguageIdentifier:
    """The library's own, with the languages in which things are sold."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    wanted = [code for code in found.labels if len(code) == 2 and code not in _UNSOLD]
    found.set_languages([*wanted, NO_LANGUAGE])
    return found
