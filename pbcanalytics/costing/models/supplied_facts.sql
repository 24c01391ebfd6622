-- One row per spell of which somebody supplied facts for the whole: its HRG (SUS, else the NHS
-- grouper), and whether it lies outside payment by results.
SELECT n.spell_id, COALESCE(MIN(s.hrg), MIN(g.hrg)) AS hrg,
       MAX(CASE WHEN UPPER(s.scope) LIKE '%NOT%' OR UPPER(s.scope) IN ('N', 'NO', '0') THEN 1
                ELSE 0 END) = 1 AS is_excluded
FROM spells AS n
LEFT JOIN supplied_spells AS s ON s.provider_code = n.provider_code
  AND s.spell_number = n.spell_number AND s.person_id = n.person_id
LEFT JOIN grouped_spells AS g ON g.provider_code = n.provider_code
  AND g.spell_number = n.spell_number
WHERE n.spell_number IS NOT NULL AND (s.spell_key IS NOT NULL OR g.hrg IS NOT NULL)
GROUP BY n.spell_id
