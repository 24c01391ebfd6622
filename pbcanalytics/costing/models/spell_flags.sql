-- One row per spell and thing that is odd about its episodes (domain 2.1): what should be the same
-- in all of them and is not, an episode that stands there twice, and a first one that is missing.
WITH several AS (
  SELECT e.spell_id, COUNT(DISTINCT e.sex) AS n_sexes, COUNT(DISTINCT e.patient_class) AS n_classes,
         COUNT(DISTINCT e.admission_source) AS n_sources,
         COUNT(DISTINCT e.admission_method) AS n_methods,
         COUNT(DISTINCT e.admission_date) AS n_admissions
  FROM linked_episodes AS e
  JOIN linked_spells AS s ON s.spell_id = e.spell_id
  WHERE s.n_episodes > 1
  GROUP BY e.spell_id),
twice AS (
  SELECT DISTINCT e.spell_id
  FROM linked_episodes AS e
  JOIN linked_spells AS s ON s.spell_id = e.spell_id
  WHERE s.n_episodes > 1 AND e.episode_order IS NOT NULL
  GROUP BY e.spell_id, e.episode_order, e.episode_start, e.episode_end
  HAVING COUNT(*) > 1)
SELECT spell_id, 'sex_differs' AS flag FROM several WHERE n_sexes > 1
UNION ALL SELECT spell_id, 'class_differs' AS flag FROM several WHERE n_classes > 1
UNION ALL SELECT spell_id, 'source_differs' AS flag FROM several WHERE n_sources > 1
UNION ALL SELECT spell_id, 'method_differs' AS flag FROM several WHERE n_methods > 1
UNION ALL SELECT spell_id, 'admission_differs' AS flag FROM several WHERE n_admissions > 1
UNION ALL SELECT spell_id, 'episode_twice' AS flag FROM twice
UNION ALL SELECT spell_id, 'first_episode_missing' AS flag FROM spell_episodes
WHERE sequence = 1 AND episode_order > 1
