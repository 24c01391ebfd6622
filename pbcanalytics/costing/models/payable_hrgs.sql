-- One row per spell and price year: the one HRG that is paid (domain 2.3), by the rule of the year.
-- max_tariff: of several HRGs the dearest, once (seed 000). procedure_first: the dearest of the
-- episodes with a procedure, else the dearest. supplied: the one that came for the whole spell,
-- else the dearest. Of equals, the earliest.
WITH candidates AS (
  SELECT spell_id, sequence, hrg, has_procedure, FALSE AS is_of_spell FROM spell_episodes
  UNION ALL
  SELECT spell_id, 0 AS sequence, hrg, FALSE AS has_procedure, TRUE AS is_of_spell
  FROM supplied_facts WHERE hrg IS NOT NULL),
placed AS (
  SELECT s.spell_id, s.pod, s.financial_year,
         s.pod = 'EL' AND s.los_days = 0 AND COALESCE(s.intended_management, '') = '2'
           AS is_meant_as_day_case
  FROM spells AS s),
offered AS (
  SELECT c.spell_id, c.sequence, y.price_year, y.is_reported, c.hrg, t.hrg IS NOT NULL AS is_in_tariff,
         CASE WHEN c.is_of_spell THEN 0
              WHEN r.payable_hrg = 'procedure_first' AND c.has_procedure AND c.hrg IS NOT NULL THEN 1
              ELSE 2 END AS precedence,
         CASE WHEN s.pod = 'DC' OR (s.is_meant_as_day_case AND r.same_day_as_day_case)
              THEN t.day_case_pence
              WHEN s.pod = 'EL' THEN t.elective_pence
              WHEN s.pod IN ('NEL', 'NELNE') THEN t.non_elective_pence END AS base_pence,
         s.is_meant_as_day_case AND r.same_day_as_day_case IS NULL
           AND t.day_case_pence <> t.elective_pence AS may_be_day_case,
         CASE WHEN s.pod IN ('DC', 'EL') THEN t.elective_trim_days
              ELSE t.non_elective_trim_days END AS trim_point_days,
         t.long_stay_per_day_pence, t.short_stay_emergency_pence, t.short_stay_millionths,
         t.short_stay_is_held
  FROM candidates AS c
  JOIN placed AS s ON s.spell_id = c.spell_id
  LEFT JOIN price_years AS y ON y.financial_year = s.financial_year
  LEFT JOIN payment_rules AS r ON r.financial_year = y.price_year
  LEFT JOIN tariff AS t ON t.financial_year = y.price_year AND t.hrg = c.hrg
  WHERE NOT c.is_of_spell OR r.payable_hrg = 'supplied'),
ranked AS (
  SELECT *, ROW_NUMBER() OVER (
           PARTITION BY spell_id, price_year
           ORDER BY precedence,
                    COALESCE(base_pence, CASE WHEN is_in_tariff THEN -1 WHEN hrg IS NOT NULL THEN -2 ELSE -3 END) DESC,
                    sequence) AS choice
  FROM offered)
SELECT spell_id, price_year, COALESCE(is_reported, TRUE) AS is_reported, hrg, is_in_tariff,
       base_pence, may_be_day_case, trim_point_days, long_stay_per_day_pence,
       short_stay_emergency_pence, short_stay_millionths, short_stay_is_held
FROM ranked
WHERE choice = 1
