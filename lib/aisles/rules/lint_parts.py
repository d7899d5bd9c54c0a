"""Findings on parts of one condition: what can never decide anything, and traps of `not`."""

from __future__ import annotations

from collections.abc import Iterator

from aisles.rules.findings import Entry, Finding, short
from aisles.rules.grammar import And, Contains, Node, Not, Or
from aisles.rules.implication import always, implies, never
from aisles.rules.normal import normalise
from aisles.rules.places import Path, Place, without
from aisles.rules.theory import Fact, facts_of, linked


def part_findings(entry: Entry) -> list[Finding]:
    """What is never or always true in the condition, what is idle, and where `not` may mislead."""
    bound = linked(entry.node)
    traps = list(_traps(entry, entry.node, ()))
    if not bound:
        return traps
    impossible, sure = never(entry.node), always(entry.node)
    whole = Place(entry.place.start, entry.place.end)
    if impossible:
        message = "the condition can never be true: its parts contradict each other"
        return [entry.finding(whole, "error", "never_true", message, "Mend or delete the rule.")]
    if sure:
        message = "the condition is true for every product"
        return [entry.finding(whole, "error", "always_true", message, "Mend or delete the rule.")]
    if impossible is None or sure is None:
        message = "not decided: too large to prove whether it can be true or what in it is idle"
        advice = "Split it into several rules of the category."
        return [entry.finding(whole, "note", "not_decided", message, advice), *traps]
    return [*(_idle(entry, path, gone) for path, gone in idle_parts(entry.node, bound)), *traps]


def idle_parts(node: Node, bound: set[Fact]) -> Iterator[tuple[Path, frozenset[Path]]]:
    """The way to each part that may go without any effect, and those that are gone before it.

    All of them may go together. Of two that cover each other the later one is idle.
    """
    gone: frozenset[Path] = frozenset()
    for path in sorted(_parts(node, ()), key=lambda p: (len(p), [-n for n in p])):
        inside = any(path[: len(other)] == other for other in gone)
        if inside or _is_last(node, path, gone) or bound.isdisjoint(facts_of(part_at(node, path))):
            continue
        fuller, barer = without(node, gone), without(node, gone | {path})
        assert fuller is not None
        assert barer is not None
        if _same(node, path, fuller, barer):
            yield path, gone
            gone |= {path}


def _is_last(node: Node, path: Path, gone: frozenset[Path]) -> bool:
    """Whether all neighbours of the part are gone: without it nothing would be left to negate."""
    neighbours = ((*path[:-1], n) for n in range(_size(part_at(node, path[:-1]))))
    return all(other == path or other in gone for other in neighbours)


def _size(node: Node) -> int:
    """The number of alternatives, factors or phrases."""
    assert isinstance(node, Contains | And | Or)
    return len(node.phrases if isinstance(node, Contains) else node.children)


def part_at(node: Node, path: Path) -> Node:
    """The part that the path leads to; of a list of phrases a predicate with that phrase alone."""
    for number in path:
        if isinstance(node, Contains):
            node = Contains(node.field, (node.phrases[number],))
        elif isinstance(node, Not):
            node = node.child
        else:
            assert isinstance(node, And | Or)
            node = node.children[number]
    return node


def _parts(node: Node, path: Path) -> Iterator[Path]:
    """The ways to all alternatives, factors and phrases of lists."""
    if isinstance(node, Contains) and len(node.phrases) > 1:
        yield from ((*path, number) for number in range(len(node.phrases)))
    elif isinstance(node, Not):
        yield from _parts(node.child, (*path, 0))
    elif isinstance(node, And | Or):
        for number, child in enumerate(node.children):
            yield (*path, number)
            yield from _parts(child, (*path, number))


def _same(node: Node, path: Path, fuller: Node, barer: Node) -> bool:
    """Whether the condition is the same without the part. One of the directions is sure."""
    narrows = _is_alternative(node, path) == _is_positive(node, path)
    return bool(implies(fuller, barer) if narrows else implies(barer, fuller))


def _is_alternative(node: Node, path: Path) -> bool:
    return not isinstance(part_at(node, path[:-1]), And)


def _is_positive(node: Node, path: Path) -> bool:
    """Whether an even number of `not` stands before the part."""
    outer = (part_at(node, path[:depth]) for depth in range(len(path)))
    return sum(isinstance(part, Not) for part in outer) % 2 == 0


