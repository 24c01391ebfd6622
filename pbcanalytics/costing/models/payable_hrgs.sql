-- One row per price year and spell whose episodes have different HRGs: the one of them that is paid
-- (domain 2.3), by the rule of the year. max_tariff: of several HRGs the dearest, once (seed 000).
-- procedure_first: the dearest of the episodes with a procedure, else the dearest. supplied, where
-- nothing came for the whole spell: the dearest. Of equals, the earliest.
WITH placed AS (
  SELECT s.spell_id, s.pod, s.financial_year,
         s.pod = 'EL' AND s.los_days = 0 AND COALESCE(s.intended_management, '') = '2'
           AS is_meant_as_day_case
  FROM spells AS s
  WHERE s.has_several_hrgs),
offered AS (
  SELECT c.spell_id, c.sequence, y.price_year, c.hrg, t.hrg IS NOT NULL AS is_in_tariff,
         CASE WHEN r.payable_hrg = 'procedure_first' AND c.has_procedure AND c.hrg IS NOT NULL
              THEN 1 ELSE 2 END AS precedence,
         CASE WHEN s.pod = 'DC' OR (s.is_meant_as_day_case AND r.same_day_as_day_case)
              THEN t.day_case_pence
              WHEN s.pod = 'EL' THEN t.elective_pence
              WHEN s.pod IN ('NEL', 'NELNE') THEN t.non_elective_pence END AS base_pence
  FROM linked_episodes AS c
  JOIN placed AS s ON s.spell_id = c.spell_id
  LEFT JOIN price_years AS y ON y.financial_year = s.financial_year
  LEFT JOIN payment_rules AS r ON r.financial_year = y.price_year
  LEFT JOIN tariff AS t ON t.financial_year = y.price_year AND t.hrg = c.hrg),
ranked AS (
  SELECT *, ROW_NUMBER() OVER (
           PARTITION BY spell_id, price_year
           ORDER BY precedence,
                    COALESCE(base_pence, CASE WHEN is_in_tariff THEN -1 WHEN hrg IS NOT NULL THEN -2 ELSE -3 END) DESC,
                    sequence) AS choice
  FROM offered)
SELECT spell_id, price_year, hrg
FROM ranked
WHERE choice = 1
