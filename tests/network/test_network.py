from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from aisles.config import EncoderConfig, NetworkConfig, TrainConfig
from aisles.network import (
    MEMBERS,
    Batch,
    Model,
    Network,
    Noise,
    Outputs,
    bce_sum,
    load,
    objective,
    save,
)
from aisles.taxonomy import Taxonomy

ENCODER = EncoderConfig(
    tokens=7, bag=9, vocabulary=50, categorical=3, buckets=20, numerical=2, image_px=8
)
CONFIG = NetworkConfig(
    text_dim=8, conv_channels=6, image_channels=4, categorical_dim=4, hidden=16, embedding=12
)
PRIOR = torch.linspace(0.05, 0.4, 5)


def _network() -> Network:
    torch.manual_seed(3)
    return Network(ENCODER, CONFIG, PRIOR).eval()


def _batch(rows: int = 6, seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)

    def ids(width: int, limit: int) -> Tensor:
        return torch.randint(1, limit, (rows, width), generator=draw, dtype=torch.int32)

    return Batch(
        tokens=ids(7, 50),
        bag=ids(9, 50),
        categorical=ids(3, 20),
        numerical=torch.randn(rows, 2, generator=draw),
        image=torch.randint(0, 256, (rows, 3, 8, 8), generator=draw, dtype=torch.uint8),
        has_image=torch.ones(rows, dtype=torch.bool),
        target=torch.rand(rows, 5, generator=draw),
        weight=torch.rand(rows, 5, generator=draw),
        row_weight=torch.ones(rows),
    )


def _cut(batch: Batch, rows: slice) -> Batch:
    fields = [f.name for f in dataclasses.fields(Batch) if f.name != "product_ids"]
    return Batch(**{name: getattr(batch, name)[rows] for name in fields})


def _without(batch: Batch, row: int, names: str) -> Batch:
    changed: dict[str, Any] = {}
    for name in names.split():
        values = getattr(batch, name).clone()
        values[row] = 0
        changed[name] = values
    return dataclasses.replace(batch, **changed)


@pytest.mark.parametrize(
    ("missing", "absent"),
    [
        ("", []),
        ("bag", ["bag"]),
        ("bag tokens", ["bag", "conv"]),
        ("has_image", ["image"]),
        ("categorical", []),
        ("categorical numerical", ["tabular"]),
        ("bag tokens has_image categorical numerical", ["bag", "conv", "image", "tabular"]),
    ],
)
def test_missing_inputs_leave_their_member_out(missing: str, absent: list[str]) -> None:
    network, whole = _network(), _batch()
    batch = _without(whole, 2, missing)
    output = network(batch)
    there = [name for name, has in zip(MEMBERS, output.present[:, 2].tolist()) if has]
    assert there == [name for name in MEMBERS if name not in absent]
    assert bool(output.present[:, [0, 1, 3, 4, 5]].all())
    share = network.mixture[[MEMBERS.index(name) for name in there]].softmax(0)
    rest = output.members[[MEMBERS.index(name) for name in there], 2]
    torch.testing.assert_close(output.logits[2], share @ rest)
    assert network.predict(batch).members is None
    prediction = network.predict(batch, members=True)
    assert prediction.members is not None
    members = prediction.members[:, 2]
    assert torch.isnan(members).any(1).tolist() == [name in absent for name in MEMBERS]
    spread = members[~torch.isnan(members).any(1)].std(0, unbiased=False)
    torch.testing.assert_close(prediction.spread[2], spread)
    assert torch.isfinite(prediction.probabilities).all()
    assert prediction.embedding.shape == (6, 12)


def test_a_picture_that_is_not_there_has_no_influence() -> None:
    network, batch = _network(), _without(_batch(), 1, "has_image")
    other = _without(batch, 1, "image")
    torch.testing.assert_close(network(batch).logits, network(other).logits, rtol=0, atol=0)


