"""GTINs: checked, and all written alike."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LENGTH = 14
_DIGITS = r"^(?:[0-9]{8}|[0-9]{12,14})$"
# GS1 General Specifications, 7.9: weights 3 and 1 in turn, from the left of 14 digits.
_WEIGHTS = np.tile([3, 1], LENGTH // 2)


def canonical_gtin(values: pa.StringArray) -> pa.StringArray:
    """GTIN-14 digits (zeros put before a GTIN-8, -12 or -13) where the check digit is right.

    Spaces and hyphens between digits are overlooked. Null for other lengths, wrong check digits
    and zeros only. One spelling for all: the same article has one text whatever its barcode.
    """
    digits = pc.replace_substring_regex(values, r"[ -]", "")
    shaped = pc.if_else(pc.match_substring_regex(digits, _DIGITS), digits, None)
    padded = pc.utf8_lpad(shaped, LENGTH, "0")
    valid = pa.array(_checked(padded))
    return pc.if_else(valid, padded, None)


def _checked(padded: pa.StringArray) -> np.ndarray:
    """Whether each text of 14 digits is no zero and its weighted sum divides by 10; bool (n,)."""
    texts = pc.fill_null(padded, "0" * LENGTH)
    first = texts.offset * LENGTH
    signs = np.frombuffer(texts.buffers()[2], np.uint8)[first : first + len(texts) * LENGTH]
    digits = signs.reshape(-1, LENGTH).astype(np.int32) - ord("0")
    return (digits @ _WEIGHTS % 10 == 0) & digits.any(axis=1)
