-- One row per practice, point of delivery, year of activity and price year: what its activity cost,
-- step by step. A step that none of it has, because there is no such step or no rule of it is held, is
-- empty, not zero.
WITH every AS (
  SELECT practice_code, pod, financial_year, price_year, is_reported, 1 AS n_activity, base_pence,
         short_stay_pence, long_stay_pence, top_up_pence, other_pence, mff_pence, price_pence,
         unpriced_reason
  FROM priced_spells
  UNION ALL
  SELECT practice_code, pod, financial_year, price_year, is_reported, 1 AS n_activity, base_pence,
         CAST(NULL AS BIGINT) AS short_stay_pence, CAST(NULL AS BIGINT) AS long_stay_pence,
         CAST(NULL AS BIGINT) AS top_up_pence, CAST(NULL AS BIGINT) AS other_pence, mff_pence, price_pence,
         unpriced_reason
  FROM priced_unbundled
  UNION ALL
  SELECT practice_code, pod, financial_year, price_year, is_reported, n_activity,
         n_activity * base_pence AS base_pence, CAST(NULL AS BIGINT) AS short_stay_pence,
         CAST(NULL AS BIGINT) AS long_stay_pence, CAST(NULL AS BIGINT) AS top_up_pence,
         CAST(NULL AS BIGINT) AS other_pence, n_activity * mff_pence AS mff_pence, pence AS price_pence,
         unpriced_reason
  FROM priced_outpatients
  UNION ALL
  SELECT practice_code, pod, financial_year, price_year, is_reported, n_activity,
         n_activity * base_pence AS base_pence, CAST(NULL AS BIGINT) AS short_stay_pence,
         CAST(NULL AS BIGINT) AS long_stay_pence, CAST(NULL AS BIGINT) AS top_up_pence,
         CAST(NULL AS BIGINT) AS other_pence, n_activity * mff_pence AS mff_pence, pence AS price_pence,
         unpriced_reason
  FROM priced_emergency)
SELECT practice_code, pod, financial_year, price_year, is_reported,
       CAST(SUM(CASE WHEN unpriced_reason IN ('private_patient', 'excluded', 'open_spell', 'regular_attender',
                                                 'outside_scope', 'not_attended') THEN 0
                     ELSE n_activity END) AS BIGINT) AS n_activity,
       CAST(SUM(CASE WHEN unpriced_reason IS NULL THEN n_activity ELSE 0 END) AS BIGINT) AS n_priced,
       CAST(SUM(CASE WHEN short_stay_pence <> 0 THEN n_activity ELSE 0 END) AS BIGINT) AS n_short_stay,
       CAST(SUM(CASE WHEN long_stay_pence <> 0 THEN n_activity ELSE 0 END) AS BIGINT) AS n_long_stay,
       CAST(SUM(CASE WHEN top_up_pence <> 0 THEN n_activity ELSE 0 END) AS BIGINT) AS n_top_up,
       CAST(SUM(CASE WHEN other_pence <> 0 THEN n_activity ELSE 0 END) AS BIGINT) AS n_other,
       CAST(SUM(base_pence) AS BIGINT) AS base_pence,
       CAST(SUM(short_stay_pence) AS BIGINT) AS short_stay_pence,
       CAST(SUM(long_stay_pence) AS BIGINT) AS long_stay_pence,
       CAST(SUM(top_up_pence) AS BIGINT) AS top_up_pence,
       CAST(SUM(other_pence) AS BIGINT) AS other_pence,
       CAST(SUM(mff_pence) AS BIGINT) AS mff_pence,
       CAST(SUM(price_pence) AS BIGINT) AS price_pence
FROM every
GROUP BY practice_code, pod, financial_year, price_year, is_reported
