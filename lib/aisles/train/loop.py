"""The training loop that every rank runs."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from aisles.dataset import Loader, on_device, pin
from aisles.network import (
    Batch,
    Model,
    Network,
    Noise,
    Outputs,
    bce_sum,
    device_of,
    objective,
    save,
    use,
)
from aisles.train.checkpoint import Checkpoints
from aisles.train.optimise import Optimiser, rate_at
from aisles.train.progress import Progress, State
from aisles.train.ranks import Ranks
from aisles.train.spec import FitResult, FitSpec


def fit(spec: FitSpec, ranks: Ranks) -> FitResult:
    """What the training gave, on each rank; files are written by rank 0 only.

    It goes on from the run folder's checkpoint, if there is one, with the same result as without
    the interruption. Raises ValueError for data or settings that do not fit, RuntimeError when the
    loss is no longer finite.
    """
    if spec.version is None and ranks.size > 1:
        raise ValueError("several ranks need a fixed table version: start them with launch()")
    threads = set_threads(spec, ranks.size)
    version = pin(spec.table, spec.version, spec.snapshot_id, "train").version
    run = _Run.start(dataclasses.replace(spec, version=version), ranks)
    began = time.monotonic()
    while run.state.epoch < spec.train.epochs and not run.stale():
        run.epoch()
    return run.finish(threads, time.monotonic() - began)


def set_threads(spec: FitSpec, ranks: int) -> int:
    """The torch threads of this rank, which it sets: its share of the machine's cores."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    threads = spec.train.threads or max(1, cores // ranks)
    torch.set_num_threads(threads)
    return threads


