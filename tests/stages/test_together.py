"""Works that run at the same time: what they return, and what comes of one that fails."""

import threading

import pytest

from aisles.together import few_rows, together


def test_results_come_in_order_and_works_meet(spark) -> None:  # type: ignore[no-untyped-def]
    both = threading.Barrier(2, timeout=30)

    def work(number: int) -> int:
        both.wait()  # one after the other they would wait here for ever
        return number

    assert together(spark, lambda: work(1), lambda: work(2)) == [1, 2]


def test_an_error_waits_for_the_others(spark) -> None:  # type: ignore[no-untyped-def]
    ended: list[str] = []
    failed = threading.Event()

    def fails() -> None:
        failed.set()
        raise ValueError("first")

    def ends() -> None:
        failed.wait(30)
        ended.append("second")

    with pytest.raises(ValueError, match="first"):
        together(spark, fails, ends)
    assert ended == ["second"]


def test_properties_of_the_thread_go_along(spark) -> None:  # type: ignore[no-untyped-def]
    context = spark.sparkContext
    context.setLocalProperty("aisles.test", "told")
    try:
        found = together(spark, *[lambda: context.getLocalProperty("aisles.test")] * 2)
    finally:
        context.setLocalProperty("aisles.test", None)
    assert found == ["told", "told"]


def test_settings_for_few_rows_are_as_before_afterwards(spark) -> None:  # type: ignore[no-untyped-def]
    names = ("spark.sql.adaptive.enabled", "spark.sql.maxSinglePartitionBytes")
    spark.conf.set(names[0], "true")
    spark.conf.unset(names[1])

    def works() -> None:
        with few_rows(spark):
            assert spark.conf.get(names[0]) == "false"
            raise ValueError("within")

    with pytest.raises(ValueError, match="within"):
        works()
    assert [spark.conf.get(name, None) for name in names] == ["true", None]
