-- One row per episode: the spell it belongs to, and its place in it (domain 2.1).
-- A regular attender's every episode is a spell of its own; without a spell number the day of
-- admission stands in for it.
SELECT episode_id, provider_code || '|' || CASE
         WHEN patient_class IN ('3', '4') THEN episode_id
         WHEN spell_number IS NOT NULL THEN person_id || '|' || spell_number
         ELSE person_id || '|' || CAST(admission_date AS VARCHAR) END AS spell_id,
       ROW_NUMBER() OVER (
         PARTITION BY provider_code, CASE
           WHEN patient_class IN ('3', '4') THEN episode_id
           WHEN spell_number IS NOT NULL THEN person_id || '|' || spell_number
           ELSE person_id || '|' || CAST(admission_date AS VARCHAR) END
         ORDER BY episode_start NULLS LAST, episode_order NULLS LAST, episode_end NULLS LAST,
                  episode_id) AS sequence,
       person_id, provider_code, practice_code, commissioner_code, specialty_code,
       admission_date, admission_method, patient_class, discharge_date, age_years, sex,
       critical_care_days, hrg
FROM episodes