def test_results_do_not_depend_on_the_other_rows() -> None:
    network, batch = _network(), _batch(12)
    batch = _without(batch, 3, "tokens")
    tokens = batch.tokens.clone()
    tokens[:5, 2:] = 0  # a batch of short rows is cut to their length
    batch = dataclasses.replace(batch, tokens=tokens)
    whole = network(batch)
    for rows in (slice(0, 5), slice(3, 4), slice(5, 12)):
        part = network(_cut(batch, rows))
        torch.testing.assert_close(part.logits, whole.logits[rows], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(part.embedding, whole.embedding[rows], rtol=1e-5, atol=1e-6)


def test_noise_is_drawn_for_the_global_batch() -> None:
    network, batch = _network().train(), _batch(12)
    whole = network(batch, Noise(1, 2, 3, slice(0, 12), 12))
    for ranks in (2, 3):
        share = 12 // ranks
        for rank in range(ranks):
            rows = slice(rank * share, (rank + 1) * share)
            part = network(_cut(batch, rows), Noise(1, 2, 3, rows, 12))
            torch.testing.assert_close(part.logits, whole.logits[rows], rtol=1e-5, atol=1e-6)
            assert torch.equal(part.present, whole.present[:, rows])
    other = network(batch, Noise(1, 2, 4, slice(0, 12), 12))
    assert not torch.allclose(other.logits, whole.logits)


def test_noise_has_the_chance_asked_for() -> None:
    noise = Noise(1, 0, 0, slice(0, 1000), 1000)
    assert noise.chance("a", 100, 0.2).float().mean() == pytest.approx(0.2, abs=0.01)
    dropped = noise.dropout("b", torch.ones(1000, 100), 0.25)
    assert dropped.mean() == pytest.approx(1, abs=0.02)
    assert noise.dropout("b", torch.ones(3, 2), 0.0).tolist() == [[1, 1]] * 3
    assert not torch.equal(noise.chance("a", 9, 0.5), noise.chance("b", 9, 0.5))


def test_untrained_network_says_about_the_prior() -> None:
    probabilities = _network().predict(_batch(200)).probabilities.mean(0)
    torch.testing.assert_close(probabilities, PRIOR, rtol=0.2, atol=0.02)


def test_picked_rows_give_the_same_logits_and_gradients() -> None:
    batch = _batch()
    plain, picking = _network(), _network()
    for table in plain.tables:
        table.weight.requires_grad_()
    for table, ids in zip(picking.tables, ((batch.tokens, batch.bag), (batch.categorical,))):
        touched = torch.zeros(len(table.weight), dtype=torch.bool)
        for used in ids:
            touched[used.reshape(-1).long()] = True
        table.pick(touched)
    one, other = plain(batch), picking(batch)
    torch.testing.assert_close(one.logits, other.logits)
    one.logits.square().sum().backward()
    other.logits.square().sum().backward()
    for table, small in zip(plain.tables, picking.tables):
        assert table.weight.grad is not None
        assert small.picked is not None
        assert small.rows is not None
        assert small.picked.grad is not None
        torch.testing.assert_close(table.weight.grad[small.rows][1:], small.picked.grad[1:])
        assert not small.picked.grad[0].any()


@pytest.mark.parametrize("mixture", [0.0, 1.0])
def test_loss_equals_the_textbook(mixture: float) -> None:
    network, batch = _network(), _without(_batch(), 0, "has_image")
    output, train = network(batch), TrainConfig(mixture_loss=mixture)
    bce = torch.nn.functional.binary_cross_entropy_with_logits

    def loss(logits: Tensor, weight: Tensor) -> Tensor:
        return bce(logits, batch.target, weight, reduction="sum")

    expected = train.mixture_loss * loss(output.logits, batch.weight)
    for member, logits, present in zip(MEMBERS, output.members, output.present):
        factor = train.fused_loss if member == "fused" else train.member_loss
        expected = expected + factor * loss(logits, batch.weight * present.unsqueeze(1))
    whole, prediction = objective(output, batch, train)
    torch.testing.assert_close(whole, expected)
    torch.testing.assert_close(prediction, loss(output.logits, batch.weight).detach())


def test_loss_gradient() -> None:
    logits = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    target, weight = torch.rand(4, 3).double(), torch.rand(4, 3).double()
    assert torch.autograd.gradcheck(lambda x: bce_sum(x, target, weight), (logits,))


def test_rows_of_weight_zero_change_nothing() -> None:
    network, batch = _network(), _batch(8)
    weight = batch.weight.clone()
    weight[5:] = 0
    padded = objective(network(batch), dataclasses.replace(batch, weight=weight), TrainConfig())[0]
    short = _cut(batch, slice(0, 5))
    torch.testing.assert_close(padded, objective(network(short), short, TrainConfig())[0])


def _outputs() -> Outputs:
    tree = Taxonomy.build([("1", None, "Häuser"), *((str(i), "1", f"n{i}") for i in range(2, 6))])
    return Outputs.of(tree, PRIOR.numpy(), np.full(5, 0.1, np.float32))


def test_model_comes_back(tmp_path: Path) -> None:
    network, batch = _network(), _batch()
    save(tmp_path / "m", Model(network, _outputs(), {"snapshot_id": "s1"}))
    assert {path.name for path in (tmp_path / "m").iterdir()} == {"model.pt", "model.json"}
    back = load(tmp_path / "m")
    assert back.about == {"snapshot_id": "s1"}
    assert back.outputs.paths == ("Häuser", *(f"Häuser > n{i}" for i in range(2, 6)))
    assert back.outputs.parent.tolist() == [-1, 0, 0, 0, 0]
    before, after = network.predict(batch, True), back.network.predict(batch, True)
    for one, other in zip(dataclasses.astuple(before), dataclasses.astuple(after)):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


def test_models_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"model.json and model.pt missing"):
        load(tmp_path)
    save(tmp_path, Model(_network(), _outputs(), {}))
    described = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(described | {"format": 9}))
    with pytest.raises(ValueError, match="format 9, expected 1"):
        load(tmp_path)


def test_outputs_file_comes_back(tmp_path: Path) -> None:
    _outputs().save(tmp_path / "o.npz")
    back = Outputs.load(tmp_path / "o.npz")
    assert back.to_dict() == _outputs().to_dict()
    np.savez(tmp_path / "x.npz", prior=np.zeros(2))
    with pytest.raises(ValueError, match="ids"):
        Outputs.load(tmp_path / "x.npz")
