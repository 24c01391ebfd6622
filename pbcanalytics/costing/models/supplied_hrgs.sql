-- One row per spell of which somebody supplied one HRG for the whole: SUS, else the NHS grouper.
SELECT n.spell_id, COALESCE(MIN(s.hrg), MIN(g.hrg)) AS hrg
FROM spells AS n
LEFT JOIN supplied_spells AS s ON s.provider_code = n.provider_code
  AND s.spell_number = n.spell_number AND s.person_id = n.person_id
LEFT JOIN grouped_spells AS g ON g.provider_code = n.provider_code
  AND g.spell_number = n.spell_number
WHERE s.hrg IS NOT NULL OR g.hrg IS NOT NULL
GROUP BY n.spell_id
