-- One row per episode, with that part of its spell's key which is not the provider (domain 2.1), and
-- a shorter hint of it: all episodes of a spell have one hint, and few others share it.
-- A regular attender's every episode is a spell of its own; without a spell number, or with one of
-- noughts, the day of admission stands in for it. A spell that SUS supplied without its episodes
-- counts as one episode, all days that SUS took off its length with those of critical care; an
-- episode without an HRG takes the one that the grouper gave it.
WITH given AS (
  SELECT e.episode_id, e.person_id, e.provider_code, e.practice_code, e.commissioner_code,
         e.specialty_code,
         CASE WHEN REPLACE(REPLACE(e.spell_number, '0', ''), '-', '') <> '' THEN e.spell_number
              END AS spell_number,
         e.admission_date, e.admission_method, e.admission_source,
         e.patient_class, e.intended_management, e.administrative_category, e.episode_start,
         e.episode_order, e.episode_end, e.discharge_date, e.discharge_destination, e.age_years,
         e.sex, e.critical_care_days, e.rehabilitation_days, e.palliative_days,
         COALESCE(e.hrg, g.hrg) AS hrg, e.unbundled_hrgs, e.specialised_codes,
         e.procedures IS NOT NULL AS has_procedure
  FROM episodes AS e
  LEFT JOIN grouped_episodes AS g ON g.provider_code = e.provider_code
    AND g.spell_number = e.spell_number AND g.episode_order = e.episode_order
  UNION ALL
  SELECT s.spell_key AS episode_id, s.person_id, s.provider_code, s.practice_code,
         s.commissioner_code, s.specialty_code, s.own_number AS spell_number, s.admission_date,
         s.admission_method, s.admission_source, s.patient_class, s.intended_management,
         s.administrative_category, s.admission_date AS episode_start, 1 AS episode_order,
         s.discharge_date AS episode_end, s.discharge_date, s.discharge_destination, s.age_years,
         s.sex, GREATEST(0, s.supplied_los_days - s.adjusted_los_days) AS critical_care_days,
         0 AS rehabilitation_days, 0 AS palliative_days, s.hrg,
         CAST(NULL AS VARCHAR) AS unbundled_hrgs, CAST(NULL AS VARCHAR) AS specialised_codes,
         s.dominant_procedure IS NOT NULL AS has_procedure
  FROM keyed_supplied AS s
  WHERE NOT EXISTS (SELECT 1 FROM episodes AS e
                    WHERE e.provider_code = s.provider_code AND e.spell_number = s.own_number)
    AND NOT EXISTS (SELECT 1 FROM episodes AS e
                    WHERE s.own_number IS NULL AND e.provider_code = s.provider_code
                      AND e.person_id = s.person_id AND e.admission_date = s.admission_date
                      AND COALESCE(REPLACE(REPLACE(e.spell_number, '0', ''), '-', ''), '') = ''))
SELECT *,
       CASE WHEN patient_class IN ('3', '4') THEN episode_id
            WHEN spell_number IS NOT NULL THEN person_id || '|' || spell_number
            ELSE person_id || '|' || CAST(admission_date AS VARCHAR) END AS stay,
       CASE WHEN patient_class IN ('3', '4') THEN episode_id
            ELSE COALESCE(spell_number, person_id) END AS stay_hint
FROM given
