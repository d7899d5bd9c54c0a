"""What to do with a rule, and why, in words."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from aisles.config import RuleReportConfig

ADVICE = (
    "broken",
    "disabled",
    "never matches",
    "harmful",
    "redundant",
    "retire: the model covers it",
    "keep",
)
"""In the order in which they are tried: the first that holds is given."""
LEAVING = ("broken", "disabled", "never matches", "harmful", "retire: the model covers it")
"""Advice by which a rule is not there any more, whatever the others do."""


def advised(rows: DataFrame, config: RuleReportConfig, wanted: float, active: int) -> DataFrame:
    """The rows of rules with `advice` and `reason`.

    wanted: precision that the model needs in a category to stand for its rules. active: products.
    Beside the columns of the table are read enabled, spare, and confirmed (right answers
    on products that it was not trained on).
    """
    given = F.lit(None).cast("string")
    reason = F.lit(None).cast("string")
    for advice, holds, why in reversed(_cases(config, wanted, active)):
        given = F.when(holds, advice).otherwise(given)
        reason = F.when(holds, why).otherwise(reason)
    return rows.withColumns({"advice": given, "reason": reason})


def _cases(
    config: RuleReportConfig, wanted: float, active: int
) -> list[tuple[str, Column, Column]]:
    limit = config.harmful_precision
    bound, counts = F.col("model_precision_low"), F.col("confirmed") >= config.answers
    covers = F.col("right_agreed") >= config.covered * F.col("confirmed")
    trusted = (F.col("model_basis") == "answers") & (bound >= wanted)
    none_match = F.format_string("It matches none of the %,d active products.", F.lit(active))
    return [
        ("broken", F.col("error").isNotNull(), F.format_string("%s", F.col("error"))),
        (
            "broken",
            F.col("prior").isNull(),
            F.lit("Its category is not, or no longer, in the tree."),
        ),
        ("disabled", ~F.col("enabled"), F.lit("It is switched off and never applied.")),
        ("never matches", F.col("products") == 0, none_match),
        ("harmful", (F.col("effective") > 0) & (F.col("precision_high") < limit), _wrong(limit)),
        ("harmful", F.col("unique_high") < limit, _wrong_alone(limit)),
        ("redundant", F.col("spare"), _redundant()),
        (
            "retire: the model covers it",
            (F.col("vote") > 0) & trusted & counts & covers,
            _covered(wanted),
        ),
        ("keep", F.lit(True), _keep()),
    ]


def _percent(column: Column | str) -> Column:
    value = F.col(column) if isinstance(column, str) else column
    return F.concat(F.round(100 * value).cast("int").cast("string"), F.lit(" %"))


def _whole(share: float) -> str:
    """The share in percent, as a part of a format string."""
    return f"{100 * share:.0f} %%"


def _wrong(limit: float) -> Column:
    return F.format_string(
        f"It is right in %s (%s to %s) by %s, surely less than {_whole(limit)}.",
        _percent("precision"),
        _percent("precision_low"),
        _percent("precision_high"),
        F.col("basis"),
    )


def _wrong_alone(limit: float) -> Column:
    return F.format_string(
        "Of what no other rule finds, people refused %,d of %,d answered products (%s): right in %s"
        f" to %s, surely less than {_whole(limit)}.",
        F.col("unique_wrong"),
        F.col("unique_wrong") + F.col("unique_right"),
        F.col("unique_basis"),
        _percent("unique_low"),
        _percent("unique_high"),
    )


def _redundant() -> Column:
    return F.format_string(
        "Each of its %,d products is found by rules that stay, most of them by %s.",
        F.col("products"),
        F.element_at("overlaps", 1)["with_rule_id"],
    )


def _covered(wanted: float) -> Column:
    return F.format_string(
        "Without any rule the model assigns %,d of its %,d confirmed products off training, and is"
        f" right in at least %s of what it assigns to the category (wanted {_whole(wanted)}).",
        F.col("right_agreed"),
        F.col("confirmed"),
        _percent("model_precision_low"),
    )


def _keep() -> Column:
    return F.format_string(
        "No other rule finds %,d of its %,d products; right in %s (%s to %s) by %s.",
        F.col("unique_products"),
        F.col("products"),
        _percent("precision"),
        _percent("precision_low"),
        _percent("precision_high"),
        F.when(F.col("basis") == "prior", "assumption, for want of answers").otherwise(
            F.col("basis")
        ),
    )
