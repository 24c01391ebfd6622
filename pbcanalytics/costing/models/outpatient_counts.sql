-- One row per practice, commissioner, provider, specialty, kind of appointment, HRG and month: how
-- many there were. Price depends on nothing else, so that cells are priced and not appointments.
SELECT practice_code, commissioner_code, provider_code, specialty_code, attendance_type,
       COALESCE(attended IN ('5', '6'), FALSE) AS is_attended, hrg,
       CAST(DATE_TRUNC('month', appointment_date) AS DATE) AS month, COUNT(*) AS n_activity
FROM outpatients
GROUP BY practice_code, commissioner_code, provider_code, specialty_code, attendance_type,
         COALESCE(attended IN ('5', '6'), FALSE), hrg,
         CAST(DATE_TRUNC('month', appointment_date) AS DATE)
