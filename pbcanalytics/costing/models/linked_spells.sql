-- One row per spell of linked episodes, from admission to discharge at one provider.
-- A spell takes who and how from the first episode that says so; where it went, from the last. Its
-- HRG is that of its episodes; where these differ, one of them is chosen (payable_hrgs).
SELECT spell_id, MIN(person_id) AS person_id, MIN(provider_code) AS provider_code,
       MIN_BY(practice_code, CASE WHEN practice_code IS NOT NULL THEN sequence END) AS practice_code,
       MIN_BY(commissioner_code, CASE WHEN commissioner_code IS NOT NULL THEN sequence END) AS commissioner_code,
       MIN(CASE WHEN COALESCE(patient_class, '') NOT IN ('3', '4') THEN spell_number END) AS spell_number,
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
       CAST(SUM(COALESCE(palliative_days, 0)) AS BIGINT) AS palliative_days,
       MIN(hrg) AS hrg, COALESCE(MIN(hrg) <> MAX(hrg), FALSE) AS has_several_hrgs
FROM linked_episodes
GROUP BY spell_id
