-- One row per spell and price year: the one HRG that is paid. Where the episodes of a spell carry
-- several, the dearest is paid, once (seed 000; domain 2.3); of equals, the earliest.
WITH offered AS (
  SELECT e.spell_id, e.sequence, y.price_year, y.is_reported, e.hrg, t.hrg IS NOT NULL AS is_in_tariff,
         CASE s.pod WHEN 'DC' THEN t.day_case_pence WHEN 'EL' THEN t.elective_pence
                    WHEN 'NEL' THEN t.non_elective_pence WHEN 'NELNE' THEN t.non_elective_pence
                    END AS base_pence,
         CASE WHEN s.pod IN ('DC', 'EL') THEN t.elective_trim_days
              ELSE t.non_elective_trim_days END AS trim_point_days,
         t.long_stay_per_day_pence
  FROM spell_episodes AS e
  JOIN spells AS s ON s.spell_id = e.spell_id
  LEFT JOIN price_years AS y ON y.financial_year = s.financial_year
  LEFT JOIN tariff AS t ON t.financial_year = y.price_year AND t.hrg = e.hrg),
ranked AS (
  SELECT *, ROW_NUMBER() OVER (
           PARTITION BY spell_id, price_year
           ORDER BY COALESCE(base_pence, CASE WHEN is_in_tariff THEN -1 WHEN hrg IS NOT NULL THEN -2 ELSE -3 END) DESC,
                    sequence) AS choice
  FROM offered)
SELECT spell_id, price_year, COALESCE(is_reported, TRUE) AS is_reported, hrg, is_in_tariff,
       base_pence, trim_point_days, long_stay_per_day_pence
FROM ranked
WHERE choice = 1
