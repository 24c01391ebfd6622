-- One row per cell of emergency_counts and price year: the price of one A&E attendance step by step,
-- and of all of them.
WITH judged AS (
  SELECT d.*, y.financial_year, y.price_year, COALESCE(y.is_reported, TRUE) AS is_reported,
         p.attendance_pence,
         CASE WHEN r.mff_applies THEN m.mff_millionths - 1000000 ELSE 0 END AS mff_excess_millionths,
         CASE WHEN d.hrg IS NULL THEN 'no_hrg'
              WHEN y.price_year IS NULL THEN 'no_tariff_year'
              WHEN NOT r.emergency_in_scope THEN 'outside_scope'
              WHEN p.attendance_pence IS NULL THEN 'no_emergency_price'
              WHEN r.emergency_in_scope IS NULL OR r.mff_applies IS NULL THEN 'rule_not_held'
              WHEN r.mff_applies AND m.mff_millionths IS NULL THEN 'no_mff' END AS unpriced_reason
  FROM emergency_counts AS d
  LEFT JOIN price_months AS y ON CAST(y.month AS DATE) = d.month
  LEFT JOIN payment_rules AS r ON r.financial_year = y.price_year
  LEFT JOIN emergency_prices AS p ON p.financial_year = y.price_year AND p.hrg = d.hrg
  LEFT JOIN mff AS m ON m.financial_year = y.price_year AND m.provider_code = d.provider_code),
stepped AS (
  SELECT *, CASE WHEN unpriced_reason IS NULL THEN attendance_pence END AS paid_pence FROM judged)
SELECT practice_code, commissioner_code, provider_code, specialty_code, 'AE' AS pod, hrg, month,
       financial_year, price_year, is_reported, n_activity,
       paid_pence AS base_pence,
       (paid_pence * mff_excess_millionths + 500000) // 1000000 AS mff_pence,
       paid_pence + (paid_pence * mff_excess_millionths + 500000) // 1000000 AS price_pence,
       n_activity * (paid_pence + (paid_pence * mff_excess_millionths + 500000) // 1000000) AS pence,
       unpriced_reason
FROM stepped
