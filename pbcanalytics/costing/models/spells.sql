-- One row per provider spell: from admission to discharge at one provider.
-- A spell takes who and how from the first episode that says so; where it went, from the last.
WITH grouped AS (
  SELECT spell_id, MIN(person_id) AS person_id, MIN(provider_code) AS provider_code,
         MIN_BY(practice_code, CASE WHEN practice_code IS NOT NULL THEN sequence END) AS practice_code,
         MIN_BY(commissioner_code, CASE WHEN commissioner_code IS NOT NULL THEN sequence END) AS commissioner_code,
         MIN(CASE WHEN patient_class NOT IN ('3', '4') THEN spell_number END) AS spell_number,
         MIN_BY(specialty_code, CASE WHEN specialty_code IS NOT NULL THEN sequence END) AS specialty_code,
         MIN_BY(admission_method, CASE WHEN admission_method IS NOT NULL THEN sequence END) AS admission_method,
         MIN_BY(admission_source, CASE WHEN admission_source IS NOT NULL THEN sequence END) AS admission_source,
         MIN_BY(patient_class, CASE WHEN patient_class IS NOT NULL THEN sequence END) AS patient_class,
         MIN_BY(intended_management, CASE WHEN intended_management IS NOT NULL THEN sequence END) AS intended_management,
         MIN_BY(administrative_category, CASE WHEN administrative_category IS NOT NULL THEN sequence END) AS administrative_category,
         MAX_BY(discharge_destination, CASE WHEN discharge_destination IS NOT NULL THEN sequence END) AS discharge_destination,
         MIN_BY(age_years, CASE WHEN age_years IS NOT NULL THEN sequence END) AS age_years,
         MIN_BY(sex, CASE WHEN sex IS NOT NULL THEN sequence END) AS sex,
         MIN(admission_date) AS admission_date, MAX(discharge_date) AS discharge_date,
         COUNT(*) AS n_episodes,
         CAST(SUM(COALESCE(critical_care_days, 0)) AS BIGINT) AS critical_care_days,
         CAST(SUM(COALESCE(rehabilitation_days, 0)) AS BIGINT) AS rehabilitation_days,
         CAST(SUM(COALESCE(palliative_days, 0)) AS BIGINT) AS palliative_days
  FROM spell_episodes
  GROUP BY spell_id)
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
