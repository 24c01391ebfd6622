-- One row per episode that shares its hint with another: its spell, and its place in it.
WITH keyed AS (
  SELECT *, provider_code || '|' || stay AS spell_id
  FROM given_episodes AS g
  WHERE EXISTS (SELECT 1 FROM shared_hints AS h
                WHERE h.provider_code = g.provider_code AND h.stay_hint = g.stay_hint))
SELECT episode_id, spell_id,
       ROW_NUMBER() OVER (
         PARTITION BY spell_id
         ORDER BY episode_start NULLS LAST, episode_order NULLS LAST, episode_end NULLS LAST,
                  episode_id) AS sequence,
       person_id, provider_code, practice_code, commissioner_code, specialty_code,
       admission_date, admission_method, admission_source, patient_class, intended_management,
       administrative_category, episode_start, episode_order, episode_end, discharge_date,
       discharge_destination, age_years, sex, critical_care_days, rehabilitation_days,
       palliative_days, hrg, unbundled_hrgs, specialised_codes, spell_number, has_procedure
FROM keyed