def _idle(entry: Entry, path: Path, gone: frozenset[Path]) -> Finding:
    node = entry.node
    part = part_at(node, path)
    cover = _cover(node, path, gone)
    by = entry.shown(cover) if cover else ""
    this, place = entry.shown(path), entry.place.at(path)
    if never(part):
        message = f"{this} can never be true"
    elif always(part):
        message = f"{this} is always true"
    elif cover and _twice(node, path, cover):
        message = f"{this} stands there twice"
    elif _is_alternative(node, path) and _is_positive(node, path):
        why = f"{by} already finds it" if by else "the rest of the condition already finds it"
        message = f"{this} adds nothing: {why}"
    elif _is_alternative(node, path):
        why = f"{by} already excludes it" if by else "the rest is false wherever it is found"
        message = f"excluding {this} changes nothing: {why}"
    elif isinstance(part, Not) and _is_positive(node, path):
        why = f"it is true wherever {by} is" if by else "it is true wherever the rest is"
        message = f"{this} never bites: {why}"
    else:
        where = f"wherever {by} is" if by else "wherever it matters"
        message = f"{this} changes nothing: it is true {where}"
    return entry.finding(place, "warning", "idle_part", message, "Remove it, or mend it.")


def _cover(node: Node, path: Path, gone: frozenset[Path]) -> Path | None:
    """The way to a neighbour that alone makes the part idle, the nearest one."""
    part = part_at(node, path)
    alternative = _is_alternative(node, path)
    for depth in range(len(path) - 1, -1, -1):
        outer = part_at(node, path[:depth])
        if not isinstance(outer, Or | Contains if alternative else And):
            return None
        for other in ((*path[:depth], number) for number in range(_size(outer))):
            if other == path[: depth + 1] or other in gone:
                continue
            pair = (part, part_at(node, other))
            if implies(*(pair if alternative else pair[::-1])):
                return other
    return None


def _twice(node: Node, path: Path, cover: Path) -> bool:
    """Whether the part and its cover are the same but for letters' case and spaces."""
    one, other = part_at(node, path), part_at(node, cover)
    if isinstance(one, Contains) and isinstance(other, Contains):
        phrases = [[normalise(phrase) for phrase in part.phrases] for part in (one, other)]
        return one.field == other.field and phrases[0] == phrases[1]
    return one == other


def _traps(entry: Entry, node: Node, path: Path) -> Iterator[Finding]:
    """`a or b and not c`, where not guards only b; `not a or b`, where it guards only a."""
    if isinstance(node, Or):
        *before, last = node.children
        places = entry.place.at(path).children
        if isinstance(last, And) and isinstance(last.children[-1], Not) and _plain(before):
            yield from _late_not(entry, entry.place.at(path), places[-1], last)
        elif isinstance(node.children[0], Not) and _plain(node.children[1:]):
            yield from _early_not(entry, entry.place.at(path), places[0])
    if isinstance(node, Not):
        yield from _traps(entry, node.child, (*path, 0))
    elif isinstance(node, And | Or):
        for number, child in enumerate(node.children):
            yield from _traps(entry, child, (*path, number))


def _plain(nodes: list[Node] | tuple[Node, ...]) -> bool:
    """Whether none of the alternatives has a `not` of its own."""
    return not any(
        isinstance(part, Not)
        for node in nodes
        for part in (node.children if isinstance(node, And) else (node,))
    )


def _late_not(entry: Entry, whole: Place, last: Place, factors: And) -> Iterator[Finding]:
    if last.wrapped:
        return
    text = entry.rule.condition
    first = next(i for i, part in enumerate(factors.children) if isinstance(part, Not))
    start = whole.start + whole.wrapped
    guarded = last.children[first - 1].end if first else last.start
    read = f"{text[start : last.start]}({text[last.start : last.end]})"
    meant = f"({text[start:guarded]}){text[guarded : last.end]}"
    yield from _trap(entry, last.children[first], "the last alternative", read, meant)


def _early_not(entry: Entry, whole: Place, first: Place) -> Iterator[Finding]:
    text = entry.rule.condition
    if first.wrapped or first.children[0].wrapped:
        return
    inner, stop = first.children[0], whole.end - whole.wrapped
    read = f"({text[first.start : first.end]}){text[first.end : stop]}"
    meant = f"{text[first.start : inner.start]}({text[inner.start : stop]})"
    yield from _trap(entry, first, "the first alternative", read, meant)


def _trap(entry: Entry, at: Place, which: str, read: str, meant: str) -> Iterator[Finding]:
    message = f"this not guards only {which}; it is read as {short(read, 240)}"
    advice = f"If it is meant for all of them write {short(meant, 240)}"
    yield entry.finding(at, "note", "precedence", message, advice)
