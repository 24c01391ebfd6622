-- The cube as it is now: one row per practice that answers today, with its consortium and PCT,
-- provider that answers today, month, point of delivery, specialty and price year (R26, R28).
WITH named AS (
  SELECT COALESCE(p.now_code, a.practice_code) AS practice_code, p.consortium_code, p.pct_code,
         COALESCE(v.now_code, a.provider_code) AS provider_code, a.specialty_code, a.pod,
         a.financial_year, a.price_year, a.is_reported, a.month,
         a.n_rows, a.n_priced, a.n_outside, a.pence
  FROM activity AS a
  LEFT JOIN practices_now AS p ON p.practice_code = a.practice_code
  LEFT JOIN providers_now AS v ON v.provider_code = a.provider_code)
SELECT practice_code, consortium_code, pct_code, provider_code, specialty_code, pod,
       financial_year, price_year, is_reported, month,
       CAST(SUM(n_rows) AS BIGINT) AS n_rows, CAST(SUM(n_priced) AS BIGINT) AS n_priced,
       CAST(SUM(n_outside) AS BIGINT) AS n_outside, CAST(SUM(pence) AS BIGINT) AS pence
FROM named
GROUP BY practice_code, consortium_code, pct_code, provider_code, specialty_code, pod,
         financial_year, price_year, is_reported, month
