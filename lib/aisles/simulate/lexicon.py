"""Words, profiles, brands and shops as the data files of this package give them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from aisles.simulate.tree import tree

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Retailer:
    """One shop. size: its share of all products. aisles: weight by aisle name."""

    name: str
    network: str
    lang: str
    currency: str
    merchant: str
    size: float
    aisles: dict[str, float]
    order: tuple[str, ...]
    convention: str = ""
    case: str = "as"
    depth: int = 3
    descriptions: float = 0.5
    brands: float = 0.8
    gtin: float = 0.0
    ids: str = "number"
    labels: str = "plain"
    price: str = "plain"
    pictures: float = 0.0
    gzip: bool = False
    html: bool = False
    encoding: str = "utf-8"
    newline: str = "\n"
    delimiter: str = ""
    left_out: bool = False


@dataclass(frozen=True)
class Convention:
    """How a network's feeds look. columns: name and what it holds (blank: nothing)."""

    name: str
    network: str
    form: str
    columns: tuple[tuple[str, str], ...]
    roles: dict[str, list[str | int]]
    delimiter: str = ","
    quote_all: bool = False
    header: bool = True
    frame: bool = False
    root: tuple[str, ...] = ()
    record: str = ""
    namespace: str = ""
    extra: dict[str, str] = field(default_factory=dict)


@cache
def load(name: str) -> dict[str, Any]:
    """The content of one YAML file of this package."""
    content = files("aisles.simulate").joinpath(*name.split("/")).read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(content, Loader=_LOADER)
    return loaded


@cache
def words(language: str) -> dict[str, Any]:
    """The word lists of a language; a list that it lacks is the English one."""
    return {**load("words/en.yml"), **load(f"words/{language}.yml")}


@cache
def brands_of(aisle: str) -> tuple[str, ...]:
    """Brands at home in an aisle."""
    return tuple(load("brands.yml")[aisle])


@cache
def retailers() -> tuple[Retailer, ...]:
    """All shops, largest first."""
    data = dict(load("retailers.yml"))
    left_out = data.pop("left_out")
    shops = [
        _retailer(name, place, dict(given), name in left_out)
        for place, (name, given) in enumerate(data.items())
    ]
    total = sum(shop.size for shop in shops)
    return tuple(Retailer(**{**shop.__dict__, "size": shop.size / total}) for shop in shops)


def _retailer(name: str, place: int, given: dict[str, Any], left_out: bool) -> Retailer:
    convention = given.pop("network")
    aisles = given.pop("aisles")
    if aisles == "all":
        aisles = {node.name: 1.0 for node in tree().nodes if node.level == 1}
    return Retailer(
        name=name,
        network=conventions()[convention].network,
        convention=convention,
        aisles=aisles,
        size=(place + 1) ** -0.7,
        order=tuple(given.pop("order").split()),
        left_out=left_out,
        **given,
    )


@cache
def conventions() -> dict[str, Convention]:
    """All conventions by name."""
    return {name: _convention(name, dict(data)) for name, data in load("networks.yml").items()}


def _convention(name: str, data: dict[str, Any]) -> Convention:
    columns = []
    for line in data.pop("columns").splitlines():
        column, _, value = line.partition(" <- ")
        columns.append((column.strip().strip('"'), value.strip()))
    return Convention(
        name=name,
        network=data.pop("network", name),
        columns=tuple(columns),
        root=tuple(data.pop("root", ())),
        **data,
    )
