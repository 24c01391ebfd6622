-- One row per provider and hint that several episodes share: only these may be of one spell.
SELECT provider_code, stay_hint
FROM given_episodes
GROUP BY provider_code, stay_hint
HAVING COUNT(*) > 1
