-- One row per spell of which somebody supplied facts for the whole: its HRG (SUS, else the NHS
-- grouper), and whether it lies outside payment by results.
WITH facts AS (
  SELECT spell_id, hrg AS sus_hrg, CAST(NULL AS VARCHAR) AS grouper_hrg,
         CASE WHEN UPPER(scope) LIKE '%NOT%' OR UPPER(scope) IN ('N', 'NO', '0') THEN 1 ELSE 0
              END AS excluded
  FROM keyed_supplied
  UNION ALL
  SELECT n.spell_id, CAST(NULL AS VARCHAR) AS sus_hrg, g.hrg AS grouper_hrg, 0 AS excluded
  FROM grouped_spells AS g
  JOIN spells AS n ON n.provider_code = g.provider_code AND n.spell_number = g.spell_number)
SELECT spell_id, COALESCE(MIN(sus_hrg), MIN(grouper_hrg)) AS hrg, MAX(excluded) = 1 AS is_excluded
FROM facts
WHERE spell_id IS NOT NULL
GROUP BY spell_id
