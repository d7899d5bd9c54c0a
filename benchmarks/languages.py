"""Languages of many texts at once against py3langid's own `rank`, one text at a time.

    python benchmarks/languages.py --texts 10000

Prints how many times as fast the whole batch is, and the largest difference of a probability. The
texts are the long cells of simulated feeds, of all their languages.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from aisles.feeds.spark import file_batches, list_files
from aisles.products.detect import LETTERS, identifier, probabilities
from aisles.simulate import simulate_local
from rule_matching import interleaved

_LONG = 25  # signs of a cell that holds words


def texts_of(folder: Path) -> Iterator[str]:
    """The long cells of simulated feeds."""
    simulate_local(str(folder), products=5000, images=False, answers=0)
    for file in list_files(str(folder / "feeds"), (), {}):
        for batch in file_batches(file):
            values = batch.column("values")
            cells = values.items.drop_null().unique().to_pylist()
            yield from (cell for cell in cells if len(cell) >= _LONG and "://" not in cell)


def main() -> None:
    """Alternates both and prints the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        texts = list(dict.fromkeys(texts_of(Path(folder))))
    texts = [texts[at] for at in np.random.default_rng(1).permutation(len(texts))[: args.texts]]
    library = identifier()
    found = probabilities(texts)
    alone = [dict(library.rank(text[:LETTERS])) for text in texts]
    said = np.array([[one[code] for code in found.codes] for one in alone])
    took = interleaved(
        args.repeat,
        alone=lambda: [library.rank(text[:LETTERS]) for text in texts],
        together=lambda: probabilities(texts),
    )
    ratios = [a / b for a, b in zip(took["alone"], took["together"])]
    print(f"{len(texts):,} texts, one at a time / at once: {np.median(ratios):.2f}")
    print(f"largest difference of a probability: {np.abs(said - found.probability).max():.6f}")


if __name__ == "__main__":
    main()
