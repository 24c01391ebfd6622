-- One row per commissioner and provider with emergencies in the year that the threshold is reckoned
-- from: their value at the prices of the contract's year, and whether that year is held whole.
SELECT p.commissioner_code, p.provider_code,
       CAST(COALESCE(SUM(p.price_pence - p.mff_pence), 0) AS BIGINT) AS base_pence,
       MAX(COALESCE(m.n_months, 0)) = 12 AND COUNT(CASE WHEN r.is_gap THEN 1 END) = 0
         AS base_is_whole
FROM priced_spells AS p
JOIN price_years AS y ON y.financial_year = p.financial_year AND y.price_year = p.price_year
LEFT JOIN provider_months AS m ON m.provider_code = p.provider_code
  AND m.financial_year = p.financial_year
LEFT JOIN unpriced_reasons AS r ON r.unpriced_reason = p.unpriced_reason
WHERE p.pod = 'NEL'
GROUP BY p.commissioner_code, p.provider_code
