-- One row per commissioner, provider and point of delivery: what the year's activity costs at the
-- tariff and under the rules of its own year.
WITH lines AS (
  SELECT commissioner_code, provider_code, pod, financial_year, price_year, 1 AS n_activity,
         price_pence, mff_pence FROM priced_spells
  UNION ALL
  SELECT commissioner_code, provider_code, pod, financial_year, price_year, 1 AS n_activity,
         price_pence, mff_pence FROM priced_unbundled
  UNION ALL
  SELECT commissioner_code, provider_code, pod, financial_year, price_year, n_activity,
         price_pence, mff_pence FROM priced_outpatients
  UNION ALL
  SELECT commissioner_code, provider_code, pod, financial_year, price_year, n_activity,
         price_pence, mff_pence FROM priced_emergency)
SELECT l.commissioner_code, l.provider_code, l.pod,
       CAST(SUM(l.n_activity) AS BIGINT) AS n_activity,
       CAST(SUM(l.n_activity * (l.price_pence - l.mff_pence)) AS BIGINT) AS gross_pence,
       CAST(SUM(l.n_activity * l.mff_pence) AS BIGINT) AS mff_pence
FROM lines AS l
JOIN contract_terms AS t ON t.financial_year = l.financial_year AND t.financial_year = l.price_year
WHERE l.price_pence IS NOT NULL
GROUP BY l.commissioner_code, l.provider_code, l.pod
