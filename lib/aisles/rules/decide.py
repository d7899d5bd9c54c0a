"""Which rules are true for which rows of a batch, from the hits found in it.

Pairs of a row and a predicate (or rule) are kept as one integer, the row in the high bits:
`row << bits | number`. Sorting and looking up such keys is what the work consists of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aisles.rules.arrays import Ints, distinct, is_new
from aisles.rules.program import Program
from aisles.rules.search import Hits

# Pairs decided at one time when rules have to be tried on every row.
_BLOCK = 1 << 19


class Found(NamedTuple):
    """The true text predicates of each row and the hits that make them true.

    keys: sorted, `row << bits | predicate`, each once; the hits of key i are the places
    `hits[offsets[i]:offsets[i + 1]]` among all hits, leftmost first for one atom.
    """

    bits: int
    keys: Ints
    offsets: Ints
    hits: Ints

    def places(self, rows: Ints, predicates: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """(place in keys, whether it is there) of each (row, predicate)."""
        keys = rows << self.bits | predicates
        if not len(self.keys):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return places, self.keys[places] == keys


class Votes(NamedTuple):
    """True (row, rule) pairs, sorted by row and then by rule."""

    rows: Ints
    rules: Ints


def found_predicates(program: Program, hits: Hits) -> Found:
    """The predicates that the hits of a batch make true."""
    places, predicates = program.predicates_of_atom.expand(hits.atoms)
    bits = program.predicates.bit_length()
    low = len(hits.rows).bit_length()
    # Row, predicate and hit fit in 63 bits together; hits of a field come sorted by row already.
    packed = (hits.rows[places] << bits | predicates) << low | places
    packed.sort(kind="stable")
    keys = packed >> low
    first = np.flatnonzero(is_new(keys))
    offsets = np.append(first, len(keys))
    return Found(bits, keys[first], offsets, packed & ((1 << low) - 1))


def decide(program: Program, found: Found, prices: NDArray[np.float64]) -> Votes:
    """The true pairs of a batch; `prices` has one number per row, NaN where there is none."""
    bits = program.rules.bit_length()
    rows, predicates = found.keys >> found.bits, found.keys & ((1 << found.bits) - 1)
    places, rules = program.rules_of_trigger.expand(predicates)
    candidates = distinct(rows[places] << bits | rules)
    simple = program.simple[candidates & ((1 << bits) - 1)]
    parts = [candidates[simple]]
    for block in _blocks(program, candidates[~simple], bits, len(prices)):
        rows, rules = block >> bits, block & ((1 << bits) - 1)
        parts.append(block[_true(program, rows, rules, found, prices)])
    pairs = np.sort(np.concatenate(parts))
    return Votes(pairs >> bits, pairs & ((1 << bits) - 1))


def _blocks(program: Program, candidates: Ints, bits: int, rows: int) -> Iterator[Ints]:
    """The candidates, then all rows x rules that can be true with nothing found, in parts."""
    if len(candidates):
        yield candidates
    step = max(1, _BLOCK // max(1, len(program.untriggered)))
    for start in range(0, rows if len(program.untriggered) else 0, step):
        block = np.arange(start, min(start + step, rows)) << bits
        yield (block[:, None] | program.untriggered).ravel()


def _true(
    program: Program, rows: Ints, rules: Ints, found: Found, prices: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """For each (row, rule) whether the condition is true; at least one pair."""
    gates = program.gates
    places, leaves = gates.leaves.expand(rules)
    truth = _leaf_truth(program, rows[places], leaves, found, prices)
    sizes = gates.gates.offsets[rules + 1] - gates.gates.offsets[rules]
    first = np.cumsum(sizes) - sizes
    targets = first[places[truth]] + gates.leaf_gate[leaves[truth]]
    owners, numbers = gates.gates.expand(rules)
    counts = np.bincount(targets, minlength=len(numbers))
    depths = gates.depth[numbers]
    for depth in range(int(depths.max()), 0, -1):
        level = np.flatnonzero(depths == depth)
        level = level[counts[level] >= gates.need[numbers[level]]]
        parents = first[owners[level]] + gates.parent[numbers[level]]
        counts += np.bincount(parents, minlength=len(numbers))
    return counts[first] >= gates.need[numbers[first]]


def _leaf_truth(
    program: Program, rows: Ints, leaves: Ints, found: Found, prices: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """For each (row, leaf) whether the leaf is true, its negation included."""
    predicates = program.gates.leaf_predicate[leaves]
    _, truth = found.places(rows, predicates)
    asked = np.flatnonzero(program.price_sign[predicates])
    sign, bound = program.price_sign[predicates[asked]], program.price_bound[predicates[asked]]
    # sign 1 asks price > bound, sign -1 asks price < bound; NaN makes both false.
    truth[asked] = sign * prices[rows[asked]] > sign * bound
    return truth == program.gates.leaf_positive[leaves]
