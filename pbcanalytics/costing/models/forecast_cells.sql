-- One row per practice, provider, point of delivery, month and price year of what is priced: what
-- forecasts of an outturn are made from.
SELECT practice_code, provider_code, pod, month, financial_year, price_year, is_reported,
       CAST(SUM(pence) AS BIGINT) AS pence
FROM activity
WHERE n_priced > 0 AND month IS NOT NULL
GROUP BY practice_code, provider_code, pod, month, financial_year, price_year, is_reported
