-- One row per line of aggregate activity: its price step by step, or the reason why it has none, and
-- between which sums the price lies that the same activity has spell by spell (domain 1.6, 7.4).
-- A step that an aggregate cannot carry is empty, never zero. The price takes such steps as not
-- happening; lowest and highest do not, and highest is empty where nothing bounds it.
WITH matched AS (
  SELECT a.*, r.mff_applies, r.long_stay_applies, r.short_stay_applies, r.short_stay_longest_days,
         r.short_stay_youngest_years, r.same_day_as_day_case, r.outpatient_procedure_is_paid,
         m.mff_millionths, t.long_stay_per_day_pence, t.outpatient_procedure_pence,
         t.short_stay_emergency_pence, t.short_stay_millionths, t.day_case_pence,
         COALESCE(t.short_stay_is_held, FALSE) AS short_stay_is_held,
         t.hrg IS NOT NULL OR p.hrg IS NOT NULL OR u.hrg IS NOT NULL AS is_code_held,
         r.adjustments_are_held,
         CASE WHEN a.is_days THEN 0 ELSE COALESCE(b.adjustment_pence, 0) + COALESCE(e.adjustment_pence, 0)
              END AS adjustment_pence,
         CASE a.pod WHEN 'DC' THEN r.dc_in_scope WHEN 'EL' THEN r.el_in_scope
                    WHEN 'NEL' THEN r.nel_in_scope WHEN 'NELNE' THEN r.nelne_in_scope
                    WHEN 'XBD' THEN r.el_in_scope AND r.nel_in_scope WHEN 'UNB' THEN TRUE
                    WHEN 'AE' THEN r.emergency_in_scope ELSE r.outpatient_in_scope END AS is_in_scope,
         a.pod IN ('OPFA', 'OPFUP', 'OPPROC') AS is_outpatient,
         CASE WHEN a.is_days THEN 0
              WHEN a.pod = 'DC' THEN t.day_case_pence
              WHEN a.pod = 'EL' THEN t.elective_pence
              WHEN a.pod IN ('NEL', 'NELNE') THEN t.non_elective_pence
              WHEN a.pod = 'AE' THEN p.attendance_pence
              WHEN a.pod = 'UNB' THEN u.price_pence
              WHEN a.pod IN ('OPFA', 'OPFUP', 'OPPROC')
              THEN COALESCE(CASE WHEN r.outpatient_procedure_is_paid THEN t.outpatient_procedure_pence END,
                            CASE a.attendance WHEN 'first' THEN o.first_attendance_pence
                                              WHEN 'follow_up' THEN o.follow_up_attendance_pence END)
              END AS unit_pence,
         CASE WHEN a.is_days THEN a.n_activity
              WHEN a.pod IN ('AE', 'UNB', 'OPFA', 'OPFUP', 'OPPROC') THEN 0
              WHEN a.excess_bed_days IS NOT NULL THEN a.excess_bed_days
              WHEN a.days_are_apart OR a.stay IN ('none', 'short') THEN 0
              WHEN r.long_stay_applies IS NOT DISTINCT FROM FALSE THEN 0 END AS days,
         CASE WHEN a.pod <> 'NEL' OR a.is_days OR r.short_stay_applies IS NOT DISTINCT FROM FALSE THEN FALSE
              WHEN a.stay = 'long' AND r.short_stay_is_raw THEN r.short_stay_longest_days >= 2
              ELSE TRUE END AS may_be_short
  FROM aggregate_lines AS a
  LEFT JOIN payment_rules AS r ON r.financial_year = a.price_year
  LEFT JOIN tariff AS t ON t.financial_year = a.price_year AND t.hrg = a.hrg
    AND a.pod NOT IN ('AE', 'UNB')
  LEFT JOIN emergency_prices AS p ON p.financial_year = a.price_year AND p.hrg = a.hrg AND a.pod = 'AE'
  LEFT JOIN unbundled_prices AS u ON u.financial_year = a.price_year AND u.hrg = a.hrg AND a.pod = 'UNB'
  LEFT JOIN adjustments AS b ON b.financial_year = a.price_year
    AND b.provider_code = a.provider_code AND b.hrg = a.hrg AND b.pod = a.pod
  LEFT JOIN adjustments AS e ON e.financial_year = a.price_year
    AND e.provider_code = '*' AND e.hrg = a.hrg AND e.pod = a.pod
  LEFT JOIN outpatient_prices AS o ON o.financial_year = a.price_year AND o.specialty_code = a.specialty_code
  LEFT JOIN mff AS m ON m.financial_year = a.price_year AND m.provider_code = a.provider_code),
