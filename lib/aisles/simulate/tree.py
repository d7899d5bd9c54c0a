"""The category tree of the factory, read from the indented text files under tree/.

One line is one node: `Name [low-high] [@profile] [#shape] [!gender] = nouns / de ... / fr ...`.
Price range, profile, shape and gender are handed down. On a leaf the English nouns come first,
on an inner node they are other names of it. `noun~` stands in the plural already,
`noun^Other Node` belongs into a second category too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aisles.simulate.draws import key_of

_NODE = re.compile(
    r"(?P<indent> *)(?P<name>.*?)(?P<marks>(?: (?:\d+-\d+|[@#!]\w+))*) =(?P<words>.*)"
)


@dataclass(frozen=True)
class Noun:
    """One word for a leaf's products. `also`: places of further categories it belongs to."""

    text: str
    plural: bool = False
    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class Node:
    """One category. parent: place in the tree, -1 for an aisle. low, high: price in euro."""

    place: int
    category_id: str
    name: str
    path: tuple[str, ...]
    parent: int
    profile: str
    low: int
    high: int
    shape: str
    gender: str
    leaf: bool
    words: dict[str, tuple[Noun, ...]]

    @property
    def level(self) -> int:
        """1 for an aisle."""
        return len(self.path)

    def nouns(self, language: str) -> tuple[Noun, ...]:
        """The nouns in a language, the English ones where the tree has none."""
        return self.words.get(language) or self.words.get("en", ())


@dataclass(frozen=True)
class Tree:
    """All nodes, parents before children; leaves and the leaves below each node as places."""

    nodes: tuple[Node, ...]
    leaves: tuple[int, ...]
    below: tuple[tuple[int, ...], ...]

    def above(self, place: int) -> list[int]:
        """The places of the ancestors, nearest first."""
        found = []
        while (place := self.nodes[place].parent) >= 0:
            found.append(place)
        return found

    def aisle(self, place: int) -> int:
        """The place of the top-level node above, or the node itself."""
        above = self.above(place)
        return above[-1] if above else place


@dataclass
class _Line:
    level: int
    name: str
    marks: list[str]
    words: dict[str, list[str]]


@cache
def tree() -> Tree:
    """The tree that lies in the package."""
    folder = files("aisles.simulate").joinpath("tree")
    lines: list[_Line] = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".txt"):
            lines += [_line(text) for text in file.read_text("utf-8").splitlines() if text.strip()]
    return _tree(lines)


def _line(text: str) -> _Line:
    match = _NODE.fullmatch(text)
    assert match is not None, f"tree: cannot read the line {text!r}"
    words: dict[str, list[str]] = {}
    for part in filter(None, (part.strip() for part in match["words"].split(" / "))):
        foreign = part[:3] in _LANGUAGES
        language, nouns = (part[:2], part[3:]) if foreign else ("en", part)
        words[language] = [noun.strip() for noun in nouns.split(", ")]
    return _Line(len(match["indent"]) // 2, match["name"], match["marks"].split(), words)


_LANGUAGES = ("de ", "fr ", "es ", "nl ", "it ")


def _tree(lines: list[_Line]) -> Tree:
    names = {line.name: place for place, line in reversed(list(enumerate(lines)))}
    nodes: list[Node] = []
    open_nodes: list[Node] = []
    used: set[str] = set()
    for place, line in enumerate(lines):
        del open_nodes[line.level :]
        leaf = place + 1 == len(lines) or lines[place + 1].level <= line.level
        nodes.append(_node(place, line, open_nodes, leaf, names, used))
        open_nodes.append(nodes[-1])
    leaves = tuple(node.place for node in nodes if node.leaf)
    below: list[list[int]] = [[] for _ in nodes]
    for place in leaves:
        at = place
        while at >= 0:
            below[at].append(place)
            at = nodes[at].parent
    return Tree(tuple(nodes), leaves, tuple(tuple(places) for places in below))


def _node(
    place: int,
    line: _Line,
    above: list[Node],
    leaf: bool,
    names: dict[str, int],
    used: set[str],
) -> Node:
    parent = above[-1] if above else None
    path = (*(parent.path if parent else ()), line.name)
    marks = {mark[0]: mark[1:] for mark in line.marks if mark[0] in "@#!"}
    prices = next((mark for mark in line.marks if mark[0].isdigit()), "")
    low, high = (int(end) for end in prices.split("-")) if prices else (0, 0)
    return Node(
        place=place,
        category_id=_category_id(path, used),
        name=line.name,
        path=path,
        parent=parent.place if parent else -1,
        profile=marks.get("@") or (parent.profile if parent else ""),
        low=low or (parent.low if parent else 0),
        high=high or (parent.high if parent else 0),
        shape=marks.get("#") or (parent.shape if parent else ""),
        gender=marks.get("!") or (parent.gender if parent else ""),
        leaf=leaf,
        words={lang: tuple(_noun(w, names) for w in words) for lang, words in line.words.items()},
    )


def _noun(word: str, names: dict[str, int]) -> Noun:
    text, _, other = word.partition("^")
    return Noun(text.removesuffix("~"), text.endswith("~"), (names[other],) if other else ())


def _category_id(path: tuple[str, ...], used: set[str]) -> str:
    """Seven digits from the path, so that an id stays when other nodes come or go."""
    attempt = 0
    while True:
        category = str(1_000_000 + key_of("category", *path, attempt) % 9_000_000)
        if category not in used:
            used.add(category)
            return category
        attempt += 1
