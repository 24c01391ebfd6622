-- One row per practice, point of delivery and month with activity: what was spent, at the prices of the month's own
-- year. What lies outside the tariff is not counted as activity.
SELECT practice_code, pod, financial_year, month,
       CAST(SUM(n_rows - n_outside) AS BIGINT) AS n_activity,
       CAST(SUM(n_priced) AS BIGINT) AS n_priced, CAST(SUM(pence) AS BIGINT) AS pence
FROM activity
WHERE financial_year = price_year
GROUP BY practice_code, pod, financial_year, month
HAVING SUM(n_rows - n_outside) > 0
