"""Predictions compared with what is known, in Spark tasks, as additive counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from aisles.calibrate import Tally
from aisles.calibrate.pairs import Pairs
from aisles.dataset.rows import decode, targets
from aisles.score.scorer import VOTES, Calibrate, Packed, Scorer, flat, opened, vote_scores
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

Key = tuple[str, str, str]  # basis, products, system
COUNTED = "basis string, products string, system string, counts binary"

# What `measure` reads beside the model's inputs; indices are places among the outputs.
KNOWN = "known array<struct<basis:string,products:string,complete:boolean,given:array<int>>>"
ASKED = "asked array<struct<index:int,answer:float,weight:float>>"
_PAIRS = "pairs"  # in place of the products' group: single pairs, by whether a rule voted


@dataclass
class Measured:
    """The counts of one pass.

    tallies: by basis, products and system. pairs: by basis (answers; rules: labels and unknown
    pairs, counted only where asked for) and by `voted` or `unvoted`.
    """

    tallies: dict[Key, Tally] = field(default_factory=dict)
    pairs: dict[tuple[str, str], Pairs] = field(default_factory=dict)

    def of(self, basis: str, empty: Pairs) -> Pairs:
        """All pairs of one basis, voted for or not."""
        return sum((p for key, p in self.pairs.items() if key[0] == basis), start=empty)


def measure(
    sent: Broadcast[Packed],
    calibrate: Calibrate,
    thresholds: Mapping[str, NDArray[np.float64]],
    bins: int,
    unknown: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
) -> Callable[[DataFrame], DataFrame]:
    """A transform whose output row is the packed counts of one task for one Key.

    thresholds: system (model, rules) -> (C,). unknown: prior and weight (C,) of unknown pairs;
    with them the targets of the examples are counted as rule labels.
    """

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scorer = opened(sent)
        counts: dict[Key, Tally | Pairs] = {}
        for batch in batches:
            _count(scorer, batch, calibrate, thresholds, bins, unknown, counts)
        rows = [(*key, value.to_bytes()) for key, value in counts.items()]
        columns = [pa.array(column) for column in zip(*rows)]
        if columns:
            names = [part.split()[0] for part in COUNTED.split(", ")]
            yield pa.RecordBatch.from_arrays(columns, names=names)

    def transform(frame: DataFrame) -> DataFrame:
        return frame.mapInArrow(run, COUNTED)

    return transform


def measured(rows: Iterable[Mapping[str, object]], taxonomy: Taxonomy) -> Measured:
    """The counts of all tasks together; rows: what `measure` gave, a few a task."""
    total = Measured()
    for row in rows:
        key: Key = (str(row["basis"]), str(row["products"]), str(row["system"]))
        counts = bytes(row["counts"])  # type: ignore[call-overload]
        if key[1] == _PAIRS:
            part, place = Pairs.from_bytes(counts), (key[0], key[2])
            total.pairs[place] = total.pairs[place] + part if place in total.pairs else part
        else:
            tally = Tally.from_bytes(counts, taxonomy)
            known = total.tallies.get(key)
            total.tallies[key] = tally if known is None else known + tally
    return total


def _count(
    scorer: Scorer,
    batch: pa.RecordBatch,
    calibrate: Calibrate,
    thresholds: Mapping[str, NDArray[np.float64]],
    bins: int,
    unknown: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
    counts: dict[Key, Tally | Pairs],
) -> None:
    tree, first = scorer.taxonomy, 0
    for said in scorer.predict(batch):
        part = batch.slice(first, len(said.embedding))
        first += part.num_rows
        rules = vote_scores(part.column(VOTES), tree)
        model = tree.coherent(calibrate(said.probabilities.numpy(), rules > 0))
        by_system = {"model": model, "rules": rules}
        for basis, products, row, complete, truth in _knowledge(part.column("known"), tree):
            for system, probability in by_system.items():
                tally = counts.setdefault(
                    (basis, products, system), Tally(tree, bins, thresholds[system])
                )
                assert isinstance(tally, Tally)
                tally.add(probability[row], truth, complete)
            if basis == "answers":
                whole = row[complete]
                answers = truth[complete].reshape(-1)
                places = np.repeat(whole, len(tree)), np.tile(np.arange(len(tree)), len(whole))
                _add(counts, "answers", places, model, rules, answers, 1.0, bins)
        _count_pairs(scorer, part, model, rules, bins, unknown, counts)


def _count_pairs(
    scorer: Scorer,
    part: pa.RecordBatch,
    model: NDArray,
    rules: NDArray,
    bins: int,
    unknown: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
    counts: dict[Key, Tally | Pairs],
) -> None:
    """Counts pairs that were asked singly and, where wanted, rule labels."""
    row, values = flat(part.column("asked"))
    if len(row):
        places = row, np.asarray(values.field("index"))
        answer, weight = np.asarray(values.field("answer")), np.asarray(values.field("weight"))
        _add(counts, "answers", places, model, rules, answer, weight, bins)
    if unknown is not None:
        columns = {
            name: np.array([cell or b"" for cell in part.column(name).to_pylist()], object)
            for name in part.schema.names
            if name in _DECODED or name.startswith("target_")
        }
        target, weight = targets(decode(columns, scorer.model.network.encoder, 1.0), *unknown)
        every = np.indices(model.shape).reshape(2, -1)
        places = every[0], every[1]
        _add(counts, "rules", places, model, rules, target.ravel(), weight.ravel(), bins)


def _add(
    counts: dict[Key, Tally | Pairs],
    basis: str,
    places: tuple[NDArray, NDArray],
    model: NDArray,
    rules: NDArray,
    target: NDArray,
    weight: NDArray | float,
    bins: int,
) -> None:
    """Counts the pairs at (row, category), those with a vote apart from those without."""
    voted = rules[places] > 0
    each = np.broadcast_to(np.asarray(weight, np.float64), voted.shape)
    for name, at in (("voted", voted), ("unvoted", ~voted)):
        if at.any():
            pairs = counts.setdefault((basis, _PAIRS, name), Pairs(model.shape[1], bins))
            assert isinstance(pairs, Pairs)
            pairs.add(places[1][at], model[places][at], target[at], each[at])


_DECODED = ("tokens", "bag", "categorical", "numerical", "image")


def _knowledge(
    known: pa.ListArray, tree: Taxonomy
) -> Iterator[tuple[str, str, NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]]:
    """(basis, products, rows, complete (n,), closed truth (n, C)) of what is known of a batch."""
    row, values = flat(known)
    if not len(row):
        return
    basis, products = (np.asarray(values.field(n).to_pylist()) for n in ("basis", "products"))
    complete = np.asarray(values.field("complete"))
    entry, given = flat(values.field("given"))
    truth = np.zeros((len(row), len(tree)), np.bool_)
    truth[entry, np.asarray(given)] = True
    truth = tree.close_up(truth)
    for one in sorted(set(zip(basis.tolist(), products.tolist()))):
        at = np.flatnonzero((basis == one[0]) & (products == one[1]))
        yield one[0], one[1], row[at], complete[at], truth[at]
