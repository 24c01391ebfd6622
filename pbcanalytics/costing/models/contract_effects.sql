-- One row per commissioner and provider: the year's activity at tariff, and what the rules of the
-- contract do to it (domain 1.6-1.8): the marginal rate for emergencies above a threshold, emergency
-- readmissions that are not paid, the part that varies with activity. Effects of a contract are
-- never shared out over its spells; they are before the market forces factor, and each is reckoned
-- as if it were alone. Empty where a rule is not known; the reason says so.
WITH kinds AS (
  SELECT commissioner_code, provider_code, pod, n_activity, gross_pence, mff_pence
  FROM contract_values
  UNION ALL
  SELECT commissioner_code, provider_code, 'NEL' AS pod, 0 AS n_activity, 0 AS gross_pence,
         0 AS mff_pence
  FROM readmissions),
totals AS (
  SELECT commissioner_code, provider_code, CAST(SUM(n_activity) AS BIGINT) AS n_activity,
         CAST(SUM(gross_pence) AS BIGINT) AS gross_pence,
         CAST(SUM(mff_pence) AS BIGINT) AS mff_pence,
         CAST(SUM(CASE WHEN pod = 'NEL' THEN gross_pence ELSE 0 END) AS BIGINT) AS emergency_pence
  FROM kinds
  GROUP BY commissioner_code, provider_code),
varying AS (
  SELECT l.commissioner_code, l.provider_code,
         CAST(SUM((l.gross_pence * v.variable_millionths + 500000) // 1000000) AS BIGINT) AS variable_pence,
         CAST(SUM(CASE WHEN v.pod IS NULL THEN l.gross_pence ELSE 0 END) AS BIGINT) AS undivided_pence
  FROM kinds AS l
  LEFT JOIN contract_shares AS v ON v.pod = l.pod
  GROUP BY l.commissioner_code, l.provider_code),
again AS (
  SELECT commissioner_code, provider_code,
         CAST(SUM(CASE WHEN exclusion IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS n_readmissions,
         CAST(SUM(effect_pence) AS BIGINT) AS effect_pence,
         SUM(CASE WHEN effect_pence IS NULL THEN 1 ELSE 0 END) > 0 AS is_unknown
  FROM readmissions
  GROUP BY commissioner_code, provider_code),
joined AS (
  SELECT a.*, v.variable_pence, v.undivided_pence, t.payment_model, t.marginal_applies,
         t.marginal_rate_millionths, t.marginal_gives_back, t.readmission_is_known,
         t.low_volume_is_known, t.low_volume_pence, COALESCE(m.n_months, 0) AS n_months,
         b.threshold_pence, b.base_is_whole,
         COALESCE(r.n_readmissions, 0) AS n_readmissions,
         COALESCE(r.effect_pence, 0) AS readmission_effect_pence,
         COALESCE(r.is_unknown, FALSE) AS readmission_is_unknown
  FROM totals AS a
  CROSS JOIN contract_terms AS t
  JOIN varying AS v ON v.provider_code = a.provider_code
    AND v.commissioner_code IS NOT DISTINCT FROM a.commissioner_code
  LEFT JOIN emergency_thresholds AS b ON b.provider_code = a.provider_code
    AND b.commissioner_code IS NOT DISTINCT FROM a.commissioner_code
  LEFT JOIN provider_months AS m ON m.provider_code = a.provider_code
    AND m.financial_year = t.financial_year
  LEFT JOIN again AS r ON r.provider_code = a.provider_code
    AND r.commissioner_code IS NOT DISTINCT FROM a.commissioner_code),
judged AS (
  SELECT *,
         CASE WHEN marginal_applies = FALSE THEN NULL
              WHEN marginal_applies IS NULL OR marginal_rate_millionths IS NULL
                   OR marginal_gives_back IS NULL THEN 'rule_not_held'
              WHEN threshold_pence IS NULL THEN 'no_threshold'
              WHEN NOT base_is_whole THEN 'part_of_base'
              WHEN n_months < 12 THEN 'part_of_year' END AS marginal_reason,
         CASE WHEN NOT readmission_is_known OR readmission_is_unknown THEN 'rule_not_held'
              END AS readmission_reason
  FROM joined)
SELECT commissioner_code, provider_code, payment_model, n_months, n_activity, gross_pence, mff_pence,
       gross_pence + mff_pence AS price_pence, emergency_pence, threshold_pence,
       CASE WHEN marginal_reason IS NOT NULL THEN NULL
            WHEN marginal_applies = FALSE THEN 0
            WHEN emergency_pence >= threshold_pence
            THEN -(((1000000 - marginal_rate_millionths) * (emergency_pence - threshold_pence)
                    + 500000) // 1000000)
            WHEN marginal_gives_back THEN 0
            ELSE ((1000000 - marginal_rate_millionths) * (threshold_pence - emergency_pence)
                  + 500000) // 1000000 END AS marginal_effect_pence,
       marginal_reason, n_readmissions,
       CASE WHEN readmission_reason IS NULL THEN readmission_effect_pence END AS readmission_effect_pence,
       readmission_reason, COALESCE(variable_pence, 0) AS variable_pence, undivided_pence,
       CASE WHEN low_volume_is_known AND (n_months = 12 OR low_volume_pence IS NULL
                                          OR gross_pence + mff_pence >= low_volume_pence)
            THEN COALESCE(gross_pence + mff_pence < low_volume_pence, FALSE) END AS is_low_volume
FROM judged
