-- One row per spell, unbundled HRG in its list and price year: care that is paid beside the spell.
-- The same code twice in a list is paid twice.
WITH listed AS (
  SELECT c.spell_id, p.position, SPLIT_PART(c.codes, ' ', p.position) AS hrg
  FROM spell_codes AS c
  CROSS JOIN positions AS p
  WHERE c.kind = 'unbundled' AND SPLIT_PART(c.codes, ' ', p.position) <> ''),
judged AS (
  SELECT l.spell_id, l.position, l.hrg, s.provider_code, s.commissioner_code, s.practice_code,
         s.specialty_code, s.discharge_date, s.financial_year, y.price_year,
         COALESCE(y.is_reported, TRUE) AS is_reported, u.price_pence AS unit_pence,
         CASE WHEN r.mff_applies THEN m.mff_millionths - 1000000 ELSE 0 END AS mff_excess_millionths,
         CASE WHEN s.administrative_category = '02' THEN 'private_patient'
              WHEN f.is_excluded THEN 'excluded'
              WHEN s.discharge_date IS NULL THEN 'open_spell'
              WHEN y.price_year IS NULL THEN 'no_tariff_year'
              WHEN u.price_pence IS NULL THEN 'no_unbundled_price'
              WHEN r.mff_applies IS NULL THEN 'rule_not_held'
              WHEN r.mff_applies AND m.mff_millionths IS NULL THEN 'no_mff' END AS unpriced_reason
  FROM listed AS l
  JOIN spells AS s ON s.spell_id = l.spell_id
  LEFT JOIN supplied_facts AS f ON f.spell_id = l.spell_id
  LEFT JOIN price_years AS y ON y.financial_year = s.financial_year
  LEFT JOIN payment_rules AS r ON r.financial_year = y.price_year
  LEFT JOIN unbundled_prices AS u ON u.financial_year = y.price_year AND u.hrg = l.hrg
  LEFT JOIN mff AS m ON m.financial_year = y.price_year AND m.provider_code = s.provider_code),
stepped AS (
  SELECT *, CASE WHEN unpriced_reason IS NULL THEN unit_pence END AS paid_pence FROM judged)
SELECT spell_id, position, hrg, provider_code, commissioner_code, practice_code, specialty_code,
       'UNB' AS pod, discharge_date, financial_year, price_year, is_reported,
       paid_pence AS base_pence,
       (paid_pence * mff_excess_millionths + 500000) // 1000000 AS mff_pence,
       paid_pence + (paid_pence * mff_excess_millionths + 500000) // 1000000 AS price_pence,
       unpriced_reason
FROM stepped
