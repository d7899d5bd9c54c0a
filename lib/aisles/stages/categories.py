"""The category tree between its CSV and its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.stages.job import Job
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import Row


def stored_tree(job: Job) -> Taxonomy:
    """The tree of live categories as stored."""
    rows = (
        job.tables.read("categories")
        .filter("state <> 'retired'")
        .orderBy("path", "category_id")
        .collect()
    )
    if not rows:
        raise ValueError("the table categories is empty; give --categories CSV once")
    return Taxonomy.build((r["category_id"], r["parent_id"], r["name"]) for r in rows)


def tree_of_outputs(job: Job, rows: list[Row]) -> Taxonomy:
    """The tree of one snapshot's outputs, in their order, with the names as stored now."""
    names = {r["category_id"]: r["name"] for r in job.tables.read("categories").collect()}
    ids = [row["category_id"] for row in rows]
    above = [ids[p] if (p := row["parent_index"]) >= 0 else None for row in rows]
    tree = Taxonomy.build((c, up, names.get(c) or c) for c, up in zip(ids, above))
    assert list(tree.ids) == ids, "outputs are not in the tree's order"
    return tree


def update_categories(job: Job, path: str) -> Taxonomy:
    """Stores the tree of a CSV; categories it lacks are retired, later ones arrive as new."""
    tree = Taxonomy.read(path)
    before = {r["category_id"]: r["state"] for r in job.tables.read("categories").collect()}
    rows = [
        (
            category,
            tree.ids[tree.parent[i]] if tree.parent[i] >= 0 else None,
            int(tree.level[i]),
            tree.names[i],
            tree.paths[i],
            before.get(category, "new" if before else "active"),
        )
        for i, category in enumerate(tree.ids)
    ]
    schema = (
        "category_id string, parent_id string, level int, name string, path string, state string"
    )
    job.tables.merge(
        "categories",
        job.spark.createDataFrame(rows, schema),
        ["category_id"],
        update_if="NOT (t.parent_id <=> s.parent_id AND t.path <=> s.path AND t.level <=> s.level)"
        " OR t.state = 'retired'",
        update={
            "parent_id": "s.parent_id",
            "level": "s.level",
            "name": "s.name",
            "path": "s.path",
            "state": "CASE WHEN t.state = 'retired' THEN 'new' ELSE t.state END",
        },
        missing_if="t.state <> 'retired'",
        missing={"state": "'retired'"},
    )
    return stored_tree(job)
