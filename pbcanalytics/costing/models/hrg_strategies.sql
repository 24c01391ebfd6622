-- One row per price year and point of delivery: spells of several HRGs, in how many the ways of
-- choosing the paid one (domain 2.3) differ, and their base prices by each way. A spell that one of
-- the ways would leave without a price is counted, and stands in no sum.
WITH candidates AS (
  SELECT spell_id, sequence, hrg, has_procedure, FALSE AS is_of_spell FROM spell_episodes
  WHERE hrg IS NOT NULL
  UNION ALL
  SELECT spell_id, 0, hrg, FALSE, TRUE FROM supplied_facts WHERE hrg IS NOT NULL),
several AS (
  SELECT spell_id FROM candidates GROUP BY spell_id HAVING COUNT(DISTINCT hrg) > 1),
offered AS (
  SELECT c.spell_id, p.price_year, p.pod, c.sequence, c.hrg, c.has_procedure, c.is_of_spell,
         CASE WHEN p.pod = 'DC' OR (p.pod = 'EL' AND p.los_days = 0 AND r.same_day_as_day_case
                                    AND COALESCE(w.intended_management, '') = '2')
              THEN t.day_case_pence
              WHEN p.pod = 'EL' THEN t.elective_pence ELSE t.non_elective_pence END AS base_pence
  FROM candidates AS c
  JOIN several AS s ON s.spell_id = c.spell_id
  JOIN priced_spells AS p ON p.spell_id = c.spell_id
  JOIN spells AS w ON w.spell_id = c.spell_id
  LEFT JOIN payment_rules AS r ON r.financial_year = p.price_year
  LEFT JOIN tariff AS t ON t.financial_year = p.price_year AND t.hrg = c.hrg
  WHERE p.is_reported AND p.price_pence IS NOT NULL),
ranked AS (
  SELECT *,
         ROW_NUMBER() OVER (PARTITION BY spell_id, price_year
           ORDER BY is_of_spell, COALESCE(base_pence, -1) DESC, sequence) AS by_price,
         ROW_NUMBER() OVER (PARTITION BY spell_id, price_year
           ORDER BY is_of_spell, has_procedure DESC, COALESCE(base_pence, -1) DESC, sequence) AS by_procedure,
         ROW_NUMBER() OVER (PARTITION BY spell_id, price_year
           ORDER BY is_of_spell DESC, COALESCE(base_pence, -1) DESC, sequence) AS by_supply
  FROM offered),
chosen AS (
  SELECT spell_id, price_year, pod,
         MAX(CASE WHEN by_price = 1 THEN hrg END) AS dearest,
         MAX(CASE WHEN by_procedure = 1 THEN hrg END) AS of_procedure,
         MAX(CASE WHEN by_supply = 1 THEN hrg END) AS supplied,
         SUM(CASE WHEN by_price = 1 THEN base_pence END) AS max_tariff_pence,
         SUM(CASE WHEN by_procedure = 1 THEN base_pence END) AS procedure_first_pence,
         SUM(CASE WHEN by_supply = 1 THEN base_pence END) AS supplied_pence
  FROM ranked GROUP BY spell_id, price_year, pod),
judged AS (
  SELECT *, max_tariff_pence IS NOT NULL AND procedure_first_pence IS NOT NULL
            AND supplied_pence IS NOT NULL AS is_compared
  FROM chosen)
SELECT price_year, pod, COUNT(*) AS n_spells,
       COUNT(CASE WHEN dearest <> of_procedure OR dearest <> supplied THEN 1 END) AS n_disagreeing,
       COUNT(CASE WHEN NOT is_compared THEN 1 END) AS n_not_compared,
       CAST(SUM(CASE WHEN is_compared THEN max_tariff_pence ELSE 0 END) AS BIGINT) AS max_tariff_pence,
       CAST(SUM(CASE WHEN is_compared THEN procedure_first_pence ELSE 0 END) AS BIGINT)
         AS procedure_first_pence,
       CAST(SUM(CASE WHEN is_compared THEN supplied_pence ELSE 0 END) AS BIGINT) AS supplied_pence
FROM judged GROUP BY price_year, pod ORDER BY price_year, pod
