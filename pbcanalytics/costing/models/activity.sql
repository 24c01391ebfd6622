-- The cube: one row per practice, provider, month, point of delivery, specialty and price year.
-- Payable activity is what is priced or should have been; what lies outside the tariff is apart.
WITH every AS (
  SELECT practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
         discharge_date AS day, price_pence, unpriced_reason FROM priced_spells
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
         appointment_date AS day, price_pence, unpriced_reason FROM priced_outpatients
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
         arrival_date AS day, price_pence, unpriced_reason FROM priced_emergency)
SELECT practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
       CAST(DATE_TRUNC('month', day) AS DATE) AS month,
       COUNT(*) AS n_rows, COUNT(price_pence) AS n_priced,
       COUNT(CASE WHEN NOT r.is_gap THEN 1 END) AS n_outside,
       CAST(COALESCE(SUM(price_pence), 0) AS BIGINT) AS pence
FROM every
LEFT JOIN unpriced_reasons AS r ON r.unpriced_reason = every.unpriced_reason
GROUP BY practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
         CAST(DATE_TRUNC('month', day) AS DATE)
