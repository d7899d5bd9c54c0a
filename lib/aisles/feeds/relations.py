"""How columns of one feed bear on each other: prices above prices, brands inside titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aisles.feeds.shapes import Shape, number_of
from aisles.feeds.vocabulary import fold

PAIR_ROWS = 600

Values = Sequence[str | None]


@dataclass(frozen=True)
class Relation:
    """One column beside the feed's others; every share is of the rows where both are filled.

    ``in_title``: the value stands in the title; ``starts_title``: at its start; ``equals_title``;
    ``holds_title``: the title stands in the value. ``in_url``: the value stands in a link of its
    row. ``above``: another price column exists that is never higher and often lower; ``below``:
    the other way round; ``beside``: this column's price equals another's everywhere.
    """

    in_title: float = 0.0
    starts_title: float = 0.0
    equals_title: float = 0.0
    holds_title: float = 0.0
    in_url: float = 0.0
    above: float = 0.0
    below: float = 0.0


def relations_of(
    columns: Mapping[str, Values], shapes: Mapping[str, Shape], title: str | None
) -> dict[str, Relation]:
    """Each column's relations; ``title`` names the column that most looks like the title."""
    titles = None if title is None else [fold(v or "") for v in columns[title][:PAIR_ROWS]]
    links = _links(columns, shapes)
    prices = _price_relations(columns, shapes)
    found = {}
    for name, values in columns.items():
        above, below = prices.get(name, (0.0, 0.0))
        facts = _beside_title(values, titles) if titles and name != title else {}
        in_url = _inside(values, links) if shapes[name].identifier > 0.5 else 0.0
        found[name] = Relation(in_url=in_url, above=above, below=below, **facts)
    return found


def _beside_title(values: Values, titles: list[str]) -> dict[str, float]:
    pairs = [(fold(v.strip()), t) for v, t in zip(values, titles, strict=False) if v and t]
    pairs = [(value, title) for value, title in pairs if value]
    if not pairs:
        return {}
    n = len(pairs)
    return {
        "in_title": sum(len(v) > 1 and v in t for v, t in pairs) / n,
        "starts_title": sum(len(v) > 1 and t.startswith(v) for v, t in pairs) / n,
        "equals_title": sum(v == t for v, t in pairs) / n,
        "holds_title": sum(t[:60] in v for v, t in pairs) / n,
    }


def _links(columns: Mapping[str, Values], shapes: Mapping[str, Shape]) -> list[str]:
    """All links of each row in one text."""
    chosen = [
        v for name, v in columns.items() if shapes[name].url > 0.8 and shapes[name].pixel < 0.5
    ]
    if not chosen:
        return []
    rows = min(PAIR_ROWS, len(chosen[0]))
    return [fold(" ".join(column[row] or "" for column in chosen)) for row in range(rows)]


def _inside(values: Values, links: list[str]) -> float:
    pairs = [(fold(v.strip()), link) for v, link in zip(values, links, strict=False) if v and link]
    if not pairs:
        return 0.0
    return sum(len(value) > 3 and value in link for value, link in pairs) / len(pairs)


def _price_relations(
    columns: Mapping[str, Values], shapes: Mapping[str, Shape]
) -> dict[str, tuple[float, float]]:
    """For each money column the strongest (above, below) over the other money columns."""
    money = [n for n, s in shapes.items() if s.money > 0.7 and s.decimal > 0.2 and not s.constant]
    amounts = {name: _amounts(columns[name]) for name in money[:12]}
    found: dict[str, tuple[float, float]] = {}
    for name, own in amounts.items():
        above = below = 0.0
        for other, theirs in amounts.items():
            if other != name:
                up, down = _compare(own, theirs)
                above, below = max(above, up), max(below, down)
        found[name] = (above, below)
    return found


def _amounts(values: Values) -> list[float | None]:
    return [number_of(v) if v and len(v) < 40 else None for v in values[:PAIR_ROWS]]


def _compare(own: list[float | None], theirs: list[float | None]) -> tuple[float, float]:
    """Shares of rows strictly higher and strictly lower, 0 where the order is not kept."""
    pairs = [(a, b) for a, b in zip(own, theirs, strict=False) if a and b]
    if len(pairs) < 10:
        return 0.0, 0.0
    higher = sum(a > b for a, b in pairs) / len(pairs)
    lower = sum(a < b for a, b in pairs) / len(pairs)
    close = sum(b / 20 < a < 20 * b for a, b in pairs) / len(pairs)
    if close < 0.9:
        return 0.0, 0.0
    return (higher, 0.0) if lower < 0.03 else (0.0, lower) if higher < 0.03 else (0.0, 0.0)