@dataclass
class _Run:
    """One rank's training under way."""

    spec: FitSpec
    ranks: Ranks
    outputs: Outputs
    loader: Loader
    validation: Loader
    network: Network
    optimiser: Optimiser
    checkpoints: Checkpoints
    progress: Progress
    state: State
    device: torch.device
    trained: int = 0  # steps that this call has trained

    @staticmethod
    def start(spec: FitSpec, ranks: Ranks) -> _Run:
        folder = Path(spec.run_folder)
        folder.mkdir(parents=True, exist_ok=True)
        outputs = Outputs.load(spec.outputs)
        loader = _loader(spec, outputs, ranks, "train", shuffle=True)
        if not loader.plan.rows:
            raise ValueError(f"snapshot {spec.snapshot_id} of {spec.table} has no training rows")
        # The global generator is used for the first weights only; it is left as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec.train.seed)
            network = Network(spec.encoder, spec.network, torch.from_numpy(outputs.prior))
        device = device_of(spec.train.device, ranks.local_rank)
        use(device)
        optimiser = Optimiser(network.to(device), spec.train)
        checkpoints = Checkpoints(folder, spec.fingerprint, ranks)
        return _Run(
            spec,
            ranks,
            outputs,
            loader,
            _loader(spec, outputs, ranks, "validation", shuffle=False),
            network,
            optimiser,
            checkpoints,
            Progress(folder, active=ranks.rank == 0),
            # Horovod: every rank starts with rank 0's weights and counters.
            checkpoints.restore(network, optimiser),
            device,
        )

    def stale(self) -> bool:
        """True when the validation loss has not become better for `patience` epochs."""
        patience = self.spec.train.patience
        waited = self.state.epoch - self.state.best_epoch
        return patience > 0 and self.validation.plan.rows > 0 and waited >= patience

    def epoch(self) -> None:
        """Trains one epoch, measures it, and stores a checkpoint."""
        state, every = self.state, self.spec.train.checkpoint_steps
        began, first = time.monotonic(), state.step
        self.network.train()
        for batch in on_device(self.loader.epoch(state.epoch, state.step), self.device):
            self._step(batch)
            state.step += 1
            self.trained += 1
            if every and state.step % every == 0 and state.step < self.loader.steps:
                self.checkpoints.save(self.network, self.optimiser, state)
            if self.progress.due():
                self._tell("training", began, first)
        for table in self.network.tables:
            table.unpick()
        state.train_loss = state.loss / max(state.weight, 1e-12)
        measured = self._validate()
        if measured is None or measured < state.best:
            state.best = state.best if measured is None else measured
            state.best_epoch = state.epoch + 1
            self.checkpoints.save_best(self.network)
        state.validation += [] if measured is None else [measured]
        self._tell("epoch", began, first)
        state.epoch, state.step, state.loss, state.weight = state.epoch + 1, 0, 0.0, 0.0
        self.checkpoints.save(self.network, self.optimiser, state)

    def finish(self, threads: int, seconds: float) -> FitResult:
        """Stores the best weights as the model, and the result."""
        spec, state, plan = self.spec, self.state, self.loader.plan
        folder = Path(spec.run_folder)
        assert spec.version is not None
        rows = self.trained * plan.rows / plan.steps
        result = FitResult(
            model=str(folder / "model"),
            run_folder=spec.run_folder,
            version=spec.version,
            snapshot_id=spec.snapshot_id,
            rows=plan.rows,
            ranks=self.ranks.size,
            threads=threads,
            epochs=state.epoch,
            best_epoch=state.best_epoch,
            steps=plan.steps,
            train_loss=state.train_loss,
            validation_loss=state.best if state.validation else None,
            validation_losses=state.validation,
            padding=plan.padding,
            seconds=seconds,
            rows_per_s=rows / seconds if rows else 0.0,
            in_memory=plan.in_memory,
            device=self._device_name(),
        )
        if self.ranks.rank == 0:
            self.checkpoints.load_best(self.network)
            about = dataclasses.asdict(result) | {"table": spec.table}
            about["fingerprint"] = spec.fingerprint
            save(folder / "model", Model(self.network.cpu(), self.outputs, about))
            result.save(folder / "result.json")
        return result

    def _step(self, batch: Batch) -> None:
        spec, state = self.spec, self.state
        # Horovod: the sum of the weights, and which embeddings the global batch touches.
        weight = self._pick(batch)
        noise = Noise(spec.train.seed, state.epoch, state.step, *self._place(), self.device)
        self.network.zero_grad()
        loss, prediction = objective(self.network(batch, noise), batch, spec.train)
        (loss / weight).backward()
        count = state.epoch * self.loader.steps + state.step
        rate = rate_at(count, spec.train.epochs * self.loader.steps, spec.train)
        # Horovod: the gradients, and with them the loss.
        (summed,) = self.optimiser.step(self.ranks, rate, count + 1, prediction.reshape(1)).tolist()
        if not abs(summed) < float("inf"):
            raise RuntimeError(
                f"the loss is {summed} at epoch {state.epoch + 1}, step {state.step + 1}; "
                f"lower train.learning_rate ({spec.train.learning_rate})"
            )
        state.loss += summed
        state.weight += weight

    def _pick(self, batch: Batch) -> float:
        words, values = self.network.tables
        flags = torch.zeros(1 + len(words.weight) + len(values.weight), device=self.device)
        flags[0] = batch.weight.sum()
        flags[1 + batch.tokens.reshape(-1).long()] = 1
        flags[1 + batch.bag.reshape(-1).long()] = 1
        flags[1 + len(words.weight) + batch.categorical.reshape(-1).long()] = 1
        flags = self.ranks.add(flags, "touched")
        touched = flags[1:] > 0
        words.pick(touched[: len(words.weight)])
        values.pick(touched[len(words.weight) :])
        return max(float(flags[0]), 1e-12)

    def _place(self) -> tuple[slice, int]:
        total = self.spec.train.batch_size
        share = total // self.ranks.size
        return slice(self.ranks.rank * share, (self.ranks.rank + 1) * share), total

    @torch.inference_mode()
    def _validate(self) -> float | None:
        if not self.validation.plan.rows:
            return None
        self.network.eval()
        sums = torch.zeros(2, dtype=torch.float64, device=self.device)
        for batch in on_device(self.validation.epoch(0), self.device):
            logits = self.network(batch).logits
            sums[0] += bce_sum(logits, batch.target, batch.weight)
            sums[1] += batch.weight.sum()
        # Horovod: loss and weight of all ranks, so that they agree on when to stop.
        loss, weight = self.ranks.add(sums, "validation").tolist()
        return loss / max(weight, 1e-12)

    def _device_name(self) -> str:
        cuda = self.device.type == "cuda"
        return torch.cuda.get_device_name(self.device) if cuda else "cpu"

    def _tell(self, event: str, began: float, first: int) -> None:
        state, steps = self.state, self.loader.steps
        seconds = time.monotonic() - began
        rate = (state.step - first) * self.loader.plan.rows / steps / seconds
        loss = state.loss / max(state.weight, 1e-12)
        measured = state.validation[-1] if event == "epoch" and state.validation else None
        shown = "" if measured is None else f", validation {measured:.5f}"
        self.progress.tell(
            f"epoch {state.epoch + 1}/{self.spec.train.epochs} step {state.step}/{steps} "
            f"loss {loss:.5f}{shown}, {rate:.0f} rows/s",
            event=event,
            epoch=state.epoch + 1,
            epochs=self.spec.train.epochs,
            step=state.step,
            steps=steps,
            loss=loss,
            validation_loss=measured,
            rows_per_s=rate,
            seconds=seconds,
        )


def _loader(spec: FitSpec, outputs: Outputs, ranks: Ranks, split: str, shuffle: bool) -> Loader:
    without = spec.without if split == "train" else ()
    return Loader(
        pin(spec.table, spec.version, spec.snapshot_id, split, without),
        spec.train,
        spec.encoder,
        outputs.prior,
        outputs.unknown_weight,
        ranks.rank,
        ranks.size,
        shuffle,
    )
