"""What a build changes of the build before it, in spells and pounds."""

from typing import Final

import pandas as pd

from pbcanalytics.costing.chain import Engine, model

SET_ASIDE: Final = ("spells_before", "builds_compared")
"""Tables that are needed from one build until the next is compared with it, and no longer."""

_COLUMNS: Final = "built_at, provider_code, month, pod, change, was_frozen, n_spells, pence"


def set_aside(engine: Engine) -> int:
    """
    Set the spells of the last build aside before they are priced anew.

    Parameters
    ----------
    engine : Engine
        With `priced_spells` and `build`; gets `spells_before`.

    Returns
    -------
    int
        The last load that is in that build; 0 if it does not say.
    """
    engine.define(
        SET_ASIDE[0],
        "SELECT spell_id, provider_code, pod, discharge_date, price_pence FROM priced_spells "
        "WHERE is_reported",
    )
    last = engine.frame("SELECT * FROM build").get("last_load")
    return 0 if last is None else int(last.iloc[0])


def keep_changes(engine: Engine, last_load: int, built_at: str) -> None:
    """
    Compare the spells priced now with those set aside, and keep the difference.

    Parameters
    ----------
    engine : Engine
        With `priced_spells`, `spells_before`, `submissions` and `spell_changes`, which is added to.
    last_load : int
        What `set_aside` gave.
    built_at : str
        When this build was made.
    """
    compared = {"last_load": [last_load], "built_at": [built_at]}
    engine.source(SET_ASIDE[1], pd.DataFrame(compared))
    engine.define(
        "spell_changes",
        f"SELECT {_COLUMNS} FROM spell_changes "
        f"UNION ALL SELECT {_COLUMNS} FROM ({model('spell_changes')}) AS found",
    )
