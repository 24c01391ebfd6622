-- One row per practice, point of delivery, root, HRG, month, year of activity and price year: what was
-- priced of it. The root of an HRG4 code is its first four signs, a code of version 3.5 is its own
-- root. An attendance is priced by its specialty, which stands for both; an outpatient procedure or an
-- A&E attendance has its HRG, and its specialty for a root.
WITH every AS (
  SELECT practice_code, pod, LEFT(hrg, 4) AS root, hrg, financial_year, price_year,
         CAST(DATE_TRUNC('month', discharge_date) AS DATE) AS month, 1 AS n_activity, price_pence AS pence
  FROM priced_spells WHERE unpriced_reason IS NULL
  UNION ALL
  SELECT practice_code, pod, LEFT(hrg, 4) AS root, hrg, financial_year, price_year,
         CAST(DATE_TRUNC('month', discharge_date) AS DATE) AS month, 1 AS n_activity, price_pence AS pence
  FROM priced_unbundled WHERE unpriced_reason IS NULL
  UNION ALL
  SELECT practice_code, pod, COALESCE(specialty_code, pod) AS root,
         CASE WHEN pod = 'OPPROC' THEN hrg ELSE specialty_code END AS hrg, financial_year, price_year,
         month, n_activity, pence
  FROM priced_outpatients WHERE unpriced_reason IS NULL
  UNION ALL
  SELECT practice_code, pod, COALESCE(specialty_code, pod) AS root, hrg, financial_year, price_year,
         month, n_activity, pence
  FROM priced_emergency WHERE unpriced_reason IS NULL)
SELECT practice_code, pod, root, hrg, month, financial_year, price_year,
       CAST(SUM(n_activity) AS BIGINT) AS n_priced, CAST(SUM(pence) AS BIGINT) AS pence
FROM every
GROUP BY practice_code, pod, root, hrg, month, financial_year, price_year
