-- One row per financial year in which a spell ended or an attendance took place.
WITH days AS (
  SELECT DISTINCT discharge_date AS day FROM spells
  UNION SELECT DISTINCT appointment_date AS day FROM outpatients
  UNION SELECT DISTINCT arrival_date AS day FROM emergency_attendances)
SELECT DISTINCT CASE WHEN MONTH(day) >= 4
       THEN CAST(YEAR(day) AS VARCHAR) || '/' || RIGHT(CAST(YEAR(day) + 1 AS VARCHAR), 2)
       ELSE CAST(YEAR(day) - 1 AS VARCHAR) || '/' || RIGHT(CAST(YEAR(day) AS VARCHAR), 2)
       END AS financial_year
FROM days
WHERE day IS NOT NULL
