-- One row per source, provider, month, point of delivery, HRG, specialty and kind of count of the
-- contract monitoring that is loaded: lines that are priced alike, with what was charged for them.
WITH every AS (
  SELECT 'contract_lines' AS source, provider_code, month, pod, contract_pod, hrg, specialty_code,
         n_activity, price_pence FROM contract_lines
  UNION ALL
  SELECT 'contract_totals' AS source, provider_code, month, pod, contract_pod, hrg, specialty_code,
         n_activity, price_pence FROM contract_totals),
judged AS (
  SELECT *, CASE WHEN n_activity IS NULL THEN 'no_count'
                 WHEN n_activity < 0 THEN 'negative_count'
                 WHEN n_activity <> FLOOR(n_activity) THEN 'count_not_whole'
                 ELSE 'count' END AS counting,
         CASE WHEN MONTH(month) >= 4
              THEN CAST(YEAR(month) AS VARCHAR) || '/' || RIGHT(CAST(YEAR(month) + 1 AS VARCHAR), 2)
              ELSE CAST(YEAR(month) - 1 AS VARCHAR) || '/' || RIGHT(CAST(YEAR(month) AS VARCHAR), 2)
              END AS financial_year
  FROM every)
SELECT source, financial_year, provider_code, CAST(month AS VARCHAR) AS month, pod, contract_pod, hrg,
       specialty_code, counting, price_pence IS NOT NULL AS is_charged, COUNT(*) AS n_rows,
       CASE WHEN counting = 'count' THEN CAST(SUM(n_activity) AS BIGINT) END AS n_activity,
       CAST(SUM(price_pence) AS BIGINT) AS supplied_pence
FROM judged
GROUP BY source, financial_year, provider_code, month, pod, contract_pod, hrg, specialty_code, counting,
         price_pence IS NOT NULL
ORDER BY source, financial_year, provider_code, month, pod, contract_pod, hrg, specialty_code, counting,
         is_charged
