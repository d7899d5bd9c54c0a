"""Right roles of columns: on the evaluation feeds, and in layouts of networks of the world.

    python benchmarks/roles.py                  # every source, every way
    python benchmarks/roles.py --wrong kit      # also what was wrong, in sources of this name

A role of a feed is right when the columns that were given it are among the key's (at least one of
them), or when the key has none and none was given. The ways:

* plain: as the pipeline does it;
* left out: without every word of words.yml that stands, alone or as a piece of a compound, in a
  header of this network and of no other network of any source. Layouts that follow one format
  (`_FAMILIES`) count as one network;
* hidden: without the header, so from the values alone; roles whose columns are wholly empty are not
  counted;
* few: from the first five rows only; few, lent: with what the network's other feeds say. Both also
  hidden. Only for sources in which networks have several feeds.

The sources: the evaluation feeds (AISLES_KIT names their folder), their single rows, simulated
feeds, and layouts with made-up values. Those in tests/feeds/world.txt were written by the hand that
wrote the words: half of them, chosen by a hash of their names, are `held`, which is to say that
their results did not guide the work. The headers in world_found.txt are others' and were collected
when words and evidence stood.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from aisles.feeds.borrow import FEW_POINTS, lent
from aisles.feeds.infer import Borrowed, infer
from aisles.feeds.lexicon import Lexicon, lexicon
from aisles.feeds.profile import profile_of
from aisles.feeds.vocabulary import chunks_of
from aisles.simulate.build import simulate_local

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "feeds"))

import role_cases
from role_cases import Case, Verdicts, few, hidden, judged

ROOT = Path(__file__).parents[1]

_FAMILIES = {
    "google": ("google", "facebook"), "heureka": ("heureka", "glami"),
    "yandex": ("yandex", "admitad"), "shopify": ("shopify", "json shop"),
    "tradetracker": ("tradetracker",), "webgains": ("webgains",), "flipkart": ("flipkart",),
}  # fmt: skip
_SHARED = ("kit", "real rows", "simulated")
KIT = Path(os.environ.get("AISLES_KIT", ROOT.parent / "shared" / "data"))


def cases() -> Iterator[Case]:
    """Every feed of every source."""
    if KIT.is_dir():
        yield from role_cases.feeds(KIT, "kit")
        yield from role_cases.real_rows(KIT)
    with tempfile.TemporaryDirectory() as folder:
        simulate_local(folder, products=8000, images=False)
        yield from role_cases.feeds(Path(folder), "simulated")
    yield from role_cases.layouts()


def left_out(every: list[Case]) -> dict[str, Lexicon]:
    """Family of networks -> the words that are known without it."""
    spoken: dict[str, set[str]] = defaultdict(set)
    for case in every:
        if case.header:
            for column in case.columns:
                chunks = chunks_of(column.name, lexicon())
                spoken[family(case.network)] |= {c.word for c in chunks if c.word}
    found = {}
    for network, words in spoken.items():
        others = set().union(*(w for other, w in spoken.items() if other != network))
        own = words - others
        # A stem was looked up: its bent forms go with it.
        bent = {w for w in lexicon().words for cut in (1, 2) if w[:-cut] in own}
        found[network] = lexicon().without(own | (bent - others))
    return found


def family(network: str) -> str:
    """The network's name, one for all layouts of the same format."""
    for name, starts in _FAMILIES.items():
        if network.startswith(starts):
            return name
    return network


def borrowed(case: Case, kin: list[dict[str, Any]]) -> Borrowed:
    """What the other feeds of its network lend the case."""
    feed = (case.network, case.feed)
    others = [row for row in kin if row["retailer"] != case.feed]
    return lent(others + rows_of(case), {feed: FEW_POINTS})[feed]


def rows_of(case: Case) -> list[dict[str, Any]]:
    """The case's rows of column_roles, as far as others borrow from them."""
    return [
        {
            "network": case.network,
            "retailer": case.feed,
            "column": found.column,
            "role": found.role,
            "confidence": found.confidence,
            "profile": profile_of(found.shape, ()).text,
        }
        for found in infer(case.columns, case.header)
    ]


def ways(every: list[Case]) -> dict[str, Callable[[Case], Verdicts]]:
    """Way -> how a case fares in it."""
    without = left_out(every)
    shared = [case for case in every if case.source in _SHARED]
    kin = [row for case in shared for row in rows_of(case)]
    hidden_kin = [row for case in shared for row in rows_of(hidden(case))]

    def plain(case: Case, loan: Borrowed | None = None) -> Verdicts:
        return judged(case, infer(case.columns, case.header, loan))

    def left(case: Case) -> Verdicts:
        known = without[family(case.network)] if case.header else None
        return judged(case, infer(case.columns, case.header, known=known))

    def lent_to(case: Case, rows: list[dict[str, Any]]) -> Verdicts:
        return plain(case, borrowed(case, rows))

    return {
        "plain": plain,
        "left out": left,
        "hidden": lambda case: plain(hidden(case)),
        "few": lambda case: plain(few(case)),
        "few, lent": lambda case: lent_to(few(case), kin),
        "few, hidden": lambda case: plain(few(hidden(case))),
        "few, hidden, lent": lambda case: lent_to(few(hidden(case)), hidden_kin),
    }


def main() -> None:
    """Prints right roles by source and way, by role, and by feed where they fall short."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--wrong", default="", help="also tell what was wrong in these sources")
    asked = parser.parse_args()
    every = list(cases())
    for way, fares in ways(every).items():
        table: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for case in every:
            if way.startswith("few") and case.source not in _SHARED:
                continue
            for role, (right, why) in fares(case).items():
                for row in ("all", role):
                    table[row, case.source][0] += right
                    table[row, case.source][1] += 1
                if not right and case.source in asked.wrong.split(","):
                    print(f"  {way}: {case.feed}: {role}: {why}")
        _tell(way, table)
    _tell_time(every)


def _tell_time(every: list[Case]) -> None:
    """The processor time of one inference, the median and the longest over all feeds."""
    took = []
    for case in every:
        start = time.process_time()
        infer(case.columns, case.header)
        took.append(time.process_time() - start)
    print(f"\n{statistics.median(took):.3f} s a feed in the median, {max(took):.3f} s at most")


def _tell(way: str, table: dict[tuple[str, str], list[int]]) -> None:
    sources = list(dict.fromkeys(source for _, source in table))
    print(f"\n{way:22}" + "".join(f"{source:>18}" for source in sources))
    for row in dict.fromkeys(row for row, _ in table):
        cells = [table.get((row, source), [0, 0]) for source in sources]
        texts = [f"{r}/{n} {100 * r / n:5.1f}%" if n else "" for r, n in cells]
        print(f"{row:22}" + "".join(f"{text:>18}" for text in texts))


if __name__ == "__main__":
    main()
