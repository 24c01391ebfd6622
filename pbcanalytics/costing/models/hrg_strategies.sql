-- One row per price year and point of delivery: spells of several HRGs, in how many the ways of
-- choosing the paid one (domain 2.3) differ, and the base prices of all of them by each way.
WITH candidates AS (
  SELECT spell_id, sequence, hrg, has_procedure, FALSE AS is_of_spell FROM spell_episodes
  WHERE hrg IS NOT NULL
  UNION ALL
  SELECT spell_id, 0, hrg, FALSE, TRUE FROM supplied_facts WHERE hrg IS NOT NULL),
several AS (
  SELECT spell_id FROM candidates GROUP BY spell_id HAVING COUNT(DISTINCT hrg) > 1),
offered AS (
  SELECT c.spell_id, p.price_year, p.pod, c.sequence, c.hrg, c.has_procedure, c.is_of_spell,
         COALESCE(CASE p.pod WHEN 'DC' THEN t.day_case_pence WHEN 'EL' THEN t.elective_pence
                  ELSE t.non_elective_pence END, 0) AS base_pence
  FROM candidates AS c
  JOIN several AS s ON s.spell_id = c.spell_id
  JOIN priced_spells AS p ON p.spell_id = c.spell_id
  LEFT JOIN tariff AS t ON t.financial_year = p.price_year AND t.hrg = c.hrg
  WHERE p.is_reported AND p.price_pence IS NOT NULL),
ranked AS (
  SELECT *,
         ROW_NUMBER() OVER (PARTITION BY spell_id, price_year
           ORDER BY is_of_spell, base_pence DESC, sequence) AS by_price,
         ROW_NUMBER() OVER (PARTITION BY spell_id, price_year
           ORDER BY is_of_spell, has_procedure DESC, base_pence DESC, sequence) AS by_procedure,
         ROW_NUMBER() OVER (PARTITION BY spell_id, price_year
           ORDER BY is_of_spell DESC, base_pence DESC, sequence) AS by_supply
  FROM offered),
chosen AS (
  SELECT spell_id, price_year, pod,
         MAX(CASE WHEN by_price = 1 THEN hrg END) AS dearest,
         MAX(CASE WHEN by_procedure = 1 THEN hrg END) AS of_procedure,
         MAX(CASE WHEN by_supply = 1 THEN hrg END) AS supplied,
         SUM(CASE WHEN by_price = 1 THEN base_pence END) AS max_tariff_pence,
         SUM(CASE WHEN by_procedure = 1 THEN base_pence END) AS procedure_first_pence,
         SUM(CASE WHEN by_supply = 1 THEN base_pence END) AS supplied_pence
  FROM ranked GROUP BY spell_id, price_year, pod)
SELECT price_year, pod, COUNT(*) AS n_spells,
       COUNT(CASE WHEN dearest <> of_procedure OR dearest <> supplied THEN 1 END) AS n_disagreeing,
       CAST(SUM(max_tariff_pence) AS BIGINT) AS max_tariff_pence,
       CAST(SUM(procedure_first_pence) AS BIGINT) AS procedure_first_pence,
       CAST(SUM(supplied_pence) AS BIGINT) AS supplied_pence
FROM chosen GROUP BY price_year, pod ORDER BY price_year, pod
