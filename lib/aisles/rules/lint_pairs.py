"""Findings on two rules of one category: the same, one within the other, or in contradiction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aisles.rules.findings import Entry, Finding, short
from aisles.rules.implication import implies
from aisles.rules.places import Place
from aisles.rules.witness import candidates


def pair_findings(entries: Sequence[Entry]) -> Iterator[Finding]:
    """At most one finding for each rule and effect of the other: what it repeats or contradicts.

    The entries can be read and are possible, in the order of the file.
    """
    for number, others in enumerate(candidates(entries)):
        entry = entries[number]
        proved = [o for o in others if implies(entry.node, entries[o].node)]
        same = {o for o in proved if implies(entries[o].node, entry.node)}
        for agrees in (True, False):
            kept = [o for o in proved if _agree(entry, entries[o]) == agrees]
            # Of two equal rules the later one is told. An `is_not` within an `is` is an
            # exception, which is what it is for.
            single = agrees or entry.rule.effect == "is"
            kept = [o for o in kept if (o < number if o in same else single)]
            if kept:
                best = min(kept, key=lambda o: (not entries[o].rule.enabled, o not in same, o))
                describe = _repeats if agrees else _contradicts
                yield describe(entry, entries[best], best in same)


def _agree(one: Entry, other: Entry) -> bool:
    return one.rule.effect == other.rule.effect


def _repeats(entry: Entry, other: Entry, same: bool) -> Finding:
    """The rule adds nothing to another one."""
    if same:
        message = f"the same as {other.named} on line {other.line} of this category"
        code, advice = "same_rule", "Keep one of them."
    else:
        message = (
            f"adds nothing: every product that it finds {other.named} on line {other.line} finds"
            f" as well: {short(other.rule.condition, 200)}"
        )
        code, advice = "unreachable", "Delete it, or make the other one narrower."
    if entry.rule.enabled and other.rule.enabled:
        return entry.finding(_whole(entry), "warning", code, message, advice)
    off = [e.rule.rule_id for e in (entry, other) if not e.rule.enabled]
    advice = f"{' and '.join(off)}: disabled, so this matters once enabled."
    return entry.finding(_whole(entry), "note", code, message, advice)


def _contradicts(entry: Entry, other: Entry, same: bool) -> Finding:
    """The rule says `is` where another one says `is_not`, or the other way round."""
    kinds = f"{entry.rule.effect} here, {other.rule.effect} in {other.named} on line {other.line}"
    which = "the very same products" if same else "every product of this rule"
    message = f"contradiction about {which}: {kinds}: {short(other.rule.condition, 200)}"
    on = entry.rule.enabled and other.rule.enabled
    severity = ("error" if same else "warning") if on else "note"
    advice = "Decide which of them is right."
    return entry.finding(_whole(entry), severity, "contradiction", message, advice)


def _whole(entry: Entry) -> Place:
    return Place(entry.place.start, entry.place.end)
