-- The cube: one row per practice, provider, month, point of delivery, specialty and price year.
-- Payable activity is what is priced or should have been; what lies outside the tariff is apart.
WITH stays AS (
  SELECT practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
         CAST(DATE_TRUNC('month', discharge_date) AS DATE) AS month, 1 AS n_activity,
         price_pence AS pence, unpriced_reason
  FROM priced_spells
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
         CAST(DATE_TRUNC('month', discharge_date) AS DATE) AS month, 1 AS n_activity,
         price_pence AS pence, unpriced_reason
  FROM priced_unbundled),
every AS (
  SELECT * FROM stays
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
         month, n_activity, pence, unpriced_reason FROM priced_outpatients
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
         month, n_activity, pence, unpriced_reason FROM priced_emergency)
SELECT practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
       month, CAST(SUM(n_activity) AS BIGINT) AS n_rows,
       CAST(SUM(CASE WHEN unpriced_reason IS NULL THEN n_activity ELSE 0 END) AS BIGINT) AS n_priced,
       CAST(SUM(CASE WHEN unpriced_reason IN ('private_patient', 'excluded', 'open_spell', 'regular_attender',
                                                 'outside_scope', 'not_attended') THEN n_activity
                     ELSE 0 END) AS BIGINT) AS n_outside,
       CAST(COALESCE(SUM(pence), 0) AS BIGINT) AS pence
FROM every
GROUP BY practice_code, provider_code, specialty_code, pod, financial_year, price_year, is_reported,
         month
