-- One row per spell whose price SUS supplied: theirs beside ours at the prices of its own year, and
-- the first step that explains the difference (domain 7.2). Steps that one side does not give are
-- taken to be what is left.
WITH both_priced AS (
  SELECT p.spell_id, p.provider_code, p.pod, p.discharge_date, p.price_year, p.hrg,
         s.hrg AS supplied_hrg, p.price_pence, s.price_pence AS supplied_pence, p.unpriced_reason,
         p.base_pence, p.short_stay_pence, p.long_stay_pence, p.top_up_pence, p.other_pence,
         p.mff_pence, s.initial_pence, s.short_stay,
         s.long_stay_pence AS supplied_long_stay_pence, s.service_adjustment_pence,
         s.unbundled_pence, s.financial_adjustment_pence, s.mff_pence AS supplied_mff_pence
  FROM keyed_supplied AS s
  JOIN priced_spells AS p ON p.spell_id = s.spell_id AND p.is_reported
    AND (p.price_year = p.financial_year OR p.price_year IS NULL)
  WHERE s.price_pence IS NOT NULL)
SELECT spell_id, provider_code, pod, discharge_date, price_year, hrg, supplied_hrg, price_pence,
       supplied_pence, supplied_pence - price_pence AS difference_pence, unpriced_reason,
       CASE WHEN price_pence IS NULL THEN 'no_price_of_ours'
            WHEN supplied_pence = price_pence THEN 'none'
            WHEN hrg <> supplied_hrg THEN 'hrg'
            WHEN initial_pence <> base_pence THEN 'base'
            WHEN supplied_long_stay_pence <> long_stay_pence THEN 'long_stay'
            WHEN service_adjustment_pence <> COALESCE(top_up_pence, 0) THEN 'top_up'
            WHEN unbundled_pence <> 0 THEN 'unbundled'
            WHEN financial_adjustment_pence <> COALESCE(other_pence, 0) THEN 'adjustment'
            WHEN supplied_pence - price_pence <> COALESCE(supplied_mff_pence - mff_pence, 0)
                 AND (short_stay_pence <> 0 OR short_stay IS NOT NULL) THEN 'short_stay'
            WHEN supplied_pence - price_pence
                 <> COALESCE(supplied_mff_pence - mff_pence, 0) THEN 'other'
            ELSE 'mff' END AS explained_by
FROM both_priced
