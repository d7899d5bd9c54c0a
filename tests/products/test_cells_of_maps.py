from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from aisles.products import columns
from aisles.products.columns import said

NOTHING = ("NULL", "null", "(null)", "[NULL]", "#N/A", "n/a", "n.a.", "NaN", "undefined", "\\N")
DASHES = ("-", "--", "–", "—", "-–—")
GUARDED = {'="0012"': "0012", '=""': None, "'0012": "0012", "'12 34-5": "12 34-5"}
KEPT = (
    "nothing",
    "N",
    "=1+1",
    "'til",
    "-5",
    "– 3",
    "Ñ",
    "日本",
    "",
    "(x)",
    "[1]",
    "#1",
    "\\n",
    "\n-",
)


def test_what_says_nothing_is_null_and_guards_go() -> None:
    given = [*NOTHING, *DASHES, *GUARDED, *KEPT, None]
    wanted = [None] * len(NOTHING + DASHES) + [*GUARDED.values(), *KEPT, None]
    assert said(pa.array(given)).to_pylist() == wanted


@given(
    st.lists(
        st.none()
        | st.sampled_from([*NOTHING, *DASHES, *GUARDED, *KEPT])
        | st.text("nNuU-–—='#([\\a1é\n ", max_size=6)
    ),
    st.integers(0, 5),
)
def test_a_look_at_first_bytes_changes_nothing(texts: list[str | None], start: int) -> None:
    array = pa.array(texts, pa.string()).slice(start)
    assert said(array).to_pylist() == columns._said(array).to_pylist()
