"""Label Studio's JSON export as records: one for each annotation of each task.

A task's `data` names the product (product_id, or network, retailer and merchant_product_id). With
category_id in it, its `choices` answer that one question with yes or no; without, its `choices`
and `taxonomy` results name the categories, and `data.complete` (or a choice of a control named
`complete`) says whether they are all of them. Further fields of `data` are taken as columns of a
CSV would be: round, strategy, propensity, model_version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

JSON = "json"  # form of a record that is a whole file, which is still to be taken apart
_TEXTS = "array<string>"
_TASK = "struct<data:map<string,string>,annotations:array<string>>"
_VALUE = "struct<choices:array<string>,taxonomy:array<array<string>>,text:string>"
_ANNOTATION = (
    "struct<completed_by:string,created_at:string,updated_at:string,was_cancelled:boolean,"
    f"ground_truth:boolean,result:array<struct<from_name:string,type:string,value:{_VALUE}>>>"
)
_YES, _NO = ("yes", "1", "true"), ("no", "0", "false")
# What an annotation says; the same names in the task's data are not looked at.
_SAID = ("answer", "category_ids", "complete", "annotator", "at", "reason", "ground_truth")


def with_tasks(records: DataFrame) -> DataFrame:
    """The records (see records.RECORD), JSON files taken apart into one for each annotation."""
    from pyspark.sql import functions as F

    names = records.columns
    parsed = F.transform("texts", lambda text: F.from_json(text, _TASK))
    said = F.flatten(F.transform("tasks", _annotations))
    # One pass over all records: what is no JSON file is a list of itself.
    inside = F.concat(F.array(_own()), F.coalesce(F.transform(said, _record), F.array()))
    every = F.when(F.col("form") == JSON, inside).otherwise(F.array(F.struct(*names)))
    return (
        records.withColumn("texts", F.when(F.col("form") == JSON, F.from_json("raw", _TEXTS)))
        .withColumn("tasks", parsed)
        .select(F.explode(every).alias("one"))
        .select(*[F.col(f"one.{name}").alias(name) for name in names])
    )


def _own() -> Column:
    """The row of the file itself."""
    from pyspark.sql import functions as F

    none = F.lit(None).cast("string")
    return _row(F.col("record_no"), none, F.col("cells"), none, _wrong_file())


def _row(number: Column, form: Column, cells: Column, raw: Column, wrong: Column) -> Column:
    from pyspark.sql import functions as F

    return F.struct(
        F.col("file"),
        F.col("file_hash"),
        number.cast("bigint").alias("record_no"),
        form.alias("form"),
        cells.alias("cells"),
        raw.alias("raw"),
        wrong.alias("wrong"),
    )


def _wrong_file() -> Column:
    """Why the file is no export of tasks; null when it is one."""
    from pyspark.sql import functions as F

    lacking = F.exists("tasks", lambda task: task["data"].isNull() | task["annotations"].isNull())
    listed = F.regexp_like("raw", F.lit(r"^\s*\["))
    return F.when(
        F.col("texts").isNull() | ~listed, F.lit("expected a JSON list of tasks; it is none")
    ).when(
        F.coalesce(lacking, F.lit(False)),
        F.lit(
            "expected tasks with data and annotations; some lack them: export from Label Studio"
            " in the format JSON (not JSON-MIN, CSV or COCO)"
        ),
    )


def _annotations(task: Column) -> Column:
    from pyspark.sql import functions as F

    return F.transform(
        task["annotations"],
        lambda raw: F.struct(
            task["data"].alias("data"), raw.alias("raw"), F.from_json(raw, _ANNOTATION).alias("a")
        ),
    )


def _record(said: Column, place: Column) -> Column:
    """One record (see records.RECORD) of an annotation: data, raw and a, what was parsed of it."""
    from pyspark.sql import functions as F

    data, note = said["data"], said["a"]
    pair = data["category_id"].isNotNull()
    own = {
        "answer": F.when(pair, _answer(note["result"])),
        "category_ids": F.when(~pair, _categories(note["result"])),
        "complete": F.when(~pair, _complete(data, note["result"])),
        "annotator": _person(note["completed_by"]),
        "at": F.coalesce(note["updated_at"], note["created_at"]),
        "reason": _reason(note["result"]),
        "ground_truth": note["ground_truth"].cast("string"),
    }
    found = F.create_map(*[part for name, value in own.items() for part in (F.lit(name), value)])
    rest = F.map_filter(data, lambda name, _: ~name.isin(*_SAID))
    cells = F.transform_values(
        F.map_concat(rest, found), lambda _, value: F.nullif(F.trim(value), F.lit(""))
    )
    return _row(
        place + 1,
        F.when(pair, "pairs").otherwise("sets"),
        cells,
        F.to_json(F.struct(data.alias("data"), said["raw"].alias("annotation"))),
        F.when(note["was_cancelled"], F.lit("the annotator skipped the task")),
    )


def _answer(results: Column) -> Column:
    """1 or 0 of a yes or a no, any other choices as they are, null where nothing was chosen."""
    from pyspark.sql import functions as F

    named = F.filter(results, lambda one: one["from_name"] == "answer")
    asked = F.when(F.size(named) > 0, named).otherwise(results)
    words = F.array_distinct(F.transform(_chosen(asked), lambda word: F.lower(F.trim(word))))
    word = F.when(F.size(words) == 1, words[0])
    return (
        F.when(word.isin(*_YES), "1")
        .when(word.isin(*_NO), "0")
        .otherwise(F.nullif(F.array_join(words, ", "), F.lit("")))
    )


def _categories(results: Column) -> Column:
    """Categories named by choices and taxonomies, joined by semicolons."""
    from pyspark.sql import functions as F

    about = F.filter(results, lambda one: ~one["from_name"].eqNullSafe("complete"))
    trees = F.flatten(
        F.transform(about, lambda one: F.coalesce(one["value"]["taxonomy"], F.array()))
    )
    paths = F.transform(trees, lambda path: F.array_join(path, " > "))
    return F.array_join(F.concat(_chosen(about), paths), ";")


def _complete(data: Column, results: Column) -> Column:
    from pyspark.sql import functions as F

    control = F.filter(results, lambda one: one["from_name"] == "complete")
    ticked = F.exists(_chosen(control), lambda word: F.lower(F.trim(word)).isin(*_YES, "complete"))
    said = F.lower(data.getItem("complete"))
    return (
        F.when(ticked | said.isin(*_YES), "1")
        .when(~ticked & said.isin(*_NO), "0")
        .otherwise(F.coalesce(said, F.lit("0")))
    )


def _chosen(results: Column) -> Column:
    """The words of all `choices` results."""
    from pyspark.sql import functions as F

    words = F.transform(results, lambda one: F.coalesce(one["value"]["choices"], F.array()))
    return F.coalesce(F.flatten(words), F.array().cast("array<string>"))


def _person(completed_by: Column) -> Column:
    """The annotator's address where the export expands it, else the number."""
    from pyspark.sql import functions as F

    return F.coalesce(
        F.get_json_object(completed_by, "$.email"),
        F.get_json_object(completed_by, "$.id"),
        completed_by,
    )


def _reason(results: Column) -> Column:
    """What was written into text areas; one text or a list of texts each."""
    from pyspark.sql import functions as F

    texts = F.transform(
        F.filter(results, lambda one: one["type"] == "textarea"),
        lambda one: F.coalesce(
            F.array_join(F.from_json(one["value"]["text"], "array<string>"), " "),
            one["value"]["text"],
        ),
    )
    return F.array_join(texts, " ")
