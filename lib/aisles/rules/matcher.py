"""Votes of a rule set on batches of products, with the places in the text that they rest on.

A batch is matched in four passes over whole columns: each field is normalised and searched in
one call (search), hits become true predicates and those candidate rules, candidates are decided
(decide), and the hits of true rules are carried back to the stored text (spans). The cost
follows the hits in the text and not the number of rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.batches import ROWS
from aisles.rules.boolean import Atom
from aisles.rules.columns import TextColumn
from aisles.rules.decide import Votes, decide, found_predicates
from aisles.rules.grammar import TEXT_FIELDS, Node, parse
from aisles.rules.load import Rule
from aisles.rules.program import Program, program
from aisles.rules.search import FieldSearch, Hits
from aisles.rules.spans import EVIDENCE, columns_of, evidence, field_numbers
from aisles.rules.tokens import RuleError

COLUMNS = ("product_id", *TEXT_FIELDS, "price")
VOTE_ARROW = pa.schema(
    [
        ("product_id", pa.string()),
        ("rule_id", pa.string()),
        ("rule_version", pa.int32()),
        ("category_id", pa.string()),
        ("vote", pa.int8()),
        ("field", pa.string()),
        ("span_start", pa.int32()),
        ("span_end", pa.int32()),
        ("matched_text", pa.string()),
        ("evidence", pa.list_(EVIDENCE)),
    ]
)
# Raised with every change after which the same rules cast other votes on the same products.
ENGINE = 1


class RuleSet:
    """The enabled rules without error of a rule table, ready to vote on batches of products.

    Only the rules themselves are pickled; automata are built at the first batch and shared by
    equal rule sets of one process, so that Spark workers build them once and not per task.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)

    @classmethod
    def compile(cls, rules: Sequence[Rule]) -> RuleSet:
        """The rule set of those rules that are enabled and can be read."""
        return cls([rule for rule in rules if rule.enabled and rule.error is None])

    def match(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One row of `VOTE_ARROW` per (product, rule that is true), by product, then rule.

        `evidence` has for each distinct phrase, pattern or value of each predicate that is not
        negated (stands under an even number of `not`s) and that is found: its leftmost hit in
        each field that the predicate reads; ordered by field (title, description,
        merchant_category, brand, gender), start and end, each place once. A predicate that is
        true counts also where the rule would be true without it. `field`, `span_start`,
        `span_end` and `matched_text` are the first entry of `evidence`; they are null, and
        `evidence` is empty, for a vote that rests on nothing found. Positions are 0-based code
        points of the stored text, end exclusive: `text[start:end] == matched_text`.

        The batch has the columns product_id, title, description, merchant_category, brand,
        gender (strings) and price (number, major units); further columns are ignored.
        """
        missing = [name for name in COLUMNS if name not in batch.schema.names]
        if missing:
            raise ValueError(
                f"rules: the batch has no column {', '.join(missing)}; "
                f"it needs {', '.join(COLUMNS)}"
            )
        slices = [self._match(batch.slice(at, ROWS)) for at in range(0, batch.num_rows, ROWS)]
        if len(slices) == 1:
            return slices[0]
        table = pa.Table.from_batches(slices, VOTE_ARROW).combine_chunks()
        return (table.to_batches() or [pa.RecordBatch.from_pylist([], VOTE_ARROW)])[0]

    @cached_property
    def _engine(self) -> _Engine:
        return _engine(self.rules)

    def _match(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        engine = self._engine
        columns = {name: TextColumn.of(batch.column(name)) for name in engine.searches}
        parts = [hits for name, column in columns.items() for hits in engine.find(name, column)]
        hits = Hits.joined(parts)
        found = found_predicates(engine.program, hits)
        votes = decide(engine.program, found, _prices(batch.column("price")))
        places = evidence(engine.program, engine.fields, found, votes, hits, columns)
        arrays = engine.labels(batch.column("product_id"), votes) + columns_of(places)
        return pa.RecordBatch.from_arrays(arrays, schema=VOTE_ARROW)

    def __getstate__(self) -> tuple[Rule, ...]:
        return self.rules

    def __setstate__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules


class _Engine:
    """The automata and arrays of a rule set."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        readable = [(rule, node) for rule in rules if (node := _node(rule)) is not None]
        self.program: Program = program([node for _, node in readable])
        self.fields = field_numbers(self.program)
        atoms = {atom: number for number, atom in enumerate(self.program.atoms)}
        self.searches = {name: s for name in TEXT_FIELDS if (s := _search(name, atoms))}
        kept = [rule for rule, _ in readable]
        self.rule_ids = pa.array([rule.rule_id for rule in kept], pa.string())
        self.versions = pa.array([rule.rule_version for rule in kept], pa.int32())
        self.category_ids = pa.array([rule.category_id for rule in kept], pa.string())
        signs = [1 if rule.effect == "is" else -1 for rule in kept]
        self.signs = pa.array(signs, pa.int8())

    def find(self, name: str, column: TextColumn) -> list[Hits]:
        return self.searches[name].find(column)

    def labels(self, product_ids: pa.Array, votes: Votes) -> list[pa.Array]:
        """The vote columns product_id, rule_id, rule_version, category_id and vote."""
        rules = pa.array(votes.rules)
        per_rule = (self.rule_ids, self.versions, self.category_ids, self.signs)
        ids = product_ids.cast(pa.string()).take(pa.array(votes.rows))
        return [ids, *(array.take(rules) for array in per_rule)]


@lru_cache(maxsize=4)
def _engine(rules: tuple[Rule, ...]) -> _Engine:
    return _Engine(rules)


def _node(rule: Rule) -> Node | None:
    """The tree of the condition; None for one that cannot be read."""
    try:
        return parse(rule.condition)
    except RuleError:
        return None


def _search(name: str, atoms: dict[Atom, int]) -> FieldSearch | None:
    own = {atom: number for atom, number in atoms.items() if atom.field == name}
    return FieldSearch(own) if own else None


def _prices(column: pa.Array) -> NDArray[np.float64]:
    """One number per row, NaN where the price is missing."""
    return pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
