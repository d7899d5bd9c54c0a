"""The tables and views by their plain names, for SQL in this session."""

from __future__ import annotations

from aisles import schema
from aisles.tables import Tables


def register(tables: Tables) -> list[str]:
    """Makes every table and view known to SQL by its plain name; returns the tables' names."""
    known = schema.names()
    for table in known:
        tables.read(table).createOrReplaceTempView(table)
    for name in schema.views():
        statement = schema.view(name)
        if not tables.config.catalog:
            statement = statement.replace("CREATE OR REPLACE VIEW", "CREATE OR REPLACE TEMP VIEW")
        tables.spark.sql(statement)
    return known
