-- One row per spell with a specialised service code and price year: the share of its price that is
-- paid on top. Of several the highest; at a provider that is eligible for none, nothing.
WITH coded AS (
  SELECT c.spell_id, s.provider_code, s.financial_year, ' ' || c.codes || ' ' AS codes
  FROM spell_codes AS c
  JOIN spells AS s ON s.spell_id = c.spell_id
  WHERE c.kind = 'specialised')
SELECT c.spell_id, y.price_year, MAX(COALESCE(t.share_millionths, 0)) AS share_millionths
FROM coded AS c
JOIN price_years AS y ON y.financial_year = c.financial_year
LEFT JOIN top_ups AS t ON t.financial_year = y.price_year
  AND (t.provider_code = c.provider_code OR t.provider_code = '*')
  AND c.codes LIKE '% ' || t.specialised_code || ' %'
GROUP BY c.spell_id, y.price_year
