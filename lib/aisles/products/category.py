"""The merchant's own category: levels of any number of columns, written as one path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.products.columns import Places, matches, take

SEPARATOR = " > "
# Signs that separate levels wherever they stand. A lone - or , is part of a name.
_STRONG = re.compile(r"\s*(?:[-=]+>|[>»›→⟩▸＞▶►❯➜➔〉》]|~+|[|｜]|::+|;;+|\\+)\s*")
_SPACED_SLASH = re.compile(r"\s+/+(?:\s+|$)")
_COLON = re.compile(r"\s*[:：]\s*")
_CLOCK = re.compile(r"\d[:：]\d|://|=")
_NAMES = re.compile(r"(?i)^(?:name|title|label|value|text|category(?:_?name)?)$")
_WIDE_SLASH = re.compile(r"\s*／+\s*")
_SLASH = re.compile(r"\s*/+\s*")
_ROOT = re.compile(r"\s*([^/>»|,;:\\\n]{2,60}?)\s*([/>»\\])")
_LIST = re.compile(r"""\s*\[\s*["'](.*)["']\s*\]\s*""", re.S)
_NEXT = re.compile(r"""["']\s*,\s*["']""")
_BLANK = " \t;,"
_PARENT = re.compile(r"(?i)(?<![^\W_])parent")


def ranks_of(columns: Iterable[str]) -> list[int]:
    """The rank of each column of levels: those of a parent of a parent come before the others."""
    above = [len(_PARENT.findall(name)) for name in columns]
    return [max(above, default=0) - one for one in above]


def merchant_category(
    texts: pa.StringArray, columns: list[Places], records: int, ranks: Sequence[int] = ()
) -> pa.StringArray:
    """One path a record, levels joined by ` > ` in column order; null where all columns are blank.

    ranks: of the columns, where some come before others whatever their order (`ranks_of`).

    The columns may come in any order: cells of a record lie in the order of its columns. A column
    that repeats levels which stand there already adds nothing: one may hold the whole path, the
    next its last level. Made once for each distinct combination of cells.
    """
    if not columns:
        return pa.nulls(records, pa.string())
    nowhere = len(texts)
    places = np.stack(columns, axis=1)
    first = np.array(ranks or [0] * len(columns)) * (nowhere + 1) + places
    order = np.argsort(np.where(places < 0, np.iinfo(np.int64).max, first), axis=1, kind="stable")
    places = np.take_along_axis(places, order, axis=1)
    coded = take(texts, places.ravel()).dictionary_encode()
    paths = [levels(text) for text in coded.dictionary.to_pylist()]
    codes = coded.indices.fill_null(-1).to_numpy().reshape(places.shape)
    combinations, which = np.unique(codes, axis=0, return_inverse=True)
    joined = [_joined([paths[code] for code in row if code >= 0]) for row in combinations.tolist()]
    return pa.array(joined, pa.string()).take(pa.array(which.ravel()))


def with_marks(texts: pa.StringArray, columns: Iterable[Places]) -> pa.StringArray:
    """The texts; those in the columns that no stronger sign divides with ` > ` for each slash.

    columns: those of which it is known that slashes separate levels (`Reading.slashed`).
    """
    whose = np.unique(np.concatenate([*columns, np.full(1, -1, np.int64)]))
    here = whose[whose >= 0]
    own = texts.take(pa.array(here))
    mild = ~matches(own, rf"{_STRONG.pattern}|://|\s/|/\s")
    changed = np.zeros(len(texts), np.bool_)
    changed[here[mild]] = True
    parts = pc.replace_substring(own.filter(pa.array(mild)), "/", SEPARATOR)
    return pc.replace_with_mask(texts, pa.array(changed), parts)


_BETWEEN_PATHS = tuple(map(re.compile, (r"\s*;\s*", r"\s*\|\|\s*", r"\s*[\r\n]+\s*")))
_INNER = re.compile(r"\s[>/|»›\\]\s|>+|»|›")


def levels(text: str) -> list[str]:
    """The levels of one cell. A slash separates only where no stronger sign does.

    A spaced slash is then a separator; tight ones only where there are two or more, or one leads:
    "T-Shirts/Tops" is one level, "Home/Kitchen/Pans" three; so with colons. A list written out
    holds one level or path in each of its texts or names.
    """
    found = _split(text)
    # One level that is left of more text, "/ Pans /", may be read in another way by itself.
    return levels(found[0]) if len(found) == 1 and len(found[0]) < len(text) else found


def _split(text: str) -> list[str]:
    if text[:2] in ("[{", '{"') and (named := _named(text)):
        return [level for part in named for level in levels(part)]
    if len(text) > 2 and text[0] == text[-1] == '"' and '"' not in text[1:-1]:
        text = text[1:-1]
    text = _deepest(text)
    listed = _LIST.fullmatch(text)
    if listed:
        return [level for part in _NEXT.split(listed[1]) for level in levels(part)]
    parts = _filled(_STRONG.split(text))
    if len(parts) > 1:
        return parts
    whole = parts[0] if parts else ""
    if ";" in whole:
        return _filled(whole.split(";"))
    if _WIDE_SLASH.search(whole):
        return _filled(_WIDE_SLASH.split(whole))
    if _SPACED_SLASH.search(whole):
        return _filled(_SPACED_SLASH.split(whole))
    if whole.count("/") > 1 or whole.startswith("/"):
        return _filled(_SLASH.split(whole))
    if len(_COLON.findall(whole)) > 1 and not _CLOCK.search(whole):
        return _filled(_COLON.split(whole))
    return parts


def _deepest(text: str) -> str:
    """Of several paths the one with most levels, the first of equals.

    They stand apart by semicolons, double bars or lines, or begin with one root.
    """
    for apart in _BETWEEN_PATHS:
        several = apart.split(text)
        inner = _INNER.search(several[0]) if len(several) > 1 else None
        if inner is None:
            continue
        sign = inner[0].strip()
        if all(sign in path for path in several):
            return max(several, key=lambda path: path.count(sign))
    root = _ROOT.match(text)
    if not root:
        return text
    again = rf"{re.escape(root[1])}\s*{re.escape(root[2])}"
    between = re.search(rf"([,;|\n]|#+)\s*{again}", text)
    if not between:
        return text
    # A comma may be part of a name as well.
    paths = re.split(rf",\s*(?={again})" if between[1] == "," else re.escape(between[1]), text)
    return max(paths, key=lambda path: path.count(root[2]))


def _named(text: str) -> list[str]:
    """The names in a list of objects, written as JSON: [{"id": 7, "name": "Home"}]."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    several = found if isinstance(found, list) else [found]
    return [
        value
        for one in several
        if isinstance(one, dict)
        for key, value in one.items()
        if _NAMES.match(key) and isinstance(value, str)
    ]


def _filled(parts: list[str]) -> list[str]:
    return [level for part in parts if (level := part.strip(_BLANK)).strip("/")]


def _joined(paths: list[list[str]]) -> str | None:
    """The paths of one record as one path."""
    whole: list[str] = []
    for path in paths:
        whole = _merged(whole, path)
    return SEPARATOR.join(whole) or None


def _merged(whole: list[str], path: list[str]) -> list[str]:
    """One path that holds both, with a run of levels that both share standing once."""
    upper, lower = [level.casefold() for level in whole], [level.casefold() for level in path]
    if _within(lower, upper):
        return whole
    if _within(upper, lower):
        return path
    shared = next(
        n for n in range(min(len(whole), len(path)), -1, -1) if upper[len(upper) - n :] == lower[:n]
    )
    return whole + path[shared:]


def _within(part: list[str], whole: list[str]) -> bool:
    """Whether the levels of `part` stand in `whole` in one run."""
    spans = range(len(whole) - len(part) + 1)
    return any(whole[start : start + len(part)] == part for start in spans)
