"""A model's text as Spark reads it, and what of SQL a model may use for both engines to agree."""

from typing import TYPE_CHECKING, Final

from pbcanalytics.words.errors import StoreError

if TYPE_CHECKING:
    from sqlglot.exp import Expression

FUNCTIONS: Final = frozenset(
    {
        *("Abs", "ArgMax", "ArgMin", "Case", "Cast", "Coalesce", "Count", "DateDiff", "Day"),
        *("DenseRank", "Exists", "Floor", "Greatest", "If", "Lag", "Lead", "Least", "Left"),
        *("Length", "Lower", "Max", "Min", "Month", "Nullif", "Rank", "Replace", "Right"),
        *("RowNumber", "SplitPart", "Substring", "Sum", "TimestampTrunc", "Trim", "Upper"),
        "Year",
    }
)
"""Functions that `tests/test_spark.py` compares on both engines; SQLGlot passes on any others."""

OPERATORS: Final = frozenset(
    {
        *("Add", "And", "Between", "DPipe", "EQ", "GT", "GTE", "In", "IntDiv", "Is", "LT"),
        *(
            "LTE",
            "Like",
            "Mod",
            "Mul",
            "NEQ",
            "Neg",
            "Not",
            "NullSafeEQ",
            "NullSafeNEQ",
            "Or",
            "Paren",
        ),
        "Sub",
    }
)
"""Operators that mean the same; a division that leaves a fraction is not among them."""

CLAUSES: Final = frozenset(
    {
        *("Alias", "Boolean", "CTE", "Column", "DataType", "Distinct", "From", "Group", "Having"),
        *("Identifier", "Join", "Literal", "Null", "Order", "Ordered", "Select", "Star"),
        *(
            "Subquery",
            "Table",
            "TableAlias",
            "Union",
            "Var",
            "Where",
            "Window",
            "WindowSpec",
            "With",
        ),
    }
)
"""The parts of a statement."""

TYPES: Final = frozenset({"BIGINT", "DATE", "TEXT"})
"""What a value may be cast to."""


def rendered(select: str) -> str:
    """
    Write a model as Spark reads it.

    Parameters
    ----------
    select : str
        One SELECT in the dialect of DuckDB.

    Returns
    -------
    str
        The SELECT in the dialect of Spark.

    Raises
    ------
    StoreError
        If the model uses what is not known to mean the same on both engines; all such is named.
    """
    import sqlglot
    from sqlglot import errors

    try:
        tree = sqlglot.parse_one(select, read="duckdb")
        strange = sorted({word for node in tree.walk() if (word := _strange(node))})
        if strange:
            raise StoreError(
                f"A model uses {', '.join(strange)}, of which it is not known that Spark gives "
                "what DuckDB gives, so it was not run on Spark. Write the model otherwise, or "
                "compare the two and add it to store/spark/rendering.py."
            )
        written: str = tree.transform(_as_meant).sql(
            dialect="spark", unsupported_level=errors.ErrorLevel.RAISE
        )
        return written
    except errors.SqlglotError as error:
        why = str(error).splitlines()[0].rstrip(".")
        raise StoreError(
            f"A model cannot be rendered for Spark ({why}), so it was not run there. Write it "
            "in the SQL that both engines share; docs/scale.md says what that is."
        ) from error


def tables_named(select: str) -> list[str]:
    """Name the tables that a model reads; names that it gives to its own steps are among them."""
    import sqlglot
    from sqlglot import exp

    found = sqlglot.parse_one(select, read="duckdb").find_all(exp.Table)
    return sorted({table.name for table in found})


def _strange(node: "Expression") -> str | None:
    """Give the word for what is not known to mean the same; None for what is."""
    from sqlglot import exp

    kind = type(node).__name__
    if isinstance(node, exp.Anonymous):
        return str(node.name).upper()
    if kind not in FUNCTIONS | OPERATORS | CLAUSES:
        return kind
    if isinstance(node, exp.DataType) and node.sql("duckdb") not in TYPES:
        return f"the type {node.sql('duckdb')}"
    # DuckDB counts the ends of months that lie between, Spark the whole months.
    if isinstance(node, exp.DateDiff) and node.text("unit").upper() != "DAY":
        return f"DATE_DIFF by {node.text('unit').lower()}"
    # Spark gives a time of day where DuckDB gives a date.
    if isinstance(node, exp.TimestampTrunc) and not (
        isinstance(node.parent, exp.Cast) and node.parent.to.sql("duckdb") == "DATE"
    ):
        return "DATE_TRUNC without CAST to DATE"
    # To Spark a backslash says that the next sign stands for itself.
    if isinstance(node, exp.Like) and "\\" in node.expression.sql():
        return "LIKE with a backslash"
    return None


def _as_meant(node: "Expression") -> "Expression":
    """Say in Spark's words what DuckDB means where the same word means something else."""
    from sqlglot import exp

    # DuckDB passes over rows without the value that is asked for, Spark gives its absence.
    if isinstance(node, exp.ArgMin | exp.ArgMax):
        value, order = node.this, node.expression
        known = exp.Is(this=value.copy(), expression=exp.Null()).not_()
        return type(node)(this=value, expression=exp.case().when(known, order))
    # Spark counts parts in INT only.
    if isinstance(node, exp.SplitPart):
        node.set("part_index", exp.cast(node.args["part_index"], "INT"))
    return node
