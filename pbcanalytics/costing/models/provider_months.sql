-- One row per provider and financial year: in how many of its months there is activity.
WITH seen AS (
  SELECT provider_code, financial_year,
         CAST(DATE_TRUNC('month', discharge_date) AS DATE) AS month FROM priced_spells
  UNION
  SELECT provider_code, financial_year, month FROM priced_outpatients
  UNION
  SELECT provider_code, financial_year, month FROM priced_emergency)
SELECT provider_code, financial_year, COUNT(*) AS n_months
FROM seen
WHERE month IS NOT NULL
GROUP BY provider_code, financial_year
