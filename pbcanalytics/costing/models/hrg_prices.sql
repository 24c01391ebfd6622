-- One row per price year, HRG and kind of admission with a price: what the price of a stay is made
-- of, before the market forces factor. What would keep every such stay, or short or long ones only,
-- from having a price stands beside it (domain 1.6).
WITH kinds AS (
  SELECT financial_year, hrg, 'DC' AS pod, day_case_pence AS base_pence,
         elective_trim_days AS trim_point_days FROM tariff
  UNION ALL
  SELECT financial_year, hrg, 'EL', elective_pence, elective_trim_days FROM tariff
  UNION ALL
  SELECT financial_year, hrg, 'NEL', non_elective_pence, non_elective_trim_days FROM tariff
  UNION ALL
  SELECT financial_year, hrg, 'NELNE', non_elective_pence, non_elective_trim_days FROM tariff),
ruled AS (
  SELECT k.financial_year AS price_year, k.hrg, t.name AS hrg_name, t.root, k.pod, k.base_pence,
         k.trim_point_days, t.long_stay_per_day_pence, r.long_stay_applies, r.mff_applies,
         r.short_stay_longest_days, r.short_stay_youngest_years, t.short_stay_is_held,
         r.short_stay_applies,
         k.pod = 'NEL' AND r.short_stay_applies IS DISTINCT FROM FALSE AS may_be_short,
         COALESCE(t.short_stay_emergency_pence,
                  (k.base_pence * t.short_stay_millionths + 500000) // 1000000, k.base_pence)
           - k.base_pence AS reduction_pence,
         CASE k.pod WHEN 'DC' THEN r.dc_in_scope WHEN 'EL' THEN r.el_in_scope
                    WHEN 'NEL' THEN r.nel_in_scope ELSE r.nelne_in_scope END AS is_in_scope,
         r.payable_hrg
  FROM kinds AS k
  JOIN tariff AS t ON t.financial_year = k.financial_year AND t.hrg = k.hrg
  JOIN payment_rules AS r ON r.financial_year = k.financial_year
  WHERE k.base_pence IS NOT NULL)
SELECT price_year, hrg, hrg_name, root, pod, base_pence,
       CASE WHEN long_stay_applies IS DISTINCT FROM FALSE THEN trim_point_days END AS trim_point_days,
       long_stay_per_day_pence,
       CASE WHEN may_be_short THEN short_stay_longest_days END AS short_stay_longest_days,
       CASE WHEN may_be_short THEN short_stay_youngest_years END AS short_stay_youngest_years,
       CASE WHEN may_be_short THEN reduction_pence END AS short_stay_pence,
       mff_applies,
       CASE WHEN NOT is_in_scope THEN 'outside_scope'
            WHEN is_in_scope IS NULL OR payable_hrg IS NULL OR mff_applies IS NULL THEN 'rule_not_held'
            WHEN may_be_short AND (short_stay_longest_days IS NULL OR short_stay_youngest_years IS NULL)
            THEN 'rule_not_held' END AS unpriced_reason,
       CASE WHEN may_be_short AND short_stay_applies IS NULL THEN 'rule_not_held'
            WHEN may_be_short AND NOT short_stay_is_held THEN 'no_short_stay_share'
            END AS short_stay_unpriced_reason,
       CASE WHEN long_stay_applies IS NULL THEN 'rule_not_held'
            WHEN long_stay_per_day_pence IS NULL THEN 'no_long_stay_rate'
            END AS long_stay_unpriced_reason
FROM ruled
