"""Spells of several HRGs: what each way of choosing the paid one would cost (domain 2.3)."""

from dataclasses import dataclass

from pbcanalytics.costing.chain import Engine, model


@dataclass(frozen=True)
class Strategies:
    """
    Spells of several HRGs at one point of delivery, and what each way of choosing costs.

    Attributes
    ----------
    price_year, pod : str
    n_spells : int
        Spells with a price whose episodes, or who supplied one for the whole, name several HRGs.
    n_disagreeing : int
        Of them, those of which the ways would pay different HRGs.
    n_not_compared : int
        Of them, those that one of the ways would leave without a price: they stand in no sum.
    max_tariff_pence, procedure_first_pence, supplied_pence : int
        Base prices of the others by each way [pence], before the other steps.
    """

    price_year: str
    pod: str
    n_spells: int
    n_disagreeing: int
    n_not_compared: int
    max_tariff_pence: int
    procedure_first_pence: int
    supplied_pence: int


def strategies(engine: Engine) -> list[Strategies]:
    """
    Compare the ways of choosing the HRG that is paid, over all spells of several.

    Parameters
    ----------
    engine : Engine
        With the tables that `build` makes.

    Returns
    -------
    list of Strategies, one per price year and point of delivery
    """
    found = engine.frame(model("hrg_strategies")).to_dict("records")
    return [
        Strategies(
            str(row["price_year"]),
            str(row["pod"]),
            *(
                int(row[name])
                for name in (
                    *("n_spells", "n_disagreeing", "n_not_compared"),
                    *("max_tariff_pence", "procedure_first_pence", "supplied_pence"),
                )
            ),
        )
        for row in found
    ]
