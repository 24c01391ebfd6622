-- One row per point of delivery and cause that moved any price between bridge_before and
-- bridge_after: the same spells at two sets of prices and rules. The causes add up.
WITH compared AS (
  SELECT b.pod, b.price_pence AS before_pence, a.price_pence AS after_pence,
         b.hrg IS DISTINCT FROM a.hrg AS is_other_hrg,
         CASE COALESCE(b.unpriced_reason, a.unpriced_reason) WHEN 'outside_scope' THEN 'scope'
              WHEN 'unknown_hrg' THEN 'currency' WHEN 'rule_not_held' THEN 'rule_not_held'
              END AS one_sided,
         a.base_pence - b.base_pence AS base, a.short_stay_pence - b.short_stay_pence AS short,
         a.long_stay_pence - b.long_stay_pence AS long,
         COALESCE(a.top_up_pence, 0) - COALESCE(b.top_up_pence, 0) AS top_up,
         COALESCE(a.other_pence, 0) - COALESCE(b.other_pence, 0) AS other,
         a.mff_pence - b.mff_pence AS mff
  FROM bridge_before AS b JOIN bridge_after AS a ON a.spell_id = b.spell_id),
caused AS (
  SELECT pod, 'price' AS cause, base AS pence FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL AND NOT is_other_hrg
  UNION ALL SELECT pod, 'payable_hrg', base FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL AND is_other_hrg
  UNION ALL SELECT pod, 'short_stay', short FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL
  UNION ALL SELECT pod, 'long_stay', long FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL
  UNION ALL SELECT pod, 'top_up', top_up FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL
  UNION ALL SELECT pod, 'adjustment', other FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL
  UNION ALL SELECT pod, 'mff', mff FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NOT NULL
  UNION ALL SELECT pod, COALESCE(one_sided, 'priced_before_only'), -before_pence FROM compared
  WHERE before_pence IS NOT NULL AND after_pence IS NULL
  UNION ALL SELECT pod, COALESCE(one_sided, 'priced_after_only'), after_pence FROM compared
  WHERE before_pence IS NULL AND after_pence IS NOT NULL)
SELECT COALESCE(pod, 'OTHER') AS pod, cause, COUNT(*) AS n_spells,
       CAST(SUM(pence) AS BIGINT) AS pence
FROM caused WHERE pence <> 0 GROUP BY pod, cause ORDER BY pod, cause
