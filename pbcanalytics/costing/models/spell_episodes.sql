-- One row per episode: the spell it belongs to, and its place in it (domain 2.1).
-- A regular attender's every episode is a spell of its own; without a spell number the day of
-- admission stands in for it. A spell that SUS supplied without its episodes counts as one episode,
-- and an episode without an HRG takes the one that the grouper gave it.
WITH given AS (
  SELECT e.episode_id, e.person_id, e.provider_code, e.practice_code, e.commissioner_code,
         e.specialty_code, e.spell_number, e.admission_date, e.admission_method, e.patient_class,
         e.episode_start, e.episode_order, e.episode_end, e.discharge_date, e.age_years, e.sex,
         e.critical_care_days, COALESCE(e.hrg, g.hrg) AS hrg,
         e.procedures IS NOT NULL AS has_procedure
  FROM episodes AS e
  LEFT JOIN grouped_episodes AS g ON g.provider_code = e.provider_code
    AND g.spell_number = e.spell_number AND g.episode_order = e.episode_order
  UNION ALL
  SELECT s.spell_key AS episode_id, s.person_id, s.provider_code, s.practice_code,
         s.commissioner_code, s.specialty_code, s.spell_number, s.admission_date,
         s.admission_method, s.patient_class, s.admission_date AS episode_start, 1 AS episode_order,
         s.discharge_date AS episode_end, s.discharge_date, s.age_years, s.sex,
         GREATEST(0, s.supplied_los_days - s.adjusted_los_days) AS critical_care_days, s.hrg,
         s.dominant_procedure IS NOT NULL AS has_procedure
  FROM supplied_spells AS s
  WHERE NOT EXISTS (SELECT 1 FROM episodes AS e
                    WHERE e.provider_code = s.provider_code AND e.spell_number = s.spell_number)),
keyed AS (
  SELECT *, provider_code || '|' || CASE
           WHEN patient_class IN ('3', '4') THEN episode_id
           WHEN spell_number IS NOT NULL THEN person_id || '|' || spell_number
           ELSE person_id || '|' || CAST(admission_date AS VARCHAR) END AS spell_id
  FROM given)
SELECT episode_id, spell_id,
       ROW_NUMBER() OVER (
         PARTITION BY spell_id
         ORDER BY episode_start NULLS LAST, episode_order NULLS LAST, episode_end NULLS LAST,
                  episode_id) AS sequence,
       person_id, provider_code, practice_code, commissioner_code, specialty_code,
       admission_date, admission_method, patient_class, discharge_date, age_years, sex,
       critical_care_days, hrg, spell_number, has_procedure
FROM keyed
