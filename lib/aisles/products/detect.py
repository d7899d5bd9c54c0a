"""The language of a text by its letters, from py3langid: a model of 139 languages, of 4 MB.

A second and 100 MB of memory to load, some 0.1 ms a text: it is loaded where a text needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NO_LANGUAGE = "zxx"
"""ISO 639-2 for what is in no language: numbers, codes, names of models."""
LETTERS = 300
"""Signs of a text that are looked at; more of them do not make the answer surer."""
# Of the codes of ISO 639-1: languages that ISO 639-3 calls ancient or constructed, in which nothing
# is sold, and nn, which no stands for as its macrolanguage.
_UNSOLD = ("eo", "la", "nn", "sa", "vo")


def probabilities(text: str) -> Mapping[str, float]:
    """The probability of each language (ISO 639-1 code, or NO_LANGUAGE), the likeliest first.

    They are tempered by the length of the text: short ones of a few names have no likely language.
    """
    return dict(_identifier().rank(text[:LETTERS]))


@lru_cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    wanted = [code for code in found.labels if len(code) == 2 and code not in _UNSOLD]
    found.set_languages([*wanted, NO_LANGUAGE])
    return found
