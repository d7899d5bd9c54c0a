"""Days out of texts as feeds write them."""

import datetime as dt

import pyarrow as pa
import pytest

from aisles.products.dates import first_date, second_date

NOV, LAST = dt.date(2026, 11, 1), dt.date(2026, 11, 30)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("2026-11-01", NOV, None),
        ("2026-11-01T00:00+01:00/2026-11-30T23:59+01:00", NOV, LAST),
        ("2026-11-01 00:00:00", NOV, None),
        ("2026/11/1", NOV, None),
        ("20261101", NOV, None),
        ("20261101-20261130", NOV, LAST),
        ("01.11.2026", NOV, None),
        ("1. 11. 2026", NOV, None),
        ("01.11.26", NOV, None),
        ("von 01.11.2026 bis 30.11.2026", NOV, LAST),
        ("2026年11月1日～2026年11月30日", NOV, LAST),
        ("30/11/2026", LAST, None),
        ("11/30/2026", LAST, None),
        ("03/04/2026", None, None),  # April or March
        ("11/11/2026", dt.date(2026, 11, 11), None),
        ("1793491200", NOV, None),
        ("1793491200000", NOV, None),
        ("9999-12-31", dt.date(9999, 12, 31), None),
        ("0000-00-00", None, None),
        ("2026-13-01", None, None),
        ("99.99.9999", None, None),
        ("12.99", None, None),
        ("1.299.00", None, None),
        ("26-11-01", None, None),
        ("2026", None, None),
        ("soon", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_days(text: str | None, first: dt.date | None, second: dt.date | None) -> None:
    # Beside others, whose shapes must not matter.
    texts = pa.array([text, "2026-01-02", None, "1767225600"], pa.string())
    assert first_date(texts).to_pylist()[:2] == [first, dt.date(2026, 1, 2)]
    assert second_date(texts).to_pylist()[0] == second


def test_nothing_at_all() -> None:
    none = pa.nulls(3, pa.string())
    assert first_date(none).to_pylist() == second_date(none).to_pylist() == [None] * 3
    assert len(first_date(none[:0])) == 0
