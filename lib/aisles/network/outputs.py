"""The categories that a network predicts, in the order of its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aisles.taxonomy import Taxonomy


@dataclass(frozen=True)
class Outputs:
    """C categories in depth-first order.

    ids, names, paths: one string an output. parent: int32 (C,), -1 for a root. prior: float32 (C,),
    target where nothing is known. unknown_weight: float32 (C,), the weight of such a target.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    paths: tuple[str, ...]
    parent: NDArray[np.int32]
    prior: NDArray[np.float32]
    unknown_weight: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    @staticmethod
    def of(taxonomy: Taxonomy, prior: NDArray, unknown_weight: NDArray) -> Outputs:
        """The outputs of a taxonomy's nodes."""
        assert len(prior) == len(unknown_weight) == len(taxonomy)
        return Outputs(
            taxonomy.ids,
            taxonomy.names,
            taxonomy.paths,
            taxonomy.parent,
            np.asarray(prior, np.float32),
            np.asarray(unknown_weight, np.float32),
        )

    def save(self, path: str | Path) -> None:
        """Writes an .npz file."""
        np.savez(
            path,
            ids=np.array(self.ids, np.str_),
            names=np.array(self.names, np.str_),
            paths=np.array(self.paths, np.str_),
            parent=self.parent,
            prior=self.prior,
            unknown_weight=self.unknown_weight,
        )

    @staticmethod
    def load(path: str | Path) -> Outputs:
        """What `save` has written. Raises ValueError for a file that is not such a one."""
        with np.load(path, allow_pickle=False) as stored:
            missing = {"ids", "names", "paths", "parent", "prior", "unknown_weight"} - set(stored)
            if missing:
                raise ValueError(f"{path}: no outputs file, {', '.join(sorted(missing))} missing")
            texts = {key: tuple(map(str, stored[key])) for key in ("ids", "names", "paths")}
            return Outputs(
                **texts,
                parent=stored["parent"].astype(np.int32),
                prior=stored["prior"].astype(np.float32),
                unknown_weight=stored["unknown_weight"].astype(np.float32),
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, for JSON."""
        return {
            "ids": list(self.ids),
            "names": list(self.names),
            "paths": list(self.paths),
            "parent": self.parent.tolist(),
            "prior": self.prior.tolist(),
            "unknown_weight": self.unknown_weight.tolist(),
        }

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Outputs:
        """The outputs of what `to_dict` gave."""
        return Outputs(
            tuple(values["ids"]),
            tuple(values["names"]),
            tuple(values["paths"]),
            np.array(values["parent"], np.int32),
            np.array(values["prior"], np.float32),
            np.array(values["unknown_weight"], np.float32),
        )
