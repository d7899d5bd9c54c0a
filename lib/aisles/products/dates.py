"""Days in texts, as feeds write them: ISO 8601, day first with dots, times of Unix.

Whole columns at once. What can be read in two ways, as 03/04/2026, is not read.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_YEAR_FIRST = r"(?P<y>[0-9]{4})[-/.年]\s?(?P<m>[0-9]{1,2})[-/.月]\s?(?P<d>[0-9]{1,2})"
_DENSE = r"(?P<Y>(?:19|2[0-9])[0-9]{2})(?P<M>[01][0-9])(?P<D>[0-3][0-9])"
_DAY_FIRST = r"(?P<a>[0-9]{1,2})(?P<s>[-/.])\s?(?P<b>[0-9]{1,2})[-/.]\s?(?P<z>[0-9]{4}|[0-9]{2})"
_ANY = rf"(?:{_YEAR_FIRST}|{_DENSE}|{_DAY_FIRST})(?:[^0-9].*)?$"
_FIRST = rf"^[^0-9]*{_ANY}"
_SECOND = rf"^[^0-9]*[0-9].*[^0-9]{_ANY}"
_UNIX = r"^(?P<e>[0-9]{10})(?:[0-9]{3}|\.[0-9]+)?$"
_DAY = 24 * 60 * 60


def first_date(texts: pa.StringArray) -> pa.Date32Array:
    """The day that each text begins with, null where it begins with none."""
    found = _dates(texts, _FIRST)
    seconds = _whole(pc.struct_field(pc.extract_regex(texts, _UNIX), "e"))
    if seconds.null_count == len(seconds):
        return found
    days = pc.divide(seconds, _DAY).cast(pa.int32()).cast(pa.date32())
    return pc.coalesce(days, found)


def second_date(texts: pa.StringArray) -> pa.Date32Array:
    """The last day that stands behind another in each text, null where there are not two."""
    return _dates(texts, _SECOND)


def _dates(texts: pa.StringArray, pattern: str) -> pa.Date32Array:
    found = pc.extract_regex(texts, pattern)
    year, month, day = (_either(found, *names) for names in ("yY", "mM", "dD"))
    one, other, last = (_whole(pc.struct_field(found, name)) for name in "abz")
    dotted = pc.equal(pc.struct_field(found, "s"), ".")
    # Two figures may be a year at either end, unless dots say that the day comes first.
    full = pc.if_else(pc.less(last, 100), pc.if_else(dotted, pc.add(last, 2000), None), last)
    same = pc.equal(one, other)
    day_first = pc.or_(pc.or_(dotted, pc.greater(one, 12)), same)
    month_first = pc.and_(pc.greater(other, 12), pc.invert(day_first))
    ours = pc.if_else(day_first, other, pc.if_else(month_first, one, None))
    days = pc.if_else(day_first, one, pc.if_else(month_first, other, None))
    return _made(*(pc.coalesce(*both) for both in ((year, full), (month, ours), (day, days))))


def _made(*parts: pa.Int64Array) -> pa.Date32Array:
    """The day of a year, a month and a day; null where there is no such day."""
    texts = [pc.utf8_lpad(part.cast(pa.string()), 2, "0") for part in parts]
    joined = pc.binary_join_element_wise(*texts, "-")
    return pc.strptime(joined, format="%Y-%m-%d", unit="s", error_is_null=True).cast(pa.date32())


def _either(found: pa.StructArray, one: str, other: str) -> pa.Int64Array:
    return pc.coalesce(*(_whole(pc.struct_field(found, name)) for name in (one, other)))


def _whole(figures: pa.StringArray) -> pa.Int64Array:
    """Whole numbers, null for nothing."""
    return pc.if_else(pc.equal(figures, ""), None, figures).cast(pa.int64())
