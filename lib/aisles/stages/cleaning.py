"""From records to cleaned ones: which are to be cleaned, and what is kept meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aisles.parts import Feed, among
from aisles.products.identity import judge, judge_few, repeats, told, verdicts
from aisles.products.normalise import normalise
from aisles.products.quality import kinds
from aisles.stages.changes import BROADCAST_ROWS, Changes, changes
from aisles.stages.cleaned import Cleaned, booked, count_cleaned, counts, what
from aisles.stages.deliveries import Delivery, records
from aisles.stages.job import Account, Job
from aisles.stages.normalise_plan import Work

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# So few records, some 50 MB, are kept rather than scanned again.
FEW = 100_000


@dataclass(frozen=True)
class Cleaning:
    """What is made of the records that are to be cleaned, on the way to products.

    counted: what `kinds` makes of them; of few ones it is to be read once, before they are judged,
    as they are made and counted then. found: what the feeds that are read in part have now, if
    any are. known: product_id of the stored products that they may be. few: see `Delivered`.
    judged: adds what became of them to the books; what `judge` makes of them.
    """

    counted: DataFrame
    found: Changes | None
    known: DataFrame
    few: bool
    judged: Callable[[Account], tuple[DataFrame, Cleaned]]

    def beside(self, frame: DataFrame) -> DataFrame:
        """The frame, to be joined to what is made of the candidates.

        Few ones stay where they are, as to broadcast a frame takes a job of its own.
        """
        return frame.hint("shuffle_hash") if self.few else frame


@dataclass(frozen=True)
class Delivered:
    """The records of this run's deliveries.

    few: they are kept, as it takes longer to plan another scan; what is made of them is held
    against other rows in one partition, without a shuffle. feeds: whose records they are.
    """

    records: DataFrame
    few: bool
    feeds: frozenset[Feed]

    def of(self, feeds: Mapping[Feed, Delivery]) -> DataFrame:
        """Those of some of the feeds."""
        return self.records if self.feeds == set(feeds) else self.records.where(among(feeds))


def delivered(job: Job, present: Sequence[Delivery]) -> Delivered:
    """The records of these deliveries."""
    found = records(job, present)
    few = 0 < sum(one.declared.records for one in present) < FEW
    feeds = frozenset(one.feed for one in present)
    return Delivered(_made_once(found) if few else found, few, feeds)


def compared(
    job: Job, work: Work, came: Delivered, stored: DataFrame, kept: ExitStack
) -> Changes | None:
    """What the feeds that are read in part have now, if any are.

    stored: these feeds' rows of products. kept: lets go of what is kept.
    """
    if not work.parts:
        return None
    found = changes(job, work, came.of(work.parts), stored, came.few)
    _keep(found.groups, kept)
    return found


def clean(
    work: Work, came: Delivered, found: Changes | None, stored: DataFrame, kept: ExitStack
) -> Cleaning:
    """Cleans what is to be cleaned; found, stored, kept: see `compared`."""
    from pyspark import StorageLevel

    candidates, ids = _candidates(work, came, found), _known(stored, found, work)
    if came.few:
        # Of a feed that is read whole more may be stored than fits into the memory of a worker.
        known = ids.hint("merge" if work.whole else "shuffle_hash")
        few = what(judge_few(_made_once(candidates)), known)
        few = _made_once(few)
        watched, seen = counts(few)
        return Cleaning(
            kinds(watched),
            found,
            ids,
            True,
            lambda books: (few, booked(Cleaned(**seen.get), books)),
        )
    candidates = _keep(candidates.persist(StorageLevel.DISK_ONLY), kept)
    known = _keep(told(candidates).persist(), kept)
    repeated = _keep(repeats(known).persist(), kept)
    repeated.count()
    marks = _keep(verdicts(known, repeated).persist(), kept)
    counted = _keep(kinds(known).persist(), kept)

    def judged(account: Account) -> tuple[DataFrame, Cleaned]:
        done = count_cleaned(counted, marks, account)
        # Each id that occurs again has one product, and others that are duplicates or rejected.
        small = 2 * (done.records - done.products) < BROADCAST_ROWS
        return judge(candidates, marks, "broadcast" if small else ""), done

    return Cleaning(counted, found, ids, False, judged)


def _made_once(frame: DataFrame) -> DataFrame:
    """Few rows in one partition, which are kept from when they are first read."""
    return frame.coalesce(1).localCheckpoint(False).coalesce(1)


def _known(stored: DataFrame, found: Changes | None, work: Work) -> DataFrame:
    """product_id of the stored products whose records are cleaned, perhaps of others of theirs."""
    of_whole = stored.filter(among(work.whole)).select("product_id")
    if found is None:
        return of_whole
    return found.known().unionByName(of_whole) if work.whole else found.known()


def _keep(frame: DataFrame, kept: ExitStack) -> DataFrame:
    """The frame, which is persisted; kept lets go of it."""
    kept.callback(frame.unpersist)
    return frame


def _candidates(work: Work, came: Delivered, found: Changes | None) -> DataFrame:
    """One row is one record that is to be cleaned, cleaned."""
    wanted = came.of(work.whole)
    if found is not None:
        some = came.of(work.parts).join(found.places(), ["file", "record_no"], how="left_semi")
        wanted = wanted.unionByName(some) if work.whole else some
    return normalise(work.readings)(wanted)
