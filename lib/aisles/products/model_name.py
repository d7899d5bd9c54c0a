"""Names of models, which are titles only behind the brand: `vendor` Bosch, `model` GSR 18V-55."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_MODEL = re.compile(r"(?i)mod[eè]l|malli|модел|μοντ[εέ]λ|型[号號番]|모델")


def is_model(column: str) -> bool:
    """Whether a column of titles holds names that are none without the brand."""
    return _MODEL.search(column) is not None


def after_brand(
    titles: pa.StringArray, brands: pa.StringArray, rows: NDArray[np.int64]
) -> pa.StringArray:
    """The titles, those of the rows, which are names of models, with the brand before them."""
    places = pa.array(rows)
    title, brand = titles.take(places), brands.take(places)
    there = pc.fill_null(brand, "")
    lower, start = (np.array(pc.utf8_lower(one).to_pylist(), np.str_) for one in (title, there))
    told_already = pa.array(np.strings.startswith(lower, start))
    told = pc.if_else(told_already, title, pc.binary_join_element_wise(there, title, " "))
    here = np.zeros(len(titles), np.bool_)
    here[rows] = True
    return pc.replace_with_mask(titles, pa.array(here), told)
