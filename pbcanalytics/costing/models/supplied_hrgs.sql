-- One row per spell of which somebody supplied one HRG for the whole: SUS, else the NHS grouper.
-- Regular attenders have a spell an episode, and no HRG of a whole.
WITH numbered AS (
  SELECT DISTINCT spell_id, provider_code, person_id, spell_number
  FROM spell_episodes
  WHERE spell_number IS NOT NULL AND patient_class NOT IN ('3', '4'))
SELECT n.spell_id, COALESCE(MIN(s.hrg), MIN(g.hrg)) AS hrg
FROM numbered AS n
LEFT JOIN supplied_spells AS s ON s.provider_code = n.provider_code
  AND s.spell_number = n.spell_number AND s.person_id = n.person_id
LEFT JOIN grouped_spells AS g ON g.provider_code = n.provider_code
  AND g.spell_number = n.spell_number
WHERE s.hrg IS NOT NULL OR g.hrg IS NOT NULL
GROUP BY n.spell_id
