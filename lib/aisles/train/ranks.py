"""The ranks of a training; the only module that calls Horovod's collective operations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class Ranks(Protocol):
    """What one rank needs of the others."""

    rank: int
    size: int
    local_rank: int  # among the ranks of this machine

    def add(self, values: Tensor, name: str) -> Tensor:
        """The sum of the values over all ranks, the same bits on each; may overwrite them."""
        ...

    def share(self, tensors: Sequence[Tensor], name: str) -> None:
        """Overwrites the tensors with those of rank 0."""
        ...


class Alone:
    """One process."""

    rank = 0
    size = 1
    local_rank = 0

    def add(self, values: Tensor, name: str) -> Tensor:  # noqa: ARG002
        """The values."""
        return values

    def share(self, tensors: Sequence[Tensor], name: str) -> None:
        """Nothing to do."""


class Horovod:
    """The processes that Horovod has started.

    Tensors on a GPU go through NCCL where Horovod is built with it and every rank has a GPU of its
    own, else through the host's memory and Gloo.
    """

    def __init__(self) -> None:
        import horovod.torch as hvd

        _mend_settings()
        hvd.init()
        self._hvd = hvd
        self.rank: int = hvd.rank()
        self.size: int = hvd.size()
        self.local_rank: int = hvd.local_rank()
        own = hvd.local_size() <= torch.cuda.device_count()
        self._nccl = bool(own and hvd.nccl_built())

    def add(self, values: Tensor, name: str) -> Tensor:
        """See Ranks. Not compressed: halves of floats would make the result depend on the ranks."""
        if self._direct(values):
            return self._hvd.allreduce_(values, op=self._hvd.Sum, name=name)
        return values.copy_(self._hvd.allreduce_(values.cpu(), op=self._hvd.Sum, name=name))

    def share(self, tensors: Sequence[Tensor], name: str) -> None:
        """See Ranks."""
        sent = [tensor if self._direct(tensor) else tensor.cpu() for tensor in tensors]
        handles = [
            self._hvd.broadcast_async_(tensor, root_rank=0, name=f"{name}.{i}")
            for i, tensor in enumerate(sent)
        ]
        for handle in handles:
            self._hvd.synchronize(handle)
        for tensor, come in zip(tensors, sent):
            if come is not tensor:
                tensor.copy_(come)

    def _direct(self, tensor: Tensor) -> bool:
        return self._nccl or not tensor.is_cuda

    def close(self) -> None:
        """Leaves the ranks."""
        self._hvd.shutdown()


def _mend_settings() -> None:
    # horovod.run 0.28.1 passes its unset options on as the text "(None,)", which is read as 0: a
    # cycle time of 0 ms keeps one core a rank busy with waiting, a cache of 0 negotiates every
    # message anew. Horovod's own defaults instead.
    for name, default in (("HOROVOD_CYCLE_TIME", "1"), ("HOROVOD_CACHE_CAPACITY", "1024")):
        if os.environ.get(name, "").startswith("("):
            os.environ[name] = default


def agree(ranks: Ranks, values: Sequence[float], name: str) -> list[float]:
    """The numbers of rank 0."""
    tensor = torch.tensor(values, dtype=torch.float64)
    ranks.share([tensor], name)
    return [float(value) for value in tensor]
