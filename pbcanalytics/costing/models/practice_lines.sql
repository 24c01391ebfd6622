-- One row per practice, point of delivery, year of activity and price year: what budgets start from.
SELECT practice_code, pod, financial_year, price_year,
       CAST(SUM(n_rows - n_outside) AS BIGINT) AS n_activity,
       CAST(SUM(n_priced) AS BIGINT) AS n_priced, CAST(SUM(pence) AS BIGINT) AS pence
FROM activity
GROUP BY practice_code, pod, financial_year, price_year
