-- One row per practice, point of delivery, year of activity, price year and reason: how much activity
-- has no price. What is no gap lies outside the tariff or is not payable yet.
WITH every AS (
  SELECT practice_code, pod, financial_year, price_year, is_reported, unpriced_reason, 1 AS n_activity
  FROM priced_spells
  UNION ALL
  SELECT practice_code, pod, financial_year, price_year, is_reported, unpriced_reason, 1 AS n_activity
  FROM priced_unbundled
  UNION ALL
  SELECT practice_code, pod, financial_year, price_year, is_reported, unpriced_reason, n_activity
  FROM priced_outpatients
  UNION ALL
  SELECT practice_code, pod, financial_year, price_year, is_reported, unpriced_reason, n_activity
  FROM priced_emergency)
SELECT practice_code, pod, financial_year, price_year, is_reported, every.unpriced_reason, r.is_gap,
       CAST(SUM(n_activity) AS BIGINT) AS n_activity
FROM every
JOIN unpriced_reasons AS r ON r.unpriced_reason = every.unpriced_reason
GROUP BY practice_code, pod, financial_year, price_year, is_reported, every.unpriced_reason, r.is_gap
