-- One row per practice, commissioner, provider, specialty, HRG and month: how many attended A&E.
SELECT practice_code, commissioner_code, provider_code, specialty_code, hrg,
       CAST(DATE_TRUNC('month', arrival_date) AS DATE) AS month, COUNT(*) AS n_activity
FROM emergency_attendances
GROUP BY practice_code, commissioner_code, provider_code, specialty_code, hrg,
         CAST(DATE_TRUNC('month', arrival_date) AS DATE)
