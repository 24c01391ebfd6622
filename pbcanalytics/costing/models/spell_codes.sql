-- One row per spell and list of codes that somebody supplied with it: unbundled HRGs, specialised
-- service codes. Of several that list the same spell one is taken: SUS, else the NHS grouper, else
-- the episodes, so that nothing counts twice.
WITH listed AS (
  SELECT spell_id, 1 AS precedence, unbundled_hrgs, specialised_codes FROM keyed_supplied
  WHERE unbundled_hrgs IS NOT NULL OR specialised_codes IS NOT NULL
  UNION ALL
  SELECT n.spell_id, 2 AS precedence, g.unbundled_hrgs, g.specialised_codes
  FROM spells AS n
  JOIN grouped_spells AS g ON g.provider_code = n.provider_code AND g.spell_number = n.spell_number
  UNION ALL
  SELECT spell_id, 3 AS precedence, unbundled_hrgs, specialised_codes FROM spell_episodes
  WHERE unbundled_hrgs IS NOT NULL OR specialised_codes IS NOT NULL),
kinds AS (
  SELECT spell_id, precedence, 'unbundled' AS kind, unbundled_hrgs AS codes FROM listed
  WHERE unbundled_hrgs IS NOT NULL
  UNION ALL
  SELECT spell_id, precedence, 'specialised' AS kind, specialised_codes AS codes FROM listed
  WHERE specialised_codes IS NOT NULL),
first AS (SELECT spell_id, kind, MIN(precedence) AS precedence FROM kinds GROUP BY spell_id, kind)
SELECT k.spell_id, k.kind, k.codes
FROM kinds AS k
JOIN first AS f ON f.spell_id = k.spell_id AND f.kind = k.kind AND f.precedence = k.precedence
