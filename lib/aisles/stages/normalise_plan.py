"""What a run of normalise has to do, told from the watermark in the commits to products."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aisles.parts import Feed
from aisles.products.reading import VERSION, Reading
from aisles.stages.deliveries import Delivery
from aisles.stages.readings import Stated

Turns = Mapping[tuple[Feed, dt.date], str]
"""By feed and day of its delivery: the next day on which sales start or are over, an ISO date."""
MARKS = "normalised"  # key of the watermark in the metadata of commits to products
# Of each feed: hash of the files that its products are made of, whether they looked whole, how they
# were read, the columns that people had stated, the cleaning's version, the day of rejected_items
# that goes with the products (empty: not known), the day on which the next sale of theirs starts or
# is over (empty: none does), and late deliveries (day, files) that are in.
_NO_MARK = {
    "files": "", "whole": True, "reading": "", "stated": "", "version": 0, "day": "", "turn": "",
    "late": [],
}  # fmt: skip


@dataclass(frozen=True)
class Work:
    """What this run has to do, by feed.

    whole: feeds of which every record is cleaned; parts: those of which the changed products are;
    late: those whose delivery is older than their newest. cleaned_on: of those read in part the day
    of rejected_items that goes with the stored products, empty where it is not known or about to be
    replaced. late_marks: the watermark once late ones are in; marks: once all are.
    """

    whole: dict[Feed, Delivery]
    parts: dict[Feed, Delivery]
    late: dict[Feed, Delivery]
    readings: dict[Feed, Reading]
    cleaned_on: dict[Feed, str]
    late_marks: dict[str, Any]
    marks: dict[str, Any]

    @property
    def known(self) -> bool:
        """Whether a watermark spoke of any of the present feeds before."""
        return any("/".join(feed) in self.late_marks for feed in self.present)

    @property
    def present(self) -> dict[Feed, Delivery]:
        """The feeds whose newest delivery is this run's."""
        return self.whole | self.parts


def is_done(one: Delivery, marks: dict[str, Any], stated: Mapping[Feed, Stated]) -> bool:
    """Whether the products are those of just these files, read as they would be on this day."""
    mark = marks.get("/".join(one.feed), _NO_MARK)
    if one.late:
        return [str(one.day), one.files] in mark["late"]
    if one.whole and not mark["whole"]:
        return False  # what a doubtful delivery left undone is done now
    if has_turned(mark.get("turn", ""), one.day):
        return False
    said = stated.get(one.feed, Stated()).fingerprint
    return (mark["files"], mark["stated"], mark["version"]) == (one.files, said, VERSION)


def has_turned(turn: str, day: dt.date) -> bool:
    """Whether other sales hold on a day than before `turn`, an ISO date or nothing."""
    return bool(turn) and turn <= str(day)


def planned(
    todo: list[Delivery],
    how: dict[Feed, Reading],
    marks: dict[str, Any],
    stated: Mapping[Feed, Stated],
    turns: Turns,
) -> Work:
    """The work on deliveries that are not done.

    how: how their feeds' newest ones are read; turns: when sales of theirs start or are over next.
    """
    late = {one.feed: one for one in todo if one.late}
    whole: dict[Feed, Delivery] = {}
    parts: dict[Feed, Delivery] = {}
    cleaned_on: dict[Feed, str] = {}
    late_marks, now = dict(marks), {}
    for one in todo:
        name, before = "/".join(one.feed), marks.get("/".join(one.feed), _NO_MARK)
        reading, turn = how[one.feed].fingerprint, turns.get((one.feed, one.newest), "")
        if one.late:
            came = [*before["late"], [str(one.day), one.files]]
            changed = {"late": came, "reading": reading, "day": "", "turn": turn}
            late_marks[name] = before | changed
            continue
        if before["reading"] == reading:
            parts[one.feed], day = one, before.get("day", "")
            cleaned_on[one.feed] = day if day != str(one.day) else ""
        else:
            whole[one.feed] = one
        now[name] = before | {
            "files": one.files,
            "whole": one.whole,
            "reading": reading,
            "stated": stated.get(one.feed, Stated()).fingerprint,
            "version": VERSION,
            "day": str(one.day),
            "turn": turn,
        }
    return Work(whole, parts, late, how, cleaned_on, late_marks, late_marks | now)
