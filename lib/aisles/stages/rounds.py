"""Numbers of question rounds: one row of numbers for all kinds of rounds."""

from __future__ import annotations

from aisles.select.audit_round import AUDIT_MODEL
from aisles.stages.job import Job


def next_round(job: Job, audits: bool = False) -> int:
    """The round to draw: the newest of its kind while nobody has answered it, else a new one.

    audits: of suspicious labels (the stage audit); otherwise of all other questions (select).
    """
    from pyspark.sql import functions as F

    candidates, human = job.tables.read("candidates"), job.tables.read("human_labels")
    kind = F.col("model_version").startswith(AUDIT_MODEL)
    mine = candidates.filter(kind == audits).agg(F.max("round")).first()
    newest = [table.agg(F.max("round")).first() for table in (candidates, human)]
    open_round = int(mine[0] or 0) if mine is not None else 0
    if open_round and human.filter(F.col("round") == open_round).isEmpty():
        return open_round
    return 1 + max(int(row[0] or 0) for row in newest if row is not None)
