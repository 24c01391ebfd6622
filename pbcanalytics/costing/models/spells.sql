-- One row per provider spell: from admission to discharge at one provider.
WITH grouped AS (
  SELECT spell_id, person_id, provider_code, practice_code, commissioner_code,
         CASE WHEN COALESCE(patient_class, '') NOT IN ('3', '4') THEN spell_number END AS spell_number,
         specialty_code, admission_method, admission_source, patient_class, intended_management,
         administrative_category, discharge_destination, age_years, sex, admission_date,
         discharge_date, 1 AS n_episodes, COALESCE(critical_care_days, 0) AS critical_care_days,
         COALESCE(rehabilitation_days, 0) AS rehabilitation_days,
         COALESCE(palliative_days, 0) AS palliative_days, hrg, FALSE AS has_several_hrgs
  FROM lone_episodes
  UNION ALL
  SELECT spell_id, person_id, provider_code, practice_code, commissioner_code, spell_number,
         specialty_code, admission_method, admission_source, patient_class, intended_management,
         administrative_category, discharge_destination, age_years, sex, admission_date,
         discharge_date, n_episodes, critical_care_days, rehabilitation_days, palliative_days,
         hrg, has_several_hrgs
  FROM linked_spells)
SELECT *,
       CASE WHEN patient_class IN ('3', '4') THEN 'RA'
            WHEN patient_class = '2' THEN 'DC'
            WHEN admission_method IN ('11', '12', '13') THEN 'EL'
            WHEN admission_method IN ('21', '22', '23', '24', '25', '2A', '2B', '2C', '2D', '28') THEN 'NEL'
            WHEN admission_method IN ('31', '32', '81', '82', '83') THEN 'NELNE' END AS pod,
       DATE_DIFF('day', admission_date, discharge_date) AS los_days,
       CASE WHEN MONTH(discharge_date) >= 4
            THEN CAST(YEAR(discharge_date) AS VARCHAR) || '/' || RIGHT(CAST(YEAR(discharge_date) + 1 AS VARCHAR), 2)
            ELSE CAST(YEAR(discharge_date) - 1 AS VARCHAR) || '/' || RIGHT(CAST(YEAR(discharge_date) AS VARCHAR), 2)
            END AS financial_year
FROM grouped