judged AS (
  SELECT *, CASE
           WHEN pod = 'OTHER' THEN 'outside_scope'
           WHEN pod = 'RA' THEN 'regular_attender'
           WHEN hrg IS NULL AND attendance IS NULL THEN 'no_hrg'
           WHEN hrg = 'UZ01Z' THEN 'ungroupable'
           WHEN NOT is_in_scope THEN 'outside_scope'
           WHEN is_other_version THEN 'other_hrg_version'
           WHEN pod = 'UNB' AND unit_pence IS NULL THEN 'no_unbundled_price'
           WHEN pod = 'AE' AND unit_pence IS NULL THEN 'no_emergency_price'
           WHEN is_outpatient AND outpatient_procedure_pence IS NOT NULL
                AND outpatient_procedure_is_paid IS NULL THEN 'rule_not_held'
           WHEN is_outpatient AND attendance IS NULL AND outpatient_procedure_pence IS NOT NULL
                AND unit_pence IS NULL THEN 'outside_scope'
           WHEN NOT is_outpatient AND NOT is_code_held THEN 'unknown_hrg'
           WHEN pod = 'OPPROC' AND NOT is_code_held AND unit_pence IS NULL THEN 'unknown_hrg'
           WHEN is_outpatient AND attendance IS NOT NULL AND unit_pence IS NULL THEN 'no_specialty_price'
           WHEN unit_pence IS NULL THEN 'no_price_for_admission'
           WHEN is_in_scope IS NULL OR mff_applies IS NULL THEN 'rule_not_held'
           WHEN provider_code IS NOT NULL AND mff_applies AND mff_millionths IS NULL THEN 'no_mff'
           WHEN is_days AND NOT long_stay_applies THEN 'outside_scope'
           WHEN (is_days OR days > 0) AND long_stay_applies IS NULL THEN 'rule_not_held'
           WHEN (is_days OR (days > 0 AND long_stay_applies)) AND long_stay_per_day_pence IS NULL THEN 'no_long_stay_rate'
           WHEN may_be_short IS NULL OR (may_be_short AND (short_stay_applies IS NULL
                OR short_stay_longest_days IS NULL OR short_stay_youngest_years IS NULL)) THEN 'rule_not_held'
           WHEN may_be_short AND NOT short_stay_is_held THEN 'no_short_stay_share'
           WHEN n_activity IS NULL THEN 'no_count'
           END AS unpriced_reason
  FROM matched),
stepped AS (
  SELECT *, unpriced_reason IS NULL AS is_priced,
         CASE WHEN mff_applies AND provider_code IS NOT NULL THEN mff_millionths - 1000000 ELSE 0
              END AS mff_excess_millionths,
         CASE WHEN long_stay_applies THEN days * COALESCE(long_stay_per_day_pence, 0)
              WHEN days IS NOT NULL THEN 0 END AS days_pence,
         CASE WHEN may_be_short
              THEN COALESCE(short_stay_emergency_pence,
                            (unit_pence * short_stay_millionths + 500000) // 1000000, unit_pence)
              WHEN pod = 'EL' AND NOT is_days AND same_day_as_day_case IS DISTINCT FROM FALSE
              THEN COALESCE(day_case_pence, unit_pence)
              ELSE unit_pence END AS other_unit_pence
  FROM judged),
factored AS (
  SELECT *,
         ((unit_pence + adjustment_pence) * mff_excess_millionths + 500000) // 1000000 AS unit_mff_pence,
         ((other_unit_pence + adjustment_pence) * mff_excess_millionths + 500000) // 1000000
           AS other_unit_mff_pence,
         (COALESCE(days_pence, 0) * mff_excess_millionths + 500000) // 1000000 AS days_mff_pence,
         CASE WHEN mff_excess_millionths > 0 AND days > 0
              THEN 1 + CASE WHEN is_days THEN days ELSE LEAST(days, n_activity) END
              ELSE 0 END AS rounding_pence
  FROM stepped),
summed AS (
  SELECT *, n_activity * unit_mff_pence + days_mff_pence AS factor_pence,
         n_activity * (unit_pence + adjustment_pence + unit_mff_pence) + COALESCE(days_pence, 0) + days_mff_pence AS as_given_pence,
         n_activity * (other_unit_pence + adjustment_pence + other_unit_mff_pence)
           + COALESCE(days_pence, 0) + days_mff_pence AS as_other_pence
  FROM factored)
SELECT line_id, source_line, n_rows, setting_given, setting, pod, hrg, hrg_version, specialty_code,
       provider_code, month, n_activity, inlier_bed_days, excess_bed_days, supplied_pence, price_year,
       is_code_held,
       CASE WHEN is_priced
            THEN CASE WHEN pod = 'AE' THEN 'emergency' WHEN pod = 'UNB' THEN 'unbundled'
                      WHEN is_outpatient AND (outpatient_procedure_pence IS NULL OR NOT outpatient_procedure_is_paid)
                      THEN 'outpatient' ELSE 'tariff' END END AS price_list,
       CASE WHEN is_priced THEN unit_pence END AS unit_pence,
       CASE WHEN is_priced THEN n_activity * unit_pence END AS base_pence,
       CASE WHEN is_priced THEN days_pence END AS long_stay_pence,
       CASE WHEN is_priced AND NOT may_be_short THEN 0 END AS short_stay_pence,
       CASE WHEN is_priced AND may_be_short THEN n_activity * (other_unit_pence - unit_pence)
            WHEN is_priced THEN 0 END AS short_stay_least_pence,
       CASE WHEN is_priced AND pod = 'EL' THEN n_activity * (other_unit_pence - unit_pence)
            WHEN is_priced THEN 0 END AS same_day_pence,
       CASE WHEN is_priced AND adjustments_are_held
                 AND (provider_code IS NOT NULL OR pod NOT IN ('DC', 'EL', 'NEL', 'NELNE'))
            THEN n_activity * adjustment_pence END AS other_pence,
       CASE WHEN is_priced AND (provider_code IS NOT NULL OR NOT mff_applies) THEN factor_pence END AS mff_pence,
       CASE WHEN is_priced THEN as_given_pence END AS price_pence,
       CASE WHEN is_priced THEN LEAST(as_given_pence, as_other_pence) - rounding_pence END AS lowest_pence,
       CASE WHEN is_priced AND days IS NOT NULL THEN GREATEST(as_given_pence, as_other_pence) + rounding_pence
            END AS highest_pence,
       CASE WHEN is_priced AND days IS NULL THEN long_stay_per_day_pence END AS unknown_days_rate_pence,
       unpriced_reason
FROM summed
