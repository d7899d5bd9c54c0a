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
from aisles.score.scorer import Calibration, Packed, Scorer, opened
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

Key = tuple[str, str, str]  # basis, products, system
COUNTED = "basis string, products string, system string, counts binary"

# What `measure` reads beside the model's inputs; indices are places among the outputs.
KNOWN = "known array<struct<basis:string,products:string,complete:boolean,given:array<int>>>"
ASKED = "asked array<struct<index:int,answer:float,weight:float>>"
RULES = "rules array<struct<index:int,score:float>>"
_ASKED: Key = ("answers", "pairs", "model")
_LABELS: Key = ("rules", "pairs", "model")


@dataclass
class Measured:
    """The counts of one pass.

    tallies: by basis, products and system. asked: single answered pairs. labels: rule labels and
    unknown pairs, counted only where asked for.
    """

    tallies: dict[Key, Tally] = field(default_factory=dict)
    asked: Pairs | None = None
    labels: Pairs | None = None


def measure(
    sent: Broadcast[Packed],
    calibrate: Calibration,
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
        if key == _ASKED:
            part = Pairs.from_bytes(counts)
            total.asked = part if total.asked is None else total.asked + part
        elif key == _LABELS:
            part = Pairs.from_bytes(counts)
            total.labels = part if total.labels is None else total.labels + part
        else:
            tally = Tally.from_bytes(counts, taxonomy)
            known = total.tallies.get(key)
            total.tallies[key] = tally if known is None else known + tally
    return total


def _count(
    scorer: Scorer,
    batch: pa.RecordBatch,
    calibrate: Calibration,
    thresholds: Mapping[str, NDArray[np.float64]],
    bins: int,
    unknown: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
    counts: dict[Key, Tally | Pairs],
) -> None:
    tree, first = scorer.taxonomy, 0
    for said in scorer.predict(batch):
        part = batch.slice(first, len(said.embedding))
        first += part.num_rows
        model = tree.coherent(calibrate(said.probabilities.numpy()))
        by_system = {"model": model, "rules": _rule_scores(part.column("rules"), tree)}
        for basis, products, row, complete, truth in _knowledge(part.column("known"), tree):
            for system, probability in by_system.items():
                tally = counts.setdefault(
                    (basis, products, system), Tally(tree, bins, thresholds[system])
                )
                assert isinstance(tally, Tally)
                tally.add(probability[row], truth, complete)
        _count_pairs(scorer, part, model, bins, unknown, counts)


def _count_pairs(
    scorer: Scorer,
    part: pa.RecordBatch,
    model: NDArray,
    bins: int,
    unknown: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
    counts: dict[Key, Tally | Pairs],
) -> None:
    row, values = _flat(part.column("asked"))
    if len(row):
        pairs = counts.setdefault(_ASKED, Pairs(len(scorer.taxonomy), bins))
        index = np.asarray(values.field("index"))
        answer, weight = np.asarray(values.field("answer")), np.asarray(values.field("weight"))
        assert isinstance(pairs, Pairs)
        pairs.add(index, model[row, index], answer, weight)
    if unknown is not None:
        pairs = counts.setdefault(_LABELS, Pairs(len(scorer.taxonomy), bins))
        columns = {
            name: np.array([cell or b"" for cell in part.column(name).to_pylist()], object)
            for name in part.schema.names
            if name in _DECODED or name.startswith("target_")
        }
        target, weight = targets(decode(columns, scorer.model.network.encoder, 1.0), *unknown)
        category = np.tile(np.arange(len(scorer.taxonomy)), len(model))
        assert isinstance(pairs, Pairs)
        pairs.add(category, model.reshape(-1), target.reshape(-1), weight.reshape(-1))


_DECODED = ("tokens", "bag", "categorical", "numerical", "image")


def _flat(lists: pa.ListArray) -> tuple[NDArray[np.int64], pa.StructArray]:
    """(row of each entry, the entries) of a column of lists."""
    filled = lists.fill_null([]) if lists.null_count else lists
    lengths = np.diff(np.asarray(filled.offsets))
    return np.repeat(np.arange(len(lists)), lengths), filled.flatten()


def _rule_scores(rules: pa.ListArray, tree: Taxonomy) -> NDArray[np.float32]:
    """(n, C): precision of the best rule that voted for the category or one below it."""
    scores = np.zeros((len(rules), len(tree)), np.float32)
    row, values = _flat(rules)
    np.maximum.at(
        scores, (row, np.asarray(values.field("index"))), np.asarray(values.field("score"))
    )
    return tree.coherent(scores).astype(np.float32)


def _knowledge(
    known: pa.ListArray, tree: Taxonomy
) -> Iterator[tuple[str, str, NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]]:
    """(basis, products, rows, complete (n,), closed truth (n, C)) of what is known of a batch."""
    row, values = _flat(known)
    if not len(row):
        return
    basis, products = (np.asarray(values.field(n).to_pylist()) for n in ("basis", "products"))
    complete = np.asarray(values.field("complete"))
    entry, given = _flat(values.field("given"))
    truth = np.zeros((len(row), len(tree)), np.bool_)
    truth[entry, np.asarray(given)] = True
    truth = tree.close_up(truth)
    for one in sorted(set(zip(basis.tolist(), products.tolist()))):
        at = np.flatnonzero((basis == one[0]) & (products == one[1]))
        yield one[0], one[1], row[at], complete[at], truth[at]
